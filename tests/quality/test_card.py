"""The card of a data set: metadata that the hub reads, what is inside in words, and somebody's own changes kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from funreason_plugin.quality.card import MARK, Card, configs_of
from funreason_plugin.quality.run_card import run_card


def metadata(path: Path) -> dict[str, Any]:
    """As the hub's own client reads it, where that is installed."""
    text = path.read_text(encoding="utf-8")
    data = yaml.safe_load(text.split("---\n")[1])
    try:
        from huggingface_hub import DatasetCard
    except ImportError:
        return dict(data)
    assert DatasetCard.load(path).data.to_dict() == data
    return dict(data)


QUALITY: dict[str, Any] = {
    "records": 17_000,
    "turns": 60_000,
    "calls": 90_000,
    "duplicates": {"exact": 0, "near": 2, "structural": 5, "threshold": 0.8, "found": []},
    "contamination": {
        "records": 1,
        "declared": 9_000,
        "by_reference": {"bfcl": 1},
        "references": [{"name": "bfcl", "title": "BFCL", "version": "bfcl-eval 1"}],
    },
    "labels": {
        "labels": {"in-domain:bfcl": 9_000},
        "variants": {"base": 59_000, "miss_func": 1_000},
        "environments": {"bfcl_math": 17_000},
        "splits": {"train": 16_000, "val": 1_000},
        "made_by": [{"agent": "querying", "teacher": "openai", "model": "Qwen/Qwen3-32B", "records": 17_000}],
    },
}
RUN = {
    "config": {"seed": 7, "duplicates": "near"},
    "environments": {"bfcl_math": {"version": "1", "hash": "ab"}},
}


@pytest.fixture
def card(tmp_path: Path) -> Card:
    for name in ("verl/train.parquet", "verl/val.parquet", "llamafactory/funreason/train-00000.parquet"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    info = '{"funreason": {"file_name": "funreason"}, "funreason_val": {"file_name": "funreason_val"}}'
    (tmp_path / "llamafactory/dataset_info.json").write_text(info)
    return run_card(tmp_path, RUN, {"attempts": 20_000, "accept_rate": 0.85}, QUALITY)


def test_the_metadata_is_what_the_hub_expects(card: Card, tmp_path: Path) -> None:
    card.write(tmp_path / "README.md")
    data = metadata(tmp_path / "README.md")
    assert (data["license"], data["license_name"]) == ("other", "to-be-chosen")
    assert data["size_categories"] == ["10K<n<100K"] and data["task_categories"] == ["text-generation"]
    assert {"in-domain:bfcl", "synthetic", "function-calling"} <= set(data["tags"])
    llamafactory, verl = data["configs"]
    assert llamafactory["default"] and llamafactory["config_name"] == "llamafactory"
    assert llamafactory["data_files"][1] == {
        "split": "validation",
        "path": "llamafactory/funreason_val/*.parquet",
    }
    assert verl["data_files"][0] == {"split": "train", "path": "verl/train.parquet"}


def test_the_text_says_what_a_reader_must_know(card: Card) -> None:
    text = card.text()
    for words in (
        "`in-domain:bfcl`: 9,000 of 17,000 trajectories",
        "a score on BFCL is in-domain",
        "Qwen/Qwen3-32B: the terms of these models",
        "| miss_func | 1,000 |",
        "| accepted | 85.0% |",
        "0 exact, 2 near",
        "`--duplicates near`",
        "BFCL (bfcl-eval 1): 1 trajectories overlap",
        "python -m funreason_plugin.check data DIR",
        'load_dataset("path/or/name/on/the/hub", "llamafactory", split="train")',
        "they do not react",
    ):
        assert words in text, words


def test_a_card_that_somebody_edited_stays(card: Card, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    assert card.write(path) and card.write(path)
    edited = path.read_text().replace(MARK, "Mine.")
    path.write_text(edited)
    assert not card.write(path)
    assert path.read_text() == edited


def test_a_known_licence_is_named_and_others_are_described() -> None:
    def licence(given: str) -> tuple[str, str]:
        data = yaml.safe_load(Card("x", "y", 1, licence=given).text().split("---\n")[1])
        return data["license"], data.get("license_name", "")

    assert licence("CC-BY-4.0") == ("cc-by-4.0", "")
    assert licence("ours: Apache-2.0; theirs: unknown") == ("other", "see-below")
    assert licence("") == ("other", "to-be-chosen")


def test_nothing_to_load_is_no_configuration(tmp_path: Path) -> None:
    assert configs_of(tmp_path) == []
    assert "configs" not in yaml.safe_load(Card("x", "y", 1).text().split("---\n")[1])
