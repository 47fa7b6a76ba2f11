"""Where a conversion is written: not over its own inputs, not beside another conversion, no input twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from funreason_plugin.converting.running import Job, convert
from funreason_plugin.converting.staged import Staged
from funreason_plugin.errors import UserError
from tests.convert.conversions import convert_rows

CHAT = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}


def test_inputs_below_out_are_not_replaced(tmp_path: Path) -> None:
    convert_rows(tmp_path, "openai", [CHAT])
    inside = tmp_path / "out/openai/train.jsonl"
    before = inside.read_bytes()
    with pytest.raises(UserError, match="read from this folder"):
        convert(Job("openai", "openai", [inside], tmp_path / "out", force=True))
    assert inside.read_bytes() == before


def test_out_below_an_input_folder_is_not_read_the_next_time(tmp_path: Path) -> None:
    convert_rows(tmp_path, "openai", [CHAT])
    with pytest.raises(UserError, match="read from this folder"):
        convert(Job("openai", "openai", [tmp_path], tmp_path / "out", force=True))


def test_a_file_given_twice_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text(json.dumps(CHAT) + "\n")
    with pytest.raises(UserError, match="given twice"):
        convert(Job("openai", "openai", [file, tmp_path], tmp_path.with_name("elsewhere")))


def test_two_conversions_to_one_place_do_not_mix(tmp_path: Path) -> None:
    with Staged(tmp_path / "out") as folder:
        (folder / "conversion.json").write_text("{}")
        with pytest.raises(UserError, match="another conversion is writing"), Staged(tmp_path / "out"):
            pass
        assert (folder / "conversion.json").is_file()


def test_what_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    late = Staged(tmp_path / "out")
    with Staged(tmp_path / "out") as folder:
        (folder / "conversion.json").write_text("first")
    with pytest.raises(UserError, match="exists"), late:
        pass
    assert (tmp_path / "out/conversion.json").read_text() == "first"


def test_what_a_killed_conversion_left_is_gone(tmp_path: Path) -> None:
    left = tmp_path / ".out.converting/llamafactory"
    left.mkdir(parents=True)
    (left / "train-00000.parquet").write_text("half")
    with Staged(tmp_path / "out"):
        pass
    assert list((tmp_path / "out").iterdir()) == []
