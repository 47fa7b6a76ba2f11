"""Snapshots hold the whole state: a restored session goes on as if nothing had happened."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.environments.bfcl import bfcl_environment, bfcl_environments, load_entry
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import canonical
from tests.bfcl.walks import Walk


@pytest.mark.parametrize("cls", bfcl_environments(), ids=lambda cls: cls.name)
def test_a_restored_session_gives_the_same_outputs_and_state(cls: type[Environment]) -> None:
    space = SimulationSpace([cls])
    for seed in range(8):
        with space.session(space.scenario(seed)) as session:
            walk = Walk(session, seed)
            list(walk.steps(10))
            mark, there = session.snapshot(), session.state()
            calls = [(spec.name, arguments, output) for spec, arguments, output in walk.steps(20)]
            after = session.state()
            for _ in range(2):
                session.restore(mark)
                assert session.state() == there
                assert [session.call(name, arguments) for name, arguments, _ in calls] == [
                    o for *_, o in calls
                ]
                assert session.state() == after


@pytest.mark.parametrize("cls", bfcl_environments(), ids=lambda cls: cls.name)
def test_the_same_scenario_and_calls_give_the_same_state(cls: type[Environment]) -> None:
    space = SimulationSpace([cls])
    hashes = set()
    for _ in range(2):
        with space.session(space.scenario("twice")) as session:
            list(Walk(session, 9).steps(30))
            hashes.add(session.state_hash())
    assert len(hashes) == 1


@pytest.mark.parametrize("cls", bfcl_environments(), ids=lambda cls: cls.name)
def test_only_tools_that_claim_to_write_change_the_state(cls: type[Environment]) -> None:
    space = SimulationSpace([cls])
    wrote = set()
    for seed in range(12):
        with space.session(space.scenario(seed)) as session:
            before = session.state()
            for spec, _, _ in Walk(session, seed).steps(60):
                after = session.state()
                if after != before:
                    wrote.add(spec.name)
                before = after
    assert wrote == {name for name, spec in space.tools.items() if spec.writes}


def test_ids_do_not_depend_on_the_order_of_calls() -> None:
    space = SimulationSpace([bfcl_environment("TravelAPI")])
    scenario = space.scenario(2)
    person = scenario.states["bfcl_travel"]["person"]
    card = next(iter(scenario.states["bfcl_travel"]["credit_card_list"]))
    sign_in = {
        **{key: person[key] for key in ("client_id", "client_secret", "refresh_token")},
        "grant_type": "read_write",
        "user_first_name": "A",
        "user_last_name": "B",
    }
    routes = [
        {
            "travel_from": person["origins"][0],
            "travel_to": code,
            "travel_date": "2026-05-05",
            "travel_class": "economy",
        }
        for code in person["destinations"][:2]
    ]
    hashes = []
    for order in (routes, routes[::-1]):
        with space.session(scenario) as session:
            token = session.call("authenticate_travel", sign_in)["access_token"]
            for route in order:
                assert session.call("book_flight", {"access_token": token, "card_id": card, **route})[
                    "booking_id"
                ]
            session.call("get_all_credit_cards", {})
            hashes.append(session.state_hash())
    assert hashes[0] == hashes[1]


def test_a_reading_that_moves_a_benchmark_entrys_random_sequence_is_restored() -> None:
    entry = load_entry("multi_turn_base_55")
    with SimulationSpace(entry.environments).session(entry.scenario) as session:
        start = session.snapshot()
        first = [session.call("get_current_speed", {}) for _ in range(3)]
        session.restore(start)
        assert [session.call("get_current_speed", {}) for _ in range(3)] == first
        assert len({canonical(output) for output in first}) == 3


# -- the file system is a graph of objects --------------------------------------------------------------


def file_session() -> Any:
    space = SimulationSpace([bfcl_environment("GorillaFileSystem")])
    scenario = space.scenario(1)
    directory = {"type": "directory", "contents": {"deep": {"type": "directory", "contents": {}},
                                                   "a.txt": {"type": "file", "content": "one"}}}  # fmt: skip
    scenario.states["bfcl_file_system"] = {
        "root": {"top": {"type": "directory", "contents": {"box": directory,
                                                           "shelf": {"type": "directory", "contents": {}}}}}
    }  # fmt: skip
    return space.session(scenario)


def test_a_copied_folder_shares_its_files_also_after_a_restore() -> None:
    """bfcl-eval copies a folder without copying its files; ground truths are made with that behaviour."""
    with file_session() as session:
        session.call("cp", {"source": "box", "destination": "twin"})
        mark = session.snapshot()
        for _ in range(2):
            session.call("cd", {"folder": "twin"})
            session.call("echo", {"content": "two", "file_name": "a.txt"})
            tree = session.state()["bfcl_file_system"]["root"]["top"]
            assert tree["box"]["a.txt"] == tree["twin"]["a.txt"] == "two"
            session.restore(mark)
            assert session.state()["bfcl_file_system"]["root"]["top"]["box"]["a.txt"] == "one"


def test_a_moved_folders_old_parent_survives_a_restore() -> None:
    """What lies below a moved folder still has the old object as its parent: the way up shows the old path."""
    paths = []
    for restored in (False, True):
        with file_session() as session:
            for name, arguments in (
                ("mv", {"source": "box", "destination": "shelf"}),
                ("cd", {"folder": "shelf"}),
                ("cd", {"folder": "box"}),
                ("cd", {"folder": "deep"}),
            ):
                session.call(name, arguments)
            if restored:
                mark = session.snapshot()
                session.call("mkdir", {"dir_name": "other"})
                session.restore(mark)
            session.call("cd", {"folder": ".."})
            session.call("touch", {"file_name": "new.txt"})
            paths.append((session.call("pwd", {}), session.state()))
    assert paths[0] == paths[1]
    assert paths[0][0] == {"current_working_directory": "/top/box"}
    assert "new.txt" in paths[0][1]["bfcl_file_system"]["root"]["top"]["shelf"]["box"]


def test_a_folder_copied_into_itself_still_has_a_state() -> None:
    with file_session() as session:
        assert "result" in session.call("cp", {"source": "box", "destination": "box"})
        tree = session.state()["bfcl_file_system"]["root"]["top"]
        assert set(tree["box"]["box"]) == {"deep", "a.txt", "box"}
        mark = session.snapshot()
        session.call("rm", {"file_name": "box"})
        session.restore(mark)
        assert session.state()["bfcl_file_system"]["root"]["top"] == tree
        assert "recursion" in session.call("find", {"name": "a"})["error"]


def test_where_one_stands_is_hashed_but_not_judged() -> None:
    from funreason_plugin.environments.state import differences, rules

    with file_session() as session:
        before, state = session.state_hash(), session.state()["bfcl_file_system"]
        session.call("cd", {"folder": "box"})
        assert session.state_hash() != before
        cls = bfcl_environment("GorillaFileSystem")
        assert not list(differences(state, session.state()["bfcl_file_system"], rules(cls.equality)))


def test_random_trees_survive_save_and_load() -> None:
    space = SimulationSpace([bfcl_environment("GorillaFileSystem")])
    rng = Random(0)
    for seed in range(20):
        with space.session(space.scenario(seed)) as session:
            list(Walk(session, rng.randrange(1000)).steps(25))
            environment = session._live["bfcl_file_system"].environment
            state, saved = session.state(), environment.save()
            environment.load(saved)
            environment._saved = None  # type: ignore[attr-defined]
            assert environment.save() == saved
            assert session.state() == state
