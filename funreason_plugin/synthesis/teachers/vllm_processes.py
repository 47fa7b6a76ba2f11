"""The processes in which vLLM computes: they end with the run, however it ends.

    hold_interrupts()                      # in the thread that starts them: Ctrl-C does not reach them
    reaper = Reaper()
    reaper.take(engine_processes())        # if this process is killed, they are
    kill(engine_processes())               # now, with what they have started

vLLM's engine does not notice when the process it works for is killed: it would keep the memory of the GPU, and the
resumed run would not find room.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterable
from multiprocessing import active_children, resource_tracker
from multiprocessing.process import BaseProcess

__all__ = ["Reaper", "engine_processes", "hold_interrupts", "kill"]

_REAP = """
import psutil, sys
for pid in [int(line) for line in sys.stdin]:  # until the other end is closed, or gone
    try:
        engine = psutil.Process(pid)
        for process in [*engine.children(recursive=True), engine]:
            process.kill()
    except psutil.NoSuchProcess:
        pass
"""


class Reaper:
    """A process that outlives this one for a moment, to end what `take` has named."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _REAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # neither Ctrl-C nor a kill of the whole group reaches it
        )

    def take(self, processes: Iterable[BaseProcess]) -> None:
        for process in processes:
            if process.pid is not None and process.pid not in self._taken:
                self._taken.add(process.pid)
                assert self._process.stdin is not None
                with contextlib.suppress(BrokenPipeError):  # somebody has killed it: no reason not to go on
                    self._process.stdin.write(f"{process.pid}\n".encode())
                    self._process.stdin.flush()

    def dismiss(self) -> None:
        """The processes have ended by themselves."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()


def engine_processes() -> list[BaseProcess]:
    """Those that this process has started; their own are below them."""
    return [process for process in active_children() if process.name.startswith("EngineCore")]


def kill(processes: Iterable[BaseProcess]) -> None:
    """End them at once, with everything below them: there is nothing in them to save."""
    import psutil  # vllm brings it

    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            for below in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    below.kill()
        process.kill()
        process.join()


def hold_interrupts() -> None:
    """Processes that this thread starts inherit the mask: Ctrl-C in the terminal does not reach them."""
    resource_tracker.ensure_running()  # started later, with the first process, it would lift the mask
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
