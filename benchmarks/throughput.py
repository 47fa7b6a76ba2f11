"""python benchmarks/throughput.py --seconds 40

The whole synthesis against a server that answers every request in 200 ms and has 64 slots (the scripted teacher over
HTTP, in a process of its own): ideal are 64 / 0.2 = 320 requests a second. Printed are the rate as the server counted
it, from the time when 5% of the requests had ended to the time when 95% had (the run is interrupted at its end, so
it is busy to the last moment), the processor time of parent, workers and server in that time, and:

- the same where one request in 200 takes 10 s; ideal is then what the slots can do that those leave;
- the same from 64 coroutines around the bare openai client, which send requests of such a run and do nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import yaml
from rich.console import Console
from rich.table import Table

LATENCY, SLOTS = 0.2, 64
SLOW_SHARE, SLOW_TIME = 1 / 200, 10.0
ENVIRONMENTS = ("travel", "files")
NAMES = {"synthesis": "synthesis", "peer": "bare openai client"}


@dataclass
class Measured:
    """``rate`` and ``ideal`` in requests a second; ``cpu``: share of one core, by process."""

    name: str
    requests: int
    rate: float
    ideal: float
    occupied: float
    cpu: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40, help="length of each run")
    parser.add_argument("--concurrency", type=int, default=SLOTS, help="of the run, and of the peer")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--who", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--latency", type=float, default=LATENCY)
    options = parser.parse_args()
    console = Console()
    before = psutil.getloadavg()[0]
    measured = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bodies = requests_of_a_run(folder, options) if "peer" in options.who else Path()
        for who in options.who:
            for faults, kind in (("", ""), (f"slow:{SLOW_SHARE}", ", 1 in 200 takes 10 s")):
                place = folder / f"{who}{'-slow' if faults else ''}"
                place.mkdir()

                def load(url: str, who: str = who, place: Path = place) -> subprocess.Popen[bytes]:
                    return peer(url, bodies, options) if who == "peer" else run(url, place, options)

                measured.append(measure(f"{NAMES[who]}{kind}", place, options, load, faults))
    table = Table(title=f"{SLOTS} slots, {options.latency * 1000:.0f} ms, concurrency {options.concurrency}")
    for column in ("what", "requests", "a second", "ideal", "of ideal", "slots in use", "share of one core"):
        table.add_column(column, justify="left" if column in ("what", "share of one core") else "right")
    for row in measured:
        cpu = ", ".join(f"{name} {share:.0%}" for name, share in row.cpu.items())
        table.add_row(
            row.name,
            f"{row.requests:,}",
            f"{row.rate:.1f}",
            f"{row.ideal:.1f}",
            f"{row.rate / row.ideal:.1%}",
            f"{row.occupied:.1f}",
            cpu,
        )
    console.print(table)
    print(f"load of the machine before and after: {before:.1f}, {psutil.getloadavg()[0]:.1f}")
    print("repeat with:", "python", *sys.argv)


# -- what is measured -------------------------------------------------------------------------------------


class Server:
    """The scripted teacher in a process of its own."""

    def __init__(self, *flags: str) -> None:
        words = [word for name in ENVIRONMENTS for word in ("--env", name)]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "funreason_plugin.synthesis.teachers.served",
                "--port",
                "0",
                *words,
                *flags,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        found = re.search(r"http://\S+/v1", self.process.stdout.readline())
        if found is None:
            raise SystemExit("the server did not start")
        self.url = found[0]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def measure(
    name: str,
    folder: Path,
    options: argparse.Namespace,
    load: Callable[[str], subprocess.Popen[bytes]],
    faults: str,
) -> Measured:
    """Run ``load(url)``, a process that sends requests, for some seconds and interrupt it."""
    log = folder / "requests.jsonl"
    server = Server(
        *("--latency", str(options.latency), "--slots", str(SLOTS), "--log", str(log)),
        *("--faults", faults, "--slow-time", str(SLOW_TIME), "--fault-seed", "1"),
    )
    process = load(server.url)
    cpu = Cpu(process.pid, server.process.pid)
    try:
        process.wait(options.seconds)
        print(f"{name}: ended by itself with status {process.returncode}", file=sys.stderr)
    except subprocess.TimeoutExpired:
        cpu.close()
        process.send_signal(signal.SIGINT)
        process.wait(60)
    server.close()
    rows = [orjson.loads(line) for line in log.read_bytes().splitlines()]
    ended = sorted(row["ended"] for row in rows if row["outcome"] in ("ok", "slow"))
    if len(ended) < 100:
        raise SystemExit(f"{name}: only {len(ended)} requests were answered; see {folder}")
    first, last = ended[len(ended) // 20], ended[len(ended) * 19 // 20]
    rate = (len(ended) * 19 // 20 - len(ended) // 20) / (last - first)
    spans = [(max(row["started"], first), min(row["ended"], last)) for row in rows if row["started"]]
    occupied = sum(end - start for start, end in spans if end > start) / (last - first)
    by_slow = sum(
        max(min(row["ended"], last) - max(row["started"], first), 0)
        for row in rows
        if row["started"] and row["ended"] - row["started"] > SLOW_TIME / 2
    )
    usable = SLOTS - by_slow / (last - first)
    return Measured(name, len(rows), rate, usable / options.latency, occupied, cpu.shares(first, last))


class Cpu:
    """Processor time of a process, its children and the server, sampled twice a second."""

    def __init__(self, load: int, server: int) -> None:
        self._load, self._server = psutil.Process(load), psutil.Process(server)
        self._samples: list[tuple[float, dict[str, float]]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._stop.wait(0.5):
            found = {}
            try:
                named = {"parent": self._load, "server": self._server}
                children = self._load.children(recursive=True)
                named |= {f"worker {number}": child for number, child in enumerate(children, 1)}
                for name, process in named.items():
                    times = process.cpu_times()
                    found[name] = times.user + times.system
            except psutil.Error:
                continue
            self._samples.append((time.time(), found))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def shares(self, first: float, last: float) -> dict[str, float]:
        """Shares of one core between two times; idle processes are left out."""
        self.close()
        within = [sample for sample in self._samples if first <= sample[0] <= last]
        if len(within) < 2:
            return {}
        (start, before), (end, after) = within[0], within[-1]
        shares = {name: (after[name] - before.get(name, 0)) / (end - start) for name in after}
        return {name: share for name, share in shares.items() if share > 0.01}


# -- who sends --------------------------------------------------------------------------------------------


def run(url: str, folder: Path, options: argparse.Namespace, **more: object) -> subprocess.Popen[bytes]:
    """The synthesis, for more trajectories than there is time for."""
    config = {
        "env": list(ENVIRONMENTS),
        "teacher": "openai",
        "model": "scripted",
        "base_url": url,
        "api_key_env": "FUNREASON_BENCHMARK_KEY",
        "concurrency": options.concurrency,
        "workers": options.workers,
        "cache": str(folder / "cache"),
        "num": 100_000,
        **more,
    }
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump(config))
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "funreason_plugin.synthesize",
            "--config",
            str(path),
            "--out",
            str(folder / "out"),
        ],
        stdout=(folder / "stdout").open("wb"),
        stderr=(folder / "stderr").open("wb"),
        env=os.environ | {"FUNREASON_BENCHMARK_KEY": "sk-none"},
    )


def requests_of_a_run(folder: Path, options: argparse.Namespace) -> Path:
    """The bodies of the requests of a small run, a line each."""
    (folder / "bodies").mkdir()
    kept = folder / "bodies.jsonl"
    server = Server("--keep-requests", str(kept))
    if run(server.url, folder / "bodies", options, num=20).wait():
        raise SystemExit((folder / "bodies" / "stderr").read_text())
    server.close()
    return kept


def peer(url: str, bodies: Path, options: argparse.Namespace) -> subprocess.Popen[bytes]:
    """The bare client in a process of its own: this file once more."""
    return subprocess.Popen([sys.executable, __file__, "peer", url, str(bodies), str(options.concurrency)])


async def fire(url: str, bodies: Path, concurrency: int) -> None:
    """Send the requests over and over, ``concurrency`` at a time."""
    import openai

    requests = [orjson.loads(line) for line in bodies.read_bytes().splitlines()]
    number = 0
    async with openai.AsyncOpenAI(
        base_url=url,
        api_key="sk-none",
        max_retries=0,
        timeout=60,
        http_client=openai.DefaultAioHttpClient(),
    ) as client:

        async def one() -> None:
            nonlocal number
            while True:
                number += 1
                body = requests[number % len(requests)]
                await client.chat.completions.create(**{**body, "seed": number})

        await asyncio.gather(*[one() for _ in range(concurrency)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        try:
            asyncio.run(fire(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
        except KeyboardInterrupt:
            sys.exit(0)
    else:
        main()
