"""A library of things: a small FastAPI service, as a team would have one.

`LIBRARY_KEY=secret uvicorn service:app --app-dir examples/openapi_tools --port 8700`

Its document is at /openapi.json. `POST /reset` is what a test system has and a production system has not: it sets the
data to one of many seeds. Every call needs the key in the header X-API-Key.
"""

from __future__ import annotations

import os
import secrets
from random import Random
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Path, Query
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field

Category = Literal["garden", "kitchen", "repair", "outdoor"]
THINGS: dict[Category, tuple[str, ...]] = {
    "garden": ("hedge trimmer", "leaf blower", "wheelbarrow", "seed drill"),
    "kitchen": ("pasta machine", "raclette grill", "juice press", "waffle iron"),
    "repair": ("cordless drill", "tile cutter", "soldering iron", "orbital sander"),
    "outdoor": ("two-person tent", "camping stove", "snowshoes", "canoe paddle"),
}
T = TypeVar("T")
NAMES = ("Mira Okafor", "Jonas Lindqvist", "Hana Tanaka", "Luis Duarte", "Clara Byrne", "Tomasz Novak")


class Thing(BaseModel):
    thing_id: str
    name: str = Field(description="What it is called")
    category: Category
    fee: float = Field(description="Fee for a day")
    on_loan: bool = False


class Member(BaseModel):
    member_id: str
    name: str
    balance: float


class Loan(BaseModel):
    loan_id: str
    thing_id: str
    member_id: str
    days: int
    status: Literal["open", "returned"] = "open"


class NewLoan(BaseModel):
    thing_id: str = Field(description="Id of the thing")
    member_id: str = Field(description="Id of the member")
    days: int = Field(ge=1, le=14, description="For how many days")


class Extension(BaseModel):
    days: int = Field(ge=1, le=7, description="How many days more")


class Data:
    """Everything the service knows."""

    def __init__(self, seed: int) -> None:
        rng = Random(seed)
        names = [(category, name) for category, several in THINGS.items() for name in rng.sample(several, 2)]
        ids = rng.sample(range(100, 999), len(names))
        self.things = {
            f"T-{n}": Thing(thing_id=f"T-{n}", name=name, category=category, fee=rng.randint(2, 9))
            for n, (category, name) in zip(ids, names, strict=True)
        }
        self.members = {
            f"M-{n}": Member(member_id=f"M-{n}", name=name, balance=rng.randint(40, 120))
            for n, name in zip(rng.sample(range(100, 999), 4), rng.sample(NAMES, 4), strict=True)
        }
        self.loans: dict[str, Loan] = {}


def keyed(key: Annotated[str | None, Depends(APIKeyHeader(name="X-API-Key", auto_error=False))]) -> None:
    """Refuses whoever does not know the key."""
    if key is None or not secrets.compare_digest(key, os.environ.get("LIBRARY_KEY", "")):
        raise HTTPException(401, "wrong or missing key")


app = FastAPI(
    title="Library of Things",
    version="1.2",
    dependencies=[Depends(keyed)],
    generate_unique_id_function=lambda route: route.name,
)
data = Data(0)


@app.get("/things")
def list_things(
    category: Category | None = None,
    free: Annotated[bool | None, Query(description="Only what can be borrowed now")] = None,
) -> list[Thing]:
    """The things of the library."""
    found = [thing for thing in data.things.values() if category in (None, thing.category)]
    return [thing for thing in found if not free or not thing.on_loan]


@app.get("/things/{thing_id}")
def get_thing(thing_id: Annotated[str, Path(description="Id of the thing")]) -> Thing:
    """One thing: its fee, and whether it is on loan."""
    return _known(data.things, thing_id, "thing", "list_things")


@app.get("/members")
def find_member(name: Annotated[str, Query(description="Full name")]) -> Member:
    """The member of this name."""
    for member in data.members.values():
        if member.name.lower() == name.lower():
            return member
    raise HTTPException(404, f"no member is called {name!r}")


@app.get("/members/{member_id}/loans")
def list_loans(member_id: Annotated[str, Path(description="Id of the member")]) -> list[Loan]:
    """What a member has borrowed."""
    _known(data.members, member_id, "member", "find_member")
    return [loan for loan in data.loans.values() if loan.member_id == member_id]


@app.post("/loans", status_code=201)
def create_loan(new: NewLoan) -> Loan:
    """Lend a thing to a member; the fee is taken from the member's balance."""
    thing = _known(data.things, new.thing_id, "thing", "list_things")
    member = _known(data.members, new.member_id, "member", "find_member")
    if thing.on_loan:
        raise HTTPException(409, f"{thing.name} is on loan")
    _pay(member, thing.fee * new.days)
    thing.on_loan = True
    loan = Loan(loan_id=f"L-{len(data.loans) + 1:03d}", **new.model_dump())
    data.loans[loan.loan_id] = loan
    return loan


@app.post("/loans/{loan_id}/extension")
def extend_loan(loan_id: Annotated[str, Path(description="Id of the loan")], extension: Extension) -> Loan:
    """Extend a loan by some days; the fee is taken from the member's balance."""
    loan = _open(loan_id)
    _pay(data.members[loan.member_id], data.things[loan.thing_id].fee * extension.days)
    loan.days += extension.days
    return loan


@app.post("/loans/{loan_id}/return")
def return_thing(loan_id: Annotated[str, Path(description="Id of the loan")]) -> Loan:
    """Take a thing back."""
    loan = _open(loan_id)
    loan.status = "returned"
    data.things[loan.thing_id].on_loan = False
    return loan


@app.get("/state")
def show_state() -> dict[str, object]:
    """Everything, for whoever compares states."""
    return {
        "things": [thing.model_dump() for thing in data.things.values()],
        "members": [member.model_dump() for member in data.members.values()],
        "loans": [loan.model_dump() for loan in data.loans.values()],
    }


@app.post("/reset")
def reset(seed: int = 0) -> dict[str, int]:
    """Begin anew, with the data of a seed."""
    global data
    data = Data(seed)
    return {"seed": seed}


def _known(several: dict[str, T], key: str, what: str, where: str) -> T:
    if key not in several:
        raise HTTPException(404, f"no {what} {key!r}; {where} gives the ids")
    return several[key]


def _open(loan_id: str) -> Loan:
    loan = _known(data.loans, loan_id, "loan", "list_loans")
    if loan.status == "returned":
        raise HTTPException(409, f"loan {loan_id} is returned already")
    return loan


def _pay(member: Member, amount: float) -> None:
    if member.balance < amount:
        raise HTTPException(402, f"{member.name} has {member.balance:g}, and {amount:g} are needed")
    member.balance -= amount
