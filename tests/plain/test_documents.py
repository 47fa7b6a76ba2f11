"""docs/tools.md: its module and its subclass do what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from funreason_plugin.environments.space import SimulationSpace
from tests.plain.made import functions, written

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs" / "tools.md").read_text(encoding="utf-8"), re.DOTALL
)


def test_the_module_is_an_environment(tmp_path: Path) -> None:
    space = functions(tmp_path, BLOCKS[0])
    assert {name: spec.writes for name, spec in space.tools.items()} == {"show_stock": False, "sell": True}
    with space.session(space.scenario(1)) as session:
        assert session.call("sell", {"item": "lamp", "pieces": 2}) == {"left": 1}
        assert session.call("sell", {"item": "lamp", "pieces": 2}) == {
            "error": "there are not 2 pieces of lamp"
        }
        assert session.call("show_stock", {"item": "lamp"}) == {"left": 1}


def test_the_subclass_is_an_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = '''
    class Store:
        def __init__(self, parts: dict[str, int]):
            self.parts = parts
        def left(self, part: str) -> int:
            """How many are left."""
            return self.parts[part]
    '''
    written(tmp_path, store, "inventory.py")
    written(tmp_path, BLOCKS[1], "mine.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    space = SimulationSpace.from_names([f"class:{tmp_path}/mine.py:Mine"])
    scenario = space.scenario(1)
    assert space.policy == "You keep a store of spare parts."
    with space.session(scenario) as session:
        assert session.call("left", {"part": "belt"}) == scenario.states["mine"]["parts"]["belt"]
