"""`check env`: small ugly environments with one fault each, and what is found of it."""

from __future__ import annotations

import io
import random
import time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from rich.console import Console
from typing_extensions import TypedDict

from funreason_plugin import Environment, Prose, Ref, ToolError, Values, tool
from funreason_plugin.checks.environment import Finding, Report, check_environment
from funreason_plugin.errors import UserError


class Shelf(Environment):
    """Nothing to mend here; the ugly ones below are made from it."""

    policy = "You keep a shelf of books."
    books: list[dict[str, Any]]

    def scenario(self, rng: random.Random) -> dict[str, Any]:
        titles = rng.sample(["Dune", "Emma", "Solaris", "Kim", "Ivanhoe", "Persuasion"], 4)
        return {"books": [{"title": title, "copies": rng.randint(1, 9)} for title in titles]}

    def _book(self, title: str) -> dict[str, Any]:
        for book in self.books:
            if book["title"] == title:
                return book
        raise ToolError(f"there is no {title!r} here")

    @tool
    def count_copies(self, title: Annotated[str, Values.state("books[].title")]) -> dict[str, int]:
        """Count the copies of a book.

        Args:
            title: The book's title.
        """
        return {"copies": self._book(title)["copies"]}

    @tool(writes=True)
    def lend_copy(self, title: Annotated[str, Values.state("books[].title")]) -> dict[str, int]:
        """Lend a copy.

        Args:
            title: The book's title.
        """
        book = self._book(title)
        if not book["copies"]:
            raise ToolError(f"no copy of {title!r} is left")
        book["copies"] -= 1
        return {"left": book["copies"]}


def found(cls: type[Environment], check: str, where: str = "", samples: int = 3) -> Finding:
    """The one finding of a check; nothing else may be an error."""
    report = check_environment(cls, samples=samples)
    here = [finding for finding in report.findings if finding.check == check]
    assert len(here) == 1, report.findings
    others = [
        finding for finding in report.findings if finding.severity == "error" and finding is not here[0]
    ]
    assert not others, others
    assert here[0].where == where
    assert here[0].change
    return here[0]


def line_of(text: str) -> int:
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_sound_environment_has_no_findings() -> None:
    report = check_environment(Shelf)
    assert report.passed and not report.findings
    shelf = report.environments[0]
    assert shelf.distinct > 90 and shelf.states == 8
    assert shelf.tools[0].sources == {"title": ("its mark", shelf.tools[0].sources["title"][1])}
    assert all(row.succeeded and row.seconds is not None for row in shelf.tools)


# -- writing ------------------------------------------------------------------------------------------------


def test_a_reading_tool_that_writes() -> None:
    class Liar(Shelf):
        @tool
        def drop_copy(self, title: Annotated[str, Values.state("books[].title")]) -> int:
            """Drop a copy.

            Args:
                title: The book's title.
            """
            self._book(title)["copies"] += 1
            return 0

    finding = found(Liar, "write claim", "drop_copy")
    assert finding.severity == "error"
    assert finding.change == "write @tool(writes=True) above it"
    assert finding.place.endswith(f"test_check_environment.py:{line_of('def drop_copy')}")


def test_a_writing_tool_that_never_writes() -> None:
    class Modest(Shelf):
        @tool(writes=True)
        def look(self) -> int:
            """Look at the shelf."""
            return len(self.books)

    finding = found(Modest, "write claim", "look")
    assert finding.severity == "warning"
    assert "without writes=True" in finding.change


# -- reproducibility ------------------------------------------------------------------------------------------


def test_a_scenario_that_ignores_its_rng() -> None:
    class Moody(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {"books": [{"title": "Dune", "copies": random.randint(1, 10**9)}]}

    finding = found(Moody, "determinism")
    assert "books[0].copies" in finding.message
    assert "rng" in finding.change
    assert finding.place.endswith(f":{line_of('class Moody') + 1}")


def test_an_output_of_chance() -> None:
    class Dice(Shelf):
        @tool
        def roll(self) -> dict[str, float]:
            """Roll."""
            return {"points": random.random()}

    finding = found(Dice, "determinism", "roll")
    assert "points" in finding.message and "self.rng" in finding.change


def test_a_state_of_chance() -> None:
    class Stamped(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "seen": 0.0}

        @tool(writes=True)
        def stamp(self) -> str:
            """Stamp."""
            self.seen = time.perf_counter()
            return "stamped"

    assert "seen" in found(Stamped, "determinism").message


def test_a_volatile_field_may_differ() -> None:
    class Clocked(Shelf):
        equality: ClassVar[dict[str, str]] = {"seen": "volatile"}

        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "seen": 0.0}

        @tool(writes=True)
        def stamp(self) -> str:
            """Stamp."""
            self.seen = time.perf_counter()
            return "stamped"

    assert not check_environment(Clocked, samples=3).findings


