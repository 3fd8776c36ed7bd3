"""Data that come in pieces, or from a Parquet file, give the fit that the whole frame gives."""

import gc
import weakref
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from helpers import (
    InputError,
    fit_cluster_robust,
    fit_fixed_effects,
    fit_multilevel,
    fit_ols,
    fit_two_stage,
)

FITS = {
    "ols": lambda data, right="x1 + x2": fit_ols(f"y ~ {right}", data),
    "CR1": lambda data, right="x1 + x2": fit_cluster_robust(f"y ~ {right}", data),
    "CR2": lambda data, right="x1 + x2": fit_cluster_robust(f"y ~ {right}", data, correction="CR2"),
    "two_stage": lambda data, right="x1 + x2": fit_two_stage(f"y ~ {right}", data),
    "fixed_effects": lambda data, right="x1 + x2": fit_fixed_effects(f"y ~ {right}", data),
    "random_intercept": lambda data, right="x1 + x2": fit_multilevel(
        f"y ~ {right} + (1 | cluster)", data
    ),
    "multilevel": lambda data, right="x1 + x2": fit_multilevel(
        f"y ~ {right} + (x1 | cluster)", data
    ),
    "uncorrelated": lambda data, right="x1 + x2": fit_multilevel(
        f"y ~ {right} + (x1 || cluster)", data
    ),
}
every_strategy = pytest.mark.parametrize("strategy", FITS)


def whole(seed=6):
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(12), rng.integers(6, 15, 12))
    u = rng.normal(size=(12, 2))[code]
    frame = pd.DataFrame(
        {
            "x1": rng.normal(size=len(code)),
            "x2": rng.integers(0, 9, len(code)),
            "cluster": [f"c{c}" for c in code],
        }
    )
    frame["kind"] = rng.choice(["a", "b"], len(code))
    frame["y"] = (
        u[:, 0] + (1 + u[:, 1]) * frame["x1"] + (frame["kind"] == "b") + rng.normal(size=len(code))
    )
    return frame


def pieces(frame, n=5):
    """Cut anywhere: clusters go on from one chunk to the next."""
    edges = np.linspace(0, len(frame), n + 1).astype(int)
    return [frame.iloc[a:b] for a, b in pairwise(edges)]


def the_same(a, b):
    pd.testing.assert_frame_equal(a.table, b.table, rtol=1e-9, atol=0)
    assert (a.n_obs, a.converged, a.singular) == (b.n_obs, b.converged, b.singular)
    assert a.n_clusters == b.n_clusters
    for name in ("criterion", "residual_sd", "random_sd", "random_corr"):
        if getattr(a, name, None) is not None:
            np.testing.assert_allclose(
                np.asarray(getattr(a, name), float), np.asarray(getattr(b, name), float), rtol=1e-8
            )
    if getattr(a, "cluster_coefficients", None) is not None:
        other = b.cluster_coefficients.loc[a.cluster_coefficients.index]
        np.testing.assert_allclose(a.cluster_coefficients, other, rtol=1e-7, atol=1e-9)


@every_strategy
@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_chunks(strategy, n):
    the_same(FITS[strategy](whole()), FITS[strategy](pieces(whole(), n)))


@every_strategy
def test_a_generator_is_read_once(strategy):
    the_same(FITS[strategy](whole()), FITS[strategy](piece for piece in pieces(whole())))


@every_strategy
def test_rows_in_any_order(strategy):
    the_same(
        FITS[strategy](whole()), FITS[strategy](pieces(whole().sample(frac=1, random_state=2)))
    )


@every_strategy
@pytest.mark.parametrize("as_text", [True, False])
def test_parquet(strategy, as_text, tmp_path):
    path = tmp_path / "rows.parquet"
    whole().to_parquet(path, row_group_size=17)
    the_same(FITS[strategy](whole()), FITS[strategy](str(path) if as_text else path))


@every_strategy
def test_parquet_with_categories(strategy, tmp_path):
    path = tmp_path / "rows.parquet"
    frame = whole().astype({"cluster": "category", "kind": "category"})
    frame.to_parquet(path, row_group_size=17)
    the_same(FITS[strategy](frame, "x1 + kind"), FITS[strategy](path, "x1 + kind"))


@every_strategy
def test_empty_chunks(strategy):
    parts = pieces(whole(), 3)
    empty = parts[0].iloc[:0]
    the_same(
        FITS[strategy](whole()), FITS[strategy]([empty, parts[0], empty, parts[1], parts[2], empty])
    )


@every_strategy
@pytest.mark.parametrize(
    "data", [[], (), iter([]), [whole().iloc[:0]]], ids=["list", "tuple", "iterator", "empty chunk"]
)
def test_no_rows_at_all(strategy, data):
    with pytest.raises(InputError, match=r"(?i)row|chunk|empty|data"):
        FITS[strategy](data)


@every_strategy
def test_categories_that_first_appear_later(strategy):
    """Text whose second value no early chunk holds: right, or refused by the column's name.

    Never quietly wrong.
    """
    frame = whole().sort_values("kind", kind="stable")
    expected = FITS[strategy](frame, "x1 + kind")
    try:
        found = FITS[strategy](pieces(frame), "x1 + kind")
    except InputError as error:
        assert "kind" in str(error)
        return
    the_same(expected, found)


