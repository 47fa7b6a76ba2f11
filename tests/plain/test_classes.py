"""A class that knows nothing of us: its methods as tools, its attributes as state."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from tests.plain.made import of_class

STORE = dedent('''
    import threading
    from dataclasses import dataclass

    @dataclass
    class Line:
        sku: str
        left: int

    class Counting:
        def count(self) -> int:
            """Count the lines."""
            return len(self._lines)

    class Store(Counting):
        taken: list[str] = []

        def __init__(self, owner: str = "Ann", lines: list[Line] | None = None):
            self.owner = owner
            self._lines = {line.sku: line for line in lines or [Line("rug", 3)]}

        def take(self, sku: str, pieces: int = 1) -> Line:
            """Take pieces of a line.

            Args:
                sku: Name of the line.
            """
            line = self._lines[sku]
            line.left -= pieces
            self.taken.append(sku)
            if line.left < 0:
                raise ValueError(f"only {line.left + pieces} are left")
            return line

        @staticmethod
        def double(number: int) -> int:
            """Double a number."""
            return 2 * number

        @classmethod
        def empty(cls): ...

        @property
        def size(self): return 1

        def close(self): pass

    class Locked(Store):
        def __init__(self):
            super().__init__()
            self.lock = threading.Lock()
''')


def store(folder: Path, name: str = "Store", more: str = "") -> SimulationSpace:
    return of_class(folder, STORE + dedent(more), name)


def test_public_methods_are_tools_inherited_and_static_ones_too(tmp_path: Path) -> None:
    tools = store(tmp_path).tools
    assert set(tools) == {"count", "take", "double"}
    assert tools["take"].parameters["properties"]["sku"] == {
        "type": "string",
        "description": "Name of the line.",
    }
    assert [name for name, spec in tools.items() if spec.writes] == ["take"]


@pytest.mark.parametrize("name", ["Store", "Locked"])
def test_a_session_has_an_instance_that_can_be_taken_back(tmp_path: Path, name: str) -> None:
    """With a lock in it, by repeating the calls."""
    space = store(tmp_path, name)
    (cls,) = space.environments.values()
    assert cls.copying == {"Store": "own", "Locked": "replay"}[name]
    with space.session(space.scenario(1)) as one, space.session(space.scenario(1)) as other:
        start, before = one.snapshot(), one.state_hash()
        assert one.call("take", {"sku": "rug"}) == {"sku": "rug", "left": 2}
        mark, after = one.snapshot(), one.state_hash()
        assert one.call("take", {"sku": "rug", "pieces": 9}) == {"error": "only 2 are left"}
        assert one.state_hash() == after != before
        one.restore(start)
        assert one.state_hash() == before == other.state_hash()
        one.restore(mark)
        assert one.state()[cls.name]["_lines"] == {"rug": {"sku": "rug", "left": 2}}


def test_a_list_in_the_class_belongs_to_the_session(tmp_path: Path) -> None:
    space = store(tmp_path)
    with space.session(space.scenario(1)) as one, space.session(space.scenario(1)) as other:
        one.call("take", {"sku": "rug"})
        assert one.state()["store"]["taken"] == ["rug"]
        assert other.state()["store"]["taken"] == []


def test_a_scenario_holds_the_arguments_of_the_class(tmp_path: Path) -> None:
    more = """
    class Mine(Store):
        @staticmethod
        def scenario(rng):
            return {"owner": "Bo", "lines": [Line(name, rng.randint(1, 9)) for name in ("rug", "lamp")]}
    """
    space = store(tmp_path, "Mine", more)
    assert space.scenario(1).states != space.scenario(2).states
    with space.session(space.scenario(1)) as session:
        assert session.call("count", {}) == 2
        assert session.state()["mine"]["owner"] == "Bo"


def test_or_those_of_its_reset(tmp_path: Path) -> None:
    text = """
    from datetime import date
    class Day:
        def reset(self, today: date):
            self.today = today
        @staticmethod
        def scenario(rng):
            return {"today": "2026-05-04"}
        def weekday(self) -> str:
            "Which day it is."
            return f"{self.today:%A}"
    """
    space = of_class(tmp_path, text, "Day")
    with space.session(space.scenario(1)) as session:
        assert session.call("weekday", {}) == "Monday"
    assert set(space.tools) == {"weekday"}


def test_slots_and_frozen_instances_are_state_too(tmp_path: Path) -> None:
    text = """
    class Counter:
        __slots__ = ("value",)
        def __init__(self): self.value = 0
        def add(self, number: int) -> int:
            "Add a number."
            self.value += number
            return self.value
    """
    space = of_class(tmp_path, text, "Counter")
    with space.session(space.scenario(1)) as session:
        mark = session.snapshot()
        session.call("add", {"number": 3})
        assert session.state() == {"counter": {"value": 3}}
        session.restore(mark)
        assert session.state() == {"counter": {"value": 0}}


def test_a_class_in_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain_store_by_name.py").write_text(STORE)
    monkeypatch.chdir(tmp_path)
    assert list(SimulationSpace.from_names(["class:plain_store_by_name.Store"]).environments) == ["store"]


REFUSED = {
    "Needs": (
        "class Needs:\n    def __init__(self, path: str): ...\n    def show(self) -> int:\n        'Show.'\n",
        "Needs cannot be built: .*'path'; a static method scenario",
    ),
    "Database": (
        "import sqlite3\nclass Database:\n    def __init__(self): self._db = sqlite3.connect(':memory:')\n"
        "    def show(self) -> int:\n        'Show.'\n",
        r"the state of Database is in _db \(Connection\), which can neither be copied nor compared",
    ),
    "Empty": ("class Empty:\n    def _show(self): ...\n", "Empty has no public method of its own"),
    "Fails": (
        "class Fails:\n    def __init__(self): raise OSError('no disk')\n    def show(self) -> int:\n        'Show.'\n",
        r"Fails\(...\) raised OSError: no disk",
    ),
    "Shope": ("class Shop: ...\n", "has no class 'Shope'; did you mean 'Shop'?"),
    "Ours": (
        "from funreason_plugin import Environment\nclass Ours(Environment): ...\n",
        "Ours is an Environment; name it my_module:Ours",
    ),
    "Untyped": (
        "class Untyped:\n    def show(self, what):\n        'Show.'\n",
        "Untyped.show: parameter 'what' has no type",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_an_environment_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    text, message = REFUSED[name]
    with pytest.raises(UserError, match=message) as raised:
        of_class(tmp_path, text, name)
    assert "\n" not in raised.value.message


def test_a_class_without_our_base_class_is_told_how_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(STORE)
    with pytest.raises(UserError, match=r"write class:.*store\.py:Store"):
        SimulationSpace.from_names([f"{tmp_path}/store.py:Store"])
