"""Templates that our renderer does not write: every text of the row is looked for, in order."""

from __future__ import annotations

from collections.abc import Iterator

from funreason_plugin.calls import parse
from funreason_plugin.sft.proof.differences import encoded_arguments
from funreason_plugin.sft.proof.findings import Finding
from funreason_plugin.sft.proof.stated import Said

__all__ = ["missing"]


def missing(said: Said, text: str, response: str, history_trained: bool) -> Iterator[Finding]:
    """What of a row is not in the text that training sees, or not where it belongs."""
    *history, last = said.conversation.messages
    prompt = text[: len(text) - len(response)] if text.endswith(response) else text
    if said.conversation.system and said.conversation.system not in prompt:
        yield Finding("system changed", "the system prompt is not in the prompt")
    for tool in said.conversation.tools:
        if tool["function"]["name"] not in prompt:
            yield Finding("tools lost", f"tool {tool['function']['name']} is not in the prompt")
            break
    position = 0
    for number, message in enumerate(history):
        for part in (message.content, *message.results, *(call.name for call in message.calls)):
            at = prompt.find(part.strip(), position)
            if at < 0:
                yield Finding(
                    "message lost", f"message {number} ({message.role}): {part[:40]!r} is not in the prompt"
                )
                break
            position = at + len(part.strip())
        if message.thought and message.thought in prompt:
            yield Finding("thoughts in the history", "trained" if history_trained else "masked")
            break
    if last.thought and last.thought not in response:
        yield Finding("thought lost", f"the response's thought is not trained: {last.thought[:60]!r}")
    if last.content.strip() not in response:
        yield Finding("text changed", f"{last.content[:40]!r} is not in the response")
    if last.calls:
        calls = parse(response.rpartition("</think>")[2]).calls
        if name := encoded_arguments(response):
            yield Finding("arguments double-encoded", f"the arguments of {name} are a string of JSON")
        elif calls and calls != list(last.calls):
            yield Finding("arguments changed", f"{str(calls[0])[:80]}")
        elif not calls and any(call.name not in response for call in last.calls):
            yield Finding("calls lost", f"a call of {last.calls[0].name} is not in the response")
