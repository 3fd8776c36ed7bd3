"""The explorer's stored picture is what the module draws, and shows what the page opens with."""

import numpy as np
import pytest

from helpers.book import explorer_picture
from helpers.book.still_pictures import write
from helpers.errors import InputError
from helpers.live.study_setting import StudySetting
from tests.helpers.book.test_first_picture import pixels
from tools import ROOT


def test_the_stored_picture_is_up_to_date(tmp_path):
    write(explorer_picture.PICTURES, tmp_path)
    stored, fresh = pixels(ROOT / "_static" / "explore.png"), pixels(tmp_path / "explore.png")
    assert stored.shape == fresh.shape, "python -m helpers.book.explorer_picture"
    changed = (np.abs(stored - fresh).max(axis=2) > 0.04).mean()
    assert changed < 0.001, "python -m helpers.book.explorer_picture"


def test_it_shows_the_design_that_the_page_opens_with():
    s = StudySetting()
    shown = explorer_picture.PEOPLE, explorer_picture.ROWS, explorer_picture.SD
    assert shown == (s.people, s.rows, s.effect_sd)


def test_a_design_that_is_not_stored_is_refused_and_those_that_are_named():
    with pytest.raises(InputError, match=r"No such design is stored.*people \[5, 10"):
        explorer_picture.draw(people=31)
