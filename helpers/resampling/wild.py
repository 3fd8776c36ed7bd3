"""The wild cluster bootstrap: what t would have been, had clusters' residuals other signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.checks import number, true_or_false, whole_number
from helpers.engine import refusals
from helpers.engine.cluster_data import ClusterData
from helpers.engine.crossproducts import Crossproducts
from helpers.engine.formula import Formula, parse_formula
from helpers.engine.pooled import lone_clusters
from helpers.engine.rows import Rows, read_clusters
from helpers.engine.sign_vectors import share_beyond, sign_vectors, webb_vectors
from helpers.engine.wild import wild_t
from helpers.errors import InputError
from helpers.resampling.sign_flips import MOST, need_sign_vectors
from helpers.resampling.studies import Studies, crossproducts_of, need_one_column
from helpers.simulate.draw import generator

WEIGHTS = ("rademacher", "webb")


@dataclass(frozen=True)
class WildBootstrap:
    """What a wild cluster bootstrap says of one coefficient.

    Attributes
    ----------
    term : str
        The coefficient.
    null : float
        The value that was tested.
    estimate, statistic : float
        Its least-squares estimate, and t with the CR1 error.
    p_value : float
        Two-sided.
    reference : (B,) array
        The t statistics of the bootstrap.
    all_of_them : bool
        The vectors of signs are all that there are, and the p-value has no Monte Carlo error.
    how : str
        The weights, whether the null was imposed and whether ties count, in words.
    notes : tuple of str
        What to watch.
    """

    term: str
    null: float
    estimate: float
    statistic: float
    p_value: float
    reference: np.ndarray
    all_of_them: bool
    how: str
    notes: tuple[str, ...] = ()

    @property
    def p_value_mc(self) -> float:
        """Monte Carlo standard error of the p-value."""
        p = self.p_value
        return 0.0 if self.all_of_them else float(np.sqrt(p * (1 - p) / len(self.reference)))

    def __repr__(self) -> str:
        error = "" if self.all_of_them else f" (Monte Carlo error {self.p_value_mc:.4f})"
        which = "all" if self.all_of_them else "random"
        said = (
            f"Wild cluster bootstrap: {self.term} = {self.estimate:.4g}, tested against "
            f"{self.null:g}; t = {self.statistic:.4f}, p = {self.p_value:.5f}{error}, from {which} "
            f"{len(self.reference):,} {self.how}."
        )
        return " ".join([said, *self.notes])


def wild_bootstrap(
    formula: str,
    data: Rows,
    term: str,
    cluster: str = "cluster",
    *,
    null: float = 0.0,
    impose_null: bool = True,
    weights: str = "rademacher",
    count_ties: bool = False,
    level: float = 0.05,
    most: int = MOST,
    seed: int | None = None,
) -> WildBootstrap:
    """Test a least-squares coefficient by the wild cluster bootstrap of its t (CR1).

    Parameters
    ----------
    formula, data, cluster
        As in `fit_cluster_robust`.
    term : str
        The coefficient, by its name in the table of a fit.
    null : float
        The value it is tested against.
    impose_null : bool
        Whether residuals are those of the best line on which the coefficient has this value, as is
        usual, or those of the least-squares line.
    weights : {"rademacher", "webb"}
        Signs, or Webb's six weights, of which few clusters have more vectors.
    count_ties : bool
        The p-value is the share of bootstrap statistics that are strictly larger than the one that
        was found, as other software has it; with ties counted, of those that are at least as large,
        the one that was found among them. Only then can it not be zero.
    level : float
        The level at which the p-value is to be judged: signs have to be able to reach it.
    most : int
        All distinct vectors of signs are looked at where there are no more than this (a vector and
        its negative give the same size of t, so 2^(G - 1)); else as many random vectors as this.
    seed : int, optional
        Draws them.

    Raises
    ------
    InputError
        Where formula, data or options cannot be used, or signs are too few for the level.
    """
    parsed = parse_formula(formula)
    refusals.refuse_bars(parsed, "wild_bootstrap")
    null = number("null", null)
    impose_null = true_or_false("impose_null", impose_null)
    count_ties = true_or_false("count_ties", count_ties)
    rows = _rows_with(term, parsed, data, cluster)
    cp, j = rows.crossproducts, rows.names.index(term)
    drawn, all_of_them = _weights(cp.n_clusters, weights, level, most, seed)
    found, reference = wild_t(cp, j, null, impose_null, drawn)
    _need_error(found[0], term)
    p_value = share_beyond(found, np.nan_to_num(reference), count_ties, all_of_them)[0]
    return WildBootstrap(
        term,
        null,
        _estimate(cp, j),
        float(found[0]),
        float(p_value),
        reference[0],
        all_of_them,
        _in_words(weights, impose_null, count_ties),
        _lone_cluster(cp, j, term),
    )


def _rows_with(term: str, formula: Formula, data: Rows, cluster: str) -> ClusterData:
    """The rows, which can be fitted and whose model has this coefficient."""
    need_one_column(cluster)
    rows = read_clusters(formula, data, cluster)
    refusals.need_clusters(rows, cluster)
    refusals.need_rows(rows.crossproducts.n_obs, rows.crossproducts.k)
    if term not in rows.names:
        raise InputError(
            f"{term!r} is no coefficient of {formula.text!r}: {', '.join(rows.names)} are."
        )
    return rows


def _need_error(t: float, term: str) -> None:
    if not np.isfinite(t):
        raise InputError(
            f"The cluster-robust error of {term!r} is zero, so there is no t to compare: no "
            "cluster's residuals say anything of it."
        )


def _estimate(cp: Crossproducts, j: int) -> float:
    """The least-squares estimate of coefficient j, in the data's units."""
    b = np.linalg.solve(cp.XtX.sum(axis=1), cp.Xty.sum(axis=1)[..., None])[0, :, 0]
    return float(cp.preliminary[j] + cp.back_transform[j] @ b)


