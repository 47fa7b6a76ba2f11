"""A_C, scripted: compares an attempt with the solution and says in one to three sentences what to mend.

It names tools and arguments, repeats what the user said, and never states a value that only an output has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import top
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_reader import words_of

__all__ = ["critique"]


def critique(material: Mapping[str, Any], rng: Random) -> str:
    """The reply to `Prompts.critiquing`."""
    remarks = list(dict.fromkeys(_remarks(material["attempt"], material["solution"], rng)))
    if not remarks:
        remarks = [_about_rules(material["differences"])]
    return " ".join(remarks[:3])


def _remarks(attempt: Sequence[Any], solution: Sequence[Any], rng: Random) -> Iterator[str]:
    free = list(range(len(attempt)))
    pairs: list[tuple[Any, Any]] = []
    missing: list[Any] = []
    for wanted in solution:  # the closest call of the same tool counts as the attempt at it
        same = [i for i in free if attempt[i]["name"] == wanted["name"]]
        if not same:
            missing.append(wanted)
            continue
        best = max(same, key=lambda i: (not _failed(attempt[i]), _agreement(attempt[i], wanted), -i))
        free.remove(best)
        pairs.append((attempt[best], wanted))
    wrong = [remark for done, wanted in pairs for remark in _differences(done, wanted, solution, rng)]
    yield from wrong
    broken_off = any(_failed(done) and done["arguments"] != wanted["arguments"] for done, wanted in pairs)
    for wanted in missing[
        : 1 if broken_off else None
    ]:  # after a failure the rest is missing as a matter of course
        yield _missing(wanted, attempt, solution, rng)
    for done, wanted in pairs:
        if _failed(done) and done["arguments"] == wanted["arguments"]:
            yield _too_early(wanted, attempt, solution, rng)
    for index in free:
        surplus = attempt[index]
        if any(wanted["name"] == surplus["name"] for wanted in solution):
            yield rng.choice(_AGAIN).format(tool=surplus["name"])
        elif not _failed(surplus):
            yield rng.choice(_SURPLUS).format(tool=surplus["name"])


def _failed(call: Mapping[str, Any]) -> bool:
    return isinstance(call["output"], dict) and bool(call["output"].get("error"))


def _agreement(done: Mapping[str, Any], wanted: Mapping[str, Any]) -> int:
    return sum(done["arguments"].get(name) == value for name, value in wanted["arguments"].items())


# -- a call that was not made -----------------------------------------------------------------------------

_NOT_CALLED = (
    "`{tool}` was never called, although the request needs it.",
    "The request isn't finished without `{tool}`; call it before answering.",
    "Don't answer yet: `{tool}` is still to be called.",
)
_NOT_LOOKED_UP = (
    "Call `{tool}` first: the {what} for `{consumer}` has to come from its output, not be made up.",
    "The {what} that `{consumer}` got was made up. Look it up with `{tool}` and use what it returns.",
    "`{consumer}` needs a {what} that only `{tool}` can give; call `{tool}` before it.",
)


def _missing(wanted: Mapping[str, Any], attempt: Sequence[Any], solution: Sequence[Any], rng: Random) -> str:
    made = {call["name"] for call in attempt}
    for later in solution:
        for path, source in later["sources"].items():
            if source.get("tool") == wanted["name"] and later["name"] in made:
                return rng.choice(_NOT_LOOKED_UP).format(
                    tool=wanted["name"], consumer=later["name"], what=words_of(path)
                )
    return rng.choice(_NOT_CALLED).format(tool=wanted["name"])


# -- a call with other arguments --------------------------------------------------------------------------

_LEFT_OUT = (
    "`{tool}` was called without {name}, which the user asked for; pass it.",
    "The user also said what {name} should be; `{tool}` has to get it.",
    "Don't leave out {name} in `{tool}`: the message says what it is.",
)
_NOT_ASKED = (
    "`{tool}` got {name}, which nobody asked for; leave it out.",
    "Leave {name} out of `{tool}`: the user said nothing about it.",
)
_NOT_AS_SAID = (
    "Read the message again: {name} of `{tool}` is not what the user said.",
    "The {name} passed to `{tool}` is wrong; take the value that the user gives for it, exactly as written.",
    "`{tool}` got the wrong {name}. The message says what it should be.",
)
_NOT_CHOSEN = (
    "`{tool}` got the wrong {name}: in the output of `{provider}`, take the record with the {extreme} {key}.",
    "For {name} of `{tool}`, compare the records that `{provider}` returned and pick the one with the {extreme} {key}.",
)
_NOT_FROM_OUTPUT = (
    "The {name} of `{tool}` must come from the output of `{provider}`.",
    "`{tool}` needs the {name} that `{provider}` returned, not another value.",
)
_NOT_FROM_BEFORE = (
    "The {name} of `{tool}` refers to something earlier in the conversation; take it from there.",
    "Look back in the conversation for the {name} that `{tool}` needs.",
)


def _differences(
    done: Mapping[str, Any], wanted: Mapping[str, Any], solution: Sequence[Any], rng: Random
) -> Iterator[str]:
    for name in wanted["arguments"]:
        if name not in done["arguments"]:
            if wanted["sources"].get(name, {}).get("source") != "default":
                yield rng.choice(_LEFT_OUT).format(tool=wanted["name"], name=f"`{name}`")
        elif done["arguments"][name] != wanted["arguments"][name]:
            yield _wrong_value(name, wanted, rng)
    for name in done["arguments"]:
        if name not in wanted["arguments"]:
            yield rng.choice(_NOT_ASKED).format(tool=wanted["name"], name=f"`{name}`")


def _wrong_value(name: str, wanted: Mapping[str, Any], rng: Random) -> str:
    source: Mapping[str, Any] = next((s for path, s in wanted["sources"].items() if top(path) == name), {})
    words = {"tool": wanted["name"], "name": f"`{name}`", "provider": source.get("tool", "an earlier call")}
    choice = source.get("choice") or {}
    if source.get("source") == "output" and "tool" not in source:
        return rng.choice(_NOT_FROM_BEFORE).format(**words)
    if source.get("source") == "output" and choice.get("by") in ("min", "max"):
        extreme = "smallest" if choice["by"] == "min" else "largest"
        return rng.choice(_NOT_CHOSEN).format(
            **words, extreme=extreme, key=words_of(choice.get("key") or "value")
        )
    if source.get("source") == "output":
        return rng.choice(_NOT_FROM_OUTPUT).format(**words)
    if source.get("source") == "earlier_query":
        return rng.choice(_NOT_FROM_BEFORE).format(**words)
    return rng.choice(_NOT_AS_SAID).format(**words)


# -- order, and too much ----------------------------------------------------------------------------------

_EARLY = (
    "`{tool}` failed because it was called too early; call {before} first, then `{tool}`.",
    "The order is wrong: `{tool}` can only be called after {before}.",
)
_AGAIN = (
    "`{tool}` was called once too often; call it only once.",
    "Don't repeat `{tool}`: the user asked for it only once.",
)
_SURPLUS = (
    "Nobody asked for `{tool}`; leave that call out.",
    "`{tool}` is not needed here, don't call it.",
)


def _too_early(
    wanted: Mapping[str, Any], attempt: Sequence[Any], solution: Sequence[Any], rng: Random
) -> str:
    names = [call["name"] for call in solution]
    before = [f"`{name}`" for name in dict.fromkeys(names[: names.index(wanted["name"])])]
    return rng.choice(_EARLY).format(tool=wanted["name"], before=english.joined(before) or "what it needs")


# -- the calls are right, something else is not -----------------------------------------------------------


def _about_rules(differences: Sequence[str]) -> str:
    text = differences[0] if differences else ""
    code = text.split(":", 1)[0]
    if code in _RULES:
        return _RULES[code]
    return "Go through the request again and check each argument against the message and the outputs."


_RULES = {
    "silent_thought": "In each thought, name the values that the calls get and say where they come from.",
    "ungrounded_thought": "Write no number, id or quotation in a thought that has not come up by then.",
    "ungrounded_answer": "Write no number, id or quotation in the answer that is not in an output or in the message.",
    "missing_thought": "Begin every message with a thought.",
    "missing_answer": "End with an answer to the user.",
    "forbidden_phrase": "Speak only of the user, the conversation and the tools.",
    "too_many_steps": "Come to an answer sooner: put independent calls into one message.",
    "unreadable_call": "Write each call as one JSON object with name and arguments inside its own tags.",
}
