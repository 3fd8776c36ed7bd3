"""The types of columns that pandas users have: the same fit whatever holds the same values."""

import io
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from helpers import (
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
)

RNG = np.random.default_rng(5)
WORDS = np.repeat([f"s{i:02}" for i in range(10)], 8)
PLAIN = pd.DataFrame(
    {
        "cluster": WORDS,
        "x": RNG.integers(-9, 9, 80),
        "dose": RNG.choice(["low", "medium", "high"], 80),
        "y": RNG.normal(size=80),
    }
)


def dictionary(values, categories=None):
    """A column as `pandas.read_parquet(..., dtype_backend="pyarrow")` makes it of a category."""
    buffer = io.BytesIO()
    frame = pd.DataFrame({"c": pd.Categorical(values, categories)})
    frame.to_parquet(buffer)
    buffer.seek(0)
    return pd.read_parquet(buffer, dtype_backend="pyarrow")["c"]


LABELS = {
    "object": lambda v: pd.Series(v, dtype=object),
    "str": lambda v: pd.Series(v, dtype="str"),
    "string": lambda v: pd.Series(v, dtype="string"),
    "string[pyarrow]": lambda v: pd.Series(v, dtype="string[pyarrow]"),
    "large_string": lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.large_string())),
    "category": lambda v: pd.Series(v).astype("category"),
    "ordered": lambda v: pd.Series(pd.Categorical(v, sorted(set(v)), ordered=True)),
    "unused levels": lambda v: pd.Series(pd.Categorical(v, ["aaa", *sorted(set(v)), "zzz"])),
    "Arrow dictionary": dictionary,
    "numpy text": lambda v: pd.Series(np.asarray(v, dtype="U9")),
}
NUMBERS = {
    **{kind: kind for kind in ("int8", "int64", "float32", "float64", "Int64", "Float64")},
    "big-endian whole": ">i4",
    "big-endian": ">f8",
    "Arrow": "int64[pyarrow]",
    "Arrow float": "double[pyarrow]",
    "sparse": pd.SparseDtype(float, 0.0),
    "longdouble": np.longdouble,
    "object": object,
}
FITS = {
    "cluster_robust": lambda d: fit_cluster_robust("y ~ x", d),
    "fixed_effects": lambda d: fit_fixed_effects("y ~ x", d),
    "two_stage": lambda d: fit_two_stage("y ~ x", d),
    "multilevel": lambda d: fit_multilevel("y ~ x + (1 | cluster)", d),
}
each_fit = pytest.mark.parametrize("strategy", FITS)


