"""Rows as LLaMA-Factory finds them: by dataset_info.json, in the files' order, through the loader that it uses.

    for source in sources(folder, ["funreason"], cache=None):
        for row in source.rows():
            row.where, row.raw, row.loaded

Parquet shards are read directly, their columns have types. JSON goes through `datasets` as in training, which
gives all rows one type (an object gets the keys of all rows, as null); the file is read beside it, since that is what
the data says. Memory is bounded by the longest row.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.sft.proof.json_rows import json_rows

__all__ = ["Row", "Source", "dataset_folder", "sources"]

INFO = "dataset_info.json"
BATCH = 64


class Row(NamedTuple):
    """`raw` is the row as its file has it, `loaded` as LLaMA-Factory gets it."""

    where: str
    raw: dict[str, Any]
    loaded: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A data set: LLaMA-Factory's attributes of it, and its files in the order in which they are read."""

    name: str
    attributes: Any
    files: tuple[Path, ...]
    cache: str | None

    @property
    def kind(self) -> str:
        return self.files[0].suffix.removeprefix(".").replace("jsonl", "json")

    def count(self) -> int | None:
        """Rows, where that is known without reading them."""
        if self.kind != "parquet":
            return None
        return sum(int(_parquet(path).metadata.num_rows) for path in self.files)

    def rows(self) -> Iterator[Row]:
        """Every row.

        Raises:
            UserError: A file cannot be read; the line is named where there is one.
        """
        if self.kind == "parquet" and self.attributes.split == "train":
            for path in self.files:
                yield from _parquet_rows(path)
            return
        self._name_bad_line()  # before a loader whose time grows with the square of a row's depth
        table = self._load()
        if self.kind != "json" or self.attributes.split != "train":
            for number, row in enumerate(self._loaded(table), start=1):
                yield Row(place(self.name, number, row), row, row)
            return
        read = itertools.chain.from_iterable(map(json_rows, self.files))
        for (path, number, raw), row in zip(read, self._loaded(table), strict=False):
            yield Row(place(path.name, number, raw), raw, row)

    def _loaded(self, table: Any) -> Iterator[dict[str, Any]]:
        for start in range(0, len(table), BATCH):
            try:
                batch = table[start : start + BATCH]
            except UnicodeDecodeError:
                raise UserError(
                    f"{self.files[0]}: not UTF-8 in one of the rows from {start + 1} on"
                ) from None
            for values in zip(*batch.values(), strict=True):
                yield dict(zip(batch, values, strict=True))

    def _name_bad_line(self) -> None:
        """Raise a `UserError` with the line, where the file is JSON and one of its lines cannot be read."""
        for path in self.files if self.kind == "json" else ():
            for _ in json_rows(path):
                pass

    def _load(self) -> Any:
        from datasets import load_dataset
        from llamafactory.extras.constants import FILEEXT2TYPE

        try:
            return load_dataset(
                FILEEXT2TYPE[self.files[0].suffix[1:]],
                data_files=[str(path) for path in self.files],
                split=self.attributes.split,
                cache_dir=self.cache,
            )
        except Exception as error:
            cause: BaseException = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            reason = " ".join(str(cause).split())[:300]
            raise UserError(
                f"{self.files[0]}: llamafactory cannot load it: {reason or type(cause).__name__}"
            ) from None


def place(file: str, number: int, row: dict[str, Any]) -> str:
    """`train-00000.parquet:17 id 3/0/answer`."""
    identifier = row.get("id")
    shown = f" id {str(identifier)[:60]}" if isinstance(identifier, (str, int)) and identifier != "" else ""
    return f"{file}:{number}{shown}"


def dataset_folder(folder: Path) -> Path:
    """The folder with dataset_info.json: the one given, or the `llamafactory` in a run's."""
    for place in (folder, folder / "llamafactory"):
        try:
            if (place / INFO).is_file():
                return place
        except OSError as error:
            raise UserError(f"{place / INFO}: {error.strerror}") from None
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; expected the output folder of a run")
    raise UserError(f"{folder}: holds no {INFO}; expected the output folder of a run, or a dataset_dir")


