"""Chains of thought of the scripted reasoning agent: the goal, what is missing, who gives it, why these arguments.

A thought is put together from remarks; each kind of remark has many wordings. Numbers and ids in it come
from the query, the conversation or outputs; counts are written in words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import PlannedCall, Source, top
from funreason_plugin.synthesis.teachers import scripted_thought_frames as frames
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_naming import record_entity
from funreason_plugin.synthesis.teachers.scripted_observations import Observations, Planned, is_short, shown
from funreason_plugin.synthesis.teachers.scripted_reader import words_of
from funreason_plugin.synthesis.teachers.scripted_view import Made, View

__all__ = ["Thoughts"]

SHORT_FIRST = 34
"""Words below which a first thought goes on."""


class Thoughts:
    """Writes the thoughts of one response."""

    def __init__(
        self, view: View, lexicon: Lexicon, rng: Random, outputs: Mapping[int, Any], asked: Collection[int]
    ) -> None:
        self.view = view
        self.asked = asked
        self.lexicon = lexicon
        self.rng = rng
        self.observations = Observations(view, lexicon, self._pick, outputs)
        self._used: set[str] = set()

    def _pick(self, table: Sequence[str]) -> str:
        """A wording that this thought has not used yet, where there is one."""
        frame = self.rng.choice(table)
        if frame in self._used and len(table) > 1:
            frame = table[(table.index(frame) + 1) % len(table)]
        self._used.add(frame)
        return frame

    # -- before the first calls -----------------------------------------------------------------------

    def first(self, goals: Sequence[str], calls: Sequence[Planned], later: Sequence[int]) -> str:
        """``goals``: clauses in the third person; ``later``: plan indices of calls of later steps."""
        pick = self._pick
        remarks = [pick(frames.GOALS).format(c=goals[0])] if goals else [pick(frames.NO_GOAL)]
        remarks += [pick(frames.MORE_GOALS).format(c=clause) for clause in goals[1:3]]
        missing = self._missing(calls, later)
        remarks += missing or [self._nothing_missing(calls)]
        if len(calls) > 1:
            remarks.append(pick(frames.TOGETHER).format(tools=_names(calls)))
        remarks.append(self._arguments(calls, first=True))
        if later and (self.rng.random() < 0.55 or _length(remarks) < SHORT_FIRST):
            remarks.append(pick(frames.AFTERWARDS).format(tool=f"`{self.view.plan.calls[later[0]].tool}`"))
        if _length(remarks) < SHORT_FIRST:
            remarks.append(self._left_out(calls) or pick(frames.CARE))
        return _text(remarks)

    def _missing(self, calls: Sequence[Planned], later: Sequence[int]) -> list[str]:
        """Why these calls come first: they give what later ones need, or prepare them."""
        remarks: list[str] = []
        for planned in calls:
            found = self._needed_by(planned.index, later)
            if found is None:
                continue
            consumer, name, source = found
            tool = self.view.plan.calls[consumer].tool
            entry = self.lexicon[planned.tool]
            table = frames.MISSING_MADE if entry.spec.writes else frames.MISSING
            entity = record_entity(entry, source.field)
            what = english.singular(words_of(name))
            what = entity if what.rpartition(" ")[2] in _LETTERS else what
            remarks.append(
                self._pick(table).format(
                    what=what,
                    a_what=english.article(what),
                    entity=entity,
                    consumer=f"`{tool}`",
                    provider=f"`{planned.tool}`",
                )
            )
            if len(remarks) == 2:
                break
        for planned in calls:
            goal = self._enabled_by(planned, later) if len(remarks) < 2 else ""
            if goal:
                remarks.append(self._pick(frames.ENABLING).format(tool=f"`{planned.tool}`", goal=f"`{goal}`"))
                break
        return remarks

    def _needed_by(self, index: int, later: Sequence[int]) -> tuple[int, str, Source] | None:
        for number in later:
            for path, source in self.view.plan.calls[number].arguments.items():
                if source.kind == "output" and source.call == index:
                    return number, path, source
        return None

    def _enabled_by(self, planned: Planned, later: Sequence[int]) -> str:
        """The later tool that needs this one to have been called: declared, or support that was not asked for."""
        if planned.index < 0:
            return ""
        plain = planned.index not in self.asked and self.lexicon[planned.tool].spec.writes
        for number in later:
            tool = self.view.plan.calls[number].tool
            if planned.tool in self.lexicon[tool].spec.needs or plain:
                return tool
        return ""

    def _nothing_missing(self, calls: Sequence[Planned]) -> str:
        tool = f"`{calls[0].tool}`"
        if not any(planned.arguments for planned in calls):
            return self._pick(frames.NO_ARGUMENTS).format(tool=tool)
        back = self._from_before(calls)
        if back:
            return self._pick(frames.FROM_BEFORE).format(tool=tool, what=back)
        return self._pick(frames.COMPLETE).format(tool=_names(calls))

    def _from_before(self, calls: Sequence[Planned]) -> str:
        """What an earlier turn gave: "the booking ID BK-1"."""
        for planned in calls:
            if planned.index < 0:
                continue
            for path, source in self.view.plan.calls[planned.index].arguments.items():
                value = planned.arguments.get(path)
                if source.kind in ("earlier", "said") and is_short(value):
                    return f"the {words_of(path)} {english.spoken(value)}"
        return ""

    def _left_out(self, calls: Sequence[Planned]) -> str:
        for planned in calls:
            left = [
                param.name
                for param in self.lexicon[planned.tool].spec.params
                if not param.required and param.name not in planned.arguments
            ]
            if left:
                names = english.joined([words_of(name) for name in left[:2]], "or")
                return self._pick(frames.LEFT_OUT).format(names=names)
        return ""

    # -- between calls --------------------------------------------------------------------------------

    def next(self, made: Sequence[Made], calls: Sequence[Planned], later: Sequence[int]) -> str:
        """After ``made``, before ``calls``."""
        pick = self._pick
        seen = self.observations.all(calls)
        if not seen:
            failed = next((one for one in made if one.failed), None)
            frame = frames.FAILED if failed else frames.WENT_THROUGH
            seen = [pick(frame).format(tool=f"`{(failed or made[-1]).tool}`")]
        why = self._missing(calls, later)[:1] if later and self.rng.random() < 0.7 else []
        remarks = [*seen, *why, self._arguments(calls, first=False)]
        if later and not why and self.rng.random() < 0.3:
            remarks.append(pick(frames.AFTERWARDS).format(tool=f"`{self.view.plan.calls[later[0]].tool}`"))
        return _text(remarks)

    def again(self, remarks: str, planned: Planned, table: Sequence[str]) -> str:
        """After a call that went wrong, before the one that mends it; ``table`` has wordings for what that takes."""
        pairs = self._pairs(planned)
        frame = self._pick(table) if pairs else ""
        return _text([remarks, frame.format(tool=f"`{planned.tool}`", pairs=english.joined(pairs))])

    def instead(self, remarks: str, calls: Sequence[Planned], later: Sequence[int]) -> str:
        """After a call that came too early, before those that were due."""
        why = self._missing(calls, later)[:1]
        return _text([remarks, *self.observations.all(calls), *why, self._arguments(calls, first=False)])

    # -- arguments ------------------------------------------------------------------------------------

    def _arguments(self, calls: Sequence[Planned], *, first: bool) -> str:
        remarks = []
        for planned in calls:
            pairs = self._pairs(planned)
            if not pairs:
                if not first or len(calls) > 1:
                    remarks.append(self._pick(frames.CALL_BARE).format(tool=f"`{planned.tool}`"))
                continue
            known = planned.index >= 0 and self._only_said(self.view.plan.calls[planned.index])
            table = frames.CALL_AS_SAID if known and first else frames.CALL_WITH
            remarks.append(self._pick(table).format(tool=f"`{planned.tool}`", pairs=english.joined(pairs)))
        return " ".join(remarks)

    def _only_said(self, call: PlannedCall) -> bool:
        return all(source.kind in ("input", "value") for source in call.arguments.values())

    def _pairs(self, planned: Planned) -> list[str]:
        style = self.rng.randrange(3)
        pairs = []
        for name, value in planned.arguments.items():
            if value is None or value == "":
                continue
            if planned.index >= 0 and self._is_default(planned, name):
                continue
            word, text = english.words(name), shown(value)
            pairs.append(
                f"{word} {text}"
                if style == 0
                else f"{text} as the {word}"
                if style == 1
                else f"{word} = {text}"
            )
        return pairs

    def _is_default(self, planned: Planned, name: str) -> bool:
        sources = [
            s for path, s in self.view.plan.calls[planned.index].arguments.items() if top(path) == name
        ]
        return bool(sources) and all(source.kind == "value" for source in sources)

    # -- before the answer ----------------------------------------------------------------------------

    def last(self, made: Sequence[Made], facts: Sequence[str]) -> str:
        """``facts``: "the booking ID is BK-1"."""
        pick = self._pick
        failed = next((one for one in made if one.failed), None)
        if failed is not None:
            return _text([pick(frames.FAILED).format(tool=f"`{failed.tool}`"), pick(frames.REPORT_FAILURE)])
        tools = _names([Planned(-1, one.tool, {}) for one in made[-2:]])
        if len(made) == 1:
            remarks = [pick(frames.FINISHED_ONE).format(tool=tools)]
        else:
            remarks = [pick(frames.FINISHED).format(tools=tools)] if made else [pick(frames.FINISHED_BARE)]
        if facts:
            remarks.append(pick(frames.FACTS).format(facts=english.joined(list(facts))))
        remarks.append(pick(frames.REPORT))
        return _text(remarks)


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


# -- helpers ----------------------------------------------------------------------------------------------


def _names(calls: Sequence[Planned]) -> str:
    return english.joined([f"`{name}`" for name in dict.fromkeys(planned.tool for planned in calls)])


def _length(remarks: Sequence[str]) -> int:
    return sum(remark.count(" ") + 1 for remark in remarks)


def _text(remarks: Sequence[str]) -> str:
    return " ".join(english.capital(remark) for remark in remarks if remark)