def test_a_class_attribute_shared_by_all_sessions() -> None:
    class Shared(Shelf):
        readers: list[str] = []

        @tool(writes=True)
        def enrol(self, name: Annotated[str, Values.of(["Ana", "Ole"])]) -> dict[str, int]:
            """Enrol a reader.

            Args:
                name: Who it is.
            """
            self.readers.append(name)
            return {"readers": len(self.readers)}

    report = check_environment(Shared, samples=2)
    finding = next(item for item in report.findings if item.check == "isolation")
    assert finding.severity == "error"
    assert "Shared.readers" in finding.message and "enrol" in finding.message
    assert "'readers'" in finding.change


def test_a_private_attribute_is_no_state() -> None:
    class Secret(Shelf):
        def reset(self, state: dict[str, Any]) -> None:
            super().reset(state)
            self._basket: list[str] = []

        @tool(writes=True)
        def put_in_basket(self, title: Annotated[str, Values.state("books[].title")]) -> int:
            """Put a book into the basket.

            Args:
                title: The book's title.
            """
            self._basket.append(title)
            return len(self._basket)

    report = check_environment(Secret, samples=2)
    finding = next(item for item in report.findings if item.check == "state")
    assert finding.severity == "error" and finding.where == "put_in_basket"
    assert "rename it to self.basket" in finding.change
    assert "put_in_basket" in {item.where for item in report.findings if item.check == "snapshot"}


def test_a_snapshot_that_later_calls_change() -> None:
    class Leaky(Shelf):
        copying = "own"

        def save(self) -> Any:
            return self.books

        def load(self, saved: Any) -> None:
            self.books = saved

    assert "what it was" in found(Leaky, "snapshot").message


# -- results and errors -----------------------------------------------------------------------------------------


def test_a_tool_that_raises_what_it_should_explain() -> None:
    class Curt(Shelf):
        @tool
        def price(self, title: Annotated[str, Values.state("books[].title")]) -> int:
            """Tell the price.

            Args:
                title: The book's title.
            """
            return {book["title"]: 7 for book in self.books}[title]

    finding = found(Curt, "error shape", "price")
    assert finding.severity == "warning"
    assert "KeyError" in finding.message and "zz-unknown-77" in finding.message
    assert finding.place.endswith(f":{line_of('for book in self.books}[title]')}")


@pytest.mark.parametrize(
    "answer",
    [
        "Error: no such book",
        {"success": False, "message": "no such book"},
        {"status": "error", "detail": "none"},
    ],
)
def test_an_error_that_looks_like_a_success(answer: Any) -> None:
    class Polite(Shelf):
        @tool
        def review(self, title: Annotated[str, Values.state("books[].title")]) -> Any:
            """Show a review.

            Args:
                title: The book's title.
            """
            return answer if title > "J" else {"review": "good"}

    finding = found(Polite, "error shape", "review")
    assert finding.severity == "error" and "counts as a success" in finding.message


def test_a_result_that_is_not_json() -> None:
    class Odd(Shelf):
        @tool
        def titles(self) -> Any:
            """List the titles."""
            return {book["title"] for book in self.books}

    finding = found(Odd, "result", "titles")
    assert finding.severity == "error" and "not JSON" in finding.message


def test_a_result_that_is_not_of_its_type() -> None:
    class Vague(Shelf):
        @tool
        def count_books(self) -> dict[str, int]:
            """Count the books."""
            return {"books": "four"}  # type: ignore[dict-item]

    finding = found(Vague, "result", "count_books")
    assert finding.severity == "warning" and "books: 'four' is not of type 'integer'" in finding.message


def test_a_result_that_is_too_large() -> None:
    class Huge(Shelf):
        @tool
        def dump(self) -> str:
            """Dump."""
            return "x" * 5_000_000

    assert "bytes" in found(Huge, "result", "dump", samples=1).message


def test_a_state_with_keys_that_are_no_strings() -> None:
    class Numbered(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "rooms": {1: {"floor": 2}}}

    finding = found(Numbered, "scenario")
    assert "a key of type int (1) at 'rooms'" in finding.message


def test_a_state_that_cannot_be_copied() -> None:
    class Locked(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "tags": {"a", "b"}}

    finding = found(Locked, "scenario")
    assert "a set at 'tags'" in finding.message


