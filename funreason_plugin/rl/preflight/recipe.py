"""A recipe as `main_ppo` would compose it, and what of it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.rl.settings import Settings

__all__ = ["compose_recipe", "contradictions", "files"]


def compose_recipe(recipe: Path, overrides: Sequence[str] = ()) -> Any:
    """verl's whole configuration (an omegaconf DictConfig), interpolations resolved.

    Raises:
        UserError: the file is missing, a key is unknown, or an override cannot be read.
    """
    if not recipe.is_file() or recipe.suffix != ".yaml":
        raise UserError(f"{recipe}: no such file; expected a recipe of verl, such as recipes/grpo.yaml")
    try:
        import verl  # noqa: F401  # so that a missing verl is said as such
        from hydra import compose, initialize_config_dir
        from hydra.errors import HydraException
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
    except ImportError as error:
        raise UserError(f"check rl needs verl ({error}); 'pip install -e .[rl]' brings it") from None
    search = "hydra.searchpath=[pkg://verl.trainer.config]"
    try:
        with initialize_config_dir(config_dir=str(recipe.parent.resolve()), version_base=None):
            config = compose(config_name=recipe.stem, overrides=[search, *overrides])
        OmegaConf.resolve(config)
    except (HydraException, OmegaConfBaseException) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{recipe}: {text[:400]}") from None
    return config


def files(config: Any, key: str) -> list[Path]:
    """The parquet files of ``data.train_files`` or ``data.val_files``."""
    value = config.data.get(key)
    names = [value] if isinstance(value, str) else list(value or ())
    return [Path(name).expanduser() for name in names]


def contradictions(config: Any) -> Iterator[str]:
    """What stops a run at its start, or makes it something else than the recipe says."""
    settings = Settings.of(config)
    rollout, trainer, manager = config.actor_rollout_ref.rollout, config.trainer, config.reward.reward_manager
    if settings.history_reasoning == "drop":
        from funreason_plugin.rl.agent_loop import check_history

        try:
            check_history(config, settings)
        except UserError as error:
            yield error.message
    if not trainer.use_v1:
        if settings.egpo.weight > 0:
            yield "trainer.use_v1=false with funreason.egpo.weight > 0: EGPO is in the V1 trainer only"
    elif trainer.v1.trainer_mode != "funreason" and settings.egpo.weight > 0:
        yield (
            f"trainer.v1.trainer_mode is {trainer.v1.trainer_mode}, which has no EGPO "
            "(funreason.egpo.weight > 0); set it to funreason"
        )
    if settings.egpo.weight > 0:
        from funreason_plugin.rl.trainer import check_egpo

        try:
            check_egpo(config)
        except UserError as error:
            yield error.message
    if "funreason" not in str(manager.name).lower():
        yield (
            f"reward.reward_manager.name is {manager.name}: conversations would not be judged by execution; set "
            "source: register, name: funreason"
        )
    custom = config.reward.custom_reward_function.path
    if custom:
        yield f"reward.custom_reward_function.path is {custom}, which the reward manager does not call; take it out"
    room = rollout.max_model_len
    if room is not None and room < config.data.max_prompt_length + 1:
        yield (
            f"actor_rollout_ref.rollout.max_model_len is {room}, and data.max_prompt_length "
            f"{config.data.max_prompt_length}: nothing could be generated"
        )
    if config.data.train_batch_size < config.actor_rollout_ref.actor.ppo_mini_batch_size:
        yield (
            f"data.train_batch_size is {config.data.train_batch_size}, less than "
            f"actor_rollout_ref.actor.ppo_mini_batch_size {config.actor_rollout_ref.actor.ppo_mini_batch_size}"
        )
