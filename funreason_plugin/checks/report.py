"""What a check of a data folder found: problems with their exact places, and notes that are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

MAX_PROBLEMS = 1000
"""Problems kept in full; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` is file, line and field ("trajectories.jsonl:17: turns[1].answer"); `check` names the rule."""

    where: str
    what: str
    check: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.check}]"


@dataclass(slots=True)
class Report:
    """The result of `check_data`; true when nothing is wrong."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    by_check: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.by_check

    def __bool__(self) -> bool:
        return self.ok

    def add(self, where: str, what: str, check: str) -> None:
        self.take(Problem(where, what, check))

    def take(self, problem: Problem) -> None:
        self.by_check[problem.check] = self.by_check.get(problem.check, 0) + 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number

    def show(self, console: Console, most: int = 40) -> None:
        """Print problems (the first `most`), notes and counts."""
        for problem in self.problems[:most]:
            console.print(str(problem), style="red", markup=False, soft_wrap=True)
        total = sum(self.by_check.values())
        if total > most:
            console.print(f"… and {total - most:,} more", style="red")
        for note in self.notes:
            console.print(note, style="yellow", markup=False, soft_wrap=True)
        for name, number in self.counts.items():
            console.print(f"{number:>10,}  {name}", markup=False)
        if self.ok:
            console.print("everything agrees", style="green")
        else:
            kinds = ", ".join(f"{check} {number:,}" for check, number in sorted(self.by_check.items()))
            console.print(f"{total:,} problem{'s' if total > 1 else ''}: {kinds}", style="red", markup=False)
