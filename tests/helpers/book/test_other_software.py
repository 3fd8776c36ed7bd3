"""The appendix on other software: its code is the code that runs, its numbers follow.

Every number that it prints follows from the module and the rule that it names.
"""

import ast
import json
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from bs4 import BeautifulSoup

from helpers import (
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    load,
)
from helpers.book import other_software
from helpers.book.other_software import beside, is_live, numbers, record
from tests.reference import DATASETS, HERE
from tools.notebooks.chapters import notebooks, read

PAGE = read(next(path for path in notebooks() if path.stem == "same_model_other_software"))
SECTIONS = record()["sections"]
SEVERAL_IN_R = json.loads((HERE / "several_groupings.json").read_text())
RECORDED = [
    (section, row["software"])
    for section, about in SECTIONS.items()
    for row in about["rows"]
    if not is_live(row)
]
LIVE = [
    (section, row["software"])
    for section, about in SECTIONS.items()
    for row in about["rows"]
    if is_live(row)
]
TABS = ["This module", "statsmodels", "R", "pymer4 0.8", "pyfixest"]
JULIA = "MixedModels.jl"  # in a tab where groupings are several
DIGITS = 2e-9  # what is on record was rounded to ten digits
SEARCH = 3e-6  # where software searches for variances it stops this near, relative to an error
FURTHER = 2e-4  # and with several groupings this near

every_section = pytest.mark.parametrize("section", SECTIONS)


# The page


def cell(name):
    return next(cell for cell in PAGE.cells if cell.id == name.replace("_", "-"))


def tabs(name):
    """The code of each tab, or the sentence that stands there instead, by its label."""
    found = re.findall(
        r":::\{tab-item\} ([^\n]+)\n:sync: (\w+)\n\n(?:```(\w+)\n(.*?)\n```|([^\n]+))\n:::",
        cell(name).source,
        flags=re.DOTALL,
    )
    assert len({sync for _, sync, *_ in found}) == len(found)
    return {label: (language, code or sentence) for label, _, language, code, sentence in found}


def code(name, label):
    language, text = tabs(name)[label]
    return text if language else ""


@cache
def run(section):
    """The fits that the two tabs that can run here leave behind, in the order of the page."""
    names = {}
    for label in TABS[:2]:
        exec(code("start-code", label), names)
        exec(code(f"{section}-code", label), names)
    call = ast.parse(cell(f"{section}-table").source).body[-1].value
    assert call.func.id == "beside" and call.args[0].value == section
    return [names[argument.id] for argument in call.args[1:]]


def printed(section):
    """The table stored in the notebook."""
    html = cell(f"{section}-table").outputs[0]["data"]["text/html"]
    lines = BeautifulSoup(html, "html.parser").find_all("tr")
    head, *rows = [[field.get_text() for field in row.find_all(["th", "td"])] for row in lines]
    return pd.DataFrame([row[1:] for row in rows], index=[row[0] for row in rows], columns=head[1:])


@every_section
def test_each_section_has_a_tab_for_each_software(section):
    assert list(tabs(f"{section}-code")) == TABS + [JULIA] * (section in SEVERAL)
    for label, (language, text) in tabs(f"{section}-code").items():
        spoken = {"R": "r", JULIA: "julia"}.get(label, "python")
        assert language == ("" if text.endswith(".") else spoken)
        assert all(len(line) <= 79 for line in text.splitlines()) or not language


@every_section
def test_the_code_in_the_tabs_is_the_code_that_made_the_table(section):
    for label in TABS[:2]:
        assert code(f"{section}-code", label) in cell(f"{section}-table").source


@every_section
def test_what_the_tabs_compute_is_what_the_page_prints(section):
    shown = beside(section, *run(section))
    pd.testing.assert_frame_equal(printed(section), shown, check_names=False, check_dtype=False)


@every_section
def test_all_python_in_the_tabs_is_python(section):
    for label in set(TABS) - {"R"}:
        compile(code(f"{section}-code", label), label, "exec")


