"""The proof of training beside LLaMA-Factory's own preprocessing, on the same rows.

    python benchmarks/render_proof.py [--num 200] [--workers 2]

Synthesises rows, builds the tiny model's tokenizer, and times in processes of their own: `datasets.map` with
LLaMA-Factory's converter and processor, as a training does it, and `check sft`, which renders the same and compares.
Memory is the largest sum of resident memory over a process and its children.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

MAP = """
import sys, time
from llamafactory.data.loader import _get_merged_dataset, _get_preprocessed_dataset
from llamafactory.data.template import get_template_and_fix_tokenizer
from llamafactory.hparams import DataArguments, ModelArguments
from llamafactory.model import load_tokenizer
from types import SimpleNamespace
folder, model, cache, workers = sys.argv[1:]
data = DataArguments(template="qwen3", dataset="funreason_scripted", dataset_dir=folder, mask_history=True,
                     cutoff_len=32768, overwrite_cache=True, preprocessing_num_workers=int(workers))
loader = ModelArguments(model_name_or_path=model, cache_dir=cache)
training = SimpleNamespace(seed=0, local_process_index=0, should_log=False, predict_with_generate=False,
                           dataloader_num_workers=0)
tokenizer = load_tokenizer(loader)["tokenizer"]
template = get_template_and_fix_tokenizer(tokenizer, data)
began = time.perf_counter()
rows = _get_merged_dataset(data.dataset, loader, data, training, "sft")
rows = _get_preprocessed_dataset(rows, data, training, "sft", template, tokenizer)
print("RESULT", len(rows), time.perf_counter() - began)
"""
PROOF = """
import sys, time
from pathlib import Path
from funreason_plugin.sft.proof.run import prove
if __name__ == "__main__":
    folder, recipe, workers = sys.argv[1:]
    began = None
    def watch(done, total):
        global began
        began = began or (time.perf_counter(), done)
    proof = prove(Path(folder), Path(recipe), workers=int(workers), watch=watch)
    assert proof.ok
    print("RESULT", proof.tally.rows - began[1], time.perf_counter() - began[0])
"""


def measured(command: list[str]) -> tuple[int, float, int, float]:
    """Rows, their seconds, bytes at most, and the seconds of the whole process."""
    began = time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    most, done = 0, threading.Event()

    def look() -> None:
        nonlocal most
        root = psutil.Process(process.pid)
        while not done.wait(0.1):
            total = 0
            try:
                for one in (root, *root.children(recursive=True)):
                    total += one.memory_info().rss
            except psutil.Error:
                continue
            most = max(most, total)

    thread = threading.Thread(target=look)
    thread.start()
    out, _ = process.communicate()
    done.set()
    thread.join()
    line = next((line for line in out.splitlines() if line.startswith("RESULT")), None)
    if line is None:
        raise SystemExit(f"{command[0]} failed:\n{out[-2000:]}")
    _, rows, seconds = line.split()
    return int(rows), float(seconds), most, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--num", type=int, default=200, help="trajectories")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        synthesize = "-m funreason_plugin.synthesize --env travel files --turns 3-5 --teacher scripted --num"
        run = folder / "out"
        subprocess.run(
            [sys.executable, *synthesize.split(), str(options.num), "--workers", "2", "--out", str(run)],
            check=True,
            capture_output=True,
        )
        model = folder / "tiny"
        subprocess.run(
            [sys.executable, "-m", "funreason_plugin.sft.tiny_model", str(model)],
            check=True,
            capture_output=True,
        )
        recipe = folder / "recipe.yaml"
        recipe.write_text(
            f"model_name_or_path: {model}\ntemplate: qwen3\ndataset: funreason_scripted\nmask_history: true\n"
            "cutoff_len: 32768\noverwrite_cache: true\n"
        )
        scripts = {"map.py": MAP, "proof.py": PROOF}
        for file, code in scripts.items():
            (folder / file).write_text(code)
        table = Table(title="python benchmarks/render_proof.py " + " ".join(sys.argv[1:]))
        for column in ("", "processes", "rows", "rows/s", "memory, MB", "whole process, s"):
            table.add_column(column, justify="left" if not column else "right")
        for workers in sorted({1, options.workers}):
            commands = {
                "datasets.map": [
                    "map.py",
                    str(run / "llamafactory"),
                    str(model),
                    str(folder / f"c{workers}"),
                ],
                "check sft": ["proof.py", str(run), str(recipe)],
            }
            for label, (script, *arguments) in commands.items():
                command = [sys.executable, str(folder / script), *arguments, str(workers)]
                rows, seconds, most, whole = measured(command)
                table.add_row(
                    label,
                    str(workers),
                    f"{rows:,}",
                    f"{rows / seconds:,.0f}",
                    f"{most / 1e6:,.0f}",
                    f"{whole:.1f}",
                )
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
