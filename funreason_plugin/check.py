"""The check command line, thin.

python -m funreason_plugin.check env path/to/my_tools.py:MyEnv
python -m funreason_plugin.check record mcp:tools.json
python -m funreason_plugin.check data out/ --workers 2
python -m funreason_plugin.check sft out/ recipes/sft.yaml --tokenizer path/to/model
python -m funreason_plugin.check rl out/ recipes/grpo.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funreason_plugin.command_line import Group, console, leave
from funreason_plugin.errors import UserError

if TYPE_CHECKING:
    from funreason_plugin.synthesis.remake import Remaker

app = typer.Typer(
    cls=Group,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Check an environment before it is used, and a data folder after it is made.",
)


@app.command()
def env(
    name: Annotated[
        str,
        typer.Argument(
            help="travel, bfcl, bfcl:CLASS, my_module:MyEnv, path/to/file.py:MyEnv, mcp:CONFIG.json, "
            "openapi:FILE_OR_URL, functions:my_module or class:my_module.Store.",
            metavar="NAME",
        ),
    ],
    samples: Annotated[int, typer.Option(help="Sampled states to try the tools in.", min=1)] = 8,
    seed: Annotated[int, typer.Option(help="Decides states and calls.")] = 0,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Offer the tools of mcp: and openapi: that write.")
    ] = False,
) -> None:
    """Schemas as a model sees them; determinism, isolation, snapshots, write claims, values; what to change."""
    from funreason_plugin.checks.environment import check_environment
    from funreason_plugin.environments.external.names import with_writes

    report = check_environment(with_writes([name])[0] if allow_writes else name, seed, samples)
    report.show(console())
    raise typer.Exit(0 if report.passed else 1)


@app.command()
def record(
    name: Annotated[str, typer.Argument(help="mcp:CONFIG.json or openapi:FILE_OR_URL.", metavar="NAME")],
    samples: Annotated[int, typer.Option(help="Walks through the tools.", min=1)] = 8,
    seed: Annotated[int, typer.Option(help="Decides the calls.")] = 0,
) -> None:
    """Call the live tools of environments with "state": "record", and write the calls and answers that they replay."""
    from funreason_plugin.checks.environment_recording import record_environment

    record_environment(name, seed, samples, console())


@app.command()
def data(
    folder: Annotated[Path, typer.Argument(help="The output folder of a run.", metavar="DIR")],
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
) -> None:
    """Replay every trajectory, re-run the acceptance checks, compare the emitted rows; status 1 if any differs."""
    from funreason_plugin.checks.data import check_data

    report = check_data(folder, console(), workers=workers, remaker=_remaker(folder), measure=_measure)
    raise typer.Exit(0 if report else 1)


@app.command()
def sft(
    folder: Annotated[
        Path,
        typer.Argument(help="A run's output folder, or a dataset_dir of LLaMA-Factory.", metavar="DIR"),
    ],
    recipe: Annotated[Path, typer.Argument(help="LLaMA-Factory's YAML.", metavar="RECIPE")],
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Folder of the tokenizer, instead of the recipe's model.", metavar="PATH"),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Data set to check, instead of the recipe's.", metavar="NAME")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Rows of each data set to check.", min=1)] = None,
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
    show: Annotated[int, typer.Option(help="Rows to print as training sees them.", min=0)] = 1,
) -> None:
    """Render every row through the installed LLaMA-Factory; status 1 if training differs from what the data says."""
    from funreason_plugin.sft.proof.command import check_sft

    ok = check_sft(
        folder,
        recipe,
        console(),
        tokenizer=tokenizer,
        dataset=dataset,
        limit=limit,
        workers=workers,
        show=show,
    )
    raise typer.Exit(0 if ok else 1)


@app.command()
def rl(
    folder: Annotated[
        Path, typer.Argument(help="A folder with verl/train.parquet, as synthesize writes it.", metavar="DIR")
    ],
    recipe: Annotated[Path, typer.Argument(help="verl's YAML, e.g. recipes/grpo.yaml.", metavar="RECIPE")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Keys as on main_ppo's command line: data.train_batch_size=8 …", metavar="KEY=VALUE"
        ),
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(help="Folder of the tokenizer, instead of the recipe's model.", metavar="PATH"),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Rows of each file to look at.", min=1)] = None,
    ray: Annotated[
        bool, typer.Option(help="Also ask a Ray worker whether it has plugin and environments.")
    ] = True,
) -> None:
    """Recipe, rows, environments, lengths and the plugin's registration, before main_ppo; status 1 if anything is wrong."""
    from funreason_plugin.rl.preflight.command import check_rl

    ok = check_rl(
        folder, recipe, console(), overrides=overrides or (), tokenizer=tokenizer, limit=limit, ray=ray
    )
    raise typer.Exit(0 if ok else 1)


def _measure(folder: Path, workers: int) -> dict[str, Any]:
    """What quality.json has to say."""
    from funreason_plugin.quality.measuring import measure

    return measure(folder, workers=workers)


def _remaker(folder: Path) -> type[Remaker] | None:
    """How to make a slot of the folder again."""
    from funreason_plugin.synthesis.remake import Remaker, run_config

    try:
        run_config(folder)
    except UserError:
        return None  # check_data says what is wrong with run.yaml
    return Remaker


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.check")
