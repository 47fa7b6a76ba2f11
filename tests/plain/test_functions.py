"""A module of plain functions: what becomes a tool, and whose its globals are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.space import SimulationSpace, is_error
from tests.plain.made import SHOP, functions, written

LAMP: dict[str, Any] = {"item": "lamp", "day": "2026-05-04"}


def parameters(space: SimulationSpace, tool: str) -> dict[str, Any]:
    properties: dict[str, Any] = space.tools[tool].parameters["properties"]
    return properties


def test_public_functions_of_the_module_are_tools_and_nothing_else_is(tmp_path: Path) -> None:
    text = """
    from json import dumps
    from math import sqrt as root
    class Thing: ...
    def scenario(rng): return {}
    def _private() -> int: return 1
    def visible() -> int:
        "Seen."
        return _private()
    """
    assert set(functions(tmp_path, text).tools) == {"visible"}


def test_tools_names_those_that_are_wanted(tmp_path: Path) -> None:
    text = """
    TOOLS = ["wanted"]
    def main(*args): ...
    def wanted() -> int:
        "Wanted."
        return 1
    """
    assert set(functions(tmp_path, text).tools) == {"wanted"}


@pytest.mark.parametrize(
    "docstring",
    [
        "Find a city.\n\n    Args:\n        name: Name of the city.\n    ",
        "Find a city.\n\n    Parameters\n    ----------\n    name : str\n        Name of the city.\n    ",
        "Find a city.\n\n    :param name: Name of the city.\n    ",
    ],
    ids=["google", "numpy", "sphinx"],
)
def test_schemas_come_from_signature_and_docstring(tmp_path: Path, docstring: str) -> None:
    space = functions(tmp_path, f'def find_city(name: str, limit: int = 3) -> str:\n    """{docstring}"""\n')
    assert space.tools["find_city"].as_openai()["function"] == {
        "name": "find_city",
        "description": "Find a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "Name of the city."},
                "limit": {"type": "integer", "default": 3},
            },
            "required": ["name"],
            "additionalProperties": False,
        },
    }


def test_a_default_that_is_no_json_is_offered_as_json(tmp_path: Path) -> None:
    size = parameters(functions(tmp_path, SHOP), "place_order")["size"]
    assert size == {"enum": ["small", "large"], "type": "string", "default": "small"}


@pytest.mark.parametrize("annotations", ["", "from __future__ import annotations\n"])
def test_arguments_come_in_the_types_of_the_module(tmp_path: Path, annotations: str) -> None:
    """An enum of another copy of the module would be no key of COST."""
    space = functions(tmp_path, annotations + SHOP)
    with space.session(space.scenario(1)) as session:
        assert session.call("place_order", {**LAMP, "size": "large"}) == {"order_number": 1, "cost": 7}
        assert session.call("get_order", {"order_number": 1}) == {
            **LAMP,
            "pieces": 1,
            "size": "large",
        }
        assert "valid date" in session.call("place_order", {**LAMP, "day": "soon"})["error"]


def test_sessions_share_nothing(tmp_path: Path) -> None:
    space = functions(tmp_path, SHOP)
    scenario = space.scenario(1)
    with space.session(scenario) as one, space.session(scenario) as other:
        one.call("place_order", LAMP)
        assert len(one.state()["shop"]["ORDERS"]) == 1
        assert other.state()["shop"]["ORDERS"] == {}
    with space.session(scenario) as later:
        assert later.state()["shop"]["ORDERS"] == {}


def test_a_snapshot_holds_the_globals_and_those_who_refer_to_them(tmp_path: Path) -> None:
    text = """
    STATE = ["NOTES", "COUNT"]
    NOTES = []
    COUNT = 0
    _same = NOTES
    def add(text: str) -> int:
        "Add a note."
        global COUNT
        _same.append(text)
        COUNT += 1
        return COUNT
    """
    space = functions(tmp_path, text)
    with space.session(space.scenario(1)) as session:
        mark, before = session.snapshot(), session.state_hash()
        for _ in range(2):
            assert session.call("add", {"text": "a"}) == 1
            assert session.state()["shop"] == {"NOTES": ["a"], "COUNT": 1}
            session.restore(mark)
            assert session.state_hash() == before


def test_what_a_failed_call_changed_is_taken_back(tmp_path: Path) -> None:
    space = functions(tmp_path, SHOP)
    with space.session(space.scenario(1)) as session:
        output = session.call("place_order", {**LAMP, "pieces": 0})
        assert output == {"error": "at least one piece has to be ordered"}
        assert session.state()["shop"]["ORDERS"] == {}


def test_an_exception_without_a_sentence_keeps_its_type(tmp_path: Path) -> None:
    space = functions(tmp_path, SHOP)
    with space.session(space.scenario(1)) as session:
        assert session.call("get_order", {"order_number": 9}) == {"error": "KeyError: 9"}


def test_coroutines_are_run(tmp_path: Path) -> None:
    text = """
    import asyncio
    async def wait(seconds: int) -> int:
        "Wait."
        await asyncio.sleep(0)
        return seconds
    """
    space = functions(tmp_path, text)
    with space.session(space.scenario(1)) as session:
        assert session.call("wait", {"seconds": 3}) == 3


def test_a_result_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    text = """
    class Thing: ...
    def make():
        "Make a thing."
        return Thing()
    """
    space = functions(tmp_path, text)
    with space.session(space.scenario(1)) as session:
        assert "make returned what is not JSON" in session.call("make", {})["error"]


def test_a_function_that_exits_is_an_error(tmp_path: Path) -> None:
    space = functions(tmp_path, 'def leave() -> int:\n    "Leave."\n    raise SystemExit(3)\n')
    with space.session(space.scenario(1)) as session:
        assert session.call("leave", {}) == {"error": "leave ended with exit status 3"}


def test_functions_may_be_called_like_methods_of_an_environment(tmp_path: Path) -> None:
    text = """
    STATE = ["DB"]
    DB = {}
    def reset(value: int) -> int:
        "Set the value."
        DB["value"] = value
        return value
    def save() -> dict[str, int]:
        "Show the values."
        return DB
    """
    space = functions(tmp_path, text)
    with space.session(space.scenario(1)) as session:
        mark = session.snapshot()
        session.call("reset", {"value": 4})
        assert session.call("save", {}) == {"value": 4}
        session.restore(mark)
        assert session.call("save", {}) == {}


# -- scenarios ------------------------------------------------------------------------------------------------


def test_scenario_sets_globals_in_their_declared_types(tmp_path: Path) -> None:
    text = (
        SHOP
        + """
