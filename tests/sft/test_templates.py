"""Our templates in LLaMA-Factory: what it trains on is what `render` writes, row by row, label by label."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pyarrow.parquet as pq
import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.formats.llamafactory import dataset_info, table
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.messages import Conversation, Message, of_trajectory
from funreason_plugin.rendering import Pair, PromptForm, prompt, render
from funreason_plugin.sft.templates import NAMES, register
from funreason_plugin.trajectory import read

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Row = dict[str, Any]
Trained = list[tuple[list[int], list[int]]]
Train = Callable[..., Trained]

FORMS: list[tuple[str, PromptForm]] = list(NAMES.items())
MASKED = -100


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny)


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
    import llamafactory.data.template as module

    known = dict(module.TEMPLATES)
    register(module)
    yield module
    module.TEMPLATES.clear()
    module.TEMPLATES.update(known)


@pytest.fixture
def template(module: Any, tokenizer: PreTrainedTokenizerBase) -> Iterator[Callable[..., Any]]:
    """A template as LLaMA-Factory gets it for some settings, which it writes into the registered one."""
    from llamafactory.hparams import DataArguments

    known = copy.deepcopy(module.TEMPLATES)

    def get(name: str, into: PreTrainedTokenizerBase | None = None, **settings: Any) -> Any:
        arguments = DataArguments(template=name, **settings)
        return module.get_template_and_fix_tokenizer(into or copy.deepcopy(tokenizer), arguments)

    yield get
    module.TEMPLATES.update(known)


@pytest.fixture
def train(template: Callable[..., Any], tokenizer: PreTrainedTokenizerBase) -> Train:
    """Rows of our files, through LLaMA-Factory's converter, template and processor: ids and labels."""
    from llamafactory.data.converter import get_dataset_converter
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.data.processor.supervised import SupervisedDatasetProcessor
    from llamafactory.hparams import DataArguments

    (attributes,) = get_dataset_list(["funreason"], dataset_info(FormatOptions(), ["train"]))

    def trained(name: str, rows: Sequence[Row], **settings: Any) -> Trained:
        settings = {"mask_history": True, "cutoff_len": 32_768, **settings}
        arguments = DataArguments(template=name, **settings)
        convert = get_dataset_converter("sharegpt", attributes, arguments)
        processor = SupervisedDatasetProcessor(template(name, **settings), tokenizer, None, arguments)
        columns: dict[str, list[Any]] = {}
        for row in rows:
            for key, value in convert(row).items():
                columns.setdefault(key, []).append(value)
        done = processor.preprocess_dataset(columns)
        assert len(done["input_ids"]) == len(rows)
        return list(zip(done["input_ids"], done["labels"], strict=True))

    return trained


@pytest.fixture(scope="module")
def conversations(made: Path) -> dict[str, Conversation]:
    return {trajectory.id: of_trajectory(trajectory) for trajectory in read(made / "trajectories.jsonl")}