def test_a_tool_that_leaves_what_json_cannot_hold() -> None:
    class Dated(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "loans": {}}

        @tool(writes=True)
        def note_loan(self, title: Annotated[str, Values.state("books[].title")]) -> int:
            """Note a loan.

            Args:
                title: The book's title.
            """
            self.loans: dict[Any, str]
            self.loans[len(self.loans)] = title
            return len(self.loans)

    report = check_environment(Dated, samples=2)
    finding = next(item for item in report.findings if item.where == "note_loan")
    assert finding.check == "state" and "a key of type int (0) at loans" in finding.message


# -- values -------------------------------------------------------------------------------------------------------


def test_a_tool_that_never_works() -> None:
    class Shut(Shelf):
        @tool
        def enter(self) -> int:
            """Enter."""
            raise ToolError("the door is shut")

    finding = found(Shut, "never legal", "enter")
    assert finding.severity == "error" and "the door is shut" in finding.message


def test_a_parameter_without_a_source_is_told_the_path_that_works() -> None:
    class Unmarked(Shelf):
        @tool
        def fetch(self, work: str) -> str:
            """Fetch a book.

            Args:
                work: What to fetch.
            """
            return str(self._book(work)["title"])

    report = check_environment(Unmarked, samples=3)
    changes = {item.check: item for item in report.findings}
    assert 'add Values.state("books[].title") to parameter work' in changes["never legal"].change
    assert changes["values"].change == 'add Values.state("books[].title") to parameter work'
    assert changes["values"].place.endswith(f":{line_of('def fetch(self, work: str)')}")


def test_a_parameter_that_gets_invented_values_only() -> None:
    class Careless(Shelf):
        @tool
        def suggest(self, topic: str, how_many: int, note: str) -> int:
            """Suggest a book.

            Args:
                topic: What it should be about.
                how_many: How many.
                note: What else to say.
            """
            return len(topic) + how_many

    report = check_environment(Careless, samples=2)
    assert report.passed
    changes = {item.where: item.change for item in report.findings if item.check == "values"}
    assert (
        changes["suggest.topic"]
        == "add Values.of([...]), Values.state(path) or Values.call(function) to parameter topic"
    )
    assert "Field(ge=1, le=10)" in changes["suggest.how_many"]
    assert changes["suggest.note"].startswith("add Prose(")


def test_an_id_that_no_tool_gives() -> None:
    class Blind(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "shelves": {"SH-1001": {"free": 3}}}

        @tool
        def tidy(self, shelf_id: Annotated[str, Ref("shelf")]) -> dict[str, int]:
            """Tidy a shelf.

            Args:
                shelf_id: The shelf's id.
            """
            if shelf_id not in self.shelves:  # type: ignore[attr-defined]
                raise ToolError("no such shelf")
            return {"free": 3}

    report = check_environment(Blind, samples=2)
    finding = next(item for item in report.findings if item.check == "values")
    assert finding.severity == "error" and finding.where == "tidy.shelf_id"
    assert 'Annotated[str, Ref("shelf")]' in finding.change


def test_an_id_of_another_type_than_the_look_up_gives() -> None:
    class Torn(Shelf):
        @tool
        def newest_shelf(self) -> dict[str, str]:
            """Tell which shelf is the newest."""
            return {"shelf_id": "77"}

        @tool
        def tidy(self, shelf_id: int) -> int:
            """Tidy a shelf.

            Args:
                shelf_id: The shelf's number.
            """
            return shelf_id

    report = check_environment(Torn, samples=2)
    finding = next(item for item in report.findings if item.check == "values")
    assert finding.message == "takes int, but newest_shelf gives shelf_id as str"


def test_an_enum_in_the_state_comes_back_as_a_string() -> None:
    class Colour(str, Enum):
        RED = "red"

    class Painted(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "colour": Colour.RED}

    assert "a Colour at 'colour'" in found(Painted, "scenario").message


