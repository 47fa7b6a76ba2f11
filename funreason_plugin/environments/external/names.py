"""Names of tools that are not ours, as on the command line.

    Given.of("mcp:tools.json#notes+writes")   # target "tools.json", part "notes", writes allowed

The text decides everything, so that another process finds the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from funreason_plugin.errors import UserError

__all__ = ["SCHEMES", "Given", "need_recording", "with_writes"]

SCHEMES = ("mcp", "openapi")
_SUFFIXES = {"writes": "+writes", "live": "+live", "record": "+record"}


@dataclass(frozen=True, slots=True)
class Given:
    """A name taken apart. ``live``: a recording is set aside, as for making it. ``record``: what is not in the
    recording is asked, and added to it."""

    scheme: str
    target: str
    part: str = ""
    writes: bool = False
    live: bool = False
    record: bool = False

    @classmethod
    def of(cls, name: str) -> Given | None:
        """None for the name of another kind of environment."""
        scheme, colon, target = name.partition(":")
        if not colon or scheme not in SCHEMES:
            return None
        said = set()
        while found := next((key for key, end in _SUFFIXES.items() if target.endswith(end)), ""):
            said.add(found)
            target = target.removesuffix(_SUFFIXES[found])
        target, _, part = target.partition("#")
        return cls(scheme, target, part, *(key in said for key in _SUFFIXES))

    def alone(self, part: str) -> Given:
        """One of several that a name gives."""
        return replace(self, part=part)

    @property
    def text(self) -> str:
        """The name again."""
        part = f"#{self.part}" if self.part else ""
        said = "".join(end for key, end in _SUFFIXES.items() if getattr(self, key))
        return f"{self.scheme}:{self.target}{part}{said}"


def with_writes(names: list[str]) -> list[str]:
    """The names with writing allowed, where that is to be said."""
    found = [(name, Given.of(name)) for name in names]
    return [replace(given, writes=True).text if given is not None else name for name, given in found]


def need_recording(given: Given, state: str, place: str) -> None:
    """Raises:
    UserError: "+record" is said, and the options know nothing of a recording.
    """
    if given.record and state != "record":
        raise UserError(f'{place}: \'+record\' needs "state": "record" and "recording": "FILE.jsonl"')