@pytest.fixture(autouse=True)
def silence():
    """Nothing is printed by the libraries underneath."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@each_fit
@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_clusters(strategy, kind):
    found = FITS[strategy](PLAIN.assign(cluster=LABELS[kind](PLAIN["cluster"])))
    right = FITS[strategy](PLAIN)
    pd.testing.assert_frame_equal(found.table, right.table, rtol=1e-12)
    if right.cluster_coefficients is not None:
        assert list(map(str, found.cluster_coefficients.index)) == sorted(set(WORDS))


@each_fit
@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_clusters_predictors_and_outcomes(strategy, kind):
    data = PLAIN.assign(cluster=np.repeat(np.arange(10), 8), y=PLAIN["y"].mul(9).round() + 2)
    right = FITS[strategy](data)
    for names in (["cluster"], ["x"], ["y"], ["cluster", "x", "y"]):
        found = FITS[strategy](data.astype(dict.fromkeys(names, NUMBERS[kind])))
        pd.testing.assert_frame_equal(found.table, right.table, rtol=1e-12)


@pytest.mark.parametrize("kind", LABELS)
def test_labels_in_formulas(kind):
    data = PLAIN.assign(dose=LABELS[kind](PLAIN["dose"]))
    for formula in ("y ~ dose", "y ~ dose*x"):
        pd.testing.assert_frame_equal(
            fit_ols(formula, data).table, fit_ols(formula, PLAIN).table, rtol=1e-10
        )
    inside = fit_ols("y ~ C(dose, Treatment('low'))", data).table
    assert list(inside.index)[1:] == [
        "C(dose, Treatment('low'))[high]",
        "C(dose, Treatment('low'))[medium]",
    ]
    with pytest.raises(InputError, match="holds text"):
        fit_ols("dose ~ x", data)


ORDER = ["low", "medium", "high"]


@pytest.mark.parametrize(
    "column",
    [
        pd.Categorical(PLAIN["dose"], ORDER),
        pd.Categorical(PLAIN["dose"], ORDER, ordered=True),
        pd.Categorical(PLAIN["dose"], ["low", "never", "medium", "high"]),
        dictionary(PLAIN["dose"], ORDER),
    ],
    ids=["declared", "ordered", "unused", "Arrow"],
)
def test_the_declared_order_of_categories_counts(column):
    """The first declared level is the one that others are compared with, as in R and patsy."""
    data = PLAIN.assign(dose=column)
    for formula in ("y ~ dose", "y ~ C(dose)"):
        table = fit_ols(formula, data).table
        assert [name.split("[")[1] for name in table.index[1:]] == ["medium]", "high]"]
        by_hand = PLAIN.groupby("dose")["y"].mean()
        np.testing.assert_allclose(
            table["estimate"].iloc[1:], by_hand[["medium", "high"]] - by_hand["low"]
        )
    if "never" not in getattr(column, "categories", []):  # which chunks would refuse
        chunks = fit_ols("y ~ dose", [data.iloc[:50], data.iloc[50:]])
        pd.testing.assert_frame_equal(chunks.table, fit_ols("y ~ dose", data).table, rtol=1e-10)


def test_categories_that_are_numbers_keep_their_order():
    wave = pd.Categorical(RNG.integers(1, 4, 80), categories=[3, 1, 2])
    assert list(fit_ols("y ~ wave", PLAIN.assign(wave=wave)).table.index) == [
        "Intercept",
        "wave[1]",
        "wave[2]",
    ]


@pytest.mark.parametrize("kind", ["int64", "Int64", "uint64", "int64[pyarrow]", "object", "str"])
def test_large_identifiers_stay_apart(kind):
    """Above 2**53 whole numbers that differ by one are one floating-point number."""
    k = np.repeat(np.arange(4), 20)
    data = PLAIN.assign(account=pd.Series(900719925474099200 + k).astype(kind))
    fit = fit_ols("y ~ C(account)", data)
    assert list(fit.table.index)[1:] == [f"C(account)[90071992547409920{i}]" for i in (1, 2, 3)]
    assert fit_cluster_robust("y ~ x", data, cluster="account").n_clusters == 4
    chunks = [data.iloc[:60], data.iloc[60:]]
    with pytest.raises(InputError, match=r"900719925474099203.*not among its levels"):
        fit_ols("y ~ C(account)", chunks)
    assert fit_cluster_robust("y ~ x", chunks, cluster="account").n_clusters == 4


def test_truths_are_numbers():
    for kind in ("bool", "boolean", "bool[pyarrow]", "object"):
        data = PLAIN.assign(on=pd.Series(PLAIN["x"] > 0).astype(kind))
        assert list(fit_ols("y ~ on", data).table.index) == ["Intercept", "on"]


@pytest.mark.parametrize("in_chunks", [False, True])
def test_another_librarys_data_frame(in_chunks):
    """Arrow's table speaks the interface that polars' data frames do."""
    whole = pa.Table.from_pandas(PLAIN)
    data = [whole.slice(0, 50), whole.slice(50)] if in_chunks else whole
    for name, fit in FITS.items():
        pd.testing.assert_frame_equal(fit(data).table, FITS[name](PLAIN).table, rtol=1e-10)
    assert len(fit_ols("y ~ dose", data).table) == 3


def test_what_another_library_cannot_hand_over():
    class Broken:
        def __arrow_c_stream__(self, requested_schema=None):
            raise ValueError("no rows today")

    with pytest.raises(InputError, match=r"Broken.*no rows today"):
        fit_ols("y ~ x", Broken())


def test_dictionaries_of_a_parquet_file(tmp_path):
    """Each row group may number its categories anew."""
    frame = PLAIN.assign(cluster=PLAIN["cluster"].astype("category"))
    pyarrow.parquet.write_table(
        pa.Table.from_pandas(frame), tmp_path / "d.parquet", row_group_size=7
    )
    for fit in FITS.values():
        pd.testing.assert_frame_equal(
            fit(tmp_path / "d.parquet").table, fit(PLAIN).table, rtol=1e-10
        )


@pytest.mark.parametrize(
    "column, message",
    [
        ([Decimal("1.5"), "a"] * 40, "mixes numbers and text"),
        ([1, "a"] * 40, "mixes numbers and text"),
        ([[1], [2]] * 40, "neither numbers nor text|cannot be labels"),
        (pd.date_range("2020", periods=80), "dates or durations"),
        (pd.period_range("2020", periods=80, freq="D"), "dates or durations"),
        (pd.to_timedelta(range(80), unit="D"), "dates or durations"),
        (np.arange(80) * 1j, "complex"),
        ([None, *range(79)], "1 missing value;"),
        (pd.array([pd.NA, *range(79)], dtype="Int64"), "1 missing value;"),
        ([np.inf, *range(79)], "1 infinite value"),
        ([1e200, *range(79)], "too far from 1"),
        (["1", "2", "3", "4 "] * 20, "text where numbers belong"),
        ([b"a", b"b"] * 40, "neither numbers nor text"),
    ],
    ids=str,
)
def test_what_is_neither_numbers_nor_words_is_refused_by_name(column, message):
    data = PLAIN.assign(z=column)
    with pytest.raises(InputError, match=f"'z' .*({message})"):
        fit_ols("y ~ z", data)
    for formula in ("y ~ I(z * 1)", "y ~ center(z)", "z ~ x", "y ~ x + offset(z)"):
        with pytest.raises(InputError, match="'z'"):
            fit_ols(formula, data)


@pytest.mark.parametrize(
    "column, message",
    [
        ([1, "a"] * 40, "mixes numbers and text"),
        ([[1], [2]] * 40, "cannot be labels"),
        (pd.date_range("2020", periods=80), "dates or durations"),
        (np.arange(80) * 1j, "complex"),
        ([None, *range(79)], "1 missing value;"),
        (np.arange(80), "80 levels in 80 rows"),
        (["a"] * 80, "only one level"),
    ],
    ids=str,
)
def test_what_cannot_be_labels_is_refused_by_name(column, message):
    with pytest.raises(InputError, match=message):
        fit_ols("y ~ C(z)", PLAIN.assign(z=column))


@pytest.mark.parametrize("column", [["1", "2", "3", "4 "] * 20, [b"a", b"b"] * 40, [1.5, 2] * 40])
def test_anything_of_one_kind_can_be_labels(column):
    fit = fit_ols("y ~ C(z)", PLAIN.assign(z=column))
    by_hand = PLAIN["y"].groupby(column).mean()
    np.testing.assert_allclose(fit.table["estimate"].iloc[1:], by_hand.iloc[1:] - by_hand.iloc[0])