def sources(folder: Path, names: Sequence[str], cache: str | None) -> list[Source]:
    """The data sets of these names.

    Raises:
        UserError: dataset_info.json is not valid or has no such name; a file is missing or of no known kind.
    """
    from llamafactory.data.parser import get_dataset_list

    path = folder / INFO
    known = _info(path)
    for name in names:
        if name not in known:
            there = ", ".join(sorted(known)[:20]) or "none"
            raise UserError(
                f"{path}: data set {name!r} is not in it{did_you_mean(name, known)}; there are: {there}; "
                "--dataset NAME chooses one"
            )
        if not isinstance(known[name], dict):
            raise UserError(f"{path}: {name}: expected an object, found {type(known[name]).__name__}")
        if "file_name" not in known[name]:
            raise UserError(f"{path}: {name}: only data sets with a file_name are checked")
        _texts(known[name], f"{path}: {name}")
    found = []
    for name, attributes in zip(names, get_dataset_list(list(names), str(folder)), strict=True):
        if attributes.load_from != "file":
            raise UserError(f"{path}: {name}: only data sets with a file_name are checked")
        if attributes.formatting not in ("sharegpt", "alpaca", "openai"):
            raise UserError(
                f"{path}: {name}: formatting {attributes.formatting!r} is not known to llamafactory"
            )
        if attributes.ranking or attributes.kto_tag:
            raise UserError(f"{path}: {name}: holds preferences; only supervised fine-tuning is checked")
        found.append(Source(name, attributes, _files(folder / attributes.dataset_name), cache))
    return found


def _info(path: Path) -> dict[str, Any]:
    import json

    try:
        known = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(known, dict):
        raise UserError(f"{path}: expected an object with a data set each, found {type(known).__name__}")
    return known


def _texts(entry: dict[str, Any], where: str) -> None:
    """Raise a `UserError` unless the names of files, columns and roles are texts."""
    named: dict[str, Any] = {key: entry[key] for key in ("file_name", "formatting", "split") if key in entry}
    for key in ("columns", "tags"):
        if not isinstance(names := entry.get(key, {}), dict):
            raise UserError(f"{where}: {key}: expected an object, found {type(names).__name__}")
        named |= {f"{key}.{name}": text for name, text in names.items() if text is not None}
    for key, text in named.items():
        if not isinstance(text, str):
            raise UserError(f"{where}: {key}: expected a text, found {type(text).__name__}")


def _files(path: Path) -> tuple[Path, ...]:
    """A file, or the files of a folder in the order of the file system, as LLaMA-Factory lists them."""
    from llamafactory.extras.constants import FILEEXT2TYPE

    if path.is_dir():
        try:
            files = tuple(path / name for name in os.listdir(path))
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
        if not files:
            raise UserError(f"{path}: an empty folder; expected shards with rows")
    elif path.is_file():
        files = (path,)
    else:
        raise UserError(f"{path}: no such file or folder; dataset_info.json names it")
    kinds = {FILEEXT2TYPE.get(file.suffix[1:]) for file in files}
    for file in files:
        if file.suffix[1:] not in FILEEXT2TYPE or not file.is_file():
            raise UserError(
                f"{file}: llamafactory reads every file of the folder; expected {', '.join(FILEEXT2TYPE)}"
            )
    if len(kinds) > 1:
        raise UserError(f"{path}: files of several kinds; llamafactory reads one kind a folder")
    return files


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: not a Parquet file: {str(error).splitlines()[0]}") from None


def _parquet_rows(path: Path) -> Iterator[Row]:
    number = 0
    try:
        for batch in _parquet(path).iter_batches(batch_size=BATCH, use_threads=False):
            for row in batch.to_pylist():
                number += 1
                yield Row(place(path.name, number, row), row, row)
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 in one of the rows from {number + 1} on") from None
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: cannot be read after row {number}: {str(error).splitlines()[0]}") from None
