"""The blind sheet: real and synthetic queries, mixed, for a person to tell apart; the key is a second file.

    key = write_blind_sheet(Path("out"), "logs.jsonl", Path("sheet.md"))     # Path("sheet.key.json")

25 of each. Somebody who only guesses has 32 or more of 50 right with a probability of 3%.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import orjson

from funreason_plugin.errors import UserError
from funreason_plugin.report.reference import queries_of

OF_EACH: Final = 25
LONGEST: Final = 1200
"""Characters of a query: what is longer would be read for its length."""

_HEAD: Final = """# Who wrote it?

{total} requests to an assistant with tools. Half of them were typed by people, half were synthesised. Write R (real) or
S (synthetic) into each pair of brackets, then compare with `{key}`. Guessing gets 25 right; 32 or more
happens by chance in 3 sheets of 100: then they can be told apart.
"""


def write_blind_sheet(folder: Path, reference: str, sheet: Path) -> Path:
    """Write the sheet, and the key beside it; returns the key's path. The same files give the same sheet.

    Raises:
        UserError: One side has too few queries, or a file cannot be read or written.
    """
    synthetic = _drawn(queries_of(str(folder)), "synthetic", str(folder))
    real = _drawn(queries_of(reference), "real", reference)
    rows = [("synthetic", *row) for row in synthetic] + [("real", *row) for row in real]
    Random("order").shuffle(rows)
    key = sheet.with_name(f"{sheet.stem}.key.json")
    texts = [_HEAD.format(total=len(rows), key=key.name)]
    for number, (_, query, _) in enumerate(rows, 1):
        quoted = "\n".join(f"> {line}" for line in query.splitlines())
        texts.append(f"**{number}.** [ &nbsp; ]\n\n{quoted}\n")
    answers = {
        str(number): {"is": kind, "from": place, "query": query}
        for number, (kind, query, place) in enumerate(rows, 1)
    }
    try:
        sheet.write_text("\n".join(texts), "utf-8")
        key.write_bytes(orjson.dumps(answers, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        raise UserError(f"--blind-sheet {sheet}: cannot be written ({error.strerror or error})") from None
    return key


def _drawn(queries: dict[str, str], kind: str, given: str) -> list[tuple[str, str]]:
    """`OF_EACH` queries with their places, of as many conversations as there are."""
    usable = [(query, place) for query, place in queries.items() if len(query) <= LONGEST]
    if len(usable) < OF_EACH:
        raise UserError(f"{given}: {len(usable)} different {kind} queries; the blind sheet needs {OF_EACH}")
    Random(kind).shuffle(usable)
    first: dict[str, tuple[str, str]] = {}  # by conversation
    for query, place in usable:
        first.setdefault(place.rpartition(", turn ")[0], (query, place))
    rest = [row for row in usable if row not in first.values()]
    return [*first.values(), *rest][:OF_EACH]
