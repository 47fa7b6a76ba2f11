"""This project's own trajectories: the folder of a run, or its trajectories.jsonl."""

from __future__ import annotations

import json
from typing import Any

from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.refusal import Refused, expect_object
from funreason_plugin.errors import UserError
from funreason_plugin.messages import of_trajectory
from funreason_plugin.trajectory import certify, loads


def read(row: Any, reading: Reading) -> Example:
    """A trajectory that is as it was when it was certified."""
    text = json.dumps(expect_object(row, "record"), ensure_ascii=False)
    try:
        trajectory = loads(text, "")
    except UserError as error:
        place, _, reason = error.message.removeprefix(": ").partition(": ")
        raise Refused(place if reason else "record", "not a trajectory", reason or place) from None
    if not trajectory.turns:
        raise Refused("turns", "no messages")
    if not trajectory.certificate:
        reading.note("certificate: there is none, so changes would not be seen")
    else:
        try:
            genuine = certify(trajectory) == trajectory.certificate
        except TypeError as error:  # an integer beyond 64 bits
            raise Refused("record", "not a trajectory", str(error)) from None
        if not genuine:
            raise Refused("certificate", "does not fit: the record was changed after it was made")
    conversation = of_trajectory(trajectory, reading.prompt_form)
    return Example(conversation, trajectory.id, trajectory.split, trajectory=trajectory)


SOURCE = Source(
    "trajectories",
    read,
    title="Trajectories of funreason_plugin",
    licence="that of whoever made them",
    file="trajectories.jsonl",
    executable=True,
)
