"""When a call is over its limit, and how a thread is interrupted."""

from __future__ import annotations

import threading
import time

import pytest

from funreason_plugin.environments.limits import OverTime
from funreason_plugin.hosting.clock import Clock, interrupt, thread_seconds


def entered(limit: float, seconds_ago: float) -> Clock:
    clock = Clock()
    clock.begin(1, "read", 30.0)
    clock.enter(limit)
    clock.started -= seconds_ago
    return clock


def test_a_call_is_over_after_its_limit() -> None:
    assert not entered(5.0, 4.0).is_over(time.monotonic())
    assert entered(5.0, 6.0).is_over(time.monotonic())


def test_the_time_in_which_other_threads_computed_does_not_count_up_to_twice_the_limit() -> None:
    clock = entered(5.0, 12.0)
    clock.excused = 8.0
    assert not clock.is_over(time.monotonic())
    clock.excused = 6.0
    assert clock.is_over(time.monotonic())
    clock = entered(5.0, 16.0)
    clock.excused = 1000.0
    assert clock.is_over(time.monotonic())


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="the system does not tell")
def test_what_the_thread_itself_computes_is_no_excuse() -> None:
    clock = entered(5.0, 0.0)
    clock.excuse(0.0)
    before = thread_seconds(clock.thread)
    while thread_seconds(clock.thread) - before < 0.2:
        pass
    clock.excuse(1.0)  # of the process
    assert 0.0 < clock.excused <= 0.8


def test_after_the_tool_the_limit_is_a_general_one() -> None:
    clock = entered(5.0, 6.0)
    clock.leave()
    assert not clock.is_over(time.monotonic())
    assert clock.is_over(time.monotonic() + 31.0)


def test_python_code_of_a_thread_is_interrupted() -> None:
    seen: list[str] = []
    begun = threading.Event()

    def run() -> None:
        try:
            begun.set()
            while True:
                pass
        except OverTime:
            seen.append("interrupted")

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    assert thread.ident is not None
    interrupt(thread.ident)
    thread.join()
    assert seen == ["interrupted"]
