"""What the search looks through: the book's articles by section, and its glossary by term.

Menus, buttons and code are no part of it, so that nothing is found that no section says, and no
snippet quotes a menu. `search.mjs` ranks the sections in the reader's browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag

ALIASES = {
    "degrees of freedom": "dof, ddof, d.f.",
    "intraclass correlation": "ICCs, intra-class correlation, intracluster correlation",
    "small-sample correction": "CR0, CR1, CR2, CR3, CR1S, bias-reduced linearization",
    "cluster-robust": "robust standard errors, clustered standard errors, cluster robust, CRVE",
    "heteroscedasticity-consistent": "HC0, HC1, HC2, HC3, White, heteroskedasticity",
    "HAC": "Newey-West, Newey West",
    "GEE": "GEEs, generalised estimating equations, generalized estimating equations",
    "multilevel model": "LMM, HLM, lme4, lmer, MixedLM, mixed effects, hierarchical model",
    "pooled OLS": "ordinary least squares",
    "fixed effects": "FE, within estimator",
    "random intercept": "RE, random effects",
    "within-between": "Mundlak, REWB, hybrid model",
    "false alarm": "false alarms, false positive, type 1 error, alpha",
    "miss": "misses, false negative, type 2 error, beta error",
    "power": "statistical power, sample size",
    "Kenward-Roger": "KR, Kenward Roger",
    "likelihood ratio": "LRT, LR test",
    "confidence interval": "CI, CIs",
    "standard error": "SE, SEs",
    "odds ratio": "OR",
    "mean squared error": "MSE, RMSE",
    "repeated-measures ANOVA": "rmANOVA, AnovaRM, repeated measures",
    "autoregressive": "AR1",
    "two-stage": "summary statistics approach, two stage",
    "singular fit": "boundary fit, isSingular",
    "conditional mode": "BLUPs",
    "missing at random": "MAR, missing data",
    "wild cluster bootstrap": "wild bootstrap, WCR",
}
"""What readers type, by the glossary's term for it."""
LESS = {
    "findings_ledger": 0.25,
    "the_post_claim_by_claim": 0.3,
    "references": 0.15,
    "labs": 0.4,
    "data_sets": 0.5,
    "glossary": 0.8,
    "same_model_other_software": 0.7,
}
"""Pages that repeat what others say count less."""
ASIDE = ", ".join(
    f"#{one}, #{one} section" for one in ("exercises", "further-reading", "what-we-found")
)
HEADS = ["h1", "h2", "h3", "h4"]
NO_PROSE = {"section", "script", "style", "nav", "button", "pre", "summary", "form", *HEADS}
NOT_SAID = {"cell_input", "headerlink", "glossary", "findings-ledger", "claim-finding"}
"""What is code or a control; the glossary, whose terms are indexed one by one; findings where they
are listed again, since the chapters say them."""
NUMBER = re.compile(r"[\d\s.,:%±≈<−–-]*")


def _said(part: Tag | NavigableString) -> str:
    """The words of a part of a page, without what is no prose."""
    if isinstance(part, NavigableString):
        return "" if type(part) is not NavigableString else str(part)
    if part.name in NO_PROSE or NOT_SAID & {*(part.get("class") or ())}:
        return ""
    if part.name == "td" and NUMBER.fullmatch(part.get_text(strip=True)):
        return ""
    return "".join(map(_said, part.children)) + ("" if part.name in INLINE else " ")


INLINE = {"span", "a", "em", "strong", "code", "math", "mi", "mo", "mn", "sub", "sup", "i", "b"}


def _plain(text: str) -> str:
    return re.sub(r"\s+([,.;:)])", r"\1", " ".join(text.split()))


def sections(page: BeautifulSoup) -> Iterator[tuple[str, str, str, list[str]]]:
    """The sections of a page; a glossary's terms are some of them.

    Parameters
    ----------
    page : BeautifulSoup
        A page of the book.

    Yields
    ------
    tuple
        Anchor, heading, words, and the terms of the glossary to which it leads.
    """
    for section in page.select("article section[id]"):
        head = section.find(HEADS, recursive=False)
        if head is None:
            continue
        title = _plain("".join(str(one) for one in head.find_all(string=True) if one != "#"))
        terms = [
            link["href"].partition("#")[2]
            for link in section.select('a[href*="#term-"]')
            if link.find_parent("section") is section
        ]
        yield section["id"], title, _plain("".join(map(_said, section.children))), terms
    for words in page.select("dl.glossary"):
        terms: list[Tag] = []
        for part in words.find_all(["dt", "dd"], recursive=False):
            if part.name == "dt":
                terms.append(part)
            elif terms:
                names = [_plain(one.find(string=True) or "") for one in terms]
                anchor = next((one["id"] for one in terms if one.get("id")), "")
                yield anchor, " · ".join(names), _plain(_said(part)), []
                terms = []


def index(pages: dict[str, BeautifulSoup]) -> dict:
    """All that the search needs, as `search.mjs` reads it.

    Parameters
    ----------
    pages : dict
        The built pages by name.

    Returns
    -------
    dict
        Pages with title and weight; sections with the number of their page, anchor, heading, words,
        weight, the terms to which they lead, and for a term what else it is called.
    """
    told: dict[str, list] = {"pages": [], "sections": []}
    for name, page in pages.items():
        head = page.select_one("article h1")
        if head is None:
            continue
        title = _plain("".join(str(one) for one in head.find_all(string=True) if one != "#"))
        stem = Path(name).stem
        told["pages"].append([name, title, LESS.get(stem, 1)])
        practice = {one["id"] for one in page.select(ASIDE)}
        for anchor, heading, words, terms in sections(page):
            weight = 0.6 if anchor in practice else 1
            row: list = [len(told["pages"]) - 1, anchor, heading, words, weight, terms]
            if anchor.startswith("term-"):
                names = heading.split(" · ")
                others = [ALIASES[one] for one in names if one in ALIASES]
                row.append([*names, *(one for more in others for one in more.split(", "))])
            told["sections"].append(row)
    return told


def write_index(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    """Write the index where the search page's script looks for it."""
    folder = site / "_static" / "search"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(index(pages), ensure_ascii=False, separators=(",", ":"))
    (folder / "sections.json").write_text(text, encoding="utf-8")
