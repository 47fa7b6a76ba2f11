"""MessageAPI: messages between the members of a workspace."""

from __future__ import annotations

import re
from datetime import datetime
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition, names, with_field
from funreason_plugin.environments.bfcl.people import full_names
from funreason_plugin.environments.bfcl.phrases.message_api import PHRASES
from funreason_plugin.environments.marks import Prose, Ref, Values

_MESSAGES = (
    "The supplier moved our delivery to {day}.",
    "Could you look over the {thing} before {day}?",
    "I left the {thing} on your desk.",
    "Lunch on {day} at half past twelve, are you coming?",
    "The {thing} is ready, please tell the others.",
    "We still need two volunteers for {day}.",
    "My train is late, start the {thing} without me.",
    "Thanks for covering the {thing} on {day}.",
    "Please bring the {thing} when you come over on {day}.",
    "The room for the {thing} has changed to the third floor.",
    "Who has the key to the {thing}?",
    "The caterer wants the head count by {day}.",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_THINGS = (
    "floor plan", "rehearsal", "price list", "seating chart", "workshop", "storage room", "prototype", "brochure",
    "rota", "inspection", "poster", "survey", "tasting", "contract draft", "bike shed",
)  # fmt: skip


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """Six to nine members and some messages that the person has sent them."""
    names = full_names(rng, rng.randint(6, 9))
    ids = [f"USR{number:03d}" for number in sorted(rng.sample(range(101, 940), len(names)))]
    user_map = dict(zip(names, ids, strict=True))
    own = rng.randrange(len(names))
    others = [user_id for index, user_id in enumerate(ids) if index != own]
    inbox = [{rng.choice(others): message(rng)} for _ in range(rng.randint(3, 7))]
    strangers = [name for name in full_names(rng, 12) if name not in user_map][:5]
    return {
        "user_count": int(ids[-1][3:]),
        "user_map": user_map,
        "inbox": inbox,
        "message_count": len(inbox),
        "current_user": None,
        "person": {"name": names[own], "user_id": ids[own], "acquaintances": strangers},
    }


def message(rng: Random) -> str:
    """One message as colleagues write them."""
    return rng.choice(_MESSAGES).format(day=rng.choice(_DAYS), thing=rng.choice(_THINGS))


def _colleagues(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name in state["user_map"] if name != state["person"]["name"]]


def _strangers(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name in state["person"]["acquaintances"] if name not in state["user_map"]]


def _signing_in(state: dict[str, Any], rng: Random) -> list[str]:
    """The person's own ID; nothing while they are logged in."""
    return [] if state["current_user"] else [state["person"]["user_id"]]


def _keywords(state: dict[str, Any], rng: Random) -> list[str]:
    """Days and things that the messages speak of."""
    text = " ".join(body for entry in state["inbox"] for body in entry.values())
    return [word for word in (*_DAYS, *_THINGS) if re.search(rf"\b{word}\b", text)]


def _drafts(count: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(message(Random(f"draft {index}")) for index in range(count)))


_USER = Ref("colleague")

MESSAGE = Addition(
    document="message_api",
    policy=(
        "You send and look up messages in a company's workspace for one of its members. The member logs in with "
        "their own user ID first. Look up the user ID of anybody else before you write to them."
    ),
    scenario=scenario,
    writes=frozenset(names("add_contact delete_message message_login send_message")),
    draws=frozenset(("send_message",)),
    seed=200191,
    marks={
        "add_contact": {"user_name": (Ref("new member", known=True), Values.call(_strangers))},
        "delete_message": {"receiver_id": _USER},
        "get_user_id": {"user": (Ref("member", known=True), Values.call(_colleagues))},
        "message_login": {"user_id": (Ref("own user id", known=True), Values.call(_signing_in))},
        "search_messages": {"keyword": Values.call(_keywords)},
        "send_message": {"receiver_id": _USER, "message": Prose(_drafts(60))},
    },
    results={
        "send_message": with_field(
            "message_id",
            {"type": "object", "properties": {"new_id": {"type": "integer", "description": "The ID."}}},
        ),
        "view_messages_sent": with_field(
            "messages",
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        ),
    },
    refs={
        "add_contact": {"user_id": _USER},
        "delete_message": {"receiver_id": _USER},
        "get_user_id": {"user_id": _USER},
        "list_users": {"user_list[]": Ref("member", known=True)},
        "search_messages": {"results[].receiver_id": _USER},
    },
    declared=tuple(
        ("message_login", tool)
        for tool in (
            "delete_message",
            "get_message_stats",
            "search_messages",
            "send_message",
            "view_messages_sent",
        )
    ),
    phrases=PHRASES,
)
