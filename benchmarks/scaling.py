"""python benchmarks/scaling.py OUT                  # the figures of a run that is there (a model played its agents)
python benchmarks/scaling.py --run 200             # a run of the scripted teacher behind HTTP, made and measured now

What one kept trajectory takes, measured: requests and tokens by agent, bytes in each file, and for --run processor
seconds too. Then what --num trajectories take, computed from that with rates and prices that are assumed: give your own.
The scripted teacher counts a token as four characters and thinks in short sentences; --thoughts adds tokens to each
reply of the reasoning agent, as a model that thinks aloud would.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil
import yaml
from rich.console import Console
from rich.table import Table

ENVIRONMENTS = ("travel", "files")
ONCE = ("graph.json", "run.yaml", "summary.json", ".lock", "pending.jsonl")  # do not grow with the run


@dataclass
class Measured:
    """Per kept trajectory; ``agents``: requests, input, cached and output tokens. Seconds are the processors'."""

    kept: int
    accept_rate: float
    agents: dict[str, tuple[float, float, float, float]]
    bytes: dict[str, float] = field(default_factory=dict)
    driver_seconds: float = 0.0
    worker_seconds: float = 0.0
    request_seconds: float = 0.0
    driver_memory: float = 0.0
    worker_memory: float = 0.0

    def total(self, column: int) -> float:
        return sum(row[column] for row in self.agents.values())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, nargs="?", help="a run's folder")
    parser.add_argument("--run", type=int, metavar="N", help="make N trajectories now")
    parser.add_argument("--num", type=int, default=1_000_000, help="trajectories that are wanted")
    parser.add_argument(
        "--thoughts", type=int, default=0, help="assumed: more output tokens per reasoning request"
    )
    parser.add_argument(
        "--prefill", type=float, default=20_000, help="assumed: input tokens a second and GPU"
    )
    parser.add_argument("--decode", type=float, default=2_500, help="assumed: output tokens a second and GPU")
    parser.add_argument(
        "--price-input", type=float, default=0.10, help="example: per million fresh input tokens"
    )
    parser.add_argument(
        "--price-cached", type=float, default=0.025, help="example: per million cached input tokens"
    )
    parser.add_argument("--price-output", type=float, default=0.40, help="example: per million output tokens")
    options = parser.parse_args()
    if (options.out is None) == (options.run is None):
        parser.error("name a run's folder, or --run N")
    console = Console(width=max(100, Console().width))
    if options.run is not None:
        with tempfile.TemporaryDirectory() as scratch:
            measured = run(Path(scratch), options.run)
    else:
        measured = read(options.out)
    console.print(measured_table(measured))
    console.print(computed_table(measured, options))
    print("repeat with:", "python", *sys.argv)


# -- what is measured -------------------------------------------------------------------------------------


def read(out: Path) -> Measured:
    """From summary.json, and the files' sizes."""
    try:
        summary: dict[str, Any] = orjson.loads((out / "summary.json").read_bytes())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{out}: no run's folder ({error})") from None
    agents, kept = summary["ledger"].get("agents", {}), summary["kept"]
    if not agents or not kept:
        raise SystemExit(f"{out}: nothing was kept, or no model played an agent; try --run 200")
    columns = ("requests", "input_tokens", "cached_tokens", "output_tokens")
    rows = {
        name: tuple(row[column] / kept for column in columns)
        for name, row in agents.items()
        if name != "check"
    }
    found = Measured(kept, summary["accept_rate"], rows)  # type: ignore[arg-type]
    for path in sorted(out.rglob("*")):
        place = path.relative_to(out).parts[0]
        if path.is_file() and place not in ONCE:
            found.bytes[place] = found.bytes.get(place, 0) + path.stat().st_size / kept
    return found


