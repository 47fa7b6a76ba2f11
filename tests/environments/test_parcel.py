"""The user's environments travel to machines that do not have them: packed here, unpacked and imported there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from funreason_plugin.environments.parcel import MAX_BYTES, pack
from funreason_plugin.errors import UserError

ROOT = Path(__file__).parents[2]

DESK = """
import json
from pathlib import Path
from funreason_plugin import Environment, tool
from desk_data import GREETING

class Desk(Environment):
    def scenario(self, rng):
        return {"names": json.loads((Path(__file__).parent / "names" / "all.json").read_text())}

    @tool
    def greet(self) -> str:
        '''Greet whoever stands at the desk.'''
        return GREETING + self.names[0]
"""

PLAY = """
import sys
from random import Random
from funreason_plugin.environments.catalog import resolve
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.parcel import unpack
from funreason_plugin.environments.space import SimulationSpace

name, parcel = sys.argv[1:]
if parcel:
    unpack(open(parcel, "rb").read())
space = SimulationSpace.from_names([name])
with space.session(space.scenario("0")) as session:
    print(session.call("greet", {}), environment_hash(resolve(name)[0]))
"""


def desk(folder: Path) -> Path:
    (folder / "names").mkdir(parents=True)
    (folder / "desk.py").write_text(DESK)
    (folder / "desk_data.py").write_text("GREETING = 'Hello, '\n")
    (folder / "names" / "all.json").write_text('["Mira"]')
    return folder


def play(name: str, cwd: Path, parcel: Path | None = None) -> str:
    """What the tool says in a fresh process, and the environment's hash."""
    done = subprocess.run(
        [sys.executable, "-c", PLAY, name, str(parcel or "")],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("form", ["relative file", "file from above", "absolute file", "module", "package"])
def test_what_was_packed_plays_where_the_files_are_missing(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    folder = desk(here / "tools")
    cwd, name = {
        "relative file": (here, "tools/desk.py:Desk"),
        "file from above": (here / "elsewhere", "../tools/desk.py:Desk"),
        "absolute file": (here, f"{folder}/desk.py:Desk"),
        "module": (folder, "desk:Desk"),
        "package": (here, "tools.desk:Desk"),
    }[form]
    cwd.mkdir(exist_ok=True)
    if form == "package":
        (folder / "__init__.py").touch()
        (folder / "desk.py").write_text(DESK.replace("from desk_data", "from tools.desk_data"))
    before = play(name, cwd)
    monkeypatch.chdir(cwd)
    monkeypatch.syspath_prepend(str(cwd))
    parcel = tmp_path / "parcel.zip"
    parcel.write_bytes(pack([name, "travel"]))
    shutil.rmtree(here)
    assert before.startswith("Hello, Mira")
    monkeypatch.chdir(there)
    assert play(name, there, parcel) == before


def test_nothing_is_packed_for_what_is_installed() -> None:
    assert pack(["travel", "files", "bfcl:TradingBot", "json:tool"]) == b""


def test_runs_caches_and_virtual_environments_stay(tmp_path: Path) -> None:
    folder = desk(tmp_path / "tools")
    small = len(pack([f"{folder}/desk.py:Desk"]))
    for place in ("run/run.yaml", "venv/pyvenv.cfg", ".git/config", "__pycache__/a.pyc", "out/ledger.jsonl"):
        path = folder / place
        path.parent.mkdir()
        path.touch()
        (path.parent / "large.bin").write_bytes(os.urandom(10_000))
    assert len(pack([f"{folder}/desk.py:Desk"], leave_out=[folder / "out"])) == small


def test_a_folder_with_too_much_beside_the_environment_is_refused(tmp_path: Path) -> None:
    folder = desk(tmp_path / "tools")
    with (folder / "corpus.bin").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UserError, match=r"tools/desk\.py: the folder .* over 64 MB .*corpus\.bin"):
        pack([f"{folder}/desk.py:Desk"])
