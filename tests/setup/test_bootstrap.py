"""Finding uv, or installing it."""

import pytest

from tests.setup.programs import program
from tools.setup import bootstrap


def test_an_old_uv_is_passed_over(tmp_path):
    assert bootstrap.good_enough(str(program(tmp_path, "new", "uv 0.13.9 (x86_64)")))
    assert not bootstrap.good_enough(str(program(tmp_path, "old", "uv 0.4.30")))
    assert not bootstrap.good_enough(str(program(tmp_path, "other", "something else")))
    assert not bootstrap.good_enough(str(tmp_path / "missing"))


def test_uv_that_cannot_be_installed_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "FOLDER", str(tmp_path / "uv"))
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *_, **__: 1)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        bootstrap.install()
