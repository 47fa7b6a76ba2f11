"""What `check env` says of plain functions and classes: changes in their words, with none of our base class's."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace

from funreason_plugin.checks.environment_facts import Finding
from funreason_plugin.checks.environment_places import short
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.plain.classes import ClassEnvironment
from funreason_plugin.environments.plain.environment import PlainEnvironment

__all__ = ["of_plain"]

_CHANGES = {
    "determinism": "the same calls have to give the same: no clock, no random numbers, no uuid; sorted(...) of a set",
    "error shape": "raise an exception with a sentence that says what is wrong and which tool helps",
}
_FUNCTIONS = {
    "scenarios": 'add def scenario(rng): return {"STOCK": …} to the module: values for globals that STATE names',
    "isolation": "keep what changes in globals of this module, and name them in STATE",
    "snapshot": "name all globals that calls change in STATE",
    "write claim": "correct WRITES, the list of functions that change the state",
}
_CLASSES = {
    "scenarios": "add a static method scenario(rng) that returns other arguments of the class (in a subclass, if need be)",
    "isolation": "keep what changes in attributes of the instance",
    "snapshot": "keep what changes in attributes of the instance",
    "write claim": "correct WRITES, the list of methods that change the state",
}


def of_plain(cls: type[Environment], findings: Sequence[Finding]) -> list[Finding]:
    """The findings with the changes that such a module or class needs."""
    if not issubclass(cls, PlainEnvironment):
        return list(findings)
    changes = {**_CHANGES, **(_CLASSES if issubclass(cls, ClassEnvironment) else _FUNCTIONS)}
    file = short(inspect.getsourcefile(cls) or "")
    return [
        replace(
            finding,
            change=changes.get(finding.check, finding.change),
            place=finding.place if finding.where else file,
        )
        for finding in findings
    ]
