"""`FunReasonRewardManager`: verl's reward, from what was played and the truth of the row.

    reward:
      reward_manager: {source: register, name: funreason}

or, without the entry point, ``source: importlib``, ``module: {path: pkg://funreason_plugin.rl.reward_manager}``,
``name: FunReasonRewardManager``. The section `funreason.reward` of the recipe decides how a verdict becomes a number
within [0, 1].
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from omegaconf import DictConfig
from verl import DataProto
from verl.experimental.reward_loop.reward_manager import register
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

from funreason_plugin.conversation import Limits, Reply, play
from funreason_plugin.hosting import Host
from funreason_plugin.judging import judge_played, metrics, reward
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played
from funreason_plugin.rl.settings import Settings
from funreason_plugin.tasks import Task

__all__ = ["FunReasonRewardManager"]

_log = logging.getLogger(__name__)


@register("funreason")
class FunReasonRewardManager(RewardManagerBase):  # type: ignore[misc]  # verl has no types
    """Judges a conversation that the agent loop `funreason` played (`extra_fields["funreason_played"]`), or, after
    another loop, the text of one response of a row of kind "response", whose calls are executed here.

    Never raises: what cannot be judged scores 0, with the reason beside it and in the log.
    """

    def __init__(self, config: DictConfig, tokenizer: Any, compute_score: Any, **other: Any) -> None:
        super().__init__(config, tokenizer, compute_score)
        self.settings = Settings.of(config)
        self._host: Host | None = None

    async def run_single(self, data: DataProto) -> dict[str, Any]:
        """The reward of one session, whose last output counts.

        Returns:
            ``reward_score`` within [0, 1], and ``reward_extra_info``: numbers for verl's metrics (None where one does
            not apply; ``acc``, verl's name for its core metric, is ``success``) and ``reasons``, a text.
        """
        item = data[-1]
        try:
            row = item.non_tensor_batch
            task = Task.of_row(row)
            written = (row.get("tool_extra_fields") or {}).get("funreason_played")
            played = Played.loads(written) if written is not None else await self._execute(task, item)
            score = await self.loop.run_in_executor(None, partial(judge_played, task, played))
            number = reward(score, self.settings.reward)
            info: dict[str, Any] = {"acc": float(score.success), **metrics(score, task)}
            return {"reward_score": number, "reward_extra_info": {**info, "reasons": score.summary()}}
        except Exception as error:
            _log.exception("a rollout could not be judged and scores 0")
            reason = f"not judged: {type(error).__name__}: {error}"
            return {
                "reward_score": 0.0,
                "reward_extra_info": {"acc": 0.0, "not_judged": 1.0, "reasons": reason},
            }

    async def _execute(self, task: Task, item: Any) -> Played:
        """Play the one response that another agent loop (verl's single_turn_agent) had the model write."""
        if task.at is None:
            raise ValueError(
                'a row of kind "trajectory" needs the agent loop "funreason"; for verl\'s single_turn_agent '
                'write rows of kind "response"'
            )
        reply = self._reply(item)

        async def generate(conversation: Conversation) -> Reply:
            return reply

        if self._host is None:
            self._host = Host(self.settings.tools.processes, self.settings.tools.threads)
        session = await self._host.open(task.environments, task.scenario)
        try:
            limits = Limits(self.settings.steps, self.settings.calls, self.settings.seconds)
            return await play(task, session, generate, limits)
        finally:
            await session.close()

    def _reply(self, item: Any) -> Reply:
        """The response as text, with the `<think>` that its prompt may have ended with."""
        row = item.non_tensor_batch
        before = item.batch["prompts"][: int(row["prompt_len"])].tolist()[-8:]
        ids = item.batch["responses"][: int(row["response_len"])].tolist()
        opened = self.tokenizer.decode(before).rstrip().endswith("<think>")
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        limit = int(self.config.actor_rollout_ref.rollout.response_length)
        finished = len(ids) < limit or bool(ids and ids[-1] == self.tokenizer.eos_token_id)
        return Reply(("<think>" if opened else "") + text, finished)
