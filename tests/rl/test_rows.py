"""Stock verl reads our rows: its data set, its filter of long prompts, its tokens of written-out prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from funreason_plugin.chat_templates import chat_template
from funreason_plugin.conversation import history
from funreason_plugin.formats import FormatOptions, encode_chunk
from funreason_plugin.rendering import FORMS, PromptForm, prompt
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import dumps
from tests.checks.desk import conversation

verl = pytest.importorskip("verl")
datasets = pytest.importorskip("datasets")
pytest.importorskip("omegaconf")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from funreason_plugin.sft.tiny_model import _tokenizer

    return _tokenizer()


@pytest.fixture(autouse=True)
def caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def dataset(folder: Path, form: PromptForm, tokenizer: Any, **options: Any) -> Any:
    """verl's own data set of three conversations, each whole and by response."""
    from omegaconf import OmegaConf
    from verl.utils.dataset.rl_dataset import RLHFDataset

    lines = [dumps(conversation(seed)) for seed in range(3)]
    file = folder / "train.parquet"
    options_of_rows = FormatOptions("desk", prompt_form=form, verl_rows="both")
    file.write_bytes(encode_chunk(lines, options_of_rows)["verl/train"])
    tokenizer.chat_template = chat_template(form)
    config = OmegaConf.create(
        {
            "cache_dir": str(folder / "verl"),
            "filter_overlong_prompts": True,
            "filter_overlong_prompts_workers": None,
            "max_prompt_length": 32_768,
            **options,
        }
    )
    return RLHFDataset(str(file), tokenizer, config)


def asked(task: Task) -> str:
    """What the model is asked, by our renderer."""
    return prompt(history(task, *(task.at or (0, 0))), task.prompt_form)


@pytest.mark.parametrize("form", FORMS)
def test_the_tokens_of_a_written_out_prompt_are_ours(
    tmp_path: Path, tokenizer: Any, form: PromptForm
) -> None:
    wiring = pytest.importorskip("verl.utils.tokenizer.continuous_token_wiring")
    rows = dataset(tmp_path, form, tokenizer)
    builder = wiring.create_continuous_token_builder(tokenizer, hf_model_type="qwen3")
    kinds = []
    for number in range(len(rows)):
        row = rows[number]
        task = Task.of_row(row)
        kinds.append(task.kind)
        found = list(builder.build_initial_tokens(row["raw_prompt"]))
        assert found == tokenizer.encode(asked(task), add_special_tokens=False)
    assert (kinds.count("trajectory"), kinds.count("response")) == (3, 21)


@pytest.mark.parametrize("form", FORMS)
def test_prompts_that_are_too_long_are_left_out_and_no_others(
    tmp_path: Path, tokenizer: Any, form: PromptForm
) -> None:
    rows = dataset(tmp_path, form, tokenizer)
    tasks = [Task.of_row(rows[number]) for number in range(len(rows))]
    lengths = {task.id: len(tokenizer.encode(asked(task), add_special_tokens=False)) for task in tasks}
    limit = sorted(lengths.values())[len(lengths) // 2]
    kept = dataset(tmp_path, form, tokenizer, max_prompt_length=limit)
    assert [Task.of_row(kept[number]).id for number in range(len(kept))] == [
        name for name, length in lengths.items() if length <= limit
    ]


def test_a_batch_hands_on_every_row_as_it_is(tmp_path: Path, tokenizer: Any) -> None:
    from verl import DataProto
    from verl.utils.dataset.rl_dataset import collate_fn

    rows = dataset(tmp_path, "hermes", tokenizer)
    items = [rows[number] for number in range(len(rows))]
    batch = DataProto.from_single_dict(collate_fn(items)).repeat(repeat_times=2, interleave=True)
    for number, item in enumerate(items):
        assert Task.of_row(batch[2 * number + 1].non_tensor_batch) == Task.of_row(item)
        # as the reward loop gets the columns of one session with several outputs
        doubled = {key: np.array([value] * 2) for key, value in item.items() if key != "dummy_tensor"}
        last = DataProto.from_single_dict(doubled)[-1:][0].non_tensor_batch
        assert Task.of_row(last) == Task.of_row(item)
