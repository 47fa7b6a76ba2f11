"""The section `funreason:` of a verl recipe: everything of ours that decides an RL run.

settings = Settings.of(config)      # verl's composed configuration; a UserError names the wrong key
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["Egpo", "Reward", "Settings", "Tools"]

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Reward(BaseModel):
    """How a verdict becomes a reward within [0, 1].

    ``mode``: "binary" (1 when the format and every turn is right, EGPO's), "progress" (the share of turns that are
    right) or "progress+format" (``format_weight`` of it for responses that can all be read). ``efficiency``: the
    share of the reward that more steps than the truth has can cost; 0 switches it off.
    """

    model_config = _STRICT
    mode: Literal["binary", "progress", "progress+format"] = "binary"
    format_weight: float = Field(default=0.1, ge=0, le=1)
    efficiency: float = Field(default=0.0, ge=0, le=1)


class Egpo(BaseModel):
    """The entropy bonus of EGPO (arXiv 2508.05118): A + ``weight`` * clip(H, -|A|/``clip``, |A|/``clip``).

    0 switches it off; the paper has 0.4 and 2. ``weight`` below ``clip``: then the bonus never changes a sign.
    """

    model_config = _STRICT
    weight: float = Field(default=0.0, ge=0)
    clip: float = Field(default=2.0, gt=0)

    @model_validator(mode="after")
    def _keeps_signs(self) -> Egpo:
        if self.weight >= self.clip:
            raise ValueError(
                f"weight {self.weight:g} must be below clip {self.clip:g}, or signs of advantages flip"
            )
        return self


class Tools(BaseModel):
    """Where the tools of an agent-loop worker run: ``processes`` supervised processes with ``threads`` threads each."""

    model_config = _STRICT
    processes: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=128, ge=1, le=4096)


class Settings(BaseModel):
    """The whole section; every key is optional.

    ``history_reasoning``: "keep" (one append-only sequence a conversation) or "drop" (each response starts from a
    prompt without earlier thoughts, as the model is served; V1 trainer only). ``thinking``: whether prompts of the
    forms "funreason" and "card" end with `<think>`. ``steps``, ``calls``, ``seconds``: `conversation.Limits`.
    ``response_tokens``: most tokens of one response; None: what is left of verl's ``response_length``.
    ``allow_live``: rollouts may call tools that are not the session's own (a service elsewhere).
    """

    model_config = _STRICT
    history_reasoning: Literal["keep", "drop"] = "keep"
    thinking: bool = True
    steps: int = Field(default=20, ge=1)
    calls: int = Field(default=64, ge=1)
    seconds: float = Field(default=1800.0, gt=0)
    response_tokens: int | None = Field(default=None, ge=1)
    allow_live: bool = False
    reward: Reward = Reward()
    egpo: Egpo = Egpo()
    tools: Tools = Tools()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """The section of verl's configuration, defaults where it is missing.

        Raises:
            UserError: an unknown key or a value that does not fit.
        """
        section = config.get("funreason")
        if section is not None and not isinstance(section, dict):
            from omegaconf import OmegaConf

            section = (
                OmegaConf.to_container(section, resolve=True) if OmegaConf.is_config(section) else section
            )
        try:
            return cls.model_validate({} if section is None else section)
        except ValidationError as error:
            raise UserError(_line(error)) from None


_FIELDS = {
    "": Settings.model_fields,
    "reward": Reward.model_fields,
    "egpo": Egpo.model_fields,
    "tools": Tools.model_fields,
}


def _line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = [str(part) for part in first["loc"]]
    place = ".".join(["funreason", *where])
    if first["type"] == "extra_forbidden":
        known = _FIELDS.get(".".join(where[:-1]), {})
        return f"{place} is not known{did_you_mean(where[-1], known) or '; the keys are ' + ', '.join(known)}"
    if first["type"] == "value_error":
        return f"{place}: {first['ctx']['error']}"
    shown = repr(first["input"])
    return f"{place} is {shown if len(shown) <= 100 else shown[:97] + '…'}: {first['msg'].lower()}; docs/rl.md lists the keys"
