"""How many tokens rows have, without tokenising twice what they share.

A prompt form is a sequence of messages that begin with a control token, across which no tokenizer merges; so a text
has the tokens of its messages together. System prompt and tools, most of a prompt, are the same in many rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from funreason_plugin.conversation import history
from funreason_plugin.errors import UserError
from funreason_plugin.messages import Message
from funreason_plugin.rendering import END, START, opening, prompt, render
from funreason_plugin.tasks import Task

__all__ = ["ASSISTANT", "Counts", "Lengths", "Text", "lengths_of", "text_of"]

Counts = Callable[[list[str]], list[int]]
"""Texts to their numbers of tokens: a tokenizer's."""

ASSISTANT = f"{START}assistant\n"
_KEPT = 4096
"""Messages whose lengths are remembered."""


@dataclass(frozen=True, slots=True)
class Text:
    """A row's messages as texts: those of its first ``prompt``, and ``whole``, with all that the truth adds, thoughts
    left out (empty in a row of kind "response")."""

    prompt: list[str]
    whole: list[str]


def text_of(task: Task, thinking: bool) -> Text:
    """What the row's model reads first, and by the truth has written in the end."""
    if task.at is not None:
        return Text(_messages(prompt(history(task, *task.at), task.prompt_form, thinking=thinking)), [])
    last = task.turns[-1]
    talk = history(task, len(task.turns) - 1, len(last.steps))
    talk.messages.append(Message("assistant", last.answer))
    pairs = render(talk, task.prompt_form)
    whole = "".join(map("".join, pairs)).removesuffix("\n")
    return Text(_messages(pairs[0].prompt + opening(task.prompt_form, thinking)), _messages(whole))


def _messages(text: str) -> list[str]:
    return [START + part for part in text.split(START)[1:]]


class Lengths:
    """Numbers of tokens of messages, each counted once while it is among those remembered."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._known: dict[str, int] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Tokenise those not known yet, all at once, which a fast tokenizer does on every core."""
        wanted = dict.fromkeys(texts)
        kept = {text: self._known[text] for text in wanted if text in self._known}
        if len(self._known) > _KEPT:
            self._known = kept
        new = [text for text in wanted if text not in kept]
        if new:
            self._known.update(zip(new, self._counts(new), strict=True))

    def of(self, texts: Sequence[str]) -> int:
        """The tokens of learned messages together."""
        return sum(self._known[text] for text in texts)


def lengths_of(name: str, asked: bool, local: bool = False) -> tuple[Lengths | None, str]:
    """A count of tokens; or why there is none (the model may be a name that is not here yet).

    Args:
        name: A folder, or what Hugging Face's hub knows.
        asked: Whether it was asked for by name, so that its absence is an error.
        local: Nothing is fetched.

    Raises:
        UserError: its prompts are not of our forms; or it was asked for and cannot be read.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local)
    except (OSError, ValueError, ImportError) as error:
        reason = " ".join(str(error).split())[:160]
        if asked:
            raise UserError(f"--tokenizer {name}: {reason}") from None
        return (
            None,
            f"lengths were not looked at, no tokenizer at actor_rollout_ref.model.path {name}; --tokenizer PATH",
        )
    if missing := [mark for mark in (START, END) if mark not in tokenizer.get_vocab()]:
        raise UserError(
            f"{name}: its tokenizer has no token {missing[0]}; the prompt forms are for models of the Qwen family"
        )

    def counts(texts: list[str]) -> list[int]:
        if tokenizer.is_fast:  # on every core, and without the offsets that nobody asked for
            found = tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
            return [len(encoding) for encoding in found]
        return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]

    return Lengths(counts), ""
