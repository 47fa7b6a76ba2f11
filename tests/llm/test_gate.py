"""The gate before a server: never too many, lowest slot first, fewer when it is too much, no place lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.synthesis.teachers.gate import Gate


def in_a_loop(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work(), 30)

    asyncio.run(limited())


async def turns(number: int = 5) -> None:
    """Let everything that can go on go on."""
    for _ in range(number):
        await asyncio.sleep(0)


def test_there_are_never_more_than_the_limit_and_everybody_gets_in() -> None:
    async def work() -> None:
        gate, inside, most, done = Gate(3), 0, 0, 0

        async def one(order: int) -> None:
            nonlocal inside, most, done
            async with gate.place(order):
                inside += 1
                most = max(most, inside)
                await turns(order % 4)
                inside -= 1
            done += 1

        await asyncio.gather(*map(one, range(50)))
        assert (most, done, gate.in_use, gate.waiting) == (3, 50, 0, 0)

    in_a_loop(work)


def test_the_lowest_slot_goes_first_and_among_equals_who_came_first() -> None:
    async def work() -> None:
        gate = Gate(1)
        came: list[tuple[int, str]] = []

        async def one(order: int, name: str) -> None:
            async with gate.place(order):
                came.append((order, name))
                await turns(20)

        first = asyncio.create_task(one(9, "first"))
        await turns()
        rest = [asyncio.create_task(one(*who)) for who in ((5, "a"), (2, "b"), (5, "c"), (2, "d"), (7, "e"))]
        await asyncio.gather(first, *rest)
        assert came == [(9, "first"), (2, "b"), (2, "d"), (5, "a"), (5, "c"), (7, "e")]

    in_a_loop(work)


def test_one_that_stays_long_holds_up_nobody_else() -> None:
    async def work() -> None:
        gate, leave, done = Gate(2), asyncio.Event(), 0

        async def slow() -> None:
            async with gate.place(0):
                await leave.wait()

        async def quick(order: int) -> None:
            nonlocal done
            async with gate.place(order):
                done += 1

        waiting = asyncio.create_task(slow())
        await asyncio.gather(*map(quick, range(1, 100)))
        assert done == 99 and not waiting.done()
        leave.set()
        await waiting

    in_a_loop(work)


def test_a_cancelled_waiter_takes_no_place() -> None:
    async def work() -> None:
        gate = Gate(1)

        async def stay(forever: asyncio.Event) -> None:
            async with gate.place(0):
                await forever.wait()

        leave = asyncio.Event()
        inside = asyncio.create_task(stay(leave))
        await turns()
        waiters = [asyncio.create_task(stay(leave)) for _ in range(3)]
        await turns()
        assert gate.waiting == 3
        for waiter in waiters[:2]:
            waiter.cancel()
        await turns()
        assert (gate.in_use, gate.waiting) == (1, 1)
        leave.set()
        await asyncio.gather(inside, waiters[2])
        assert (gate.in_use, gate.waiting) == (0, 0)

    in_a_loop(work)


def test_one_that_is_cancelled_as_it_is_let_in_gives_its_place_to_the_next() -> None:
    async def work() -> None:
        gate, leave, got_in = Gate(1), asyncio.Event(), []

        async def stay(name: str) -> None:
            async with gate.place(0):
                got_in.append(name)
                await leave.wait()

        first = asyncio.create_task(stay("first"))
        await turns()
        second, third = asyncio.create_task(stay("second")), asyncio.create_task(stay("third"))
        await turns()
        first.cancel()
        while (
            gate.waiting == 2
        ):  # until the first has left: the second's future is done, its task has not run
            await asyncio.sleep(0)
        second.cancel()
        await turns()
        assert got_in == ["first", "third"] and gate.in_use == 1
        leave.set()
        await third
        assert gate.in_use == 0

    in_a_loop(work)


@settings(max_examples=40, deadline=None)
@given(
    limit=st.integers(1, 4),
    steps=st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["enter", "leave", "cancel", "cut"])), max_size=60
    ),
)
def test_no_place_is_lost_whatever_happens(limit: int, steps: list[tuple[int, str]]) -> None:
    async def work() -> None:
        gate = Gate(limit)
        leaving: dict[int, asyncio.Event] = {}
        tasks: dict[int, asyncio.Task[None]] = {}

        async def stay(order: int, leave: asyncio.Event) -> None:
            async with gate.place(order):
                await leave.wait()

        for number, (who, what) in enumerate(steps):
            if what == "enter":
                leaving[number] = asyncio.Event()
                tasks[number] = asyncio.create_task(stay(who, leaving[number]))
            elif what == "cut":
                gate.overloaded(time.monotonic())
            elif tasks:
                chosen = sorted(tasks)[who % len(tasks)]
                if what == "leave":
                    leaving[chosen].set()
                else:
                    tasks[chosen].cancel()
            await turns(who % 3)
            assert gate.in_use <= limit
        for leave in leaving.values():
            leave.set()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert (gate.in_use, gate.waiting) == (0, 0)

    in_a_loop(work)


def test_too_many_requests_halve_the_limit_once_a_round_trip() -> None:
    gate = Gate(64)
    sent = time.monotonic()
    for _ in range(10):
        gate.overloaded(sent)  # all of them were under way together
    assert gate.limit == 32
    gate.overloaded(time.monotonic())
    assert gate.limit == 16


@pytest.mark.parametrize("configured, least", [(64, 4), (16, 1), (3, 1), (1, 1)])
def test_the_limit_does_not_fall_so_low_that_one_hanging_request_holds_up_all(
    configured: int, least: int
) -> None:
    gate = Gate(configured)
    for _ in range(10):
        gate.overloaded(time.monotonic())
    assert gate.limit == least


def test_successes_bring_the_limit_back_and_not_beyond() -> None:
    gate = Gate(4)
    gate.overloaded(time.monotonic())
    assert gate.limit == 2
    answers = 0
    while gate.limit < 4:
        gate.succeeded()
        answers += 1
    assert answers == 2 + 3
    for _ in range(100):
        gate.succeeded()
    assert gate.limit == 4


def test_a_lower_limit_takes_effect_as_requests_end() -> None:
    async def work() -> None:
        gate, leave = Gate(4), [asyncio.Event() for _ in range(6)]

        async def stay(number: int) -> None:
            async with gate.place(number):
                await leave[number].wait()

        tasks = [asyncio.create_task(stay(number)) for number in range(6)]
        await turns()
        gate.overloaded(time.monotonic())
        leave[0].set()
        leave[1].set()
        await turns()
        assert (gate.in_use, gate.waiting) == (2, 2)
        leave[2].set()
        await turns()
        assert (gate.in_use, gate.waiting) == (2, 1)
        for event in leave:
            event.set()
        await asyncio.gather(*tasks)

    in_a_loop(work)


def test_a_pause_lets_nobody_in_until_it_is_over() -> None:
    async def work() -> None:
        gate, leave = Gate(2), asyncio.Event()
        entered: dict[str, float] = {}

        async def stay(name: str) -> None:
            async with gate.place(0):
                entered[name] = time.monotonic()
                await leave.wait()

        before = asyncio.create_task(stay("before"))
        await turns()
        over = time.monotonic() + 0.1
        gate.pause(0.1)
        gate.pause(0.01)  # does not shorten it
        later = asyncio.create_task(stay("later"))
        await turns()
        assert list(entered) == ["before"]
        leave.set()
        await asyncio.gather(before, later)
        assert entered["later"] >= over

    in_a_loop(work)


def test_a_gate_that_is_closed_leaves_no_alarm_behind() -> None:
    async def work() -> None:
        gate = Gate(1)
        gate.pause(3600)
        waiting = asyncio.create_task(gate.place(0).__aenter__())
        await turns()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.close()
        assert not [handle for handle in _alarms() if not handle.cancelled()]

    in_a_loop(work)


def _alarms() -> list[asyncio.TimerHandle]:
    """Those of the gate; the loop has no public list."""
    scheduled: list[asyncio.TimerHandle] = getattr(asyncio.get_running_loop(), "_scheduled")  # noqa: B009
    return [handle for handle in scheduled if "Gate" in repr(handle)]
