"""What a response shows of itself: that a tool failed for a moment, gave nothing, gave something broken, or answered
another question.

Who makes faults asks this, so that they are evident; who checks them; and the scripted teacher, which reads nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.similar import looks_like_id
from funreason_plugin.environments.state import scalars

__all__ = ["Other", "answers_other", "is_broken", "is_temporary", "nothing_found"]

_TEMPORARY = re.compile(
    r"\b(?:timed? ?out|time-out|temporar(?:y|ily)|try again|retry|50[234]|429|too many requests|rate limit|"
    r"connection (?:was )?(?:reset|refused|lost|closed)|unavailable|overloaded|restarting|busy|locked by)\b",
    re.IGNORECASE,
)


class Other(NamedTuple):
    """An argument, and what the response says instead of it; ``known`` is the name of what was asked for, where it was
    given by an id."""

    name: str
    given: str
    shown: str
    known: str = ""


def is_temporary(output: Any) -> bool:
    """Whether an error says that the same call may work later."""
    return is_error(output) and _TEMPORARY.search(str(output["error"])) is not None


def nothing_found(output: Any, arguments: Mapping[str, Any]) -> bool:
    """Whether a look-up found nothing: empty, or an object whose lists are empty and that else repeats the question."""
    if output is None or output == "" or output == [] or output == {}:
        return True
    if not isinstance(output, dict):
        return False
    asked = [value for value in arguments.values() if not isinstance(value, (dict, list))]
    hollow = False
    for value in output.values():
        if value == [] or value == {}:
            hollow = True
        elif isinstance(value, (dict, list)) or not (not value or value in asked):
            return False
    return hollow


def is_broken(output: Any) -> bool:
    """Whether an output cannot be what the tool meant: nothing at all, JSON that breaks off, a record of nulls only."""
    if output is None:
        return True
    if isinstance(output, str):
        return output[:1] in ("{", "[") and not _is_json(output)
    leaves = list(scalars(output)) if isinstance(output, (dict, list)) else []
    return bool(leaves) and all(leaf is None for leaf in leaves)


def answers_other(arguments: Mapping[str, Any], output: Any, known: Sequence[Any] = ()) -> Other | None:
    """The argument by which an output is seen to be about something else: it repeats that with another value, or names
    what ``known``, outputs from before, call by another id.

    Only texts count that stand at the output's top or one level down. One that is part of the other is taken for the same.
    """
    texts = list(_texts(output))
    for name, given in arguments.items():
        if not isinstance(given, str) or not given.strip():
            continue
        own, others = _names(given, known)
        if any(text in own for _, text in texts):
            continue
        strange = [text for _, text in texts if text in others]
        if own and strange:
            return Other(name, given, strange[0], min(own))
        shown = [text for key, text in texts if key == name and looks_like_id(text) == looks_like_id(given)]
        if shown and not any(_alike(given, text) for text in shown):
            return Other(name, given, shown[0])
    return None


def _texts(output: Any) -> Iterator[tuple[str, str]]:
    for level in [output, *output.values()] if isinstance(output, dict) else []:
        for key, value in level.items() if isinstance(level, dict) else ():
            if isinstance(value, str) and value.strip():
                yield key, value


def _names(given: str, known: Sequence[Any]) -> tuple[set[str], set[str]]:
    """What records of known lists call the thing of an id, and what they call the others: by texts that tell them apart."""
    own: set[str] = set()
    others: set[str] = set()
    for records in (found for output in known for found in _lists(output)):
        keys = [key for key, value in records[0].items() if any(item.get(key) == given for item in records)]
        for key, field in ((key, field) for key in keys[:1] for field in records[0]):
            values = [record.get(field) for record in records]
            texts = {value for value in values if isinstance(value, str)}
            if field != key and _NAME.search(field) and len(texts) == len(values):
                own |= {record[field] for record in records if record.get(key) == given}
                others |= {record[field] for record in records if record.get(key) != given}
    return own, others - own


_NAME = re.compile(r"(?:\A|_)(?:name|title|label|full_name|subject)\Z")


def _lists(output: Any) -> Iterator[list[dict[str, Any]]]:
    """The lists of several records in an output."""
    values = output if isinstance(output, list) else list(output.values()) if isinstance(output, dict) else []
    if (
        values
        and isinstance(output, list)
        and len(values) > 1
        and all(isinstance(item, dict) for item in values)
    ):
        yield values
    for value in values:
        if isinstance(value, (dict, list)):
            yield from _lists(value)


def _alike(left: str, right: str) -> bool:
    one, other = (re.sub(r"\W+", "", text.casefold()) for text in (left, right))
    return one in other or other in one


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
