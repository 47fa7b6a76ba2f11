"""``--dry-run``: what a run would do, with nothing written and nothing sent."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from funreason_plugin.config import KEYS, SynthesisConfig, check_names
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.shape_config import Shape
from funreason_plugin.synthesis.folder import RUN, TRAJECTORIES
from funreason_plugin.synthesis.next_steps import dataset
from funreason_plugin.synthesis.preview_teachers import check_models, limits, teachers
from funreason_plugin.synthesis.settings import refuse_another_run, settings_of
from funreason_plugin.teacher_config import ModelSettings

ELSEWHERE: Final = frozenset({"agents", "prices", *ModelSettings.model_fields})
"""Shown agent by agent."""
OF_MODELS: Final = frozenset(
    {
        "prompts", "query_examples", "redact", "retries", "give_up_after", "trajectory_time_limit", "currency",
        "budget", "max_tokens", "cache", "no_cache", "cache_size",
    }
)  # fmt: skip
"""Without a meaning, and not shown, where no model plays and nothing was said about them."""


def preview(config: SynthesisConfig, console: Console) -> None:
    """Print the resolved settings, the tools, the hold-out, who plays and what the output folder has already.

    Raises:
        UserError: What a real run would refuse at its start: unknown environments, held-out names, prompts that are
            no templates, a model without a price, a folder of other settings.
    """
    space = SimulationSpace.from_names(config.env)
    check_names(config, space)
    settings = settings_of(config, space)
    if (Path(config.out) / RUN).exists():
        refuse_another_run(Path(config.out) / RUN, settings)
    check_models(config)
    console.print(_settings(config))
    console.print(_environments(config, space))
    console.print(teachers(config))
    if config.model_agents:
        console.print(limits(config), soft_wrap=True)
    console.print(Text(f"\n{_plan(config)}\nNothing was written, nothing was sent."), soft_wrap=True)


def _settings(config: SynthesisConfig) -> Table:
    table = Table(title="Settings", title_justify="left", box=None, show_header=False, pad_edge=False)
    plain = config.as_plain()
    for key in KEYS:
        default = getattr(config, key) == SynthesisConfig.model_fields[key].get_default()
        if key in ELSEWHERE or (default and key in OF_MODELS and not config.model_agents):
            continue
        value = plain.get(key, getattr(config, key) or [])
        if isinstance(config.like, Shape) and key == "like":
            value = config.like.source
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if value is None:
            shown = "not set"
        table.add_row(key, Text(shown or "none"), "[dim]default[/]" if default else "")
    return table


def _environments(config: SynthesisConfig, space: SimulationSpace) -> Table:
    table = Table(title="\nEnvironments", title_justify="left", box=None, pad_edge=False)
    for column in ("name", "version", "tools", "that write", "held out"):
        table.add_column(column)
    for name, environment in space.environments.items():
        specs = environment.tool_specs()
        held = [tool for tool in specs if tool in config.holdout_tools]
        table.add_row(
            name,
            environment.version,
            str(len(specs)),
            str(sum(spec.writes for spec in specs.values())),
            "all" if name in config.holdout_env else ", ".join(held) or "none",
        )
    return table


def _plan(config: SynthesisConfig) -> str:
    folder = Path(config.out)
    val = int(config.num * config.val_share)
    plain = config.as_plain()
    who = dict.fromkeys(maker["teacher"] for maker in config.made_by.values())
    wanted = (
        f"{config.num} trajectories ({config.num - val} train, {val} val) of {plain['turns']} turns with "
        f"{plain['calls']} calls each, by the {' and '.join(who)} teacher{'s' if len(who) > 1 else ''}"
    )
    ledger = ", ledger.jsonl" if config.model_agents else ""
    files = (
        f"{folder}/: {TRAJECTORIES}, rejected.jsonl, {RUN}, summary.json{ledger}, llamafactory/ ({dataset(config)}), "
        "verl/"
    )
    if (folder / RUN).exists():
        return f"Would go on in {folder}/, which a run has begun already, until it has {wanted}.\n{files}"
    return f"Would make {wanted}.\n{files}"
