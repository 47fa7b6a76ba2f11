"""Arguments for exploring an environment: from marks, schema and state, and from the outputs seen so far."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from funreason_plugin.checks.environment_facts import Facts
from funreason_plugin.checks.environment_places import state_paths
from funreason_plugin.environments.marks import Marks
from funreason_plugin.environments.schemas import fits, one_type
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.similar import answers, looks_like_id
from funreason_plugin.environments.spec import ParamSpec
from funreason_plugin.environments.values import Candidates, candidates_at

_KEPT: Final = 30  # values kept by output field
_LACKING: Final = object()


class Arguments:
    """Draws arguments in one session and notes in the facts where their values came from."""

    def __init__(self, environment: str, session: Session, facts: Facts, rng: Random) -> None:
        self.environment, self.session, self.facts, self.rng = environment, session, facts, rng
        specs = session.space.tools
        self._refs = {(s.name, f.path): f.ref.entity for s in specs.values() for f in s.outputs if f.ref}
        self._seen: dict[tuple[str, str], deque[Any]] = {}
        self._start = session.version(environment)
        self._drawn: dict[tuple[str, str, str], tuple[int, Candidates]] = {}

    def note(self, tool: str, output: Any) -> None:
        """Remember the values of an output."""
        for path, values in state_paths(output if isinstance(output, dict) else {"": output}).items():
            path = path.removeprefix(".")
            self.facts.outputs.setdefault((tool, path), set()).update(
                type(value).__name__ for value in values
            )
            kept = self._seen.setdefault((tool, path), deque(maxlen=_KEPT))
            kept.extend(
                value for value in values if isinstance(value, (str, int, float)) and value is not True
            )

    def bind(
        self, tool: str, given: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, str]] | None:
        """Arguments, and which output field gave a leaf's value; None when a required parameter has no value."""
        binding = _Binding(self, tool)
        arguments: dict[str, Any] = {}
        for param in self.session.space.tools[tool].params:
            if given is not None and param.name in given:
                arguments[param.name] = given[param.name]
            elif param.required or self.rng.random() < 0.4:
                value = binding.value(param, param.schema, "", param.name)
                if value is not _LACKING:
                    arguments[param.name] = value
                elif param.required:
                    return None
        return arguments, binding.used

    def untouched(self) -> bool:
        """Whether the state is still the scenario's."""
        return self.session.version(self.environment) == self._start

    def drawn(self, tool: str, param: ParamSpec, path: str) -> Candidates:
        """What marks, schema and state give for a leaf; drawn anew when the state changed."""
        key, version = (tool, param.name, path), self.session.version(self.environment)
        if key not in self._drawn or self._drawn[key][0] != version:
            state = self.session.peek(self.environment)
            values = param.values
            known = (
                values is not None and values.kind == "tool" and self._seen.get((values.column, values.path))
            )
            session = None if known else self.session
            self._drawn[key] = version, candidates_at(param, path, state, self.rng, session)
        return self._drawn[key][1]

    def provided(
        self, name: str, mark: Marks, schema: Mapping[str, Any], desperate: bool
    ) -> tuple[tuple[str, str], list[Any]]:
        """A field of earlier outputs that refers to the same entity, or answers to the name; or any ids at all."""
        fitting = {key: [item for item in kept if fits(item, schema)] for key, kept in self._seen.items()}
        filled = {key: kept for key, kept in fitting.items() if kept}
        if mark.values is not None and mark.values.kind == "tool":
            keys = [key for key in filled if key == (mark.values.column, mark.values.path)]
        elif mark.ref is not None:
            keys = [key for key in filled if self._refs.get(key) == mark.ref.entity]
            keys = keys or [key for key in filled if key not in self._refs and answers(name, *key)]
        else:
            keys = [key for key in filled if answers(name, *key)]
        if not keys and desperate and self.rng.random() < 0.5:
            keys = [key for key, kept in filled.items() if looks_like_id(kept[-1])]
        if not keys:
            return ("", ""), []
        key = self.rng.choice(keys)
        return key, filled[key]


class _Binding:
    """The arguments of one call."""

    def __init__(self, arguments: Arguments, tool: str) -> None:
        self.arguments, self.rng, self.tool = arguments, arguments.rng, tool
        self.used: dict[str, str] = {}
        self.place = (
            self.rng.random()
        )  # values of one record stand at one place of their lists: user and password

    def value(self, param: ParamSpec, schema: Mapping[str, Any], path: str, name: str) -> Any:
        schema = one_type(schema)
        mark = param.marks.get(path, Marks()) if path else Marks(param.ref, param.values, param.prose)
        if mark.values is None and schema.get("type") == "array" and schema.get("items"):
            least = max(schema.get("minItems", 1), 1)
            number = self.rng.randint(least, max(least, min(schema.get("maxItems", 2), 2)))
            items: list[Any] = []
            for _ in range(4 * number):  # distinct ones, so a draw may be in vain
                item = self.value(param, schema["items"], path + "[]", name)
                if item is not _LACKING and item not in items:
                    items.append(item)
                if len(items) == number:
                    break
            return items if len(items) >= least else _LACKING
        if mark.values is None and schema.get("properties"):
            return self.object(param, schema, path)
        return self.leaf(param, schema, path, name, mark)

    def object(self, param: ParamSpec, schema: Mapping[str, Any], path: str) -> Any:
        required = schema.get("required", ())
        found = {
            key: self.value(param, part, f"{path}.{key}" if path else key, key)
            for key, part in schema["properties"].items()
            if key in required or self.rng.random() < 0.5
        }
        if any(found[key] is _LACKING for key in required):
            return _LACKING
        return {key: item for key, item in found.items() if item is not _LACKING}

    def leaf(self, param: ParamSpec, schema: Mapping[str, Any], path: str, name: str, mark: Marks) -> Any:
        label = param.name + (path if path.startswith("[") or not path else f".{path}")
        found = self.arguments.drawn(self.tool, param, path)
        facts = self.arguments.facts.tools[self.tool]
        counted = facts.sources.setdefault(label, Counter())
        if found.source != "state" or self.arguments.untouched() or counted["state"]:
            counted[found.source] += (
                1  # in a state that was written to, it may be an invented value that came back
            )
        values = found.values
        if found.source in ("lookup", "none", "invented", "default") or not values:
            provider, seen = self.arguments.provided(name, mark, schema, found.source in ("lookup", "none"))
            if seen and (not values or self.rng.random() < 0.7):
                self.used[label] = f"{provider[0]}: {provider[1] or 'its output'}"
                return seen[-1] if self.rng.random() < 0.5 else self.rng.choice(seen)
        if not values:
            return _LACKING
        for value in values[:3]:
            facts.examples.setdefault(label, {}).setdefault(shown(value), None)
        if self.rng.random() < 0.7:
            return values[int(self.place * len(values))]
        return self.rng.choice(values)


def shown(value: Any) -> str:
    """A value or arguments, short enough for a line."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={item!r}" for key, item in value.items())[:120]
    return repr(value)[:60]
