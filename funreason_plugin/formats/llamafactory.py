"""Rows for supervised fine-tuning in LLaMA-Factory 0.9.5: one row per assistant response ("sharegpt").

A row is the conversation up to one response. The history is written without reasoning, earlier steps of
the same turn included, as the model is served; the response has its chain of thought. Train it with
`mask_history: true`, so that only the response counts, and `template: qwen3` (rows with reasoning) or
`qwen3_nothink` (`reasoning: none`). Leave `preserve_thinking` off: it would put an empty `<think>` block
before every earlier response. (`qwen3` puts one before the response of a `reasoning: none` row, and trains
it.)

Then every row that is written is kept, has one stretch of loss, from the response to its `<|im_end|>`,
and equals to the letter what Qwen3's own chat template makes of the conversation with that one response's
reasoning. (LLaMA-Factory's warning that `qwen3` is a reasoning template changes nothing; with
`qwen3_nothink` rows with reasoning come out the same.)

What LLaMA-Factory asks for, and silently spoils otherwise:

- user side (human, observation) and model side (gpt, function_call) alternate, so the results of one
  step are one `observation`, joined as Qwen3's own template joins consecutive tool messages;
- `tools` is a JSON string, a call turn is the thought and then a JSON list of {"name", "arguments"};
  nothing else may stand in it, and the newlines around `<think>` matter;
- it reads a `function_call` and writes its arguments again, without the escapes that keep a "</think>" in an
  argument from becoming a token: such calls are written out as `gpt` text, as "hermes" has them;
- in the forms "funreason" and "card", calls are plain `gpt` text and the tools are part of the system prompt.

What these rows cannot prevent:

- a row longer than `cutoff_len` (2,048 tokens unless set) is cut without a word: the first query and the
  end of the tools go first; rows of the shipped environments have up to some 31,000 characters;
- the shards of a folder are read in the order of the file system: a copy of the folder on another disk may
  train in another order, whatever the seed;
- without a system prompt (environments that have no `policy`), LLaMA-Factory writes two newlines before
  "# Tools" that Qwen3's own template does not write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa

from funreason_plugin.calls import dump_json
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import PromptForm, response_text, results_text, system_text, thought_block

Turned = tuple[str, str]
"""Role and text, as LLaMA-Factory names the roles."""


@dataclass(slots=True)
class Split:
    """A conversation split at its responses: row k is `history[:cut]` and then the response, for response k."""

    history: list[Turned] = field(default_factory=list)
    responses: list[tuple[int, Turned, str]] = field(default_factory=list)
    """Length of the row's history, the response with its thought, and its name ("turn/step")."""

    def rows(self) -> Iterator[list[Turned]]:
        for cut, response, _ in self.responses:
            yield [*self.history[:cut], response]


def split(conversation: Conversation, options: FormatOptions) -> Split:
    """Take a conversation apart, one row per assistant response that is to be learned: none for a mistake."""
    result = Split()
    turn = step = -1
    for message in conversation.messages:
        if message.role == "user":
            turn, step = turn + 1, 0
            result.history.append(("human", message.content))
        elif message.role == "tool":
            result.history.append(("observation", results_text(message.results, options.prompt_form)))
        else:
            role, text = _response(message, options.prompt_form)
            thought = thought_block(message.thought) if options.reasoning == "full" else ""
            name = f"{turn}/{step}" if message.calls else f"{turn}/answer"
            if not message.mistaken:
                result.responses.append((len(result.history), (role, thought + text), name))
            result.history.append((role, text))
            step += 1
    return result


def _response(message: Message, form: PromptForm) -> Turned:
    if form == "hermes" and message.calls and not message.content:
        calls = dump_json([call._asdict() for call in message.calls])
        if "\\u003c" not in calls:
            return "function_call", calls
    return "gpt", response_text(
        message, form
    )  # a `function_call` has no room for a text beside the calls either


def table(
    conversations: Sequence[tuple[str, Conversation]],
    options: FormatOptions,
    labels: Sequence[Sequence[str]] = (),
) -> pa.Table:
    """The rows of some conversations, given with their ids: id, conversations, system, tools, labels.

    ``labels`` are those of each conversation; LLaMA-Factory does not look at the column, where they stand between spaces.
    Every text is stored once: rows share their histories, and many conversations their tools.
    """
    texts, roles = Shared(), Shared()
    ends = [0]
    ids: list[str] = []
    systems, tools, marks = Shared(), Shared(), Shared()
    for number, (identifier, conversation) in enumerate(conversations):
        parts = split(conversation, options)
        history = [(roles.key(role), texts.key(text)) for role, text in parts.history]
        role_keys, text_keys = [key for key, _ in history], [key for _, key in history]
        system, offered = conversation.system, ""
        if options.prompt_form != "hermes":
            system = system_text(system, conversation.tools, options.prompt_form)
        elif conversation.tools:
            offered = orjson.dumps(conversation.tools).decode()
        system_key, tools_key = systems.key(system), tools.key(offered)
        label_key = marks.key(" ".join(labels[number]) if labels else "")
        for cut, (role, text), name in parts.responses:
            roles.rows += role_keys[:cut]
            roles.add(role)
            texts.rows += text_keys[:cut]
            texts.add(text)
            ends.append(len(texts.rows))
            ids.append(f"{identifier}/{name}")
            systems.rows.append(system_key)
            tools.rows.append(tools_key)
            marks.rows.append(label_key)
    messages = pa.StructArray.from_arrays([roles.array(), texts.array()], names=["from", "value"])
    return pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "conversations": pa.ListArray.from_arrays(pa.array(ends, pa.int32()), messages),
            "system": systems.array(),
            "tools": tools.array(),
            "labels": marks.array(),
        }
    )


class Shared:
    """A column of texts that repeat, as an Arrow dictionary: each text once, and its key for each row.

    (With a text in it twice, Arrow would write the column without its dictionary.)
    """

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self.rows: list[int] = []

    def key(self, text: str) -> int:
        return self._keys.setdefault(text, len(self._keys))

    def add(self, text: str) -> None:
        self.rows.append(self.key(text))

    def array(self) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(
            pa.array(self.rows, pa.int32()), pa.array(list(self._keys), pa.string())
        )


def dataset_info(options: FormatOptions, splits: Sequence[str]) -> dict[str, Any]:
    """`dataset_info.json`: the folder of shards is the data set's file name."""
    entry = {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
        "tags": {
            "role_tag": "from",
            "content_tag": "value",
            "user_tag": "human",
            "assistant_tag": "gpt",
            "observation_tag": "observation",
            "function_tag": "function_call",
            "system_tag": "system",
        },
    }
    names = {name: options.dataset if name == "train" else f"{options.dataset}_{name}" for name in splits}
    return {dataset: {"file_name": dataset, **entry} for dataset in names.values()}