def _in_words(weights: str, impose_null: bool, count_ties: bool) -> str:
    """How the bootstrap was done."""
    kind = "vectors of signs" if weights == "rademacher" else "vectors of Webb's weights"
    return (
        f"{kind}, null {'imposed' if impose_null else 'not imposed'}, "
        f"{'ties counted' if count_ties else 'strictly larger counted'}"
    )


def _lone_cluster(cp: Crossproducts, j: int, term: str) -> tuple[str, ...]:
    """A note where a single cluster alone identifies coefficient j."""
    if not lone_clusters(cp)[0, j]:
        return ()
    return (f"A single cluster alone identifies {term!r}: this p-value is not to be trusted.",)


def wild_p_values(
    studies: Studies,
    term: str = "x1",
    *,
    null: float = 0.0,
    impose_null: bool = True,
    weights: str = "rademacher",
    count_ties: bool = False,
    level: float = 0.05,
    most: int = 1_000,
    seed: int | None = None,
) -> np.ndarray:
    """P-values (S,) of many studies by the wild cluster bootstrap, all under the same weights.

    Parameters
    ----------
    studies : SimulatedStudies or SimulatedCrossproducts
        What `simulate_studies` or `simulate_crossproducts` draws.
    term : str
        Which coefficient is tested, one of the design's terms.
    null, impose_null, weights, count_ties, level, most, seed
        As in `wild_bootstrap`.
    """
    cp, terms = crossproducts_of(studies, "wild_p_values"), studies.design.terms
    if term not in terms:
        raise InputError(f"There is no term {term!r} in these studies; they have {list(terms)}.")
    null, impose_null = number("null", null), true_or_false("impose_null", impose_null)
    count_ties = true_or_false("count_ties", count_ties)
    drawn, all_of_them = _weights(cp.n_clusters, weights, level, most, seed)
    found, reference = wild_t(cp, terms.index(term), null, impose_null, drawn)
    return share_beyond(found, np.nan_to_num(reference), count_ties, all_of_them)


def _weights(
    G: int, weights: str, level: float, most: int, seed: int | None
) -> tuple[np.ndarray, bool]:
    """Vectors of weights (B, G), and whether there are no others."""
    most = whole_number("most", most, least=20)
    rng = generator(seed)
    if not isinstance(weights, str) or weights not in WEIGHTS:
        raise InputError(f"There are no weights {weights!r}; choose from {', '.join(WEIGHTS)}.")
    if weights == "webb":
        return webb_vectors(G, most, rng), False
    need_sign_vectors(G, level)
    return sign_vectors(G, most, rng)