PARTS = {
    "R": "lm summary lmer lmList coef coeftest coef_test vcovCL factor data",
    "pymer4 0.8": "Lm Lm2 Lmer fit",
    "pyfixest": "feols summary tidy reset_index ssc",
}


@every_section
@pytest.mark.parametrize("label", PARTS)
def test_tabs_call_only_what_has_been_tried(section, label):
    without_text = re.sub(r'"[^"]*"', '""', code(f"{section}-code", label))
    calls = set(re.findall(r"(\w+)\(", without_text))
    assert calls <= {*PARTS[label].split(), "C"}


def test_each_recorded_number_has_its_code():
    """As many results as a tab prints stand in the table for that software."""
    shows = {
        "R": r"^(?:summary|coeftest|coef_test)\(",
        "pymer4 0.8": r"^model\.fit\(",
        "pyfixest": r"\.summary\(\)$",
        JULIA: r"^fit\(MixedModel",
    }
    for section, about in SECTIONS.items():
        recorded = [row["software"] for row in about["rows"] if not is_live(row)]
        for label, pattern in shows.items():
            rows = [name for name in recorded if re.match(rf"{label.split()[0]}\b", name)]
            there = label in tabs(f"{section}-code")
            lines = code(f"{section}-code", label).splitlines() if there else []
            results = [line for line in lines if re.search(pattern, line)]
            assert len(rows) == len(results), (section, label)


# The numbers

SLEEP, PETERSEN = load("sleepstudy"), load("petersen")
DATA = {
    "cluster_robust": ("Reaction ~ Days", SLEEP, "Subject"),
    "by_firm": ("y ~ x", PETERSEN, "firm"),
    "by_year": ("y ~ x", PETERSEN, "year"),
}
BARS = {
    "random_intercept": "(1 | Subject)",
    "multilevel": "(Days | Subject)",
    "uncorrelated": "(Days || Subject)",
}
SEVERAL = {
    "nested": ("strength ~ 1 + (1 | batch/cask)", "pastes"),
    "crossed": ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin"),
}


def row(fit, section, df=None, factor=1.0):
    """Estimate, standard error and df of the section's term.

    Or with another factor on the variance, or other df.
    """
    line = fit.table.loc[SECTIONS[section]["term"]]
    return line["estimate"], line["std_error"] * np.sqrt(factor), line["df"] if df is None else df


@cache
def clustered(section, correction):
    formula, data, cluster = DATA[section]
    return fit_cluster_robust(formula, data, cluster=cluster, correction=correction)


def derived(section, software):
    """The numbers of a row from the module alone and the rule that the row names."""
    if section in DATA:
        return clustered_row(section, software)
    if section in BARS:
        return multilevel_row(section, software)
    if section in SEVERAL:
        return several_row(section, software)
    if section == "two_way":
        return two_way(software)
    fit = {
        "ols": lambda: fit_ols("Reaction ~ Days", SLEEP),
        "two_stage": lambda: fit_two_stage("Reaction ~ Days", SLEEP, cluster="Subject"),
        "fixed_effects": lambda: fit_fixed_effects("Reaction ~ Days", SLEEP, cluster="Subject"),
        "fama_macbeth": lambda: fit_two_stage("y ~ x", PETERSEN, cluster="year"),
    }[section]()
    return row(fit, section)


def clustered_row(section, software):
    """Cluster-robust errors: whose sandwich, whose df, whose factor on the variance."""
    cr0, cr2, cr3 = (clustered(section, correction) for correction in ("CR0", "CR2", "CR3"))
    N, G, k = cr0.n_obs, cr0.n_clusters, 2
    cr1 = G / (G - 1) * (N - 1) / (N - k)
    return {
        "this module": lambda: row(cr0, section, G - 1, cr1),
        "this module, CR2": lambda: row(cr2, section),
        "this module, CR3": lambda: row(cr3, section, G - 1),
        "statsmodels": lambda: row(cr0, section, np.inf, cr1),
        "statsmodels, use_t": lambda: row(cr0, section, G - 1, cr1),
        "statsmodels, CR3": lambda: row(cr3, section, G - 1, (G - 1) / G),
        "R: vcovCL, coeftest": lambda: row(cr0, section, N - k, cr1),
        # balanced data, so that Satterthwaite's df are G - 1
        "R: coef_test, CR1S": lambda: row(cr0, section, G - 1, cr1),
        "R: coef_test, CR2": lambda: row(cr2, section),
        "R: coef_test, CR3": lambda: row(cr3, section, satterthwaite_cr3(*DATA[section])),
        "pymer4": lambda: row(cr0, section, G - k, G / (G - 1) * N / (N - k)),
        "pyfixest": lambda: row(cr0, section, G - 1, cr1),
        "pyfixest, CRV3": lambda: row(cr3, section, G - 1, cr1),
    }[software]()


