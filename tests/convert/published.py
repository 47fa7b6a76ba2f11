"""Records in the shape of the published cards: ToolACE, APIGen-MT, hermes-function-calling-v1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from funreason_plugin.converting.example import Example, Reading
from funreason_plugin.converting.running import Job, convert
from funreason_plugin.converting.sources import source

TOOLACE_TOOLS: list[dict[str, Any]] = [
    {
        "name": "Market Trends API",
        "description": "Get the latest market trends and relevant news for a specified country and language.",
        "parameters": {
            "type": "dict",
            "properties": {
                "trend_type": {"description": "Type of market trends.", "type": "string"},
                "share": {"description": "At least this share.", "type": "float"},
            },
            "required": ["trend_type"],
        },
        "required": None,
    },
    {
        "name": "newAddress",
        "description": "Generates a new Ethereum address that can be used for transactions.",
        "parameters": {
            "type": "dict",
            "properties": {"password": {"type": "string"}},
            "required": ["password"],
        },
        "required": None,
    },
]
TOOLACE_BEFORE = (
    "You are an expert in composing functions. You are given a question and a set of possible functions. \n"
    "Based on the question, you will need to make one or more function/tool calls to achieve the purpose. \n"
    "If none of the function can be used, point it out. If the given question lacks the parameters required by "
    "the function,\nalso point it out. You should only return the function call in tools call sections.\n"
    "Here is a list of functions in JSON format that you can invoke:\n"
)
TOOLACE_AFTER = (
    ". \nShould you decide to return the function call(s). \nPut it in the format of [func1(params_name=params_value, "
    "params_name2=params_value2...), func2(params)]\n\nNO other text MUST be included. \n"
)


def toolace(call: str = '[Market Trends API(trend_type="INDEXES")]', **more: Any) -> dict[str, Any]:
    """A record of ToolACE with this first response."""
    results = [{"name": "Market Trends API", "results": {"trends": [{"name": "S&P 500"}]}}]
    return {
        "system": TOOLACE_BEFORE + json.dumps(TOOLACE_TOOLS) + TOOLACE_AFTER,
        "conversations": [
            {"from": "user", "value": "What is happening in the market?"},
            {"from": "assistant", "value": call},
            {"from": "tool", "value": json.dumps(results)},
            {"from": "assistant", "value": "The S&P 500 [index] moves."},
        ],
        **more,
    }


WEATHER = {
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def apigen_mt(city: str = "Oslo", **more: Any) -> dict[str, Any]:
    """A record of APIGen-MT."""
    return {
        "conversations": [
            {"from": "human", "value": f"Is it cold in {city}?"},
            {"from": "function_call", "value": json.dumps({"name": "weather", "arguments": {"city": city}})},
            {"from": "observation", "value": '{"degrees": 4}'},
            {"from": "gpt", "value": "4 degrees."},
        ],
        "system": "# Policy\n- Be brief.",
        "tools": json.dumps([WEATHER]),
        **more,
    }


HERMES_BEFORE = (
    "You are a function calling AI model. You are provided with function signatures within <tools> </tools> XML "
    "tags. You may call one or more functions to assist with the user query. Don't make assumptions about what "
    "values to plug into functions.\n"
)
HERMES_AFTER = (
    "\nFor each function call return a json object with function name and arguments within <tool_call> </tool_call> "
    "tags with the following schema:\n<tool_call>\n{'arguments': <args-dict>, 'name': <function-name>}\n</tool_call>\n"
)


def hermes(call: str | None = None, tools: str | None = None, **more: Any) -> dict[str, Any]:
    """A record of hermes-function-calling-v1, by default written in JSON throughout."""
    listed = json.dumps([{"type": "function", "function": WEATHER}]) if tools is None else tools
    call = '{"arguments": {"city": "Oslo"}, "name": "weather"}' if call is None else call
    return {
        "id": "8f2a",
        "conversations": [
            {"from": "system", "value": f"{HERMES_BEFORE}<tools> {listed} </tools>{HERMES_AFTER}"},
            {"from": "human", "value": "Is it cold in Oslo?"},
            {"from": "gpt", "value": f"<tool_call>\n{call}\n</tool_call>\n"},
            {"from": "tool", "value": "<tool_response>\n{'degrees': 4}\n</tool_response>\n"},
            {"from": "gpt", "value": "<think>\n4 is cold.\n</think>\nYes."},
        ],
        **more,
    }


def read(name: str, record: Any, *, rename_tools: bool = False, python_literals: bool = False) -> Example:
    """One record through its source. Raises Refused."""
    reading = Reading(rename_tools=rename_tools, python_literals=python_literals)
    return source(name).read(json.loads(json.dumps(record)), reading)


def rows(name: str, records: list[Any], out: Path, **options: Any) -> list[dict[str, Any]]:
    """The rows for LLaMA-Factory that a conversion of these records writes."""
    file = out.with_suffix(".jsonl")
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    convert(Job(name, "llamafactory", [file], out, **options))
    found: list[dict[str, Any]] = pq.read_table(
        sorted((out / "llamafactory").rglob("train-*.parquet"))[0]
    ).to_pylist()
    return found
