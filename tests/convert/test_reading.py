"""Files as they come: arrays, lines, parquet, compressed, broken anywhere; and folders of them."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funreason_plugin.converting import reading
from funreason_plugin.converting.files import find
from funreason_plugin.converting.reading import rows
from funreason_plugin.errors import UserError

GOOD: list[dict[str, Any]] = [{"a": 1}, {"b": "ö€😀"}, {"c": [2.5, None]}]


def read(path: Path, data: bytes) -> tuple[list[Any], list[str]]:
    """The values, and "number: reason" of the refusals."""
    path.write_bytes(data)
    values, refused = [], []
    for row in rows(path, "f"):
        if row.refused is None:
            values.append(row.value)
        else:
            assert row.place == f"f:{row.number}"
            refused.append(f"{row.number}: {row.refused.reason}")
    return values, refused


def lines(values: list[Any]) -> bytes:
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.jsonl", lines(GOOD)),
        ("x.jsonl", b"\xef\xbb\xbf" + lines(GOOD).replace(b"\n", b"\r\n\r\n")),
        ("x.jsonl", lines(GOOD).rstrip()),
        ("x.jsonl.gz", gzip.compress(lines(GOOD), mtime=0)),
        ("x.json", lines(GOOD)),
        ("x.json", json.dumps(GOOD).encode()),
        ("x.json", b"\xef\xbb\xbf" + json.dumps(GOOD, indent=2, ensure_ascii=False).encode()),
        ("x.json", b"\n".join(json.dumps(value, indent=1).encode() for value in GOOD)),
        ("x.json.gz", gzip.compress(json.dumps(GOOD).encode(), mtime=0)),
    ],
)
def test_every_layout_of_json_gives_the_same_records(tmp_path: Path, name: str, data: bytes) -> None:
    assert read(tmp_path / name, data) == (GOOD, [])


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_a_file_of_nothing_has_no_records(tmp_path: Path, name: str) -> None:
    assert read(tmp_path / name, b" \n") == ([], [])


def test_a_value_may_begin_and_end_at_any_byte_of_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = json.dumps([*GOOD, 12345, "x", True], ensure_ascii=False).encode()
    for size in range(1, 30):
        monkeypatch.setattr(reading, "_CHUNK", size)
        assert read(tmp_path / "x.json", data) == ([*GOOD, 12345, "x", True], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": NaN}', "not a JSON number"),
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "a number is too large"),
        (b'{"a": 1, "a": 2}', "a key occurs twice"),
        (b"[" * 200_000, "nested deeper than 64 levels"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper than 64 levels"),
        (b'{"a": "\\ud83d"}', "a text is not valid Unicode (half a surrogate pair, or bytes that are not UTF-8)"),
        (b'"' + b"x" * (9 << 20) + b'"', "a record is larger than 8 MiB"),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_and_the_next_is_read(tmp_path: Path, line: bytes, reason: str) -> None:
    values, refused = read(tmp_path / "x.jsonl", b'{"a": 1}\n' + line + b'\n{"b": 2}\n')
    assert values == [{"a": 1}, {"b": 2}]
    assert refused == [f"2: {reason}"]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (
            b'{"a": "\xff"}',
            "a text is not valid Unicode (half a surrogate pair, or bytes that are not UTF-8)",
        ),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper than 64 levels"),
    ],
)
def test_a_bad_item_of_an_array_is_refused_and_the_next_is_read(
    tmp_path: Path, item: bytes, reason: str
) -> None:
    values, refused = read(tmp_path / "x.json", b'[{"a": 1}, ' + item + b', {"b": 2}]')
    assert values == [{"a": 1}, {"b": 2}]
    assert refused == [f"2: {reason}"]


@pytest.mark.parametrize(
    ("rest", "number", "reason"),
    [
        (b', {"a": ', 2, "not JSON, or cut off"),
        (b', {"a": NaN}, {}]', 2, "not a JSON number"),
        (b', {"a": 1, "a": 1}, {}]', 2, "a key occurs twice"),
        (b", " + b"[" * 200_000, 2, "nested deeper than 64 levels"),
        (b' {"a": 1}]', 2, "the JSON array is cut off or broken"),
        (b"", 2, "the JSON array is cut off or broken"),
        (b",", 2, "the JSON array is cut off or broken"),
        (b', "' + b"x" * (9 << 20), 2, "a record is larger than 8 MiB"),
    ],
)
def test_what_stands_before_a_break_is_kept(tmp_path: Path, rest: bytes, number: int, reason: str) -> None:
    values, refused = read(tmp_path / "x.json", b'[{"a": 1}' + rest)
    assert values == [{"a": 1}]
    assert refused == [f"{number}: {reason}; the rest is not read"]


def test_a_compressed_file_that_is_cut_off_keeps_its_first_records(tmp_path: Path) -> None:
    data = gzip.compress(lines([{"a": os.urandom(500).hex()} for _ in range(1000)]))
    values, refused = read(tmp_path / "x.jsonl.gz", data[: len(data) // 2])
    assert len(values) > 300
    assert refused == [f"{len(values) + 1}: the compressed file is cut off; the rest is not read"]


def test_parquet_is_read_row_by_row_and_marked(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(200))}), tmp_path / "x.parquet")
    found = list(rows(tmp_path / "x.parquet", "f"))
    assert [row.value for row in found] == [{"a": number} for number in range(200)]
    assert all(row.padded for row in found) and found[-1].place == "f:200"


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_a_file_that_is_not_parquet_is_one_refusal(tmp_path: Path, data: bytes) -> None:
    values, refused = read(tmp_path / "x.parquet", data)
    assert not values and refused == ["1: not readable as parquet; the rest is not read"]


def test_values_that_json_does_not_have_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [b"\xff", b"x"], "b": [float("nan"), 1.0]}), tmp_path / "x.parquet")
    found = [row.refused for row in rows(tmp_path / "x.parquet")]
    assert [refused.reason for refused in found if refused] == ["not a JSON value", "not a JSON value"]


def test_a_folder_is_its_data_files_in_order(tmp_path: Path) -> None:
    for name in (
        "data/train-1.jsonl",
        "data/train-0.jsonl",
        "README.md",
        ".cache/x.jsonl",
        "dataset_info.json",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = find(tmp_path)
    assert [file.name for file in found.files] == ["train-0.jsonl", "train-1.jsonl"]
    assert [file.name for file in found.others] == ["README.md", "dataset_info.json"]


def test_a_folder_of_the_hub_s_cache_is_its_one_revision(tmp_path: Path) -> None:
    (tmp_path / "snapshots/abc").mkdir(parents=True)
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs/123").write_text("{}")
    (tmp_path / "snapshots/abc/x.json").symlink_to(tmp_path / "blobs/123")
    assert [file.name for file in find(tmp_path).files] == ["x.json"]
    (tmp_path / "snapshots/def").mkdir()
    with pytest.raises(UserError, match="2 revisions"):
        find(tmp_path)


def test_a_folder_with_the_data_twice_is_refused(tmp_path: Path) -> None:
    for name in ("x.json", "x.parquet"):
        (tmp_path / name).write_text("")
    with pytest.raises(UserError, match=r"both x\.parquet and x\.json.*name the files"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"), [("none", "no such file"), ("x.csv", "not a data file"), ("", "no data")]
)
def test_an_input_without_data_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "x.csv").write_text("")
    with pytest.raises(UserError, match=message):
        find(tmp_path / name)
