"""The template class of LLaMA-Factory whose text comes from `funreason_plugin.rendering`.

Stock templates put a row together from formatters, message by message. Here the row is taken back to the
conversation that it was written from and rendered whole, so that training sees what rollout and evaluation see.

Imported once llamafactory.data.template has been (see templates.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from llamafactory.data.formatter import ToolFormatter
from llamafactory.data.template import ReasoningTemplate
from llamafactory.data.tool_utils import FunctionCall

from funreason_plugin.calls import dump_json, parse
from funreason_plugin.chat_templates import chat_template
from funreason_plugin.errors import UserError
from funreason_plugin.rendering import END, Pair, PromptForm, opening, prompt, render
from funreason_plugin.sft.control_tokens import Control
from funreason_plugin.sft.rows import check_texts, of_row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["RenderedTemplate", "Tools"]

NEEDED = ("<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>")
Row = Sequence[Mapping[str, str]]
Ids = list[int]


@dataclass
class Tools(ToolFormatter):  # type: ignore[misc]  # LLaMA-Factory is not typed
    """Reads the calls of a response, in whichever form, for `llamafactory-cli api`; writes nothing."""

    def extract(self, content: str) -> str | list[FunctionCall]:
        parsed = parse(content)
        if parsed.error or not parsed.calls:
            return content
        return [FunctionCall(call.name, dump_json(call.arguments)) for call in parsed.calls]


@dataclass
class RenderedTemplate(ReasoningTemplate):  # type: ignore[misc]  # LLaMA-Factory is not typed
    """Renders whole rows in one prompt form. `enable_thinking: false` leaves every thought out, and ends prompts as
    a server ends them then; `preserve_thinking: true` (LLaMA-Factory passes it on as
    ``discarding_history_cot=False``) keeps all thoughts."""

    name: str = ""
    form: PromptForm = "hermes"
    control: Control | None = None

    def encode_multiturn(
        self,
        tokenizer: PreTrainedTokenizerBase,
        messages: Row,
        system: str | None = None,
        tools: str | None = None,
        discarding_history_cot: bool = False,
    ) -> list[tuple[Ids, Ids]]:
        """Token ids of prompt and response for each response; with ``discarding_history_cot`` only the last
        one has its thought.

        Raises:
            UserError: the row cannot be written, or one of its texts holds a token of the chat template.
        """
        conversation = of_row(messages, system or self.default_system, tools, self.form)
        check_texts(messages, system or self.default_system, tools, self.control or Control.of(tokenizer))
        thoughts: Literal["last", "all", "none"]
        thoughts = "none" if self.enable_thinking is False else "last" if discarding_history_cot else "all"
        pairs = render(conversation, self.form, thoughts=thoughts)
        if self.enable_thinking is False:
            served = opening(self.form, thinking=False)
            first = len(pairs) - 1 if discarding_history_cot else 0
            pairs[first:] = [Pair(pair.prompt + served, pair.response) for pair in pairs[first:]]
        return [(_ids(tokenizer, pair.prompt), _ids(tokenizer, pair.response)) for pair in pairs]

    def encode_oneturn(
        self,
        tokenizer: PreTrainedTokenizerBase,
        messages: Row,
        system: str | None = None,
        tools: str | None = None,
    ) -> tuple[Ids, Ids]:
        """Token ids of everything before the last response, and of that response.

        Where it is empty it is to be generated: the prompt is the one that is served, `<think>` included.
        """
        if messages[-1]["content"] != "":
            last = not self.preserve_thinking or self.enable_thinking is False
            pairs = self.encode_multiturn(tokenizer, messages, system, tools, last)
            before = [ids for pair in pairs[:-1] for part in pair for ids in part]
            return before + pairs[-1][0], pairs[-1][1]
        conversation = of_row(messages[:-1], system or self.default_system, tools, self.form)
        thinking = self.enable_thinking is not False
        text = prompt(
            conversation,
            self.form,
            thinking=thinking,
            thoughts="all" if self.preserve_thinking and thinking else "none",
        )
        return _ids(tokenizer, text), _ids(tokenizer, f"{END}\n")

    def fix_special_tokens(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Called after LLaMA-Factory has put its settings into the template, before it reads a row.

        Raises:
            UserError: the tokenizer is not of Qwen3's kind; `tool_format` is set.
        """
        missing = [token for token in NEEDED if len(_ids(tokenizer, token)) != 1]
        if missing:
            raise UserError(
                f"template: {self.name}: the tokenizer {tokenizer.name_or_path!r} has no token for"
                f" {', '.join(missing)}; expected one of the Qwen3 family"
            )
        if not isinstance(self.format_tools, Tools):
            raise UserError(
                f"tool_format: template {self.name!r} decides how tools are written; leave it out"
            )
        super().fix_special_tokens(tokenizer)
        self.control = Control.of(tokenizer)

    def fix_jinja_template(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Checkpoints and exports are served as they were trained."""
        tokenizer.chat_template = chat_template(self.form)


def _ids(tokenizer: PreTrainedTokenizerBase, text: str) -> Ids:
    ids: Ids = tokenizer.encode(text, add_special_tokens=False)
    return ids
