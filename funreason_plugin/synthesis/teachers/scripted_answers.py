"""Answers of the scripted reasoning agent: what the outputs say, in one to four sentences.

A tool's ``tell`` is filled from its output; for a tool without one, sentences are made from the output's
fields. A value that is not in an output is never written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import value_at
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords
from funreason_plugin.synthesis.teachers.scripted_view import Made

__all__ = ["LEADS", "answer", "tell"]

MANY = 6
"""List items that an answer tells; the rest is only mentioned."""

_DONE = ("Done.", "All set.", "That's taken care of.", "It's done.", "Everything's in place.", "Sorted.", "All done.", "That went through.")  # fmt: skip
_FOUND = ("Here's what I found.", "I've looked it up.", "I checked.", "Here you go.", "This is what came up.", "I had a look.", "Here's the answer.")  # fmt: skip
LEADS = (*_DONE, *_FOUND)
"""What an answer may begin with before it tells anything."""
_MORE = ("and a few more", "among others", "and there are more")
_OFFERS = ("Let me know if you need anything else.", "Is there anything else I can do?", "Just say so if you need more.", "Anything else?")  # fmt: skip
_I_HAVE = ("I've {p}.", "As you asked, I've {p}.", "I have {p}.", "I've now {p}.")
_NOTHING = ("Nothing came up for that.", "There's nothing of that kind.", "I found nothing there.")


def answer(told: Sequence[Made], asked: Callable[[Made], str], lexicon: Lexicon, rng: Random) -> str:
    """``told``: the calls whose results the user wants; ``asked`` gives a call's clause in the second person."""
    sentences: list[str] = []
    told = [made for made in told if made.tool in lexicon]
    written = [made for made in told if lexicon[made.tool].spec.writes]
    writes = bool(written)
    names = [made.tool for made in told]
    bodies = [_about(made, lexicon, names.count(made.tool) > 1, rng) for made in told]
    bodies = [body for body in dict.fromkeys(bodies) if body]
    clause = asked(written[0]) if writes and (not bodies or rng.random() < 0.3) else ""
    if clause and _is_sayable(clause):
        sentences.append(rng.choice(_I_HAVE).format(p=english.participle(clause)))
    elif not bodies:
        sentences.append(rng.choice(_DONE) if writes or not told else rng.choice(_NOTHING))
    elif not any(made.failed for made in told) and (rng.random() < 0.55 or _is_bare(written, lexicon)):
        sentences.append(rng.choice(_DONE if writes else _FOUND))
    sentences += [english.capital(body) for body in bodies]
    if rng.random() < 0.12 and len(sentences) < 4:
        sentences.append(rng.choice(_OFFERS))
    return " ".join(sentences)


def _is_bare(written: Sequence[Made], lexicon: Lexicon) -> bool:
    """Whether a tool that changed something has no words of its own for it: the answer then says that it is done."""
    return any(not lexicon[made.tool].spec.phrases.tell for made in written)


def _about(made: Made, lexicon: Lexicon, again: bool, rng: Random) -> str:
    """What a call's result says, and what it is about where that is unclear: "Order ORD-1: its status is …"."""
    body = tell(made, lexicon[made.tool], rng, lead=not again)
    if not body or made.failed or not (again or body.startswith(("Its ", "its "))):
        return body
    for name, value in made.arguments.items():
        if isinstance(value, str) and 0 < len(value) <= 40 and value not in body:
            param = lexicon[made.tool].params.get(name)
            entity = english.words(param.ref.entity) if param and param.ref else english.entity_words(name)
            return f"{english.capital(entity)} {value}: {_lower(body)}"
    return body


def _lower(text: str) -> str:
    """In the middle of a sentence; a name keeps its capital."""
    return (
        text[:1].lower() + text[1:] if re.match(r"(?:It|Its|The|A|An|There|Your|This|That)\b", text) else text
    )


def _is_sayable(clause: str) -> bool:
    """Whether "I've {participle}" comes out right: one verb, and not about telling."""
    bare = re.sub(r'"[^"]*"|“[^”]*”', "", clause)
    return len(clause) < 130 and not re.search(r"\b(?:and|so that|make sure|keep|how|what|which)\b", bare)


# -- with the tool's own words ----------------------------------------------------------------------------

_SLOT = re.compile(r"\{([^{}:]*)(?::((?:[^{}]|\{[^{}]*\})*))?\}")


@lru_cache(maxsize=4096)
def _sentences(template: str) -> tuple[str, ...]:
    return tuple(re.split(r"(?<=[.!?])\s+(?=[A-Z{])", template.strip()))


def tell(made: Made, entry: ToolWords, rng: Random, lead: bool = True) -> str:
    """What a call's result says."""
    if made.failed:
        return f"that didn't work: {_ended(str(made.output['error']))}"
    template = entry.spec.phrases.tell
    if not template:
        return _generic(made.output, entry, rng)
    written = []
    for sentence in _sentences(template):
        text = _fill(sentence, made, rng)
        if text is not None:
            text = _ended(english.capital(_ARTICLE.sub(r"\1n", text)))
            if _IS_LIST.match(sentence):
                words = rng.choice(_LISTS) if lead else ""
                text = f"{words}: {_lower(text)}" if words else text
            written.append(text)
    return " ".join(written) or _generic(made.output, entry, rng)


_IS_LIST = re.compile(r"\{[^{}:]*\[\]:")
_ARTICLE = re.compile(r"\b([Aa])(?= (?:[aei]|o(?!ne\b))\w)(?! (?:eu|uni|user))")
_LISTS = ("", "This is the list", "Here's what there is", "What I have is this")


