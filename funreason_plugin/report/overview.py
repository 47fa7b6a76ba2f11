"""What the report says of a folder beside its trajectories: funnel with reasons, cost, graph with coverage, quality.

All of it may be missing (a run that was stopped, a folder of another release): the page leaves such parts out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import yaml
from pydantic import ValidationError

from funreason_plugin.errors import UserError
from funreason_plugin.report.picture import places
from funreason_plugin.report.survey import Survey
from funreason_plugin.shape_config import Shape
from funreason_plugin.synthesis.advice import PHASES, advice_for, meaning_of
from funreason_plugin.synthesis.explain import Findings, gather
from funreason_plugin.synthesis.folder import GRAPH, REJECTED, RUN, SUMMARY
from funreason_plugin.synthesis.funnel import passages

QUALITY: Final = "quality.json"
SHOWN_CODES: Final = 40
REJECTIONS_OF_A_SLOT: Final = 12
LONGEST_DETAIL: Final = 400
PRIVATE: Final = {"out", "like", "against", "cache", "base_url", "api_key_env", "extra_body", "ray_address"}
"""Settings that a report, which is passed around, leaves out: paths and addresses of where it was made."""


def overview(folder: Path, survey: Survey, reference: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything of the report but the trajectories, as JSON data."""
    summary = read_object(folder / SUMMARY)
    found = gather(folder)
    given_up = found.attempts - found.kept
    found.kept, found.turns = survey.trajectories, survey.turns
    settings = _mapping(summary.get("settings"))
    config = {key: value for key, value in _mapping(settings.get("config")).items() if key not in PRIVATE}
    quality = read_object(folder / QUALITY)
    return {
        "title": folder.resolve().name,
        "run": {
            "complete": summary.get("complete"),
            "stopped": summary.get("stopped", ""),
            "seconds": summary.get("seconds"),
            "per_minute": summary.get("per_minute"),
            "bytes": _mapping(summary.get("bytes")),
            "versions": _mapping(settings.get("versions")),
            "config": config,
        },
        "kept": survey.trajectories,
        "turns": survey.turns,
        "calls": survey.calls,
        "made": survey.trajectories + given_up,
        "exact": survey.exact,
        "teachers": dict(survey.teachers),
        "splits": dict(survey.splits),
        "labels": dict(survey.labels.most_common()),
        "variants": dict(survey.variants.most_common()),
        "funnel": funnel(found, survey),
        "attempts": sorted(survey.attempts.items()),
        "slots": sorted(survey.slots.items()),
        "cost": cost(summary),
        "sources": dict(survey.sources),
        "shape": shape(survey),
        "distributions": survey.distributions(),
        "reference": dict(reference or {}),
        "quality": quality,
        "graph": graph(folder, survey),
    }


def like_of(folder: Path) -> Shape | None:
    """The conversations whose shape the run was given (``--like``), as its run.yaml has them."""
    try:
        loaded = yaml.safe_load((folder / RUN).read_text("utf-8"))
        like = loaded["config"]["like"]
        return Shape.model_validate(like)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError, ValidationError):
        return None


def funnel(found: Findings, survey: Survey) -> dict[str, Any]:
    """Phases with what reached and passed them, reasons with example and advice."""
    counts = found.by_phase()
    rows = passages(counts, found.kept, found.turns, found.lost_turns)
    reasons = [
        {
            "phase": phase,
            "code": code,
            "count": count,
            "meaning": meaning_of(code),
            "advice": advice_for(phase, code),
            "example": found.examples[phase, code],
        }
        for (phase, code), count in found.codes.most_common(SHOWN_CODES)
    ]
    return {
        "phases": [{"name": name, "what": PHASES.get(name, ""), **row} for name, row in rows.items()],
        "reasons": reasons,
        "rejected": sum(found.codes.values()),
        "lost_turns": found.lost_turns,
        "tools": [[name, count, found.tool_codes[name].most_common(1)[0][0]] for name, count in found.tools.most_common(30)],
    }  # fmt: skip


