"""The picture of the first page is what its module draws."""

import numpy as np
from PIL import Image

from helpers.book import first_picture
from helpers.book.still_pictures import write
from tools import ROOT


def pixels(file):
    return np.asarray(Image.open(file).convert("RGBA"), dtype=float) / 255


def test_the_stored_picture_is_the_one_that_is_drawn(tmp_path):
    write(first_picture.PICTURES, tmp_path)
    stored = pixels(ROOT / "_static" / "first_picture.png")
    fresh = pixels(tmp_path / "first_picture.png")
    assert stored.shape == fresh.shape, "python -m helpers.book.first_picture"
    changed = (np.abs(stored - fresh).max(axis=2) > 0.04).mean()
    assert changed < 0.001, "python -m helpers.book.first_picture"
