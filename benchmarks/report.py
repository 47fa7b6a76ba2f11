"""python benchmarks/report.py --num 17000

How fast a report is built, opened and searched, in a headless Chromium. The trajectories of a run (by default 200 of travel,
files, shop and bank, made here) are multiplied, with ids of their own, to the number asked for. Times are what the page's own
performance marks say, from the start of the navigation; medians of several openings.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import orjson
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from funreason_plugin.report.build import Made, build_report

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
MARKS = "Object.fromEntries(performance.getEntriesByType('mark').map((mark) => [mark.name, mark.startTime]))"
SCROLL = """() => new Promise((resolve) => {
  const list = document.querySelector(".list");
  const frames = [];
  let last = performance.now();
  const step = (now) => {
    frames.push(now - last);
    last = now;
    list.scrollTop = (list.scrollHeight * frames.length) / 240;
    if (frames.length < 240) requestAnimationFrame(step);
    else resolve(frames.slice(1));
  };
  requestAnimationFrame(step);
})"""


def synthesised(out: Path) -> Path:
    """A run of the scripted teacher."""
    words = [
        "--env",
        "travel",
        "files",
        "shop",
        "bank",
        "--num",
        "200",
        "--teacher",
        "scripted",
        "--out",
        str(out),
    ]
    subprocess.run(
        [sys.executable, "-m", "funreason_plugin.synthesize", *words], check=True, capture_output=True
    )
    return out


def multiplied(source: Path, target: Path, num: int) -> None:
    """A folder with ``num`` trajectories, each with an id of its own."""
    for path in source.iterdir():
        if path.is_file() and path.suffix in (".yaml", ".json"):
            shutil.copy(path, target)
    lines = (source / "trajectories.jsonl").read_bytes().splitlines()
    with (target / "trajectories.jsonl").open("wb") as file:
        for number, line in enumerate(islice(cycle(lines), num)):
            record = orjson.loads(line)
            record |= {"index": number, "id": f"{record['seed']}-{number}"}
            file.write(orjson.dumps(record) + b"\n")


def opened(page: Page, path: Path, place: str = "") -> dict[str, float]:
    """Milliseconds from the start of the navigation to each mark."""
    page.goto("about:blank")
    page.goto(f"{path.as_uri()}{place}")
    page.wait_for_selector("body.ready")
    if place:
        page.wait_for_selector(".turn")
    found: dict[str, float] = page.evaluate(MARKS)
    paints = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    return {**found, "first paint": page.evaluate(paints)}


def searched(page: Page, words: str) -> float:
    """Milliseconds of a full-text search to its end."""
    page.evaluate("performance.clearMarks()")
    page.fill("#search", words)
    marks: dict[str, float] = {}
    while "search-end" not in marks:  # a waiting function would need eval, which the page's policy refuses
        page.wait_for_timeout(50)
        marks = page.evaluate(MARKS)
    return float(marks["search-end"] - marks["search-start"])


def measured(path: Path, times: int) -> dict[str, Any]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        starts = [opened(page, path) for _ in range(times)]
        readers = [opened(page, path, "#reader") for _ in range(times)]
        frames: list[float] = page.evaluate(SCROLL)
        rows = {
            "first paint, ms": [start["first paint"] for start in starts],
            "first section drawn, ms": [start["first-section"] for start in starts],
            "filters and list ready, ms": [start["ready"] for start in starts],
            "reader with a trajectory, ms": [start["trajectory-shown"] for start in readers],
        }
        medians = {name: f"{statistics.median(values):,.0f}" for name, values in rows.items()}
        medians["scrolling the list: median frame, ms"] = f"{statistics.median(frames):.1f}"
        medians["scrolling the list: frames over 50 ms"] = (
            f"{sum(frame > 50 for frame in frames)} of {len(frames)}"
        )
        medians["search, rare words, ms"] = f"{searched(page, 'no such words anywhere'):,.0f}"
        medians["search, words of most trajectories, ms"] = f"{searched(page, 'the'):,.0f}"
        heap = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
        medians["JavaScript heap after that, MB"] = f"{heap:.0f}"
        browser.close()
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=17_000)
    parser.add_argument("--times", type=int, default=5, help="openings")
    parser.add_argument("--folder", type=Path, default=None, help="multiply this run's trajectories")
    given = parser.parse_args()
    if CHROMIUM is None:
        Console().print("there is no chromium: nothing is measured")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "many"
        folder.mkdir()
        multiplied(given.folder or synthesised(Path(name) / "run"), folder, given.num)
        made: Made = build_report(folder)
        table = Table("", "value", title=f"report of {given.num:,} trajectories")
        table.add_row("built in, s", f"{made.seconds:.1f}")
        table.add_row("states replayed", f"{made.replayed:,}")
        table.add_row("file, MB", f"{made.bytes / 1e6:.1f}")
        for row in measured(made.path, given.times).items():
            table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
