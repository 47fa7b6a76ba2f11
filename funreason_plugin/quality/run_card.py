"""The card of a run's folder, and quality.json beside it: what `synthesize` writes when its rows are written.

    describe(Path("out"), run, summary, workers=4)       # out/quality.json, out/README.md

Everything in it follows from the trajectories and settings: the same seed, the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from funreason_plugin import __version__
from funreason_plugin.errors import UserError
from funreason_plugin.formats.options import dataset_name, is_scripted
from funreason_plugin.quality.card import Card, configs_of, in_domain_lines, load_lines, table
from funreason_plugin.quality.measuring import QUALITY, measure, write
from funreason_plugin.quality.tally import Quality

__all__ = ["CARD", "describe", "run_card"]

CARD = "README.md"


def describe(
    folder: Path,
    run: Mapping[str, Any],
    summary: Mapping[str, Any],
    workers: int = 1,
    against: Sequence[Path] = (),
) -> Quality:
    """Measure a run's folder, and write quality.json and the card. ``run`` is run.yaml, ``summary`` summary.json, ``against``
    what it is compared with beside the shipped reference.

    Raises:
        UserError: A file cannot be written.
    """
    quality = measure(folder, against=against, workers=workers)
    write(folder / QUALITY, quality)
    try:
        run_card(folder, run, summary, quality).write(folder / CARD)
    except OSError as error:
        raise UserError(f"{folder / CARD}: {error.strerror or error}") from None
    return quality


def run_card(folder: Path, run: Mapping[str, Any], summary: Mapping[str, Any], quality: Quality) -> Card:
    """The card, from what is known of the run."""
    config, labels = run.get("config", {}), quality["labels"]
    made_by = {row["agent"]: row for row in labels["made_by"]}
    name = dataset_name(made_by)
    marked = labels.get("labels", {})
    records = quality["records"]
    card = Card(
        name,
        f"{records:,} multi-turn conversations with {quality['turns']:,} user turns and {quality['calls']:,} tool calls, "
        f"synthesised by funreason_plugin {__version__} with seed {config.get('seed')} after FunReason-MT "
        "(arXiv 2510.24645). Every call was executed, every output is what its tool returned"
        f"{_but_for(marked)}, and every argument says where its value comes from.",
        records,
        configs_of(folder),
        tags=["synthetic", *sorted(marked)],
    )
    card.add("Labels", in_domain_lines(marked, records))
    card.add("Load", load_lines(card.configs))
    card.add(
        "Verify",
        [
            "```",
            "python -m funreason_plugin.check data DIR",
            "```",
            "",
            "replays every trajectory, applies every acceptance rule again, makes the rows again from `trajectories.jsonl` "
            "and counts the figures below again.",
        ],
    )
    card.add("Licence", _licence(made_by))
    card.add("Sources", _sources(run, labels))
    card.add("Shape", _shape(config.get("like")))
    card.add("Variants", table(("variant", "turns"), labels.get("variants", {}).items()))
    card.add("Figures", _figures(summary, quality))
    card.add("Duplicates and contamination", _quality_lines(config, quality))
    card.add("What it is not", _limits(made_by))
    return card


def _but_for(labels: Mapping[str, int]) -> str:
    if not labels.get("error_recovery"):
        return ""
    return " (but for the faults and mistakes of `error_recovery`, which are planted and marked)"


def _licence(made_by: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "To be chosen by whoever publishes it (`license` in the block above)."
    yield ""
    models = sorted({row["model"] for row in made_by.values() if not is_scripted(row)})
    if models:
        yield (
            f"The texts were written by {' and '.join(models)}: the terms of these models, and of the services that ran "
            "them, may bind what is done with their outputs."
        )
    else:
        yield "No model wrote any of its texts: all agents were the scripted teacher of the package."


def _sources(run: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    known = run.get("environments", {})
    environments = [
        (name, known.get(name, {}).get("version", ""), known.get(name, {}).get("hash", ""), count)
        for name, count in labels.get("environments", {}).items()
    ]
    agents = [(row["agent"], row["teacher"], row["model"], row["records"]) for row in labels["made_by"]]
    return [
        *table(("environment", "version", "hash", "trajectories"), environments),
        "",
        *table(("agent", "teacher", "model", "trajectories"), agents),
    ]


def _shape(like: Any) -> Iterator[str]:
    """What the run was made like, and what of it that decided."""
    if isinstance(like, Mapping):
        sets = ", ".join(str(part).replace("_", " ") for part in like.get("sets", ()))
        yield f"Made like {like.get('source')}, whose distributions decided: {sets}. `report.html` has both side by side."


def _figures(summary: Mapping[str, Any], quality: Quality) -> list[str]:
    rows: list[tuple[str, object]] = [
        ("trajectories", quality["records"]),
        *(
            (f"trajectories in {split}", count)
            for split, count in quality["labels"].get("splits", {}).items()
        ),
        ("turns", quality["turns"]),
        ("tool calls", quality["calls"]),
    ]
    if summary.get("attempts"):
        rows.append(("attempts at a trajectory", summary["attempts"]))
        rows.append(("accepted", f"{summary.get('accept_rate', 0):.1%}"))
    return table(("figure", "value"), rows)


def _quality_lines(config: Mapping[str, Any], quality: Quality) -> Iterator[str]:
    repeated, found = quality["duplicates"], quality["contamination"]
    yield (
        f"- Repetitions: {repeated['exact']:,} exact, {repeated['near']:,} near (MinHash, {repeated['threshold']:.0%} of "
        f"queries or calls), {repeated['structural']:,} structural (same tools and sources of arguments, other values); "
        f"made with `--duplicates {config.get('duplicates', 'exact')}`."
    )
    for about in found["references"]:
        name = about["title"] or about["name"]
        version = f" ({about['version']})" if "version" in about else ""
        shared = found["by_reference"].get(about["name"], 0)
        declared = (
            f"; {found['declared']:,} share its tools, as their label says" if found["declared"] else ""
        )
        yield (
            f"- Compared with {name}{version}: {shared:,} trajectories overlap in queries (13 words in a row, or "
            f"reworded), tools' schemas or values{declared}."
        )
    yield "- `quality.json` has the details; `python -m funreason_plugin.quality DIR --against FILE` compares with more."


def _limits(made_by: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "- The user's turns were written beforehand: they do not react to what a model says."
    if any(map(is_scripted, made_by.values())):
        yield "- Its English is scripted, by templates; train on it to try a pipeline, not to publish a model."
