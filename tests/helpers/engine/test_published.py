"""Numbers that others have printed for data that everybody has, to the digits printed.

Where a book or paper printed what lme4's default optimiser gives, the last digits are its tolerance
(Orthodont: .775275 and .071255 instead of .775246 and .071253): the numbers below are those of the
optimum, as tests/reference has them.
"""

import pytest

from helpers import (
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    load,
)


def shows(value, printed):
    """Whether the value rounds to what is printed, as in '1.034833' or '.0162'."""
    digits = len(printed.split(".")[1])
    return abs(value - float(printed)) <= 0.5000001 * 10**-digits


def check(fit, term, estimate=None, std_error=None, df=None, statistic=None):
    row = fit.table.loc[term]
    for column, printed in [
        ("estimate", estimate),
        ("std_error", std_error),
        ("df", df),
        ("statistic", statistic),
    ]:
        assert printed is None or shows(row[column], printed), (column, row[column], printed)


def test_petersen():
    """500 firms x 10 years, the standard data for clustered errors (Petersen 2009)."""
    data = load("petersen")

    def robust(cluster, correction):
        return fit_cluster_robust("y ~ x", data, cluster=cluster, correction=correction)

    check(fit_ols("y ~ x", data), "x", "1.034833", ".02858329", statistic="36.20")
    check(fit_ols("y ~ x", data), "Intercept", ".0297", ".0284")
    check(robust("firm", "CR1"), "x", "1.034833", ".05059573", statistic="20.45")
    check(robust("firm", "CR1"), "Intercept", ".0297", ".0670")
    check(robust("year", "CR1"), "x", "1.034833", ".03338891", statistic="30.99")
    check(robust("year", "CR1"), "Intercept", ".0297", ".0234")
    check(robust("firm", "CR2"), "x", None, ".05067777")
    check(robust("year", "CR2"), "x", None, ".03339608", df="8.99")
    check(robust("firm", "CR3"), "x", None, ".0508160")
    check(robust("year", "CR3"), "x", None, ".0352142")
    check(fit_fixed_effects("y ~ x", data, cluster="firm"), "x", ".969875", ".029701")
    check(fit_two_stage("y ~ x", data, cluster="firm"), "x", ".969212", ".034782")
    intercept = fit_multilevel("y ~ x + (1 | firm)", data)
    check(intercept, "x", "0.981219", ".028253")
    assert shows(intercept.random_sd["Intercept"], "1.43253") and shows(
        intercept.residual_sd, "1.40553"
    )
    assert shows(intercept.criterion, "18816.635")
    check(fit_multilevel("y ~ x + (x | firm)", data), "x", ".980645", ".028749")


def test_orthodont():
    """Errors too large, not small: intercepts vary much, slopes little (Potthoff & Roy 1964)."""
    data = load("orthodont")
    fit = fit_multilevel("distance ~ age + (age | Subject)", data)
    check(fit, "Intercept", "16.761111", ".775246")
    check(fit, "age", ".660185", ".071253", "26.0", "9.2653")
    assert shows(fit.random_sd["Intercept"], "2.32704") and shows(fit.random_sd["age"], ".226428")
    assert shows(fit.random_corr.loc["Intercept", "age"], "-.6093")
    assert shows(fit.residual_sd, "1.310040") and shows(fit.criterion, "442.6367")
    check(fit_ols("distance ~ age", data), "age", ".660185", ".109182")
    check(
        fit_cluster_robust("distance ~ age", data, cluster="Subject"), "age", ".660185", ".071589"
    )


