"""Lines of a chapter run under another seed leave the records that the notebook would leave."""

import pytest

from helpers import InputError
from helpers.live.seed import under_seed

PARAMETERS = {"cell": 2, "source": "seed = 1", "parameter": True}
IMPORT = {"cell": 3, "source": "from helpers import finding"}


def stating(sentence="It is {}.", **test):
    words = ", ".join(f"{name}={value}" for name, value in test.items())
    return {"cell": 5, "source": f'finding("a-b", "{sentence}", seed + 0.5, {words})'}


def run(*lines, seed=7):
    return list(under_seed([PARAMETERS, IMPORT, *lines], seed))


def test_the_readers_seed_takes_the_place_of_the_chapters():
    *_, last = run(stating(above=2, mc_se=0.5))
    assert last["done"] == last["of"] == 3 and last["share"] == 1 and last["cell"] == 5
    [found] = last["found"]
    assert found["value"] == 7.5 and found["sentence"] == "It is 7.5."
    assert found["holds"] and not found["exact"]
    assert found["verdict"].startswith("It must be above 2, with 4 Monte Carlo errors to spare")
    assert found["verdict"].endswith("has 11.0.")


def test_a_finding_that_does_not_stand_says_so_and_the_next_is_run():
    parts = run(stating(above=7, mc_se=0.5), stating(near=7.5, tol=0.1))
    fell, stood = (found for part in parts for found in part["found"])
    assert not fell["holds"] and "3.0 Monte Carlo errors short" in fell["verdict"]
    assert stood["holds"] and stood["exact"]
    assert stood["verdict"] == "It must be within 0.1 of 7.5, and is."


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, "seven", None])
def test_what_is_no_seed_is_refused_in_words(seed):
    with pytest.raises(InputError, match="seed"):
        run(stating(above=2), seed=seed)


def test_what_the_page_has_not_got_is_named():
    with pytest.raises(InputError, match="Cell 9 needs no_such_package"):
        run({"cell": 9, "source": "import no_such_package"})
    with pytest.raises(ZeroDivisionError):
        run({"cell": 9, "source": "1 / 0"})


def test_findings_show_themselves_again_afterwards(capsys):
    from helpers.book import findings

    before = findings._show
    run(stating(above=2))
    assert findings._show is before
