"""Folders made from a run's, and what a report holds, read back without a browser."""

from __future__ import annotations

import base64
import gzip
import re
import shutil
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import orjson

EVIL = '</script><img src=x onerror="window.hacked = 1"><!--<script>window.hacked = 2</script>'


def records(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (folder / "trajectories.jsonl").read_bytes().splitlines()]


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    (folder / "trajectories.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return folder


def copied(source: Path, target: Path) -> Path:
    """A run's folder without its trajectories."""
    for name in ("run.yaml", "summary.json", "graph.json", "rejected.jsonl"):
        shutil.copy(source / name, target)
    return target


def multiplied(source: Path, target: Path, num: int) -> Path:
    rows = [
        row | {"index": number, "id": f"3-{number}"}
        for number, row in enumerate(islice(cycle(records(source)), num))
    ]
    return write(copied(source, target), rows)


def hostile(source: Path, target: Path) -> Path:
    row = records(source)[0] | {"labels": [EVIL], "system": EVIL}
    for turn in row["turns"]:
        turn |= {
            "query": f"{EVIL} {turn['query']}",
            "answer": EVIL,
            "thought": EVIL,
            "variant": EVIL,
            "hint": EVIL,
        }
        for step in turn["steps"]:
            step["thought"] = EVIL
            for call in step["calls"]:
                call |= {
                    "output": {EVIL: EVIL, "__proto__": {"a": 1}, "list": [EVIL]},
                    "name": EVIL,
                    "provenance": {},
                }
    return write(copied(source, target), [row])


def parts(report: Path) -> dict[str, Any]:
    """The data of a report, by the names of its parts."""
    text = report.read_text("utf-8")
    found = re.findall(r'<script type="application/(\w+)" id="data-([\w-]+)">(.*?)</script>', text, re.DOTALL)
    return {
        name: orjson.loads(content if kind == "json" else gzip.decompress(base64.b64decode(content)))
        for kind, name, content in found
    }