def multilevel_row(section, software):
    fit = fit_multilevel(f"Reaction ~ Days + {BARS[section]}", SLEEP)
    if software == "statsmodels":
        return row(fit, section, np.inf)
    return row(fit, section, kenward_roger(fit) if "Kenward" in software else None)


def several_row(section, software):
    """By ML where the rule says so, and without degrees of freedom where it asks the normal."""
    [rule] = [one["rule"] for one in SECTIONS[section]["rows"] if one["software"] == software]
    formula, data = SEVERAL[section]
    fit = fit_multilevel(formula, load(data), reml=rule.startswith("REML"))
    return row(fit, section, np.inf if rule.endswith("normal") else None)


def two_way(software):
    """V(firm) + V(year) - V(cell), each a bare sandwich and its factor.

    A cell holds one row, so its sandwich is HC0.
    """
    x = np.column_stack([np.ones(len(PETERSEN)), PETERSEN["x"]])
    bread = np.linalg.inv(x.T @ x)
    b = bread @ x.T @ PETERSEN["y"].to_numpy()
    scores = pd.DataFrame(x * (PETERSEN["y"].to_numpy() - x @ b)[:, None])
    N, k = x.shape

    def bare(groups):
        sums = scores.groupby(groups).sum().to_numpy()
        return (bread @ sums.T @ sums @ bread)[1, 1]

    parts = [(bare(PETERSEN["firm"]), 500), (bare(PETERSEN["year"]), 10), (-bare(np.arange(N)), N)]
    if software == "pyfixest":  # takes the fewest clusters for all three
        parts = [(part, 10) for part, _ in parts]
    variance = sum(part * G / (G - 1) for part, G in parts) * (N - 1) / (N - k)
    return b[1], np.sqrt(variance), N - k if software.startswith("R") else 9


def kenward_roger(fit):
    """Kenward and Roger's df for the slope, written out with the covariance matrix of all rows."""
    x = np.column_stack([np.ones(180), SLEEP["Days"]])
    same = (SLEEP["Subject"].to_numpy()[:, None] == SLEEP["Subject"].to_numpy()).astype(float)
    one, day = x.T
    ones, days, both = np.outer(one, one), np.outer(day, day), np.outer(one, day)
    parts, sizes = [np.eye(180), same * ones], [fit.residual_sd**2, fit.random_sd["Intercept"] ** 2]
    if "Days" in fit.random_sd:
        parts, sizes = [*parts, same * days], [*sizes, fit.random_sd["Days"] ** 2]
        if corr := fit.random_corr.loc["Intercept", "Days"]:
            parts, sizes = [*parts, same * (both + both.T)], [*sizes, corr * fit.random_sd.prod()]
    inverse = np.linalg.inv(sum(size * part for size, part in zip(sizes, parts, strict=True)))
    phi = np.linalg.inv(x.T @ inverse @ x)
    moved = [inverse @ part for part in parts]
    P = [-x.T @ m @ inverse @ x for m in moved]

    def information(i, j):
        Q = x.T @ moved[i] @ moved[j] @ inverse @ x
        both_ways = np.sum(moved[i] * moved[j].T)
        return (both_ways - 2 * np.trace(phi @ Q) + np.trace(phi @ P[i] @ phi @ P[j])) / 2

    numbered = range(len(parts))
    W = np.linalg.inv([[information(i, j) for j in numbered] for i in numbered])
    traces = np.array([(phi @ p @ phi)[1, 1] / phi[1, 1] for p in P])
    A = traces @ W @ traces  # for one coefficient their A1 and A2 are one, and B is 7/2 of it
    B = 7 * A / 2
    expectation, variance = 1 / (1 - A), 2 * (1 - B / 7) / ((1 - 2 * B / 7) ** 2 * (1 - 4 * B / 7))
    return 4 + 3 / (variance / (2 * expectation**2) - 1)


