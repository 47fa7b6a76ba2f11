"""The file of slots that wait: it holds what was put, does not grow for ever, and is gone when nothing waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis import spool as module
from funreason_plugin.synthesis.slot_result import SlotResult, lines_of, rejected_whole
from funreason_plugin.synthesis.spool import PENDING, Spool


def failed(path: Path, error: OSError) -> UserError:
    return UserError(f"{path}: {error.strerror}")


def results(slot: int, size: int = 10) -> list[SlotResult]:
    """A slot that was kept at its second attempt."""
    lines = lines_of([rejected_whole(slot, 0, "over_time", "é" * size)])
    first = SlotResult(slot, lines, None, 0, usage={"reasoning": [3, 200, 20]})
    kept = SlotResult(slot, [], b'{"index":%d}\n' % slot, 1, b"\x00\xff", 2, 5, ["a", "b"])
    return [first, kept]


def test_what_is_taken_is_what_was_put(tmp_path: Path) -> None:
    path = tmp_path / PENDING
    spool = Spool(path, failed)
    for slot in (7, 3, 5):
        spool.put(results(slot))
    assert [spool.take(slot) for slot in (3, 5, 7)] == [results(slot) for slot in (3, 5, 7)]
    spool.close()
    spool = Spool(path, failed)
    assert spool.recover(kept=4) == []
    assert (3 in spool, 5 in spool, 7 in spool, len(spool)) == (False, True, True, 2)
    assert spool.take(7) == results(7)
    spool.drop(7)
    spool.drop(5)
    assert not path.exists()
    spool.put(results(9))
    assert spool.take(9) == results(9)


def test_the_file_does_not_keep_what_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slot 1000 waits for long, while a thousand others come and go."""
    monkeypatch.setattr(module, "_WASTE", 20_000)
    spool = Spool(tmp_path / PENDING, failed)
    spool.put(results(1000))
    largest = 0
    for slot in range(1000):
        spool.put(results(slot, size=500))
        largest = max(largest, (tmp_path / PENDING).stat().st_size)
        spool.drop(slot)
    assert largest < 25_000
    assert spool.take(1000) == results(1000)
    spool.close()
    again = Spool(tmp_path / PENDING, failed)
    again.recover(kept=1000)
    assert again.take(1000) == results(1000)
