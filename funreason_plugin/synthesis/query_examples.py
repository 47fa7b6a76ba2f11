"""Real queries that A_Q hears the tone of: read from a file, shown a few at a time, never to be copied.

examples = load_examples(Path("queries.txt"))       # a query a line; or queries.jsonl: strings or {"query": "…"}
copied_example(query, shown)                        # "" or the example that the query repeats
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path

from funreason_plugin.checks.wording import fold
from funreason_plugin.errors import UserError

__all__ = ["copied_example", "examples_hash", "load_examples"]

MAX_BYTES = 50_000_000
"""Largest file."""
MAX_CHARACTERS = 2000
"""Longest example: as long as a long message of a person."""


def load_examples(path: Path) -> tuple[str, ...]:
    """The queries of a file, each once. Raises UserError: the file, the row, what was expected."""
    data = _read(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise UserError(f"{path}:{row}: not UTF-8; save the queries as UTF-8 text") from None
    rows = _of_jsonl(path, text) if path.suffix == ".jsonl" else _of_text(text)
    found: dict[str, None] = {}
    for row, query in rows:
        if len(query) > MAX_CHARACTERS:
            size = f"{len(query):,} characters; at most {MAX_CHARACTERS:,}"
            raise UserError(f"{path}:{row}: a query of {size}, so that the prompt stays short")
        found[query] = None
    if not found:
        raise UserError(f"{path}: holds no query; expected one a line")
    return tuple(found)


def examples_hash(path: Path) -> str:
    """SHA-256 (hex) of the file. Raises UserError as `load_examples`."""
    load_examples(path)
    return hashlib.sha256(_read(path)).hexdigest()


def copied_example(query: str, shown: Iterable[str]) -> str:
    """The example that a query repeats nearly word for word, or "".

    Nearly: eight words in ten are the same in the same order, or twelve words on end.
    """
    words = fold(query).split()
    for example in shown:
        other = fold(example).split()
        matcher = SequenceMatcher(None, words, other, autojunk=False)
        run = matcher.find_longest_match().size
        if run >= 12 or (min(len(words), len(other)) >= 4 and matcher.ratio() >= 0.8):
            return example
    return ""


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"--query-examples {path}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise UserError(
            f"--query-examples {path}: over {MAX_BYTES:,} bytes; a few thousand queries are plenty"
        )
    return data


def _of_text(text: str) -> Iterator[tuple[int, str]]:
    for row, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield row, line.strip()


def _of_jsonl(path: Path, text: str) -> Iterator[tuple[int, str]]:
    for row, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = str(error).split("\n")[0]
            raise UserError(
                f'{path}:{row}: not JSON ({reason}); expected a string or {{"query": …}}'
            ) from None
        query = value.get("query") if isinstance(value, dict) else value
        if not isinstance(query, str) or not query.strip():
            raise UserError(f'{path}:{row}: expected a string or {{"query": "…"}} with text in it')
        yield row, query.strip()
