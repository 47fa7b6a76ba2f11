"""Records that are planted into data: what they say is BFCL's, or nearly, or nobody's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

QUERY = (
    "Move 'final_report.pdf' within document directory to 'temp' directory in document. "
    "Make sure to create the directory"
)
"""The first query of multi_turn_base_0."""
REWORDED = (
    "Please move 'final_report.pdf' within the document folder to 'temp' directory in document, "
    "and make sure to create the directory"
)
BOOKING: dict[str, Any] = {
    "name": "reserve_a_seat",
    "description": "Something else entirely",
    "parameters": {
        "type": "object",
        "properties": {
            "access_token": {"type": "string"},
            "card_id": {"type": "string"},
            "travel_date": {"type": "string"},
            "travel_from": {"type": "string"},
            "travel_to": {"type": "string"},
            "travel_class": {"type": "string"},
        },
    },
}
"""BFCL's book_flight under another name."""
NOTE = "Year2024 This is the final report content including budget analysis and other sections."
"""A file's content in multi_turn_base_0."""
INNOCENT = "Find me the quietest reading room that is open on Thursday evening and reserve it"


def conversation(
    query: str = INNOCENT,
    tools: list[dict[str, Any]] | None = None,
    output: Any = None,
    calls: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """One turn as OpenAI messages."""
    made = calls or [{"name": "find_rooms", "arguments": {"day": "Thursday", "quiet": True}}]
    wrapped = [
        {"type": "function", "function": {**call, "arguments": orjson.dumps(call["arguments"]).decode()}}
        for call in made
    ]
    return {
        "messages": [
            {"role": "system", "content": "You help."},
            {"role": "user", "content": query},
            {"role": "assistant", "content": None, "tool_calls": wrapped},
            {
                "role": "tool",
                "content": orjson.dumps(output if output is not None else {"rooms": 3}).decode(),
            },
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [{"type": "function", "function": tool} for tool in tools or []],
    }


def written(path: Path, records: list[Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path