@pytest.fixture(scope="module")
def generic(made: Path) -> list[Row]:
    """The rows that `synthesize` wrote for training."""
    return [
        row
        for path in sorted(made.glob("llamafactory/*/*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def rows_of(conversation: Conversation, form: PromptForm = "hermes", **options: Any) -> list[Row]:
    rows: list[Row] = table([("made", conversation)], FormatOptions(prompt_form=form, **options)).to_pylist()
    return rows


def whole(conversations: dict[str, Conversation], row: Row) -> Conversation:
    """The conversation up to a row's response, from the trajectory that the row is of."""
    conversation = conversations[row["id"].rsplit("/", 2)[0]]
    return Conversation(
        conversation.messages[: len(row["conversations"])], conversation.system, conversation.tools
    )


def ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


def expected(tokenizer: PreTrainedTokenizerBase, pairs: list[Pair]) -> tuple[list[int], list[int]]:
    """Ids of the text as a whole, and the last response's as labels."""
    found = ids(tokenizer, "".join(map("".join, pairs)))
    response = ids(tokenizer, pairs[-1].response)
    return found, [MASKED] * (len(found) - len(response)) + response


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_every_row_trains_the_last_response_after_the_rendered_text(
    name: str,
    form: PromptForm,
    train: Train,
    generic: list[Row],
    conversations: dict[str, Conversation],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    assert len(generic) > 40
    for row, found in zip(generic, train(name, generic), strict=True):
        pairs = render(whole(conversations, row), form)
        assert "</think>" in pairs[-1].response
        assert found == expected(tokenizer, pairs), row["id"]
        text = tokenizer.decode([label for label in found[1] if label != MASKED])
        assert text == pairs[-1].response


@pytest.mark.parametrize(("name", "form"), FORMS[:2])
def test_rows_that_are_written_out_are_the_same_text_in_stock_qwen3(
    name: str,
    form: PromptForm,
    train: Train,
    conversations: dict[str, Conversation],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    thinks = tokenizer.convert_tokens_to_ids("<think>")
    for conversation in conversations.values():
        written, generic = rows_of(conversation, form), rows_of(conversation)
        assert all(row["tools"] == "" for row in written)
        for stock, verbatim, ours in zip(
            train("qwen3", written), train(name, written), train(name, generic), strict=True
        ):
            assert stock[0] == verbatim[0] == ours[0]
            start = next(index for index, label in enumerate(stock[1]) if label != MASKED)
            assert stock[1][start] == thinks  # the stock template trains it, ours has it in the prompt
            assert verbatim[1] == ours[1] == [*stock[1][:start], MASKED, *stock[1][start + 1 :]]


def test_hermes_rows_with_a_system_prompt_equal_stock_qwen3(
    train: Train, generic: list[Row], conversations: dict[str, Conversation]
) -> None:
    rows = [row for row in generic if row["system"]]
    assert len(rows) > 20
    assert train("funreason_hermes", rows) == train("qwen3", rows)
    thoughtful = [
        row for found in conversations.values() if found.system for row in rows_of_all_thoughts(found)
    ]
    for settings in ({"mask_history": False}, {"preserve_thinking": True}):
        assert train("funreason_hermes", thoughtful, **settings) == train("qwen3", thoughtful, **settings)


TOOLS = [{"type": "function", "function": {"name": "weather", "description": "d", "parameters": {}}}]
CALL = '[{"name": "weather", "arguments": {"city": "Oslo"}}]'
SHORT = Conversation(
    [Message("user", "Weather?"), Message("assistant", "Sunny.", "Look.")], system="Be brief.", tools=TOOLS
)


def test_without_a_system_prompt_stock_qwen3_has_two_line_feeds_more(
    train: Train, tokenizer: PreTrainedTokenizerBase
) -> None:
    rows = rows_of(Conversation(SHORT.messages, "", TOOLS))
    ours, stock = (tokenizer.decode(train(name, rows)[0][0]) for name in ("funreason_hermes", "qwen3"))
    assert ours.startswith("<|im_start|>system\n# Tools")
    assert stock == ours.replace("system\n", "system\n\n\n", 1)


def test_without_a_thought_stock_qwen3_trains_an_empty_one_and_qwen3_nothink_equals_ours(
    train: Train, tokenizer: PreTrainedTokenizerBase
) -> None:
    rows = rows_of(SHORT, reasoning="none")
    ours, stock, nothink = (train(name, rows)[0] for name in ("funreason_hermes", "qwen3", "qwen3_nothink"))
    assert ours == nothink
    trained = [label for label in stock[1] if label != MASKED]
    assert tokenizer.decode(trained) == "<think>\n\n</think>\n\nSunny.<|im_end|>\n"


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_without_mask_history_every_response_is_trained_with_its_thought(
    name: str,
    form: PromptForm,
    train: Train,
    conversations: dict[str, Conversation],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    conversation = max(conversations.values(), key=lambda found: len(found.messages))
    (row,) = rows_of_all_thoughts(conversation)
    ((found, labels),) = train(name, [row], mask_history=False)
    pairs = render(conversation, form, thoughts="all")
    assert found == ids(tokenizer, "".join(map("".join, pairs)))
    responses = [ids(tokenizer, pair.response) for pair in pairs]
    assert [label for label in labels if label != MASKED] == [token for found in responses for token in found]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_preserve_thinking_keeps_all_thoughts_and_trains_the_last_response(
    name: str,
    form: PromptForm,
    train: Train,
    conversations: dict[str, Conversation],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    conversation = max(conversations.values(), key=lambda found: len(found.messages))
    rows = rows_of_all_thoughts(conversation)
    (found,) = train(name, rows, preserve_thinking=True)
    assert found == expected(tokenizer, render(conversation, form, thoughts="all"))


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_enable_thinking_false_trains_after_the_prompt_that_is_served_without_thinking(
    name: str,
    form: PromptForm,
    train: Train,
    generic: list[Row],
    conversations: dict[str, Conversation],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    for row, (found, labels) in zip(generic, train(name, generic, enable_thinking=False), strict=True):
        conversation = whole(conversations, row)
        asked = Conversation(conversation.messages[:-1], conversation.system, conversation.tools)
        before = ids(tokenizer, prompt(asked, form, thinking=False))
        response = ids(tokenizer, render(conversation, form, thoughts="none")[-1].response)
        assert found == before + response, row["id"]
        assert labels == [MASKED] * len(before) + response


def test_enable_thinking_false_is_the_same_in_stock_qwen3(
    train: Train, generic: list[Row], conversations: dict[str, Conversation]
) -> None:
    rows = [row for row in generic if row["system"]]
    off = {"enable_thinking": False}
    assert train("funreason_hermes", rows, **off) == train("qwen3", rows, **off)
    thoughtful = [
        row for found in conversations.values() if found.system for row in rows_of_all_thoughts(found)
    ]
    for settings in ({"mask_history": False, **off}, {"preserve_thinking": True, **off}):
        assert train("funreason_hermes", thoughtful, **settings) == train("qwen3", thoughtful, **settings)


def rows_of_all_thoughts(conversation: Conversation) -> list[Row]:
    """One row as other data has them: the history with its thoughts."""
    rows = rows_of(conversation)
    responses = [row["conversations"][-1] for row in rows]
    messages = rows[-1]["conversations"]
    for index, response in enumerate(responses):
        messages[2 * index + 1] = response
    return [{**rows[-1], "conversations": messages}]


@pytest.mark.parametrize(("name", "form"), FORMS)
@pytest.mark.parametrize("thinking", [True, False])
def test_an_empty_response_is_the_prompt_that_is_served(
    name: str,
    form: PromptForm,
    thinking: bool,
    template: Callable[..., Any],
    conversations: dict[str, Conversation],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    roles = {"human": "user", "gpt": "assistant", "observation": "observation", "function_call": "function"}
    conversation = max(conversations.values(), key=lambda found: len(found.messages))
    row = rows_of(conversation)[-1]
    messages = [{"role": roles[turn["from"]], "content": turn["value"]} for turn in row["conversations"][:-1]]
    messages.append({"role": "assistant", "content": ""})
    found, response = template(name, enable_thinking=thinking).encode_oneturn(
        tokenizer, messages, row["system"], row["tools"]
    )
    served = Conversation(conversation.messages[:-1], conversation.system, conversation.tools)
    text = prompt(served, form, thinking=thinking)
    assert tokenizer.decode(found) == text
    assert found == ids(tokenizer, text)
    assert text.endswith("<think>") == (thinking and form != "hermes")
    assert response == ids(tokenizer, "<|im_end|>\n")


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_response_at_hand_is_split_from_all_before_it(
    name: str,
    form: PromptForm,
    template: Callable[..., Any],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "<think>\nLook.\n</think>\n\nSunny."},
    ]
    found, response = template(name).encode_oneturn(tokenizer, messages, "Be brief.", json.dumps(TOOLS))
    ((before, after),) = render(SHORT, form)
    assert (found, response) == (ids(tokenizer, before), ids(tokenizer, after))


@pytest.mark.parametrize(("kept", "thoughts"), [(True, "all"), (False, "last")])
def test_preserve_thinking_decides_over_the_history_of_a_response_at_hand(
    kept: bool,
    thoughts: Literal["all", "last"],
    template: Callable[..., Any],
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    turns = [("user", "Weather?"), ("assistant", "<think>\nLook.\n</think>\n\nSunny.")] * 2
    messages = [{"role": role, "content": content} for role, content in turns]
    found, _ = template("funreason", preserve_thinking=kept).encode_oneturn(
        tokenizer, messages, "Be brief.", json.dumps(TOOLS)
    )
    conversation = Conversation(SHORT.messages * 2, SHORT.system, TOOLS)
    pairs = render(conversation, "funreason", thoughts=thoughts)
    assert tokenizer.decode(found) == "".join(map("".join, pairs)).removesuffix(pairs[-1].response)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_text_above_calls_is_kept(
    name: str, form: PromptForm, train: Train, tokenizer: PreTrainedTokenizerBase
) -> None:
    from funreason_plugin.calls import ParsedCall

    call = ParsedCall("weather", {"city": "Oslo"})
    conversation = Conversation(
        [
            Message("user", "Oslo and Bergen?"),
            Message("assistant", "Both at once.", "Two calls.", (call, call)),
            Message("tool", results=('{"sun": 1}', '"<b>"')),
            Message("assistant", "Sunny.", "Done."),
        ],
        tools=TOOLS,
    )
    first, last = train(name, rows_of(conversation))
    opening = Conversation(conversation.messages[:2], tools=TOOLS)
    assert first == expected(tokenizer, render(opening, form))
    assert last == expected(tokenizer, render(conversation, form))


def test_one_call_may_stand_without_its_list_and_a_tool_without_its_type(
    train: Train, tokenizer: PreTrainedTokenizerBase
) -> None:
    row = {
        "conversations": [
            {"from": "human", "value": "Weather?"},
            {"from": "function_call", "value": CALL[1:-1]},
        ],
        "system": "",
        "tools": json.dumps([TOOLS[0]["function"]]),
    }
    full = {**row, "tools": json.dumps(TOOLS)}
    full["conversations"] = [row["conversations"][0], {"from": "function_call", "value": CALL}]
    for name, _ in FORMS:
        assert train(name, [row]) == train(name, [full])


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_default_system_stands_where_a_row_has_none(
    name: str, form: PromptForm, train: Train, tokenizer: PreTrainedTokenizerBase
) -> None:
    rows = rows_of(Conversation(SHORT.messages, "", TOOLS))
    (found,) = train(name, rows, default_system="Be brief.")
    assert found == expected(tokenizer, render(SHORT, form))


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_the_tokenizer_gets_the_chat_template_of_the_form(
    name: str, form: PromptForm, template: Callable[..., Any], tokenizer: PreTrainedTokenizerBase
) -> None:
    own = copy.deepcopy(tokenizer)
    own.chat_template = "{{ stale }}"
    template(name, own)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather?"}]
    text = own.apply_chat_template(messages, tools=TOOLS, tokenize=False, add_generation_prompt=True)
    assert text == prompt(Conversation(SHORT.messages[:1], "Be brief.", TOOLS), form)
    assert own.eos_token == "<|im_end|>"


@pytest.mark.parametrize("name", NAMES)
def test_calls_of_a_response_are_read_back(name: str, template: Callable[..., Any]) -> None:
    found = template(name)
    call = [("weather", '{"city": "Oslo"}')]
    assert found.extract_tool('thought</think>\n\n<tool_call>[weather(city="Oslo")]</tool_call>') == call
    assert found.extract_tool(f"<tool_call>\n{CALL[1:-1]}\n</tool_call>") == call
    assert found.extract_tool("Sunny.") == "Sunny."


@pytest.mark.parametrize("name", NAMES)
def test_a_tokenizer_of_another_family_is_refused(
    name: str, template: Callable[..., Any], tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    from transformers import PreTrainedTokenizerFast

    tokenizer.save_pretrained(tmp_path)
    path = tmp_path / "tokenizer.json"
    told = json.loads(path.read_text())
    told["added_tokens"] = [token for token in told["added_tokens"] if "think" not in token["content"]]
    path.write_text(json.dumps(told))
    other = PreTrainedTokenizerFast(tokenizer_file=str(path))
    with pytest.raises(UserError, match=f"template: {name}: .* has no token for <think>, </think>; expected"):
        template(name, other)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tool_format", ["qwen", "default"])
def test_another_way_of_writing_tools_is_refused(
    name: str, tool_format: str, template: Callable[..., Any]
) -> None:
    with pytest.raises(UserError, match=f"tool_format: template '{name}' decides"):
        template(name, tool_format=tool_format)


def test_a_template_of_llamafactory_s_own_is_not_replaced(module: Any) -> None:
    other = ModuleType("other")
    other.TEMPLATES = {"qwen3": module.TEMPLATES["qwen3"], "card": module.TEMPLATES["qwen3"]}  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="llamafactory has a template 'card' of its own"):
        register(other)


def test_a_bad_row_stops_the_preprocessing(train: Train) -> None:
    rows = rows_of(SHORT)
    rows[0]["tools"] = "{}"
    with pytest.raises(UserError, match=r"row that begins 'Weather\?': tools: '\{\}'; expected a JSON list"):
        train("funreason", rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("token", ["</think>", "<|im_end|>", "<tool_call>", "<tool_response>"])
@pytest.mark.parametrize("number", [0, 1, 2, 3], ids=["question", "thought", "result", "answer"])
def test_a_text_with_a_token_of_the_chat_template_stops_the_preprocessing(
    number: int, token: str, name: str, train: Train
) -> None:
    from funreason_plugin.calls import ParsedCall

    said = [
        Message("user", "Weather?"),
        Message("assistant", calls=(ParsedCall("weather", {}),)),
        Message("tool", results=("1",)),
        Message("assistant", "Clear."),
    ]
    row = rows_of(Conversation(said, SHORT.system, SHORT.tools))[-1]
    turn = row["conversations"][number]
    if number == 1:
        turn["value"] = f"<think>\nSo {token}\n</think>\n\n{turn['value']}"
    else:
        turn["value"] += f" {token}"
    with pytest.raises(UserError, match=rf"row that begins 'Weather\?.*messages\[{number}\]: "):
        train(name, [row])


@pytest.mark.parametrize("name", ["qwen3", *NAMES])
def test_tags_in_arguments_and_results_are_no_tokens(
    name: str, train: Train, tokenizer: PreTrainedTokenizerBase
) -> None:
    from funreason_plugin.calls import ParsedCall, dump_json

    def trained(tag: str) -> list[int]:
        call = ParsedCall("weather", {"city": tag})
        said = [
            Message("user", "Weather?"),
            Message("assistant", thought="So.", calls=(call,)),
            Message("tool", results=(dump_json({"sky": tag}),)),
            Message("assistant", "Clear.", "So."),
        ]
        rows = rows_of(Conversation(said, SHORT.system, SHORT.tools))
        return [token for found, _ in train(name, rows) for token in found]

    special = set(tokenizer.added_tokens_decoder)
    plain = [token for token in trained("Oslo") if token in special]
    for tag in ("</think>", "<|im_end|>", "<tool_call>", "</tool_response>"):
        assert [token for token in trained(tag) if token in special] == plain


def test_a_special_token_that_is_not_escaped_stops_the_preprocessing(
    template: Callable[..., Any], tokenizer: PreTrainedTokenizerBase
) -> None:
    from funreason_plugin.calls import dump_json

    other = copy.deepcopy(tokenizer)
    other.add_tokens(["<|vision_start|>"], special_tokens=True)
    rendered = template("funreason", other)
    call = [{"name": "weather", "arguments": {"city": "<|vision_start|>"}}]
    row = [{"role": "user", "content": "Weather?"}, {"role": "function", "content": dump_json(call)}]
    with pytest.raises(UserError, match=r"messages\[1\]: holds '<\|vision_start\|>'"):
        rendered.encode_multiturn(other, row, "", "")
    rendered.encode_multiturn(tokenizer, row[:1] + [{"role": "assistant", "content": "Clear."}], "", "")
