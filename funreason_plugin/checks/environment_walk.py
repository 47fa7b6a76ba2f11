"""A random walk through one environment: tools are called with sampled arguments, and everything odd is noted.

Arguments come from marks, schema and state (`environments.values`), and from the outputs seen so far. Writing calls
stay in effect, so that later tools find what earlier ones made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from time import perf_counter
from typing import Any, ClassVar, Final

import jsonschema

from funreason_plugin.checks.environment_arguments import Arguments, shown
from funreason_plugin.checks.environment_facts import Facts, ToolFacts
from funreason_plugin.checks.environment_places import not_plain, raised_at, state_paths
from funreason_plugin.environments.environment import Environment, ToolError
from funreason_plugin.environments.external.ways import is_unanswered
from funreason_plugin.environments.limits import is_error, is_over_time
from funreason_plugin.environments.schemas import fits, one_type
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.state import canonical, rules, without

Logged = tuple[str, dict[str, Any], Any]  # tool, arguments, output
_NOTHING: Final = {"string": "zz-unknown-77", "integer": 987654321}  # values that no state has
_TYPED: Final = 20  # successes of a tool whose outputs are compared with its return type
_HUNTED: Final = 60  # state paths tried for a parameter without a source
_ERROR_TEXT = re.compile(r"(?i)\s*(?:error\b|failed\b|failure\b|exception\b)")
_ERROR_KEYS: Final = {"err", "errors", "error_message", "errormessage", "exception"}


class Record:
    """The last call as the environment saw it, before the session made a result of it."""

    result: Any = None
    error: Exception | None = None
    seconds: float = 0.0
    private: str = ""


class Recorded(Environment):
    """Put before an environment's class: behaves the same, and notes the raw scenario and the last call."""

    _check_raw: ClassVar[Any] = None
    _check_last: ClassVar[Record | None] = None

    def scenario(self, rng: Random) -> dict[str, Any]:
        state = super().scenario(rng)
        type(self)._check_raw = state
        return state

    def invoke(self, name: str, arguments: dict[str, Any]) -> Any:
        record, last = Record(), type(self)._check_last
        if last is None or last.error is None:  # a replay after a failure hides it from nobody
            type(self)._check_last = record
        before = _private(self)
        started = perf_counter()
        try:
            record.result = super().invoke(name, arguments)
            return record.result
        except Exception as error:
            record.error = error
            raise
        finally:
            record.seconds = perf_counter() - started
            after = _private(self)
            record.private = next((key for key in after if before.get(key) != after[key]), "")

    @classmethod
    def _check_take(cls) -> Record | None:
        """The record of the last call, once."""
        record, cls._check_last = cls._check_last, None
        return record


def recorded(cls: type[Environment]) -> type[Recorded]:
    """A subclass that is recorded; it has the class's name, module and file."""
    names = {
        "name": cls.name,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
    }
    return type(cls.__name__, (Recorded, cls), names)


def _private(environment: Environment) -> dict[str, str]:
    """Attributes that are no part of the state, as text; of environments that are copied attribute by attribute."""
    if environment.copying != "copy":
        return {}
    return {key: repr(item) for key, item in vars(environment).items() if key[0] == "_" and key != "_supply"}


