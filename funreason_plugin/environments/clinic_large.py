"""Large states of `clinic`: doctors whose calendars of the next three weeks are mostly free."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any, Final

from funreason_plugin.environments.clinic_data import TIMES
from funreason_plugin.environments.enlarging import around, free_ids

_DAYS: Final = 21


def enlarge(state: dict[str, Any], rng: Random, times: int, today: date) -> dict[str, Any]:
    """Free slots, ``times`` times as many of each doctor, no two of them at the same time."""
    days = [day.isoformat() for n in range(1, _DAYS + 1) if (day := today + timedelta(days=n)).weekday() < 5]
    drawn: list[dict[str, Any]] = []
    for doctor_id in state["doctors"]:
        known = {slot["starts"] for slot in state["slots"].values() if slot["doctor_id"] == doctor_id}
        free = [starts for day in days for time in TIMES if (starts := f"{day} {time}") not in known]
        for starts in rng.sample(free, min(len(free), (times - 1) * len(known))):
            mode = "by video" if rng.random() < 0.3 else "in person"
            drawn.append({"doctor_id": doctor_id, "starts": starts, "mode": mode, "status": "free"})
    rng.shuffle(drawn)
    slots = dict(zip(free_ids(rng, "SL", 5, state["slots"], len(drawn)), drawn, strict=True))
    state["slots"] = around(state["slots"], slots)
    return state