def cost(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens and money by agent: the ledger's table, or the counted tokens where no model was paid."""
    ledger = _mapping(summary.get("ledger"))
    if _mapping(ledger.get("agents")):
        return {"paid": True, **ledger}
    return {"paid": False, "agents": _mapping(summary.get("agents")), "resumed_at": summary.get("resumed_at")}


def shape(survey: Survey) -> list[dict[str, Any]]:
    """Single numbers that say what the conversations are like; ``name`` is the key in ``reference.shape``."""
    turns, calls = max(survey.turns, 1), max(survey.calls, 1)
    outputs = max(survey.sources["output"], 1)
    rows = [
        ("turns", "turns a trajectory", survey.turns / max(survey.trajectories, 1), ""),
        ("calls", "calls a turn", survey.calls / turns, ""),
        ("dependent", "calls that use an earlier output", survey.dependent / calls, "%"),
        ("across", "of such arguments, those from an earlier turn", survey.across / outputs, "%"),
        ("idle", "turns without a call", survey.idle / turns, "%"),
        ("exact", "turns solved with exactly the sampled calls", survey.exact / turns, "%"),
    ]
    return [
        {"name": name, "title": title, "value": round(value, 4), "unit": unit}
        for name, title, value, unit in rows
    ]


def graph(folder: Path, survey: Survey) -> dict[str, Any]:
    """Tools and edges of graph.json with how often the kept trajectories use them; empty without a graph."""
    raw = read_object(folder / GRAPH)
    tools: dict[str, dict[str, Any]] = {}
    for node in _list(raw.get("tools")):
        tools[str(node.get("name"))] = {**node, "uses": [0, 0, 0, 0, 0]}
    for name, uses in survey.tools.items():
        tools.setdefault(name, {"name": name, "environment": "", "worked": None})["uses"] = uses
    edges = []
    for edge in _list(raw.get("edges")):
        provider, consumer = str(edge.get("provider")), str(edge.get("consumer"))
        if provider not in tools or consumer not in tools:
            continue
        if edge.get("kind") == "data":
            place = ("data", provider, str(edge.get("output", "")), consumer, str(edge.get("param", "")))
            edge["used"] = survey.used[place]
        else:
            edge["used"] = survey.followed[provider, consumer]
        edges.append(edge)
    counted = [(edge["provider"], edge["consumer"]) for edge in edges if edge.get("verified")]
    laid = places([(name, str(tool.get("environment", ""))) for name, tool in tools.items()], counted)
    for name, tool in tools.items():
        tool["place"] = laid[name]
    return {"tools": list(tools.values()), "edges": edges, "states": raw.get("states", 0)}


def orders(folder: Path) -> list[tuple[str, str]]:
    """The edges of graph.json that ask for an order of calls, not for a value."""
    edges = _list(read_object(folder / GRAPH).get("edges"))
    return [
        (str(edge.get("provider")), str(edge.get("consumer"))) for edge in edges if edge.get("kind") != "data"
    ]


def rejections(folder: Path) -> dict[int, list[list[Any]]]:
    """By slot: attempt, turn, phase, code, what was wrong, whether the trajectory was given up; the first of each."""
    found: dict[int, list[list[Any]]] = {}
    path = folder / REJECTED
    if not path.exists():
        return found
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            row = orjson.loads(line)  # `gather` has refused what is damaged
            rows = found.setdefault(row.get("index", -1), [])
            if len(rows) < REJECTIONS_OF_A_SLOT:
                detail = str(row.get("detail", ""))[:LONGEST_DETAIL]
                rows.append([row.get("attempt"), row.get("turn"), row["phase"], row["code"], detail, bool(row.get("whole"))])  # fmt: skip
    return found


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when there is none.

    Raises:
        UserError: The file is no JSON object.
    """
    try:
        data = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({error}); delete it or make it again") from None
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected a JSON object; delete it or make it again")
    return data


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
