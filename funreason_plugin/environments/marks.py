"""Marks: what a parameter or an output field means, beside its type. Put them in ``Annotated``.

    flight_id: Annotated[str, Ref("flight")]                       # an id that only the system knows
    city: Annotated[str, Values.state("hotels[].city")]            # a value a person would say
    note: Annotated[str, Prose(("Late arrival, please keep the room.",))]

Marks never enter the JSON schema that a model sees: they tell the synthesis where values come from
and who may know them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Ref:
    """This value refers to an entity; ``known`` says that a person would know it (a city, not an id)."""

    entity: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class Prose:
    """Free text that a person writes (a message body, a note), with realistic samples."""

    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Values:
    """Where the values of a parameter come from. Build it with one of the class methods.

    ``kind`` is "list", "csv", "state", "call" or "tool"; the other fields belong to the kinds.
    """

    kind: str
    items: tuple[Any, ...] = ()
    path: str = ""
    column: str = ""
    function: Callable[[dict[str, Any], Random], Any] | None = None

    @classmethod
    def of(cls, items: Sequence[Any]) -> Values:
        """One of these values."""
        return cls("list", items=tuple(items))

    @classmethod
    def csv(cls, file: str, column: str) -> Values:
        """A column of a CSV file that lies beside the file of the environment's class."""
        return cls("csv", path=file, column=column)

    @classmethod
    def state(cls, path: str) -> Values:
        """A path into the state: ``hotels[].city``, ``orders.*.note``, ``accounts.keys()``."""
        return cls("state", path=path)

    @classmethod
    def call(cls, function: Callable[[dict[str, Any], Random], Any]) -> Values:
        """A function of (state, rng) that returns a list of values, or one value."""
        return cls("call", function=function)

    @classmethod
    def tool(cls, name: str, path: str) -> Values:
        """Only the output of this look-up tool gives it: a declared data edge."""
        return cls("tool", path=path, column=name)


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one leaf; ``None`` where the author said nothing."""

    ref: Ref | None = None
    values: Values | None = None
    prose: Prose | None = None

    def __bool__(self) -> bool:
        return self.ref is not None or self.values is not None or self.prose is not None

    @classmethod
    def of(cls, metadata: Sequence[object]) -> Marks:
        """Pick the marks out of the metadata of an ``Annotated`` type (the last of a kind counts)."""
        ref: Ref | None = None
        values: Values | None = None
        prose: Prose | None = None
        for item in metadata:
            if isinstance(item, Ref):
                ref = item
            elif isinstance(item, Values):
                values = item
            elif isinstance(item, Prose):
                prose = item
        return cls(ref, values, prose)
