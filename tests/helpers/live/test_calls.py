"""A page calls functions by name, and whatever happens is an answer in JSON."""

import json
import sys
from types import ModuleType

import pytest

from helpers.errors import InputError
from helpers.live.calls import answers


@pytest.fixture(autouse=True)
def room(monkeypatch):
    """A module of this room with a function of each kind."""

    def twice(value):
        if isinstance(value, bytes):
            value = len(value)
        return {"twice": 2 * value}

    def counts(upto):
        for i in range(upto):
            yield {"i": i}
        return "done" if upto > 2 else None

    def refuses():
        raise InputError("people must be at least 3, not 1.")

    def fails():
        return 1 / 0

    def no_number():
        return float("nan")

    module = ModuleType("helpers.live.trial")
    for function in (twice, counts, refuses, fails, no_number):
        function.__module__ = module.__name__
        setattr(module, function.__name__, function)
    module.sorted_from_elsewhere = json.dumps
    monkeypatch.setitem(sys.modules, module.__name__, module)


def told(name, **args):
    return [json.loads(text) for text in answers(name, args)]


def test_a_function_answers_once_and_a_generator_as_it_goes():
    assert told("trial.twice", value=4) == [{"result": {"twice": 8}}]
    assert told("trial.twice", value=memoryview(b"abc")) == [{"result": {"twice": 6}}]
    assert told("trial.counts", upto=2) == [
        {"partial": {"i": 0}},
        {"partial": {"i": 1}},
        {"result": {"i": 1}},
    ]
    assert told("trial.counts", upto=3)[-1] == {"result": "done"}


def test_what_goes_wrong_is_said_in_words():
    said = "people must be at least 3, not 1."
    assert told("trial.refuses") == [{"error": {"kind": "InputError", "message": said}}]
    for name in ("trial.fails", "trial.no_number", "trial.twice", "trial.nothing", "nothing.here"):
        (answer,) = told(name)
        assert answer["error"]["kind"] == "error" and answer["error"]["message"]


@pytest.mark.parametrize("name", ["trial.sorted_from_elsewhere", "os.system", "trial.__name__", ""])
def test_nothing_but_the_rooms_own_functions_can_be_called(name):
    assert "error" in told(name)[0]
