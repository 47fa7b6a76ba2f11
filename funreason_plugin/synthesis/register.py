"""`Register`: what has become of every slot. Results come in any order; slots are judged and written in slot order.

    register = Register(config, folder, summary)
    register.recover()
    while (job := register.next_job()) is not None:        # (slot, first attempt)
        ...
    register.take(result)                                  # may write this slot and younger ones that waited for it

A slot that is kept waits in the spool for the older ones, for whether it is a duplicate depends on them. With
deterministic agents the accept rate is judged in slot order as well, so that a run stops at the same slot with any
number of workers. With models it is judged as attempts end: waiting for the oldest slot could cost a night.
"""

from __future__ import annotations

from heapq import heappop, heappush

import orjson

from funreason_plugin.checks.duplicates import Content, Duplicates, Sketch
from funreason_plugin.checks.records import split_of
from funreason_plugin.config import SynthesisConfig
from funreason_plugin.synthesis.folder import Folder, Tally
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.slot_result import SlotResult, lines_of, rejected_whole, tools_called
from funreason_plugin.synthesis.summary import Summary
from funreason_plugin.synthesis.variants.shares import Shares

__all__ = ["STOP_AFTER", "STOP_BELOW", "Register", "redact"]

STOP_AFTER, STOP_BELOW = 50, 0.05


