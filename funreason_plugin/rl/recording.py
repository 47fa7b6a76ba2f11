"""The tokens of one session as they were sampled: prompts, responses, masks, log-probabilities, thoughts.

    recording = Recording(ask, builder, room, keep=True, logprobs=True)
    played = await play(task, session, recording.generate)
    recording.sequences             # one append-only sequence, or with keep=False one per response

What is asked is verl's `LLMServerClient`, which all rollout engines stand behind.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from funreason_plugin.conversation import NoRoom, Reply
from funreason_plugin.messages import Conversation
from funreason_plugin.rl.tokens import RenderedTokenBuilder

__all__ = ["EngineFailed", "Recording", "Room", "Sequence"]

_SUMMED = ("spec_num_draft_tokens", "spec_num_accepted_tokens", "spec_num_verify_steps")
"""What engines report by request and verl adds up over a session."""


class EngineFailed(Exception):
    """The engine gave no response, or one that cannot be trained on: no fault of the model."""


@dataclass(frozen=True, slots=True)
class Room:
    """Limits in tokens: verl's ``prompt_length`` and ``response_length``, the most that the engine takes
    (``max_model_len``) and the most of one response; None where nothing is set."""

    prompt: int
    response: int
    model: int | None = None
    one_response: int | None = None

    def left(self, total: int, answered: int) -> int:
        """How long the next response can be in a sequence of ``total`` tokens, ``answered`` of them after its
        prompt. SGLang keeps one token of its context to itself."""
        left = min(self.response - answered, self.prompt + self.response - total)
        if self.model is not None:
            left = min(left, self.model - 1 - total)
        return left if self.one_response is None else min(left, self.one_response)


@dataclass(slots=True)
class Sequence:
    """A prompt and what follows it. ``mask`` and ``logprobs`` (None where none are asked for) are as long as what
    follows: 1 for sampled tokens, 0 for the others."""

    ids: list[int]
    mask: list[int] = field(default_factory=list)
    logprobs: list[float] | None = None
    thoughts: list[list[int]] = field(default_factory=list)
    routed_experts: Any = None
    reported: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> list[int]:
        return self.ids[: len(self.ids) - len(self.mask)]

    @property
    def response(self) -> list[int]:
        return self.ids[len(self.ids) - len(self.mask) :]


Ask = Callable[[list[int], int], Awaitable[Any]]
"""Tokens of a prompt and the most tokens of the response -> verl's `TokenOutput`."""


class Recording:
    """Generates for one conversation and keeps every token.

    ``keep`` is one sequence to which messages are appended; without it every response has a prompt of its own, with
    the history as the model is served it. ``logprobs`` is whether the engine is to give them.
    """

    def __init__(
        self, ask: Ask, builder: RenderedTokenBuilder, room: Room, *, keep: bool, logprobs: bool
    ) -> None:
        self.sequences: list[Sequence] = []
        self.messages = 0
        self.seconds = 0.0
        self.preempted = -1
        self._ask = ask
        self._builder = builder
        self._room = room
        self._keep = keep
        self.wants_logprobs = logprobs
        self._known: dict[str, list[int]] = {}

    async def generate(self, talk: Conversation) -> Reply:
        """A `conversation.Generate`. Nothing is recorded of a response that was not finished in time.

        Raises:
            NoRoom: the prompt is over its limit, or nothing fits after what was written.
            EngineFailed: see there.
        """
        sequence = self._next(talk)
        left = self._room.left(len(sequence.ids), len(sequence.mask))
        if left < 1:
            raise NoRoom(f"no room for another response after {len(sequence.ids)} tokens")
        began = time.monotonic()
        try:
            output = await self._ask(sequence.ids, left)
        except Exception as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error
        finally:
            self.seconds += time.monotonic() - began
        tokens = list(output.token_ids)
        if output.stop_reason in ("aborted", "abort"):
            raise EngineFailed("the engine aborted the request")
        if not tokens:
            raise EngineFailed("the engine returned no tokens")
        cut = len(tokens) > left
        self._append(sequence, tokens[:left], output)
        if not self._keep or not self.sequences:
            self.sequences.append(sequence)
        else:
            self.sequences[-1] = sequence
        self.messages = len(talk.messages) + 1
        finished = not cut and (tokens[-1] in self._builder.ends or len(tokens) < left)
        text = self._builder.text_of(tokens[:left])
        return Reply("<think>" + text if self._builder.opening == "<think>" else text, finished)

    def _next(self, talk: Conversation) -> Sequence:
        """The sequence with the prompt of the next response at its end."""
        if self._keep and self.sequences:
            last = self.sequences[-1]
            merged = self._builder.merge_context_tokens(
                talk.messages[: self.messages - 1], talk.messages, last.ids
            )
            mask, logprobs = self._builder.align_response_metadata(merged, last.mask, last.logprobs)
            return replace(last, ids=merged.token_ids, mask=mask, logprobs=logprobs)
        ids = self._builder.prompt_tokens(talk, self._known)
        if not self.sequences and len(ids) > self._room.prompt:
            raise NoRoom(
                f"the prompt has {len(ids)} tokens; data.max_prompt_length allows {self._room.prompt}"
            )
        return Sequence(ids, logprobs=[] if self.wants_logprobs else None)

    def _append(self, sequence: Sequence, tokens: list[int], output: Any) -> None:
        """Add a response with what the engine reported of it."""
        logprobs: list[float] | None = None
        if self.wants_logprobs:
            logprobs = list(output.log_probs or ())[: len(tokens)]
            if len(logprobs) != len(tokens):
                raise EngineFailed(f"{len(logprobs)} log-probabilities for {len(tokens)} tokens")
        start = len(sequence.mask)
        merged = self._builder.merge_assistant_tokens(sequence.ids, tokens)
        mask, all_logprobs = self._builder.align_response_metadata(
            merged, sequence.mask, sequence.logprobs, assistant_logprobs=logprobs
        )
        sequence.ids, sequence.mask, sequence.logprobs = merged.token_ids, mask, all_logprobs
        written = len(tokens)
        while written and tokens[written - 1] in self._builder.ends:
            written -= 1
        span = self._builder.thoughts.span(tokens[:written], self._builder.opening == "<think>")
        if span is not None:
            sequence.thoughts = [*sequence.thoughts, [start + span[0], start + span[1]]]
        if output.routed_experts is not None:
            sequence.routed_experts = output.routed_experts
        sequence.reported = _reported(sequence.reported, output.extra_fields)
        if output.num_preempted is not None:
            self.preempted = max(self.preempted, 0) + output.num_preempted


def _reported(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """An engine's fields over several responses: the first ones, the last version of the weights, sums of counts."""
    if not before:
        return dict(now)
    fields = dict(before)
    if now.get("max_global_steps") is not None:
        fields["max_global_steps"] = now["max_global_steps"]
    for key in _SUMMED:
        if key in fields and key in now:
            fields[key] = int(fields[key]) + int(now[key])
    return fields
