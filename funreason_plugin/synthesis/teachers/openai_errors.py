"""What a server's error means: who is at fault, and the server's own words for it in one short line.

said = read_error(answer, key)
said.words                        # "The model `gpt-9` does not exist"
meaning(answer.status, said)      # again, refused, key, quota or model
adaptation(said, body)            # ("max_tokens", "max_completion_tokens"): leave out or rename, and go on
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from funreason_plugin.errors import did_you_mean
from funreason_plugin.synthesis.teachers.api_key import ApiKey
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = [
    "Meaning",
    "Said",
    "adaptation",
    "final_words",
    "is_vllm",
    "known_models",
    "meaning",
    "one_line",
    "read_error",
]

LONGEST_WORDS = 200

Meaning = Literal["again", "refused", "key", "forbidden", "quota", "model", "moved"]


@dataclass(frozen=True, slots=True)
class Said:
    """A server's error. ``names``: the parameters it says it is about; ``html``: a page, not an API's answer."""

    words: str
    code: str = ""
    names: tuple[str, ...] = ()
    html: bool = False
    json: bool = False

    @property
    def quoted(self) -> str:
        return f": {self.words}" if self.words else ""


def read_error(body: bytes, key: ApiKey) -> Said:
    """OpenAI's form, FastAPI's, Google's list, a bare message, or plain text. Never raises."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body[:4096].decode("utf-8", "replace")
        if text.lstrip()[:1] == "<":
            return Said("", html=True)
        return Said(one_line(text, key))
    if isinstance(data, list) and data:
        data = data[0]
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return Said(one_line(error, key) if isinstance(error, str) else "", json=True)
    code = error.get("code") or error.get("type")
    param = error.get("param")
    detail = error.get("detail", data.get("detail") if isinstance(data, dict) else None)
    names = [param] if isinstance(param, str) else []
    words = error.get("message")
    if isinstance(detail, list):  # FastAPI: [{"loc": ["body", "seed"], "msg": …}]
        entries = [entry for entry in detail if isinstance(entry, dict)]
        places = [entry["loc"] for entry in entries if isinstance(entry.get("loc"), list)]
        names += [str(place[1]) for place in places if len(place) > 1]
        words = words or "; ".join(
            f"{'.'.join(map(str, entry.get('loc') or ()))} {entry.get('msg')}" for entry in entries
        )
    elif not words:
        words = detail
    return Said(
        one_line(words, key) if isinstance(words, str) else "",
        code=one_line(str(code), key) if isinstance(code, (str, int)) else "",
        names=tuple(one_line(name, key) for name in names[:10]),
        json=True,
    )


def one_line(text: str, key: ApiKey, longest: int = LONGEST_WORDS) -> str:
    """A server's text as a part of our line: without the key, control characters and line breaks, and short."""
    text = key.scrub(text[:20_000])
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= longest else f"{text[:longest].rstrip()} …"


_QUOTA = re.compile(
    r"insufficient_quota|insufficient balance|billing_hard_limit|exceeded your current quota", re.I
)
_NO_MODEL = re.compile(
    r"model_not_found|invalid model|unknown model|no such model|no endpoints found"
    r"|\bmodel\b.{0,120}?\b(?:does not exist|not exist|not found)",
    re.I,
)


def meaning(status: int, said: Said) -> Meaning:
    """Of a status that is not 2xx. "again" is for what may pass; "refused" for what this request will always get."""
    text = f"{said.code} {said.words}"
    if status == 402 or (status == 429 and _QUOTA.search(text)):
        return "quota"
    if status in (408, 409, 425, 429) or status >= 500:
        return "again"
    if status == 401:
        return "key"
    if status == 403:
        return "forbidden"
    if status == 404 or (status in (400, 422) and _NO_MODEL.search(text)):
        return "model"
    return "moved" if 300 <= status < 400 else "refused"


def final_words(
    what: Meaning,
    agent: ResolvedAgent,
    base_url: str,
    key: ApiKey,
    status: int,
    said: Said,
    location: str = "",
    models: Sequence[str] | None = None,
) -> str:
    """The one line for what ends a run: where, what the server said, and how to mend it."""
    server = f"{status}{said.quoted}"
    if what in ("key", "forbidden"):
        if not key.given:
            return f"{base_url} asks for a key ({server}); export {key.variable}=… (or name another with api_key_env)"
        return f"{base_url} refused the key in {key.variable} ({server})"
    if what == "quota":
        return f"{base_url}: the account of {key.variable} has no credit left ({server})"
    if what == "model":
        hint = did_you_mean(agent.model, models or ())
        if models and not hint:
            shown = ", ".join(map(repr, models[:5]))
            hint = f"; it has {shown}{' …' if len(models) > 5 else ''}"
        return f"{base_url} has no model {agent.model!r} for {agent.agent} ({server}){hint}"
    if what == "moved":
        place = one_line(location, key) or "nowhere"
        return (
            f"{base_url} answers with a redirect ({status}) to {place}; set base_url to where the server is"
        )
    return f"{base_url}: {agent.agent} was refused ({server})"


# -- parameters that a server does not take ---------------------------------------------------------------

_DROPPABLE = ("response_format", "seed", "temperature", "top_p", "max_tokens")
_UNSUPPORTED = re.compile(
    r"unsupported|not support|n't support|unknown|unrecognized|unexpected|unavailable|not allowed|not permitted"
    r"|forbidden|deprecated|extra (?:input|field)|not available|not enabled|cannot both|invalid schema",
    re.I,
)
_FORMAT = re.compile(r"response_format|json_schema|structured output|guided|grammar", re.I)


def adaptation(said: Said, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """The parameter in ``body`` that a 400 or 422 says is not supported, and its other name ("": leave it out)."""
    text = f"{said.code} {said.words}"
    if not _UNSUPPORTED.search(text):
        return None
    sent = [name for name in _DROPPABLE if name in body]
    named = [name for name in sent if name in said.names]
    if not named and not said.names:
        named = [name for name in sent if _names(name, text)]
    if "response_format" in sent and "response_format" not in named and _FORMAT.search(text):
        named.insert(0, "response_format")
    if "temperature" in named and "top_p" in named and "both" in text:
        return "top_p", ""
    for name in named:
        if name != "max_tokens":
            return name, ""
        if "max_completion_tokens" in text:
            return name, "max_completion_tokens"
    return None


def _names(name: str, text: str) -> bool:
    """``temperature`` is a word of weather tools, too: it counts in quotes or next to a word for a parameter."""
    words = "(?:parameters?|arguments?|fields?|keys?|inputs?)"
    refused = "(?:is |are )?(?:unsupported|not (?:supported|allowed|permitted))"
    return (
        re.search(rf"['\"`]{name}['\"`]|\b{words}:? +{name}\b|\b{name} +(?:{words}|{refused})\b", text)
        is not None
    )


def known_models(body: bytes) -> list[str] | None:
    """The ids of a reply to ``GET /models``; None when it is something else."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    rows = data.get("data", data.get("models")) if isinstance(data, dict) else data
    if not isinstance(rows, list):
        return None
    return [name for name in map(_id, rows[:10_000]) if name]


def is_vllm(body: bytes) -> bool:
    """Whether a reply to ``GET /models`` is vLLM's own."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    rows = data.get("data") if isinstance(data, dict) else None
    return isinstance(rows, list) and any(
        isinstance(row, dict) and row.get("owned_by") == "vllm" for row in rows[:100]
    )


def _id(row: object) -> str:
    found = row.get("id", row.get("name")) if isinstance(row, dict) else row
    return found if isinstance(found, str) and len(found) <= 500 else ""
