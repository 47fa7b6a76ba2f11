"""A bicycle workshop whose state is a SQLite database, as in many real back ends.

Run it: python -m funreason_plugin.synthesize --env examples/sqlite_tools/workshop.py:Workshop --num 20
--teacher scripted --out out/workshop

What differs from an environment of plain data is in the first five methods: `reset` builds the database,
`save` and `load` copy it (``copying = "own"``), `digest` shows its rows, `close` frees it. New ids and the time
come from the Session (`self.new_id`, `self.now`), never from the database: a replay gives the same rows.
"""

from __future__ import annotations

import sqlite3
from random import Random
from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from funreason_plugin import Environment, Prose, Ref, ToolError, Values, tool

SCHEMA = """
CREATE TABLE parts (part_id TEXT PRIMARY KEY, kind TEXT, model TEXT, price REAL, stock INTEGER);
CREATE TABLE customers (name TEXT PRIMARY KEY, bicycle TEXT);
CREATE TABLE jobs (job_id TEXT PRIMARY KEY, customer TEXT, problem TEXT, opened TEXT, status TEXT, total REAL);
CREATE TABLE fitted (job_id TEXT, part_id TEXT, quantity INTEGER, PRIMARY KEY (job_id, part_id));
"""
TABLES = {"parts": "part_id", "customers": "name", "jobs": "job_id", "fitted": "job_id, part_id"}
LABOUR = 35.0

MODELS = {
    "chain": ("Ridgeway Nine", "Alder Silent", "Kestrel Long Life"),
    "tyre": ("Moorland 28", "City Glide", "Gravel Hound"),
    "saddle": ("Heron Soft", "Long Mile", "Sprint Gel"),
    "lamp": ("Nightjar 40", "Beacon Mini", "Lantern Pro"),
}
NAMES = ("Ada Fenwick", "Jonas Pohl", "Mei Tanabe", "Luka Horvat", "Oona Kivi", "Samir Aziz", "Tess Moran")
BICYCLES = ("touring bike", "cargo bike", "folding bike", "racing bike", "city bike")


class Part(TypedDict):
    part_id: Annotated[str, Ref("part")]
    model: str
    price: float
    stock: int


class Parts(TypedDict):
    parts: list[Part]


class Job(TypedDict):
    job_id: Annotated[str, Ref("job")]
    problem: str
    status: str


class Jobs(TypedDict):
    jobs: list[Job]


class NewJob(TypedDict):
    job_id: Annotated[str, Ref("job")]
    bicycle: str


class Bill(TypedDict):
    customer: str
    total: float


class Stocked(TypedDict):
    model: str
    left: int


