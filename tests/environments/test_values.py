"""Where values come from: one small environment with a parameter of every kind."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from typing_extensions import TypedDict

from funreason_plugin.environments.environment import Environment, tool
from funreason_plugin.environments.marks import Prose, Ref, Values
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ParamSpec
from funreason_plugin.environments.values import Candidates, candidates, candidates_at, state_values
from funreason_plugin.errors import UserError

STATE: dict[str, Any] = {
    "books": [
        {"book_id": "BK-1001", "title": "Dune", "language": "English", "copies": 3},
        {"book_id": "BK-1002", "title": "Emma", "language": "English", "copies": 1},
        {"book_id": "BK-1003", "title": "Solaris", "language": "Polish", "copies": 2},
    ],
    "members": {
        "M-1": {"name": "Ana Ruiz", "home_city": "Cork"},
        "M-2": {"name": "Ole Berg", "home_city": "Graz"},
    },
    "areas": {"north": {"floor": 1}, "south": {"floor": 2}},
    "notes": ["Closed on Monday."],
}


class Item(TypedDict):
    title: Annotated[str, Values.state("books[].title")]
    copies: int


class Library(Environment):
    def scenario(self, rng: random.Random) -> dict[str, Any]:
        return STATE

    @tool
    def list_codes(self, language: Annotated[str, Values.state("books[].language")]) -> list[str]:
        """List codes."""
        return [book["book_id"] for book in self.books if book["language"] == language]  # type: ignore[attr-defined]

    @tool
    def show(
        self,
        listed: Annotated[str, Values.of(["a", "b", "a"])],
        marked: Annotated[str, Values.state("books[].language")],
        called: Annotated[int, Values.call(lambda state, rng: len(state["books"]) + rng.randint(0, 0))],
        book_id: Annotated[str, Ref("book")],
        given: Annotated[str, Values.tool("list_codes", "[]")],
        titles: Annotated[list[str], Values.state("books[].title")],
        items: list[Item],
        order: Literal["title", "copies"],
        urgent: bool,
        member_name: str,
        city: Annotated[str, Ref("city", known=True)],
        area: str,
        member_id: str,
        due_date: str,
        email: str,
        comment: str,
        greeting: Annotated[str, Prose(("Good morning,", "Hello,"))],
        payload: dict[str, int],
        language: str | None = None,
        limit: int = 10,
    ) -> str:
        """Show."""
        return ""


PARAMS = {param.name: param for param in Library.tool_specs()["show"].params}


def draw(name: str, seed: int = 0) -> Candidates:
    return candidates(PARAMS[name], STATE, random.Random(seed))


@pytest.mark.parametrize(
    ("name", "values", "source"),
    [
        ("listed", ["a", "b"], "annotation"),
        ("marked", ["English", "Polish"], "annotation"),
        ("called", [3], "annotation"),
        ("book_id", [], "lookup"),
        ("given", [], "lookup"),
        ("order", ["title", "copies"], "enum"),
        ("urgent", [True, False], "enum"),
        ("member_name", ["Ana Ruiz", "Ole Berg"], "state"),
        ("city", ["Cork", "Graz"], "state"),
        ("area", ["north", "south"], "state"),
        ("member_id", [], "lookup"),
        ("language", ["English", "Polish"], "state"),
        ("limit", [10], "default"),
        ("greeting", ["Good morning,", "Hello,"], "annotation"),
        ("payload", [], "none"),
    ],
)
def test_source_of_every_kind_of_parameter(name: str, values: list[Any], source: str) -> None:
    assert draw(name) == Candidates(values, source)  # type: ignore[arg-type]


def test_what_nobody_answers_for_is_invented_by_name() -> None:
    assert draw("due_date").source == draw("email").source == draw("comment").source == "invented"
    assert all(value[:5] == "2026-" for value in draw("due_date").values)
    assert all("@example.com" in value for value in draw("email").values)
    assert STATE["notes"][0] not in draw("comment").values  # what others wrote is no value for a comment


def test_marked_list_gets_lists_of_the_values() -> None:
    found = draw("titles")
    assert found.source == "annotation" and found.values
    assert all(
        set(value) <= {"Dune", "Emma", "Solaris"} and len(set(value)) == len(value) for value in found.values
    )


def test_nested_values_report_every_leaf() -> None:
    found = draw("items")
    assert found.leaves == {"[].title": "annotation", "[].copies": "state"}
    assert found.source == "state"
    assert {item["title"] for value in found.values for item in value} <= {"Dune", "Emma", "Solaris"}
    leaf = candidates_at(PARAMS["items"], "[].title", STATE, random.Random(0))
    assert leaf == Candidates(["Dune", "Emma", "Solaris"], "annotation")


def test_named_look_up_is_called_when_a_session_is_there() -> None:
    space = SimulationSpace([Library])
    with space.session(space.scenario(0)) as session:
        before = session.state_hash()
        found = candidates(PARAMS["given"], session.state()["library"], random.Random(0), session)
        assert (
            found.source == "lookup"
            and set(found.values) <= {"BK-1001", "BK-1002", "BK-1003"}
            and found.values
        )
        assert session.state_hash() == before


def test_same_seed_same_values() -> None:
    for name in PARAMS:
        assert draw(name, 5) == draw(name, 5)
    assert draw("due_date", 1) != draw("due_date", 2)


def test_ranges_keep_their_bounds() -> None:
    class Tap(Environment):
        @tool
        def pour(self, litres: Annotated[int, Values.of([3, 900])], ounces: int) -> str:
            """Pour."""
            return ""

    litres, ounces = Tap.tool_specs()["pour"].params
    litres = replace(litres, schema={"type": "integer", "minimum": 0, "maximum": 10})
    assert candidates(litres, {}, random.Random(0)).values == [3]
    ounces = replace(ounces, schema={"type": "integer", "exclusiveMinimum": 0, "maximum": 5, "multipleOf": 2})
    assert candidates(ounces, {}, random.Random(0)) == Candidates([2, 4], "range")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("books[].title", ["Dune", "Emma", "Solaris"]),
        ("books[2].title", ["Solaris"]),
        ("books[9].title", []),
        ("members.*.name", ["Ana Ruiz", "Ole Berg"]),
        ("areas.keys()", ["north", "south"]),
        ("notes[]", ["Closed on Monday."]),
        ("nothing[].here", []),
        ("", [STATE]),
    ],
)
def test_paths(path: str, expected: list[Any]) -> None:
    assert state_values(path, STATE) == expected


def test_a_function_of_the_state_that_raises_is_named() -> None:
    class Broken(Environment):
        @tool
        def find(self, word: Annotated[str, Values.call(lambda state, rng: state["missing"])]) -> str:
            """Find."""
            return ""

    with pytest.raises(UserError, match="'word': its Values.call raised KeyError"):
        candidates(Broken.tool_specs()["find"].params[0], {}, random.Random(0))


@pytest.fixture
def priced(tmp_path: Path) -> ParamSpec:
    (tmp_path / "prices.csv").write_text("item,price\nlamp,12\nchair,80.5\nlamp,12\n")
    schema = {"type": "string"}
    return ParamSpec(
        "item", schema, True, values=Values.csv("prices.csv", "item"), file=str(tmp_path / "env.py")
    )


def test_a_csv_beside_the_class(priced: ParamSpec) -> None:
    assert candidates(priced, {}, random.Random(0)) == Candidates(["lamp", "chair"], "annotation")
    numbers = replace(priced, schema={"type": "number"}, values=Values.csv("prices.csv", "price"))
    assert candidates(numbers, {}, random.Random(0)).values == [12, 80.5]


def test_a_csv_that_lacks_the_column_or_is_not_there(priced: ParamSpec) -> None:
    with pytest.raises(UserError, match=r"prices.csv: no column 'itm'.* did you mean 'item'"):
        candidates(replace(priced, values=Values.csv("prices.csv", "itm")), {}, random.Random(0))
    with pytest.raises(UserError, match=r"price.csv: No such file"):
        candidates(replace(priced, values=Values.csv("price.csv", "item")), {}, random.Random(0))


def test_values_of_the_wrong_type_are_left_out() -> None:
    param = ParamSpec(
        "pages", {"type": "integer", "minimum": 2}, True, values=Values.of([1, 2, "3", 4.5, True, 5])
    )
    assert candidates(param, {}, random.Random(0)).values == [2, 5]


def test_examples_of_a_schema_come_before_what_is_invented() -> None:
    schema = {"type": "string", "examples": ["Graz", "Cork", 3]}
    found = candidates(ParamSpec("area", schema, True), {}, random.Random(0))
    assert (found.values, found.source) == (["Graz", "Cork"], "annotation")
    found = candidates(ParamSpec("area", schema, True), {"areas": ["Bergen"]}, random.Random(0))
    assert (found.values, found.source) == (["Bergen"], "state")
    found = candidates(ParamSpec("area_id", schema, True), {}, random.Random(0))
    assert (found.values, found.source) == ([], "lookup")
