"""verl's agent loop `funreason`: plays a row's conversation against live tools, and hands its tokens to the trainer.

A row names it in the column `agent_name`; the entry point `verl.plugins` registers it. With ``history_reasoning:
keep`` a session is one output, with "drop" a list with one output per response, which verl's V1 trainer takes. Of
every output ``extra_fields["funreason_thoughts"]`` has the spans [start, end) of thought in its response; of the last
one ``extra_fields["funreason_played"]`` has what was played (`Played.dumps`), from which the reward manager judges.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import uuid4

from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics, AgentLoopOutput, register
from verl.utils.rollout_trace import rollout_trace_op

from funreason_plugin.conversation import Generate, Limits, play
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.hosting import Host
from funreason_plugin.live import Direct, LiveSession, Mark
from funreason_plugin.played import Played
from funreason_plugin.rl.conditions import check_history
from funreason_plugin.rl.live_tools import refuse_live
from funreason_plugin.rl.recording import EngineFailed, Recording, Room, Sequence
from funreason_plugin.rl.settings import Settings, Tools
from funreason_plugin.rl.tokens import token_builder
from funreason_plugin.tasks import Task

__all__ = ["FunReasonAgentLoop"]

_log = logging.getLogger(__name__)


@register("funreason")
class FunReasonAgentLoop(AgentLoopBase):  # type: ignore[misc]  # verl has no types
    """One instance plays one session; verl makes it anew for each.

    Raises:
        UserError: a key of the recipe's section `funreason:` is wrong, or the trainer cannot do what it asks for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.recipe = _recipe(self.config)

    @rollout_trace_op  # type: ignore[untyped-decorator]
    async def run(
        self, sampling_params: dict[str, Any], priority: int = 0, **kwargs: Any
    ) -> AgentLoopOutput | list[AgentLoopOutput]:
        """Play the row in ``kwargs``.

        A session of which nothing can be trained on (the engine failed, the prompt is too long) is dropped: an empty
        list, upon which the V1 trainer goes on with the rest of the group. The legacy trainer needs an output of
        every session and gets one that is masked out.

        Raises:
            UserError: the row is not one of ours, its environments are not installed here, or live and not allowed.
        """
        task = Task.of_row(kwargs)
        recipe = self.recipe
        if task.rule != "calls":
            refuse_live([reference.given for reference in task.environments], recipe.settings)
        self.continuous_token_builder = token_builder(
            self.tokenizer, task.prompt_form, recipe.settings.thinking
        )
        request = _request_id(recipe.deterministic, int(priority), kwargs)

        async def ask(prompt_ids: list[int], most: int) -> Any:
            params = {**sampling_params, "max_tokens": most}
            params["stop_token_ids"] = [
                *(params.get("stop_token_ids") or ()),
                *self.continuous_token_builder.stops,
            ]
            return await self.server_manager.generate(
                request_id=request, prompt_ids=prompt_ids, sampling_params=params, priority=int(priority)
            )

        recording = Recording(
            ask,
            self.continuous_token_builder,
            recipe.room,
            keep=recipe.settings.history_reasoning == "keep",
            logprobs=bool(sampling_params.get("logprobs")),
        )
        try:
            played, tool_seconds = await self._play(task, recording.generate)
        except UserError:
            raise
        except EngineFailed as error:
            _log.error("a session of row %s is dropped, the engine failed: %s", task.id, error)
            return self._dropped(recording, Played())
        except Exception:  # the other sessions of the group go on
            _log.exception("a session of row %s is dropped", task.id)
            return self._dropped(recording, Played())
        if not recording.sequences:
            reason = played.turns[-1].reason if played.turns else "no turns"
            _log.error("a session of row %s is dropped, it has no response: %s", task.id, reason)
            return self._dropped(recording, played)
        outputs = [self._output(sequence, kwargs) for sequence in recording.sequences]
        last = outputs[-1]
        last.extra_fields["funreason_played"] = played.dumps()
        for output in outputs:
            output.num_turns = recording.messages
        last.metrics = AgentLoopMetrics(
            generate_sequences=recording.seconds,
            tool_calls=tool_seconds,
            num_preempted=recording.preempted,
        )
        return outputs if recipe.lists else last

    async def _play(self, task: Task, generate: Generate) -> tuple[Played, float]:
        """What was played, and the seconds that tool calls took."""
        session = _Timed(await _open(task, self.recipe.settings.tools))
        try:
            return await play(task, session, generate, self.recipe.limits), session.seconds
        finally:
            await session.close()

    def _output(self, sequence: Sequence, row: dict[str, Any]) -> AgentLoopOutput:
        fields: dict[str, Any] = {"turn_scores": [], "tool_rewards": [], **sequence.reported}
        for key in ("min_global_steps", "max_global_steps"):  # V1 makes integers of them
            if fields.get(key) is None:
                fields[key] = int(row.get("global_steps", -1))
        fields["funreason_thoughts"] = sequence.thoughts
        experts = sequence.routed_experts
        return AgentLoopOutput(
            prompt_ids=sequence.prompt,
            response_ids=sequence.response,
            response_mask=sequence.mask,
            response_logprobs=sequence.logprobs,
            routed_experts=None if experts is None else experts[: len(sequence.ids)],
            metrics=AgentLoopMetrics(),
            extra_fields=fields,
        )

    def _dropped(self, recording: Recording, played: Played) -> AgentLoopOutput | list[AgentLoopOutput]:
        if self.recipe.lists:
            return []
        end = self.continuous_token_builder.stops[0]
        masked = Sequence([end, end], [0], [0.0] if recording.wants_logprobs else None)
        output = self._output(masked, {})
        output.extra_fields["funreason_played"] = played.dumps()
        return output


