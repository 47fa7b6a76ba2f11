"""What the agents are told in turns of a variant; the wording is in ``prompts.j2``, beside this file.

The templates of a run's own folder (``--prompts``) are used for all other requests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import orjson
from jinja2.sandbox import ImmutableSandboxedEnvironment

from funreason_plugin.synthesis.messages import without_tokens
from funreason_plugin.trajectory import Turn

__all__ = ["abstain_notes", "careful", "completion", "follow_up", "wording_hash"]

_FILE = Path(__file__).parent / "prompts.j2"


@cache
def _template() -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    return environment.from_string(_FILE.read_text(encoding="utf-8"))


def wording_hash() -> str:
    """SHA-256 (hex) of the templates, for run.yaml."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()


def _render(block: str, **values: str) -> str:
    template = _template()
    return "".join(template.blocks[block](template.new_context(values)))


def _json(material: Mapping[str, Any]) -> str:
    return without_tokens(orjson.dumps(material, option=orjson.OPT_NON_STR_KEYS).decode())


def abstain_notes(material: Mapping[str, Any]) -> str:
    """The notes that only A_R sees in an abstention."""
    return _render("abstain", material=_json(material))


def completion(material: Mapping[str, Any], turns: Sequence[Turn]) -> str:
    """To A_Q: the user's message after an abstention."""
    return _render("completion", material=_json(material), conversation=_so_far(turns))


def follow_up(material: Mapping[str, Any], turns: Sequence[Turn]) -> str:
    """To A_Q: the user's message that follows up the turn before."""
    return _render("follow_up", material=_json(material), conversation=_so_far(turns))


def _so_far(turns: Sequence[Turn]) -> str:
    return "\n".join(f"User: {turn.query}\nAssistant: {turn.answer}" for turn in turns)


def careful() -> str:
    """How A_R is to read results in a turn in which something may go wrong; it names nothing that will."""
    return _render("careful").strip()
