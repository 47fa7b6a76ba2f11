"""Rows, folders and recipes for the tests of the proof: written small, proved in this process, printed as text."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from funreason_plugin.sft.proof.run import Proof, prove
from funreason_plugin.sft.proof.show import show

Row = dict[str, Any]

THOUGHT = "<think>\nOslo is named.\n</think>\n\n"
CALL = '[{"name": "weather", "arguments": {"city": "Oslo"}}]'
TOOLS = json.dumps(
    [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "The weather of a city.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        }
    ]
)
SHAREGPT = {
    "formatting": "sharegpt",
    "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
    "tags": {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "human",
        "assistant_tag": "gpt",
        "observation_tag": "observation",
        "function_tag": "function_call",
        "system_tag": "system",
    },
}
OPENAI = {
    "formatting": "openai",
    "columns": {"messages": "messages", "tools": "tools"},
    "tags": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "observation_tag": "tool",
        "function_tag": "function",
        "system_tag": "system",
    },
}


def row(*turns: tuple[str, str], **columns: str) -> Row:
    """A sharegpt row with the system prompt and tools of these tests."""
    messages = [{"from": role, "value": text} for role, text in turns]
    return {"id": "a", "conversations": messages, "system": "You know.", "tools": TOOLS, **columns}


ASKED = ("human", "Weather in Oslo?")
CALLED = (ASKED, ("function_call", CALL), ("observation", '{"sky": "clear"}'))
GOOD = row(*CALLED, ("gpt", f"{THOUGHT}Clear."))
GOOD_CALL = row(ASKED, ("function_call", THOUGHT + CALL))


def write(folder: Path, rows: list[Row], info: Row = SHAREGPT) -> None:
    """A dataset_dir with one data set, `rows`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(entry) + "\n" for entry in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    (folder / "dataset_info.json").write_text(json.dumps({"rows": {"file_name": "rows.jsonl", **info}}))


def write_recipe(folder: Path, tiny: Path, **keys: object) -> Path:
    """A recipe that trains these rows as they should be; a key that is None is left out."""
    settings: dict[str, object] = {
        "model_name_or_path": str(tiny),
        "stage": "sft",
        "template": "qwen3",
        "dataset": "rows",
        "mask_history": True,
        "cutoff_len": 16384,
        "overwrite_cache": True,
        "bf16": True,
        "deepspeed": "of/a/gpu/machine.json",
        "cache_dir": str(folder / "cache"),
        **keys,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in settings.items() if value is not None}))
    return path


def text(proof: Proof) -> str:
    """What the command prints of a proof."""
    file = io.StringIO()
    show(proof, Console(file=file, width=100, color_system=None, highlight=False))
    return file.getvalue()


def proved(folder: Path, tiny: Path, rows: list[Row], info: Row = SHAREGPT, **keys: object) -> Proof:
    """Write rows and recipe, and prove."""
    write(folder, rows, info)
    return prove(folder, write_recipe(folder, tiny, **keys))
