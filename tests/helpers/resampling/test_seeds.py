"""What is drawn at random takes a seed that is one, or says what one is."""

import numpy as np
import pytest

from helpers import (
    Design,
    InputError,
    bootstrap_estimates,
    cluster_bootstrap,
    randomisation_p_values,
    randomisation_test,
    sign_flip_p_values,
    simulate_clusters,
    simulate_studies,
    variance_test,
    wild_bootstrap,
    wild_p_values,
)

ARMS = (0, 1) * 4
DATA = simulate_clusters(8, 5, 1, cluster_values=ARMS, seed=1).data
STUDIES = simulate_studies(Design(8, 5, 1, cluster_values=ARMS), 2, seed=1)
DRAWN = {
    "wild_bootstrap": lambda seed: wild_bootstrap("y ~ x1", DATA, "x1", most=20, seed=seed).p_value,
    "wild_p_values": lambda seed: wild_p_values(STUDIES, most=20, seed=seed),
    "cluster_bootstrap": lambda seed: (
        cluster_bootstrap("y ~ x1", DATA, "cluster", resamples=20, seed=seed).resampled
    ),
    "bootstrap_estimates": lambda seed: bootstrap_estimates(STUDIES, resamples=20, seed=seed),
    "variance_test": lambda seed: (
        variance_test("y ~ x1", "y ~ x1 + (1 | cluster)", DATA, simulations=20, seed=seed).simulated
    ),
    "sign_flip_p_values": lambda seed: sign_flip_p_values(np.arange(8) - 2.0, most=20, seed=seed),
    "randomisation_test": lambda seed: (
        randomisation_test("y ~ x1", DATA, "x1", "cluster", most=20, seed=seed).p_value
    ),
    "randomisation_p_values": lambda seed: randomisation_p_values(STUDIES, most=20, seed=seed),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_that_is_none_is_refused_and_a_good_one_repeats(name):
    for seed in ("one", -1, 1.5, np.nan, True, {}):
        with pytest.raises(InputError, match="seed must be a whole number"):
            DRAWN[name](seed)
    np.testing.assert_array_equal(DRAWN[name](3), DRAWN[name](np.int64(3)))
