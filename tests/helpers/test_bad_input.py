"""Bad input gives an InputError that names the fault.

Whatever the input, never a foreign traceback or an unexplained NaN.
"""

import warnings
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers import (
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
    simulate_clusters,
)

ONE_LEVEL = {
    "ols": fit_ols,
    "cluster_robust": fit_cluster_robust,
    "two_stage": fit_two_stage,
    "fixed_effects": fit_fixed_effects,
}
STRATEGIES = [*ONE_LEVEL, "multilevel"]
NEED_CLUSTERS = STRATEGIES[1:]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
every_clustered = pytest.mark.parametrize("strategy", NEED_CLUSTERS)


def good(sizes=(5, 6, 7, 5, 8, 6), seed=1):
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame(
        {
            "x1": rng.normal(size=len(code)),
            "x2": rng.normal(size=len(code)),
            "w": rng.normal(size=len(sizes))[code],
            "cluster": [f"c{c}" for c in code],
            "other": code % 3,
        }
    )
    frame["y"] = frame["x1"] + rng.normal(size=len(sizes))[code] + rng.normal(size=len(code))
    return frame


def fit(strategy, data, right="x1 + x2", left="y", bar="x1"):
    if strategy == "multilevel":
        return fit_multilevel(f"{left} ~ {right} + ({bar} | cluster)", data)
    return ONE_LEVEL[strategy](f"{left} ~ {right}", data)