@every_strategy
@pytest.mark.parametrize("late", [["b", "a"], ["a", "b", "c"], ["b"]], ids=str)
def test_categories_declared_differently_by_chunk(strategy, late):
    """A category's code differs between chunks: going by code would mix the values up."""
    frame = whole()
    first, second = pieces(frame, 2)
    if late == ["b"]:
        frame = frame.sort_values("kind", kind="stable")
        cut = (frame["kind"] == "a").sum()
        first, second = frame.iloc[:cut], frame.iloc[cut:]
    first = first.assign(kind=pd.Categorical(first["kind"], categories=["a", "b"]))
    second = second.assign(kind=pd.Categorical(second["kind"], categories=late))
    try:
        found = FITS[strategy]([first, second], "x1 + kind")
    except InputError as error:
        assert "kind" in str(error)
        return
    the_same(FITS[strategy](frame, "x1 + kind"), found)


@every_strategy
def test_clusters_as_categories_declared_differently_by_chunk(strategy):
    parts = [part.assign(cluster=pd.Categorical(part["cluster"])) for part in pieces(whole())]
    the_same(FITS[strategy](whole()), FITS[strategy](parts))


@every_strategy
def test_numbers_typed_differently_by_chunk(strategy):
    """A column read as whole numbers here and as fractions there is one column."""
    first, second = pieces(whole(), 2)
    the_same(FITS[strategy](whole()), FITS[strategy]([first, second.astype({"x2": float})]))


@every_strategy
@pytest.mark.parametrize("function", ["center", "scale", "standardize"])
def test_transformations_that_need_all_rows(strategy, function):
    """By chunk, center(x2) would subtract each chunk's own mean: right, or refused.

    Never quietly wrong.
    """
    right = f"x1 + {function}(x2)"
    frame = whole().sort_values("x2")
    try:
        expected = FITS[strategy](frame, right)
    except InputError:
        return
    try:
        found = FITS[strategy](pieces(frame), right)
    except InputError as error:
        assert function in str(error) or "x2" in str(error)
        return
    the_same(expected, found)


@every_strategy
def test_row_by_row_transformations(strategy):
    the_same(
        FITS[strategy](whole(), "x1 + np.log(x2 + 1) + I(x2 ** 2)"),
        FITS[strategy](pieces(whole()), "x1 + np.log(x2 + 1) + I(x2 ** 2)"),
    )


@every_strategy
def test_faults_in_a_late_chunk(strategy):
    parts = pieces(whole())
    spoiled = parts[3].copy()
    spoiled.iloc[2, spoiled.columns.get_loc("x1")] = np.nan
    with pytest.raises(InputError, match=r"\bx1\b"):
        FITS[strategy]([*parts[:3], spoiled, parts[4]])
    with pytest.raises(InputError, match=r"\bx2\b"):
        FITS[strategy]([*parts[:3], parts[3].drop(columns="x2"), parts[4]])
    with pytest.raises(InputError):
        FITS[strategy]([*parts[:3], "not a data frame"])


@every_strategy
def test_files_that_cannot_be_read(strategy, tmp_path):
    with pytest.raises(InputError, match=r"rows\.parquet"):
        FITS[strategy](tmp_path / "rows.parquet")
    (tmp_path / "text.parquet").write_text("y,x1,x2\n1,2,3\n")
    with pytest.raises(InputError, match=r"text\.parquet"):
        FITS[strategy](tmp_path / "text.parquet")


@pytest.mark.parametrize(
    "strategy", [name for name in FITS if name != "uncorrelated"]
)  # which is another model where the origin moves
def test_far_off_origins_in_chunks(strategy):
    """Digits survive a million added to the outcome and 2,000 to a predictor.

    Without a look at all rows first.
    """
    frame = whole().sort_values("x1")
    far = frame.assign(y=frame["y"] + 1e6, x1=frame["x1"] + 2000)
    near, found = FITS[strategy](frame).table, FITS[strategy](pieces(far)).table
    for slope in ("x1", "x2"):
        assert found.loc[slope, "estimate"] == pytest.approx(
            near.loc[slope, "estimate"], abs=1e-6 * near.loc[slope, "std_error"]
        )
        assert found.loc[slope, "std_error"] == pytest.approx(
            near.loc[slope, "std_error"], rel=1e-6
        )


@pytest.mark.slow
def test_rows_are_let_go():
    """Memory does not grow with the rows: while one chunk is read, the first ones are gone."""
    alive, most = [], 0

    def stream():
        nonlocal most
        for part in pieces(whole(), 20):
            part = part.copy()
            alive.append(weakref.ref(part))
            yield part
            del part
            gc.collect()
            most = max(most, sum(reference() is not None for reference in alive))

    fit_multilevel("y ~ x1 + x2 + (x1 | cluster)", stream())
    assert len(alive) == 20
    assert most <= 2


def test_a_grouping_of_two_columns_is_streamed_like_one():
    data = whole().assign(half=lambda frame: frame["x1"] > 0)
    data["both"] = data["cluster"].astype(str) + ":" + data["half"].astype(str)
    one = fit_multilevel("y ~ x1 + (1 | both)", data)
    chunks = [data.iloc[start : start + 17] for start in range(0, len(data), 17)]
    for rows in (data, chunks):
        two = fit_multilevel("y ~ x1 + (1 | cluster:half)", rows)
        pd.testing.assert_frame_equal(two.table, one.table, rtol=1e-7)
        assert list(two.cluster_coefficients.index) == list(one.cluster_coefficients.index)
        assert two.cluster_coefficients.index.name == "cluster:half"
