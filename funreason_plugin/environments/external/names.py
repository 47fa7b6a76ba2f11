"""Names of tools that are not ours, as on the command line.

    Given.of("mcp:tools.json#notes+writes")   # target "tools.json", part "notes", writes allowed

The text decides everything, so that another process finds the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["SCHEMES", "Given", "with_writes"]

SCHEMES = ("mcp", "openapi")
WRITES = "+writes"
LIVE = "+live"


@dataclass(frozen=True, slots=True)
class Given:
    """A name taken apart. ``live``: a recording is set aside, as for making it."""

    scheme: str
    target: str
    part: str = ""
    writes: bool = False
    live: bool = False

    @classmethod
    def of(cls, name: str) -> Given | None:
        """None for the name of another kind of environment."""
        scheme, colon, target = name.partition(":")
        if not colon or scheme not in SCHEMES:
            return None
        writes = live = False
        while target.endswith((WRITES, LIVE)):
            writes, live = writes or target.endswith(WRITES), live or target.endswith(LIVE)
            target = target.removesuffix(WRITES).removesuffix(LIVE)
        target, _, part = target.partition("#")
        return cls(scheme, target, part, writes, live)

    def alone(self, part: str) -> Given:
        """One of several that a name gives."""
        return replace(self, part=part)

    @property
    def text(self) -> str:
        """The name again."""
        part = f"#{self.part}" if self.part else ""
        return f"{self.scheme}:{self.target}{part}{WRITES * self.writes}{LIVE * self.live}"


def with_writes(names: list[str]) -> list[str]:
    """The names with writing allowed, where that is to be said."""
    found = [(name, Given.of(name)) for name in names]
    return [replace(given, writes=True).text if given is not None else name for name, given in found]
