"""Phases II and III for one turn: advanced tool, hard query, guided iterative chain (paper, section 3.3).

    turn = await Chain(space, teachers, options).play(session, trace, earlier, rng, "0/17/0/1")

For k = 1 … K_max the reasoning agent solves the hard query step by step against a session; the verdict
compares state and needed outputs with the truth's. On failure the critiquing agent writes a targeted hint
and Prompt(k+1) = Prompt(k) + hint. The turn is kept only if an attempt passes. What guides the agent (advanced
tool, hint, critiques) never enters the kept sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from random import Random
from typing import Any

from funreason_plugin.checks import acceptance
from funreason_plugin.environments.limits import is_error, is_over_time
from funreason_plugin.environments.session import Session, Snapshot
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.environments.state import canonical
from funreason_plugin.scoring import Outcome, Verdict, judge
from funreason_plugin.synthesis.advanced_tool import (
    AdvancedTool,
    AdvancedToolError,
    hint,
    parse_advanced_tool,
)
from funreason_plugin.synthesis.attempt import PROBLEMS, Attempt, Reply, solve
from funreason_plugin.synthesis.attribution import attribute
from funreason_plugin.synthesis.needed import needed_values
from funreason_plugin.synthesis.prompts import Prompts, ours
from funreason_plugin.synthesis.query import draw_noise, query_faults
from funreason_plugin.synthesis.replies import clean_critique, clean_query
from funreason_plugin.synthesis.setbacks import Setbacks, Trial
from funreason_plugin.synthesis.teachers.base import Agent, Message, Request, Teacher, TeacherFailed
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.synthesis.usage import Recorder, Usage
from funreason_plugin.trajectory import Needed, Turn

__all__ = ["Chain", "ChainOptions", "Recorder", "Task", "TurnRejected", "Usage"]


class TurnRejected(Exception):
    """A turn that is not kept: the phase and the named rule (``code``) that rejected it, and why."""

    def __init__(self, phase: str, code: str, detail: str) -> None:
        super().__init__(f"{phase}: {code}: {detail}")
        self.phase = phase
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ChainOptions:
    """K_max (attempts of A_R at one turn), tries of A_Q at one query, and how many steps a turn may have.

    ``length`` draws how long a query is to be, in characters, for a turn of so many calls."""

    k_max: int = 3
    query_tries: int = 2
    max_steps: int = 10
    length: Callable[[Random, int], int] | None = None


@dataclass(slots=True)
class Task:
    """A turn before it is solved: the trace with its truth, the advanced tool with the hint, the query.

    ``completes``: where the query only completes what an earlier turn asked for, that request, under
    "request_to_complete"; what else stands there is for A_R as well. ``setbacks``: what goes wrong in the turn.
    """

    trace: Trace
    truth: Outcome
    needed: list[Needed]
    advanced: AdvancedTool
    advice: str
    query: str = ""
    noise: dict[str, Any] = field(default_factory=dict)
    completes: dict[str, Any] = field(default_factory=dict)
    setbacks: Setbacks = field(default_factory=Setbacks)


class Chain:
    """Plays turns: asks the four agents and keeps what passes."""

    def __init__(
        self,
        space: SimulationSpace,
        teachers: Mapping[str, Teacher],
        options: ChainOptions,
        usage: Usage,
        recorder: Recorder | None = None,
        prompts: Prompts | None = None,
    ) -> None:
        self.space = space
        self.teachers = teachers
        self.options = options
        self.usage = usage
        self.recorder = recorder
        self.prompts = prompts or ours()

    async def play(
        self,
        session: Session,
        trace: Trace,
        earlier: Sequence[Turn],
        tools: Sequence[str],
        system: str,
        rng: Random,
        seed: str,
    ) -> Turn:
        """Make a turn of a trace. The session stands at the turn's start, and after it at the kept end.

        Raises:
            TurnRejected: A rule rejects trace, query, thought or answer, or no attempt passes.
        """
        start = session.snapshot()
        offered = {name: self.space.tools[name] for name in tools}
        task = await self.prepare(session, trace, earlier, offered, seed)
        task.query, task.noise = await self.write_query(trace, task.advanced, earlier, offered, rng, seed)
        return await self.solve(session, start, task, earlier, offered, system, seed)

    async def prepare(
        self,
        session: Session,
        trace: Trace,
        earlier: Sequence[Turn],
        offered: Mapping[str, ToolSpec],
        seed: str,
    ) -> Task:
        """The truth of a trace, and Phase II's advanced tool: all but the query. Raises TurnRejected."""
        truth = self._truth(session, trace, earlier, offered)
        writing = {name for name, spec in self.space.tools.items() if spec.writes}
        needed = needed_values(trace, len(earlier), writing)
        reply = await self.ask("tooling", self.prompts.tooling(trace, self.space.tools, earlier), seed)
        if reply.problem:
            raise TurnRejected("advanced_tool", *reply.problem)
        try:
            advanced = parse_advanced_tool(reply.text, trace, offered)
        except AdvancedToolError as error:
            raise TurnRejected("advanced_tool", error.code, str(error)) from None
        return Task(trace, truth, needed, advanced, hint(trace, advanced, earlier))

    async def solve(
        self,
        session: Session,
        start: Snapshot,
        task: Task,
        earlier: Sequence[Turn],
        offered: Mapping[str, ToolSpec],
        system: str,
        seed: str,
    ) -> Turn:
        """Phase III: A_R solves the query, with A_C's advice where it fails. Raises TurnRejected."""
        trace, query = task.trace, task.query
        new = Turn(
            query=query,
            steps=[],
            thought=None,
            answer="",
            state_hash="",
            needed=task.needed,
            target=trace.target,
            advanced_tool=asdict(task.advanced),
            hint=task.advice,
            noise=task.noise,
        )
        turn, critiques = task.setbacks.turn(trace.kind_of(new)), list[str]()
        for attempt_number in range(1, self.options.k_max + 1):
            session.restore(start)
            asking = partial(self.ask, "reasoning")
            messages = self.prompts.reasoning(
                system,
                list(offered.values()),
                earlier,
                query,
                task.advanced,
                task.advice,
                critiques,
                task.completes,
            )
            trial = task.setbacks.begin()
            attempt = await solve(
                session, messages, offered, self.options.max_steps, asking, f"{seed}/{attempt_number}", trial
            )
            trial.note(turn)
            verdict = self._verdict(session, task.truth, attempt, task.needed, earlier, trial)
            if self.recorder is not None:
                self.recorder.verdict(verdict)
            reasons = [attempt.problem] if attempt.problem else list(verdict.reasons)
            if not reasons:
                unsound = trial.unsound(attempt.steps)
                attribute(attempt.steps, trace, query, earlier, self.space.tools, unsound)
                turn.steps, turn.thought, turn.answer = attempt.steps, attempt.thought, attempt.answer
                turn.attempts, turn.exact_match = attempt_number, verdict.exact_match
                turn.state_hash = session.state_hash()
                refused = acceptance.review_attempt(turn, earlier, offered, system)
                if not refused:
                    return turn
                reasons = [f"{code}: {why}" for code, why in refused]
                turn.steps = []
            if attempt_number < self.options.k_max:
                asked = "\n".join([*filter(None, [task.completes.get("request_to_complete")]), query])
                messages = self.prompts.critiquing(
                    asked, attempt.calls(), trace.calls, reasons, attempt.answer, earlier
                )
                # One that was cut off still says something: A_C's advice is shortened anyway.
                reply = await self.ask("critiquing", messages, f"{seed}/{attempt_number}")
                critique = clean_critique(reply.text)
                critiques += [critique] if critique else []
                turn.feedback.append({"attempt": attempt_number, "reason": reasons[0], "critique": critique})
            else:
                last = reasons[0]
        raise TurnRejected("chain", _code_of(last), last)

    # -- the agents -------------------------------------------------------------------------------------

    async def ask(self, agent: Agent, messages: Sequence[Message], seed: str) -> Reply:
        try:
            completion = await self.teachers[agent].complete(
                Request(agent, tuple(messages), f"{seed}/{agent}")
            )
        except TeacherFailed as failed:
            raise TurnRejected(_PHASES[agent], failed.code, failed.detail) from None
        self.usage.add(agent, completion.input_tokens, completion.output_tokens)
        if self.recorder is not None:
            self.recorder.reply(agent, messages, completion.text)
        return Reply.of(agent, completion)

    async def write_query(
        self,
        trace: Trace,
        advanced: AdvancedTool,
        earlier: Sequence[Turn],
        offered: Mapping[str, ToolSpec],
        rng: Random,
        seed: str,
        leave_out: Mapping[str, str] | None = None,
    ) -> tuple[str, dict[str, Any]]:
        """Phase II: the hard query with its noise, asked for again when a rule refuses it. Raises TurnRejected."""
        refused: list[tuple[str, str]] = []
        for number in range(self.options.query_tries):
            length = self.options.length(rng, len(trace.calls)) if self.options.length is not None else 0
            noise = draw_noise(rng, length)
            asked = f"{seed}/{number}"
            examples = self.prompts.draw_examples(asked)
            messages = self.prompts.querying(advanced, trace, noise, earlier, examples, leave_out)
            reply = await self.ask("querying", messages, asked)
            query = clean_query(reply.text)
            refused = [reply.problem] if reply.problem else query_faults(query, advanced.name, examples)
            refused = refused or acceptance.review_query(query, trace, earlier, offered)
            if not refused:
                return query, noise.as_plain()
        raise TurnRejected("query", *refused[0])

    # -- truth and verdict ------------------------------------------------------------------------------

    def _truth(
        self, session: Session, trace: Trace, earlier: Sequence[Turn], offered: Mapping[str, ToolSpec]
    ) -> Outcome:
        """Execute the trace once more from the turn's start: it must give what Phase I recorded."""
        for call in trace.calls:
            output = session.call(call.name, call.arguments)
            if is_over_time(output):
                raise TurnRejected("sampling", "over_time", str(output["error"]))
            if canonical(output) != canonical(call.output):
                raise TurnRejected(
                    "sampling", "not_reproducible", f"{call.name} gave another output when repeated"
                )
        refused = acceptance.review_trace(trace, earlier, offered)
        if refused:
            raise TurnRejected("sampling", *refused[0])
        return Outcome.of(session, (), [(call.name, call.arguments) for call in trace.calls])

    def _verdict(
        self,
        session: Session,
        truth: Outcome,
        attempt: Attempt,
        needed: Sequence[Needed],
        earlier: Sequence[Turn],
        trial: Trial,
    ) -> Verdict:
        calls = attempt.calls()
        outputs = [call.output for turn in earlier for call in turn.calls()]
        sound = trial.sound(attempt.steps)
        outputs += [call.output for call in sound if not is_error(call.output)]
        outcome = Outcome.of(session, outputs, [(call.name, call.arguments) for call in calls])
        return judge(self.space, truth, outcome, needed)


def _code_of(reason: str) -> str:
    """The funnel's code of a reason: the rule or problem before the colon, else the verdict's kind."""
    head = reason.split(":", 1)[0]
    if head in acceptance.RULES or head in PROBLEMS:
        return head
    return "needed_output_missing" if "never obtained" in reason else "state_differs"


_PHASES: Mapping[Agent, str] = {
    "tooling": "advanced_tool",
    "querying": "query",
    "reasoning": "chain",
    "critiquing": "chain",
}
