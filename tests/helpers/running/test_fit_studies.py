"""fit_studies: the units of the outcome change nothing, and what cannot be fitted is said."""

import numpy as np
import pytest

from helpers import Design, InputError, fit_studies, simulate_studies
from helpers.running.fit_studies import company, fit_strategies, fit_together, reduce_studies
from helpers.strategies import REGISTRY


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e6, 1e30])
@pytest.mark.parametrize(
    "how",
    [
        {"strategy": "multilevel"},
        {"strategy": "uncorrelated"},
        {"strategy": "random_intercept"},
        {"strategy": "two_stage"},
        {"strategy": "cluster_robust_cr2"},
        {"strategy": "multilevel", "df": "kenward_roger"},
        {"strategy": "multilevel", "correction": "CR2"},
    ],
    ids=lambda how: "-".join(how.values()),
)
def test_the_units_of_the_outcome_change_nothing(how, scale):
    """Money in cents or in millions: estimates and errors in that unit, df and p-values as ever."""

    def fitted(unit):
        design = Design(
            12, 8, 2, coefficients=(0, 0, 0.5 * unit), between_sd=0.5 * unit, noise_sd=unit
        )
        return fit_studies(simulate_studies(design, 40, 3), **how)

    plain, other = fitted(1.0), fitted(scale)
    for field in ("estimate", "std_error", "cluster_coefficients"):
        np.testing.assert_allclose(
            getattr(other, field) / scale, getattr(plain, field), rtol=1e-6, atol=1e-9
        )
    for field in ("df", "p_value"):
        np.testing.assert_allclose(getattr(other, field), getattr(plain, field), rtol=1e-6)
    assert (other.converged == plain.converged).all() and (other.singular == plain.singular).all()


def test_together_they_say_what_each_says_alone():
    studies = simulate_studies(Design(10, 8, 2, between_sd=0.5), 30, 4)
    for fits in fit_strategies(studies, list(REGISTRY)):
        alone = fit_studies(studies, fits.strategy)
        for field in ("estimate", "std_error", "df", "converged", "singular", "terms"):
            np.testing.assert_array_equal(getattr(fits, field), getattr(alone, field))


@pytest.mark.parametrize("strategy", ["multilevel", "random_intercept"])
@pytest.mark.parametrize("noise_sd", [1.0, 1e6])
@pytest.mark.parametrize("how", [{"correction": "CR2"}, {"df": "kenward_roger"}], ids=str)
def test_other_errors_need_no_second_fit(strategy, noise_sd, how, monkeypatch):
    """To the last bit, and even after fits that had other errors already."""
    design = Design(8, 6, 2, between_sd=0.5 * noise_sd, noise_sd=noise_sd)
    studies = simulate_studies(design, 30, 4)
    asked = fit_studies(studies, strategy, **how)
    fits = [fit_studies(studies, strategy), fit_studies(studies, strategy, "CR0")]
    monkeypatch.setattr("helpers.engine.many_studies.multilevel", None)
    for other in [fit.with_errors(**how) for fit in fits]:
        for field in ("estimate", "std_error", "df", "converged", "cluster_coefficients"):
            np.testing.assert_array_equal(getattr(other, field), getattr(asked, field))
        np.testing.assert_array_equal(other.term("x2").df, asked.term("x2").df)
    slope = fits[0].term("x2").with_errors(**how)
    np.testing.assert_array_equal(slope.std_error, asked.term("x2").std_error)


KEEP_COMPANY = [  # equally many clusters, of other sizes and spreads: easy, hard and on a boundary
    [Design(10, 5, 3, between_sd=sd) for sd in (0, 0.1, 4)],
    [
        Design(12, 11, 2, between_sd=1),
        Design(12, (14, *range(5, 16)), 2),
        Design(12, 9, 2, between_sd=0.3),
    ],
    [Design(6, 20, 8, between_sd=0.5), Design(6, 25, 8, between_sd=0)],
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "designs, n_studies",
    list(zip(KEEP_COMPANY, [15, 15, 3])),
    ids=["small", "ragged", "nine terms"],
)
def test_company_moves_no_bit(designs, n_studies):
    """Whatever runs beside it, how a run is shared out or what a store already holds."""
    assert len({company(design) for design in designs}) == 1
    parts = [
        reduce_studies(simulate_studies(design, n_studies, seed=i), list(REGISTRY))
        for i, design in enumerate(designs)
    ]
    one = reduce_studies(simulate_studies(designs[1], 1, seed=1), list(REGISTRY))
    together = fit_together(parts, list(REGISTRY))
    for part, fits in zip([*parts, one], [*together, together[1]]):
        for alone, beside in zip(fit_together([part], list(REGISTRY))[0], fits):
            assert alone.strategy == beside.strategy and alone.terms == beside.terms
            for field in ("truth", "estimate", "std_error", "df", "cluster_coefficients"):
                np.testing.assert_array_equal(
                    getattr(alone, field), getattr(beside, field)[: len(part)]
                )


@pytest.mark.parametrize("strategy", REGISTRY)
def test_one_term_is_what_all_of_them_say_of_it(strategy):
    fits = fit_studies(simulate_studies(Design(10, 8, 2, between_sd=0.5), 5, 4), strategy)
    x2 = fits.term("x2")
    for field in ("truth", "estimate", "std_error", "df", "p_value", "cluster_coefficients"):
        np.testing.assert_array_equal(getattr(x2, field), getattr(fits, field)[..., -1])
    with pytest.raises(InputError, match="no term 'x3'"):
        fits.term("x3")


STUDIES = simulate_studies(Design(10, 8, 2), 2, 1)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: fit_studies(Design(), "ols"), "not Design"),
        (lambda: fit_studies(STUDIES, "magic"), "no strategy 'magic'; choose from ols, "),
        (lambda: fit_studies(STUDIES, ["ols"]), "no strategy"),
        (
            lambda: fit_studies(STUDIES, "two_stage", "CR2"),
            "correction is for cluster_robust, random_intercept, multilevel, uncorrelated, "
            "fixed_effects;",
        ),
        (
            lambda: fit_studies(STUDIES, "ols", df="kenward_roger"),
            "kenward_roger' is for random_intercept, multilevel, uncorrelated; ols has its own",
        ),
        (lambda: fit_studies(STUDIES, "multilevel", df="magic"), "no degrees of freedom"),
        (lambda: fit_studies(STUDIES, "ols").with_errors("CR2"), "for ols call fit_studies again"),
        (lambda: fit_studies(STUDIES, "multilevel").with_errors(), "Which errors"),
        (lambda: fit_studies(STUDIES, "multilevel", "CR9"), "correction 'CR9' is unknown"),
    ],
)
def test_what_cannot_be_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call()
