"""An environment that cannot be copied: sessions go back by a reset and by repeating the calls."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from random import Random
from typing import Any

import pytest

from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.space import Session, SimulationSpace, is_error


class Vending(Environment):
    """A machine whose coins live in a running generator, which nothing can copy."""

    copying = "replay"

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"price": rng.choice([120, 150, 180]), "cans": rng.randint(2, 4)}

    def reset(self, state: dict[str, Any]) -> None:
        self._machine = _machine(state["price"], state["cans"])
        self._view = next(self._machine)

    def digest(self) -> dict[str, Any]:
        return dict(self._view)

    @tool(writes=True)
    def insert_coin(self, cents: int) -> dict[str, Any]:
        """Insert a coin."""
        if cents not in (10, 20, 50, 100):
            raise ToolError(f"no coin of {cents} cents")
        self._view = self._machine.send(cents)
        return {"inserted": self._view["inserted"]}

    @tool(writes=True)
    def take_can(self) -> dict[str, Any]:
        """Take a can."""
        if self._view["inserted"] < self._view["price"] or not self._view["cans"]:
            raise ToolError("insert more coins first")
        self._view = self._machine.send(0)
        return {"can": self.new_id("CAN"), "inserted": self._view["inserted"]}


def _machine(price: int, cans: int) -> Generator[dict[str, Any], int, None]:
    inserted, sold = 0, 0
    while True:
        coin = yield {"price": price, "cans": cans, "inserted": inserted, "sold": sold}
        if coin:
            inserted += coin
        else:
            inserted, cans, sold = inserted - price, cans - 1, sold + 1


SPACE = SimulationSpace([Vending])


@pytest.fixture
def session() -> Iterator[Session]:
    with SPACE.session(SPACE.scenario(1)) as live:
        yield live


def test_restore_repeats_the_calls_up_to_the_snapshot(session: Session) -> None:
    session.call("insert_coin", {"cents": 100})
    session.call("insert_coin", {"cents": 100})
    mark, state = session.snapshot(), session.state()
    first = session.call("take_can", {})
    assert not is_error(first) and session.state() != state
    session.restore(mark)
    assert session.state() == state
    assert session.call("take_can", {}) == first  # the same can, not a new one


def test_going_back_to_the_start_and_forth_again(session: Session) -> None:
    start, before = session.snapshot(), session.state_hash()
    session.call("insert_coin", {"cents": 50})
    later, after = session.snapshot(), session.state_hash()
    session.restore(start)
    assert session.state_hash() == before
    session.restore(later)
    assert session.state_hash() == after


def test_failed_calls_are_not_part_of_the_replay(session: Session) -> None:
    session.call("insert_coin", {"cents": 50})
    assert is_error(session.call("insert_coin", {"cents": 7}))
    assert is_error(session.call("take_can", {}))
    mark = session.snapshot()
    session.call("insert_coin", {"cents": 20})
    session.restore(mark)
    assert session.state()["vending"]["inserted"] == 50


def test_two_sessions_are_apart() -> None:
    scenario = SPACE.scenario(1)
    with SPACE.session(scenario) as one, SPACE.session(scenario) as other:
        one.call("insert_coin", {"cents": 100})
        assert other.state()["vending"]["inserted"] == 0
