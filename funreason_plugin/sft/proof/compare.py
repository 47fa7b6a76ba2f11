"""What training sees beside what the row says: one finding for each way in which they differ.

    judged = judge(said, seen, renderer)
    judged.findings, judged.notes

For the templates of the Qwen3 family the text is compared to the letter with `funreason_plugin.rendering`; for any
other, every text of the row has to be found in it, in order.
"""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from funreason_plugin.calls import parse
from funreason_plugin.messages import Message
from funreason_plugin.rendering import Pair, PromptForm, render, results_text
from funreason_plugin.sft.proof.differences import differences
from funreason_plugin.sft.proof.elsewhere import missing
from funreason_plugin.sft.proof.findings import Finding
from funreason_plugin.sft.proof.rendered import KNOWN, Renderer, Seen
from funreason_plugin.sft.proof.stated import Said

__all__ = ["Judged", "form_of", "judge"]

FORMS: dict[str, PromptForm] = {"funreason": "funreason", "card": "card"}
EXTRA_LINES = (
    "no system prompt: llamafactory writes two line feeds before '# Tools' that Qwen3's template does not"
)
MASKED_THOUGHT = (
    "an empty think block stands before the response, masked, as Qwen3 is served with enable_thinking: false"
)


def form_of(template: str | None) -> PromptForm | None:
    """The prompt form that a template writes; None for a template that we do not render."""
    return FORMS.get(template, "hermes") if template in KNOWN and template else None


@dataclass(slots=True)
class Judged:
    """What is wrong with a row, what is worth a note, and what of its response is trained."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    one_segment: bool = False
    thought_trained: bool = False
    loss_tokens: int = 0
    thought_tokens: int = 0


def judge(said: Said, seen: Seen, renderer: Renderer) -> Judged:
    """Compare a row that was rendered with what it says."""
    result = Judged()
    segments = seen.segments()
    _loss(result, seen, segments, renderer)
    if seen.cut is not None:
        result.findings.append(Finding("cut", _what_is_cut(seen, renderer)))
    form = form_of(renderer.data.template)
    text = renderer.text(seen.ids)
    trained = [renderer.text(seen.ids[start:end]) for start, end in segments]
    response = trained[-1] if trained else ""
    last = said.conversation.messages[-1]
    if form is None:
        result.findings += missing(said, text, response, len(segments) > 1)
    else:
        try:
            expected = stated_text(said, form)
        except ValueError as error:
            result.findings.append(Finding("form", str(error)))
            return result
        if form == "card" and not said.written and (one := _with_calls(last)).calls and one.content:
            result.findings.append(Finding("calls lost", "a text stands before them, with no tag between"))
        result.findings += _results(said)
        found = list(_literally(said, expected, text, response, segments, result, renderer))
        result.findings += found
    if last.thought:
        words = last.thought.split()
        result.thought_trained = words == response.partition("</think>")[0].replace("<think>", " ").split()
        if renderer.data.template == "qwen3_nothink" and not said.history_thoughts:
            result.notes.append(
                "template qwen3_nothink is for rows without thoughts; they are trained all the same"
            )
    return result


def stated_text(said: Said, form: PromptForm) -> Pair:
    """Prompt and response as our renderer writes the row."""
    conversation = said.conversation
    if form != "hermes" and not said.written:
        messages = [_with_calls(message) for message in conversation.messages]
        conversation = dataclasses.replace(conversation, messages=messages)
    pairs = render(conversation, "hermes" if said.written else form)
    prompt = "".join(map("".join, pairs[:-1])) + pairs[-1].prompt
    response = pairs[-1].response
    if said.written and form != "hermes" and response.startswith("<think>"):
        return Pair(prompt + "<think>", response.removeprefix("<think>"))
    return Pair(prompt, response)


def _with_calls(message: Message) -> Message:
    """The calls below a text, for which a `function_call` has no room, as calls."""
    if message.calls or message.role != "assistant" or "<tool_call>" not in message.content:
        return message
    parsed = parse(message.content)
    return dataclasses.replace(message, content=parsed.content, calls=tuple(parsed.calls))


def _results(said: Said) -> Iterator[Finding]:
    """Calls before a message that does not give each of them its result; the last message awaits none."""
    if said.written:  # in the texts
        return
    calls = 0
    for number, message in enumerate(said.conversation.messages):
        results = len(message.results)
        if message.role == "user" and calls:
            yield Finding(
                "results", f"message {number} (user): stands before the results of the calls ({calls})"
            )
            return
        if message.role == "tool" and results != calls:
            between = json.dumps(results_text(["", ""], "hermes"))
            yield Finding(
                "results",
                f"message {number} (tool): results {results}, calls before it {calls}; expected a result for each"
                f" call, with {between} between",
            )
            return
        calls = len(_with_calls(message).calls)


def _loss(result: Judged, seen: Seen, segments: list[tuple[int, int]], renderer: Renderer) -> None:
    """Exactly one stretch of loss, to the end; how much of it is thought."""
    if not segments:
        result.findings.append(Finding("nothing trained", "no token has loss"))
        return
    if any(label not in (-100, token) for label, token in zip(seen.labels, seen.ids, strict=True)):
        result.findings.append(Finding("wrong part trained", "labels that are not the tokens"))
    start, end = segments[-1]
    result.loss_tokens = sum(stop - begin for begin, stop in segments)
    if len(segments) == 1 and end == len(seen.ids):
        result.one_segment = True
    elif len(segments) > 1:
        result.findings.append(
            Finding("several segments", f"{len(segments)} stretches of loss; expected one")
        )
    response = seen.ids[start:end]
    if renderer.end_of_thought is not None and renderer.end_of_thought in response:
        result.thought_tokens = response.index(renderer.end_of_thought) + 1


def _what_is_cut(seen: Seen, renderer: Renderer) -> str:
    left, labels = seen.cut or ([], [])
    whole, limit = len(seen.ids), renderer.data.cutoff_len
    parts = []
    if left[:8] != seen.ids[:8]:
        parts.append("system and tools are gone")
    elif left != seen.ids[-len(left) :]:
        parts.append("a message is cut in the middle")
    if sum(label != -100 for label in labels) < sum(label != -100 for label in seen.labels):
        parts.append("the response is cut")
    return f"{whole:,} tokens, cutoff_len {limit:,}: {', '.join(parts) or 'a part is gone'}"


def _literally(
    said: Said,
    expected: Pair,
    text: str,
    response: str,
    segments: list[tuple[int, int]],
    result: Judged,
    renderer: Renderer,
) -> Iterator[Finding]:
    """Differences to the letter, each named."""
    wanted = expected.prompt + expected.response
    tokens_of_system = "<|im_start|>system\n"
    if (
        not said.conversation.system
        and said.conversation.tools
        and text.startswith(tokens_of_system + "\n\n#")
        and wanted.startswith(tokens_of_system + "#")
    ):
        text = tokens_of_system + text[len(tokens_of_system) + 2 :]
        result.notes.append(EXTRA_LINES)
    if not same(text, wanted):
        found = list(differences(said, text, wanted, response, len(segments) > 1))
        if any(finding.kind == "" for finding in found):
            result.notes.append(MASKED_THOUGHT)
        yield from (finding for finding in found if finding.kind)
        return
    if len(segments) == 1 and not same(response, expected.response) and not renderer.data.train_on_prompt:
        yield Finding(
            "wrong part trained", f"loss begins with {response[:40]!r}, not {expected.response[:40]!r}"
        )


def same(one: str, other: str) -> bool:
    """Equal as a tokenizer of the Qwen family reads them: it writes letters and their marks as one (NFC)."""
    return one == other or unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
