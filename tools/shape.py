"""What is wrong with the shape of a list that people write by hand, in plain words.

The shape itself (fields, kinds, vocabularies, patterns) stands in a JSON schema beside the list.
Where a keyword of the schema cannot be told in general words, the schema has better ones: `says`, a
sentence for each such keyword, in which `{value}` is what stands there, `{end}` its last letters,
`{count}` its length and `{fields}` its fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

KINDS = {
    "object": "a table",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
}
END = 40


@dataclass(frozen=True)
class Complaint:
    """What is wrong in one place.

    Attributes
    ----------
    path : tuple
        The fields, and the places in lists counted from 0, that lead there.
    words : str
        What is wrong, without a full stop.
    """

    path: tuple[str | int, ...]
    words: str


def read_schema(path: Path) -> dict:
    """Read a schema from its file."""
    return json.loads(path.read_text(encoding="utf-8"))


def trimmed(value: Any) -> Any:
    """The value without white space around its texts, and without fields that are blank."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [trimmed(part) for part in value]
    if isinstance(value, dict):
        parts = {key: trimmed(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part not in ("", None)}
    return value


def complaints(value: Any, schema: dict) -> Iterator[Complaint]:
    """Hold a list to its schema.

    Parameters
    ----------
    value : list or dict
        The list as TOML or YAML read it, `trimmed`.
    schema : dict
        A JSON schema.

    Yields
    ------
    Complaint
        Each fault once, in the order of the list.
    """
    told = set()
    for error in Draft202012Validator(schema).iter_errors(value):
        complaint = Complaint(tuple(error.absolute_path), _in_words(error))
        if complaint not in told:
            told.add(complaint)
            yield complaint


def _in_words(error: ValidationError) -> str:
    if words := error.schema.get("says", {}).get(error.validator):
        return _filled(words, error.instance)
    place = _place(error)
    if error.validator == "required":
        missing = [field for field in error.validator_value if field not in error.instance]
        return f"{place} has no {', '.join(missing)}"
    if error.validator == "additionalProperties":
        unknown = sorted(set(error.instance) - set(error.schema["properties"]))
        return f"{place} has something unknown: {', '.join(unknown)}"
    if error.validator == "type":
        return f"{place} must be {KINDS[error.validator_value]}"
    return f"{place}: {error.message}"


def _filled(words: str, value: Any) -> str:
    return words.format(
        value=value,
        end=str(value)[-END:],
        count=len(value) if isinstance(value, (str, list, dict)) else "",
        fields=", ".join(value) if isinstance(value, dict) else "",
    )


def _place(error: ValidationError) -> str:
    """What a complaint is about: its title in the schema, or else its field.

    A title that begins with an article speaks of one thing; any other gets its number in the list.
    """
    path = error.absolute_path
    title = error.schema.get("title") or next(
        part for part in reversed(path) if isinstance(part, str)
    )
    counted = path and isinstance(path[-1], int) and not title.startswith("the ")
    return f"{title} {path[-1] + 1}" if counted else title
