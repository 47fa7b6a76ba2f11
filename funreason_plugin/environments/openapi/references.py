"""References in a document, followed with `referencing`: ``$ref`` to its own parts and to files beside it.

references = References(source)
at = references.root / "paths" / "/pets" / "get"
references.followed(at / "parameters" / 0)      # where it is, or where its $ref leads
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from funreason_plugin.environments.openapi.reading import Source, Unreadable

__all__ = ["At", "References", "lost"]

_HOPS: Final = 16  # references to references


@dataclass(frozen=True, slots=True)
class At:
    """A place in a document: its value, and what its references are relative to."""

    value: Any
    resolver: Any

    def __truediv__(self, key: str | int) -> At:
        return At(self.value[key], self.resolver)

    def get(self, key: str) -> At | None:
        """The place below it, where there is one."""
        return self / key if isinstance(self.value, Mapping) and key in self.value else None


class References:
    """Follows the references of a document."""

    def __init__(self, source: Source) -> None:
        def retrieve(uri: str) -> Resource[Any]:
            return DRAFT202012.create_resource(source.related(uri))

        document = DRAFT202012.create_resource(source.data)
        empty: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]  # an alias of attrs
        registry = empty.with_resource(source.uri, document)
        self.root = At(source.data, registry.resolver(source.uri))
        self._followed: dict[
            int, tuple[At, At]
        ] = {}  # by the identity of what has the reference, which is kept

    def follow(self, at: At) -> At:
        """Where the reference at this place leads.

        Raises:
            Unreadable: Nowhere, in a circle, or out of the document's folder.
        """
        found = self._followed.get(id(at.value))
        if found is None:
            found = self._followed[id(at.value)] = at, self._led(at)
        return found[1]

    def _led(self, at: At) -> At:
        for _ in range(_HOPS):
            target = at.value["$ref"]
            if not isinstance(target, str):
                raise Unreadable("has a $ref that is not a text")
            try:
                found = at.resolver.lookup(target)
            except Unresolvable as error:
                raise Unreadable(lost(error)) from None
            at = At(found.contents, found.resolver)
            if not isinstance(at.value, Mapping) or "$ref" not in at.value or len(at.value) > 1:
                return at
        raise Unreadable(f"has a $ref that leads in a circle: {target!r}")

    def followed(self, at: At) -> At:
        """The place itself, or where its reference leads."""
        return self.follow(at) if isinstance(at.value, Mapping) and "$ref" in at.value else at


def lost(error: Unresolvable) -> str:
    """Why a reference leads nowhere."""
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, Unreadable):
            return str(reason)
        reason = reason.__cause__ or reason.__context__
    return f"refers to {str(error.ref)[:160]!r}, which is not there"
