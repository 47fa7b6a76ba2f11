"""quality.json, measured again: the counts of duplicates, overlaps and labels are those of the trajectories."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from funreason_plugin import __version__
from funreason_plugin.checks.replay import compare
from funreason_plugin.checks.report import Report

QUALITY = "quality.json"
MOST = 20

MeasureQuality = Callable[[Path, int], dict[str, Any]]
"""A folder's quality, by so many processes; `quality.measuring.measure` does it."""


def check_quality(folder: Path, report: Report, measure: MeasureQuality, workers: int = 1) -> None:
    """Compare the file, where there is one, with what is measured now."""
    try:
        stored = orjson.loads((folder / QUALITY).read_bytes())
    except FileNotFoundError:
        return  # rows were not written yet, or an earlier release wrote them
    except (OSError, orjson.JSONDecodeError) as error:
        report.add(QUALITY, f"cannot be read ({error})", "unreadable")
        return
    if not isinstance(stored, dict) or stored.get("version") != __version__:
        report.notes.append(f"{QUALITY} is of another release: it was not compared")
        return
    found = measure(folder, workers)
    contamination = stored.get("contamination")
    if (
        isinstance(contamination, dict)
        and contamination.get("references") != found["contamination"]["references"]
    ):
        report.notes.append(
            f"{QUALITY} names other files to compare with: its contamination was not counted again"
        )
        found["contamination"] = contamination
    for difference in islice(compare(stored, found, "", "the trajectories"), MOST):
        report.add(f"{QUALITY}: {difference.where}", str(difference).split(": ", 1)[1], "quality")
