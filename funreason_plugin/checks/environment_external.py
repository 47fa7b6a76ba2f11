"""What `check env` says of tools that are not ours: where to mend things, which is never a line of Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from funreason_plugin.checks.environment_facts import Finding
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.external.environment import ExternalEnvironment

__all__ = ["of_outside"]

_CHANGES = {
    "scenarios": 'name more "scenarios": folders, or calls that are made first',
    "determinism": 'set clock and random numbers of the server, drop the field ("trim"), or use "state": "record"',
    "isolation": 'use "state": "snapshot" or "replay", so that every session has a server of its own',
    "snapshot": '"restart": true, "state": "replay", or add to "ignore" and "equality" what is no state',
    "write claim": 'correct "read_only" in the options',
    "hang": 'raise "limits": {"seconds": …}, or leave it out with "deny"',
    "time": 'leave it out with "deny", if rollouts are not to wait for it',
    "never legal": 'give its parameters "values" that work, "scenarios" in which it does, or leave it out with "deny"',
    "result": 'its owner corrects it; "trim" leaves fields out',
    "error shape": 'its owner marks it as an error; for an MCP server, "errors" says which texts are errors',
}
_OWNER_S = ("description", "docstring", "returns", "return", "types")


def of_outside(cls: type[Environment], findings: Sequence[Finding]) -> list[Finding]:
    """The findings with places and changes in the configuration's words, and what was left out as notes."""
    if not issubclass(cls, ExternalEnvironment):
        return list(findings)
    stateless = cls.options.state in ("live", "record")
    kept = (finding for finding in findings if not (stateless and finding.check == "scenarios"))
    return [*_notes(cls), *(_translated(cls, finding) for finding in kept)]


def _notes(cls: type[ExternalEnvironment]) -> Iterator[Finding]:
    for note in cls.notes:
        yield Finding(
            "note", "offered", cls.name, "", cls.origin.place, note, 'see "allow", "deny", "read_only"'
        )


def _translated(cls: type[ExternalEnvironment], finding: Finding) -> Finding:
    tool, _, parameter = finding.where.partition(".")
    change = _CHANGES.get(finding.check, "")
    if finding.check == "values" and parameter:
        owner = cls._offer.owner_s.get(tool, tool)
        change = f'add to "values": {{"{owner}.{parameter}": {{"of": […]}}}}, or "state", "tool" and "path", or "prose"'
    elif finding.check in _OWNER_S:
        change = "the server's owner writes it"
    message = finding.message
    if finding.check == "hang":
        message = f"a call took over {cls.options.limits.seconds:g} s and was stopped"
    return replace(finding, place=cls.origin.place, message=message, change=change or finding.change)
