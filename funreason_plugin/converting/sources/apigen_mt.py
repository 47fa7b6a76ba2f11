"""APIGen-MT (Salesforce/APIGen-MT-5k): "sharegpt" with one call per message.

    {"conversations": [{"from": "human", "value": "…"},
                       {"from": "function_call", "value": "{\\"name\\": …, \\"arguments\\": {…}}"},
                       {"from": "observation", "value": "…"}, {"from": "gpt", "value": "…"}],
     "system": "the domain's policy", "tools": "[{\\"name\\": …, \\"description\\": …, \\"parameters\\": {…}}, …]"}

CC-BY-NC-4.0: what is made of it may not be used commercially.
"""

from __future__ import annotations

from typing import Any

from funreason_plugin.converting.dialogue import Dialogue, parsed_call
from funreason_plugin.converting.documents import tool_documents
from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.fields import identifier, not_taken, parsed_text
from funreason_plugin.converting.refusal import Refused, expect_list, expect_object, expect_text, shown

__all__ = ["SOURCE", "read"]


def read(row: Any, reading: Reading) -> Example:
    """One record as a conversation."""
    row = expect_object(row, "record")
    not_taken(row, {"id", "system", "conversations", "tools"}, reading, "record")
    system = "" if row.get("system") is None else expect_text(row["system"], "system")
    dialogue = Dialogue()
    for number, turn in enumerate(expect_list(row.get("conversations"), "conversations")):
        where = f"conversations[{number}]"
        role = expect_object(turn, where).get("from")
        text = expect_text(turn.get("value"), f"{where}.value")
        if role == "human":
            dialogue.user(text, where)
        elif role == "gpt":
            dialogue.assistant(where, content=text)
        elif role == "observation":
            dialogue.results([text], where)
        elif role == "function_call":
            value = parsed_text(text, f"{where}.value", reading)
            dialogue.assistant(where, calls=[parsed_call(value, f"{where}.value")])
        else:
            expected = "human, gpt, function_call or observation"
            raise Refused(f"{where}.from", f"unknown role, expected {expected}", shown(role))
    tools = tool_documents(row.get("tools"), reading)
    return Example(dialogue.finish("conversations", system, tools), identifier(row))


SOURCE = Source(
    "apigen-mt",
    read,
    title="APIGen-MT",
    licence="CC-BY-NC-4.0",
    page="https://huggingface.co/datasets/Salesforce/APIGen-MT-5k",
    file="apigen-mt_5k.json",
    options=("python_literals",),
)
