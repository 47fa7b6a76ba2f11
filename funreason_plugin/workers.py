"""Supervised worker processes: work in parallel, and survive a tool call that never ends.

    with Pool(2, build, args) as pool:
        for key, result in pool.map((key, payload) for ...):
            ...

``build(*args)`` runs once in each worker and returns ``work(payload, watch) -> result``. The worker notes
in shared memory when a tool call began. A call over its time limit, even one that never releases the
interpreter lock, gets its worker killed; a fresh worker does the same job again and is told which call
hangs, so that the session is rebuilt from its calls and that one returns an error. Results of a job do
not depend on the number of workers.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any

from typing_extensions import Self

from funreason_plugin.errors import UserError

__all__ = [
    "DEATHS",
    "MAX_HUNG",
    "CallWatch",
    "Pool",
    "WorkerProcess",
    "died_too_often",
    "ending",
    "hung_too_often",
    "prepare_process",
]

Work = Callable[[Any, "CallWatch"], Any]
_CONTEXT = multiprocessing.get_context("spawn")
_GRACE = 0.25  # seconds beyond a call's limit
_QUEUE = 2  # jobs handed to a worker ahead
DEATHS = 2  # a job that kills its worker this often is given up
MAX_HUNG = 20  # calls of one job that may hang
_START, _LIMIT, _ORDINAL, _JOB = range(4)


class CallWatch:
    """The worker's side of the supervision: which call of which job is running, since when.

    ``job`` tells the jobs of one worker apart; ``hung`` are the calls of the job, by number from 1, that are known
    to exceed their limit.
    """

    def __init__(self, shared: Any, job: int = 0, hung: frozenset[int] = frozenset()) -> None:
        self._shared = shared
        self._job = job
        self._ordinal = 0
        self._hung = hung

    def begin(self, hung: frozenset[int]) -> None:
        """The next job starts."""
        self._ordinal = 0
        self._hung = hung

    def enter(self, limit: float) -> bool:
        """A call begins; False when it is known to exceed its limit (seconds)."""
        self._ordinal += 1
        if self._ordinal in self._hung:
            return False
        shared = self._shared
        shared[_LIMIT] = limit
        shared[_ORDINAL] = self._ordinal
        shared[_JOB] = self._job
        shared[_START] = time.monotonic()
        return True

    def leave(self) -> None:
        """The call ended."""
        self._shared[_START] = 0.0


class WorkerProcess:
    """A spawned process and what it notes in shared memory: `target(end, shared, *args)`.

    ``end`` is the process's end of a connection; the parent's copy of it is closed here.
    """

    def __init__(self, target: Callable[..., None], end: Any, args: tuple[Any, ...]) -> None:
        self._shared = _CONTEXT.RawArray("d", 4)
        self._process = _CONTEXT.Process(
            target=target, args=(end, self._shared, *args), daemon=True, name="funreason-worker"
        )
        self._process.start()
        end.close()

    def running(self) -> tuple[int, int] | None:
        """The call that is running, or was when the process ended: its job, and its number in the job."""
        shared = self._shared
        return (int(shared[_JOB]), int(shared[_ORDINAL])) if shared[_START] else None

    def hangs(self) -> bool:
        """Whether the running call is over its limit."""
        started, limit = self._shared[_START], self._shared[_LIMIT]
        return bool(started) and time.monotonic() - started > limit + _GRACE

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()

    def cause(self) -> str:
        """What a process that ended by itself ended with."""
        self._process.join(timeout=5)
        return ending(self._process.exitcode)


def ending(code: int | None) -> str:
    """How a process ended, by its exit code; -9 is signal 9."""
    return f"signal {-code} ({_signal_name(-code)})" if code and code < 0 else f"exit status {code}"


def prepare_process() -> None:
    """What every worker process does first. Killed, the parent tells nobody: the worker ends then, whatever it does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)  # jobs make many short-lived objects: 6% of the time of a synthesis


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def hung_too_often() -> UserError:
    """What is raised when more than `MAX_HUNG` calls of one job hang."""
    return UserError(f"over {MAX_HUNG} tool calls of one sample exceed the time limit; mend the tool")


def died_too_often(what: str, cause: str) -> UserError:
    """What is raised when a worker's process cannot be kept alive."""
    return UserError(
        f"a worker process died {what} with {cause}; a tool crashed the interpreter, or memory ran out. "
        "What was written is kept; the same command resumes"
    )


