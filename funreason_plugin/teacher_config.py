"""Who plays each agent and how: the part of the configuration that language models need.

    config.agent("querying").model        # "Qwen/Qwen3-4B-Instruct-2507"

What stands at the top level of the configuration holds for every agent; ``agents`` says what differs for one. Keys to
servers are never here: ``api_key_env`` names the environment variable that has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from funreason_plugin.credentials import looks_like_a_key, place_of_a_key
from funreason_plugin.errors import UserError, did_you_mean

__all__ = [
    "MODEL_TEACHERS",
    "Agent",
    "AgentSettings",
    "ModelSettings",
    "Price",
    "ResolvedAgent",
    "agents_of",
    "makers",
    "resolve_agent",
]

Agent: TypeAlias = Literal["tooling", "querying", "reasoning", "critiquing"]
TeacherName: TypeAlias = Literal["scripted", "openai", "vllm"]
MODEL_TEACHERS: tuple[TeacherName, ...] = ("openai", "vllm")

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Name = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]


def _base_url(value: Any) -> Any:
    """Refusals never repeat the value: what is wrong with it may be a password."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value.strip())
        host = parts.hostname
        _ = parts.port  # raises when it is no number
    except ValueError:
        raise ValueError("expected a URL such as http://localhost:8000/v1") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ValueError(
            "it has a user name or a password in it; leave them out and put the key into an environment variable "
            "(api_key_env names it)"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("expected a URL with http:// or https:// in front, such as http://localhost:8000/v1")
    if parts.query or parts.fragment:
        raise ValueError("expected a URL without '?' and '#', such as http://localhost:8000/v1")
    path = re.sub(r"/+$", "", parts.path)
    if path.endswith(("/chat/completions", "/completions", "/models")):
        raise ValueError("expected what stands before /chat/completions, such as http://localhost:8000/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _variable(value: Any) -> Any:
    if isinstance(value, str) and (
        not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", value) or looks_like_a_key(value)
    ):
        raise ValueError(
            "expected the name of an environment variable, such as OPENAI_API_KEY, never the key itself"
        )
    return value


_OURS = {
    "messages": "the prompts are in --prompts",
    "prompt": "the prompts are in --prompts",
    "stream": "replies are read whole",
    "n": "one reply is asked for",
    "model": "it has a key of its own",
    "temperature": "it has a key of its own",
    "top_p": "it has a key of its own",
}


def _extra_body(value: Any) -> Any:
    """Plain JSON without a key to a server in it, and without what the teacher says itself."""
    if not isinstance(value, Mapping):
        return value
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("expected what JSON can say: names, texts, numbers, true, false, lists") from None
    if not all(isinstance(name, str) for name in value):
        raise ValueError("expected names as keys")
    place = place_of_a_key(value)
    if place is not None:
        raise ValueError(
            f"{place!r} looks like a key to a server; put that into an environment variable (api_key_env names it)"
        )
    for name, reason in _OURS.items():
        if name in value:
            raise ValueError(f"{name!r} cannot be sent this way: {reason}")
    return value


def _switch(value: Any) -> Any:
    """YAML reads a bare ``off`` as false."""
    return "off" if value is False else value


BaseUrl = Annotated[str, BeforeValidator(_base_url)]
Variable = Annotated[str, BeforeValidator(_variable)]
ExtraBody = Annotated[dict[str, Any], BeforeValidator(_extra_body)]
Structured = Annotated[Literal["auto", "off"], BeforeValidator(_switch)]

STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class ModelSettings(BaseModel):
    """How a language model is reached and sampled. None: the default of `ResolvedAgent`."""

    model_config = STRICT

    model: Name | None = None
    base_url: BaseUrl | None = None
    api_key_env: Variable | None = None
    api: Literal["chat", "completions"] | None = None
    concurrency: Annotated[int, Field(ge=1, le=4096)] | None = None
    request_time_limit: Seconds | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_new_tokens: Annotated[int, Field(ge=1, le=10**7)] | None = None
    structured_output: Structured | None = None
    extra_body: ExtraBody | None = None
    """Sent along with each request as it is, e.g. ``{"chat_template_kwargs": {"enable_thinking": false}}``."""
    engine: ExtraBody | None = None
    """Arguments of vLLM's engine for teacher vllm, e.g. ``{"tensor_parallel_size": 2, "max_model_len": 16384}``."""


class AgentSettings(ModelSettings):
    """What is different for one agent."""

    teacher: TeacherName | None = None


class Price(BaseModel):
    """Prices of one model, per million tokens, in the configuration's ``currency``."""

    model_config = STRICT

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
    engine: dict[str, Any] = field(default_factory=dict)


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
        engine=pick("engine", {}),
    )


def makers(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Teacher and model of each agent, from a configuration as plain data: what ``made_by`` of a trajectory says."""
    agents = config.get("agents")
    found = {}
    for agent in get_args(Agent):
        own = agents.get(agent) if isinstance(agents, Mapping) else None
        given = own.items() if isinstance(own, Mapping) else ()
        settings = {**config, **{key: value for key, value in given if value is not None}}
        teacher = str(settings.get("teacher"))
        model = "none" if teacher == "scripted" else str(settings.get("model") or "")
        found[agent] = {"teacher": teacher, "model": model}
    return found


def agents_of(words: Iterable[str]) -> dict[str, dict[str, str]]:
    """``querying=openai:Qwen/Qwen3-4B`` and ``reasoning=scripted``, as ``agents`` of a configuration.

    Raises:
        UserError: A word of another form, an agent that does not exist or is given twice.
    """
    agents: dict[str, dict[str, str]] = {}
    for word in words:
        agent, equals, played_by = (part.strip() for part in word.partition("="))
        teacher, _, model = (part.strip() for part in played_by.partition(":"))
        if not equals or not teacher:
            raise UserError(
                f"--agent: {word!r} is not valid; expected AGENT=TEACHER or AGENT=TEACHER:MODEL, e.g. "
                "--agent querying=openai:Qwen/Qwen3-4B-Instruct-2507 --agent reasoning=scripted"
            )
        if agent not in get_args(Agent):
            raise UserError(
                f"--agent: {agent!r} is not one of {', '.join(get_args(Agent))}"
                f"{did_you_mean(agent, get_args(Agent))}"
            )
        if agent in agents:
            raise UserError(f"--agent: {agent} is given twice")
        agents[agent] = {"teacher": teacher, **({"model": model} if model else {})}
    return agents
