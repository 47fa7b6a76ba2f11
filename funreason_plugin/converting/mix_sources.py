"""A data set of LLaMA-Factory as a source of a mixture: where its rows are, how many, and in which form.

    source = open_source("out/llamafactory", Fraction(7, 10))
    for row in source.rows():
        form_of(row)            # "generic", "funreason", "card", "hermes" or None: fits any

Rows of one training run must mean the same: the columns and tags of LLaMA-Factory, and the prompt form. A
generic row is rendered by the template (calls as JSON, tools in their column); a written-out row holds its
form in its texts. One template cannot be right for both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from funreason_plugin.converting.reading import Row, rows
from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.formats.llamafactory import dataset_info
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.rendering import system_text

__all__ = ["MixSource", "checked", "form_of", "has_thought", "open_source"]

INFO = "dataset_info.json"
_FILES = (".parquet", ".jsonl", ".json")
_ENTRY: dict[str, Any] = next(iter(dataset_info(FormatOptions(), ["train"]).values()))
_DEFAULTS: dict[str, Any] = {  # LLaMA-Factory's own, where an entry leaves a key out
    "formatting": "alpaca",
    "columns": {"messages": "conversations", "system": None, "tools": None},
    "tags": {key: value for key, value in _ENTRY["tags"].items() if key != "system_tag"}
    | {"system_tag": None},
}


@dataclass(frozen=True, slots=True)
class MixSource:
    """One data set with its weight. ``count`` is its number of rows; ``licence`` is "" where none is known."""

    name: str
    weight: Fraction
    folder: Path
    files: tuple[Path, ...]
    count: int
    licence: str

    def rows(self) -> Iterator[Row]:
        """All rows, in the order of the files. Raises UserError for one that cannot be read."""
        for file in self.files:
            for row in rows(file):
                if row.refused is not None:
                    raise UserError(f"{row.place}: {row.refused}")
                yield row


def open_source(path: str, weight: Fraction) -> MixSource:
    """A folder with a dataset_info.json (or such a folder's parent), or a data set's name below one."""
    folder, wanted = _folder(Path(path))
    info = _info(folder / INFO)
    training = [name for name in info if not name.endswith("_val")]
    if wanted and wanted not in info:
        raise UserError(
            f"{folder / INFO}: no data set {wanted!r}{did_you_mean(wanted, info)}; it has {', '.join(info)}"
        )
    if not wanted:
        if len(training) != 1:
            listed = ", ".join(training) or "none"
            raise UserError(
                f"{folder / INFO}: {len(training)} data sets to train on ({listed}); name one: {path}/NAME"
            )
        wanted = training[0]
    entry = info[wanted]
    _check_entry(entry, f"{folder / INFO}: {wanted}")
    files = _data_files(folder, entry, f"{folder / INFO}: {wanted}")
    count = sum(map(_count, files))
    if not count:
        raise UserError(f"{folder / INFO}: {wanted} has no rows")
    return MixSource(wanted, weight, folder, files, count, _licence(folder))


def _folder(path: Path) -> tuple[Path, str]:
    """The folder of the dataset_info.json, and the data set's name where the path ends with one."""
    for folder, name in ((path, ""), (path / "llamafactory", ""), (path.parent, path.name)):
        if (folder / INFO).is_file():
            return folder, name
    if (path.parent / "llamafactory" / INFO).is_file():
        return path.parent / "llamafactory", path.name
    raise UserError(f"{path}: no {INFO} here or in its folder llamafactory/; expected data for LLaMA-Factory")


def _info(file: Path) -> dict[str, dict[str, Any]]:
    try:
        info = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{file}: not readable as JSON: {error}") from None
    if not isinstance(info, dict) or not all(isinstance(entry, dict) for entry in info.values()):
        raise UserError(f"{file}: expected an object with one entry per data set")
    return info


def _check_entry(entry: dict[str, Any], where: str) -> None:
    """Columns and tags must be those of our rows: anything else would be read in another way."""
    for key in entry:
        if key not in ("file_name", *_DEFAULTS):
            raise UserError(f"{where}: {key!r} is a key that a mixture has no place for")
    for key, default in _DEFAULTS.items():
        given = entry.get(key, default)
        if isinstance(default, dict):
            given = {**default, **(given if isinstance(given, dict) else {"": given})}
        if given != _ENTRY[key]:
            expected = json.dumps(_ENTRY[key])
            raise UserError(
                f"{where}: {key} is not as in our rows; a mixture has one meaning for all: {expected}"
            )


def _data_files(folder: Path, entry: dict[str, Any], where: str) -> tuple[Path, ...]:
    name = entry.get("file_name")
    if not isinstance(name, str):
        raise UserError(f"{where}: no file_name; only data on this disk can be mixed")
    path = folder / name
    if path.is_dir():
        files = tuple(sorted(file for file in path.iterdir() if file.name.endswith(_FILES)))
    else:
        files = (path,) if path.is_file() and path.name.endswith(_FILES) else ()
    if not files:
        raise UserError(f"{path}: no data; expected one of {', '.join(_FILES)}")
    return files


def _count(file: Path) -> int:
    if file.name.endswith(".parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return int(pq.read_metadata(file).num_rows)
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{file}: not readable as parquet: {error}") from None
    return sum(1 for row in rows(file))


def _licence(folder: Path) -> str:
    """What the conversion or the mixture that wrote the data says of its licence."""
    for file in (folder.parent / "conversion.json", folder / "conversion.json"):
        if file.is_file():
            try:
                said = json.loads(file.read_bytes()).get("licence", "")
            except (ValueError, AttributeError):
                continue
            if isinstance(said, str):
                return said
    return ""


# ----------------------------------------------------------------------------------------------- what a row is

_ROLES = frozenset({"human", "gpt", "function_call", "observation"})
_TOOL = [{"type": "function", "function": {"name": "x", "description": "", "parameters": {}}}]
_WRITTEN = {
    "funreason": system_text("", _TOOL, "funreason").rpartition("</tools>")[2].strip(),
    "hermes": system_text("", _TOOL, "hermes").rpartition("</tools>")[2].strip(),
    "card": system_text("", _TOOL, "card").partition("\n")[0],
}
"""What tells a written-out form: its own words about how to write calls."""


def checked(value: Any, where: str) -> dict[str, Any]:
    """A row of ours: the texts of id, system, tools and labels, and messages of known roles."""
    if not isinstance(value, dict):
        raise UserError(f"{where}: expected a row, found {type(value).__name__}")
    row: dict[str, Any] = {key: value.get(key) or "" for key in ("id", "system", "tools", "labels")}
    for key, text in row.items():
        if not isinstance(text, str):
            raise UserError(f"{where}: {key}: expected a text, found {type(text).__name__}")
    messages = value.get("conversations")
    if not isinstance(messages, list) or not messages:
        raise UserError(f"{where}: conversations: expected messages")
    for number, message in enumerate(messages):
        place = f"{where}: conversations[{number}]"
        if not isinstance(message, dict) or not isinstance(message.get("value"), str):
            raise UserError(f"{place}: expected a message with a text")
        if message.get("from") not in _ROLES:
            raise UserError(f"{place}: role {message.get('from')!r}; expected {', '.join(sorted(_ROLES))}")
    row["conversations"] = messages
    return row


def form_of(row: dict[str, Any]) -> str | None:
    """ "generic", a written-out form, or None for a row that is the same in every form."""
    if row["tools"] or any(message["from"] == "function_call" for message in row["conversations"]):
        return "generic"
    return next((form for form, words in _WRITTEN.items() if words in row["system"]), None)


def has_thought(row: dict[str, Any]) -> bool:
    """Whether the response, the last message, begins with its reasoning."""
    text: str = row["conversations"][-1]["value"]
    return text.startswith("<think>")
