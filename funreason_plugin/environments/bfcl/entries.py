"""The benchmark's entries by id, as test cases; never as training data.

    entry = load_entry("multi_turn_base_17")
    space = SimulationSpace(entry.environments)
    with space.session(entry.scenario) as session:
        for turn in entry.truth:
            outputs = [session.call(name, arguments) for name, arguments in turn]

Ground truths are call strings; they are parsed with ``ast``, never evaluated.
"""

from __future__ import annotations

import ast
import inspect
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson

from funreason_plugin.environments.bfcl import differences, package
from funreason_plugin.environments.bfcl.catalog import ADDITIONS, bfcl_environment
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.space import Scenario
from funreason_plugin.errors import UserError, did_you_mean

CATEGORIES = ("base", "miss_func", "miss_param", "long_context")
CLOCK = "2024-09-01T10:30:00"  # TradingBot's own time

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class BenchmarkEntry:
    """One entry of BFCL multi-turn.

    ``turns`` holds the messages of each turn (none, where a withheld function is then offered), ``truth`` the
    calls of each turn as (name, arguments), ``missed_function`` the tools withheld until a turn, by that turn's
    index, and ``excluded_function`` what the file says of tools never offered (bfcl-eval does not read it).
    """

    id: str
    scenario: Scenario
    environments: tuple[type[Environment], ...]
    turns: tuple[tuple[dict[str, str], ...], ...]
    truth: tuple[tuple[Call, ...], ...]
    missed_function: dict[int, tuple[str, ...]] = field(default_factory=dict)
    excluded_function: tuple[str, ...] = ()
    path: tuple[str, ...] = ()

    def offered(self, turn: int) -> list[str]:
        """The tools a model is offered in this turn (from 0): those withheld until later are left out."""
        withheld = {name for start, names in self.missed_function.items() if start > turn for name in names}
        return [name for cls in self.environments for name in cls.tool_specs() if name not in withheld]


def entry_ids(category: str | None = None) -> list[str]:
    """The ids of all 800 entries, or of one category: base, miss_func, miss_param, long_context."""
    if category is not None and category not in CATEGORIES:
        raise UserError(
            f"BFCL multi-turn has no category {category!r}{did_you_mean(category, CATEGORIES)}; "
            f"expected {', '.join(CATEGORIES)}"
        )
    return [name for part in CATEGORIES if category in (None, part) for name in _rows(part)]


def load_entry(entry_id: str) -> BenchmarkEntry:
    """One benchmark entry, e.g. ``multi_turn_base_17`` or ``multi_turn_long_context_3``."""
    category = _category(entry_id)
    row = _rows(category)[entry_id]
    config, classes, truth = ground_truth(entry_id)
    environments = tuple(bfcl_environment(name) for name in classes)
    states = {
        environment.name: _state(name, config.get(name), category == "long_context")
        for name, environment in zip(classes, environments, strict=True)
    }
    methods = _methods(tuple(classes))
    return BenchmarkEntry(
        id=entry_id,
        scenario=Scenario(entry_id, CLOCK, states),
        environments=environments,
        turns=tuple(tuple(messages) for messages in row["question"]),
        truth=tuple(tuple(parse_call(text, methods, entry_id) for text in turn) for turn in truth),
        missed_function={int(turn): tuple(names) for turn, names in row.get("missed_function", {}).items()},
        excluded_function=tuple(row.get("excluded_function", ())),
        path=tuple(row.get("path", ())),
    )


def ground_truth(entry_id: str) -> tuple[dict[str, Any], list[str], list[list[str]]]:
    """An entry as bfcl-eval's executor takes it: initial config, classes, call strings by turn."""
    category = _category(entry_id)
    row, truth = _rows(category)[entry_id], _rows(category, "possible_answer")[entry_id]
    return row["initial_config"], row["involved_classes"], truth["ground_truth"]


def parse_call(text: str, methods: dict[str, inspect.Signature], where: str = "") -> Call:
    """``sort('a.txt')`` as ("sort", {"file_name": "a.txt"}): literals only, positions named by the signature."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise ValueError("expected a call")
        if node.func.id not in methods:
            raise ValueError(f"no tool {node.func.id!r}")
        positional = [ast.literal_eval(argument) for argument in node.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
        bound = methods[node.func.id].bind(None, *positional, **named).arguments
    except (SyntaxError, TypeError, ValueError) as error:
        raise UserError(f"{where}: ground truth {text!r} cannot be read: {error}") from None
    return node.func.id, {name: value for name, value in bound.items() if name != "self"}


def bfcl_text(tool: str, output: Any) -> str:
    """An output of ours as the text that bfcl-eval's executor gives a model for the same result.

    A dict becomes JSON, a raised error its sentence, anything else Python's ``str``. Where their text is a
    Python ``repr`` of an mpf or Decimal, ours is a JSON number of the same value.
    """
    output = differences.listed(tool, output)
    if isinstance(output, dict):
        error = output.get("error")
        if (
            list(output) == ["error"]
            and isinstance(error, str)
            and error.startswith("Error during execution: ")
        ):
            return error
        return json.dumps(output)
    return output if isinstance(output, str) else str(output)


def _category(entry_id: str) -> str:
    category = entry_id.removeprefix("multi_turn_").rpartition("_")[0]
    if category not in CATEGORIES or entry_id not in _rows(category):
        raise UserError(f"BFCL has no multi-turn entry {entry_id!r}{did_you_mean(entry_id, entry_ids())}")
    return category


def _state(class_name: str, config: dict[str, Any] | None, long_context: bool) -> dict[str, Any]:
    state = dict(config or {})
    seed = ADDITIONS[class_name].seed
    if seed is not None:
        state.setdefault("random_seed", seed)
    return {**state, "long_context": True} if long_context else state


@cache
def _methods(classes: tuple[str, ...]) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(getattr(package.backend(class_name), name))
        for class_name in classes
        for name in bfcl_environment(class_name).tool_specs()
    }


@cache
def _rows(category: str, folder: str = "") -> dict[str, dict[str, Any]]:
    file = package.package_path() / "data" / folder / f"BFCL_v4_multi_turn_{category}.json"
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise UserError(
            f"{file}: {error.strerror}; this release reads the entries of bfcl-eval 2026.3.23"
        ) from None
    return {row["id"]: row for row in map(orjson.loads, lines)}
