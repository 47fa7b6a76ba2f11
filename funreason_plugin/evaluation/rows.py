"""The rows that are played: the parquet's, with what tells one from another; and files that grow by lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from funreason_plugin.errors import UserError
from funreason_plugin.tasks import Task

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["cut_off", "fingerprints", "read_table", "writing"]


def read_table(path: Path) -> pa.Table:
    """The parquet of rows, of which there are some. Raises UserError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.is_dir():  # pyarrow would read all files in it as one
        raise UserError(f"{path}: a folder; expected a parquet file, such as DIR/verl/val.parquet")
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; expected a folder that synthesize or convert --to verl wrote"
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: {error}") from None
    if not table.num_rows:
        raise UserError(f"{path}: no rows")
    return table


def fingerprints(table: pa.Table, where: str) -> list[tuple[str, str]]:
    """Of every row: the id, which another run's rows may have too, and a hash of what is played and judged.

    Raises:
        UserError: the rows are not ours.
    """
    Task.of_row(table.slice(0, 1).to_pylist()[0], f"{where}: row 0")
    found = []
    for batch in table.select(["extra_info", "reward_model"]).to_batches(max_chunksize=256):
        for row in batch.to_pylist():
            extra, truth = row["extra_info"] or {}, row["reward_model"] or {}
            texts = [extra.get(key) for key in ("prompt_form", "scenario", "system", "tools", "queries")]
            played = json.dumps([*texts, extra.get("turn"), extra.get("step"), truth.get("ground_truth")])
            found.append((str(extra.get("id")), hashlib.sha256(played.encode()).hexdigest()[:12]))
    return found


def cut_off(path: Path) -> None:
    """Take out a last line that a killed run did not finish, so that the next one begins a line."""
    if path.is_file():
        data = path.read_bytes()
        end = data.rfind(b"\n") + 1
        if end < len(data):
            with writing(path), open(path, "r+b") as file:
                file.truncate(end)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make a full disk, or a folder that cannot be written, a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror or error}; what was measured is kept, the same command goes on"
        ) from None