class Walk:
    """A walk in one session; `log` holds its calls with their outputs, to be repeated elsewhere."""

    def __init__(self, cls: type[Recorded], session: Session, facts: Facts, rng: Random, state: int) -> None:
        self.cls, self.session, self.facts, self.rng, self.state = cls, session, facts, rng, state
        self.specs: Mapping[str, ToolSpec] = session.space.tools
        self.log: list[Logged] = []
        self.arguments = Arguments(cls.name, session, facts, rng)
        self._plain = True
        self._weight: Counter[str] = Counter()  # tries, and successes twice more
        self._digest, self._full = self.digests()

    # -- calling ------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Try the tool that succeeded least so far, or another at random."""
        usable = [name for name in self.specs if not self.facts.tools[name].slow]
        if not usable:
            return
        least = min(usable, key=lambda name: (self._weight[name], self.rng.random()))
        self.attempt(least if self.rng.random() < 0.8 else self.rng.choice(usable))

    def attempt(self, tool: str) -> Any:
        """Call a tool with sampled arguments; its output, or None when a parameter has no value."""
        self._weight[tool] += 1
        bound = self.arguments.bind(tool)
        if bound is None:
            self.facts.tools[tool].errors["no value for a required parameter"] += 1
            return None
        arguments, used = bound
        output = self.call(tool, arguments)
        self.log.append((tool, arguments, output))
        if not is_error(output):
            for path, provider in used.items():
                self.facts.tools[tool].filled_by.setdefault(path, Counter())[provider] += 1
        return output

    def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """Call a tool and note what is odd about the call."""
        spec, found = self.specs[tool], self.facts.tools[tool]
        self.cls._check_take()
        output = self.session.call(tool, arguments)
        record = self.cls._check_take()
        self.facts.calls += 1
        found.calls += 1
        if record is not None:
            found.seconds.append(record.seconds)
        before, before_full = self._digest, self._full
        self._digest, self._full = self.digests()
        if not spec.writes and self._digest != before and not found.claims_wrongly:
            found.claims_wrongly = f"{tool}({shown(arguments)})"
        if is_error(output):
            self._note_error(found, tool, arguments, str(output["error"]), record)
            return output
        found.succeeded += 1
        found.states.add(self.state)
        found.changed += self._full != before_full
        if record is not None and record.private and not found.private:
            found.private = record.private
        if self._plain and self._full != before_full:
            odd = not_plain(self.session.peek(spec.environment))
            if odd is not None:  # the first tool that left it is to blame
                self._plain = False
                found.unplain = found.unplain or f"{odd[1]} at {odd[0] or 'the top'}"
        if spec.output_schema is not None and found.succeeded <= _TYPED and not found.mistyped:
            found.mistyped = _mistyped(output, spec.output_schema)
        if not found.error_like and _looks_like_error(output):
            found.error_like = shown(output)
        self.arguments.note(tool, output)
        return output

    def digests(self) -> tuple[bytes, bytes]:
        """The state without volatile fields, and all of it, as bytes."""
        state = self.session.peek(self.cls.name)
        full = canonical(state)
        if "volatile" not in self.cls.equality.values():
            return full, full
        return canonical(without(state, rules(self.cls.equality, self.cls.name))), full

    def resume(self) -> None:
        """The session was restored by somebody else."""
        self._digest, self._full = self.digests()

    def _note_error(
        self, found: ToolFacts, tool: str, arguments: dict[str, Any], message: str, record: Record | None
    ) -> None:
        message = " ".join(message.split())
        masked = re.sub(r"'[^']*'|\d+", "…", message)[:120]
        found.errors[found.told.setdefault(masked, message[:160])] += 1
        if is_over_time({"error": message}):
            found.slow = True
        elif record is None:
            return
        elif record.error is None:
            if not is_error(record.result):  # an error payload of the tool's own is as good as an exception
                found.not_json = found.not_json or message
        elif not isinstance(record.error, ToolError):
            kind = type(record.error).__name__
            call = f"{tool}({shown(arguments)}) raises {kind}: {str(record.error)[:80]}"
            found.raised.setdefault(kind, (call, raised_at(self.cls, record.error)))

    # -- looking for what nobody declared -------------------------------------------------------------------

    def misuse(self, tool: str) -> None:
        """Call a tool with a value that means nothing, one parameter at a time: does it fail as it should?"""
        for param in self.specs[tool].params:
            schema = one_type(param.schema)
            nothing = _NOTHING.get(str(schema.get("type")))
            if nothing is not None and "format" not in schema and fits(nothing, schema):
                bound = self.arguments.bind(tool, {param.name: nothing})
                if bound is not None:
                    self.call(tool, bound[0])

    def hunt(self, tool: str) -> None:
        """Try every value of the state for the parameters that nobody gives values for."""
        facts = self.facts.tools[tool]
        for param in self.specs[tool].params:
            sources = set(facts.sources.get(param.name, {}))
            if not param.required or one_type(param.schema).get("type") not in ("string", "integer"):
                continue
            if sources & {"annotation", "enum", "state", "range"}:
                continue
            for path, values in list(state_paths(self.session.peek(self.cls.name)).items())[:_HUNTED]:
                before = self.session.snapshot()
                bound = self.arguments.bind(tool, {param.name: self.rng.choice(values)})
                worked = bound is not None and not is_error(self.session.call(tool, bound[0]))
                self.session.restore(before)
                if worked:
                    facts.hunted[param.name] = path
                    return


def answered(log: Sequence[Logged]) -> list[Logged]:
    """The calls that can be repeated: what a server did not answer says nothing of its state."""
    return [entry for entry in log if not is_unanswered(entry[2])]


def _mistyped(output: Any, schema: dict[str, Any]) -> str:
    """Where an output does not fit the schema of the return type; "" when it does."""
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(output))
    return (
        ""
        if error is None
        else f"{error.json_path.removeprefix('$').lstrip('.') or 'it'}: {error.message[:120]}"
    )


def _looks_like_error(output: Any) -> bool:
    """Whether an output says that it failed, in another way than {"error": message}."""
    if isinstance(output, str):
        return len(output) < 300 and _ERROR_TEXT.match(output) is not None
    if not isinstance(output, dict):
        return False
    if output.get("success") is False or output.get("ok") is False:
        return True
    if str(output.get("status", "")).lower() in ("error", "failed", "failure"):
        return True
    return any(str(key).lower() in _ERROR_KEYS and output[key] for key in output)
