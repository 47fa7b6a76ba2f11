"""`SimulationSpace`: several environments as one tool set (S in the paper, section 3.1).

space = SimulationSpace.from_names(["travel", "files"])
scenario = space.scenario(seed=7)
with space.session(scenario) as session:
    session.call("search_flights", {"origin": "Rome", ...})
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, ClassVar

import jsonschema

from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.limits import Watch, is_error
from funreason_plugin.environments.marks import Marks
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.state import plain, same_json
from funreason_plugin.errors import UserError

__all__ = ["LargeScenario", "Scenario", "Session", "SimulationSpace", "is_error"]

_VALIDATED_LIMIT = 50_000


@dataclass(slots=True)
class Scenario:
    """An initial state: seed (for clock, random numbers and ids), clock (ISO 8601), state by environment."""

    seed: str
    clock: str
    states: dict[str, dict[str, Any]]


@dataclass(slots=True)
class LargeScenario(Scenario):
    """One whose listings were made ``times`` times as long, so that a conversation comes to ``context_tokens`` tokens."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}
    times: int
    context_tokens: int


class _ScenarioClock:
    """What a scenario is drawn with: the clock of the session to come, so that its dates fit."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def rng(self) -> Random:
        raise RuntimeError("a scenario is drawn with the rng that scenario(rng) is given")

    def new_id(self, prefix: str, digits: int, taken: Container[str]) -> str:
        raise RuntimeError("new_id works inside a Session only; a scenario draws its ids from its rng")


class SimulationSpace:
    """Environments composed; a tool name that two of them have is an error that names both."""

    def __init__(self, environments: Sequence[type[Environment]]) -> None:
        self.environments: dict[str, type[Environment]] = {}
        self.tools: dict[str, ToolSpec] = {}
        for cls in environments:
            if cls.name in self.environments:
                raise UserError(f"environment {cls.name!r} is given twice; name it once")
            if cls.copying not in ("copy", "own", "replay"):
                raise UserError(
                    f"environment {cls.name!r}: copying is {cls.copying!r}, expected 'copy', 'own' or 'replay'"
                )
            self.environments[cls.name] = cls
            for name, spec in cls.tool_specs().items():
                if name in self.tools:
                    raise UserError(
                        f"tool {name!r} is in both {self.tools[name].environment!r} and {cls.name!r}; "
                        'rename one of them (MCP, OpenAPI: "prefix"), or use the environments in separate runs'
                    )
                self.tools[name] = spec
        for cls in environments:
            missing = [
                need for spec in cls.tool_specs().values() for need in spec.needs if need not in self.tools
            ]
            if missing:
                raise UserError(f"environment {cls.name!r}: needs names {missing[0]!r}, which is not a tool")
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}
        self._valid: set[tuple[str, int]] = set()
        self._passing = {name: _passing(spec) for name, spec in self.tools.items()}

    @classmethod
    def from_names(cls, names: Iterable[str]) -> SimulationSpace:
        """From names as on the command line: travel, bfcl:TradingBot, my_module:MyEnv, path/to/file.py:MyEnv."""
        from funreason_plugin.environments.catalog import resolve

        return cls([environment for name in names for environment in resolve(name)])

    def subset(self, names: Sequence[str]) -> SimulationSpace:
        """The space of some of the environments, in this space's order."""
        return SimulationSpace([cls for name, cls in self.environments.items() if name in names])

    @property
    def policy(self) -> str:
        """The environments' system prompts, one paragraph each."""
        return "\n\n".join(cls.policy.strip() for cls in self.environments.values() if cls.policy.strip())

    def scenario(self, seed: int | str) -> Scenario:
        """Draw the initial state of every environment. The same seed gives the same scenario."""
        clock = Random(f"{seed}/clock")
        day = f"2026-{clock.randint(1, 12):02d}-{clock.randint(1, 28):02d}"
        time = f"{clock.randint(7, 20):02d}:{clock.choice((0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55)):02d}:00"
        now = f"{day}T{time}"
        states: dict[str, dict[str, Any]] = {}
        for name, cls in self.environments.items():
            environment, rng = _with_clock(cls, now), Random(f"{seed}/{name}")
            states[name] = _plain_state(name, "scenario(rng)", partial(environment.scenario, rng))
        return Scenario(str(seed), now, states)

    @property
    def enlargeable(self) -> list[str]:
        """The environments that say how their states become large (`Environment.enlarge`)."""
        return [name for name, cls in self.environments.items() if cls.enlarge is not Environment.enlarge]

    def enlarged(self, scenario: Scenario, times: int, context_tokens: int) -> LargeScenario:
        """The scenario with listings ``times`` times as long; states of environments that cannot be large stay as they are."""
        states = dict(scenario.states)
        for name in self.enlargeable:
            environment = _with_clock(self.environments[name], scenario.clock)
            rng = Random(f"{scenario.seed}/{name}/enlarge")
            grow = partial(environment.enlarge, plain(states[name]), rng, times)
            states[name] = _plain_state(name, "enlarge(state, rng, times)", grow)
        return LargeScenario(scenario.seed, scenario.clock, states, times, context_tokens)

    def session(self, scenario: Scenario, *, watch: Watch | None = None) -> Session:
        """A live copy of the space at this scenario."""
        return Session(self, scenario, watch)

    def invalid(self, name: str, packed: bytes, arguments: dict[str, Any]) -> str | None:
        """Why the arguments do not fit the tool's schema, in one line; None when they do."""
        key = (name, hash(packed))  # not the bytes: orjson's keep a page of memory each
        if key in self._valid:
            return None
        validator = self._validators.get(name)
        if validator is None:
            validator = jsonschema.Draft202012Validator(self.tools[name].parameters)
            self._validators[name] = validator
        error = jsonschema.exceptions.best_match(validator.iter_errors(arguments))
        if error is None:
            if len(self._valid) >= _VALIDATED_LIMIT:
                self._valid.clear()
            self._valid.add(key)
            return None
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        return (
            f"invalid arguments for {name}{': ' + place.lstrip('.') if place else ''}: {error.message[:300]}"
        )

    def essence(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments that make a call what it is: without free text, and without defaults written out.

        Neither rewording a message nor spelling out a default changes the ids that a call gets.
        """
        texts, defaults = self._passing[name]
        if not texts and not defaults:
            return arguments
        return {
            key: value
            for key, value in arguments.items()
            if key not in texts and not (key in defaults and same_json(defaults[key], value))
        }


def _with_clock(cls: type[Environment], now: str) -> Environment:
    environment = cls()
    environment._supply = _ScenarioClock(datetime.fromisoformat(now))
    return environment


def _plain_state(name: str, method: str, draw: Callable[[], Any]) -> dict[str, Any]:
    """What a method that an author wrote gives as a state: a private copy. Raises UserError."""
    try:
        state = draw()
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"environment {name!r}: {method} raised {type(error).__name__}: {error}") from error
    if not isinstance(state, dict):
        raise UserError(f"environment {name!r}: {method} returned {type(state).__name__}, expected dict")
    try:
        copied = plain(state)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"environment {name!r}: the scenario is not plain JSON data ({error}); "
            "use dicts, lists, strings, numbers"
        ) from None
    assert isinstance(copied, dict)
    return copied


def _passing(spec: ToolSpec) -> tuple[frozenset[str], dict[str, Any]]:
    """The parameters of free text, and the defaults of optional ones."""
    texts = frozenset(
        param.name
        for param in spec.params
        if param.prose is not None or any((marks or Marks()).prose for marks in param.marks.values())
    )
    return texts, {param.name: param.default for param in spec.params if not param.required}
