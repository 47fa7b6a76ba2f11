"""`SynthesisConfig`: everything that decides a synthesis run, from a YAML file, flags, or both (flags win).

    config = load(Path("recipes/synthesis.yaml"), {"num": 50, "out": Path("out")})

Unknown keys are errors with a suggestion, and every error is one line that names the file or the flag. What
each key means and why its default is what it is: ``recipes/synthesis.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from funreason_plugin.config_errors import one_line, unknown_key
from funreason_plugin.config_file import read
from funreason_plugin.environments.external.names import Given
from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.shape_config import Like, resolved
from funreason_plugin.teacher_config import (
    MODEL_TEACHERS,
    STRICT,
    Agent,
    AgentSettings,
    ModelSettings,
    Name,
    Price,
    ResolvedAgent,
    Seconds,
    TeacherName,
    makers,
    resolve_agent,
)
from funreason_plugin.variant_config import Targets, Variants

if TYPE_CHECKING:
    from funreason_plugin.environments.space import SimulationSpace

__all__ = ["SynthesisConfig", "check_names", "load", "versions"]


def _names(value: Any) -> Any:
    """``travel`` and ``"travel, files"`` are lists of names, too."""
    return re.split(r"\s*,\s*|\s+", value.strip()) if isinstance(value, str) and value.strip() else value


def _paths(value: Any) -> Any:
    """One path is a list of paths, too."""
    return [value] if isinstance(value, (str, Path)) and str(value).strip() else value


def _span(value: Any) -> Any:
    """``"3-5"``, ``"3"``, ``3`` and ``[3, 5]``: the numbers from 3 to 5, both included."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d{1,6})\s*(?:(?:-|\.\.|–)\s*(\d{1,6})\s*)?", value)
        ends = [int(found[1]), int(found[2] or found[1])] if found else None
    elif type(value) is int:
        ends = [value, value]
    else:
        ends = list(value) if isinstance(value, (list, tuple)) else None
    if ends is None or len(ends) != 2 or any(type(end) is not int for end in ends):
        raise ValueError("expected a number or a range such as '3-5'")
    low, high = ends
    if low < 1:
        raise ValueError("starts below 1")
    if low > high:
        raise ValueError(f"ends before it starts; did you mean '{high}-{low}'?")
    return low, high


def _span_text(span: tuple[int, int]) -> str:
    return f"{span[0]}-{span[1]}" if span[0] != span[1] else str(span[0])


def _mapping(value: Any) -> Any:
    """``agents:`` with every line below it commented out is none; so is one agent."""
    if isinstance(value, Mapping):
        return {key: {} if entry is None else entry for key, entry in value.items()}
    return {} if value is None else value


def _set_keys(value: dict[str, AgentSettings]) -> dict[str, Any]:
    return {agent: settings.model_dump(mode="json", exclude_none=True) for agent, settings in value.items()}


