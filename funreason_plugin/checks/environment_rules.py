"""From what was observed of an environment to what its author should change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from statistics import median
from typing import Any, Final

from funreason_plugin.checks.environment_advice import PYTHON, never_given
from funreason_plugin.checks.environment_facts import SEVERITIES, Facts, Finding, Severity, ToolFacts
from funreason_plugin.checks.environment_places import covers, place
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.invented import is_prose
from funreason_plugin.environments.marks import Marks
from funreason_plugin.environments.schemas import one_type
from funreason_plugin.environments.similar import answers, similar_path
from funreason_plugin.environments.spec import ParamSpec, ToolSpec
from funreason_plugin.errors import did_you_mean

SLOW: Final = 0.05  # seconds: the median of a call that makes large data sets tedious


def findings_of(cls: type[Environment], facts: Facts) -> list[Finding]:
    """All findings on one environment, errors first."""
    rules = _Rules(cls, facts)
    unplain = any(tool.unplain for tool in facts.tools.values())  # says why the state cannot be copied
    found = [item for item in facts.findings if not (unplain and "cannot be copied" in item.message)]
    if any(item.check == "scenario" for item in found):
        return found  # the rest would only speak of what follows from it
    found += rules.scenarios()
    found += rules.equality()
    for name, spec in cls.tool_specs().items():
        tool = facts.tools[name]
        found += rules.behaviour(spec, tool)
        found += rules.language(spec)
        if not tool.slow:
            for param in spec.params:
                found += rules.parameter(spec, tool, param)
    return sorted(found, key=lambda item: SEVERITIES.index(item.severity))


class _Rules:
    """The rules, for one environment's facts."""

    def __init__(self, cls: type[Environment], facts: Facts) -> None:
        self.cls, self.facts = cls, facts
        self.refs = {
            (s.name, f.path): f.ref.entity for s in cls.tool_specs().values() for f in s.outputs if f.ref
        }

    def scenarios(self) -> Iterator[Finding]:
        if self.facts.drawn and self.facts.distinct < self.facts.drawn // 2 and self.facts.values:
            yield self._finding(
                "warning",
                "scenarios",
                f"{self.facts.drawn} scenarios give only {self.facts.distinct} different states",
                f"add lines to {self.cls.scenarios}"
                if self.cls.scenarios
                else "draw names, amounts and dates from rng in scenario(rng)",
                line="" if self.cls.scenarios else "scenario",
            )

    def equality(self) -> Iterator[Finding]:
        """Patterns that name nothing: most often a slip of the pen, and then nothing is compared as meant."""
        known = [*self.facts.values]
        for pattern in self.cls.equality:
            top = re.split(r"[.\[]", pattern)[0]
            beside = [path for path in known if re.split(r"[.\[]", path)[0] == top]
            if (
                known
                and not any(covers(pattern, path) for path in beside)
                and (beside or top not in self.facts.tops)
            ):
                yield self._finding(
                    "warning",
                    "equality",
                    f"equality names {pattern!r}, which no state has{did_you_mean(pattern, known)}",
                    f"correct {pattern!r} in equality",
                )

    def behaviour(self, spec: ToolSpec, tool: ToolFacts) -> Iterator[Finding]:
        name = spec.name
        if tool.slow:
            limit = f"{self.cls.time_limit:g}"
            yield self._finding(
                "error",
                "hang",
                f"a call took over {limit} s and was stopped",
                "do less in a call, or set time_limit (seconds) on the class",
                name,
            )
        elif tool.calls + sum(tool.errors.values()) and not tool.succeeded and not tool.not_json:
            yield self._never_legal(spec, tool)
        if tool.not_json:
            yield self._finding(
                "error", "result", tool.not_json, "return dict, list, str, int, float, bool or None", name
            )
        if tool.mistyped:
            yield self._finding(
                "warning",
                "result",
                f"its return type does not say what it returns: {tool.mistyped}",
                "correct the return type: the tool graph reads it",
                name,
            )
        if tool.claims_wrongly:
            yield self._finding(
                "error",
                "write claim",
                f"changes the state, e.g. {tool.claims_wrongly}, but does not say so",
                "write @tool(writes=True) above it",
                name,
            )
        if spec.writes and tool.succeeded >= 3 and not tool.changed and not tool.private:
            yield self._finding(
                "warning",
                "write claim",
                f"says writes=True, but none of its {tool.succeeded} successes changed the state",
                "write @tool above it, without writes=True",
                name,
            )
        if tool.private:
            broken = any(item.check in ("snapshot", "determinism") for item in self.facts.findings)
            yield self._finding(
                "error" if broken or (spec.writes and not tool.changed) else "warning",
                "state",
                f"changes self.{tool.private}: what begins with '_' is no part of the state, so that it is neither "
                "copied nor judged",
                f"rename it to self.{tool.private.lstrip('_')} and return it from scenario(rng)",
                name,
            )
        if tool.unplain:
            yield self._finding(
                "error",
                "state",
                f"leaves {tool.unplain} in the state, which JSON cannot hold as it is",
                "store str, int, float, bool, None, lists, and dicts with string keys",
                name,
            )
        if tool.error_like:
            yield self._finding(
                "error",
                "error shape",
                f"returns {tool.error_like} where it failed: that counts as a success",
                'raise ToolError(message), or return {"error": message}',
                name,
            )
        for kind, (call, line) in tool.raised.items():
            yield self._finding(
                "warning",
                "error shape",
                f"{call}: a model cannot learn from that message",
                f"raise ToolError that says what is wrong and which tool helps, before {kind} happens",
                name,
                line=line,
            )
        if tool.seconds and median(tool.seconds) > SLOW:
            yield self._finding(
                "warning",
                "time",
                f"a call takes {1000 * median(tool.seconds):.0f} ms (median of {len(tool.seconds)})",
                "load data once, when the module is imported",
                name,
            )

    def _never_legal(self, spec: ToolSpec, tool: ToolFacts) -> Finding:
        tried = (
            f"{tool.calls} calls in {self.facts.states} states" if tool.calls else "it could never be called"
        )
        reason = next(iter(tool.errors.most_common(1)), ("", 0))[0]
        change = "let scenario(rng) draw states in which it works, or give its parameters values that work"
        if tool.hunted:
            param, path = next(iter(tool.hunted.items()))
            change = f'add Values.state("{path}") to parameter {param}: with its values it works'
        return self._finding(
            "error", "never legal", f"never succeeded: {tried}; mostly: {reason}", change, spec.name
        )

    def language(self, spec: ToolSpec) -> Iterator[Finding]:
        """Clauses that the scripted teacher could not fill; parameters that a model reads nothing about."""
        names = {param.name for param in spec.params}
        required = {p.name for p in spec.params if p.required and (p.ref is None or p.ref.known)}
        for clause in spec.phrases.ask:
            used = set(re.findall(r"\{(\w+)", clause))
            always = set(re.findall(r"\{(\w+)", re.sub(r"\[[^\[\]]*\]", "", clause)))
            if wrong := sorted(used - names) or sorted(required - always):
                what = (
                    "is no parameter"
                    if wrong[0] not in names
                    else "is required and must stand outside of [...]"
                )
                yield self._finding(
                    "warning",
                    "phrases",
                    f"ask clause {clause!r}: {wrong[0]!r} {what}",
                    f"correct {clause!r}",
                    spec.name,
                )
        silent = [param.name for param in spec.params if not param.description]
        if silent:
            yield self._finding(
                "note",
                "description",
                f"a model reads nothing about {', '.join(silent)}",
                f'add a line to the docstring, below "Args:": {silent[0]}: what it is',
                spec.name,
            )

    def parameter(self, spec: ToolSpec, tool: ToolFacts, param: ParamSpec) -> Iterator[Finding]:
        for label, counted in tool.sources.items():
            if re.split(r"[.\[]", label)[0] != param.name:
                continue
            path = label[len(param.name) :].removeprefix(".")
            mark = param.marks.get(path, Marks()) if path else Marks(param.ref, param.values, param.prose)
            sources, filled = set(counted), tool.filled_by.get(label)
            empty = label not in tool.examples and not filled
            where = f"{spec.name}.{label}"
            if (
                mark.values is not None
                and mark.values.kind == "tool"
                and mark.values.column not in self.facts.tools
            ):
                hint = did_you_mean(mark.values.column, self.facts.tools)
                message = f"Values.tool names {mark.values.column!r}, which is not a tool{hint}"
                yield self._finding("error", "values", message, "name a tool of this environment", where)
            elif sources == {"annotation"} and empty:
                yield self._finding("error", "values", *self._empty(mark), where)
            elif sources <= {"lookup", "none"} and not filled and not tool.examples.get(label):
                yield from self._unknowable(where, param, path, mark, tool)
            elif sources == {"invented"} and not filled:
                message = "only ever gets invented values"
                yield self._finding("warning", "values", message, self._source_for(param, path, tool), where)
            elif sources == {"default"} and not filled:
                message = f"only ever gets its default, {param.default!r}"
                yield self._finding("note", "values", message, self._source_for(param, path, tool), where)

    def _empty(self, mark: Marks) -> tuple[str, str]:
        """Values that the author named, and that give nothing."""
        values = mark.values
        if values is None or values.kind != "state":
            return "its Values give nothing that fits its type", "give values of its type"
        hint = did_you_mean(values.path, self.facts.values).removeprefix("; ")
        message = (
            f"Values.state({values.path!r}) finds nothing that fits in any state{'; ' + hint if hint else ''}"
        )
        return message, f"correct {values.path!r}"

    def _unknowable(
        self, where: str, param: ParamSpec, path: str, mark: Marks, tool: ToolFacts
    ) -> Iterator[Finding]:
        """Values that only the system knows: some tool must give them."""
        name = re.split(r"[.\[\]]+", path.strip("[]."))[-1] or param.name
        entity = mark.ref.entity if mark.ref is not None else re.sub(r"_?ids?$", "", name) or name
        seen = self.facts.outputs
        giving = [
            key for key in seen if self.refs.get(key) == entity or (mark.ref is None and answers(name, *key))
        ]
        wanted = PYTHON.get(one_type(param.schema).get("type", ""), "str")
        if giving and not path and not any(wanted in seen[key] for key in giving):
            tool_name, field = giving[0]
            had = ", ".join(sorted(seen[giving[0]]))
            message = f"takes {wanted}, but {tool_name} gives {field or 'it'} as {had}"
            yield self._finding(
                "error", "values", message, f"let both have one type, e.g. {param.name}: {had}", where
            )
        if giving or entity in self.refs.values():
            return
        severity, message, change = never_given(param, path, name, entity, tool.hunted.get(param.name))
        yield self._finding(severity, "values", message, change, where)

    def _source_for(self, param: ParamSpec, path: str, tool: ToolFacts) -> str:
        """The mark that would give a parameter real values."""
        schema: dict[str, Any] = dict(one_type(param.schema))
        name = param.name if not path else re.split(r"[.\[\]]+", path.strip("[]."))[-1] or param.name
        if is_prose(name, {"type": "string"}) and schema.get("type") in ("string", "object", "array"):
            return f'add Prose(("a sentence a person would write", ...)) to parameter {name}'
        found = tool.hunted.get(param.name) or similar_path(name, schema.get("type"), self.facts.given)
        if found:
            return f'add Values.state("{found}") to parameter {name}'
        if schema.get("type") in ("integer", "number"):
            return f"add Values.of([...]) to parameter {name}, or bounds: Annotated[{PYTHON.get(schema.get('type', ''), 'str')}, Field(ge=1, le=10)]"
        return f"add Values.of([...]), Values.state(path) or Values.call(function) to parameter {name}"

    def _finding(
        self, severity: Severity, check: str, message: str, change: str, where: str = "", line: str = ""
    ) -> Finding:
        tool, _, label = where.partition(".")
        param = re.split(r"[.\[]", label)[0]
        at = line if ":" in line else place(self.cls, tool or line, param)
        return Finding(severity, check, self.cls.name, where, at, message, change)
