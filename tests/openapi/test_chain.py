"""A service through the whole chain: check env, synthesize, check data, and a conversation in hosted sessions.

Once by FastAPI's own document (3.1), once by one that was written by hand (3.0).
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.judging.played_turns import judge_played
from funreason_plugin.tasks import Task
from tests.hosting.truths import played
from tests.openapi.served import EXAMPLE, KEY

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent


def configured(folder: Path, document: str) -> str:
    """The example's configuration with three tools, for one of the two documents."""
    data = yaml.safe_load((EXAMPLE / "library.yaml").read_text("utf-8"))
    data["scenarios"] = data["scenarios"][:3]
    if document == "3.1":
        shutil.copy(EXAMPLE / "openapi.json", folder / "document.json")
        data |= {"document": "document.json", "allow": ["list_things", "find_member", "create_loan"]}
    else:
        shutil.copy(HERE / "library30.yaml", folder / "document.yaml")
        data |= {
            "document": "document.yaml",
            "allow": ["list-things", "find-member", "create-loan"],
            "credentials": {"key": "LIBRARY_KEY"},
            "digest": [{"tool": "state"}],
            "values": {"find-member.name": {"state": "state.members[].name"}},
        }
    (folder / "library.yaml").write_text(yaml.safe_dump(data), "utf-8")
    return f"openapi:{folder / 'library.yaml'}"


@pytest.mark.parametrize("document", ["3.1", "3.0"])
def test_the_whole_chain(
    library: str, library_url: str, tmp_path: Path, document: str, capfd: pytest.CaptureFixture[str]
) -> None:
    name, out = configured(tmp_path, document), tmp_path / "out"
    assert run(check.app, ["env", name]) == 0
    made = ["--env", name, "--num", "4", "--turns", "1-2", "--calls", "1-2", "--teacher", "scripted"]
    assert run(synthesize.app, [*made, "--reasoning", "none", "--out", str(out)]) == 0
    graph = json.loads((out / "graph.json").read_text("utf-8"))
    edges = {(edge["provider"], edge["consumer"]) for edge in graph["edges"] if edge.get("verified")}
    assert edges >= {("list_things", "create_loan"), ("find_member", "create_loan")}
    assert run(check.app, ["data", str(out)]) == 0
    for row in pq.read_table(out / "verl" / "train.parquet").to_pylist():
        task = Task.of_row(row)
        score = judge_played(task, asyncio.run(played(task)))
        assert score.success, score
    printed = capfd.readouterr()
    assert KEY not in printed.out + printed.err
    for path in [*out.rglob("*"), tmp_path / "library.yaml"]:
        if path.is_file():
            data = path.read_bytes()
            assert KEY.encode() not in data and library_url.encode() not in data, path
