"""BFCL's multi-turn entries (BFCL_v4_multi_turn_*.json of bfcl-eval), executed: each becomes a trajectory.

It is the benchmark itself: for evaluation and for measuring in-domain, never for training data that is then
evaluated on it. The labels `benchmark:bfcl` and `in-domain:bfcl` say so in every trajectory. Queries, calls,
outputs and state hashes are there, each call is a step of its own; thoughts and answers are not (BFCL has
none), nor where arguments come from (nobody has stated it).

In an entry whose tools change half-way (`missed_function`) the example says which tools are withheld until which
turn; as rows of verl it is played so. As a trajectory it is refused: that offers one list of tools, with which the
empty truth of the turn without the function would be wrong.
"""

from __future__ import annotations

from typing import Any

from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.refusal import Refused, expect_object, expect_text, shown
from funreason_plugin.environments.bfcl import package
from funreason_plugin.environments.bfcl.entries import BenchmarkEntry, ground_truth, load_entry
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.messages import of_trajectory
from funreason_plugin.trajectory import SCHEMA_VERSION, Call, EnvironmentRef, Step, Trajectory, Turn, certify

__all__ = ["LABELS", "SOURCE", "read"]

LABELS = ["benchmark:bfcl", "in-domain:bfcl"]
VARIANTS = ("miss_func", "miss_param")
"""Categories whose turns without a call have their name as variant."""


def read(row: Any, reading: Reading) -> Example:
    """One entry, replayed in our environments."""
    row = expect_object(row, "record")
    identifier = expect_text(row.get("id"), "id")
    package.package_path()  # without bfcl-eval nothing can be executed: an error, not a refusal of each record
    try:
        entry = load_entry(identifier)
    except UserError as error:
        raise Refused("id", "not a multi-turn entry of the installed bfcl-eval", shown(str(error))) from None
    config, classes, _ = ground_truth(identifier)
    questions = [list(messages) for messages in entry.turns]
    for key, value in (("question", questions), ("initial_config", config), ("involved_classes", classes)):
        if row.get(key) != value:
            raise Refused(key, "not as in the installed bfcl-eval, whose truth is executed")
    if row.get("missed_function", {}) != {
        str(turn): [*names] for turn, names in entry.missed_function.items()
    }:
        raise Refused("missed_function", "not as in the installed bfcl-eval, whose truth is executed")
    trajectory = replayed(entry)
    reading.note(
        f"{' and '.join(LABELS)}: the benchmark itself; what is trained on it cannot be measured by it"
    )
    withheld = entry.missed_function
    return Example(of_trajectory(trajectory), identifier, trajectory=trajectory, withheld=withheld)


def replayed(entry: BenchmarkEntry) -> Trajectory:
    """The entry with its truth executed: outputs, a state hash per turn, and the certificate."""
    from funreason_plugin.config import versions

    category, _, number = entry.id.removeprefix("multi_turn_").rpartition("_")
    empty = category if category in VARIANTS else "base"
    space = SimulationSpace(entry.environments)
    turns: list[Turn] = []
    with space.session(entry.scenario) as session:
        for messages, truth in zip(entry.turns, entry.truth, strict=True):
            steps = [
                Step(None, [Call(name, arguments, {}, session.call(name, arguments))])
                for name, arguments in truth
            ]
            query = "\n".join(message["content"] for message in messages)
            variant = "base" if truth else empty
            turns.append(Turn(query, steps, None, "", session.state_hash(), [], variant))
    version = package.version()
    trajectory = Trajectory(
        schema_version=SCHEMA_VERSION,
        id=entry.id,
        index=int(number),
        seed=0,
        attempt=0,
        split="train",
        labels=list(LABELS),
        environments=[
            EnvironmentRef(name, cls.version, environment_hash(cls), f"bfcl:{cls.__name__}")
            for name, cls in space.environments.items()
        ],
        made_by={"truth": {"teacher": "bfcl-eval", "model": version}},
        versions={**versions(), "bfcl-eval": version},
        system=space.policy,
        tools=[spec.as_openai() for spec in space.tools.values()],
        scenario=entry.scenario,
        turns=turns,
    )
    trajectory.certificate = certify(trajectory)
    return trajectory


SOURCE = Source(
    "bfcl",
    read,
    title="BFCL v4 multi-turn",
    licence="Apache-2.0",
    page="https://github.com/ShishirPatil/gorilla/tree/main/berkeley-function-call-leaderboard",
    executable=True,
    benchmark=True,
)
