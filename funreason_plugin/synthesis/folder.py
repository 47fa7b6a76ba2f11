"""A run's folder: what is on disk, in slot order, and how a run goes on after an interruption.

``trajectories.jsonl`` has one line per kept slot; ``rejected.jsonl`` has the rejections of a slot before it
is kept, so whatever interrupts a run, the lines of finished slots are whole. Opening the folder again
drops what belongs to an unfinished slot and continues at the next one. Finished slots that wait for an older
one are in ``pending.jsonl`` (`Spool`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import yaml

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.appending import disk_trouble, write_all
from funreason_plugin.synthesis.settings import refuse_another_run
from funreason_plugin.synthesis.spool import PENDING, Spool
from funreason_plugin.trajectory import Trajectory, loads

TRAJECTORIES = "trajectories.jsonl"
REJECTED = "rejected.jsonl"
RUN = "run.yaml"
SUMMARY = "summary.json"
GRAPH = "graph.json"


@dataclass(slots=True)
class Tally:
    """Slots kept, attempts made, and the rejections counted by phase and code."""

    kept: int = 0
    attempts: int = 0
    rejections: dict[str, dict[str, int]] = field(default_factory=dict)
    lost_turns: int = 0
    """Turns that passed everything, in attempts that were given up at a later turn."""

    def reject(self, rejection: Mapping[str, Any]) -> None:
        """Count one line of rejected.jsonl; a rejected trajectory is also an attempt."""
        codes = self.rejections.setdefault(str(rejection["phase"]), {})
        codes[str(rejection["code"])] = codes.get(str(rejection["code"]), 0) + 1
        if rejection["whole"]:
            self.attempts += 1
            self.lost_turns += max(int(rejection["turn"]), 0)

    def keep(self) -> None:
        self.kept += 1
        self.attempts += 1

    @property
    def accept_rate(self) -> float:
        return self.kept / self.attempts if self.attempts else 1.0


class Folder:
    """The output folder of one run, locked while open."""

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self.tally = Tally()
        self.notes: list[str] = []
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = open(path / ".lock", "w")  # noqa: SIM115 - held until close
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}; choose another --out") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{path}: another run is writing here; wait for it or choose another --out"
            ) from None
        self.spool = Spool(path / PENDING, self._failed)
        try:
            self.resumed = self._settle(settings)
        except BaseException:
            self._lock.close()  # not when the error's frames are collected
            raise
        for name in (TRAJECTORIES, REJECTED):
            (path / name).touch()

    # -- opening --------------------------------------------------------------------------------------

    def _settle(self, settings: Mapping[str, Any]) -> bool:
        run = self.path / RUN
        if not run.exists():
            if (self.path / TRAJECTORIES).exists():
                raise UserError(
                    f"{self.path}: has {TRAJECTORIES} but no {RUN}, so it cannot be resumed; choose another --out"
                )
            self.write(
                RUN,
                yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True).encode(),
            )
            return False
        refuse_another_run(run, settings)
        self.write(
            RUN,
            yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True).encode(),
        )
        return True

    def recover(self, limit: int) -> Iterator[Trajectory]:
        """What is kept already, in slot order; what belongs to an unfinished slot is cut off at the end.

        Raises:
            UserError: A line in the middle is damaged, or more is kept than the run asks for.
        """
        path = self.path / TRAJECTORIES
        kept = end = 0
        if path.exists():
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if not line.endswith(b"\n"):
                        self.notes.append(
                            f"{path}:{number}: the last line was cut short; its slot is made again"
                        )
                        break
                    trajectory = loads(line, f"{path}:{number}")
                    if trajectory.index != number - 1:
                        raise UserError(
                            f"{path}:{number}: index is {trajectory.index}, expected {number - 1}; a line is missing "
                            f"or moved: cut the file before this line and run again"
                        )
                    kept += 1
                    end += len(line)
                    self.tally.keep()
                    yield trajectory
            if kept > limit:
                raise UserError(
                    f"{self.path}: has {kept} trajectories, this run asks for {limit}; raise --num"
                )
            os.truncate(path, end)
        self._recover_rejected(kept)
        self.notes += self.spool.recover(kept)

    def _recover_rejected(self, kept: int) -> None:
        path = self.path / REJECTED
        if not path.exists():
            return
        end = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    rejection = orjson.loads(line)
                    index = rejection["index"]
                    if index >= kept:
                        break
                    self.tally.reject(rejection)
                except (orjson.JSONDecodeError, KeyError, TypeError):
                    raise UserError(
                        f"{path}:{number}: not a rejection; delete the line (it only counts in the funnel) and run again"
                    ) from None
                end += len(line)
        os.truncate(path, end)

    # -- writing --------------------------------------------------------------------------------------

    def append(self, rejections: list[bytes], trajectory: bytes | None) -> None:
        """Write a slot's rejections and its trajectory; on a full disk nothing half-written stays."""
        for name, lines in (
            (REJECTED, rejections),
            (TRAJECTORIES, [trajectory] if trajectory else []),
        ):
            if not lines:
                continue
            path = self.path / name
            data = b"".join(lines)
            with path.open("ab", buffering=0) as file:
                start = file.tell()
                try:
                    write_all(file, data)
                except OSError as error:
                    os.truncate(path, start)
                    raise self._failed(path, error) from None

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file, or leave the old one."""
        path = self.path / name
        temporary = path.with_name(path.name + ".tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise self._failed(path, error) from None

    def _failed(self, path: Path, error: OSError) -> UserError:
        return UserError(
            f"{path}: {disk_trouble(error)}; {self.tally.kept} kept trajectories are safe in {self.path}: "
            "make room and run the same command again"
        )

    def close(self) -> None:
        self.spool.close()
        self._lock.close()
