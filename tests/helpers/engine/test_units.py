"""What algebra says of order, names, units and origins: that they do not matter, or how they do."""

import numpy as np
import pandas as pd
import pytest

from tests.helpers.engine.made_up import FITS, SAME, every_strategy, made_up, same_table


@every_strategy
def test_order_of_rows_does_not_matter(strategy):
    data = made_up()
    shuffled = data.sample(frac=1, random_state=1)
    same_table(FITS[strategy](data), FITS[strategy](shuffled), SAME.get(strategy, 1e-9))


RENAMED = {
    "text": lambda code: "person " + code.astype(str),
    "text, sorted otherwise": lambda code: (100 - code).astype(str).str.zfill(9),
    "numbers": lambda code: 1000 - 3 * code,
    "fractions": lambda code: code / 7,
    "categories": lambda code: pd.Categorical(code.map("abcdefgh".__getitem__)),
    "categories, some without rows": lambda code: pd.Categorical(
        code.map("abcdefgh".__getitem__), categories=list("zhgfedcbay")
    ),
    "nullable integers": lambda code: code.astype("Int64"),
    "pandas strings": lambda code: code.astype(str).astype("string"),
    "objects of several kinds": lambda code: code.map(lambda c: c if c % 2 else f"c{c}").astype(
        object
    ),
    "dates": lambda code: pd.Timestamp("2024-01-01") + pd.to_timedelta(code, unit="D"),
}


@every_strategy
@pytest.mark.parametrize("how", RENAMED)
def test_names_of_clusters_do_not_matter(strategy, how):
    data = made_up()
    renamed = FITS[strategy](data.assign(cluster=RENAMED[how](data["cluster"])))
    same_table(FITS[strategy](data), renamed, SAME.get(strategy, 1e-9))


@every_strategy
@pytest.mark.parametrize("factor", [1e-6, -1.0, 1e6])
def test_units_of_the_outcome(strategy, factor):
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(y=data["y"] * factor))
    rtol = max(1e-8, SAME.get(strategy, 0))
    np.testing.assert_allclose(b.table["estimate"], a.table["estimate"] * factor, rtol=rtol)
    np.testing.assert_allclose(b.table["std_error"], a.table["std_error"] * abs(factor), rtol=rtol)
    np.testing.assert_allclose(b.table["df"], a.table["df"], rtol=1e-5)


@every_strategy
@pytest.mark.parametrize("factor", [1e-5, -1.0, 1e5])
def test_units_of_a_predictor(strategy, factor):
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(x1=data["x1"] * factor))
    rtol = max(1e-7, SAME.get(strategy, 0))
    by = np.where(a.table.index == "x1", 1 / factor, 1.0)
    np.testing.assert_allclose(b.table["estimate"], a.table["estimate"] * by, rtol=rtol)
    np.testing.assert_allclose(b.table["std_error"], a.table["std_error"] * np.abs(by), rtol=rtol)
    np.testing.assert_allclose(b.table["df"], a.table["df"], rtol=1e-5)


@every_strategy
def test_origin_of_the_outcome(strategy):
    """A million more moves the intercept by a million and nothing else."""
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(y=data["y"] + 1e6))
    moved = a.table["estimate"] + 1e6 * (a.table.index == "Intercept")
    off = (b.table["estimate"] - moved).abs() / a.table["std_error"]
    assert (off < 1e-6).all()
    np.testing.assert_allclose(b.table["std_error"], a.table["std_error"], rtol=1e-6)
    np.testing.assert_allclose(b.table["df"], a.table["df"], rtol=1e-5)


