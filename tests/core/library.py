"""A small environment for the tests of sessions, states and verdicts."""

from __future__ import annotations

import time
from random import Random
from typing import Annotated, Any, ClassVar

from funreason_plugin import Environment, Prose, Ref, ToolError, Values, tool


class Library(Environment):
    policy = "You help at the desk of a library."
    equality: ClassVar[dict[str, str]] = {
        "loans.*.note": "text",
        "loans.*.at": "volatile",
        "log": "ignored",
        "wanted": "set",
    }

    copies: dict[str, int]
    loans: dict[str, dict[str, Any]]
    wanted: list[str]
    log: list[str]

    def scenario(self, rng: Random) -> dict[str, Any]:
        copies = {title: rng.randint(1, 3) for title in ("Dune", "Emma", "Ulysses")}
        return {"copies": copies, "loans": {}, "wanted": [], "log": []}

    @tool
    def find(self, title: str) -> dict[str, Any]:
        """Tell how many copies of a title are here."""
        self._known(title)
        return {"title": title, "copies": self.copies[title]}

    @tool(writes=True)
    def lend(
        self,
        title: Annotated[str, Values.state("copies.keys()")],
        note: Annotated[str, Prose(("Back soon.",))] = "",
    ) -> dict[str, str]:
        """Lend a book."""
        self._known(title)
        self.copies[title] -= 1
        if self.copies[title] < 0:
            raise ToolError(f"no copy of {title!r} is here")
        loan = self.new_id("LN", taken=self.loans)
        self.loans[loan] = {"title": title, "note": note, "at": time.time()}
        self.log.append(loan)
        return {"loan": loan}

    @tool(writes=True)
    def give_back(self, loan: Annotated[str, Ref("loan")]) -> dict[str, str]:
        """Take a book back."""
        if loan not in self.loans:
            raise ToolError(f"no loan {loan!r}")
        entry = self.loans.pop(loan)
        self.copies[entry["title"]] += 1
        return {"title": entry["title"]}

    @tool(writes=True)
    def wish(self, title: str) -> dict[str, int]:
        """Note a title that readers want."""
        self.wanted.append(title)
        return {"wishes": len(self.wanted)}

    @tool
    def draw(self) -> dict[str, Any]:
        """Draw a lot, and tell the time."""
        return {"lot": self.rng.randint(1, 10**9), "at": self.now().isoformat()}

    def _known(self, title: str) -> None:
        if title not in self.copies:
            raise ToolError(f"no title {title!r}; there are {', '.join(self.copies)}")


class Odd(Environment):
    """Tools that misbehave."""

    time_limit = 0.3
    items: list[int]

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"items": []}

    @tool
    def crash(self) -> int:
        """Raise."""
        return 1 // 0

    @tool
    def loop(self) -> int:
        """Never end."""
        while True:
            pass

    @tool
    def a_set(self) -> Any:
        """Return what is not JSON."""
        return {1, 2}

    @tool
    def huge(self) -> str:
        """Return 50 MB."""
        return "x" * 50_000_000

    @tool
    def live(self) -> list[int]:
        """Return the live list."""
        return self.items

    @tool(writes=True)
    def add(self, values: list[int]) -> int:
        """Keep the caller's list."""
        self.items = values
        return len(values)