def satterthwaite_cr3(formula, data, cluster):
    """Satterthwaite's df of CR3, written out.

    tr(P)^2 / tr(P P) for the quadratic form that the error of the slope is, were the errors iid.
    """
    x = np.column_stack([np.ones(len(data)), data["x"]])
    bread = np.linalg.inv(x.T @ x)
    columns = []
    for rows in data.groupby(cluster).indices.values():
        own = x[rows]
        weights = np.linalg.solve(np.eye(len(rows)) - own @ bread @ own.T, own @ bread[:, 1])
        column = -x @ (bread @ (own.T @ weights))
        column[rows] += weights
        columns.append(column)
    P = np.array(columns) @ np.array(columns).T
    return np.trace(P) ** 2 / (P**2).sum()


@pytest.mark.parametrize(("section", "software"), RECORDED + LIVE)
def test_every_number_follows_from_the_module_and_the_rule(section, software):
    """Exactly, but for searches: those of R and statsmodels stop a little before the module's."""
    row = numbers(section, *run(section)).loc[software]
    estimate, std_error, df = derived(section, software)
    searched = section in {*BARS, *SEVERAL} and not software.startswith("this module")
    near = FURTHER if section in SEVERAL and "published" not in software else SEARCH
    assert row["estimate"] == pytest.approx(estimate, rel=DIGITS)
    assert row["std_error"] == pytest.approx(std_error, rel=near if searched else DIGITS)
    assert row["df"] == pytest.approx(df, rel=max(near, 1e-5) if searched else DIGITS)


@pytest.mark.parametrize("section", BARS)
def test_r_prints_what_its_best_fit_gives(section):
    """lmer() as one calls it, against R's own fits with tight tolerances."""
    model = {"random_intercept": "intercept", "multilevel": "full"}.get(section, section)
    best = DATASETS["sleepstudy"]["models"][model]["REML"]
    row = numbers(section, *run(section)).loc["R: lmerTest"]
    assert row["estimate"] == pytest.approx(best["estimate"]["Days"], rel=DIGITS)
    assert row["std_error"] == pytest.approx(best["std_error"]["Days"], rel=SEARCH)
    assert row["df"] == pytest.approx(best["df"]["Days"], rel=1e-5)
    assert row["p_value"] == pytest.approx(best["p_value"]["Days"], rel=1e-4)


@pytest.mark.parametrize("section", SEVERAL)
def test_r_s_best_fit_has_the_module_s_digits(section):
    """Where lmer() as one calls it stops early, its best fit does not, by REML or by ML."""
    best = SEVERAL_IN_R[SEVERAL[section][1]]
    table = numbers(section, *run(section))
    for method, software in (("REML", "this module"), ("ML", "this module, ML")):
        for column in ("std_error", "df"):
            exact = pytest.approx(best[method][column], rel=1e-6)
            assert table.loc[software, column] == exact
    published = table.loc["MixedModels.jl, published", "std_error"]
    assert published == pytest.approx(best["ML"]["std_error"], abs=1e-6)


@pytest.mark.parametrize(
    ("software", "name"), [("R: coef_test, CR1S", "CR1"), ("R: coef_test, CR2", "CR2")]
)
def test_cluster_robust_errors_are_those_of_the_reference(software, name):
    reference = DATASETS["sleepstudy"]["ols"][name]
    row = numbers("cluster_robust", *run("cluster_robust")).loc[software]
    assert row["std_error"] == pytest.approx(reference["std_error"]["Days"], rel=DIGITS)
    assert row["p_value"] == pytest.approx(reference["p_value"]["Days"], rel=1e-6)