@dataclass(slots=True)
class _Job:
    key: Any
    payload: Any
    hung: set[int] = field(default_factory=set)
    deaths: int = 0


@dataclass(slots=True)
class _Worker:
    process: WorkerProcess
    pipe: Connection
    jobs: deque[_Job] = field(default_factory=deque)


class Pool:
    """Worker processes under supervision. Use as a context manager."""

    def __init__(self, workers: int, build: Callable[..., Work], args: tuple[Any, ...] = ()) -> None:
        self._build = build
        self._args = args
        self._workers = [self._start() for _ in range(workers)]
        self.restarts = 0

    def map(self, jobs: Iterable[tuple[Any, Any] | None]) -> Iterator[tuple[Any, Any]]:
        """Do jobs (key, payload) and yield (key, result) as they are done, in any order.

        ``jobs`` is taken from lazily, whenever a worker has room, so that it may depend on results
        already yielded; ``None`` from it means "nothing right now". An exception in a job is raised here.
        """
        source = iter(jobs)
        exhausted = False
        while True:
            for worker in sorted(self._workers, key=lambda worker: len(worker.jobs)):
                while not exhausted and len(worker.jobs) < _QUEUE:
                    item = next(source, _END)
                    if item is _END:
                        exhausted = True
                    elif item is None:
                        break
                    else:
                        self._send(worker, _Job(*item))
            busy = [worker for worker in self._workers if worker.jobs]
            if not busy:
                if exhausted:
                    return
                continue
            yield from self._results(busy)

    def close(self) -> None:
        """Stop the workers."""
        for worker in self._workers:
            worker.process.kill()
            worker.pipe.close()
        self._workers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> _Worker:
        mine, theirs = _CONTEXT.Pipe()
        return _Worker(WorkerProcess(_main, theirs, (self._build, self._args)), mine)

    def _send(self, worker: _Worker, job: _Job) -> None:
        worker.jobs.append(job)
        with contextlib.suppress(OSError):  # a dead worker is noticed, and its jobs sent again, in _results
            worker.pipe.send((job.payload, frozenset(job.hung)))

    def _results(self, busy: list[_Worker]) -> Iterator[tuple[Any, Any]]:
        ready = wait([worker.pipe for worker in busy], timeout=0.1)
        for worker in busy:
            if worker.pipe in ready:
                try:
                    ok, result = worker.pipe.recv()
                except (EOFError, OSError):
                    self._died(worker)
                    continue
                job = worker.jobs.popleft()
                if not ok:
                    raise (result if isinstance(result, UserError) else RuntimeError(result))
                yield job.key, result
            elif worker.process.hangs():
                self._hung(worker)

    def _hung(self, worker: _Worker) -> None:
        if worker.pipe.poll():  # it ended just now after all
            return
        worker.process.kill()
        job = worker.jobs[0]
        if running := worker.process.running():
            job.hung.add(running[1])
        if len(job.hung) > MAX_HUNG:
            raise hung_too_often()
        self._replace(worker)

    def _died(self, worker: _Worker) -> None:
        cause = worker.process.cause()
        job = worker.jobs[0]
        job.deaths += 1
        if job.deaths >= DEATHS:
            raise died_too_often(f"twice at job {job.key!r}", cause)
        self._replace(worker)

    def _replace(self, worker: _Worker) -> None:
        self.restarts += 1
        worker.process.kill()
        worker.pipe.close()
        jobs = list(worker.jobs)
        fresh = self._start()
        worker.process, worker.pipe = fresh.process, fresh.pipe
        worker.jobs = deque()
        for job in jobs:
            self._send(worker, job)


_END: Any = object()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _main(pipe: Connection, shared: Any, build: Callable[..., Work], args: tuple[Any, ...]) -> None:
    prepare_process()
    watch = CallWatch(shared)
    work: Work | None = None
    while True:
        try:
            payload, hung = pipe.recv()
        except (EOFError, OSError):  # the parent is gone
            os._exit(0)
        watch.begin(hung)
        try:
            if work is None:
                work = build(*args)
            answer = (True, work(payload, watch))
        except UserError as error:
            answer = (False, error)
        except BaseException:
            answer = (False, traceback.format_exc())
        try:
            pipe.send(answer)
        except OSError:
            os._exit(0)
