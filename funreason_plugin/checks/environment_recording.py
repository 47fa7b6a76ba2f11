"""`check record`: calls and answers of live tools, written to the file that sessions answer from.

    record_environment("mcp:tools.json", seed=0, samples=8, console)

The calls are those of `check env`: arguments from marks, schemas and the outputs of other tools.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from funreason_plugin.checks.environment_probe import explore
from funreason_plugin.environments.catalog import resolve
from funreason_plugin.environments.external.environment import ExternalEnvironment
from funreason_plugin.environments.external.names import Given
from funreason_plugin.environments.external.recording import write
from funreason_plugin.environments.limits import is_error
from funreason_plugin.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["record_environment"]


def record_environment(name: str, seed: int, samples: int, console: Console) -> Mapping[str, int]:
    """Record every environment of a name; calls in each recording, by environment.

    Raises:
        UserError: The name is not of tools that are recorded, or a server does not answer.
    """
    given = Given.of(name)
    if given is None:
        raise UserError(f"environment {name!r}: what is recorded is mcp:CONFIG.json or openapi:FILE_OR_URL")
    found = {}
    for cls in resolve(replace(given, live=True).text):
        assert issubclass(cls, ExternalEnvironment)
        if not cls.options.recording:
            raise UserError(
                f'{cls.origin.place}: nothing says where to record; add "state": "record" and '
                '"recording": "FILE.jsonl" to its options'
            )
        heard = cls.hear()
        for number in range(samples):  # each on its own: a walk that is cut short leaves what it heard
            explore(cls, seed + number, 1)
        if not heard:
            raise UserError(f"{cls.origin.place}: no call was answered; 'check env' says why")
        path = cls.origin.home / cls.options.recording
        found[cls.name] = write(path, [tool.plain() for tool in cls.tools], heard)
        errors = sum(is_error(output) for _, _, output in heard)
        unheard = sorted(set(cls._offer.owner_s.values()) - {tool for tool, _, _ in heard})
        console.print(
            f"{cls.name}: {found[cls.name]} different calls of {len(heard)} recorded in {path}"
            f" ({errors} answers were errors)" + (f"; never called: {', '.join(unheard)}" if unheard else ""),
            markup=False,
        )
    return found
