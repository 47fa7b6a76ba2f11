"""Nothing is shared between sessions, and nothing of bfcl-eval's executor runs."""

from __future__ import annotations

import decimal
import importlib
import sys
from typing import Any

import pytest

pytest.importorskip("bfcl_eval")

import mpmath

from funreason_plugin.environments.bfcl import bfcl_environment, bfcl_environments, bfcl_text, load_entry
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import canonical
from tests.bfcl.walks import Walk

_CLASSES = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"


def session_of(class_name: str, seed: int = 1) -> Session:
    space = SimulationSpace([bfcl_environment(class_name)])
    return space.session(space.scenario(seed))


def long_session(entry_id: str) -> Session:
    entry = load_entry(entry_id)
    return SimulationSpace(entry.environments).session(entry.scenario)


def test_what_is_written_into_one_tweet_stays_in_its_session() -> None:
    """bfcl-eval's default list of mentions is one object for all tweets of the process."""
    for _ in range(2):
        with session_of("TwitterAPI") as session:
            state = session.state()["bfcl_twitter"]
            session.call(
                "authenticate_twitter", {"username": state["username"], "password": state["password"]}
            )
            tweet = session.call("post_tweet", {"content": "Hello from the hill"})
            assert tweet["mentions"] == []
            session.call("mention", {"tweet_id": tweet["id"], "mentioned_usernames": ["@someone"]})
            assert session.call("get_tweet", {"tweet_id": tweet["id"]})["mentions"] == ["@someone"]


def test_the_cards_of_long_context_are_not_shared() -> None:
    first, second = (long_session("multi_turn_long_context_150") for _ in range(2))
    before = second.state_hash()
    cards = first.state()["bfcl_travel"]["credit_card_list"]
    token = first.state()["bfcl_travel"]["access_token"]
    first.call("set_budget_limit", {"access_token": token, "budget_limit": 10.0})
    route = {"travel_date": "2026-10-06", "travel_from": "RMS", "travel_to": "SBK", "travel_class": "economy"}
    booked = [first.call("book_flight", {"access_token": token, "card_id": card, **route}) for card in cards]
    assert sum(bool(output["booking_status"]) for output in booked) > 3
    assert second.state_hash() == before
    with long_session("multi_turn_long_context_150") as third:
        assert third.state_hash() == before


def test_the_weather_table_of_long_context_is_not_written() -> None:
    table = importlib.import_module(f"{_CLASSES}.long_context").LONG_WEATHER_EXTENSION
    before = canonical(table)
    with long_session("multi_turn_long_context_55") as session:
        output = session.call("get_outside_temperature_from_google", {})
    assert len(output) > 1
    assert "outsideTemperature" in output
    assert canonical(table) == before


def test_precision_is_left_as_it_was() -> None:
    mpmath.mp.dps, precision = 23, decimal.getcontext().prec
    with session_of("MathAPI") as session:
        assert session.call("logarithm", {"value": 20, "base": 10, "precision": 2}) == {"result": 1.3027}
        assert session.call("square_root", {"number": 2, "precision": 40}) == {"result": 2**0.5}
    assert mpmath.mp.dps == 23
    assert decimal.getcontext().prec == precision
    mpmath.mp.dps = 15


def test_interleaved_sessions_do_what_they_do_alone() -> None:
    for cls in bfcl_environments():
        space = SimulationSpace([cls])

        def outputs(session: Session, seed: int) -> list[Any]:
            return [(spec.name, output) for spec, _, output in Walk(session, seed).steps(25)]

        alone = []
        for seed in (4, 5):
            with space.session(space.scenario("same")) as session:
                alone.append(outputs(session, seed))
        with space.session(space.scenario("same")) as first, space.session(space.scenario("same")) as second:
            walks = [Walk(first, 4).steps(25), Walk(second, 5).steps(25)]
            together: list[list[Any]] = [[], []]
            for _ in range(25):
                for index, walk in enumerate(walks):
                    spec, _, output = next(walk)
                    together[index].append((spec.name, output))
        assert together == alone, cls.name


def test_sessions_leave_no_module_globals_and_no_changed_defaults() -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("bfcl_eval")]
    names = {module.__name__: set(vars(module)) for module in modules}
    twitter = importlib.import_module(f"{_CLASSES}.posting_api").TwitterAPI
    defaults = repr(twitter.post_tweet.__defaults__)
    for cls in bfcl_environments():
        space = SimulationSpace([cls])
        with space.session(space.scenario(3)) as session:
            for _ in Walk(session, 3).steps(60):
                pass
    assert names == {module.__name__: set(vars(module)) for module in modules}
    assert repr(twitter.post_tweet.__defaults__) == defaults
    assert "bfcl_eval.model_handler" not in sys.modules


def test_outputs_are_copies() -> None:
    with session_of("TradingBot") as session:
        before = session.state_hash()
        session.call("get_stock_info", {"symbol": "AAPL"})["price"] = -1
        session.forget()
        assert session.state_hash() == before


def test_a_power_that_nobody_can_print_is_refused_at_once() -> None:
    """bfcl-eval computes it, holding the interpreter lock, and then cannot print it."""
    with session_of("MathAPI") as session:
        refused = session.call("power", {"base": 9, "exponent": 10**9})
        assert refused == session.call("power", {"base": 10, "exponent": 4301})
        assert "Exceeds the limit (4300 digits)" in refused["error"]
        assert session.call("power", {"base": 1, "exponent": 10**9}) == {"result": 1}
        assert session.call("power", {"base": 2, "exponent": 0.5}) == {"result": 2**0.5}
        assert session.call("power", {"base": 9, "exponent": 30}) == {"result": float(9**30)}
        assert session.call("round_number", {"number": 7, "decimal_places": -(10**9)}) == {"result": 0}
        assert session.call("round_number", {"number": 1234, "decimal_places": -2}) == {"result": 1200}


def test_a_refusal_says_so_in_scenarios_of_our_own_only() -> None:
    with session_of("TicketAPI") as session:
        refused = session.call("logout", {})
        assert refused == {"success": False, "error": "No user is logged in."}
        assert bfcl_text("logout", refused) == '{"success": false}'
    entry = load_entry("multi_turn_base_2")
    with SimulationSpace([bfcl_environment("TicketAPI")]).session(entry.scenario) as session:
        while session.call("logout", {})["success"]:
            pass
        assert session.call("logout", {}) == {"success": False}


def test_a_precision_beyond_all_doubles_costs_nothing() -> None:
    with session_of("MathAPI") as session:
        for tool, arguments in (("square_root", {"number": 2}), ("logarithm", {"value": 20, "base": 3})):
            assert session.call(tool, {**arguments, "precision": 10**9}) == session.call(
                tool, {**arguments, "precision": 50}
            )


def test_what_a_method_raises_is_an_output_and_keeps_what_was_changed() -> None:
    with session_of("VehicleControlAPI") as session:
        raised = session.call("lockDoors", {"unlock": True, "door": ["driver", "boot"]})
        assert raised == {"error": "Error during execution: 'boot'"}
        doors = session.state()["bfcl_vehicle_control"]["doorStatus"]
        assert doors["driver"] == "unlocked"
    with session_of("TradingBot") as session:
        missing = session.call("get_stock_info", {})
        assert missing["error"].startswith(
            "Error during execution: TradingBot.get_stock_info() missing 1 required"
        )
        assert "error" in session.call("_load_scenario", {"scenario": {}})
