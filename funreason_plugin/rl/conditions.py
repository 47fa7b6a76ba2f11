"""What of ours a recipe cannot have together: said before anything starts, and again where it would go wrong.

Light: neither torch nor a trainer is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.rl.settings import Settings

__all__ = ["check_egpo", "check_history", "contradictions"]


def contradictions(config: Any, settings: Settings) -> Iterator[str]:
    """One line for each reason why verl's composed configuration would stop a run at its start, or make it something
    else than the recipe says."""
    for check in (check_history, check_egpo):
        try:
            check(config, settings)
        except UserError as error:
            yield error.message
    yield from _reward(config.reward)
    rollout = config.actor_rollout_ref.rollout
    if (room := rollout.max_model_len) is not None and room < config.data.max_prompt_length + 1:
        yield (
            f"actor_rollout_ref.rollout.max_model_len is {room}, data.max_prompt_length "
            f"{config.data.max_prompt_length}: nothing could be generated"
        )


def _reward(reward: Any) -> Iterator[str]:
    """verl's own managers judge texts. A class that is named with its module is meant: it judges as it likes."""
    manager = reward.reward_manager
    if manager.source == "importlib" and manager.name != "FunReasonRewardManager":
        return
    if manager.source != "importlib" and manager.name != "funreason":
        yield (
            f"reward.reward_manager.name is {manager.name}: conversations would not be judged by execution; set "
            "source: register, name: funreason (a manager of your own: source: importlib)"
        )
    if custom := reward.custom_reward_function.path:
        yield f"reward.custom_reward_function.path is {custom}, which the reward manager does not call; take it out"


def check_history(config: Any, settings: Settings) -> None:
    """Several sequences of one session are for the V1 trainer only, and count as one in GRPO's statistics only.

    Raises:
        UserError: ``history_reasoning`` is "drop", and the recipe has another trainer or estimator.
    """
    if settings.history_reasoning != "drop":
        return
    if not config.trainer.get("use_v1", True):
        raise UserError(
            "trainer.use_v1=false with funreason.history_reasoning=drop: the legacy trainer takes one output a"
            " conversation; set history_reasoning to keep"
        )
    if (estimator := config.algorithm.adv_estimator) != "grpo":
        raise UserError(
            f"algorithm.adv_estimator={estimator} with funreason.history_reasoning=drop: every response would count"
            " as a session of its own; set adv_estimator to grpo, or history_reasoning to keep"
        )


def check_egpo(config: Any, settings: Settings) -> None:
    """The bonus is added by our trainer, to GRPO's advantages, from entropies that verl computes.

    Raises:
        UserError: ``egpo.weight`` is above 0, and the recipe has another trainer or estimator, or no entropies.
    """
    if settings.egpo.weight == 0:
        return
    trainer = config.trainer
    if not trainer.get("use_v1", True):
        raise UserError("trainer.use_v1=false with funreason.egpo.weight > 0: EGPO is in the V1 trainer only")
    if (mode := trainer.v1.trainer_mode) != "funreason":
        raise UserError(
            f"trainer.v1.trainer_mode is {mode}, which has no EGPO (funreason.egpo.weight > 0); set it to funreason"
        )
    if (config.algorithm.get("rollout_correction") or {}).get("bypass_mode", False):
        raise UserError(
            "funreason.egpo.weight > 0 needs the entropy of every token, which algorithm.rollout_correction."
            "bypass_mode=true does not compute; set one of the two to 0 or false"
        )
    if (estimator := config.algorithm.adv_estimator) != "grpo":
        raise UserError(
            f"algorithm.adv_estimator is {estimator}; EGPO (funreason.egpo.weight > 0) adds to GRPO's advantages: set"
            " adv_estimator: grpo"
        )