class _Recipe(NamedTuple):
    """What verl's configuration says to every session; ``lists`` is whether the trainer takes lists of outputs."""

    config: Any
    settings: Settings
    limits: Limits
    room: Room
    lists: bool
    deterministic: bool


_last: list[_Recipe] = []


def _recipe(config: Any) -> _Recipe:
    """A worker has one configuration, and reading it takes longer than a session's tool calls."""
    if not _last or _last[0].config is not config:
        settings = Settings.of(config)
        check_history(config, settings)
        rollout = config.actor_rollout_ref.rollout
        most = settings.response_tokens
        _last[:] = [
            _Recipe(
                config,
                settings,
                Limits(settings.steps, settings.calls, settings.seconds),
                Room(rollout.prompt_length, rollout.response_length, rollout.get("max_model_len"), most),
                bool(config.trainer.get("use_v1", True)),
                bool(rollout.get("full_determinism", False)),
            )
        ]
    return _last[0]


def _request_id(deterministic: bool, priority: int, row: dict[str, Any]) -> str:
    """One for all requests of a session, so that they reach the server that has its prefix cached."""
    if deterministic:
        return f"det-{priority}-{row.get('session_id', 0)}"
    return uuid4().hex


class _Timed:
    """A live session and the seconds that its calls took."""

    def __init__(self, session: LiveSession) -> None:
        self.seconds = 0.0
        self._session = session

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        began = time.monotonic()
        try:
            return await self._session.call(name, arguments)
        finally:
            self.seconds += time.monotonic() - began

    async def mark(self) -> Mark:
        return await self._session.mark()

    async def close(self) -> None:
        await self._session.close()


@lru_cache(maxsize=4)
def _host(processes: int, threads: int) -> Host:
    """The tools of all sessions of this agent-loop worker; its processes end with it."""
    return Host(processes, threads)


async def _open(task: Task, tools: Tools) -> LiveSession:
    if not task.environments:  # a truth of calls alone: nothing is executed
        return Direct(SimulationSpace([]), task.scenario)
    return await _host(tools.processes, tools.threads).open(task.environments, task.scenario)
