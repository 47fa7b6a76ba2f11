"""What is done to calls and answers of tools that are not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from funreason_plugin.environments.external.files import view
from funreason_plugin.environments.external.folders import inward, outward
from funreason_plugin.environments.external.options import Trim
from funreason_plugin.environments.external.trimmed_schemas import trimmed_schema
from funreason_plugin.environments.external.trimming import trimmed


def test_a_folder_has_one_name_in_every_session(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    folder = tmp_path / "link"
    os.symlink(tmp_path / "real", folder)
    output = {"paths": [f"{folder}/a.txt", f"{tmp_path}/real/b.txt"], f"{folder}": 3}
    assert outward(output, folder) == {"paths": ["/folder/a.txt", "/folder/b.txt"], "/folder": 3}
    assert inward({"paths": ["/folder/a.txt", "/folder"]}, folder) == {
        "paths": [f"{folder}/a.txt", str(folder)]
    }


@pytest.mark.parametrize("text", ["my/folder/a.txt", "/folders", "/folder-2", "the folder"])
def test_other_words_are_left_alone(text: str, tmp_path: Path) -> None:
    assert inward({"text": text}, tmp_path) == {"text": text}


def test_a_text_is_read_as_lines_where_that_is_wanted() -> None:
    assert trimmed({"content": "a.txt\n\nb.txt\n", "note": "x\ny"}, Trim(lines=["content"]), 1000) == {
        "content": ["a.txt", "b.txt"],
        "note": "x\ny",
    }
    assert trimmed("a\nb", Trim(lines=[""]), 1000) == ["a", "b"]


@pytest.mark.parametrize(
    "trim",
    [
        Trim(lines=["found[].text"]),
        Trim(keep=["found[].text", "total"]),
        Trim(keep=["found[].id"]),
        Trim(drop=["found[].text", "total"]),
        Trim(items=1),
    ],
)
def test_the_schema_of_an_output_is_cut_as_the_output_is(trim: Trim) -> None:
    text, whole = {"type": "string"}, {"type": "integer"}
    record = {
        "type": "object",
        "properties": {"id": whole, "text": text},
        "required": ["id", "text"],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {
            "found": {"type": "array", "items": {"anyOf": [record, {"type": "null"}]}},
            "total": whole,
        },
        "required": ["found", "total"],
        "additionalProperties": False,
    }
    output = {"found": [{"id": 1, "text": "a\nb"}, {"id": 2, "text": "c"}], "total": 2}
    jsonschema.validate(output, schema)
    jsonschema.validate(trimmed(output, trim, 1000), trimmed_schema(schema, trim))


def test_a_file_of_json_lines_is_its_rows(tmp_path: Path) -> None:
    (tmp_path / "memory.jsonl").write_text('{"name": "Luis"}\n\n{"name": "Ann"}')
    (tmp_path / "broken.jsonl").write_text('{"name"')
    assert view(tmp_path) == {
        "memory_jsonl": [{"name": "Luis"}, {"name": "Ann"}],
        "broken_jsonl": '{"name"',
    }


def test_a_place_is_taken_by_one_process_at_a_time(tmp_path: Path) -> None:
    """Concurrency 1 of three processes: nobody comes in before the one before is out."""
    code = (
        "import os, sys\n"
        "from funreason_plugin.environments.external.limits import throttle\n"
        "def note(text):\n"
        "    with open(sys.argv[2], 'a') as file: file.write(f'{text} {os.getpid()}\\n')\n"
        "for _ in range(20):\n"
        "    with throttle(sys.argv[1], None, 1):\n"
        "        note('in'); os.sched_yield(); note('out')\n"
    )
    log = tmp_path / "log"
    command = [sys.executable, "-c", code, f"a service of {tmp_path}", str(log)]
    for process in [subprocess.Popen(command) for _ in range(3)]:
        assert process.wait() == 0
    lines = log.read_text().splitlines()
    assert len(lines) == 120
    assert all(one == other.replace("out", "in") for one, other in zip(lines[::2], lines[1::2], strict=True))


def test_no_folder_is_left_by_a_process_or_by_one_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys, tempfile\n"
        "from funreason_plugin.environments.external.folders import new_folder\n"
        "print(new_folder().is_dir())\n"
        "killed = subprocess.Popen([sys.executable, '-c', ''])\n"
        "os.mkdir(f'{tempfile.gettempdir()}/funreason-server-{killed.pid}-x')\n"
        "killed.wait()\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    assert done.stdout == b"True\n"
    assert list(tmp_path.iterdir()) == []