def run(folder: Path, num: int) -> Measured:
    """The scripted teacher behind HTTP, answering at once."""
    flags = [flag for name in ENVIRONMENTS for flag in ("--env", name)]
    server = subprocess.Popen(
        [sys.executable, "-m", "funreason_plugin.synthesis.teachers.served", "--port", "0", *flags],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        url = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
        config = {"env": list(ENVIRONMENTS), "num": num, "seed": 0, "teacher": "openai", "model": "scripted"}
        config |= {"base_url": url, "cache": str(folder / "cache"), "concurrency": 64}
        (folder / "run.yaml").write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "funreason_plugin.synthesize", "--config", str(folder / "run.yaml")]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(
            [*command, "--out", str(folder / "out")],
            stdout=subprocess.DEVNULL,
            env=os.environ | {"OPENAI_API_KEY": "none"},
        )
        driver, memory, watched = 0.0, [0.0, 0.0], psutil.Process(process.pid)
        while process.poll() is None:
            try:
                times = watched.cpu_times()
                driver = max(driver, times.user + times.system)
                memory[0] = max(memory[0], watched.memory_info().rss)
                memory[1] = max([memory[1], *(one.memory_info().rss for one in watched.children())])
            except psutil.Error:  # it has just ended
                continue
            time.sleep(0.1)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        server.terminate()
        server.wait()
    if process.returncode:
        raise SystemExit(f"the run ended with status {process.returncode}")
    found = read(folder / "out")
    everything = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found.driver_seconds, found.worker_seconds = driver / num, (everything - driver) / num
    found.request_seconds = found.driver_seconds / found.total(0)
    found.driver_memory, found.worker_memory = memory
    (database,) = (folder / "cache").rglob("replies.sqlite")
    with sqlite3.connect(database) as cache:
        cache.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found.bytes["cache"] = database.stat().st_size / num
    return found


# -- what is printed --------------------------------------------------------------------------------------


def measured_table(found: Measured) -> Table:
    table = Table(
        title=f"measured, per kept trajectory ({found.kept:,} kept, accept rate {found.accept_rate:.1%})"
    )
    for column in ("what", "requests", "input tokens", "of them cached", "output tokens"):
        table.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    for name, row in [*found.agents.items(), ("all", tuple(found.total(column) for column in range(4)))]:
        table.add_row(name, f"{row[0]:.1f}", *(f"{value:,.0f}" for value in row[1:]))
    for place, size in found.bytes.items():
        table.add_row(place, f"{size:,.0f} bytes")
    if found.request_seconds:
        table.add_row("processor, driver", f"{found.driver_seconds:.3f} s")
        table.add_row("processor, workers and rows", f"{found.worker_seconds:.3f} s")
        table.add_row("driver, one request", f"{1000 * found.request_seconds:.2f} ms")
        table.add_row("memory, driver", f"{found.driver_memory / 1e6:,.0f} MB")
        table.add_row("memory, worker", f"{found.worker_memory / 1e6:,.0f} MB")
    return table


def computed_table(found: Measured, options: argparse.Namespace) -> Table:
    thoughts = options.thoughts * found.agents.get("reasoning", (0.0,))[0]
    cached = found.total(2) * options.num
    fresh = found.total(1) * options.num - cached
    output = (found.total(3) + thoughts) * options.num
    gpu = (fresh / options.prefill + output / options.decode) / 3600
    cost = (fresh * options.price_input + cached * options.price_cached + output * options.price_output) / 1e6
    rows = {
        "requests": f"{found.total(0) * options.num / 1e6:,.1f} million",
        "fresh input tokens": f"{fresh / 1e9:,.1f} billion",
        "cached input tokens": f"{cached / 1e9:,.1f} billion",
        "output tokens": f"{output / 1e9:,.1f} billion",
        f"GPU hours ({options.prefill:,.0f} in, {options.decode:,.0f} out a second)": f"{gpu:,.0f}",
        "cost at the example prices": f"{cost:,.0f}",
    }
    for place, size in found.bytes.items():
        rows[f"{place}"] = f"{size * options.num / 1e9:,.1f} GB"
    if found.request_seconds:
        rows["processor hours, driver"] = f"{found.driver_seconds * options.num / 3600:,.0f}"
        rows["processor hours, workers and rows"] = f"{found.worker_seconds * options.num / 3600:,.0f}"
    table = Table(title=f"computed, for {options.num:,} trajectories")
    table.add_column("what")
    table.add_column("figure", justify="right")
    for name, value in rows.items():
        table.add_row(name, value)
    return table


if __name__ == "__main__":
    main()
