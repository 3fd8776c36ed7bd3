"""Finding a browser, or installing one; never passing without."""

import pytest

from tests.setup.programs import program
from tools.setup import chromium


def test_a_browser_must_start(tmp_path):
    assert chromium.starts(str(program(tmp_path, "good", "Chromium 150.0")))
    assert chromium.starts(str(program(tmp_path, "chrome", "Google Chrome 150.0")))
    assert not chromium.starts(str(program(tmp_path, "stub", "chromium: install the snap", code=1)))
    assert not chromium.starts(str(program(tmp_path, "other", "hello")))
    assert not chromium.starts(str(tmp_path / "missing"))


def test_a_browser_that_is_named_is_not_passed_over(monkeypatch, tmp_path):
    monkeypatch.setenv("CHROMIUM", str(program(tmp_path, "good", "Chromium 150.0")))
    assert chromium.find() == str(tmp_path / "good")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "missing"))
    with pytest.raises(SystemExit, match="not a browser that starts"):
        chromium.find()


def test_no_browser_is_an_error_and_no_skip(monkeypatch):
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium, "install", lambda: None)
    with pytest.raises(SystemExit, match="none could be found or installed"):
        chromium.main()


def test_a_browser_that_cannot_be_driven_is_an_error_too(monkeypatch):
    monkeypatch.setattr(chromium, "driver_starts", lambda: False)
    monkeypatch.setattr(chromium, "may_apt", lambda: False)
    with pytest.raises(SystemExit, match="apt-get install libatomic1"):
        chromium.main()
