"""python benchmarks/synthesis.py --num 17000 --workers 2

A whole run of the embedded teacher on travel + files, 3 to 5 turns, default checks, all files written: time,
trajectories a second, peak memory of each process (resident set, sampled ten times a second), bytes on disk.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import psutil
from rich.console import Console
from rich.table import Table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--out", type=Path, default=None, help="keep the folder here")
    options = parser.parse_args()
    environments = options.env or ["travel", "files"]
    with tempfile.TemporaryDirectory() as scratch:
        out = options.out or Path(scratch) / "out"
        command = [
            sys.executable,
            "-m",
            "funreason_plugin.synthesize",
            "--teacher",
            "scripted",
            "--turns",
            "3-5",
        ]
        command += [flag for name in environments for flag in ("--env", name)]
        command += [
            "--num",
            str(options.num),
            "--workers",
            str(options.workers),
            "--seed",
            "0",
            "--out",
            str(out),
        ]
        seconds, peaks = watch(command)
        summary = orjson.loads((out / "summary.json").read_bytes())
    table = Table(
        title=f"{options.num:,} trajectories, {' + '.join(environments)}, {options.workers} workers"
    )
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_row("wall time", f"{seconds:.1f} s")
    table.add_row("trajectories a second", f"{summary['kept'] / seconds:.1f}")
    table.add_row("17,000 at this rate", f"{17_000 / summary['kept'] * seconds / 60:.2f} min")
    table.add_row("accept rate", f"{summary['accept_rate']:.1%}")
    for name, peak in sorted(peaks.items(), key=lambda item: -item[1])[: options.workers + 1]:
        table.add_row(f"peak memory, {name}", f"{peak / 1e6:.0f} MB")
    for name, size in summary["bytes"].items():
        table.add_row(f"on disk, {name}", f"{size / 1e6:.1f} MB")
    Console().print(table)
    print("repeat with:", "python", *sys.argv)


def watch(command: list[str]) -> tuple[float, dict[str, int]]:
    """Run a command; wall seconds, and the peak resident set of it and of its children in bytes."""
    started = time.monotonic()
    peaks: dict[str, int] = {}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        for number, one in enumerate([parent, *parent.children(recursive=True)]):
            try:
                size = one.memory_info().rss
            except psutil.Error:
                continue
            name = "parent" if number == 0 else f"process {one.pid}"
            peaks[name] = max(peaks.get(name, 0), size)
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"the run failed with exit status {process.returncode}")
    return time.monotonic() - started, peaks


if __name__ == "__main__":
    main()