def test_an_id_that_a_look_up_gives_is_no_finding() -> None:
    class Row(TypedDict):
        shelf_id: Annotated[str, Ref("shelf")]

    globals()["Row"] = Row  # get_type_hints looks it up in the module

    class Seeing(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {**super().scenario(rng), "shelves": {f"SH-{rng.randint(100, 999)}": 3}}

        @tool
        def list_shelves(self) -> list[Row]:
            """List the shelves."""
            return [{"shelf_id": key} for key in self.shelves]  # type: ignore[attr-defined]

        @tool
        def tidy(self, shelf_id: Annotated[str, Ref("shelf")]) -> dict[str, int]:
            """Tidy a shelf.

            Args:
                shelf_id: The shelf's id.
            """
            if shelf_id not in self.shelves:  # type: ignore[attr-defined]
                raise ToolError("no such shelf")
            return {"free": 3}

    report = check_environment(Seeing, samples=2)
    assert not report.findings
    assert report.environments[0].tools[3].sources["shelf_id"] == ("output of list_shelves", ["[].shelf_id"])


def test_a_slip_in_a_path_of_the_state() -> None:
    class Slip(Shelf):
        @tool
        def browse(self, title: Annotated[str, Values.state("book[].title")]) -> str:
            """Browse a book.

            Args:
                title: The book's title.
            """
            return title

    report = check_environment(Slip, samples=2)
    finding = next(item for item in report.findings if item.check == "values")
    assert "did you mean 'books[].title'" in finding.message


def test_a_slip_in_the_equality() -> None:
    class Lenient(Shelf):
        equality: ClassVar[dict[str, str]] = {"books[].coppies": "ignored"}

    finding = found(Lenient, "equality")
    assert finding.severity == "warning" and "did you mean 'books[].copies'" in finding.message


def test_a_look_up_that_does_not_exist() -> None:
    class Lost(Shelf):
        @tool
        def follow(self, code: Annotated[str, Values.tool("list_code", "codes[]")]) -> str:
            """Follow a code.

            Args:
                code: The code.
            """
            return code

        @tool
        def list_codes(self) -> dict[str, list[str]]:
            """List the codes."""
            return {"codes": ["AB", "CD"]}

    report = check_environment(Lost, samples=2)
    finding = next(item for item in report.findings if item.check == "values")
    assert "did you mean 'list_codes'" in finding.message


def test_values_by_a_function_that_raises() -> None:
    class Broken(Shelf):
        @tool
        def pick(self, title: Annotated[str, Values.call(lambda state, rng: state["films"])]) -> str:
            """Pick a book.

            Args:
                title: The book's title.
            """
            return title

    report = check_environment(Broken, samples=2)
    assert any("Values.call raised KeyError" in item.message for item in report.findings)


def test_scenarios_that_are_all_the_same() -> None:
    class Dull(Shelf):
        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {"books": [{"title": "Dune", "copies": 2}]}

    finding = found(Dull, "scenarios")
    assert finding.severity == "warning" and "only 1 different" in finding.message


def test_a_clause_that_cannot_be_filled() -> None:
    class Mumbling(Shelf):
        @tool(ask=("tell me about {titel}",))
        def describe(self, title: Annotated[str, Values.state("books[].title")]) -> str:
            """Describe a book.

            Args:
                title: The book's title.
            """
            return title

    assert "'titel' is no parameter" in found(Mumbling, "phrases", "describe").message


def test_a_parameter_that_the_model_reads_nothing_about() -> None:
    class Silent(Shelf):
        @tool
        def whisper(self, text: Annotated[str, Prose(("Good morning.",))]) -> int:
            """Whisper."""
            return len(text)

    finding = found(Silent, "description", "whisper")
    assert finding.severity == "note" and 'below "Args:"' in finding.change


def test_a_slow_tool() -> None:
    class Slow(Shelf):
        @tool
        def ponder(self) -> int:
            """Ponder."""
            time.sleep(0.06)
            return 1

    assert "ms (median" in found(Slow, "time", "ponder", samples=1).message


# -- by name: in processes of their own ---------------------------------------------------------------------------

HEAD = '''
import random, time
from typing import Annotated
from funreason_plugin import Environment, ToolError, Values, tool

class Bench(Environment):
    time_limit = 0.3

    def scenario(self, rng):
        return {"n": rng.randint(1, 10**6), "words": ["a", "b", "c"]}

    @tool
    def fine(self) -> int:
        """Works."""
        return 1
'''


def written(folder: Path, body: str) -> str:
    file = folder / "bench.py"
    file.write_text(HEAD + body)
    return f"{file}:Bench"


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "return len(str(9 ** 10 ** 9))", "time.sleep(3600)"],
    ids=["loops", "keeps the interpreter lock", "sleeps"],
)
def test_a_tool_that_hangs_is_stopped(tmp_path: Path, body: str) -> None:
    note = f"import os; open({str(tmp_path / 'pids')!r}, 'a').write(f'{{os.getpid()}}\\n')"
    name = written(
        tmp_path,
        f'\n    @tool\n    def stuck(self) -> int:\n        """Hangs."""\n        {note}\n        {body}\n',
    )
    report = check_environment(name, samples=2)
    pids = set((tmp_path / "pids").read_text().split())
    assert pids and not [pid for pid in pids if Path("/proc", pid).exists()]
    finding = next(item for item in report.findings if item.check == "hang")
    assert finding.where == "stuck" and "over 0.3 s" in finding.message
    assert report.environments[0].tools[0].succeeded