class Register:
    """The slots of one run."""

    def __init__(
        self,
        config: SynthesisConfig,
        folder: Folder,
        summary: Summary,
        redactor: Redactor,
    ) -> None:
        self.folder = folder
        self.summary = summary
        self.redactor = redactor
        self.in_flight = 0
        """How many slots are played at once where models play: so many attempts may end before any can be kept."""
        self._num = config.num
        self._val_share = config.val_share
        self._shares = Shares(config.seed, config.variants)
        self._models = bool(config.model_agents)
        self._kept = Duplicates(config.duplicates)
        self._candidate: Sketch | None = None
        self._todo: list[tuple[int, int]] = []  # (slot, first attempt) to be made again
        self._handed = 0  # slots below were handed out
        self._held: dict[int, list[SlotResult]] = {}  # of slots that are not kept yet, and of `_next`
        self._next = 0
        self._judged = 0  # how many results of slot `_next` were judged
        self._arrived = Tally()  # attempts since this call of the command, in the order of their ends
        self._before = 0

    def recover(self) -> None:
        """Go on where an earlier call of the command stopped.

        Raises:
            UserError: The folder is damaged.
        """
        for trajectory in self.folder.recover(self._num):
            self._kept.add(trajectory.index, Sketch(Content.of(trajectory.turns)))
            calls = [call for turn in trajectory.turns for call in turn.calls()]
            variant = self._shares.of(trajectory.index)
            self.summary.count(
                trajectory.split, len(trajectory.turns), len(calls), tools_called(calls), variant
            )
        tally = self.folder.tally
        self.summary.resumed_at = self._next = self._handed = tally.kept
        self._before = tally.attempts + len(self.folder.spool)
        self._advance()

    @property
    def stopped(self) -> bool:
        """Too little is accepted: no more slots are made."""
        return bool(self.summary.stopped)

    @property
    def done(self) -> bool:
        return self._next >= self._num

    @property
    def waiting(self) -> int:
        """Kept slots that wait for an older one."""
        return len(self.folder.spool)

    @property
    def tally(self) -> Tally:
        """What to show while the run goes on: with models, also what is not in slot order yet."""
        if not self._models:
            return self.folder.tally
        attempts = self._before + self._arrived.attempts
        return Tally(self.folder.tally.kept + self.waiting, attempts, self._arrived.rejections)

    def next_job(self) -> tuple[int, int] | None:
        """A slot to be made, and from which attempt on; None when all that are left are being made."""
        if self.stopped:
            return None
        if self._todo:
            return heappop(self._todo)
        while self._handed in self.folder.spool:
            self._handed += 1
        if self._handed >= self._num:
            return None
        self._handed += 1
        return self._handed - 1, 0

    def take(self, result: SlotResult) -> None:
        """The end of a job.

        Raises:
            UserError: The disk is full.
            RunStopped: The redact hook fails.
        """
        slot = result.index
        redact(result, self.redactor)
        results = self._held.setdefault(slot, [])
        results.append(result)
        if self._models:
            self._arrive(result)
        if result.line is None:
            heappush(self._todo, (slot, result.attempt + 1))
        elif slot != self._next:
            self.folder.spool.put(self._held.pop(slot))
        if slot == self._next:
            self._advance()

    def leave(self) -> None:
        """The run ends before it is done: with models, what was rejected so far is written down for `explain`.

        The rows follow those of the finished slots in slot order; the next call of the command cuts them off.
        """
        if self._models:
            for slot, results in sorted(self._held.items()):
                for result in results[self._judged if slot == self._next else 0 :]:
                    self._tally(result)
                self.folder.append([line for result in results for line in result.rejections], None)
            self._held.clear()

    # -- in slot order ------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Judge and write every slot whose turn it is."""
        spool = self.folder.spool
        while not self.done and not self.stopped:
            slot = self._next
            if slot in spool and slot not in self._held:
                self._held[slot] = spool.take(slot)
            results = self._held.get(slot, [])
            if self._judged == len(results):
                return
            for result in results[self._judged :]:
                self._judge(result)
                if result.line is None and not self._models and self._hopeless(self.folder.tally, STOP_AFTER):
                    lines = [line for done in results[: self._judged] for line in done.rejections]
                    self.folder.append(lines, None)
                    return
            if results[-1].line is None:
                return
            self._write(results)

    def _judge(self, result: SlotResult) -> None:
        self._judged += 1
        repeated = None
        if result.line is not None:
            self._candidate = Sketch(result.line, result.key)
            repeated = self._kept.earlier(self._candidate)
        if repeated is not None:
            rejection = rejected_whole(result.index, result.attempt, "duplicate", str(repeated))
            result.rejections += lines_of([rejection])
            result.line = None
            heappush(self._todo, (result.index, result.attempt + 1))
        self._tally(result)

    def _tally(self, result: SlotResult) -> None:
        for line in result.rejections:
            self.folder.tally.reject(orjson.loads(line))
        self.summary.add_usage(result.usage)

    def _write(self, results: list[SlotResult]) -> None:
        slot, kept = self._next, results[-1]
        self.folder.append([line for result in results for line in result.rejections], kept.line)
        self.folder.tally.keep()
        self.folder.spool.drop(slot)
        del self._held[slot]
        if self._candidate is not None:
            self._kept.add(slot, self._candidate)
        split, variant = split_of(slot, self._val_share), self._shares.of(slot)
        self.summary.count(split, kept.turns, kept.calls, kept.tools, variant)
        self._next, self._judged = slot + 1, 0

    # -- as they come ---------------------------------------------------------------------------------------

    def _arrive(self, result: SlotResult) -> None:
        for line in result.rejections:
            self._arrived.reject(orjson.loads(line))
        if result.line is not None:
            self._arrived.keep()
        else:
            self._hopeless(self._arrived, STOP_AFTER + self.in_flight)

    def _hopeless(self, tally: Tally, after: int) -> bool:
        """Whether too little is accepted; if so, the run is stopped."""
        if tally.attempts >= after and tally.accept_rate < STOP_BELOW:
            self.summary.stopped = (
                f"only {tally.kept} of {tally.attempts} attempts were accepted; "
                f"the commonest reason: {commonest(tally.rejections)}"
            )
            return True
        return False


def redact(result: SlotResult, redactor: Redactor) -> None:
    """Apply the user's hook: rejections are cleaned; a kept trajectory that it would change is rejected."""
    if not redactor.active:
        return
    if result.line is not None and not redactor.keeps(result.line):
        detail = "the redact hook would change a text of this trajectory, which would then no longer replay"
        result.rejections += lines_of([rejected_whole(result.index, result.attempt, "redacted", detail)])
        result.line = None
    result.rejections = [redactor.clean_line(line) for line in result.rejections]


def commonest(rejections: dict[str, dict[str, int]]) -> str:
    """ "query: leaked_value (31 times)" """
    rows = [(count, phase, code) for phase, codes in rejections.items() for code, count in codes.items()]
    if not rows:
        return "none recorded"
    count, phase, code = max(rows)
    return f"{phase}: {code} ({count} times)"
