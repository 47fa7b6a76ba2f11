"""`SynthesisConfig`: everything that decides a synthesis run, from a YAML file, flags, or both (flags win).

    config = load(Path("recipes/synthesis.yaml"), {"num": 50, "out": Path("out")})

Unknown keys are errors with a suggestion, and every error is one line that names the file or the flag. What
each key means and why its default is what it is: ``recipes/synthesis.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic_core import ErrorDetails

from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.teacher_config import (
    MODEL_TEACHERS,
    Agent,
    AgentSettings,
    ModelSettings,
    Price,
    ResolvedAgent,
    Seconds,
    TeacherName,
    resolve_agent,
)

if TYPE_CHECKING:
    from funreason_plugin.environments.space import SimulationSpace

__all__ = ["SynthesisConfig", "check_names", "load", "versions"]


def _names(value: Any) -> Any:
    """``travel`` and ``"travel, files"`` are lists of names, too."""
    return re.split(r"\s*,\s*|\s+", value.strip()) if isinstance(value, str) and value.strip() else value


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


Span = Annotated[tuple[int, int], BeforeValidator(_span), PlainSerializer(_span_text)]
Names = Annotated[list[str], BeforeValidator(_names)]
Share = Annotated[float, Field(ge=0, lt=1)]


class SynthesisConfig(ModelSettings):
    """The resolved configuration of a run; spans are (least, most), both included."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)

    env: Annotated[Names, Field(min_length=1)]
    teacher: TeacherName
    agents: dict[Agent, AgentSettings] = {}
    out: Path
    num: Annotated[int, Field(ge=1)] = 200
    seed: int = 0
    workers: Annotated[int, Field(ge=1, le=256)] = 1

    turns: Span = (3, 5)
    calls: Span = (1, 5)
    environments_per_trajectory: Span = (1, 2)
    sampler: Literal["directed", "random"] = "directed"

    k_max: Annotated[int, Field(ge=1, le=20)] = 3
    error_rate: Annotated[float, Field(ge=0, le=1)] = 0.15
    reasoning: Literal["cot", "none"] = "cot"
    call_form: Literal["hermes", "python"] = "hermes"

    val_share: Share = 0.05
    holdout_env: Names = []
    holdout_tools: Names = []

    time_limit: Annotated[float, Field(gt=0, le=600)] | None = None

    prompts: Path | None = None
    query_examples: Path | None = None
    redact: str | None = None

    retries: Annotated[int, Field(ge=0, le=100)] = 8
    give_up_after: Seconds = 600.0
    trajectory_time_limit: Seconds = 3600.0
    prices: dict[str, Price] = {}
    currency: str = "USD"
    budget: Annotated[float, Field(gt=0)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    cache: Path | None = None
    no_cache: bool = False
    cache_size: Annotated[float, Field(gt=0)] = 10.0  # GB
    executor: Literal["local", "ray"] = "local"
    ray_address: str | None = None

    def agent(self, agent: Agent) -> ResolvedAgent:
        """Who plays ``agent``, and how, defaults filled in."""
        return resolve_agent(agent, self.teacher, self, self.agents.get(agent, AgentSettings()))

    @property
    def model_agents(self) -> tuple[Agent, ...]:
        """The agents that a language model plays."""
        return tuple(agent for agent in get_args(Agent) if self.agent(agent).teacher in MODEL_TEACHERS)

    def as_plain(self) -> dict[str, Any]:
        """The configuration as plain data, as it is written to ``run.yaml``."""
        return self.model_dump(mode="json")


def load(path: Path | None, flags: Mapping[str, Any]) -> SynthesisConfig:
    """Merge a YAML file (or none) with the flags that were given, and validate.

    A ``run.yaml`` of an earlier run is a valid file: its ``config`` part counts.

    Raises:
        UserError: One line: the file or flag, the key, what was expected.
    """
    given = {key: value for key, value in flags.items() if value is not None and value != []}
    from_file = _read(path) if path is not None else {}
    for key in from_file:
        if key not in SynthesisConfig.model_fields:
            hint = did_you_mean(str(key), SynthesisConfig.model_fields)
            known = "" if hint else f"; the keys are {', '.join(SynthesisConfig.model_fields)}"
            raise UserError(f"{path}: key {key!r} is not known{hint}{known}")
    try:
        config = SynthesisConfig.model_validate({**from_file, **given})
    except ValidationError as error:
        raise UserError(_line(error.errors(include_url=False)[0], path, given)) from None
    return config


def _place(key: str, path: Path | None, given: Mapping[str, Any]) -> str:
    flag = f"--{key.replace('_', '-')}"
    return flag if key in given or path is None else f"{path}: {key}"


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


_REQUIRED = {
    "env": "name at least one environment, e.g. --env travel --env files",
    "teacher": "it has no default; 'scripted' is the embedded teacher: "
    "deterministic, no model, no network, scripted English",
    "out": "the output folder, e.g. --out out/",
}
_LIMITS = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}
_TYPES = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "list_type": "a list of names",
    "string_type": "a name",
    "path_type": "a path",
}


def _line(error: ErrorDetails, path: Path | None, given: Mapping[str, Any]) -> str:
    key = str(error["loc"][0])
    place = _place(key, path, given)
    kind, value, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "missing":
        also = f" (or {key}: in {path})" if path is not None else ""
        return f"--{key.replace('_', '-')} is missing{also}: {_REQUIRED[key]}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']+)'", str(context.get("expected", "")))
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        return f"{place}: {value!r} is not one of {', '.join(allowed)}{hint}"
    if kind == "too_short":
        return f"{place}: {_REQUIRED.get(key, 'expected at least one')}"
    if kind in _LIMITS:
        limit = context[_LIMITS[kind]]
        words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}[_LIMITS[kind]]
        return f"{place}: {value!r} is out of range; expected {words} {limit:g}"
    if kind in _TYPES:
        return f"{place}: {value!r} is not valid; expected {_TYPES[kind]}"
    if kind == "value_error":
        return f"{place}: {value!r} is not valid: {context['error']}"
    return f"{place}: {value!r} is not valid: {error['msg']}"


class _Loader(yaml.SafeLoader):
    """YAML in which a key given twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key!r} is given twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror or error}; 'funreason recipes DIR' copies recipes that work"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UserError(
            f"{path}{f':{mark.line + 1}' if mark else ''}: not valid YAML: {error.problem or error}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected keys and values ('num: 200'), found {type(data).__name__}")
    if isinstance(data.get("config"), dict) and "versions" in data:
        return dict(data["config"])
    return data


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
