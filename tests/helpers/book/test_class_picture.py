"""The pictures of the class's page are those that the module draws."""

import numpy as np
import pytest

from helpers.book import class_picture
from helpers.book.still_pictures import write
from tests.helpers.book.test_first_picture import pixels
from tools import ROOT


@pytest.mark.slow
def test_the_stored_pictures_are_drawn_by_the_module(tmp_path):
    write(class_picture.PICTURES, tmp_path)
    for name in class_picture.PICTURES:
        stored, fresh = pixels(ROOT / "_static" / name), pixels(tmp_path / name)
        assert stored.shape == fresh.shape, "python -m helpers.book.class_picture"
        changed = np.mean(np.abs(stored - fresh).max(axis=-1) > 0.04)
        assert changed < 0.001, f"{name}: python -m helpers.book.class_picture"
