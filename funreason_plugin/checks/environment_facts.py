"""What an exploration of an environment observed, tool by tool: the rules turn these facts into findings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from funreason_plugin.environments.values import Source

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend: ``where`` is "tool", "tool.parameter" or "" (the environment), ``place`` file:line."""

    severity: Severity
    check: str
    environment: str
    where: str
    place: str
    message: str
    change: str = ""


@dataclass(slots=True)
class ToolFacts:
    """One tool under exploration; `sources`, `examples` and `filled_by` are by leaf path ("city", "items[].sku")."""

    calls: int = 0
    succeeded: int = 0
    states: set[int] = field(default_factory=set)  # those in which it succeeded
    seconds: list[float] = field(default_factory=list)
    changed: int = 0  # successes after which the state was another
    errors: Counter[str] = field(default_factory=Counter)  # by message; those that differ in values are one
    told: dict[str, str] = field(default_factory=dict)  # masked message: the first one of its kind
    raised: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # exception type: (message with call, file:line)
    claims_wrongly: str = ""  # a call of a reading tool that changed the state, and where
    private: str = ""  # an attribute that begins with "_" and was changed
    not_json: str = ""
    mistyped: str = ""  # where an output is not what the return type says
    error_like: str = ""  # a success that looks like an error
    unplain: str = ""  # what it left in the state that JSON cannot hold
    slow: bool = False
    sources: dict[str, Counter[Source]] = field(default_factory=dict)
    examples: dict[str, dict[str, None]] = field(default_factory=dict)
    filled_by: dict[str, Counter[str]] = field(
        default_factory=dict
    )  # "tool: path" of the output that gave the value
    hunted: dict[str, str] = field(
        default_factory=dict
    )  # leaf: state path whose values made the tool succeed


@dataclass(slots=True)
class Facts:
    """One environment under exploration; findings that need no further rule are collected on the way."""

    tools: dict[str, ToolFacts]
    findings: list[Finding] = field(default_factory=list)
    states: int = 0
    calls: int = 0
    distinct: int = 0
    drawn: int = 0
    outputs: dict[tuple[str, str], set[str]] = field(
        default_factory=dict
    )  # types seen, by tool and output path
    values: dict[str, list[Any]] = field(default_factory=dict)  # some values by state path
    given: dict[str, list[Any]] = field(default_factory=dict)  # those of the scenarios
    tops: set[str] = field(default_factory=set)  # the state's own keys, empty ones included
    hashes: dict[str, str] = field(default_factory=dict)  # scenario seed: hash of its states
    logs: dict[str, list[tuple[str, dict[str, Any], Any]]] = field(
        default_factory=dict
    )  # seed: calls and outputs


def change_of(message: str) -> str:
    """What a UserError says to do: the part after its last semicolon."""
    return (
        message.rsplit("; ", 1)[1] if "; " in message else "return a dict: attribute name to plain JSON data"
    )
