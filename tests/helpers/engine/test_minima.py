"""No study is above the best of seventeen starts, whatever its kind and however it is fitted."""

import numpy as np
import pytest

from helpers.engine import multilevel as module
from helpers.engine.starts import starts_needed
from tests.helpers.engine.many_kinds import Batch, above_the_lowest, batch

KINDS, ROUNDS = 15, 8


@pytest.mark.rotates(by="kind")
@pytest.mark.parametrize("again", range(ROUNDS))
@pytest.mark.parametrize("kind", range(KINDS))
def test_no_lower_minimum(kind, again):
    """Some 2,000 studies in each sample, of which seven kinds are of the post's grid."""
    studies = batch(kind + KINDS * again)
    above = above_the_lowest(studies)
    assert above.max() <= 1e-6, studies.name


def hard_batch() -> Batch:
    """Studies of 50 rows with large variances, of which one start misses about one in 100."""
    return batch(7)


def test_the_check_finds_a_start_too_few(monkeypatch):
    studies = hard_batch()
    assert starts_needed(studies.crossproducts.n_per_cluster, 6) == "few"
    monkeypatch.setattr("tests.helpers.engine.many_kinds.starts_needed", lambda *_: "one")
    assert above_the_lowest(studies).max() > 1e-3


def test_where_a_few_starts_disagree_all_are_tried(monkeypatch):
    """And only there: each study's searches are counted."""
    studies, searches = hard_batch(), []
    original = module.minimise

    def counting(evaluate, start, *rest, **options):
        searches.append(len(start))
        return original(evaluate, start, *rest, **options)

    monkeypatch.setattr(module, "minimise", counting)
    cp = studies.crossproducts
    fit = module.multilevel(cp, studies.terms, p_values=False, starts="few")
    assert searches[0] == 5 * cp.n_studies
    assert 0 < sum(searches[1:]) < 17 * 0.1 * cp.n_studies and sum(searches[1:]) % 17 == 0
    assert fit.converged.all() and np.isfinite(fit.criterion).all()
