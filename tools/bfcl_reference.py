"""python tools/bfcl_reference.py

Writes funreason_plugin/quality/references/bfcl_multi_turn.json from the installed bfcl-eval: hashes of the multi-turn
entries (queries, initial states) and of the documents of their tools, no text of theirs. Versions, the command and the
counts stand in the file. To be run again for a new release of the benchmark.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from funreason_plugin.environments.bfcl import package
from funreason_plugin.environments.bfcl.entries import CATEGORIES
from funreason_plugin.quality.records import Record, record_of
from funreason_plugin.quality.reference import Reference

TARGET = Path(__file__).parents[1] / "funreason_plugin/quality/references/bfcl_multi_turn.json"


def records() -> Iterator[tuple[str, Record]]:
    """Entries and documents of tools, as they are in the package's data."""
    data = package.package_path() / "data"
    files = [data / f"BFCL_v4_multi_turn_{category}.json" for category in CATEGORIES]
    for file in [*files, *sorted((data / "multi_turn_func_doc").glob("*.json"))]:
        for line in file.read_bytes().splitlines():
            value = orjson.loads(line)
            record = record_of(value)
            assert record is not None, file
            yield str(value.get("id", value.get("name"))), record


def main() -> None:
    reference = Reference.of(
        "bfcl_multi_turn",
        records(),
        title="BFCL v4 multi-turn (base, miss_func, miss_param, long_context), taken over from v3",
        label="in-domain:bfcl",
        made={"version": f"bfcl-eval {package.version()}", "command": "python tools/bfcl_reference.py"},
    )
    TARGET.write_bytes(reference.dumps())
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {reference.about()}")


if __name__ == "__main__":
    main()
