"""`Recoveries`: which kinds of error_recovery a run makes, and in which environments.

recoveries = Recoveries(casting)
recoveries.kinds()                   # ("transient", "wrong_response", "empty", "precondition", "own_mistake")
recoveries.cannot()                  # {"error_recovery precondition": ["shop"]}
"""

from __future__ import annotations

from funreason_plugin.checks.closeness import acts, looks_up
from funreason_plugin.errors import UserError
from funreason_plugin.faults import Kind
from funreason_plugin.synthesis.casting import Casting
from funreason_plugin.synthesis.variants.recovery import KINDS
from funreason_plugin.synthesis.variants.recovery_precondition import standing_steps

__all__ = ["Recoveries"]


class Recoveries:
    """See the module; one in each worker."""

    def __init__(self, casting: Casting) -> None:
        self.casting = casting
        self._able: dict[Kind, tuple[str, ...]] = {}

    def kinds(self) -> list[Kind]:
        """The kinds that some environment of the run can make."""
        return [kind for kind in KINDS if self.able(kind)]

    def of(self, number: int) -> Kind:
        """The kind of the run's so-many-th slot with the variant: kinds take turns."""
        kinds = self.kinds()
        return kinds[number % len(kinds)]

    def able(self, kind: Kind) -> tuple[str, ...]:
        """The environments that can make a kind."""
        if kind not in self._able:
            names = self.casting.whole.environments
            self._able[kind] = tuple(name for name in names if self._gives(kind, name))
        return self._able[kind]

    def cannot(self) -> dict[str, list[str]]:
        """By kind, as "error_recovery empty", the environments that cannot make it."""
        names = list(self.casting.whole.environments)
        missing = {kind: [name for name in names if name not in self.able(kind)] for kind in KINDS}
        return {f"error_recovery {kind}": found for kind, found in missing.items() if found}

    def check(self) -> None:
        """Raises UserError where not even one kind can be made."""
        if not self.kinds():
            raise UserError(
                f"--variant error_recovery: cannot be made with --env {' '.join(self.casting.config.env)}: "
                "no tool can be called"
            )

    def _gives(self, kind: Kind, name: str) -> bool:
        space = self.casting.space((name,))
        graph = self.casting.graph([*space.tools])
        usable = [spec for spec in space.tools.values() if graph.tools[spec.name].worked > 0]
        if kind == "transient":
            return bool(usable)
        if kind == "own_mistake":
            return any(param.required for spec in usable for param in spec.params)
        if kind == "precondition":
            return self.casting.config.turns[1] > 1 and bool(standing_steps(space, graph))
        if kind == "empty":
            fed = {edge.provider for edge in graph.edges if edge.kind == "data" and edge.verified}
            return any(spec.name in fed and not spec.writes and looks_up(spec.name) for spec in usable)
        return any(not spec.writes and not acts(spec.name) for spec in usable)