def test_orthodont_as_pinheiro_and_bates_have_it():
    """A cluster-level predictor and its interaction with age."""
    data = load("orthodont")
    data = data.assign(age11=data["age"] - 11, girl=(data["Sex"] == "Female").astype(float))
    fit = fit_multilevel("distance ~ age11 * girl + (age11 | Subject)", data)
    check(fit, "Intercept", "24.96875", ".48600")
    check(fit, "age11", ".784375", ".0860")
    check(fit, "girl", "-2.321023", ".76142")
    check(fit, "age11:girl", "-.304830", ".13474")
    assert shows(fit.random_sd["Intercept"], "1.83033") and shows(fit.random_sd["age11"], ".18035")
    assert shows(fit.random_corr.loc["Intercept", "age11"], ".206") and shows(
        fit.residual_sd, "1.31004"
    )
    assert shows(fit.criterion / -2, "-216.2908")
    check(
        fit_multilevel("distance ~ age11 * girl + (1 | Subject)", data),
        "age11",
        ".784375",
        ".077501",
    )
    words = fit_multilevel(
        "distance ~ age11 * Sex + (age11 | Subject)", data
    )  # the same model, sex as text: Female comes first
    assert words.criterion == pytest.approx(fit.criterion, abs=1e-6)
    [term] = [name for name in words.table.index if "Sex" in name and "age11" not in name]
    check(words, term, "2.321023", ".76142")


def test_exam():
    """65 schools of 2 to 198 pupils: where the strategies part (Goldstein et al. 1993)."""
    data = load("exam")
    formula = "normexam ~ standLRT"
    ml = fit_multilevel(formula + " + (standLRT | school)", data, reml=False)
    check(ml, "Intercept", "-.01150", ".03978")
    check(ml, "standLRT", ".55673", ".01994")
    assert shows(ml.criterion, "9316.871")
    assert shows(ml.random_sd["Intercept"] ** 2, ".09045") and shows(
        ml.random_sd["standLRT"] ** 2, ".01454"
    )
    assert shows(ml.random_corr.loc["Intercept", "standLRT"] * ml.random_sd.prod(), ".01804")
    assert shows(ml.residual_sd**2, ".55366")
    check(
        fit_multilevel(formula + " + (standLRT | school)", data),
        "standLRT",
        ".556535",
        ".020114",
        "56.3",
        "27.67",
    )
    intercept = fit_multilevel(formula + " + (1 | school)", data)
    check(intercept, "standLRT", ".563307", ".012468")
    assert round(intercept.table.loc["standLRT", "df"]) == 4050
    check(fit_ols(formula, data), "standLRT", ".595057", ".012730")
    check(fit_cluster_robust(formula, data, cluster="school"), "standLRT", ".595057", ".023459")
    check(
        fit_cluster_robust(formula, data, cluster="school", correction="CR2"),
        "standLRT",
        ".595057",
        ".0236",
        "51.5",
    )
    check(fit_two_stage(formula, data, cluster="school"), "standLRT", ".424583", ".116515")
    without = data[data["school"].astype(str) != "48"]
    check(fit_two_stage(formula, without, cluster="school"), "standLRT", ".539053", ".022077")
    large = data[data.groupby("school")["school"].transform("size") > 10]
    check(fit_two_stage(formula, large, cluster="school"), "standLRT", ".547005", ".020925")


def test_grunfeld():
    """Ten clusters that are worth two or three degrees of freedom (Grunfeld 1958)."""
    data = load("grunfeld")
    formula = "inv ~ value + capital"
    pooled = fit_ols(formula, data)
    check(pooled, "Intercept", "-42.7144", "9.5117")
    check(pooled, "value", ".115562", ".005836")
    check(pooled, "capital", ".230678", ".025476")
    cr1 = fit_cluster_robust(formula, data, cluster="firm")
    check(cr1, "value", None, ".015894")
    check(cr1, "capital", None, ".084967")
    cr2 = fit_cluster_robust(formula, data, cluster="firm", correction="CR2")
    check(cr2, "value", None, ".0162", "2.34")
    check(cr2, "capital", None, ".1105", "2.86")
    within = fit_fixed_effects(formula, data, cluster="firm")
    check(within, "value", ".110124", ".011857")
    check(within, "capital", ".310065", ".017355")
    intercept = fit_multilevel(formula + " + (1 | firm)", data)
    check(intercept, "value", ".109790")
    check(intercept, "capital", ".308188")
