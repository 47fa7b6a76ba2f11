"""A recipe as `main_ppo` would compose it, and what of it contradicts itself."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.rl.conditions import contradictions
from funreason_plugin.rl.preflight.rows import Limits
from funreason_plugin.rl.settings import Settings

__all__ = ["compose_recipe", "files", "limits_of", "no_manager", "problems", "tokenizer_of"]


def compose_recipe(recipe: Path, overrides: Sequence[str] = ()) -> Any:
    """verl's whole configuration (an omegaconf DictConfig), interpolations resolved.

    Raises:
        UserError: the file is missing or no recipe, a key is unknown, or an override cannot be read.
    """
    if not recipe.is_file() or recipe.suffix != ".yaml":
        raise UserError(f"{recipe}: no such file; expected a recipe of verl, such as recipes/grpo.yaml")
    try:
        import verl  # noqa: F401  # so that a missing verl is said as such
        from hydra import compose, initialize_config_dir
        from hydra.errors import HydraException
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
        from yaml import YAMLError
    except ImportError as error:
        raise UserError(f"check rl needs verl ({error}); 'pip install -e .[rl]' brings it") from None
    search = "hydra.searchpath=[pkg://verl.trainer.config]"
    try:
        with initialize_config_dir(config_dir=str(recipe.parent.resolve()), version_base=None):
            config = compose(config_name=recipe.stem, overrides=[search, *overrides])
        OmegaConf.resolve(config)
    except (HydraException, OmegaConfBaseException, YAMLError, UnicodeDecodeError) as error:
        text = " ".join(f"{error} {error.__cause__ or ''}".split())
        raise UserError(f"{recipe}: {text[:400]}") from None
    if missing := [key for key in ("data", "actor_rollout_ref", "trainer", "reward") if key not in config]:
        raise UserError(
            f"{recipe}: no {', '.join(missing)}; a recipe of verl begins with 'defaults: [ppo_trainer, _self_]', as "
            "recipes/grpo.yaml does"
        )
    return config


def files(config: Any, key: str) -> list[Path]:
    """The parquet files of ``data.train_files`` or ``data.val_files``."""
    value = config.data.get(key)
    names = [value] if isinstance(value, str) else list(value or ())
    return [Path(str(name)).expanduser() for name in names]


def tokenizer_of(config: Any) -> str:
    """Where the model's tokenizer is."""
    model = config.actor_rollout_ref.model
    return str(model.get("tokenizer_path") or model.path)


def limits_of(config: Any) -> Limits:
    """How many tokens rows may have."""
    data, rollout = config.data, config.actor_rollout_ref.rollout
    return Limits(int(data.max_prompt_length), int(data.max_response_length), rollout.max_model_len)


def no_manager(config: Any) -> str:
    """Why verl cannot load the reward manager, "" where it can: its workers would say so minutes later."""
    from verl.trainer.ppo.reward import resolve_reward_manager_cls

    try:
        resolve_reward_manager_cls(config)
    except Exception as error:  # whatever the import of a module of somebody's raises
        manager = config.reward.reward_manager
        last = " ".join(f"{type(error).__name__}: {error}".split())
        return f"reward.reward_manager: {manager.name} cannot be loaded ({last[:300]})"
    return ""


def problems(config: Any, settings: Settings) -> Iterator[str]:
    """What stops a run at its start, or makes it something else than the recipe says: ours, and what verl's own
    check of a configuration says."""
    yield from contradictions(config, settings)
    if line := no_manager(config):
        yield line
    batch, mini = config.data.train_batch_size, config.actor_rollout_ref.actor.ppo_mini_batch_size
    if batch < mini:
        yield f"data.train_batch_size is {batch}, less than actor_rollout_ref.actor.ppo_mini_batch_size {mini}"
        return
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import validate_config

    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            validate_config(
                config=config,
                use_reference_policy=need_reference_policy(config),
                use_critic=need_critic(config),
            )
    except (ValueError, AssertionError, TypeError) as error:
        yield f"verl refuses the recipe: {' '.join(str(error).split())[:300]}"
