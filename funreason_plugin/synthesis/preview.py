"""``--dry-run``: what a run would do, with nothing written."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from funreason_plugin.config import SynthesisConfig, check_names
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.folder import RUN, TRAJECTORIES
from funreason_plugin.synthesis.next_steps import dataset


def preview(config: SynthesisConfig, console: Console) -> None:
    """Print the resolved settings, the tools, the hold-out and what the output folder has already.

    Raises:
        UserError: What a real run would refuse at its start: unknown environments, held-out names.
    """
    space = SimulationSpace.from_names(config.env)
    check_names(config, space)
    settings = Table(title="Settings", title_justify="left", box=None, show_header=False, pad_edge=False)
    for key, value in config.as_plain().items():
        default = getattr(config, key) == SynthesisConfig.model_fields[key].get_default()
        shown = (
            ", ".join(map(str, value))
            if isinstance(value, list)
            else "not set"
            if value is None
            else str(value)
        )
        settings.add_row(key, shown or "none", "[dim]default[/]" if default else "")
    console.print(settings)

    tools = Table(title="\nEnvironments", title_justify="left", box=None, pad_edge=False)
    for column in ("name", "version", "tools", "that write", "held out"):
        tools.add_column(column)
    for name, environment in space.environments.items():
        specs = environment.tool_specs()
        held = [tool for tool in specs if tool in config.holdout_tools]
        tools.add_row(
            name,
            environment.version,
            str(len(specs)),
            str(sum(spec.writes for spec in specs.values())),
            "all" if name in config.holdout_env else ", ".join(held) or "none",
        )
    console.print(tools)
    console.print(f"\n{_plan(config)}\nNothing was written.", soft_wrap=True)


def _plan(config: SynthesisConfig) -> str:
    folder = Path(config.out)
    val = int(config.num * config.val_share)
    plain = config.as_plain()
    wanted = (
        f"{config.num} trajectories ({config.num - val} train, {val} val) of {plain['turns']} turns with "
        f"{plain['calls']} calls each, by the {config.teacher} teacher"
    )
    files = f"{folder}/: {TRAJECTORIES}, rejected.jsonl, {RUN}, summary.json, llamafactory/ ({dataset(config)}), verl/"
    if (folder / RUN).exists():
        return f"Would go on in {folder}/, which a run has begun already, until it has {wanted}.\n{files}"
    return f"Would make {wanted}.\n{files}"