def scenario(rng):
    return {"ORDERS": {rng.randint(10, 99): Order("rug", 1, date(2026, 1, 1), Size.LARGE)}}
"""
    )
    space = functions(tmp_path, text)
    drawn = {str(space.scenario(seed).states) for seed in range(20)}
    assert len(drawn) > 5 and str(space.scenario(3).states) in drawn
    with space.session(space.scenario(3)) as session:
        (number,) = space.scenario(3).states["shop"]["ORDERS"]
        assert session.call("get_order", {"order_number": int(number)})["size"] == "large"


def test_policy_and_equality(tmp_path: Path) -> None:
    space = functions(tmp_path, SHOP + 'POLICY = "You sell lamps."\nEQUALITY = {"ORDERS.*.item": "text"}\n')
    assert space.policy == "You sell lamps."
    assert space.environments["shop"].equality == {"ORDERS.*.item": "text"}


# -- which ones write -----------------------------------------------------------------------------------------


def writing(space: SimulationSpace) -> set[str]:
    return {name for name, spec in space.tools.items() if spec.writes}


def test_those_that_write_are_found_by_trying(tmp_path: Path) -> None:
    assert writing(functions(tmp_path, SHOP)) == {"place_order"}


def test_writes_has_the_last_word(tmp_path: Path) -> None:
    assert writing(functions(tmp_path, SHOP + 'WRITES = ["get_order"]\n')) == {"get_order"}


def test_a_function_that_never_succeeds_is_read(tmp_path: Path) -> None:
    text = """
    STATE = ["DB"]
    DB = {}
    def put(code: str) -> int:
        "Put something."
        if code != "open sesame": raise ValueError("wrong code")
        DB[code] = 1
        return 1
    def get(code: str) -> int:
        "Get something."
        if code != "open sesame": raise ValueError("wrong code")
        return DB[code]
    """
    assert writing(functions(tmp_path, text)) == {"put"}


def test_a_function_that_hangs_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from funreason_plugin.environments.plain.environment import PlainEnvironment

    monkeypatch.setattr(PlainEnvironment, "time_limit", 0.2)
    text = """
    import time
    STATE = ["DB"]
    DB = {}
    def wait() -> int:
        "Wait."
        time.sleep(3)
        return 1
    def put(value: int) -> int:
        "Put."
        DB["value"] = value
        return 1
    """
    assert writing(functions(tmp_path, text)) == {"put"}


def test_a_change_that_nobody_claimed_counts_all_the_same(tmp_path: Path) -> None:
    space = functions(tmp_path, SHOP + "WRITES = []\n")
    with space.session(space.scenario(1)) as session:
        start, before = session.snapshot(), session.state_hash()
        assert is_error(session.call("place_order", {**LAMP, "pieces": 0}))
        assert session.state_hash() == before
        session.call("place_order", LAMP)
        assert session.state_hash() != before
        session.restore(start)
        assert session.state_hash() == before


# -- other processes ------------------------------------------------------------------------------------------


def test_a_module_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, SHOP, "plain_shop_by_name.py")
    monkeypatch.chdir(tmp_path)
    assert list(SimulationSpace.from_names(["functions:plain_shop_by_name"]).environments) == [
        "plain_shop_by_name"
    ]


def test_the_hash_follows_the_text(tmp_path: Path) -> None:
    (first,) = functions(tmp_path, SHOP).environments.values()
    other = tmp_path / "other"
    other.mkdir()
    (second,) = functions(other, SHOP).environments.values()
    third_folder = tmp_path / "third"
    third_folder.mkdir()
    (third,) = functions(third_folder, SHOP.replace("7}", "8}")).environments.values()
    assert environment_hash(first) == environment_hash(second) != environment_hash(third)


def test_a_parcel_takes_the_module_and_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funreason_plugin.environments.catalog import PARCEL
    from funreason_plugin.environments.parcel import pack, unpack

    (tmp_path / "stock.txt").write_text("lamp")
    text = """
    from pathlib import Path
    STOCK = (Path(__file__).parent / "stock.txt").read_text()
    def stock() -> str:
        "Show the stock."
        return STOCK
    """
    name = f"functions:{written(tmp_path, text, 'parcelled.py')}"
    data = pack([name])
    (tmp_path / "stock.txt").write_text("rug")
    monkeypatch.setenv(PARCEL, "")
    unpack(data)
    space = SimulationSpace.from_names([name])
    with space.session(space.scenario(1)) as session:
        assert session.call("stock", {}) == "lamp"


def test_functions_are_tried_once_and_again_when_they_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    text = f"""
    STATE = ["N"]
    N = [0]
    def count() -> int:
        "Count."
        open({str(tmp_path / "calls")!r}, "a").write("x")
        return N[0]
    """
    size = [0]
    for number, source in enumerate((text, text, text.replace("return N[0]", "N[0] += 1; return N[0]"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        space = functions(folder, source)
        size.append((tmp_path / "calls").stat().st_size)
    assert size[1] > 0 and size[2] == size[1] and size[3] > size[2]
    assert space.tools["count"].writes
