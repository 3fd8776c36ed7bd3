# Everything that one does with the book. `make` alone lists it: the list is made from the comments behind the targets.

# Any Python 3 will do to begin with; it finds or fetches uv, and uv brings the Python 3.11 that the book runs on.
PYTHON ?= python3
PORT ?= 8000

BIN := .venv/bin
# Run a module in the environment, with the commands it may call (nbgrader's, for one) found there first.
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m
# On two cores, three workers: each waits a quarter of its time for kernels and browsers to start. Each takes over what
# another has not come to.
WORKERS ?= 3
CHECKS := $(RUN) pytest --numprocesses $(WORKERS) --dist worksteal
READY := .venv/.ready
SITE := build/_build/html

# The environment is .venv/ of this checkout, whatever the caller has active. Copies rather than hard links, because
# checkouts on network drives cannot have links into a cache elsewhere.
export UV_PROJECT_ENVIRONMENT := .venv
export UV_LINK_MODE ?= copy
# The module allows 3.12 too, for browsers; everything else is built and checked on one Python.
export UV_PYTHON ?= 3.11
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Containers often forbid Python to keep what it compiles: then each of the hundreds of processes that a run of the
# checks starts compiles three thousand files anew, 4 s instead of 1.6 for statsmodels alone.
unexport PYTHONDONTWRITEBYTECODE
# Notebooks run with this environment's kernel, not one of the same name in the home folder.
export JUPYTER_PREFER_ENV_PATH := 1
# `make test CHROMIUM=...` and `make test ROTATE=...` have to reach the tests.
export CHROMIUM ROTATE
# A formula reaches `make report` as it is, with its spaces and bars.
export DATA FORMULA TERM_OF_INTEREST TIME OUT

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help book live pdf zip offer quick test test-all lint serve weight check findings chapter refresh universe bench ranges scale report labs grade env chromium lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

book: env ## build the website from the notebooks' stored outputs, warnings as errors
	@rm -rf $(SITE) build/_build/.doctrees
	$(BIN)/jupyter-book build . --path-output build --all -W -n --keep-going
	@$(RUN) tools.live.place $(SITE) || true
	@echo
	@echo "The book is built. Open $(SITE)/index.html, or run: make serve"

live: env ## put what runs in the reader's browser into the built website (60 MB from PyPI, once)
	@$(RUN) tools.live.place $(SITE)

pdf: chromium book ## print the whole book as build/book.pdf, solutions at the end, and say what is wrong with it
	@$(RUN) tools.print.book $(SITE) build/book.pdf

zip: book ## pack the website as build/book.zip, to be read from a folder without a network
	@$(RUN) tools.folder.book $(SITE) build/book.zip

offer: pdf zip ## put both into the website and have its first page lead to them: what is published
	@$(RUN) tools.folder.offer $(SITE) build/book.pdf build/book.zip

quick: lint ## what one runs while writing: format, lint, types, the module, structure, claims, quiz
	@$(CHECKS) --tier quick $(PYTEST)

test: lint chromium book ## every check, the costliest by sample: what a change has to pass (ROTATE=17 gives a sample back)
	@$(CHECKS) --tier test $(PYTEST)

test-all: lint chromium book ## every check in full: each week
	@$(CHECKS) --tier all $(PYTEST)

lint: env ## format, lint and types
	@$(BIN)/ruff format --check --quiet . || { echo 'Laid out anew by: $(BIN)/ruff format .' >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

serve: book ## build the website and show it on http://localhost:8000 (another port: PORT=8001)
	@echo "http://localhost:$(PORT)   (stop with Ctrl-C)"
	@$(RUN) http.server --bind localhost --directory $(SITE) $(PORT)

weight: chromium book ## measure in a browser what each page of the website weighs, and what moves while it comes
	@$(RUN) tools.site.weight $(SITE) $(PAGE)

check: env ## run one chapter afresh and compare it with its stored outputs: make check CHAPTER=iid
	@$(call need_chapter,make check CHAPTER=iid)
	@$(RUN) tools.notebooks.check $(CHAPTER)

findings: env ## test one chapter's findings under another seed: make findings CHAPTER=iid SEED=7
	@$(call need_chapter,make findings CHAPTER=iid SEED=7)
	@$(RUN) tools.notebooks.findings $(CHAPTER) $(if $(SEED),--seed $(SEED))

chapter: env ## lay out a new chapter that passes every check: make chapter NAME=over_time
	@test -n "$(NAME)" || { echo 'Which name? Say, for instance: make chapter NAME=over_time' >&2; exit 2; }
	@$(RUN) tools.notebooks.new_chapter "$(NAME)"

refresh: env ## run chapters and store their outputs: all of them, or one with CHAPTER=iid
	@$(RUN) tools.notebooks.refresh $(CHAPTER)

universe: env ## make the dense universe's table anew (a quarter of an hour; resumes where it was stopped)
	@$(RUN) tools.universe --jobs 2

bench: env ## measure what the README claims about speed and memory
	@$(RUN) benchmarks

ranges: env ## the module's quick tests on the oldest and newest numpy, pandas and scipy allowed: make ranges END=oldest
	@$(RUN) tools.setup.ranges $(END) $(PYTEST)

scale: env ## measure fits of up to a hundred million rows, for the appendix that shows them (2 GB of disk, minutes)
	@$(RUN) benchmarks.scale

report: env ## from a file of yours to a page with every answer: make report DATA=my.csv FORMULA="y ~ x + (x | person)"
	@test -n "$(DATA)" || { echo 'Which file? Say, for instance: make report DATA=my.csv FORMULA="y ~ x + (x | person)"' >&2; exit 2; }
	@$(RUN) helpers.study report "$$DATA" $${FORMULA:+--formula "$$FORMULA"} $${TERM_OF_INTEREST:+--term "$$TERM_OF_INTEREST"} $${TIME:+--time "$$TIME"} --out "$${OUT:-.}"

labs: env ## write what students and teachers get: labs/release/students.zip and teacher.zip
	@$(RUN) tools.labs.archives

grade: env ## grade a folder of submitted labs: make grade DIR=submissions (results in DIR-graded, or OUT=folder)
	@test -n "$(DIR)" || { echo 'Which folder? Say, for instance: make grade DIR=submissions' >&2; exit 2; }
	@$(RUN) tools.labs.grade "$(DIR)" $(if $(OUT),--out "$(OUT)")

env: $(READY) ## make or mend the environment in .venv (the other targets do this first)
	@:

chromium: env ## find a Chromium or Chrome for the website's checks, or install one
	@browser="$$($(RUN) tools.setup.chromium)" && echo "Browser: $$browser"

lock: ## choose versions anew where pyproject.toml asks for it, and write uv.lock and environment.yml
	@uv="$$($(PYTHON) tools/setup/bootstrap.py)" && "$$uv" lock --no-config --default-index https://pypi.org/simple $(if $(UPGRADE),--upgrade)
	@$(MAKE) --no-print-directory env
	@$(RUN) tools.setup.environment

clean: ## remove the built website and the environment
	rm -rf build .venv .uv .pytest_cache .hypothesis .mypy_cache .ruff_cache

# The stamp lies in .venv, so that whoever deletes the environment gets a new one.
$(READY): pyproject.toml uv.lock tools/setup/bootstrap.py
	@uv="$$($(PYTHON) tools/setup/bootstrap.py)" && "$$uv" sync --frozen
	@touch $@

need_chapter = test -n "$(CHAPTER)" || { echo 'Which chapter? Say, for instance: $(1)' >&2; exit 2; }
