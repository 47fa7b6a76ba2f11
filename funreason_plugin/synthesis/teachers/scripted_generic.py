"""Clauses and nouns for tools without phrases, made from name, description and parameters.

"Assign ticket to agent."  (ticket_id, agent)        -> "assign {ticket_id} to {agent}"
"Returns all invoices."    (customerId, unpaid_only) -> "show me all invoices for {customerId}[, {unpaid_only?…}]"
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from funreason_plugin.environments.spec import ParamSpec, ToolSpec
from funreason_plugin.synthesis.teachers import scripted_words as english

__all__ = ["asks", "flag", "imperative", "noun", "object_of"]

_VERBS = frozenset(
    re.findall(
        r"\w+",
        "accept activate add adjust apply approve archive arrange ask assign attach authenticate authorize begin "
        "block book buy calculate call cancel change charge check clear close comment compare compute configure "
        "confirm connect contact convert copy count create cut deactivate delete deliver deposit describe "
        "disable display divide download draw drop edit enable end estimate exchange execute exit export extend "
        "fetch fill filter find finish fix follow format freeze fund generate get give grant handle hold identify "
        "import increase insert install invite join keep launch leave lend like link list load locate lock log "
        "look lookup lower make mark measure mention merge message modify monitor move multiply navigate notify "
        "obtain open order pause pay perform place plan play post prepare press print process provide publish "
        "purchase put query raise read reboot receive recommend record redeem refund register reject release "
        "remind remove rename renew rent repeat replace reply report request reschedule reserve reset resolve "
        "restart restore resume retrieve return retweet reverse review revoke round run save scan schedule search "
        "see select send set share show sign sort split start stop store submit subscribe subtract suggest "
        "summarize swap switch take tell track transfer translate unblock undo unfollow unlock unsubscribe update "
        "upgrade upload validate verify view visit withdraw write",
    )
)
_SHOWN = frozenset(("return", "retrieve", "fetch", "obtain", "get", "display", "provide", "query"))
"""Verbs of a tool that a person puts as "show me"."""
_MAKING = frozenset(
    ("create", "add", "open", "make", "register", "start", "save", "schedule", "post", "submit")
)
_CHANGING = ("update ", "change ", "set ", "modify ", "edit ", "adjust ")
_LEAD = re.compile(
    r"\A(?:This (?:tool|function|method|endpoint)(?: is used to| allows you to| will| can)? |Use this to |"
    r"Allows? (?:you |users? )?to )",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r",? (?:given|based on|by|for (?:a|the) (?:given|specific|specified)|using|with the (?:given|specified)|"
    r"that match(?:es)?|and returns?|to the specified|with its|from its)\b.*\Z"
)

# -- what the tool does -----------------------------------------------------------------------------------


def imperative(spec: ToolSpec) -> str:
    """ "Retrieves the weather." -> "retrieve the weather"; else from the tool's name."""
    text = spec.description.rsplit("Tool description:", 1)[-1].strip()
    sentence = re.split(r"(?<=[a-z)])[.;:](?:\s|\Z)", _LEAD.sub("", text), maxsplit=1)[0].strip().rstrip(".")
    first, _, rest = sentence.partition(" ")
    verb = _base_verb(first)
    if verb and rest and len(sentence) < 120:
        return f"{verb} {rest}"
    first, _, rest = english.words(spec.name).partition(" ")
    verb = _base_verb(first)
    if verb:
        return f"{verb} the {rest}" if rest else f"{verb} it"
    return f"use {english.words(spec.name)}"


def _base_verb(word: str) -> str:
    word = word.lower()
    if word in _VERBS:
        return word
    for ending, put in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending) and word[: -len(ending)] + put in _VERBS:
            return word[: -len(ending)] + put
    return ""


def object_of(spec: ToolSpec) -> str:
    """What the tool is about: "search_flights" -> "flights"."""
    parts = english.words(spec.name).split()
    if len(parts) > 1 and _base_verb(parts[0]):
        parts = parts[1:]
    for stop in ("by", "for", "of", "from", "to", "in", "based", "with", "on"):
        if stop in parts[1:]:
            parts = parts[: parts.index(stop)]
    return " ".join(parts)


# -- clauses ----------------------------------------------------------------------------------------------


def asks(spec: ToolSpec) -> tuple[str, ...]:
    """Two or more clauses, where the parameters allow it."""
    core = imperative(spec)
    required = [param for param in spec.params if param.required]
    optional = "".join(f"[,{_piece(param)}]" for param in spec.params if not param.required)
    short, left = _with_objects(_TAIL.sub("", core) if required else core, required)
    verb, _, rest = short.partition(" ")
    heads = [short]
    if not spec.writes and verb in _SHOWN:
        heads = [f"show me {rest}", f"look up {rest}", f"give me {rest}"]
    elif verb == "look" and rest.startswith("up "):
        heads = [short, f"find {rest[3:]}"]
    clauses = [head + _details(left) + optional for head in heads]
    plain = [param for param in left if _piece(param).startswith(" with the ")]
    if len(plain) > 1:
        others = [param for param in left if param not in plain]
        pairs = ", ".join(f"{english.words(param.name)}: {{{param.name}}}" for param in plain)
        clauses.append(f"{heads[0]}{_details(others)} ({pairs}){optional}")
    return tuple(clauses)