def _function(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[^:\s][^:]*:[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("expected my_module:function or path/to/file.py:function")
    return value


def _level(value: Any) -> Any:
    """One of the levels of `checks.duplicates`, the third with its threshold."""
    if isinstance(value, str) and not re.fullmatch(_LEVELS, value):
        raise ValueError("expected keep, exact, near, near:THRESHOLD with 0.5 to 1.0, or structural")
    return value


_LEVELS = r"keep|exact|structural|near(:(0\.[5-9]\d{0,3}|1\.0))?"
Span = Annotated[tuple[int, int], BeforeValidator(_span), PlainSerializer(_span_text)]
Names = Annotated[list[str], BeforeValidator(_names)]
Paths = Annotated[list[Path], BeforeValidator(_paths)]
Share = Annotated[float, Field(ge=0, lt=1)]
Agents = Annotated[dict[Agent, AgentSettings], BeforeValidator(_mapping), PlainSerializer(_set_keys)]
Prices = Annotated[dict[Name, Price], BeforeValidator(_mapping)]


class SynthesisConfig(ModelSettings):
    """The resolved configuration of a run; spans are (least, most), both included."""

    model_config = ConfigDict(**STRICT, validate_default=False)

    env: Annotated[Names, Field(min_length=1)]
    teacher: TeacherName
    agents: Agents = {}
    out: Path
    num: Annotated[int, Field(ge=1, le=10**9)] = 200
    seed: Annotated[int, Field(ge=-(10**15), le=10**15)] = 0  # what JSON readers keep whole
    workers: Annotated[int, Field(ge=1, le=256)] = 1

    turns: Span = (3, 5)
    calls: Span = (1, 5)
    environments_per_trajectory: Span = (1, 2)
    sampler: Literal["directed", "random"] = "directed"
    queries: Literal["hard", "stepwise"] = "hard"
    variants: Variants = {}
    like: Like = None
    context_tokens: Targets = [8_000, 32_000]

    duplicates: Annotated[str, BeforeValidator(_level)] = "exact"
    against: Paths = []
    fail_on_contamination: bool = False

    k_max: Annotated[int, Field(ge=1, le=20)] = 3
    error_rate: Annotated[float, Field(ge=0, le=1)] = 0.15
    reasoning: Literal["cot", "none"] = "cot"
    prompt_form: Literal["hermes", "funreason", "card"] = "hermes"
    verl_rows: Literal["trajectory", "response", "both"] = "trajectory"

    val_share: Share = 0.05
    holdout_env: Names = []
    holdout_tools: Names = []

    time_limit: Annotated[float, Field(gt=0, le=600)] | None = None

    prompts: Path | None = None
    query_examples: Path | None = None
    redact: Annotated[str, BeforeValidator(_function)] | None = None

    retries: Annotated[int, Field(ge=0, le=100)] = 8
    give_up_after: Seconds = 600.0
    trajectory_time_limit: Seconds = 3600.0
    prices: Prices = {}
    currency: Annotated[str, Field(min_length=1, max_length=12)] = "USD"
    budget: Annotated[float, Field(gt=0)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10**15)] | None = None
    cache: Path | None = None
    no_cache: bool = False
    cache_size: Annotated[float, Field(gt=0, le=10**6)] = 10.0  # GB
    executor: Literal["local", "ray"] = "local"
    ray_address: str | None = None

    def agent(self, agent: Agent) -> ResolvedAgent:
        """Who plays ``agent``, and how, defaults filled in."""
        return resolve_agent(agent, self.teacher, self, self.agents.get(agent, AgentSettings()))

    @property
    def model_agents(self) -> tuple[Agent, ...]:
        """The agents that a language model plays."""
        return tuple(agent for agent in get_args(Agent) if self.agent(agent).teacher in MODEL_TEACHERS)

    @property
    def made_by(self) -> dict[str, dict[str, str]]:
        """Teacher and model of each agent, as every trajectory of the run has it."""
        return makers(self.as_plain())

    @model_validator(mode="after")
    def _consistent(self) -> SynthesisConfig:
        """What only several keys together can be wrong about."""
        for agent in self.model_agents:
            played = self.agent(agent)
            if played.model:
                continue
            if self.agents.get(agent, AgentSettings()).teacher is None:
                raise ValueError(
                    f"--teacher {played.teacher} needs --model, e.g. --model Qwen/Qwen3-32B (or model: in the file)"
                )
            raise ValueError(
                f"agents.{agent}: teacher {played.teacher} needs a model, e.g. "
                f"--agent {agent}={played.teacher}:Qwen/Qwen3-32B, or --model for every agent"
            )
        if self.ray_address is not None and self.executor != "ray":
            raise ValueError(f"--ray-address {self.ray_address!r} needs --executor ray")
        for name in self.env if self.executor == "ray" else ():
            if (given := Given.of(name)) is not None and given.record:
                raise ValueError(
                    f"--env {name}: '+record' writes beside the configuration, of which nodes have copies; use "
                    "--executor local, or check record"
                )
        return self

    def as_plain(self) -> dict[str, Any]:
        """The configuration as plain data, as it is written to ``run.yaml``."""
        idle = () if "long_context" in self.variants else ("context_tokens",)
        plain = self.model_dump(mode="json", exclude=set(idle))
        kept = [key for key in KEYS if key in plain]
        return {key: plain[key] for key in kept if key not in _LATER or plain[key] != _LATER[key]}


_OWN = [key for key in SynthesisConfig.model_fields if key not in ModelSettings.model_fields]
KEYS = (*_OWN, *ModelSettings.model_fields)
"""In the order in which one reads them: what the data is, then what a model needs."""


_LATER: Mapping[str, Any] = {
    "variants": {},
    "queries": "hard",
    "like": None,
    "against": [],
    "fail_on_contamination": False,
}
"""Keys that run.yaml has only where they were set: folders that were begun without them stay as they are."""


def load(path: Path | None, flags: Mapping[str, Any]) -> SynthesisConfig:
    """Merge a YAML file (or none) with the flags that were given, and validate.

    ``agents`` are merged agent by agent, key by key; ``variants`` of the flags replace those of the file. A ``run.yaml`` of an earlier run is a valid file: its ``config``
    part counts.

    Raises:
        UserError: One line: the file or flag, the key, what was expected.
    """
    given = {key: value for key, value in flags.items() if value is not None and value not in ([], {})}
    from_file = read(path) if path is not None else {}
    for key in from_file:
        if key not in KEYS:
            raise UserError(unknown_key(str(key), path, KEYS))
    merged = {**resolved(from_file, given), **given}
    if "agents" in given:
        merged["agents"] = _merged(from_file.get("agents"), given["agents"])
    try:
        config = SynthesisConfig.model_validate(merged)
    except ValidationError as error:
        wrong = one_line(error.errors(include_url=False)[0], path, given, KEYS)
    else:
        _refuse_idle(config, given)
        return config
    raise UserError(wrong)  # out here it carries no trace of the values that were refused


def _merged(from_file: Any, given: Mapping[str, Mapping[str, Any]]) -> Any:
    """The file's settings of each agent with those of the flags over them."""
    if from_file is not None and not isinstance(from_file, Mapping):
        return from_file  # validation says what is wrong with it
    agents = dict(from_file or {})
    for agent, settings in given.items():
        own = agents.get(agent)
        if own is None or isinstance(own, Mapping):
            agents[agent] = {**(own or {}), **settings}
    return agents


def _refuse_idle(config: SynthesisConfig, given: Mapping[str, Any]) -> None:
    """A flag about a variant that is not made or about a model, where no model plays: whoever gives it believes otherwise."""
    if "context_tokens" in given and "long_context" not in config.variants:
        raise UserError("--context-tokens: nothing is made that long; add --variant long_context=0.1")
    teachers = {config.agent(agent).teacher for agent in config.model_agents}
    for key, of in (("model", MODEL_TEACHERS), ("base_url", ("openai",)), ("api_key_env", ("openai",))):
        if key in given and not teachers & set(of):
            raise UserError(
                f"--{key.replace('_', '-')}: no agent is played by a model that it could be for; "
                f"--teacher is {config.teacher} (did you mean --teacher openai?)"
            )


def check_names(config: SynthesisConfig, space: SimulationSpace) -> None:
    """Held-out environments and tools exist, and leave something to train on; else a `UserError`."""
    for flag, names, known in (
        ("holdout-env", config.holdout_env, list(space.environments)),
        ("holdout-tools", config.holdout_tools, list(space.tools)),
    ):
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known) or f"; the environments are {', '.join(space.environments)}"
                raise UserError(f"--{flag}: {name!r} is not in --env {' '.join(config.env)}{hint}")
        if names and set(names) >= set(known):
            raise UserError(f"--{flag}: everything is held out; leave something to train on")


@cache
def versions() -> dict[str, str]:
    """What was at work: this package, Python, and the packages that could change a result."""
    import platform
    from importlib import metadata

    from funreason_plugin import __version__

    found = {"funreason_plugin": __version__, "python": platform.python_version()}
    for name in ("pydantic", "orjson", "pyarrow", "jinja2", "jsonschema", "networkx"):
        found[name] = metadata.version(name)
    return found