def test_a_tool_that_kills_its_process_is_reported(tmp_path: Path) -> None:
    body = '\n    @tool\n    def die(self) -> int:\n        """Dies."""\n        import os\n        os._exit(3)\n'
    report = check_environment(written(tmp_path, body), samples=2)
    assert not report.passed
    assert "exit status 3" in report.findings[0].message


def test_what_depends_on_the_process_is_found(tmp_path: Path) -> None:
    body = '''
    @tool
    def pick(self) -> str:
        """Picks."""
        return list({"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"})[0] + str(hash("x"))
'''
    report = check_environment(written(tmp_path, body), samples=2)
    finding = next(item for item in report.findings if item.check == "determinism")
    assert finding.where == "pick" and "another process" in finding.message and "sorted" in finding.change


def test_a_scenario_that_never_ends(tmp_path: Path) -> None:
    body = "\n    def scenario(self, rng):\n        while True: pass\n"
    report = check_environment(written(tmp_path, body), samples=2)
    assert any(item.check == "hang" and "scenario(rng)" in item.message for item in report.findings)


def test_a_tool_without_types_is_one_line(tmp_path: Path) -> None:
    body = '\n    @tool\n    def raw(self, x):\n        """Raw."""\n'
    with pytest.raises(UserError, match=r"bench\.py:\d+: .*'x' has no type"):
        check_environment(written(tmp_path, body))


def test_the_report_shows_schemas_tables_and_findings(tmp_path: Path) -> None:
    body = '\n    @tool\n    def find(self, clue: str) -> str:\n        """Finds."""\n        return clue\n'
    report: Report = check_environment(written(tmp_path, body), samples=2)
    console = Console(width=120, record=True, file=io.StringIO())
    report.show(console)
    text = console.export_text()
    assert '"name": "find"' in text
    assert "bench.find.clue" in text and "Values.of([...])" in text
    assert "warning" in text and text.rstrip().splitlines()[-1].startswith("ok: no errors, 1 warning")


# -- of environments as they come ---------------------------------------------------------------------------


class Crm(Environment):
    tickets: dict[str, dict[str, str]]

    def scenario(self, rng: random.Random) -> dict[str, Any]:
        return {"customers": [f"C{rng.randrange(10**6)}"], "tickets": {}}

    @tool(writes=True)
    def open_ticket(self, plate: str) -> dict[str, str]:
        """Open a ticket.

        Args:
            plate: The number plate.
        """
        ticket = self.new_id("T")
        self.tickets[ticket] = {"plate": plate}
        return {"ticket": ticket}


def test_an_invented_value_that_comes_back_from_the_state_is_still_invented() -> None:
    finding = found(Crm, "values", "open_ticket.plate")
    assert finding.severity == "warning" and "invented" in finding.message
    assert "tickets" not in finding.change  # no scenario has one


@pytest.mark.parametrize("required", [True, False])
def test_an_object_of_unknown_content(required: bool) -> None:
    if required:

        class Open(Shelf):
            @tool
            def search(self, lines: list[dict]) -> int:  # type: ignore[type-arg]
                """Search.

                Args:
                    lines: What to look for.
                """
                return len(lines)
    else:

        class Open(Shelf):  # type: ignore[no-redef]
            @tool
            def search(self, lines: dict | None = None) -> int:  # type: ignore[type-arg]
                """Search.

                Args:
                    lines: What to look for.
                """
                return len(lines or ())

    findings = check_environment(Open).findings
    here = next(finding for finding in findings if finding.check == "values")
    assert here.severity == ("error" if required else "warning")
    assert "class Line(TypedDict)" in here.change


def test_a_failure_in_an_environment_that_is_replayed() -> None:
    class Machine(Environment):
        copying = "replay"

        def scenario(self, rng: random.Random) -> dict[str, Any]:
            return {"coins": rng.randrange(10**6)}

        def reset(self, state: dict[str, Any]) -> None:
            self._coins = [state["coins"]]

        def digest(self) -> dict[str, Any]:
            return {"coins": sum(self._coins)}

        @tool(writes=True)
        def insert(self, cents: Annotated[int, Values.of([1, 50, 600])]) -> dict[str, int]:
            """Insert a coin.

            Args:
                cents: Its value.
            """
            if cents > 500:
                raise ToolError("coins of up to 500 cents, please")
            self._coins.append(cents)
            return {"coins": sum(self._coins)}

    assert not [finding for finding in check_environment(Machine).findings if finding.check == "result"]
