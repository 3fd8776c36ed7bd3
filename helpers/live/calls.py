"""How a page calls the functions of this room: by name, with plain arguments, answered in JSON.

Nothing that was asked can make this raise: what goes wrong is an answer too.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Generator, Iterator, Mapping
from importlib import import_module
from typing import Any

from helpers.errors import InputError

NAME = re.compile(r"([a-z][a-z_]*)\.([a-z][a-z_]*)")


def answers(name: str, args: Mapping[str, Any]) -> Iterator[str]:
    """What a function yields and at last returns, each as a message in JSON.

    Parameters
    ----------
    name : str
        ``module.function`` of `helpers.live`.
    args : mapping
        Its arguments. Bytes may come as any buffer.

    Yields
    ------
    str
        ``{"partial": ...}`` for what a generator yields, and at the end ``{"result": ...}``, or
        ``{"error": {"kind", "message"}}`` of kind "InputError" or "error".
    """
    try:
        asked = {key: _plain(value) for key, value in args.items()}
        told = _found(name)(**asked)
        if inspect.isgenerator(told):
            told = yield from _partials(told)
        yield _message("result", told)
    except InputError as error:
        yield _message("error", {"kind": "InputError", "message": str(error)})
    except Exception as error:  # whatever it is, the page has to say it
        words = f"{type(error).__name__}: {error}"
        yield _message("error", {"kind": "error", "message": words})


def _found(name: str) -> Any:
    """The function; only those that a module of this room defines itself can be called."""
    parts = NAME.fullmatch(name)
    if parts is None:
        raise ValueError(f"{name!r} is no name of the form module.function.")
    module = import_module(f"helpers.live.{parts[1]}")
    function = getattr(module, parts[2], None)
    if not inspect.isfunction(function) or function.__module__ != module.__name__:
        raise ValueError(f"helpers.live.{parts[1]} has no function {parts[2]}.")
    return function


def _partials(told: Any) -> Generator[str, None, Any]:
    """Pass on what a generator yields; what it returns is the result, or else its last yield."""
    last = None
    while True:
        try:
            last = next(told)
        except StopIteration as end:
            return last if end.value is None else end.value
        yield _message("partial", last)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, (memoryview, bytearray)) else value


def _message(kind: str, content: Any) -> str:
    return json.dumps({kind: content}, allow_nan=False, separators=(",", ":"))
