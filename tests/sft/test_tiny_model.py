"""The random model: built in seconds, the same each time, and written as Qwen3's tokenizer would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import render
from funreason_plugin.sft.tiny_model import MARKS, SPECIAL, build
from funreason_plugin.trajectory import dumps
from tests.core.test_trajectory import trajectory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra [sft])")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    build(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    return transformers.AutoTokenizer.from_pretrained(folder)


def test_it_is_a_qwen3_that_generates(folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert model.config.max_position_embeddings == 32_768
    assert model.config.vocab_size == len(tokenizer)
    written = model.generate(**tokenizer("Hello", return_tensors="pt"), max_new_tokens=5, do_sample=False)
    assert 2 <= written.shape[1] <= 1 + 5 + len("Hello")


def test_the_seed_decides_the_weights(folder: Path, tmp_path: Path) -> None:
    names = ("model.safetensors", "tokenizer.json", "chat_template.jinja")
    build(tmp_path / "again")
    build(tmp_path / "other", seed=1)
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert (tmp_path / "other" / names[0]).read_bytes() != (folder / names[0]).read_bytes()


def test_special_tokens_vanish_from_text_and_marks_stay(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    text = "<|im_start|>" + "".join(MARKS) + "<|im_end|>"
    ids = tokenizer(text)["input_ids"]
    assert len(ids) == 2 + len(MARKS)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(ids, skip_special_tokens=True) == "".join(MARKS)
    assert set(SPECIAL) <= set(tokenizer.all_special_tokens)


def test_every_text_can_be_read_back(tokenizer: PreTrainedTokenizerFast) -> None:
    text = 'Größe: 12 €\n\n\t{"名": ["🛫", "\u202e", "naïve  "]}\r\n'
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_our_texts_are_about_as_many_tokens_as_with_a_real_tokenizer(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    text = SimulationSpace.from_names(["travel"]).policy
    assert len(text) / len(tokenizer(text)["input_ids"]) > 3


CONVERSATION = [
    {"role": "system", "content": "Help."},
    {"role": "user", "content": "First?"},
    {"role": "assistant", "content": "<think>\nold thought\n</think>\n\nFirst answer."},
    {"role": "user", "content": "Second?"},
    {"role": "assistant", "content": "<think>\nlook it up\n</think>\n\n<tool_call>\n{}\n</tool_call>"},
    {"role": "user", "content": "<tool_response>\n{}\n</tool_response>"},
]


def test_the_template_keeps_no_thoughts_of_the_history(tokenizer: PreTrainedTokenizerFast) -> None:
    text = tokenizer.apply_chat_template(CONVERSATION, tokenize=False, add_generation_prompt=True)
    assert text == (
        "<|im_start|>system\nHelp.<|im_end|>\n"
        "<|im_start|>user\nFirst?<|im_end|>\n"
        "<|im_start|>assistant\nFirst answer.<|im_end|>\n"
        "<|im_start|>user\nSecond?<|im_end|>\n"
        "<|im_start|>assistant\n<tool_call>\n{}\n</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\n{}\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_thinking_can_be_switched_off(tokenizer: PreTrainedTokenizerFast) -> None:
    text = tokenizer.apply_chat_template(
        CONVERSATION[:2], tokenize=False, add_generation_prompt=True, enable_thinking=False
    )
    assert text.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


def test_a_width_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--hidden: 50 is not valid; expected a multiple of 8, at least 32"):
        build(tmp_path, hidden=50)


def test_a_tokenizer_of_ones_own_data_writes_it_in_fewer_tokens(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    text = trajectory().turns[0].query
    data = tmp_path / "trajectories.jsonl"
    data.write_bytes(dumps(trajectory()) * 20)
    build(tmp_path / "model", vocabulary=600, data=tmp_path)
    own = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    assert len(own) <= 600 < len(tokenizer)
    assert own.decode(own.encode(text)) == text
    assert len(own.encode(text)) < len(tokenizer.encode(text))


def test_a_vocabulary_without_room_for_the_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--vocabulary: 200 is not valid; expected at least 300"):
        build(tmp_path, vocabulary=200)


def test_a_prompt_that_never_changes_is_one_token(tmp_path: Path) -> None:
    data = tmp_path / "trajectories.jsonl"
    data.write_bytes(dumps(trajectory()) * 20)
    build(tmp_path / "model", vocabulary=600, data=tmp_path, whole_prompts=True)
    own = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    (first, _) = render(of_trajectory(trajectory()), "hermes")
    written = own.encode(first.prompt)
    system = first.prompt.split("<|im_end|>")[0].removeprefix("<|im_start|>system\n")
    assert "# Tools" in system
    assert own.decode(written) == first.prompt
    assert written.count(own.convert_tokens_to_ids(system)) == 1
    assert len(written) < 60


def test_prompts_that_change_are_no_tokens(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--whole-prompts: whose\? expected --data DIR too"):
        build(tmp_path, whole_prompts=True)
    made = [replace(trajectory(), system=f"You are number {number}.") for number in range(17)]
    (tmp_path / "trajectories.jsonl").write_bytes(b"".join(map(dumps, made)))
    with pytest.raises(UserError, match="more than 16 system prompts; expected conversations that all offer"):
        build(tmp_path, data=tmp_path, whole_prompts=True)


def test_narrow_models_can_begin_with_larger_weights(folder: Path, tmp_path: Path) -> None:
    build(tmp_path, spread=0.1)
    weights = [
        transformers.AutoModelForCausalLM.from_pretrained(one).lm_head.weight.detach().std()
        for one in (folder, tmp_path)
    ]
    assert [round(float(weight), 2) for weight in weights] == [0.02, 0.1]
