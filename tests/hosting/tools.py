"""Tools that users really bring: slow, hanging, crashing, closing what is not theirs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from funreason_plugin import Environment, ToolError, tool


class Shelf(Environment):
    """Well-behaved: a list of words."""

    time_limit = 5.0
    words: list[str]

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"words": [str(rng.randint(0, 999))]}

    @tool(writes=True)
    def put(self, word: str) -> dict[str, Any]:
        """Put a word on the shelf."""
        self.words.append(word)
        return {"id": self.new_id("W"), "words": len(self.words)}

    @tool
    def read(self) -> list[str]:
        """Read all words."""
        return self.words

    @tool
    def nap(self, seconds: float) -> float:
        """Sleep for a while."""
        time.sleep(seconds)
        return seconds


class Meeting(Shelf):
    """Calls that wait for each other."""

    time_limit = 60.0

    @tool
    def meet(self, folder: str, name: str, count: int) -> int:
        """Come to a folder, and wait until so many are there."""
        Path(folder, name).touch()
        while len(os.listdir(folder)) < count:
            time.sleep(0.05)
        return count


class Trap(Shelf):
    """Everything that goes wrong. A call has half a second."""

    time_limit = 0.5

    @tool(writes=True)
    def loop(self, word: str) -> int:
        """Put a word on the shelf, then never end."""
        self.words.append(word)
        while True:
            pass

    @tool
    def stubborn(self) -> int:
        """Never end, and catch what interrupts."""
        while True:
            with contextlib.suppress(BaseException):
                time.sleep(0.05)

    @tool
    def swallow(self, seconds: float) -> int:
        """Catch the first interruption, then go on for a while."""
        try:
            while True:
                pass
        except BaseException:
            begin = time.monotonic()
            while time.monotonic() - begin < seconds:
                pass
        return 0

    @tool
    def power(self, base: int) -> int:
        """Hold the interpreter lock for minutes."""
        return len(str(base ** (10**9)))

    @tool
    def hold(self) -> int:
        """Hold the interpreter lock while asleep."""
        ctypes.PyDLL(None).sleep(1000)
        return 0

    @tool
    def die(self) -> int:
        """End the process."""
        os._exit(3)

    @tool
    def leave(self) -> int:
        """End the interpreter, politely."""
        sys.exit("enough")

    @tool
    def close_stdin(self) -> int:
        """Close what is not ours."""
        os.close(0)
        sys.stdin.close()
        return 0

    @tool
    def close_everything(self) -> int:
        """Close all files of the process."""
        os.closerange(0, 1000)
        return 0

    @tool
    def huge(self) -> str:
        """Return 2 MB."""
        return "x" * 2_000_000

    @tool
    def strange(self) -> Any:
        """Return what is not JSON."""
        return {"when": object()}

    @tool
    def chat(self) -> int:
        """Write on the standard output."""
        print("hello")
        return 0

    @tool
    def pid(self) -> int:
        """Tell the process."""
        return os.getpid()

    @tool
    def alarm(self) -> float:
        """Seconds until the process is ended if nobody looks after it."""
        return signal.getitimer(signal.ITIMER_REAL)[0]

    @tool(writes=True)
    def fail_after_writing(self, word: str) -> int:
        """Put a word on the shelf and raise."""
        self.words.append(word)
        raise ToolError("full")


class Dice(Shelf):
    """Its outputs depend on the process."""

    time_limit = 0.5

    @tool
    def roll(self) -> int:
        """Tell what nobody can tell again."""
        return time.monotonic_ns()

    @tool
    def loop(self) -> int:
        """Never end."""
        while True:
            pass


class Folder(Environment):
    """Holds a folder while it is open."""

    copying = "own"

    def scenario(self, rng: Random) -> dict[str, Any]:
        return {"parent": "."}

    def reset(self, state: dict[str, Any]) -> None:
        self._parent = state["parent"]
        self._folder = tempfile.TemporaryDirectory(dir=self._parent)

    def save(self) -> Any:
        return sorted(os.listdir(self._folder.name))

    def load(self, saved: Any) -> None:
        raise NotImplementedError

    def digest(self) -> dict[str, Any]:
        return {"files": self.save()}

    def close(self) -> None:
        self._folder.cleanup()

    @tool
    def touch(self, name: str) -> int:
        """Make a file."""
        Path(self._folder.name, name).touch()
        return len(self.save())


class SlowToOpen(Shelf):
    """Raises when it is opened at some scenarios, ends the process at others."""

    def reset(self, state: dict[str, Any]) -> None:
        if "raise" in state["words"]:
            raise RuntimeError("no connection")
        if "die" in state["words"]:
            os._exit(4)
        super().reset(state)