def test_petersens_own_numbers_stand_in_the_text():
    """The four errors that his page prints, and the slope of Fama and MacBeth, to his digits."""
    for section in ("by_firm", "by_year", "two_way", "fama_macbeth"):
        row = numbers(section, *run(section)).iloc[0]
        assert f"{row['std_error']:.4f}".removeprefix("0") in cell(f"{section}-code").source
    assert f"{row['estimate']:.4f}" in cell("fama_macbeth-code").source


# What the text says


def test_p_values_lie_powers_of_ten_apart_for_nearly_one_error():
    table = numbers("cluster_robust", *run("cluster_robust"))
    assert table["std_error"].max() / table["std_error"].min() < 1.006
    assert table["p_value"].max() / table["p_value"].min() > 1e5


def test_only_a_test_with_df_says_that_samples_are_six():
    table = numbers("crossed", *run("crossed"))
    assert 5.4 < table.loc["this module", "df"] < 5.6
    stops = table["std_error"] / table.loc["this module", "std_error"] - 1
    assert 1e-5 < stops["R: lmerTest"] < 1e-4
    nested = numbers("nested", *run("nested"))["std_error"]
    assert nested["this module, ML"] < 0.96 * nested["this module"]
    assert 5e-5 < nested["statsmodels"] / nested["this module"] - 1 < 5e-4


def test_cr3_shows_in_the_second_digit():
    errors = numbers("by_year", *run("by_year"))["std_error"][
        ["this module, CR3", "statsmodels, CR3", "pyfixest, CRV3"]
    ]
    assert len({f"{error:.2g}" for error in errors}) == 3


def test_statsmodels_passes_over_a_correction_in_the_wrong_place():
    ols, years = smf.ols("y ~ x", PETERSEN), {"groups": PETERSEN["year"]}
    plain = ols.fit(cov_type="cluster", cov_kwds=years)
    wrong = ols.fit(cov_type="cluster", cov_kwds={**years, "crv_type": "cluster-crv3"})
    right = ols.fit(cov_type="cluster-crv3", cov_kwds=years)
    assert wrong.bse["x"] == plain.bse["x"] != right.bse["x"]


def test_statsmodels_counts_the_intercepts_when_it_clusters():
    fit = smf.ols("Reaction ~ Days + C(Subject)", SLEEP).fit(
        cov_type="cluster", cov_kwds={"groups": SLEEP["Subject"]}
    )
    bare = clustered("cluster_robust", "CR0").table.loc["Days", "std_error"]
    assert fit.bse["Days"] == pytest.approx(bare * np.sqrt(18 / 17 * 179 / (180 - 19)), rel=1e-9)


# The helper


def test_what_is_on_record_is_complete():
    for section, about in SECTIONS.items():
        names = [row["software"] for row in about["rows"]]
        assert len(set(names)) == len(names), section
        for place, row in enumerate(about["rows"]):
            assert set(row) - {"software", "rule"} in (set(), {"std_error", "df"}, {"like"})
            assert row.get("like") is None or row["like"] in names[:place]
    in_r = {"R", "lme4", "lmerTest", "pbkrtest", "sandwich", "lmtest", "clubSandwich"}
    assert set(record()["versions"]) == in_r | {"pymer4", "pyfixest"}


def test_fits_must_fit_the_rows():
    with pytest.raises(
        InputError, match=r"'ols' waits for 2 fits \(this module, statsmodels\), not 1"
    ):
        beside("ols", fit_ols("Reaction ~ Days", SLEEP))
    with pytest.raises(InputError, match=r"no section 'OLS'\. There are: ols, cluster_robust"):
        beside("OLS")


def test_a_changed_number_is_noticed(monkeypatch):
    """A digit more or less in any number on record fails the test above."""
    changed = record()
    for about in changed["sections"].values():
        for row in about["rows"]:
            if "std_error" in row:
                row["std_error"] *= 1 + 1e-5
    monkeypatch.setattr(other_software, "record", lambda: changed)
    for section, software in RECORDED:
        if section not in {*BARS, *SEVERAL}:
            with pytest.raises(AssertionError):
                test_every_number_follows_from_the_module_and_the_rule(section, software)
