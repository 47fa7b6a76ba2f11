"""Salesforce/xlam-function-calling-60k, made by APIGen: one question, and the calls that answer it.

    {"id": 0, "query": "Where can I find live giveaways?", "tools": "[{\\"name\\": …}]",
     "answers": "[{\\"name\\": \\"live_giveaways_by_type\\", \\"arguments\\": {\\"type\\": \\"beta\\"}}]"}

`tools` and `answers` are JSON texts (lists are taken too). The calls become one assistant message without
results and without a thought. Parameter types are Python's: see `python_types`.
"""

from __future__ import annotations

from typing import Any

from funreason_plugin.converting.dialogue import Dialogue, parsed_call
from funreason_plugin.converting.documents import tool_documents
from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.fields import (
    identifier,
    not_taken,
    one_of,
    parsed_list,
    parsed_text,
    without_padding,
)
from funreason_plugin.converting.refusal import Refused, expect_object, expect_text

__all__ = ["SOURCE", "read"]


def read(row: Any, reading: Reading) -> Example:
    """One record as a conversation of two messages."""
    row = expect_object(row, "record")
    answers_name, value = one_of(row, ("answers", "answer"), "record")
    answers = parsed_list(value, answers_name, reading)
    if not answers:
        raise Refused(answers_name, "no calls, so there is no response to learn")
    calls = []
    for number, entry in enumerate(answers):
        where = f"{answers_name}[{number}]"
        entry = dict(expect_object(entry, where))
        if isinstance(entry.get("arguments"), str):
            entry["arguments"] = parsed_text(entry["arguments"], f"{where}.arguments", reading)
            reading.note("arguments: a JSON text parsed")
        elif not isinstance(value, str):
            without_padding(entry.get("arguments"), f"{where}.arguments", reading)
        calls.append(parsed_call(entry, where))
    tools = tool_documents(row.get("tools"), reading)
    not_taken(row, {"id", "query", "tools", answers_name}, reading, "record")
    dialogue = Dialogue()
    dialogue.user(expect_text(row.get("query"), "query"), "query")
    dialogue.assistant(answers_name, calls=calls)
    return Example(dialogue.finish("record", tools=tools), identifier(row))


SOURCE = Source(
    "apigen",
    read,
    title="xlam-function-calling-60k (APIGen)",
    licence="CC-BY-4.0",
    page="https://huggingface.co/datasets/Salesforce/xlam-function-calling-60k",
    options=("python_literals",),
)