class Workshop(Environment):
    """The counter of a bicycle workshop."""

    copying = "own"
    policy = "You work at the counter of a bicycle workshop. Prices are in euros."
    equality = {"jobs[].problem": "text", "jobs": "set", "fitted": "set"}

    _db: sqlite3.Connection

    # -- state ------------------------------------------------------------------------------------------

    def reset(self, state: dict[str, Any]) -> None:
        """Build the database from rows by table."""
        self.close()
        self._db = _empty()
        self._db.executescript(SCHEMA)
        for table, rows in state.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                self._db.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
                )

    def save(self) -> sqlite3.Connection:
        """A copy of the database, in memory."""
        copy = _empty()
        self._db.backup(copy)
        return copy

    def load(self, saved: sqlite3.Connection) -> None:
        """Go back to a copy; the copy stays as it is, so that it can be loaded again."""
        saved.backup(self._db)

    def digest(self) -> dict[str, Any]:
        """The rows as JSON, in an order that does not depend on how they came about."""
        return {table: self._rows(f"SELECT * FROM {table} ORDER BY {key}") for table, key in TABLES.items()}

    def close(self) -> None:
        """Free the database."""
        if hasattr(self, "_db"):
            self._db.close()

    def scenario(self, rng: Random) -> dict[str, Any]:
        """Parts on the shelf and customers with their bicycles; no jobs yet."""
        models = [(kind, model) for kind, names in MODELS.items() for model in names]
        numbers = rng.sample(range(1000, 10000), len(models))
        parts = [
            {
                "part_id": f"PA-{number}",
                "kind": kind,
                "model": model,
                "price": round(rng.uniform(8, 90), 2),
                "stock": rng.randint(0, 5),
            }
            for number, (kind, model) in zip(numbers, models, strict=True)
        ]
        customers = [{"name": name, "bicycle": rng.choice(BICYCLES)} for name in rng.sample(NAMES, 4)]
        return {"parts": parts, "customers": customers}

    def _rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self._db.execute(query, values)]

    def _row(self, query: str, *values: Any, missing: str) -> dict[str, Any]:
        rows = self._rows(query, *values)
        if not rows:
            raise ToolError(missing)
        return rows[0]

    def _open_job(self, job_id: str) -> dict[str, Any]:
        job = self._row("SELECT * FROM jobs WHERE job_id = ?", job_id, missing=f"there is no job {job_id!r}")
        if job["status"] != "open":
            raise ToolError(f"job {job_id} is {job['status']}")
        return job

    # -- tools ------------------------------------------------------------------------------------------

    @tool(
        ask=(
            "look for a {kind}[ for at most {max_price} euros]",
            "see what there is in the way of a {kind}[ up to {max_price} euros]",
            "check the shelf for a {kind}[ that costs no more than {max_price} euros]",
        ),
        noun="{kind}[ for at most {max_price} euros]",
        tell="On the shelf: {parts[]: {model} for {price} euros}.",
    )
    def find_parts(
        self,
        kind: Literal["chain", "tyre", "saddle", "lamp"],
        max_price: Annotated[float, Values.of([40, 60, 80, 100])] | None = None,
    ) -> Parts:
        """Find spare parts of a kind.

        Args:
            kind: What is needed.
            max_price: Highest price, in euros.
        """
        query = "SELECT part_id, model, price, stock FROM parts WHERE kind = ? AND price <= ? ORDER BY price"
        found = self._rows(query, kind, 1e9 if max_price is None else max_price)
        if not found:
            raise ToolError(f"no {kind} for at most {max_price} euros; raise max_price")
        return {"parts": found}  # type: ignore[typeddict-item]

    @tool(
        writes=True,
        ask=(
            "open a job for {customer} because of {problem}",
            "take in the bicycle of {customer}, which has {problem}",
        ),
        noun="new job for {customer}",
        tell="Job {job_id} is open for the {bicycle}.",
    )
    def open_job(
        self,
        customer: Annotated[str, Values.state("customers[].name")],
        problem: Annotated[
            str, Prose(("a worn chain", "a flat rear tyre", "a cracked saddle", "a broken lamp"))
        ],
    ) -> NewJob:
        """Open a repair job for a customer's bicycle.

        Args:
            customer: Full name of the customer.
            problem: What is wrong with the bicycle.
        """
        owner = self._row(
            "SELECT * FROM customers WHERE name = ?", customer, missing=f"{customer!r} is no customer"
        )
        taken = {row["job_id"] for row in self._rows("SELECT job_id FROM jobs")}
        job_id = self.new_id("JB", taken=taken)
        values = (job_id, customer, problem, self.now().isoformat(sep=" "))
        self._db.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, 'open', 0)", values)
        return {"job_id": job_id, "bicycle": owner["bicycle"]}

    @tool(
        ask=("list the jobs of {customer}", "see what {customer} has in repair"),
        noun="job of {customer}",
        tell="In the workshop: {jobs[]: {problem} ({status})}.",
    )
    def list_jobs(self, customer: Annotated[str, Values.state("customers[].name")]) -> Jobs:
        """List a customer's repair jobs.

        Args:
            customer: Full name of the customer.
        """
        query = "SELECT job_id, problem, status FROM jobs WHERE customer = ? ORDER BY job_id"
        return {"jobs": self._rows(query, customer)}  # type: ignore[typeddict-item]

    @tool(
        writes=True,
        ask=(
            "use {part_id} for {job_id}[, {quantity} of them]",
            "mount {part_id} as part of {job_id}[, {quantity} of them]",
            "add {part_id} to {job_id}[, {quantity} of them]",
        ),
        noun="fitted part",
        tell="{model} is fitted; {left} are left.",
    )
    def fit_part(
        self,
        job_id: Annotated[str, Ref("job")],
        part_id: Annotated[str, Ref("part")],
        quantity: Literal[1, 2] = 1,
    ) -> Stocked:
        """Take a part from stock and fit it.

        Args:
            job_id: The job's id, as given by open_job or list_jobs.
            part_id: The part's id, as given by find_parts.
            quantity: How many are fitted.
        """
        self._open_job(job_id)
        query = "SELECT * FROM parts WHERE part_id = ?"
        part = self._row(query, part_id, missing=f"there is no part {part_id!r}; see find_parts")
        if part["stock"] < quantity:
            raise ToolError(f"only {part['stock']} of {part['model']} are in stock")
        self._db.execute("UPDATE parts SET stock = stock - ? WHERE part_id = ?", (quantity, part_id))
        self._db.execute(
            "INSERT INTO fitted VALUES (?, ?, ?) ON CONFLICT (job_id, part_id) DO UPDATE SET quantity = quantity + excluded.quantity",
            (job_id, part_id, quantity),
        )
        return {"model": part["model"], "left": part["stock"] - quantity}

    @tool(
        writes=True,
        ask=("finish {job_id} and make out the bill", "close {job_id} and say what it costs"),
        noun="bill",
        tell="{customer} pays {total} euros.",
    )
    def finish_job(self, job_id: Annotated[str, Ref("job")]) -> Bill:
        """Finish a job: labour and the fitted parts are billed.

        Args:
            job_id: The job's id, as given by open_job or list_jobs.
        """
        job = self._open_job(job_id)
        query = "SELECT SUM(price * quantity) AS cost FROM fitted JOIN parts USING (part_id) WHERE job_id = ?"
        total = round(LABOUR + (self._rows(query, job_id)[0]["cost"] or 0), 2)
        self._db.execute("UPDATE jobs SET status = 'done', total = ? WHERE job_id = ?", (total, job_id))
        return {"customer": job["customer"], "total": total}


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection
