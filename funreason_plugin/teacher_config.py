"""Who plays each agent and how: the part of the configuration that language models need.

    config.agent("querying").model        # "Qwen/Qwen3-4B-Instruct-2507"

What stands at the top level of the configuration holds for every agent; ``agents`` says what differs for one. Keys to
servers are never here: ``api_key_env`` names the environment variable that has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["MODEL_TEACHERS", "AgentSettings", "ModelSettings", "Price", "ResolvedAgent", "resolve_agent"]

Agent: TypeAlias = Literal["tooling", "querying", "reasoning", "critiquing"]
TeacherName: TypeAlias = Literal["scripted", "openai", "vllm"]
MODEL_TEACHERS: tuple[TeacherName, ...] = ("openai", "vllm")

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class ModelSettings(BaseModel):
    """How a language model is reached and sampled. None: the default of `ResolvedAgent`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    base_url: str | None = None
    api_key_env: str | None = None
    api: Literal["chat", "completions"] | None = None
    concurrency: Annotated[int, Field(ge=1, le=4096)] | None = None
    request_time_limit: Seconds | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_new_tokens: Annotated[int, Field(ge=1)] | None = None
    structured_output: Literal["auto", "off"] | None = None
    extra_body: dict[str, Any] | None = None
    """Sent along with each request as it is, e.g. ``{"chat_template_kwargs": {"enable_thinking": false}}``."""


class AgentSettings(ModelSettings):
    """What is different for one agent."""

    teacher: TeacherName | None = None


class Price(BaseModel):
    """Prices of one model, per million tokens, in the configuration's ``currency``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]
    cached_input: Annotated[float, Field(ge=0)] | None = None
    """Input tokens that the server took from its prefix cache; None: as other input."""


@dataclass(frozen=True, slots=True)
class ResolvedAgent:
    """Everything about one agent, defaults filled in. ``max_new_tokens`` include a reasoning model's thoughts."""

    agent: Agent
    teacher: TeacherName
    model: str
    base_url: str | None
    api_key_env: str
    api: Literal["chat", "completions"]
    concurrency: int
    request_time_limit: float
    temperature: float
    top_p: float
    max_new_tokens: int
    structured_output: Literal["auto", "off"]
    extra_body: dict[str, Any]


_TEMPERATURE: dict[Agent, float] = {"tooling": 0.3, "querying": 1.0, "reasoning": 0.7, "critiquing": 0.3}
_NEW_TOKENS: dict[Agent, int] = {"tooling": 4096, "querying": 4096, "reasoning": 8192, "critiquing": 4096}


def resolve_agent(
    agent: Agent, teacher: TeacherName, common: ModelSettings, own: AgentSettings
) -> ResolvedAgent:
    """What holds for ``agent``: its own settings, then the common ones, then the defaults."""

    def pick(name: str, default: Any) -> Any:
        for settings in (own, common):
            value = getattr(settings, name)
            if value is not None:
                return value
        return default

    return ResolvedAgent(
        agent=agent,
        teacher=own.teacher or teacher,
        model=pick("model", ""),
        base_url=pick("base_url", None),
        api_key_env=pick("api_key_env", "OPENAI_API_KEY"),
        api=pick("api", "chat"),
        concurrency=pick("concurrency", 32),
        request_time_limit=pick("request_time_limit", 300.0),
        temperature=pick("temperature", _TEMPERATURE[agent]),
        top_p=pick("top_p", 1.0),
        max_new_tokens=pick("max_new_tokens", _NEW_TOKENS[agent]),
        structured_output=pick("structured_output", "auto"),
        extra_body=pick("extra_body", {}),
    )