def _fill(template: str, made: Made, rng: Random) -> str | None:
    """The template with values; None when one is not in the output or the call."""
    missing = False

    def slot(match: re.Match[str]) -> str:
        nonlocal missing
        if match[2] is not None:
            text = _items(match[1], match[2].strip(), made, rng)
        else:
            text = _value(match[1], made)
        if text is None:
            missing = True
            return ""
        return text

    text = _SLOT.sub(slot, template)
    return None if missing else text


def _value(path: str, made: Made) -> str | None:
    if "[]" in path:
        found = _below(made.output, path.removesuffix("[]") if path.endswith("[]") else path)
        values = [value for value in found if value is not None]
        if len(values) == 1 and isinstance(values[0], list):
            values = values[0]
        return _few([_spoken(value) for value in values]) if values else None
    value = value_at(made.output, path)
    if value is None:
        value = made.arguments.get(path)
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, list):
        return _few([_spoken(item) for item in value])
    return _spoken(value)


def _items(path: str, template: str, made: Made, rng: Random) -> str | None:
    items = value_at(made.output, path.removesuffix("[]")) if path != "[]" else made.output
    if isinstance(items, Mapping):
        items = [
            {"key": key, **value} if isinstance(value, Mapping) else value for key, value in items.items()
        ]
    if not isinstance(items, list) or not items:
        return None
    written = []
    for item in items[:MANY]:
        text = _fill(template, Made(made.tool, {}, item), rng)
        if text is not None:
            written.append(text)
    if not written:
        return None
    if len(items) > MANY:
        written.append(rng.choice(_MORE))
        return "; ".join(written)
    if any("," in text or " and " in text for text in written):
        return "; ".join(written)
    return english.joined(written)


def _few(values: Sequence[str]) -> str:
    return english.joined(list(values)) if len(values) <= 12 else ", ".join([*values[:12], "and others"])


def _spoken(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = [(key, item) for key, item in value.items() if item not in (None, "", [], {})]
        return ", ".join(f"{english.words(key)} {_spoken(item)}" for key, item in pairs[:6])
    if isinstance(value, list):
        return _few([_spoken(item) for item in value])
    text = english.spoken(value)
    return text if len(text) <= 600 else text[:600].rsplit(" ", 1)[0] + " …"


# -- without ----------------------------------------------------------------------------------------------

_HIDDEN = re.compile(r"(?:status|success|ok|result|code|found|count|total_count)\Z")


def _generic(output: Any, entry: ToolWords, rng: Random) -> str:
    """Sentences from the output's own fields."""
    if output is None or output in ("", [], {}):
        return "" if entry.spec.writes else rng.choice(_NOTHING)
    if isinstance(output, bool):
        return "the answer is yes." if output else "the answer is no."
    if isinstance(output, list):
        return _ended(f"I found {_few([_item(item) for item in output[:MANY]])}")
    if not isinstance(output, Mapping):
        if _is_sentence(output) or len(str(output)) >= 80:
            return _ended(english.capital(str(output)))
        return _ended(f"the {_result_word(entry)} is {_spoken(output)}")
    message = next(
        (output[k] for k in ("message", "status", "result", "detail") if _is_sentence(output.get(k))), None
    )
    rest = {
        key: value
        for key, value in output.items()
        if value is not message and value not in (None, "", [], {})
    }
    told = [key for key, value in rest.items() if not (_HIDDEN.search(key) and (message or value is True))]
    parts = [_field(key, rest[key]) for key in told[:5]]
    body = _ended(english.joined([part for part in parts if part])) if parts else ""
    if message is not None:
        return f"{_ended(english.capital(str(message)))} {english.capital(body)}".strip()
    return body


def _field(key: str, value: Any) -> str:
    name = english.words(key)
    if isinstance(value, list):
        if not value:
            return ""
        shown = [_item(item) for item in value[:MANY]]
        return f"the {name} {'are' if english.singular(name) != name else 'is'} {_few(shown)}"
    if isinstance(value, bool):
        return f"the {name} is {'yes' if value else 'no'}"
    many = english.singular(name) != name and not isinstance(value, str)
    return f"the {name} {'are' if many else 'is'} {_spoken(value)}"


def _item(item: Any) -> str:
    if isinstance(item, Mapping):
        pairs = [(key, value) for key, value in item.items() if not isinstance(value, (dict, list))][:4]
        if pairs:
            more = ", ".join(_detail(key, value) for key, value in pairs[1:] if value is not None)
            return f"{_spoken(pairs[0][1])} ({more})" if more else _spoken(pairs[0][1])
    return _spoken(item)


def _detail(key: str, value: Any) -> str:
    if isinstance(value, bool):
        name = english.words(key).removeprefix("is ")
        return name if value else f"not {name}"
    return f"{english.words(key)} {_spoken(value)}"


def _result_word(entry: ToolWords) -> str:
    return english.singular(entry.entity(""))


def _is_sentence(value: Any) -> bool:
    return isinstance(value, str) and value.count(" ") >= 2


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


# -- paths ------------------------------------------------------------------------------------------------


def _below(value: Any, path: str) -> list[Any]:
    found = [value]
    for part in path.replace("[]", ".[]").split("."):
        if part == "[]":
            found = [item for node in found if isinstance(node, list) for item in node]
        elif part:
            found = [node.get(part) for node in found if isinstance(node, Mapping)]
    return found
