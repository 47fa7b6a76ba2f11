"""python benchmarks/convert.py

Conversion to LLaMA-Factory rows: records a second and memory at its peak, beside `datasets.map` with a plain script's
function for the same records (parse the JSON texts, rename, split at the responses; it checks nothing and refuses
nothing). Both read the same .jsonl file and write parquet; each has a process of its own, one after the other.

`apigen` has one row per record, `openai` a conversation with three calls, four rows. `--sizes 10000 200000` shows that
the memory does not grow with the number of records.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Name of the city."},
        "days": {"type": "integer"},
    },
    "required": ["city"],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--formats", nargs="+", choices=("apigen", "openai"), default=["apigen", "openai"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[50_000], help="records in a file")
    options = parser.parse_args()
    table = Table(title="To LLaMA-Factory rows")
    for name in ("format", "records", "MB", "with", "rows", "seconds", "CPU s", "records/s", "peak memory"):
        table.add_column(name, justify="left" if name in ("format", "with") else "right", no_wrap=True)
    for kind in options.formats:
        for size in options.sizes:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "records.jsonl"
                with file.open("w") as lines:
                    lines.writelines(json.dumps(record) + "\n" for record in records(kind, size))
                found = {}
                for name, work in (("convert", ours), ("datasets.map", theirs)):
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        rows, seconds, processor, peak = pool.apply(
                            measured, (work.__name__, kind, str(file), folder)
                        )
                    found[name] = rows
                    table.add_row(
                        kind,
                        f"{size:,}",
                        f"{file.stat().st_size / 1e6:.0f}",
                        name,
                        f"{rows:,}",
                        f"{seconds:.1f}",
                        f"{processor:.1f}",
                        f"{size / seconds:,.0f}",
                        f"{peak / 2**20:,.0f} MiB",
                    )
                assert found["convert"] == found["datasets.map"], found
    console = Console()
    console.print(table)
    sizes = " ".join(map(str, options.sizes))
    console.print(f"python benchmarks/convert.py --formats {' '.join(options.formats)} --sizes {sizes}")


def measured(work: str, kind: str, file: str, folder: str) -> tuple[int, float, float, int]:
    """Rows written, seconds, those of the processor, and the process's peak memory in bytes. Imports are not part of the time."""
    prepare, run = {"ours": ours, "theirs": theirs}[work](kind, Path(file), Path(folder) / work)
    prepare()
    start, used = time.perf_counter(), time.process_time()
    rows = run()
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    return rows, seconds, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def ours(kind: str, file: Path, out: Path) -> tuple[Any, Any]:
    """`funreason_plugin.convert`."""
    from funreason_plugin.converting.running import Job, convert

    return (lambda: __import__("pyarrow.parquet")), lambda: convert(
        Job(kind, "llamafactory", [file], out)
    ).rows["train"]


def theirs(kind: str, file: Path, out: Path) -> tuple[Any, Any]:
    """`datasets`: load_dataset, map, to_parquet."""
    os.environ["HF_HOME"] = str(out / "cache")
    import datasets

    datasets.disable_progress_bars()

    def run() -> int:
        data = datasets.load_dataset("json", data_files=str(file), split="train")
        data = data.map(
            {"apigen": from_apigen, "openai": from_openai}[kind],
            batched=True,
            remove_columns=data.column_names,
        )
        data.to_parquet(str(out / "train.parquet"))
        return len(data)

    return (lambda: None), run


# ----------------------------------------------------------------------------- what a plain script does per batch


def from_apigen(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    rows = _columns()
    for query, answers, tools in zip(batch["query"], batch["answers"], batch["tools"], strict=True):
        documents = [
            {
                "type": "function",
                "function": {
                    "name": tool["name"],
                    "description": tool["description"],
                    "parameters": {
                        "type": "object",
                        "properties": {
                            name: {
                                **entry,
                                "type": {"str": "string", "int": "integer"}[entry["type"].split(",")[0]],
                            }
                            for name, entry in tool["parameters"].items()
                        },
                        "required": [
                            name
                            for name, entry in tool["parameters"].items()
                            if "optional" not in entry["type"]
                        ],
                    },
                },
            }
            for tool in json.loads(tools)
        ]
        calls = json.dumps(json.loads(answers))
        _add(rows, [("human", query), ("function_call", calls)], "", json.dumps(documents))
    return rows


def from_openai(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    rows = _columns()
    for messages, tools in zip(batch["messages"], batch["tools"], strict=True):
        turns: list[tuple[str, str]] = []
        system, offered = "", json.dumps(tools)
        for message in messages:
            if message["role"] == "system":
                system = message["content"]
            elif message["role"] == "user":
                turns.append(("human", message["content"]))
            elif message["role"] == "tool":
                turns.append(("observation", message["content"]))
            else:
                if message["tool_calls"]:
                    functions = [call["function"] for call in message["tool_calls"]]
                    calls = [
                        {"name": call["name"], "arguments": json.loads(call["arguments"])}
                        for call in functions
                    ]
                    turns.append(("function_call", json.dumps(calls)))
                else:
                    turns.append(("gpt", message["content"]))
                _add(rows, turns, system, offered)
    return rows


def _columns() -> dict[str, list[Any]]:
    return {"conversations": [], "system": [], "tools": []}


def _add(rows: dict[str, list[Any]], turns: list[tuple[str, str]], system: str, tools: str) -> None:
    rows["conversations"].append([{"from": role, "value": text} for role, text in turns])
    rows["system"].append(system)
    rows["tools"].append(tools)


# ---------------------------------------------------------------------------------------------------- records


def records(kind: str, size: int) -> Iterator[dict[str, Any]]:
    """Synthetic records; each tenth offers other tools."""
    for number in range(size):
        yield (_apigen if kind == "apigen" else _openai)(number)


def _apigen(number: int) -> dict[str, Any]:
    parameters = {
        "city": {"type": "str", "description": "Name of the city."},
        "days": {"type": "int, optional", "description": "How many days.", "default": 1},
    }
    tools = [
        {
            "name": f"weather_{number % 10}_{index}",
            "description": "The weather of a city.",
            "parameters": parameters,
        }
        for index in range(4)
    ]
    answers = [{"name": f"weather_{number % 10}_0", "arguments": {"city": f"City {number}", "days": 2}}]
    query = f"What will the weather be like in City {number} for the next two days?"
    return {"id": number, "query": query, "answers": json.dumps(answers), "tools": json.dumps(tools)}


def _openai(number: int) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You help travellers. " * 20},
        {"role": "user", "content": f"Compare the weather of three cities near City {number}."},
    ]
    for index in range(3):
        arguments = json.dumps({"city": f"City {number + index}", "days": 2})
        function = {"name": f"weather_{number % 10}_0", "arguments": arguments}
        call = {"id": f"call_{index}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        result = json.dumps(
            {"city": f"City {number + index}", "degrees": [4, 7], "notes": "dry and calm " * 15}
        )
        messages.append({"role": "tool", "tool_call_id": f"call_{index}", "content": result})
    messages.append({"role": "assistant", "content": f"City {number} is the warmest."})
    tools = [
        {
            "type": "function",
            "function": {
                "name": f"weather_{number % 10}_{index}",
                "description": "The weather.",
                "parameters": SCHEMA,
            },
        }
        for index in range(4)
    ]
    return {"messages": messages, "tools": tools}


if __name__ == "__main__":
    main()
