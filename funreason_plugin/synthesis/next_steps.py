"""What to do with a folder once it is made: the exact next commands, printed at the end of a run."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from funreason_plugin.errors import INTERRUPTED

if TYPE_CHECKING:
    from funreason_plugin.config import SynthesisConfig
    from funreason_plugin.synthesis.pipeline import Summary

MODEL = "Qwen/Qwen3-4B-Instruct-2507"  # the paper's base


def report(config: SynthesisConfig, summary: Summary, console: Console) -> int:
    """Print what comes next, and return the exit status: 0, 1 (stopped) or 130 (interrupted).

    A budget that is reached is no failure: rows are written for what is kept.
    """
    folder = str(config.out)
    if summary.complete or "llamafactory" in summary.bytes:
        if summary.stopped:
            console.print(f"[yellow]stopped[/]: {summary.stopped}", soft_wrap=True)
            console.print(
                f"{summary.kept} of {config.num} trajectories are kept; their rows are written",
                soft_wrap=True,
            )
        console.print(next_commands(config), soft_wrap=True)
        return 0
    if summary.stopped == "interrupted":
        console.print(
            f"[yellow]interrupted[/]: {summary.kept} trajectories are safe in {folder}; "
            "the same command goes on from there",
            soft_wrap=True,
        )
        return INTERRUPTED
    console.print(f"[red]stopped[/]: {summary.stopped}", soft_wrap=True)
    console.print(f"why: {_line('funreason_plugin.synthesize', 'explain', folder)}", soft_wrap=True)
    return 1


def next_commands(config: SynthesisConfig) -> Text:
    """Check, look, train: commands for this very folder, to be pasted."""
    from funreason_plugin.formats.options import is_scripted

    out = os.fspath(config.out)
    sections = [
        ("Check it (replays every trajectory)", _line("funreason_plugin.check", "data", out)),
        ("Look at one", _line("funreason_plugin.synthesize", "show", out, "--index", "0")),
        ("SFT: pip install -e '.[sft]', then", sft_command(config)),
        ("RL in verl: this is its data; agent loop and reward are not in this release", rl_command(config)),
    ]
    text = Text("\nNext\n", style="bold")
    for title, line in sections:
        text.append(f"  # {title}\n", style="not bold dim")
        text.append(f"  {line}\n", style="not bold cyan")
    scripted = [agent for agent, maker in config.made_by.items() if is_scripted(maker)]
    if scripted:
        what = f"The scripted teacher played {', '.join(scripted)}"
        if len(scripted) == len(config.made_by):
            what = "This data speaks scripted English"
        text.append(
            f"  {what}; its data set is called {dataset(config)} so that nobody trains on it unknowingly.\n",
            style="not bold yellow",
        )
    return text


def dataset(config: SynthesisConfig) -> str:
    """The name in ``dataset_info.json``: it says who made the data."""
    from funreason_plugin.formats.options import dataset_name

    return dataset_name(config.made_by)


def sft_command(config: SynthesisConfig) -> str:
    """Stock LLaMA-Factory 0.9.5, no recipe file needed: loss on the one response of each row."""
    words = {
        "--stage": "sft",
        "--do_train": "true",
        "--finetuning_type": "full",
        "--model_name_or_path": MODEL,
        "--dataset_dir": os.path.join(os.fspath(config.out), "llamafactory"),
        "--dataset": dataset(config),
        "--template": "qwen3_nothink" if config.reasoning == "none" else "qwen3",
        "--mask_history": "true",
        "--cutoff_len": "16384",
        "--bf16": "true",
        "--output_dir": os.path.join("saves", dataset(config)),
    }
    return shlex.join(["llamafactory-cli", "train", *(word for pair in words.items() for word in pair)])


def rl_command(config: SynthesisConfig) -> str:
    """verl's trainer on the folder's two files (one, where a single trajectory leaves none for validation)."""
    files = {
        name: os.path.join(os.fspath(config.out), "verl", f"{name}.parquet") for name in ("train", "val")
    }
    if not os.path.exists(files["val"]):
        files["val"] = files["train"]
    paths = [f"data.{name}_files={path}" for name, path in files.items()]
    return _line("verl.trainer.main_ppo", *paths, "data.max_prompt_length=8192")  # verl's 512 drops every row


def _line(module: str, *words: str) -> str:
    return shlex.join(["python", "-m", module, *words])
