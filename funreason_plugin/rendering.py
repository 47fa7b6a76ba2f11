"""How a conversation is written for a model: the text of calls, tool results and the tool list.

Two forms of a call: "hermes" (JSON, Qwen3's own template) and "python" (the paper's call list). The
history carries no reasoning, as the model is served; only the response in training has its thought.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from funreason_plugin.calls import dump_json, to_hermes, to_python

CallForm = Literal["hermes", "python"]

BETWEEN_RESULTS = "\n</tool_response>\n<tool_response>\n"
"""Between the results of one step: Qwen3's template writes consecutive tool messages as one user message
with a `<tool_response>` block each, and adds the outermost tags itself."""

_PYTHON_TOOLS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

To call functions, return a list of calls with keyword arguments within <tool_call></tool_call> XML tags:
<tool_call>[function_name(argument=value, ...), ...]</tool_call>"""


def thought_block(thought: str | None) -> str:
    """`<think>` block as Qwen3 writes it, newlines included; nothing without a thought."""
    text = (thought or "").strip()
    return f"<think>\n{text}\n</think>\n\n" if text else ""


def calls_text(calls: Iterable[tuple[str, Mapping[str, Any]]], form: CallForm) -> str:
    """The calls of one assistant message."""
    return to_hermes(calls) if form == "hermes" else to_python(calls)


def results_text(outputs: Sequence[Any]) -> str:
    """The results of one step as the content of one tool message."""
    return BETWEEN_RESULTS.join(map(dump_json, outputs))


def system_text(system: str, tools: Sequence[Mapping[str, Any]], form: CallForm) -> str:
    """The system prompt. In the Python form it says which tools there are; in Hermes the template does."""
    if form == "hermes" or not tools:
        return system
    listed = _PYTHON_TOOLS.format(tools="\n".join(map(dump_json, tools)))
    return f"{system}\n\n{listed}" if system else listed
