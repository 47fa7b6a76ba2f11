"""Random walks through one environment with the values its marks give: how the tests use it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

from funreason_plugin.environments.session import Session
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.values import candidates
from funreason_plugin.synthesis.outputs import found

NEVER_SUCCEEDS = (
    "get_outside_temperature_from_weather_com"  # bfcl-eval's own joke: it always gives {"error": 404}
)


class Walk:
    """Calls random tools; ids come from outputs, everything else from the marks."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.rng = Random(seed)
        self.seen: dict[str, list[Any]] = defaultdict(list)

    def steps(self, count: int) -> Iterator[tuple[ToolSpec, dict[str, Any], Any]]:
        """Tool, arguments and output of so many calls that could be made."""
        specs = list(self.session.space.tools.values())
        while count:
            spec = self.rng.choice(specs)
            arguments = self.arguments(spec)
            if arguments is None:
                continue
            count -= 1
            output = self.session.call(spec.name, arguments)
            for field in spec.outputs:
                if field.ref is not None:
                    self.seen[field.ref.entity] += [value for _, value in found(field.path, output)]
            yield spec, arguments, output

    def arguments(self, spec: ToolSpec) -> dict[str, Any] | None:
        """Arguments, or None when a required one has no value yet."""
        state = self.session.peek(spec.environment)
        arguments: dict[str, Any] = {}
        for param in spec.params:
            if not param.required and self.rng.random() < 0.5:
                continue
            values = candidates(param, state, self.rng, self.session).values
            if param.ref is not None and not param.ref.known:
                values = self.seen[param.ref.entity]
            if values:
                arguments[param.name] = self.rng.choice(values)
            elif param.required:
                return None
        return arguments
