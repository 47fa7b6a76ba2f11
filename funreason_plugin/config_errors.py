"""What is wrong with a configuration, in one line that names the file or the flag and the key.

    one_line(error.errors(include_url=False)[0], path, flags, SynthesisConfig.model_fields)
    # "mine.yaml: agents.querying.temprature is not known; did you mean 'temperature'?"

Values are repeated only where they cannot hold a secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from funreason_plugin.errors import did_you_mean
from funreason_plugin.teacher_config import AgentSettings, Price

__all__ = ["one_line", "unknown_key"]

_REQUIRED = {
    "env": "name at least one environment, e.g. --env travel --env files",
    "teacher": "it has no default; 'scripted' is the embedded teacher: "
    "deterministic, no model, no network, scripted English",
    "out": "the output folder, e.g. --out out/",
    "input": "the price of a million input tokens",
    "output": "the price of a million output tokens",
}
_LIMITS = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}
_TYPES = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "list_type": "a list of names",
    "string_type": "a name",
    "string_too_short": "a name",
    "string_too_long": "a shorter name",
    "string_pattern_mismatch": "a name in one line",
    "path_type": "a path",
}
_MAPPINGS = {
    "agents": "an agent's settings, e.g. {querying: {model: Qwen/Qwen3-4B-Instruct-2507}}",
    "prices": "prices by model, e.g. {Qwen/Qwen3-32B: {input: 0.1, output: 0.3}}",
    "context_tokens": "numbers of tokens from 2000 to 64000, e.g. [8000, 32000]",
    "variants": "shares by name, e.g. {miss_func: 0.1, miss_param: 0.1}",
    "extra_body": "keys and values",
}
_UNSAID = ("base_url", "api_key_env", "extra_body", "engine")
"""Keys whose values may hold a secret, put there by mistake."""
_A_KEY = "; keys to servers are never in a file: api_key_env names the environment variable that has it"


def one_line(error: ErrorDetails, path: Path | None, flags: Mapping[str, Any], known: Collection[str]) -> str:
    """The first error of pydantic as a line. ``known``: the keys at the top level."""
    where = tuple(str(part) for part in error["loc"])
    if not where:  # several keys together; the validator names them
        return str(error.get("ctx", {}).get("error", error["msg"]))
    place, key = _place(where, path, flags), where[-1]
    kind, value, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "missing":
        if len(where) > 1:
            return f"{place} is missing: {_REQUIRED.get(key, 'it has no default')}"
        also = f" (or {key}: in {path})" if path is not None else ""
        return f"--{key.replace('_', '-')} is missing{also}: {_REQUIRED[key]}"
    if kind == "extra_forbidden":
        return f"{place} is not known{_hint(where, known)}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']+)'", str(context.get("expected", "")))
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        if key == "[key]":
            return f"{place}: {_shown(where, where[-2])} is not one of {', '.join(allowed)}{hint}"
        return f"{place}: {_shown(where, value)} is not one of {', '.join(allowed)}{hint}"
    if kind == "too_short":
        return f"{place}: {_REQUIRED.get(key, 'expected at least one')}"
    if kind in _LIMITS:
        limit = context[_LIMITS[kind]]
        words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}[_LIMITS[kind]]
        return f"{place}: {_shown(where, value)} is out of range; expected {words} {limit:.15g}"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return f"{place}: {_shown(where, value)} is not valid; expected {_MAPPINGS[_mapping(where)]}"
    if kind in _TYPES:
        return f"{place}: {_shown(where, value)} is not valid; expected {_TYPES[kind]}"
    what = str(context["error"]) if kind == "value_error" else error["msg"]
    if set(where) & set(_UNSAID):
        return f"{place}: {what}"
    return f"{place}: {_shown(where, value)} is not valid: {what}"


def unknown_key(key: str, path: Path | None, known: Collection[str]) -> str:
    """A key at the top level of a file that is none of ours."""
    hint = _hint((key,), known)
    return f"{path}: key {key!r} is not known{hint or '; the keys are ' + ', '.join(known)}"


def _hint(where: tuple[str, ...], known: Collection[str]) -> str:
    key = where[-1]
    if re.fullmatch(r"(?i)(open_?ai_?)?(api[_-]?key|key|token|authorization|password|secret)", key):
        return _A_KEY
    if len(where) == 1:
        return did_you_mean(key, known)
    fields = Price.model_fields if where[0] == "prices" else AgentSettings.model_fields
    if where[0] == "agents" and key in known:
        return f": {key} is the same for every agent; it stands at the top level"
    return did_you_mean(key, fields) or f"; the keys are {', '.join(fields)}"


def _place(where: tuple[str, ...], path: Path | None, flags: Mapping[str, Any]) -> str:
    """The flag that said it, or the file and the dotted key."""
    if where[0] == "agents" and len(where) > 1:
        own = flags.get("agents", {}).get(where[1])
        if isinstance(own, Mapping) and (len(where) == 2 or where[2] in own):
            return f"--agent {where[1]}"
    if where[0] == "variants" and where[0] in flags:
        return f"--variant {where[1]}" if len(where) == 2 else "--variant"
    flag = f"--{where[0].replace('_', '-')}"
    if len(where) == 1 and (where[0] in flags or path is None):
        return flag
    dotted = ".".join(part for part in where if part != "[key]")
    if where[-1] == "[key]":
        dotted = ".".join(where[:-2])
    return f"{path}: {dotted}" if path is not None else dotted


def _mapping(where: tuple[str, ...]) -> str:
    return where[0] if where[0] in _MAPPINGS and not set(where) & set(_UNSAID) else "extra_body"


def _shown(where: tuple[str, ...], value: Any) -> str:
    if set(where) & set(_UNSAID):
        return "this"
    if isinstance(value, (str, int, float)) or value is None:
        text = repr(value)
        return text if len(text) <= 100 else f"{text[:97]}…"
    if isinstance(value, (list, tuple)) and len(repr(value)) <= 100:
        return repr(value)
    return "a list" if isinstance(value, (list, tuple)) else "what stands there"
