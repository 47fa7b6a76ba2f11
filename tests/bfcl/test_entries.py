"""The benchmark's entries by id."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.environments.bfcl import bfcl_text, entry_ids, load_entry
from funreason_plugin.environments.bfcl.entries import _methods, parse_call
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError

FILES = _methods(("GorillaFileSystem",))


def test_all_800_load() -> None:
    ids = entry_ids()
    assert len(ids) == len(set(ids)) == 800
    for entry_id in ids:
        entry = load_entry(entry_id)
        assert len(entry.turns) == len(entry.truth)
        assert {cls.name for cls in entry.environments} == set(entry.scenario.states)


def test_an_entry_is_ready_to_be_played() -> None:
    entry = load_entry("multi_turn_base_17")
    with SimulationSpace(entry.environments).session(entry.scenario) as session:
        for turn in entry.truth:
            assert not [
                output
                for name, arguments in turn
                if "error" in (output := session.call(name, arguments) or {})
            ]
    assert entry.turns[0][0]["role"] == "user"


def test_positions_are_named_by_the_signature() -> None:
    assert parse_call("sort('final_report.pdf')", FILES) == ("sort", {"file_name": "final_report.pdf"})
    assert parse_call("tail('a.txt', lines=3)", FILES) == ("tail", {"file_name": "a.txt", "lines": 3})


@pytest.mark.parametrize(
    "text",
    [
        "sort(open('/etc/passwd'))",
        "sort.__class__()",
        "sort('a', 'b')",
        "__import__('os')",
        "sort(",
        "sort(x=1)",
        "7",
    ],
)
def test_a_call_string_is_never_evaluated(text: str) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        parse_call(text, FILES, "multi_turn_base_0")


def test_withheld_tools_are_offered_from_their_turn_on() -> None:
    entry = load_entry("multi_turn_miss_func_0")
    (turn, (name,)), *_ = entry.missed_function.items()
    assert entry.turns[turn] == ()
    assert name not in entry.offered(turn - 1)
    assert name in entry.offered(turn)


def test_long_context_is_longer() -> None:
    base, long = (load_entry(f"multi_turn_{part}_0") for part in ("base", "long_context"))
    sizes = []
    for entry in (base, long):
        with SimulationSpace(entry.environments).session(entry.scenario) as session:
            sizes.append(len(str(session.state())))
    assert sizes[1] > 3 * sizes[0]


def test_outputs_as_bfcl_eval_writes_them() -> None:
    assert bfcl_text("mkdir", None) == "None"
    assert bfcl_text("get_user_tickets", {"error": "Log in."}) == "[{'error': 'Log in.'}]"
    assert bfcl_text("get_watchlist", {"error": "Log in."}) == "['Error: Log in.']"
    assert (
        bfcl_text("get_flight_cost", {"error": "Error during execution: no"}) == "Error during execution: no"
    )
    assert bfcl_text("cat", {"file_content": "é"}) == '{"file_content": "\\u00e9"}'


def test_unknown_ids_get_a_suggestion() -> None:
    with pytest.raises(UserError, match="did you mean 'multi_turn_base_9'"):
        load_entry("multi_turn_base_O9")
    with pytest.raises(UserError, match="expected base, miss_func"):
        entry_ids("bases")


def test_without_bfcl_eval_there_is_one_clear_line() -> None:
    code = (
        "import sys; sys.modules['bfcl_eval'] = None\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'bfcl_eval' else real(name, *rest)\n"
        "from funreason_plugin.environments.catalog import resolve\n"
        "from funreason_plugin.errors import UserError\n"
        "try:\n    resolve('bfcl')\nexcept UserError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("bfcl-eval is not installed: pip install ")
    assert ran.stdout.count("\n") == 1


def test_importing_the_adapter_does_not_import_bfcl_eval() -> None:
    code = (
        "import sys, funreason_plugin.environments.bfcl; print([m for m in sys.modules if 'bfcl_eval' in m])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