def refused(pattern, call, *args, **kwargs):
    """An InputError whose message matches, raised without a numpy warning on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises(InputError, match=pattern):
            call(*args, **kwargs)


@every_strategy
def test_good_input_is_accepted(strategy):
    """Else every test below would pass for the wrong reason."""
    assert np.isfinite(fit(strategy, good()).table.to_numpy(float)).all()


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


# ---- columns


@every_strategy
@pytest.mark.parametrize("column", ["y", "x2"])
def test_missing_column(strategy, column):
    refused(rf"\b{column}\b", fit, strategy, good().drop(columns=column))


@every_clustered
def test_missing_cluster_column(strategy):
    refused(r"\bcluster\b", fit, strategy, good().drop(columns="cluster"))


@pytest.mark.parametrize("strategy", ["cluster_robust", "two_stage", "fixed_effects"])
def test_cluster_column_named_wrongly(strategy):
    refused(r"\bschool\b", ONE_LEVEL[strategy], "y ~ x1", good(), cluster="school")


def test_missing_column_inside_a_bar():
    refused(r"\bx9\b", fit_multilevel, "y ~ x1 + (x9 | cluster)", good())
    refused(r"\bschool\b", fit_multilevel, "y ~ x1 + (x1 | school)", good())


@every_strategy
def test_text_as_outcome(strategy):
    refused(r"\by\b", fit, strategy, good().assign(y="high"))


@every_strategy
@pytest.mark.parametrize("column", ["y", "x1"])
def test_numbers_with_a_word_among_them(strategy, column):
    data = good()
    data[column] = data[column].astype(object)
    data.loc[3, column] = "n/a"
    refused(rf"\b{column}\b", fit, strategy, data)


@every_strategy
@pytest.mark.parametrize("column", ["y", "x1"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None, pd.NA], ids=str)
def test_missing_and_infinite_values(strategy, column, value):
    data = good()
    if value is None or value is pd.NA:
        data[column] = data[column].astype("Float64" if value is pd.NA else object)
    data.loc[[3, 7], column] = value
    refused(rf"\b{column}\b", fit, strategy, data)


@every_clustered
@pytest.mark.parametrize("kind", ["text", "number", "category"])
def test_missing_cluster_labels(strategy, kind):
    data = good()
    if kind == "number":
        data["cluster"] = data["cluster"].str[1:].astype(float)
    if kind == "category":
        data["cluster"] = data["cluster"].astype("category")
    data.loc[4, "cluster"] = np.nan
    refused(r"\bcluster\b", fit, strategy, data)


@every_strategy
def test_two_columns_of_one_name(strategy):
    data = good()
    data = pd.concat([data, data[["x1"]] * 2], axis=1)
    refused(r"\bx1\b", fit, strategy, data)


# ---- clusters


@every_clustered
def test_one_cluster(strategy):
    refused(r"\bcluster\b", fit, strategy, good().assign(cluster="all"))


@every_clustered
def test_only_clusters_of_one_row(strategy):
    data = good()
    refused(r"(?i)cluster", fit, strategy, data.assign(cluster=np.arange(len(data))), bar="1")


def test_two_stage_names_the_cluster_that_is_too_small():
    data = good(sizes=(5, 6, 2, 5))
    refused(r"\bc2\b", fit_two_stage, "y ~ x1 + x2", data)


def test_two_stage_names_the_cluster_whose_predictor_is_constant():
    data = good()
    data.loc[data["cluster"] == "c4", "x2"] = 1.5
    refused(r"\bc4\b", fit_two_stage, "y ~ x1 + x2", data)


def test_two_stage_names_a_treatment_of_whole_clusters():
    data = good()
    data["treated"] = data["cluster"].isin(["c1", "c2"]).astype(float)
    refused("'treated' does not vary within clusters", fit_two_stage, "y ~ treated", data)


@pytest.mark.parametrize("offset", [0, 1, 1e6, 1e12])
def test_two_stage_needs_an_outcome_that_varies_within_clusters(offset):
    data = good()
    own, noise = data["w"] + offset, np.random.default_rng(4).normal(size=len(data))
    said = "'y' is .*the same in all rows of each cluster"
    for right in ("x1", "x1 + x2"):
        refused(said, fit_two_stage, f"y ~ {right}", data.assign(y=own))
        chunks = [data.assign(y=own)[:9], data.assign(y=own)[9:]]
        refused(said, fit_two_stage, f"y ~ {right}", chunks)
    # A little noise is enough, and so is a single cluster; the mean alone needs none.
    small = max(1e-5, 1e-14 * offset)
    lone = np.where(data["cluster"] == "c2", noise, 0)
    for y in (own + small * noise, own + lone):
        assert np.isfinite(fit_two_stage("y ~ x1", data.assign(y=y)).table.to_numpy()).all()
    fit_two_stage("y ~ 1", data.assign(y=own))


# ---- predictors


@every_strategy
@pytest.mark.parametrize("value", [0.0, 1.0, 3.7, 1e9])
def test_constant_predictor(strategy, value):
    refused(r"\bx2\b", fit, strategy, good().assign(x2=value))


@every_strategy
@pytest.mark.parametrize(
    "copy",
    [lambda x: x, lambda x: -2.5 * x, lambda x: 1e6 * x + 3],
    ids=["same", "scaled", "scaled and moved"],
)
def test_duplicated_predictor(strategy, copy):
    data = good()
    refused(r"\bx2\b|\bx1\b", fit, strategy, data.assign(x2=copy(data["x1"])))


@every_strategy
def test_predictor_that_is_a_sum_of_others(strategy):
    data = good()
    data["x3"] = data["x1"] - 3 * data["x2"]
    refused(r"\bx[123]\b", fit, strategy, data, right="x1 + x2 + x3")


@pytest.mark.parametrize("strategy", ["two_stage", "fixed_effects"])
def test_cluster_level_predictor_where_a_within_estimate_is_asked_for(strategy):
    refused(r"\bw\b", fit, strategy, good(), right="x1 + w")


def test_fixed_effects_with_nothing_but_an_intercept():
    refused(r"(?i)predictor|term|intercept", fit_fixed_effects, "y ~ 1", good())


@every_strategy
def test_more_coefficients_than_rows(strategy):
    data = good(sizes=(2, 2))
    data = data.assign(x3=[1.0, 2, 4, 8], x4=[1.0, 0, 0, 2])
    refused(r"(?i)row|observation|cluster", fit, strategy, data, right="x1 + x2 + x3 + x4")


def test_more_random_terms_than_the_data_can_carry():
    """As many random effects as rows leave nothing for the residual variance."""
    data = good(sizes=(2,) * 12)
    refused(r"(?i)random|cluster", fit_multilevel, "y ~ x1 + x2 + (x1 | cluster)", data)
    refused(r"(?i)random|cluster", fit_multilevel, "y ~ x1 + x2 + (x1 + x2 | cluster)", data)


def test_duplicated_random_terms():
    data = good()
    refused(
        r"\bx[12]\b", fit_multilevel, "y ~ x1 + (x1 + x2 | cluster)", data.assign(x2=data["x1"])
    )
    refused(
        r"(?i)intercept|twice|1 \| cluster",
        fit_multilevel,
        "y ~ x1 + (1 | cluster) + (1 | cluster)",
        data,
    )


# ---- formulas and options


def crossed(n_people=6, n_items=5, seed=2):
    rng = np.random.default_rng(seed)
    person, item = np.repeat(np.arange(n_people), n_items), np.tile(np.arange(n_items), n_people)
    y = rng.normal(size=n_people)[person] + rng.normal(size=n_items)[item]
    return pd.DataFrame(
        {
            "y": y + rng.normal(size=len(y)),
            "x1": rng.normal(size=len(y)),
            "w": rng.normal(size=n_items)[item],
            "person": person,
            "item": item,
            "of_item": item % 2,
            "again": [f"p{p}" for p in person],
            "row": np.arange(len(y)),
            "all": 1,
        }
    )


@pytest.mark.parametrize(
    "bars, why",
    [
        ("(1 | person) + (1 | again)", "'person' and 'again' divide the rows in the same way"),
        ("(1 | item/of_item)", "'item' and 'item:of_item' divide the rows in the same way"),
        ("(1 | person:item) + (1 | item:person)", "as many levels as there are rows"),
        ("(1 | person/item)", "'person:item' has as many levels as there are rows"),
        ("(1 | person) + (1 | row)", "'row' has as many levels as there are rows"),
        ("(1 | person) + (1 | all)", "All rows belong to one level of 'all'"),
        ("(1 | person) + (1 | nobody)", "no column 'nobody'"),
        ("(1 | person) + (x1 | item) + (x1 | item)", "in more than one bar"),
        ("(x1 + I(x1**2) + I(x1**3) + I(x1**4) + w | person) + (1 | item)", "more than 30 rows"),
        ("(C(of_item) || person) + (1 | item)", r"not identified"),
    ],
)
def test_groupings_that_cannot_be_told_apart(bars, why):
    refused(why, fit_multilevel, f"y ~ x1 + {bars}", crossed())


def test_a_grouping_that_the_fixed_part_takes_up():
    for fixed, bar in (("C(item)", "(1 | item)"), ("x1:C(person)", "(0 + x1 | person)")):
        other = "(1 | person)" if "item" in fixed else "(1 | item)"
        formula = f"y ~ {fixed} + {bar} + {other}"
        refused("a coefficient for each level", fit_multilevel, formula, crossed())


def test_groupings_without_labels():
    data = crossed()
    data["item"] = data["item"].astype(float)
    data.loc[3, "item"] = np.nan
    refused("'item' has 1 missing", fit_multilevel, "y ~ x1 + (1 | person) + (1 | item)", data)
    data["a"], data["b"] = ["1:1", "1", "2"] * 10, ["1", "1:1", "2"] * 10
    refused("hold colons themselves", fit_multilevel, "y ~ x1 + (1 | a:b)", data)
    data["lists"] = [[1]] * len(data)
    for bars in ("(1 | item:lists)", "(1 | person) + (1 | lists)"):
        refused("cannot be labels", fit_multilevel, f"y ~ x1 + {bars}", data.fillna({"item": 0.0}))


def test_several_groupings_need_all_rows_at_once(tmp_path):
    formula, data = "y ~ x1 + (1 | person) + (1 | item)", crossed()
    data.to_parquet(tmp_path / "rows.parquet")
    refused("all rows at once", fit_multilevel, formula, tmp_path / "rows.parquet")
    refused("all rows at once", fit_multilevel, formula, [data])
    refused("no rows", fit_multilevel, formula, data.iloc[:0])
    refused(
        "need one grouping.*as fit_cluster_robust", fit_multilevel, formula, data, correction="CR1"
    )


def test_several_groupings_that_leave_no_noise():
    data = crossed()
    data["y"] = data["person"] ** 2 + 3.0 * data["item"]
    refused("no noise is left", fit_multilevel, "y ~ 1 + (1 | person) + (1 | item)", data)


@every_strategy
@pytest.mark.parametrize(
    "formula",
    [
        "",
        "y",
        "y ~",
        "~ x1",
        "y x1",
        "y ~ x1 +",
        "y ~ x1 + (x2",
        "y ~ x1 ~ x2",
        "y ~ x1 ++* x2",
        "y ~ x1 | cluster",
        "y ~ nosuchfunction(x1)",
        "y ~ x1 + (x1 | )",
        "y ~ x1 + ( | cluster)",
        "y ~ x1 + (x1 || )",
        "y ~ x1)",
        "y ~ x1) + nonsense",
        "(y ~ x1",
        "y ~ 'x1",
        "import os",
        "y ~ x1; x2",
        "y ~ \\",
        None,
        3,
        ["y ~ x1"],
    ],
    ids=repr,
)
def test_unparsable_formulas(strategy, formula):
    call = fit_multilevel if strategy == "multilevel" else ONE_LEVEL[strategy]
    refused(r"(?i)formula|nosuchfunction|bar", call, formula, good())


def test_a_bar_where_none_belongs_and_none_where_one_does():
    for function in ONE_LEVEL.values():
        refused(r"(?i)\||bar|fit_multilevel", function, "y ~ x1 + (1 | cluster)", good())
    refused(r"(?i)\||bar", fit_multilevel, "y ~ x1", good())


@pytest.mark.parametrize("correction", ["CR9", "cr", "", None, 1])
def test_unknown_correction(correction):
    refused(r"correction|CR1", fit_cluster_robust, "y ~ x1", good(), correction=correction)


@every_strategy
@pytest.mark.parametrize(
    "data",
    [None, 5, "no such file.parquet", [1, 2], {"y": 1}, np.zeros((4, 2))],
    ids=["None", "number", "no file", "numbers", "dict", "array"],
)
def test_data_that_is_none(strategy, data):
    refused(r"(?i)data|file|parquet|chunk", fit, strategy, data)


@every_strategy
def test_no_rows(strategy):
    refused(r"(?i)row|empty|data", fit, strategy, good().iloc[:0])
    refused(r"(?i)row|empty|column|\by\b", fit, strategy, pd.DataFrame())


@pytest.mark.parametrize(
    "option",
    [
        {"n_clusters": 0},
        {"n_clusters": -3},
        {"n_per_cluster": 0},
        {"n_per_cluster": [3, 4]},
        {"noise_sd": -1},
        {"between_sd": -0.1},
        {"between_sd": [0.1, 0.2]},
        {"coefficients": [1.0, 2.0]},
        {"n_predictors": -1},
        {"between_corr": 2},
        {"predictor_icc": 1.5},
        {"noise_sd": float("nan")},
        {"n_clusters": 2.5},
    ],
    ids=str,
)
def test_simulating_the_impossible(option):
    refused(rf"\b{next(iter(option))}\b", simulate_clusters, seed=1, **option)


# ---- input that looks odd and is right


@every_strategy
@pytest.mark.parametrize(
    "dtype", ["int8", "int64", "uint8", "float32", "bool", "Int64", "Float64", "boolean", "object"]
)
def test_column_types_do_not_matter(strategy, dtype):
    """Small integers must not overflow; nullable and boolean columns, and objects, are numbers."""
    data = good()
    rng = np.random.default_rng(5)
    data["x1"] = rng.integers(0, 2 if "bool" in dtype else 120, len(data)).astype(float)
    data["x2"] = rng.integers(0, 100, len(data)).astype(float)
    odd = data.copy()
    odd["x1"] = odd["x1"].astype(int).astype(dtype)
    if "bool" not in dtype:
        odd["x2"] = odd["x2"].astype(int).astype(dtype)
    try:
        found = fit(strategy, odd).table
    except InputError:
        assert dtype == "object"  # may be refused, but not misread
        return
    np.testing.assert_allclose(
        found.to_numpy(float), fit(strategy, data).table.to_numpy(float), rtol=1e-6
    )


@every_strategy
def test_index_does_not_matter(strategy):
    data = good()
    expected = fit(strategy, data).table
    for index in (
        np.zeros(len(data)),
        data["cluster"],
        pd.MultiIndex.from_arrays([data["other"], data["x1"]]),
    ):
        np.testing.assert_allclose(
            fit(strategy, data.set_axis(index)).table.to_numpy(float),
            expected.to_numpy(float),
            rtol=1e-12,
        )


@every_strategy
def test_unused_categories_do_not_matter(strategy):
    data = good()
    data["kind"] = pd.Categorical(
        np.where(np.arange(len(data)) % 2, "a", "b"), categories=["a", "b", "never"]
    )
    found = fit(strategy, data, right="x1 + kind").table
    dummy = fit(
        strategy, data.assign(kind=(data["kind"] == "b").astype(float)), right="x1 + kind"
    ).table
    np.testing.assert_allclose(found.to_numpy(float), dummy.to_numpy(float), rtol=1e-9)


@every_strategy
def test_column_names_with_spaces(strategy):
    data = good()
    odd = data.rename(columns={"x2": "reaction time", "y": "score (raw)"})
    found = fit(strategy, odd, right="x1 + `reaction time`", left="`score (raw)`").table
    np.testing.assert_allclose(
        found.to_numpy(float), fit(strategy, data).table.to_numpy(float), rtol=1e-12
    )


# ---- anything at all


def put(column, value, rows=slice(0, 1)):
    def change(data, rng):
        data[column] = (
            data[column].astype(object) if isinstance(value, (str, type(None))) else data[column]
        )
        data.iloc[rows, data.columns.get_loc(column)] = value
        return data

    return change


def replace(column, values):
    return lambda data, rng: data.assign(**{column: values(data, rng)})


def perfect(data, rng):
    return data.assign(y=1 + 2 * data["x1"].astype(float) - data["x2"].astype(float))


FAULTS = {
    "missing y": put("y", np.nan),
    "missing x": put("x1", np.nan),
    "infinite x": put("x2", np.inf),
    "infinite y": put("y", -np.inf),
    "missing cluster": put("cluster", None),
    "word in x": put("x1", "many"),
    "x constant": replace("x1", lambda d, r: 4.2),
    "x twice": replace("x2", lambda d, r: d["x1"]),
    "x nearly twice": replace(
        "x2", lambda d, r: d["x1"].astype(float) + 1e-9 * r.normal(size=len(d))
    ),
    "x far away": replace("x1", lambda d, r: d["x1"].astype(float) + 1e9),
    "y far away": replace("y", lambda d, r: d["y"].astype(float) + 1e9),
    "x tiny": replace("x1", lambda d, r: d["x1"].astype(float) * 1e-9),
    "y tiny": replace("y", lambda d, r: d["y"].astype(float) * 1e-9),
    "x huge": replace("x1", lambda d, r: d["x1"].astype(float) * 1e12),
    "y huge": replace("y", lambda d, r: d["y"].astype(float) * 1e12),
    "y beyond squares": replace("y", lambda d, r: d["y"].astype(float) * 1e200),
    "x vanishing": replace("x1", lambda d, r: d["x1"].astype(float) * 1e-200),
    "one cluster": replace("cluster", lambda d, r: "a"),
    "singletons": replace("cluster", lambda d, r: np.arange(len(d))),
    "two clusters": replace("cluster", lambda d, r: np.arange(len(d)) % 2),
    "one large cluster": replace(
        "cluster", lambda d, r: np.maximum(np.arange(len(d)) - len(d) + 3, 0)
    ),
    "perfect fit": perfect,
    "y constant": replace("y", lambda d, r: 7.0),
    "y zero": replace("y", lambda d, r: 0.0),
    "y constant within clusters": replace(
        "y", lambda d, r: pd.factorize(d["cluster"])[0].astype(float)
    ),
    "y without clusters": replace("y", lambda d, r: r.normal(size=len(d))),
    "x cluster-level": replace("x2", lambda d, r: pd.factorize(d["cluster"])[0] ** 2.0),
    "x whole": replace("x1", lambda d, r: r.integers(-100, 100, len(d)).astype("int8")),
    "x yes or no": replace("x1", lambda d, r: r.random(len(d)) < 0.5),
    "x once": replace("x1", lambda d, r: (np.arange(len(d)) == 0).astype(float)),
    "x nullable": replace("x2", lambda d, r: pd.array(r.integers(0, 9, len(d)), dtype="Int64")),
    "x nullable, missing": replace(
        "x2",
        lambda d, r: pd.array(
            [*r.integers(0, 9, max(len(d) - 1, 0)), pd.NA][: len(d)], dtype="Int64"
        ),
    ),
    "x object": replace("x1", lambda d, r: d["x1"].astype(object)),
    "y object": replace("y", lambda d, r: d["y"].astype(object)),
    "x complex": replace("x1", lambda d, r: r.normal(size=len(d)) + 1j),
    "x dates": replace("x1", lambda d, r: pd.date_range("2020", periods=len(d))),
    "x text": replace("x1", lambda d, r: r.choice(["a", "b", "c"], len(d))),
    "x text, all different": replace("x1", lambda d, r: [f"v{i}" for i in range(len(d))]),
    "x category": replace(
        "x2", lambda d, r: pd.Categorical(r.choice(["u", "v"], len(d)), categories=["z", "v", "u"])
    ),
    "x one category": replace("x2", lambda d, r: pd.Categorical(["u"] * len(d))),
    "y text": replace("y", lambda d, r: "high"),
    "y yes or no": replace("y", lambda d, r: r.random(len(d)) < 0.5),
    "y category": replace("y", lambda d, r: pd.Categorical(r.choice(["u", "v"], len(d)))),
    "cluster numbers": replace("cluster", lambda d, r: pd.factorize(d["cluster"])[0] / 3),
    "cluster mixed": replace("cluster", lambda d, r: [i if i % 3 else "a" for i in range(len(d))]),
    "cluster category": replace(
        "cluster",
        lambda d, r: pd.Categorical(
            d["cluster"].astype(str), categories=["zz", *sorted(set(d["cluster"].astype(str)))]
        ),
    ),
    "cluster lists": replace("cluster", lambda d, r: [[1, 2]] * len(d)),
    "no rows": lambda d, r: d.iloc[:0],
    "one row": lambda d, r: d.iloc[:1],
    "three rows": lambda d, r: d.iloc[:3],
    "few rows": lambda d, r: d.sample(min(len(d), 7), random_state=1),
    "index repeated": lambda d, r: d.set_axis(np.zeros(len(d), int)),
    "rows repeated": lambda d, r: pd.concat([d, d]),
    "column twice": lambda d, r: pd.concat([d, d[["x1"]]], axis=1),
    "column gone": lambda d, r: d.drop(columns="x2"),
    "columns numbered": lambda d, r: d.set_axis(range(d.shape[1]), axis=1),
    "none": lambda d, r: d,
}
MODELS = {
    **{name: lambda d, f=f: f("y ~ x1 + x2", d) for name, f in ONE_LEVEL.items()},
    "cluster_robust CR2": lambda d: fit_cluster_robust("y ~ x1 + x2", d, correction="CR2"),
    "cluster_robust CR3": lambda d: fit_cluster_robust("y ~ x1 + x2", d, correction="CR3"),
    "cluster_robust interaction": lambda d: fit_cluster_robust("y ~ x1 * x2", d, correction="CR2"),
    "random intercept": lambda d: fit_multilevel("y ~ x1 + x2 + (1 | cluster)", d),
    "full": lambda d: fit_multilevel("y ~ x1 + x2 + (x1 + x2 | cluster)", d),
    "uncorrelated": lambda d: fit_multilevel("y ~ x1 + x2 + (x1 + x2 || cluster)", d),
    "slope only": lambda d: fit_multilevel("y ~ x1 + x2 + (0 + x1 | cluster)", d),
    "kenward-roger": lambda d: fit_multilevel(
        "y ~ x1 + x2 + (x1 + x2 | cluster)", d, df="kenward_roger"
    ),
    "ml": lambda d: fit_multilevel("y ~ x1 + x2 + (x1 | cluster)", d, reml=False),
}


def is_explained(result):
    """No NaN and no infinity, or else notes that say why."""
    numbers = [result.table.to_numpy(float).ravel()]
    for name in ("criterion", "residual_sd", "random_sd", "random_corr", "cluster_coefficients"):
        value = getattr(result, name, None)
        if value is not None:
            numbers.append(np.asarray(value, float).ravel())
    assert isinstance(result.notes, tuple) and all(
        isinstance(note, str) and note.strip() for note in result.notes
    )
    assert np.isfinite(np.concatenate(numbers)).all() or result.notes


def try_it(model, data):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            result = MODELS[model](data)
        except InputError as error:
            assert len(str(error)) > 20  # says something
            return
    is_explained(result)
    repr(result)
    if hasattr(result, "_repr_html_"):
        result._repr_html_()


def spoiled(faults, sizes, seed):
    data, rng = good(sizes, seed), np.random.default_rng(seed)
    for fault in faults:
        # A fault may not go with the one before; then it is left out.
        with suppress(KeyError, TypeError, ValueError, IndexError, OverflowError):
            data = FAULTS[fault](data, rng)
    return data


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone(model, fault):
    try_it(model, spoiled([fault], (5, 6, 1, 5, 8, 2, 4), seed=3))


@pytest.mark.parametrize("noise", [0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("slopes", ["alike", "vary", "vary as the intercepts do"])
def test_almost_no_noise(slopes, noise):
    """Clusters a million noise SDs apart: right, or refused, or `converged=False`.

    Not a traceback and not quietly wrong.
    """
    data = good().assign(g=lambda d: pd.factorize(d["cluster"])[0])
    e = np.random.default_rng(2).normal(size=len(data))
    slope = {"alike": 1.0, "vary": data["g"] * 7 % 5, "vary as the intercepts do": data["g"]}[
        slopes
    ]
    bar = "1" if slopes == "alike" else "x1"
    data["y"] = data["g"] + slope * data["x1"] + noise * e
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = fit_multilevel(f"y ~ x1 + ({bar} | cluster)", data)
        except InputError:
            assert noise <= 1e-6
            return
    if noise >= (0.1 if slopes == "vary as the intercepts do" else 1e-3):
        assert found.converged
    if not found.converged:
        assert found.notes
        return
    if (
        slopes != "vary as the intercepts do"
    ):  # there the noise is seen in the slopes' scatter about a line, too
        within = smf.ols(f"y ~ C(cluster) {'+' if bar == '1' else '*'} x1", data).fit()
        assert found.residual_sd == pytest.approx(np.sqrt(within.scale), rel=0.02)
    each = data.groupby("cluster")["g"].first()
    assert found.table.loc["Intercept", "estimate"] == pytest.approx(each.mean(), abs=20 * noise)
    assert found.random_sd["Intercept"] == pytest.approx(each.std(), rel=20 * noise)


@settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    model=st.sampled_from(list(MODELS)),
    faults=st.lists(st.sampled_from(list(FAULTS)), min_size=1, max_size=3),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    seed=st.integers(0, 2**20),
)
@example("full", ["x once"], [8, 9], 987479)  # found by longer searches
@example("full", ["x twice", "x cluster-level"], [2, 9], 157430)
@example("slope only", ["x once"], [2, 9, 3, 6, 9, 2], 318456)
@example("slope only", ["rows repeated"], [1, 3], 769609)
@example("uncorrelated", ["few rows", "rows repeated"], [8, 4, 4, 1, 3, 8, 3, 4], 714516)
@example("fixed_effects", ["rows repeated", "two clusters"], [4], 95248)
@example("random intercept", ["y constant within clusters"], [8, 4, 4, 3, 2], 458606)
def test_faults_together(model, faults, sizes, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = spoiled(faults, sizes, seed)
    try_it(model, data)


@pytest.mark.parametrize("formula", ["y ~ x1 + (1 | cluster)", "y ~ x1 + (1 | cluster) + (1 | x2)"])
def test_options_of_the_search_that_are_none(formula):
    """``reml="ML"`` was once taken for True, and so for REML."""
    data = good()
    for reml in ("ML", 0, None):
        with pytest.raises(InputError, match="reml must be True or False"):
            fit_multilevel(formula, data, reml)
    for steps in ("many", 1.5, 0, None, True):
        with pytest.raises(InputError, match="max_iterations must be"):
            fit_multilevel(formula, data, max_iterations=steps)


@pytest.mark.parametrize("cluster", ["cluster", ["cluster", "x2"]])
def test_corrections_by_the_list(cluster):
    data = good()
    data["x2"] = np.arange(len(data)) % 4
    with pytest.raises(InputError, match="is unknown; choose one of"):
        fit_cluster_robust("y ~ x1", data, cluster, np.array(["CR1", "CR2"]))