@pytest.mark.parametrize("strategy", [s for s in FITS if s != "uncorrelated"])
def test_origin_of_a_predictor(strategy):
    """Years counted from 0 or from 2000: the slopes stay, the intercept is where zero now is."""
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(x1=data["x1"] + 2000))
    slopes = ["x1", "x2"]
    off = (b.table["estimate"] - a.table["estimate"])[slopes].abs() / a.table["std_error"][slopes]
    assert (off < 1e-6).all()
    np.testing.assert_allclose(
        b.table["std_error"][slopes], a.table["std_error"][slopes], rtol=1e-6
    )
    np.testing.assert_allclose(b.table["df"][slopes], a.table["df"][slopes], rtol=1e-5)
    if strategy != "fixed_effects":
        expected = a.table["estimate"]["Intercept"] - 2000 * a.table["estimate"]["x1"]
        assert b.table["estimate"]["Intercept"] == pytest.approx(
            expected, abs=1e-6 * b.table["std_error"]["Intercept"]
        )
    if strategy in ("multilevel", "random_intercept"):
        assert b.criterion == pytest.approx(a.criterion, abs=1e-6)


@pytest.mark.parametrize("column", ["x1", "y"])
@pytest.mark.parametrize("strategy", [s for s in FITS if s != "uncorrelated"])
def test_digits_survive_a_far_off_origin(strategy, column):
    """A thousand million more, and nothing lost but what the addition itself has rounded away."""
    far = made_up()
    far[column] += 1e9
    near = far.assign(**{column: far[column] - 1e9})
    a, b = FITS[strategy](near).table.loc[["x1", "x2"]], FITS[strategy](far).table.loc[["x1", "x2"]]
    assert ((a["estimate"] - b["estimate"]).abs() < 1e-6 * a["std_error"]).all()
    np.testing.assert_allclose(b["std_error"], a["std_error"], rtol=1e-6)
    np.testing.assert_allclose(b["df"], a["df"], rtol=1e-5)


@every_strategy
def test_predictors_that_are_almost_the_same(strategy):
    """With x2 = x1 + z / 10,000 it is the model with z, in other units: hard on the digits."""
    data = made_up()
    close = data.assign(x2=data["x1"] + 1e-4 * data["x2"])
    a, b = FITS[strategy](data.assign(x2=(close["x2"] - data["x1"]) / 1e-4)), FITS[strategy](close)
    if strategy == "uncorrelated":
        return  # another model in other units; here it only has to come back
    np.testing.assert_allclose(
        b.table.loc["x2", "std_error"], a.table.loc["x2", "std_error"] * 1e4, rtol=1e-6
    )
    assert (
        abs(b.table.loc["x2", "estimate"] - 1e4 * a.table.loc["x2", "estimate"])
        < 1e-6 * b.table.loc["x2", "std_error"]
    )


def test_the_uncorrelated_model_does_depend_on_the_origin():
    """`||` says that intercepts and slopes are unrelated *where x is 0*.

    So moving x is another model: not to be hidden by centring.
    """
    data = made_up()
    a, b = FITS["uncorrelated"](data), FITS["uncorrelated"](data.assign(x1=data["x1"] + 2))
    assert abs(a.criterion - b.criterion) > 1e-3


@pytest.mark.parametrize("strategy", ["random_intercept", "multilevel", "uncorrelated"])
def test_criterion_in_other_units(strategy):
    """-2 log likelihood of 1,000 y: 2 (N - k) log 1,000 more."""
    data = made_up()
    a, b = FITS[strategy](data), FITS[strategy](data.assign(y=1000 * data["y"]))
    assert b.criterion == pytest.approx(a.criterion + 2 * 53 * np.log(1000), abs=1e-6)
    assert b.residual_sd == pytest.approx(1000 * a.residual_sd, rel=1e-6)
    np.testing.assert_allclose(b.random_sd, 1000 * a.random_sd, rtol=1e-4, atol=1e-4)


@every_strategy
def test_the_data_are_left_alone(strategy):
    data = made_up()
    before = data.copy(deep=True)
    FITS[strategy](data)
    pd.testing.assert_frame_equal(data, before)


@every_strategy
def test_columns_that_are_not_in_the_formula_do_not_matter(strategy):
    data = made_up()
    more = data.assign(note=None, other=np.nan, text="a")
    same_table(FITS[strategy](data), FITS[strategy](more), 1e-12)
