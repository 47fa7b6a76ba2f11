"""What a data set's record says, in whatever common form it is written: queries, calls, tools, values, labels.

    record = record_of({"messages": [{"role": "user", "content": "…"}], "tools": […]})
    record.content.turns[0][0]          # the first query

Trajectories of ours, OpenAI messages, ShareGPT conversations, rows of verl, entries of BFCL, records with a query and
answers, and documents of tools. What has none of it is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from funreason_plugin.calls import parse
from funreason_plugin.checks.duplicates import Content, Done

__all__ = ["Record", "events", "record_of", "record_of_line"]

_DEPTH = 40


@dataclass(slots=True)
class Record:
    """One conversation, or what else a file has: ``values`` are states and outputs, ``tools`` their documents."""

    content: Content
    id: str = ""
    tools: list[dict[str, Any]] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    split: str = ""
    environments: tuple[str, ...] = ()
    made_by: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def record_of_line(line: bytes) -> Record | None:
    """A line of JSON; None for what is none, or has nothing to compare."""
    try:
        return record_of(orjson.loads(line))
    except (orjson.JSONDecodeError, RecursionError):
        return None


def record_of(value: Any) -> Record | None:
    """A record by the fields that it has."""
    if isinstance(value, str):
        return Record(Content(((value, ()),))) if value.strip() else None
    if not isinstance(value, dict):
        return None
    try:
        record = _read(value)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None  # it looked like a form that it does not have
    if record is not None:
        record.id = record.id or str(value.get("id") or "")
    return record


def _read(value: dict[str, Any]) -> Record | None:
    if "turns" in value and "scenario" in value:
        return _trajectory(value)
    if isinstance(value.get("extra_info"), dict) and "queries" in value["extra_info"]:
        return _verl(value)
    tools = _tools(value.get("tools") or value.get("functions") or value.get("function"))
    for key, role, text in (("messages", "role", "content"), ("conversations", "from", "value")):
        if isinstance(value.get(key), list):
            content, values = _messages(value[key], role, text)
            return Record(content, tools=tools, values=values, labels=_labels(value.get("labels")))
    if isinstance(value.get("question"), list):
        queries = [user_text(turn if isinstance(turn, list) else [turn]) for turn in value["question"]]
        state = value.get("initial_config")
        return Record(_said(queries), tools=tools, values=[state] if state else [])
    for key in ("query", "question", "instruction", "prompt", "text"):
        if isinstance(value.get(key), str):
            query = f"{value[key]}\n{value['input']}" if isinstance(value.get("input"), str) else value[key]
            return Record(Content(((query, _calls(loaded(value.get("answers")))),)), tools=tools)
    if "parameters" in value and isinstance(value.get("name"), str):
        return Record(Content(()), id=value["name"], tools=[value])
    return Record(Content(()), tools=tools) if tools else None


def _trajectory(value: dict[str, Any]) -> Record:
    turns = value["turns"]
    outputs = [call["output"] for turn in turns for step in turn["steps"] for call in step["calls"]]
    return Record(
        Content.of_turns(turns),
        id=value["id"],
        tools=[tool["function"] for tool in value["tools"]],
        values=[value["scenario"]["states"], outputs],
        labels=tuple(value["labels"]),
        variants=tuple(turn["variant"] for turn in turns),
        split=value["split"],
        environments=tuple(reference["name"] for reference in value["environments"]),
        made_by=value["made_by"],
    )


def _verl(value: dict[str, Any]) -> Record:
    extra = value["extra_info"]
    queries, truth = loaded(extra["queries"]), loaded(value["reward_model"]["ground_truth"])
    turns = []
    for number, query in enumerate(queries):
        steps = truth[number]["steps"] if number < len(truth) else []
        calls = [call for step in steps for call in step]
        turns.append((str(query), tuple(Done(call["name"], call["arguments"]) for call in calls)))
    outputs = [call.get("output") for turn in truth for step in turn["steps"] for call in step]
    return Record(
        Content(tuple(turns)),
        id=str(extra["id"]),
        tools=_tools(extra["tools"]),
        values=[loaded(extra.get("scenario")), outputs],
        labels=_labels(extra.get("labels")),
        split=str(extra.get("split") or ""),
    )


def _messages(messages: list[Any], role: str, text: str) -> tuple[Content, list[Any]]:
    """The queries with the calls that follow each, and the outputs."""
    turns: list[tuple[str, list[Done]]] = []
    values: list[Any] = []
    for said in events(messages, role, text):
        if isinstance(said, str):
            turns.append((said, []))
        elif isinstance(said, tuple):
            if not turns:
                turns.append(("", []))
            turns[-1][1].extend(said)
        else:
            values += said
    return Content(tuple((query, tuple(calls)) for query, calls in turns)), values


def events(messages: list[Any], role: str, text: str) -> Iterator[str | tuple[Done, ...] | list[Any]]:
    """A conversation message by message: a query, the calls of a response, or a list of outputs.

    ``role`` and ``text`` are the names of a message's fields. What is none of the three is left out.
    """
    for message in messages:
        who, said = str(message.get(role)), _text(message.get(text))
        if who in ("user", "human"):
            yield said
        elif who in ("tool", "observation", "function"):
            yield _outputs(said)
        elif who in ("assistant", "gpt", "function_call"):
            found = (*_calls(message.get("tool_calls")), *_calls(_written(said, who)))
            if found:
                yield found


def _written(text: str, who: str) -> Any:
    """The calls in a message's text."""
    if who == "function_call":
        return loaded(text.rpartition("</think>")[2])
    if "<tool_call>" in text or text.lstrip().startswith("["):
        return [call._asdict() for call in parse(text).calls]
    return None


def _calls(value: Any) -> tuple[Done, ...]:
    """Calls as OpenAI, Hermes or APIGen write them; anything else is none."""
    found = []
    for call in value if isinstance(value, list) else [value]:
        if isinstance(call, dict):
            call = call.get("function", call)
            arguments = loaded(call.get("arguments"))
            if isinstance(call.get("name"), str):
                found.append(Done(call["name"], arguments if isinstance(arguments, dict) else {}))
    return tuple(found)


def _tools(value: Any) -> list[dict[str, Any]]:
    """Documents of tools, out of OpenAI's wrapping where they are in it."""
    found = loaded(value)
    listed = found if isinstance(found, list) else [found]
    tools = [tool.get("function", tool) for tool in listed if isinstance(tool, dict)]
    return [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]


def user_text(messages: list[Any]) -> str:
    said = [message for message in messages if message.get("role", "user") == "user"]
    return "\n".join(_text(message.get("content")) for message in said)


def _said(queries: list[str]) -> Content:
    return Content(tuple((query, ()) for query in queries if query))


def _text(content: Any) -> str:
    """A message's text, also where it is in parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _outputs(text: str) -> list[Any]:
    """An output as data where it is JSON; several in one message come as lines."""
    whole = loaded(text)
    return [whole] if whole is not text else [loaded(line) for line in text.splitlines()]


def _labels(value: Any) -> tuple[str, ...]:
    found = value.split() if isinstance(value, str) else value
    return tuple(map(str, found)) if isinstance(found, list) else ()


def loaded(value: Any) -> Any:
    """JSON in a text as data; a text that is none stays what it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def texts(value: Any, depth: int = _DEPTH) -> Iterator[str]:
    """All texts in a value; keys are what a schema says, so only those that are data (ids, paths) count."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)) and depth:
        for item in value:
            yield from texts(item, depth - 1)
    elif isinstance(value, dict) and depth:
        for key, item in value.items():
            yield str(key)
            yield from texts(item, depth - 1)
