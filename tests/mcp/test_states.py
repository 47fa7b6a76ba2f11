"""Sessions of an MCP server: snapshots, replays, isolation; a played conversation in a process of tools."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.external.environment import ExternalEnvironment
from funreason_plugin.environments.space import Scenario, Session, SimulationSpace, is_error
from funreason_plugin.errors import UserError
from tests.mcp.conftest import HOME, Write

pytestmark = pytest.mark.slow  # every server is an interpreter that imports the SDK

CALLS = ({"tool": "add_note", "arguments": {"notebook": "Home", "title": "Plants", "text": "Water them."}},)
WAYS: list[dict[str, Any]] = [
    {"restart": False},
    {},
    {
        "state": "replay",
        "digest": [{"tool": "list_notes", "arguments": {"notebook": "Home"}}],
        "scenarios": [{"calls": [*CALLS, *CALLS]}],
    },
]
IDS = ["snapshot", "snapshot-restart", "replay"]


def opened(name: str, seed: int = 1) -> tuple[SimulationSpace, Scenario, Session]:
    space = SimulationSpace.from_names([name])
    scenario = space.scenario(seed)
    return space, scenario, space.session(scenario)


@pytest.mark.parametrize("options", WAYS, ids=IDS)
def test_a_restore_goes_back_and_forth(notes: Write, options: dict[str, Any]) -> None:
    _, _, session = opened(notes(**options))
    with session:
        start, before = session.snapshot(), session.state()
        assert not is_error(session.call("set_status", {"note_id": "N-1000", "status": "later"}))
        first = session.call("add_note", {"notebook": "Home", "title": "Dentist"})
        later, after = session.snapshot(), session.state()
        assert after != before
        session.restore(start)
        assert session.state() == before
        session.restore(later)
        assert session.state() == after
        session.restore(start)
        session.call("set_status", {"note_id": "N-1000", "status": "later"})
        assert session.call("add_note", {"notebook": "Home", "title": "Dentist"}) == first


@pytest.mark.parametrize("options", WAYS[::2], ids=IDS[::2])
def test_sessions_are_apart(notes: Write, options: dict[str, Any]) -> None:
    space, scenario, session = opened(notes(**options))
    with session, space.session(scenario) as other:
        untouched = other.state()
        session.call("add_note", {"notebook": "Home", "title": "Dentist"})
        assert session.state() != untouched
        assert other.state() == untouched


def test_a_server_that_is_used_again_has_nothing_of_the_session_before(notes: Write) -> None:
    space, scenario, session = opened(notes(restart=False))
    with session:
        before = session.state_hash()
        session.call("add_note", {"notebook": "Home", "title": "Dentist"})
    with space.session(scenario) as again:
        assert again.state_hash() == before


def test_the_state_is_the_files(notes: Write) -> None:
    space = SimulationSpace.from_names([notes(scenarios=[{"folder": "home"}])])
    with space.session(space.scenario(0)) as session:
        assert session.state() == {"notes": {"notes_json": {"notes": HOME}}}


def test_a_name_gives_the_same_class_and_hash_elsewhere(notes: Write) -> None:
    from funreason_plugin.environments import catalog
    from funreason_plugin.environments.environment import environment_hash

    name = notes()
    (cls,) = catalog.resolve(name)
    catalog._mcp.cache_clear()
    (again,) = catalog.resolve(f"{name}#notes")
    assert cls is not again
    assert environment_hash(cls) == environment_hash(again)
    assert (cls.name, cls.version, cls.policy) == ("notes", "1.2", "You keep the user's notes.")


def test_tools_that_may_write_are_left_out_until_they_are_allowed(notes: Write) -> None:
    name = notes(allow_writes=False)
    (cls,) = SimulationSpace.from_names([name]).environments.values()
    assert list(cls.tool_specs()) == ["list_notes", "read_note"]
    assert issubclass(cls, ExternalEnvironment)
    assert "3 of 5 tools may write" in cls.notes[0]
    (allowed,) = SimulationSpace.from_names([f"{name}+writes"]).environments.values()
    assert sorted(key for key, spec in allowed.tool_specs().items() if spec.writes) == [
        "add_note",
        "move_note",
        "set_status",
    ]


def test_live_tools_may_not_write(notes: Write) -> None:
    with pytest.raises(UserError, match=r"tools that write \(add_note, move_note, set_status\) need"):
        SimulationSpace.from_names([notes(state="live", scenarios=[])])


def test_names_values_and_allow_lists_of_the_options(notes: Write) -> None:
    name = notes(
        prefix="pad_",
        allow=["*_note", "list_*"],
        deny=["move_note"],
        values={"note_id": {"tool": "list_notes", "path": "notes[].note_id"}},
    )
    space = SimulationSpace.from_names([name])
    assert list(space.tools) == ["pad_list_notes", "pad_read_note", "pad_add_note"]
    (param,) = space.tools["pad_read_note"].params
    assert param.values is not None
    assert (param.values.column, param.values.path) == ("pad_list_notes", "notes[].note_id")
    with space.session(space.scenario(random.randrange(99))) as session:
        assert not is_error(session.call("pad_list_notes", {"notebook": "Home"}))


def test_a_tool_that_is_trimmed(notes: Write) -> None:
    trim = {"list_notes": {"drop": ["notes[].notebook", "notes[].status"], "items": 1}}
    _, _, session = opened(notes(trim=trim, scenarios=[{"folder": "home"}]))
    with session:
        assert session.call("list_notes", {"notebook": "Home"}) == {
            "notes": [{"note_id": "N-1000", "title": "Shopping list"}],
            "truncated": "notes: 1 more items",
        }


def test_nothing_is_left_in_the_temporary_folder(
    notes: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    _, _, session = opened(notes())
    with session:
        session.call("add_note", {"notebook": "Home", "title": "Dentist"})
        assert list(temporary.glob("funreason-server-*"))
    assert not list(temporary.glob("funreason-server-*"))
