"""The tools that a row offers, as OpenAI tool documents, and what is wrong with them."""

from __future__ import annotations

import functools
import json
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from funreason_plugin.python_calls import Malformed
from funreason_plugin.sft.proof.findings import Finding
from funreason_plugin.sft.proof.function_calls import strict_json

__all__ = ["tools_of"]


def tools_of(row: dict[str, Any], attributes: Any) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The documents as LLaMA-Factory writes them, from the column that the data set's attributes name."""
    found = [
        Finding("columns", f"rows have a column {name!r} that dataset_info.json does not name")
        for name in ("tools", "system")
        if getattr(attributes, name) is None and row.get(name)
    ]
    text = row.get(attributes.tools) if attributes.tools else ""
    if not text:
        return [], found
    if not isinstance(text, str):
        if attributes.formatting != "openai":
            kind = type(text).__name__
            found.append(Finding("tools", f"column {attributes.tools!r} holds a {kind}, not a JSON string"))
        text = json.dumps(text, ensure_ascii=False)
    tools, problem = _read_tools(text)
    if problem:
        found.append(Finding("tools", problem))
    return tools, found


@functools.lru_cache(maxsize=64)
def _read_tools(text: str) -> tuple[list[dict[str, Any]], str]:
    """The tool documents as LLaMA-Factory writes them, and what is wrong with them; rows share their tools."""
    try:
        tools = strict_json(text)
    except Malformed as error:
        return [], str(error)
    except ValueError as error:
        return [], f"not JSON: {error}"
    except RecursionError:
        return [], "nested too deeply to be read"
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        return [], "not a list of tool documents"
    problem = ""
    for number, tool in enumerate(tools):
        document = tool.get("function", tool)
        if (
            not isinstance(document, dict)
            or not isinstance(document.get("name"), str)
            or not document["name"]
        ):
            return [], f"tools[{number}] has no name"
        try:
            Draft202012Validator.check_schema(document.get("parameters") or {})
        except SchemaError as error:
            place = ".".join(map(str, error.absolute_path))
            at = f"parameters.{place}" if place else "parameters"
            problem = f"tools[{number}] ({document['name']}): {at}: {error.message[:120]}"
            break
        except RecursionError:
            return [], f"tools[{number}] ({document['name']}): nested too deeply to be read"
    wrapped = [
        tool if tool.get("type") == "function" else {"type": "function", "function": tool} for tool in tools
    ]
    return wrapped, problem