def _with_objects(core: str, required: Sequence[ParamSpec]) -> tuple[str, list[ParamSpec]]:
    """Put arguments in the place of what they stand for: "cancel an order" and order_id -> "cancel {order_id}"."""
    left: list[ParamSpec] = []
    made = core.partition(" ")[0] in _MAKING
    goal = ""
    for param in required:
        entity = _entity(param)
        changed = param.name.lower() == "id" and re.search(r" of (?:an?|one) (\w+)\Z", core)
        if changed and core.startswith(_CHANGING):
            entity = changed[1]  # "Update the stage of a deal." (id, stage)
        own = param.ref is not None or english.is_identifier(param.name)
        pattern = (
            rf"(?<!\{{)\b(?:(?:an?|the|this|one|specific|specified|existing|given) )+(?:\w+ )?{re.escape(entity)}\b"
            rf"|(?<!\{{)(?<= )(?:[Ii]ts? )?{re.escape(entity)}\b"
        )
        found = re.search(pattern, core) if entity and (own or not made) else None
        if found is None and own and len(required) == 1:
            found = re.search(r"(?<= )it\b", core)
        if found is None or core[found.end() :].startswith("'"):
            left.append(param)
        elif core.startswith(_CHANGING) and core[found.end() :].startswith(" of ") and not own and not goal:
            goal = f" to {{{param.name}}}"  # "update the stage of {id} to {stage}"
        else:
            core = f"{core[: found.start()]}{{{param.name}}}{core[found.end() :]}"
    return core + goal, left


def _entity(param: ParamSpec) -> str:
    if param.ref is not None:
        return english.words(param.ref.entity)
    if english.is_identifier(param.name):
        return english.entity_words(param.name)
    return re.sub(r" (?:name|title)\Z", "", english.words(param.name))


def _details(params: Sequence[ParamSpec]) -> str:
    """ " for {customer} with the subject {subject} and the note {note}"."""
    pieces = [_piece(param) for param in params]
    if params and all(len(param.name) == 1 for param in params):
        return f", namely {english.joined([f'{{{param.name}}}' for param in params])}"
    first = [piece for piece in pieces if not piece.startswith(" with ")]
    plain = [piece.removeprefix(" with ") for piece in pieces if piece.startswith(" with ")]
    return "".join(first) + (f" with {english.joined(plain)}" if plain else "")


_PREPOSITIONS: tuple[tuple[str, str], ...] = (
    (r"\b(?:new|target|destination|to|recipient|receiver)\b", "to"),
    (r"\b(?:from|source|origin)\b", "from"),
    (r"\b(?:date|day)\Z", "on"),
    (r"\btime\Z", "at"),
    (r"\b(?:city|location|place|country|region)\Z", "in"),
    (r"\b(?:subject|topic)\Z", "about"),
    (r"\b(?:method|channel)\Z", "by"),
    (r"\b(?:language|currency)\Z", "in"),
)
_MEASURES = re.compile(
    r"\b(?:amount|price|cost|total|limit|budget|threshold|quantity|count|duration|size|length)\Z"
)


def _piece(param: ParamSpec) -> str:
    """How one more argument is added to a clause, with a leading space."""
    name, slot = english.words(param.name), f"{{{param.name}}}"
    if param.schema.get("type") == "boolean":
        return " " + flag(name, param.name)
    if param.ref is not None or english.is_identifier(param.name):
        return f" for {slot}"
    for pattern, preposition in _PREPOSITIONS:
        if re.search(pattern, name):
            return f" {preposition} {slot}"
    if re.fullmatch(r"(?:\w+ )?(?:name|title)", name):
        return f" called {slot}"
    if _MEASURES.search(name):
        return f" with {english.article(name)} of {slot}"
    return f" with the {name} {slot}"


def flag(name: str, param: str) -> str:
    """A yes-or-no argument: "{unpaid_only?only|not only} the unpaid ones"."""
    if name.startswith("only "):
        return f"{{{param}?only|not only}} the {name.removeprefix('only ')} ones"
    if name.endswith(" only"):
        return f"{{{param}?only|not only}} the {name.removesuffix(' only')} ones"
    found = re.match(r"(?:include|including|with|show|has|add) (.+)", name)
    if found:
        return f"{{{param}?including|without}} {found[1]}"
    found = re.match(r"is (.+)", name)
    return f"{{{param}?|not }}{found[1]}" if found else f"{{{param}?with|without}} {name}"


# -- nouns ------------------------------------------------------------------------------------------------

_ATTRIBUTES = re.compile(r"\b(?:code|zip|zipcode|id|number|name|address|balance|temperature|price|rate|status)\Z", re.I)  # fmt: skip


def noun(spec: ToolSpec) -> str:
    """The noun phrase for one thing that the tool returns: "customer with the email {email}"."""
    head = english.singular(object_of(spec))
    pieces = []
    for param in spec.params:
        text = _noun_piece(param, head)
        pieces.append(text if param.required else f"[{text}]")
    return head + "".join(pieces)


def _noun_piece(param: ParamSpec, head: str) -> str:
    name, slot = english.words(param.name), f"{{{param.name}}}"
    text = _piece(param)
    if re.fullmatch(r"(?:\w+ )?(?:name|title)", name):
        return f" called {slot}" if param.required and not _ATTRIBUTES.search(head) else f" of {slot}"
    if text.startswith(" in ") and _ATTRIBUTES.search(head):
        return f" of {slot}"
    return text
