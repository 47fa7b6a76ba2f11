"""What the proof cannot work with is one line that says where, and how to mend it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.sft.proof.json_rows import json_rows
from funreason_plugin.sft.proof.run import prove
from funreason_plugin.sft.proof.sources import dataset_folder
from tests.sft.proofs import GOOD, write, write_recipe

pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "keys, line",
    [
        ({"template": "funreason"}, "is not registered in this environment: funreason hook install"),
        ({"template": "quen3"}, "does not exist in llamafactory; did you mean"),
        ({"reserved_label_len": 1}, "key 'reserved_label_len' is not known to llamafactory"),
        ({"mask_histori": True}, "did you mean 'mask_history'?"),
        ({"cutoff_len": "long"}, "cutoff_len: 'long' is not valid; expected int"),
        ({"mask_history": "no"}, "mask_history: 'no' is not valid; expected bool"),
        ({"train_on_prompt": True}, "`mask_history` is incompatible with `train_on_prompt`"),
        ({"stage": "dpo"}, "stage: dpo is not checked here; expected sft"),
        ({"dataset": "lines"}, "data set 'lines' is not in it; there are: rows; --dataset NAME chooses one"),
        ({"dataset": None}, "dataset is not set; give --dataset NAME"),
        ({"model_name_or_path": None}, "model_name_or_path is not set; give --tokenizer PATH"),
    ],
)
def test_a_recipe_that_llamafactory_would_refuse(
    keys: dict[str, object], line: str, tmp_path: Path, tiny: Path
) -> None:
    write(tmp_path, [GOOD])
    with pytest.raises(UserError) as caught:
        prove(tmp_path, write_recipe(tmp_path, tiny, **keys))
    assert line in caught.value.message


@pytest.mark.parametrize("content", ["- a\n- b\n", "", "a: [", None])
def test_a_recipe_that_is_none(content: str | None, tmp_path: Path) -> None:
    write(tmp_path, [GOOD])
    recipe = tmp_path / "recipe.yaml"
    if content is not None:
        recipe.write_text(content)
    with pytest.raises(UserError, match=r"recipe\.yaml"):
        prove(tmp_path, recipe)


def test_a_folder_without_data(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(UserError, match=r"holds no dataset_info\.json"):
        prove(tmp_path, write_recipe(tmp_path, tiny))
    with pytest.raises(UserError, match="no such folder"):
        prove(tmp_path / "gone", write_recipe(tmp_path, tiny))


def test_files_that_llamafactory_would_stumble_over(tmp_path: Path, tiny: Path) -> None:
    write(tmp_path, [GOOD])
    info = tmp_path / "dataset_info.json"
    info.write_text(json.dumps({"rows": {"file_name": "shards"}}))
    recipe = write_recipe(tmp_path, tiny)
    with pytest.raises(UserError, match="no such file or folder"):
        prove(tmp_path, recipe)
    (tmp_path / "shards").mkdir()
    with pytest.raises(UserError, match="an empty folder"):
        prove(tmp_path, recipe)
    (tmp_path / "shards" / "README.md").write_text("rows")
    with pytest.raises(UserError, match=r"README\.md: llamafactory reads every file of the folder"):
        prove(tmp_path, recipe)
    info.write_text("{")
    with pytest.raises(UserError, match="not valid JSON"):
        prove(tmp_path, recipe)
    for entry, reason in (
        ({"file_name": 3}, "rows: file_name: expected a text, found int"),
        ({"file_name": "shards", "columns": []}, "rows: columns: expected an object, found list"),
        (
            {"file_name": "shards", "tags": {"user_tag": 1}},
            r"rows: tags\.user_tag: expected a text, found int",
        ),
    ):
        info.write_text(json.dumps({"rows": entry}))
        with pytest.raises(UserError, match=reason):
            prove(tmp_path, recipe)


def test_folders_that_may_not_be_read(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    write(tmp_path, [GOOD])
    (tmp_path / "dataset_info.json").write_text(json.dumps({"rows": {"file_name": "shards"}}))
    (tmp_path / "shards").mkdir()
    recipe = write_recipe(tmp_path, tiny)
    monkeypatch.setattr("os.listdir", denied)
    with pytest.raises(UserError, match="shards: Permission denied"):
        prove(tmp_path, recipe)
    monkeypatch.setattr(Path, "is_file", denied)
    with pytest.raises(UserError, match=r"dataset_info\.json: Permission denied"):
        dataset_folder(tmp_path)


@pytest.mark.parametrize(
    "line, reason",
    [
        (b'{"id": "\xff"}', "rows.jsonl:2: not UTF-8 at byte 8"),
        (b'{"id": ', "rows.jsonl:2: not JSON"),
        (b"[" * 100_000, "rows.jsonl:2: nested too deeply"),
        (b"[1]", "rows.jsonl:2: expected an object, found list"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: bytes, reason: str, tmp_path: Path, tiny: Path) -> None:
    write(tmp_path, [GOOD])
    path = tmp_path / "rows.jsonl"
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(UserError) as caught:
        prove(tmp_path, write_recipe(tmp_path, tiny))
    assert reason in caught.value.message


def test_a_tokenizer_without_the_special_tokens(tmp_path: Path, tiny: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE({chr(number): number for number in range(33, 127)}, []))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="!").save_pretrained(tmp_path / "plain")
    write(tmp_path, [GOOD])
    with pytest.raises(UserError, match=r"<\|im_start\|>, <\|im_end\|>, <think>.* are not single tokens"):
        prove(tmp_path, write_recipe(tmp_path, tiny), tokenizer=str(tmp_path / "plain"))
    with pytest.raises(UserError, match="take split_special_tokens out"):
        prove(tmp_path, write_recipe(tmp_path, tiny, split_special_tokens=True))
    with pytest.raises(UserError, match="no such folder"):
        prove(tmp_path, write_recipe(tmp_path, tiny), tokenizer=str(tmp_path / "gone"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no tokenizer that can be loaded"):
        prove(tmp_path, write_recipe(tmp_path, tiny), tokenizer=str(tmp_path / "empty"))


def test_a_model_of_the_hub_while_offline(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("urllib.request.getproxies", dict)
    write(tmp_path, [GOOD])
    with pytest.raises(UserError, match="give --tokenizer PATH"):
        prove(tmp_path, write_recipe(tmp_path, tiny, model_name_or_path="Nobody/no-such-model"))


def test_an_array_is_read_entry_by_entry(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    rows = [{"id": number, "text": "ü" * 700_000} for number in range(4)]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    assert [(number, row) for _, number, row in json_rows(path)] == list(enumerate(rows, start=1))
    path.write_text('[{"id": 1}, {"id": ]')
    with pytest.raises(UserError, match="entry 2 of the array: not JSON"):
        list(json_rows(path))
    path.write_text('[{"id": 1}')
    with pytest.raises(UserError, match="not closed after entry 1"):
        list(json_rows(path))
