"""Tokens of a rollout: what `rendering` writes, through verl's continuous-token builder.

builder = RenderedTokenBuilder(tokenizer, "funreason", thinking=True)
ids = builder.build_initial_tokens(conversation)
ids = builder.merge_assistant_tokens(ids, generated).token_ids
ids = builder.merge_context_tokens(before, messages, ids).token_ids

verl's own builders render with the model's chat template and take what follows a prefix; here the text between two
responses is known, so nothing is rendered twice, and rollout and SFT have the same tokens. What the model generated
is never tokenised again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from verl.utils.tokenizer.continuous_token import ContinuousTokenBuilder, MergeResult

from funreason_plugin.errors import UserError
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import END, START, PromptForm, following, opening, prompt
from funreason_plugin.rl.thoughts import Thoughts

__all__ = ["RenderedTokenBuilder", "token_builder"]

_MARKS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")


@lru_cache(maxsize=16)
def token_builder(tokenizer: Any, form: PromptForm, thinking: bool) -> RenderedTokenBuilder:
    """The builder of a tokenizer, with its cache of tokenised system prompts."""
    return RenderedTokenBuilder(tokenizer, form, thinking)


class RenderedTokenBuilder(ContinuousTokenBuilder):  # type: ignore[misc]  # verl has no types
    """Messages are ours (`messages.Message`), not verl's dictionaries; texts only.

    ``ends`` are the tokens that end a response; ``stops`` those of them to name to the engine, since a base model's
    configuration does not list `<|im_end|>`.

    Raises:
        UserError: the tokenizer is not of the Qwen family.
    """

    def __init__(self, tokenizer: Any, form: PromptForm, thinking: bool) -> None:
        super().__init__(tokenizer)
        self.form = form
        self.thinking = thinking
        self.opening = opening(form, thinking)
        known = tokenizer.get_vocab()
        if START not in known or END not in known:
            raise UserError(
                f"the tokenizer {getattr(tokenizer, 'name_or_path', '')!r} has no tokens {START} and {END}; the prompt"
                " forms are for tokenizers of the Qwen family"
            )
        self._end: int = known[END]
        self.stops = [self._end]
        self.ends = {self._end, known.get("<|endoftext|>", self._end)}
        if tokenizer.eos_token_id is not None:
            self.ends.add(int(tokenizer.eos_token_id))
        marks = {known[mark] for mark in _MARKS if mark in known}
        self._control = (set(map(int, tokenizer.all_special_ids)) | self.ends | {known[START]}) - marks
        self._spelled = [str(tokenizer.convert_ids_to_tokens(token)) for token in sorted(self._control)]
        self.thoughts = Thoughts(tokenizer)
        self._line_feed = self._encode("\n")
        self._system = lru_cache(maxsize=256)(self._encode)

    def build_initial_tokens(self, messages: Conversation, **unused: Any) -> list[int]:
        """The prompt for the response to the last message: system prompt, tools and history, no thoughts."""
        return self.prompt_tokens(messages, {})

    def prompt_tokens(self, conversation: Conversation, known: dict[str, list[int]]) -> list[int]:
        """The same; ``known`` has the tokens of the messages that were tokenised before, and gets the new ones.

        A control token separates what stands before it from what follows, so that messages can be tokenised one by
        one.
        """
        ids: list[int] = []
        for part in prompt(conversation, self.form, thinking=self.thinking).split(START)[1:]:
            if part.startswith("system\n"):
                ids += self._system(START + part)
            else:
                if part not in known:
                    known[part] = self._encode(START + part)
                ids += known[part]
        return ids

    def merge_context_tokens(
        self,
        previous_messages: Sequence[Message],
        updated_messages: Sequence[Message],
        runtime_token_ids: list[int],
        *,
        tools: Any = None,
    ) -> MergeResult:
        """Append the user's or the tools' message after a response that stands in ``runtime_token_ids`` already,
        and the opening of the next; the response is ended where it did not write `<|im_end|>` itself."""
        appended = updated_messages[len(previous_messages) :]
        if [message.role == "assistant" for message in appended] != [True, False]:
            raise ValueError(f"roles {[message.role for message in appended]} cannot be appended")
        text = following(appended[1], self.form) + self.opening
        ids = self._encode(text)
        ended = runtime_token_ids[-1:] == [self._end]
        between = self._line_feed if ended else [self._end, *self._line_feed]
        return MergeResult(
            token_ids=[*runtime_token_ids, *between, *ids],
            appended_token_count=len(ids),
            inserted_token_ids=between,
        )

    def text_of(self, ids: Sequence[int]) -> str:
        """What the model wrote, as a server shows it: without the tokens between messages, with `<think>` and
        `<tool_call>`.

        A control token that it spelled in pieces is taken out, too: in the next prompt it would become one.
        """
        written = [token for token in ids if token not in self._control]
        text = str(
            self.tokenizer.decode(written, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        )
        while any(mark in text for mark in self._spelled):
            for mark in self._spelled:
                text = text.replace(mark, "")
        return text

    def _encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))
