"""Which files an input is: a file, or a folder as a download from a hub has it.

    found = find(Path("downloads/FunReason-MT"))
    found.files      # in the order of their paths
    found.others     # files beside them that are not read, to be named

Parquet files and JSON files in one folder are most often copies of each other, so such a folder is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from funreason_plugin.errors import UserError

__all__ = ["Found", "find"]

_JSON = (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".ndjson")
_PARQUET = (".parquet",)
_NOT_DATA = {
    *("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"),
    *("conversion.json", "refused.jsonl"),
}


@dataclass(slots=True)
class Found:
    """The files of one input."""

    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def find(path: Path, wanted: str = "") -> Found:
    """The data files of an input; ``wanted`` is the one to read where a folder has it.

    Raises UserError for a path without data, or with data in two formats.
    """
    if path.is_file():
        if not path.name.endswith(_JSON + _PARQUET):
            raise UserError(f"{path}: not a data file; expected one of {', '.join(_JSON + _PARQUET)}")
        return Found([path])
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder")
    if wanted and (path / wanted).is_file():
        return Found([path / wanted])
    found = Found()
    for file in sorted(_snapshot(path).rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(path).parts) or not file.is_file():
            continue
        data = file.name.endswith(_JSON + _PARQUET) and file.name not in _NOT_DATA
        (found.files if data else found.others).append(file)
    if not found.files:
        raise UserError(f"{path}: no data in this folder; expected {', '.join(_JSON + _PARQUET)}")
    parquet = [file for file in found.files if file.name.endswith(_PARQUET)]
    if parquet and len(parquet) < len(found.files):
        other = next(file for file in found.files if not file.name.endswith(_PARQUET))
        raise UserError(
            f"{path}: both {parquet[0].relative_to(path)} and {other.relative_to(path)}, which may be the same "
            "data twice; name the files to convert"
        )
    return found


def _snapshot(folder: Path) -> Path:
    """The one revision in a folder of the hub's cache; any other folder is itself."""
    if not (folder / "snapshots").is_dir():
        return folder
    revisions = sorted((folder / "snapshots").iterdir())
    if len(revisions) != 1:
        raise UserError(f"{folder}: {len(revisions)} revisions in snapshots/; name one of them")
    return revisions[0]
