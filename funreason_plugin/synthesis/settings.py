"""What ``run.yaml`` records of a run, and which of it may be different when the run is resumed.

    settings = settings_of(config, space)
    difference(settings_in_the_folder, settings)       # "" or what differs, for one line to the user

Whatever decides a trajectory has to stay: the seed, the environments, models and sampling, the prompts' text. Where a
model is reached, how fast it is asked and what may be spent may change, and so may the number of trajectories.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from funreason_plugin.checks.run_files import GRAPH, REJECTED, TRAJECTORIES
from funreason_plugin.config import SynthesisConfig, versions
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.spool import PENDING
from funreason_plugin.synthesis.teachers.base import AGENTS, Agent
from funreason_plugin.teacher_config import ModelSettings

__all__ = ["MAY_DIFFER", "difference", "refuse_another_run", "settings_of"]

MAY_DIFFER = frozenset(
    {
        "num", "workers", "out", "base_url", "api_key_env", "concurrency", "request_time_limit",
        "trajectory_time_limit", "retries", "give_up_after", "prices", "currency", "budget", "max_tokens", "cache",
        "no_cache", "cache_size", "executor", "ray_address", "engine",
        "against", "fail_on_contamination",  # looked at when the trajectories are there
        "verl_rows",  # rows are written at the end, from the same trajectories
        "prompts", "query_examples",  # where they lie; their text is compared by its hash
    }
)  # fmt: skip
"""Keys of the configuration, those inside ``agents`` too."""
_BY_AGENT = frozenset({"teacher", "agents", *ModelSettings.model_fields})
_KINDS = {"prompts": "the prompt", "environments": "the environment", "versions": "the version of"}


def settings_of(config: SynthesisConfig, space: SimulationSpace) -> dict[str, Any]:
    """The whole configuration, versions, environment hashes; the prompts' hashes where a model reads them.

    Raises:
        UserError: What is wrong with the prompts' folder or the file of query examples.
    """
    settings: dict[str, Any] = {
        "config": config.as_plain(),
        "versions": versions(),
        "environments": {
            name: {"version": cls.version, "hash": environment_hash(cls)}
            for name, cls in space.environments.items()
        },
    }
    if config.model_agents or config.prompts is not None:
        from funreason_plugin.synthesis.prompt_files import hashes

        settings["prompts"] = hashes(config.prompts)
        if config.variants:
            from funreason_plugin.synthesis.variants.wording import wording_hash

            settings["prompts"]["variants"] = wording_hash()
    if config.query_examples is not None:
        from funreason_plugin.synthesis.query_examples import examples_hash

        settings["query_examples"] = examples_hash(config.query_examples)
    return settings


def refuse_another_run(run: Path, settings: Mapping[str, Any]) -> None:
    """A folder's run.yaml against the settings that are to go on there. Where nothing but the tool graph was made yet (a
    wrong key or model ended the run), any settings may begin that the graph holds for.

    Raises:
        UserError: They would not give the same trajectories, or the file is damaged.
    """
    made = [name for name in (TRAJECTORIES, REJECTED, PENDING, GRAPH) if _filled(run.parent / name)]
    if not made:
        return
    try:
        before = yaml.safe_load(run.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{run}: {error.strerror or error}; choose another --out") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"{run}: not valid YAML ({str(error).splitlines()[0]}); choose another --out"
        ) from None
    if not isinstance(before, dict):
        raise UserError(f"{run}: expected the settings of a run; choose another --out")
    different = difference(before, settings)
    if different and not (made == [GRAPH] and _same_graph(before, settings)):
        raise UserError(f"{run.parent}: {different}")


def _filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _same_graph(before: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    old, new = before.get("config"), settings["config"]
    return (
        isinstance(old, Mapping)
        and all(old.get(name) == new[name] for name in ("env", "seed"))
        and all(before.get(name) == settings[name] for name in ("versions", "environments"))
    )


def difference(before: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Why a folder that was begun with ``before`` cannot be resumed with ``settings``; "" when it can.

    A key of the configuration that ``before`` lacks had its default then.
    """
    for key in dict.fromkeys([*settings, *before]):
        old, new = before.get(key), settings.get(key)
        if key == "config":
            found = _configurations(old, new)
            if found:
                return f"{found}; use the same settings to resume, or another --out"
        elif old != new:
            return (
                f"{_changed(key, old, new)} since this folder was begun; "
                "what is there stays valid, but a resumed run would not be the same: choose another --out"
            )
    return ""


def _changed(key: str, old: Any, new: Any) -> str:
    """Down to the prompt, environment or package that has changed."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and key in _KINDS:
        name = next(name for name in [*new, *old] if old.get(name) != new.get(name))
        was, now = _short(old.get(name)), _short(new.get(name))
        return f"{key}: {_KINDS[key]} {name} has changed ({was} to {now})"
    return f"{key} has changed ({_short(old)} to {_short(new)})"


def _configurations(old: Any, new: Any) -> str:
    try:
        was, now = (SynthesisConfig.model_validate(config) for config in (old, new))
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        return f"run.yaml is not a configuration of this version (config.{place or 'teacher'})"
    before, after = was.as_plain(), now.as_plain()
    for name in dict.fromkeys([*after, *before]):
        if name not in MAY_DIFFER | _BY_AGENT and before.get(name) != after.get(name):
            return f"was made with {name}={_short(before.get(name))}, this run has {_short(after.get(name))}"
    return _agents(was, now)


def _agents(was: SynthesisConfig, now: SynthesisConfig) -> str:
    """The first setting that decides what an agent says, and differs; all agents that differ alike are named."""
    before, after = ({agent: _decisive(config, agent) for agent in AGENTS} for config in (was, now))
    for name in ("teacher", *ModelSettings.model_fields):
        differing = [agent for agent in AGENTS if before[agent].get(name) != after[agent].get(name)]
        if differing:
            first = differing[0]
            old, new = before[first].get(name), after[first].get(name)
            alike = [a for a in differing if (before[a].get(name), after[a].get(name)) == (old, new)]
            whom = "" if len(alike) == len(AGENTS) else f" for {' and '.join(alike)}"
            return f"was made with {name}={old!r}{whom}, this run has {new!r}"
    return ""


def _decisive(config: SynthesisConfig, agent: Agent) -> dict[str, Any]:
    """What decides an agent's replies: for the scripted teacher nothing but its name."""
    played = config.agent(agent)
    if agent not in config.model_agents:
        return {"teacher": played.teacher}
    return {name: value for name, value in asdict(played).items() if name not in MAY_DIFFER}


def _short(value: Any) -> str:
    """Of a hash, what is enough to tell it from another."""
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value):
        return f"{value[:12]}…"
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
