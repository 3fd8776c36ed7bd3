"""The picture of the first page is what its module draws."""

import numpy as np
from PIL import Image

from helpers.book import first_picture
from tools import ROOT


def pixels(file):
    return np.asarray(Image.open(file).convert("RGBA"), dtype=float) / 255


def test_the_stored_picture_is_the_one_that_is_drawn(tmp_path):
    first_picture.write(tmp_path / "fresh.png")
    stored = pixels(ROOT / "_static" / "first_picture.png")
    fresh = pixels(tmp_path / "fresh.png")
    assert stored.shape == fresh.shape, "python -m helpers.book.first_picture"
    changed = (np.abs(stored - fresh).max(axis=2) > 0.04).mean()
    assert changed < 0.001, "python -m helpers.book.first_picture"
