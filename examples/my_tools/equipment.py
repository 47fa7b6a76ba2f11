"""python -m funreason_plugin.synthesize --env examples/my_tools/equipment.py:EquipmentDesk --num 20 --teacher scripted --out out/equipment

The loan desk of a university's media centre, as somebody's tools really are: camel case beside snake case, two names
for one id, error payloads instead of exceptions, a search that answers {"rows": …, "n": …}. Nothing was renamed; what
was added to the functions is types, docstrings, and marks that say where values come from.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from funreason_plugin import Environment, Prose, Ref, ToolError, Values, tool

HERE = Path(__file__).parent
SITES = ("Main Library", "North Campus", "Harbour Building")

# A mark is written once and used for every parameter and output field of that meaning. A person knows a colleague's
# name; a staff number, an asset tag and a loan number are known to the system only, so a tool has to give them.
StaffNo = Annotated[str, Ref("staff")]
AssetTag = Annotated[str, Ref("asset")]
LoanNo = Annotated[str, Ref("loan")]


class Person(TypedDict):
    staff_no: StaffNo
    fullName: str
    dept: str
    open_fees: float


class Row(TypedDict):
    asset_tag: AssetTag
    descr: str
    loc: str
    fee_per_day: float
    free: bool


class Rows(TypedDict):
    rows: list[Row]
    n: int


class LoanRow(TypedDict):
    loan_no: LoanNo
    tag: AssetTag
    descr: str
    due: str


class Loans(TypedDict):
    loans: list[LoanRow]


class Receipt(TypedDict):
    loanNo: LoanNo
    due: str
    fee: float


class Due(TypedDict):
    due: str
    fee: float


class Returned(TypedDict):
    days_late: int
    charged: float


class EquipmentDesk(Environment):
    name = "equipment"
    policy = (
        "You work at the loan desk of a media centre. Look people and equipment up before you lend anything; staff "
        "numbers, asset tags and loan numbers come from the tools only. Nobody borrows while fees are open."
    )
    # Free text is compared leniently: a note that is worded differently is still the same note.
    equality = {"repairs.*.problem": "text"}

    people: dict[str, dict[str, Any]]
    assets: dict[str, dict[str, Any]]
    loans: dict[str, dict[str, Any]]
    repairs: dict[str, dict[str, Any]]

    def scenario(self, rng: Random) -> dict[str, Any]:
        """An initial state: public attributes, plain JSON data. The same rng gives the same state."""
        today = self.now().date()
        people = {
            row["staff_no"]: {"name": row["name"], "dept": row["department"], "open_fees": 0.0}
            for row in _rows("people.csv")
        }
        people[rng.choice(list(people))]["open_fees"] = float(rng.randint(2, 30))
        assets = {}
        for row in _rows("gear.csv"):
            for _ in range(rng.randint(1, 2)):
                tag = f"{row['kind'][:3].upper()}-{rng.randint(1000, 9999)}"
                assets[tag] = {
                    "kind": row["kind"],
                    "descr": row["model"],
                    "loc": rng.choice(SITES),
                    "fee_per_day": float(row["fee_per_day"]),
                }
        loans = {}
        borrowers = rng.sample(sorted(people), 6)
        for tag in rng.sample(sorted(assets), 9):
            loans[f"L{rng.randint(20000, 29999)}"] = {
                "staff_no": rng.choice(borrowers),
                "tag": tag,
                "due": (today + timedelta(days=rng.randint(-3, 9))).isoformat(),
                "extended": False,
            }
        return {"people": people, "assets": assets, "loans": loans, "repairs": {}}

    @tool(
        ask=("look {name} up", "find out about {name}", "check whether {name} has open fees"),
        noun="person called {name}",
        tell="{fullName} ({dept}) has {open_fees} EUR of open fees.",
    )
    def findPerson(self, name: Annotated[str, Values.csv("people.csv", "name")]) -> Person:
        """Find a member of staff by name.

        Args:
            name: Full name, e.g. "Amara Osei".
        """
        for staff_no, person in self.people.items():
            if person["name"].casefold() == name.casefold():
                return {
                    "staff_no": staff_no,
                    "fullName": person["name"],
                    "dept": person["dept"],
                    "open_fees": person["open_fees"],
                }
        raise ToolError(f"Nobody is called {name!r}.")

    @tool(
        ask=(
            "see which {kind} there is[ at {site}]",
            "find a {kind}[ at {site}]",
            "look for a {kind} that can be borrowed[ at {site}]",
        ),
        noun="piece of equipment of the kind {kind}[ at {site}]",
        tell="{rows[]: {descr} ({loc}) for {fee_per_day} EUR a day}",
    )
    def search_assets(
        self,
        kind: Annotated[str, Values.csv("gear.csv", "kind")],
        site: Literal["Main Library", "North Campus", "Harbour Building"] | None = None,
        only_free: bool = True,
    ) -> Rows:
        """Search the equipment of one kind.

        Args:
            kind: Kind of equipment, e.g. "camera".
            site: Only what lies at this site.
            only_free: Leave out what is on loan or in repair.
        """
        rows = [
            self._row(tag)
            for tag, asset in self.assets.items()
            if asset["kind"] == kind and site in (None, asset["loc"])
        ]
        rows = [row for row in rows if row["free"] or not only_free]
        if not rows:
            raise ToolError(f"No {kind} found{f' at {site}' if site else ''}.")
        return {"rows": rows, "n": len(rows)}

    @tool(
        ask=(
            "see where {asset_tag} lies and what it costs a day",
            "tell me the daily fee of {asset_tag} and its place",
        ),
        tell="{descr} lies at {loc} and costs {fee_per_day} EUR a day.",
    )
    def get_asset(self, asset_tag: AssetTag) -> Row:
        """Show one piece of equipment: what it is, where it lies, what it costs a day, and whether it is free.

        Args:
            asset_tag: Asset tag, e.g. "CAM-4211".
        """
        self._asset(asset_tag)
        return self._row(asset_tag)

    @tool(
        ask=("see what {staffNo} has on loan", "list the loans of {staffNo}"),
        noun="loan of {staffNo}",
        tell="{loans[]: {descr} is due on {due}}",
    )
    def loansOf(self, staffNo: StaffNo) -> Loans:
        """List what a member of staff has on loan.

        Args:
            staffNo: Staff number, e.g. "S1007".
        """
        if staffNo not in self.people:
            raise ToolError(f"Unknown staff number {staffNo}.")
        return {
            "loans": [
                {
                    "loan_no": number,
                    "tag": loan["tag"],
                    "descr": self.assets[loan["tag"]]["descr"],
                    "due": loan["due"],
                }
                for number, loan in self.loans.items()
                if loan["staff_no"] == staffNo
            ]
        }

    @tool(
        writes=True,
        ask=(
            "lend {asset_tag} to {staff_no}[ for {days} days]",
            "book {asset_tag} out to {staff_no}[ for {days} days]",
            "hand {asset_tag} to {staff_no}[, for {days} days]",
        ),
        tell="The loan {loanNo} runs until {due} and costs {fee} EUR.",
    )
    def create_loan(
        self, staff_no: StaffNo, asset_tag: AssetTag, days: Annotated[int, Field(ge=1, le=14)] = 7
    ) -> Receipt:
        """Lend a free piece of equipment to a member of staff.

        Args:
            staff_no: Staff number of the borrower.
            asset_tag: Asset tag of the equipment.
            days: Length of the loan in days.
        """
        asset = self._asset(asset_tag)
        if staff_no not in self.people:
            raise ToolError(f"Unknown staff number {staff_no}.")
        if self.people[staff_no]["open_fees"]:
            raise ToolError("Fees are open; nothing can be borrowed before they are paid.")
        if not self._row(asset_tag)["free"]:
            raise ToolError(f"{asset_tag} is not free.")
        number = self.new_id("L", digits=5, taken=self.loans)
        due = (self.now().date() + timedelta(days=days)).isoformat()
        self.loans[number] = {"staff_no": staff_no, "tag": asset_tag, "due": due, "extended": False}
        return {"loanNo": number, "due": due, "fee": days * asset["fee_per_day"]}

    @tool(
        writes=True,
        ask=("extend {loanNo} by {days} days", "give {loanNo} another {days} days"),
        tell="It is now due on {due}; that costs another {fee} EUR.",
    )
    def extendLoan(self, loanNo: LoanNo, days: Annotated[int, Field(ge=1, le=7)]) -> Due:
        """Extend a loan, once.

        Args:
            loanNo: Loan number, e.g. "L20412".
            days: By how many days.
        """
        loan = self._loan(loanNo)
        if loan["extended"]:
            raise ToolError(f"Loan {loanNo} was extended before.")
        loan["extended"] = True
        loan["due"] = (date.fromisoformat(loan["due"]) + timedelta(days=days)).isoformat()
        return {"due": loan["due"], "fee": days * self.assets[loan["tag"]]["fee_per_day"]}

    @tool(
        writes=True,
        ask=("take back the equipment of {loan_no}", "end {loan_no} because the equipment is back"),
        tell="It is back, {days_late} days late; {charged} EUR were charged.",
    )
    def returnAsset(self, loan_no: LoanNo) -> Returned:
        """Take borrowed equipment back and end its loan. A late return is charged to the borrower.

        Args:
            loan_no: Loan number.
        """
        loan = self._loan(loan_no)
        late = max(0, (self.now().date() - date.fromisoformat(loan["due"])).days)
        charged = late * self.assets[loan["tag"]]["fee_per_day"]
        self.people[loan["staff_no"]]["open_fees"] += charged
        del self.loans[loan_no]
        return {"days_late": late, "charged": charged}

    @tool(
        writes=True,
        ask=(
            "report that {asset_tag} is damaged: {problem}",
            "send {asset_tag} to the workshop: {problem}",
        ),
        tell="It is booked for repair under {ticket}.",
    )
    def report_damage(
        self,
        asset_tag: AssetTag,
        problem: Annotated[
            str,
            Prose(
                (
                    "The lens mount is loose.",
                    "It switches itself off after a few minutes.",
                    "One of the legs does not lock any more.",
                    "The left channel is dead.",
                )
            ),
        ],
    ) -> dict[str, Any]:
        """Report damage to a piece of equipment and send it to the workshop.

        Args:
            asset_tag: Asset tag of the equipment.
            problem: What is wrong with it.
        """
        self._asset(asset_tag)
        if any(repair["asset_tag"] == asset_tag for repair in self.repairs.values()):
            # An error payload is as good as an exception.
            return {"error": f"{asset_tag} is in the workshop already."}
        ticket = self.new_id("R", digits=4, taken=self.repairs)
        self.repairs[ticket] = {"asset_tag": asset_tag, "problem": problem}
        return {"ticket": ticket, "status": "open"}

    # -- no tools ---------------------------------------------------------------------------------------------

    def _asset(self, tag: str) -> dict[str, Any]:
        if tag not in self.assets:
            raise ToolError(f"Unknown asset tag {tag}.")
        return self.assets[tag]

    def _loan(self, number: str) -> dict[str, Any]:
        if number not in self.loans:
            raise ToolError(f"There is no loan {number}.")
        return self.loans[number]

    def _row(self, tag: str) -> Row:
        asset = self.assets[tag]
        away = {loan["tag"] for loan in self.loans.values()} | {
            repair["asset_tag"] for repair in self.repairs.values()
        }
        return {
            "asset_tag": tag,
            "descr": asset["descr"],
            "loc": asset["loc"],
            "fee_per_day": asset["fee_per_day"],
            "free": tag not in away,
        }


def _rows(file: str) -> list[dict[str, str]]:
    with open(HERE / file, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
