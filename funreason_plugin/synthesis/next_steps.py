"""What to do with a folder once it is made: the exact next commands, printed at the end of a run."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from rich.console import Console
from rich.text import Text

from funreason_plugin.errors import INTERRUPTED

if TYPE_CHECKING:
    from funreason_plugin.config import SynthesisConfig
    from funreason_plugin.synthesis.pipeline import Summary

RECIPE = os.path.join("recipes", "sft.yaml")


def report(config: SynthesisConfig, summary: Summary, console: Console) -> int:
    """Print what comes next, and return the exit status: 0, 1 (stopped) or 130 (interrupted).

    A budget that is reached is no failure: rows are written for what is kept.
    """
    folder = str(config.out)
    from funreason_plugin.report.build import report_of_run

    if summary.complete or "llamafactory" in summary.bytes:
        if summary.stopped:
            console.print(f"[yellow]stopped[/]: {summary.stopped}", soft_wrap=True)
            console.print(
                f"{summary.kept} of {config.num} trajectories are kept; their rows are written",
                soft_wrap=True,
            )
        report_of_run(Path(config.out), config.env, console)
        console.print(next_commands(config), soft_wrap=True)
        return _contaminated(config, console)
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


def _contaminated(config: SynthesisConfig, console: Console) -> int:
    """Say what overlaps with a reference: status 1 where that is to be a failure."""
    from funreason_plugin.quality.measuring import QUALITY, contamination, refuse_contamination

    quality = orjson.loads((Path(config.out) / QUALITY).read_bytes())
    if config.fail_on_contamination:
        refuse_contamination(Path(config.out), quality)
    if line := contamination(quality):
        console.print(f"[yellow]contamination[/]: {line}; quality.json names them", soft_wrap=True)
    return 0


def next_commands(config: SynthesisConfig) -> Text:
    """Check, look, train: commands for this very folder, to be pasted."""
    from funreason_plugin.formats.options import is_scripted

    out = os.fspath(config.out)
    sections = [
        ("Check it (replays every trajectory)", _line("funreason_plugin.check", "data", out)),
        ("Look at one", _line("funreason_plugin.synthesize", "show", out, "--index", "0")),
        (
            "SFT (pip install -e '.[sft]'; 'funreason recipes recipes' copies the recipe from a wheel)",
            sft_command(config),
        ),
        (
            "RL in verl (pip install -e '.[rl]'), from the model that SFT made: first a check, then the run",
            rl_check(config),
        ),
        ("", rl_command(config)),
    ]
    if config.reasoning != "none":  # the recipe's template is for rows with thoughts
        sections.insert(2, ("See what LLaMA-Factory will train, row by row", proof_command(config)))
    text = Text("\nNext\n", style="bold")
    for title, line in sections:
        if title:
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
    """Our recipe on this folder; what is given behind the file's name wins over the file."""
    words = {
        "dataset_dir": os.path.join(os.fspath(config.out), "llamafactory"),
        "dataset": dataset(config),
        "output_dir": os.path.join("saves", dataset(config)),
    }
    if config.reasoning == "none":
        words["template"] = "qwen3_nothink"  # qwen3 would train an empty block of thoughts
    return shlex.join(["llamafactory-cli", "train", RECIPE, *map("=".join, words.items())])


def proof_command(config: SynthesisConfig) -> str:
    """What LLaMA-Factory makes of every row, and whether that is what the data says."""
    return _line("funreason_plugin.check", "sft", os.fspath(config.out), RECIPE, "--dataset", dataset(config))


def rl_check(config: SynthesisConfig) -> str:
    """What main_ppo would trip over."""
    recipe = os.path.join("recipes", "grpo.yaml")
    return _line("funreason_plugin.check", "rl", os.fspath(config.out), recipe, _rl_model(config))


def rl_command(config: SynthesisConfig) -> str:
    """verl's trainer on the folder's two files (one, where a single trajectory leaves none for validation)."""
    files = {
        name: os.path.join(os.fspath(config.out), "verl", f"{name}.parquet") for name in ("train", "val")
    }
    if not os.path.exists(files["val"]):
        files["val"] = files["train"]
    paths = [f"data.{name}_files={path}" for name, path in files.items()]
    words = ["--config-dir", "recipes", "--config-name", "grpo", *paths, _rl_model(config)]
    return _line("verl.trainer.main_ppo", *words)


def _rl_model(config: SynthesisConfig) -> str:
    """The folder that `sft_command` writes."""
    return f"actor_rollout_ref.model.path={os.path.join('saves', dataset(config))}"


def _line(module: str, *words: str) -> str:
    return shlex.join(["python", "-m", module, *words])
