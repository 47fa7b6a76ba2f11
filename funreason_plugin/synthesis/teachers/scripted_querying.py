"""A_Q, scripted: the hard query, from the advanced tool, the outline and the noise."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from funreason_plugin.synthesis.plan import Plan
from funreason_plugin.synthesis.teachers import scripted_frames as frames
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_around import around
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_naming import Past
from funreason_plugin.synthesis.teachers.scripted_phrasing import EMPTY, Phrasing
from funreason_plugin.synthesis.teachers.scripted_reader import Reading, read_query, words_of

__all__ = ["Draft", "credentials", "spoken_calls", "write_query"]

DRAFTS = 5
ROUNDS = 4
"""Drafts of which the one is taken whose length is nearest to what is wished for."""
NEAR = 0.08


def write_query(
    plan: Plan,
    values: Mapping[str, Any],
    lexicon: Lexicon,
    noise: Mapping[str, Any],
    past: Past,
    rng: Random,
    drafting: Callable[..., Draft] | None = None,
    reading: Callable[[str, Plan, Lexicon], Reading] = read_query,
) -> str:
    """The request; of several, where a length is wished for, the one that comes nearest to it and reads well."""
    drafting, wished = drafting or Draft, noise.get("characters", 0)
    drafts: list[tuple[bool, int, str]] = []
    for _ in range(ROUNDS if wished else 1):
        text, misread = _written(
            values,
            lambda quoted: drafting(plan, values, lexicon, noise, past, rng, quoted).text(),
            lambda text: reading(text, plan, lexicon).values,
        )
        drafts.append((misread, abs(len(text) - wished), text))
        if not misread and drafts[-1][1] <= NEAR * wished:
            break
    return min(drafts, key=lambda draft: draft[:2])[2]


def _written(
    values: Mapping[str, Any],
    drafted: Callable[[Collection[str]], str],
    read_back: Callable[[str], Mapping[str, Any]],
) -> tuple[str, bool]:
    """Draft, read the draft, and word anew what would be misread: in quotes, in another clause. Whether it still is."""
    quoted: set[str] = set()
    draft, wrong = "", set[str]()
    for _ in range(DRAFTS):
        draft = drafted(quoted)
        read = read_back(draft)
        said = {name: value for name, value in values.items() if value not in EMPTY}
        wrong = {name for name, value in said.items() if not _same(read.get(name), value)}
        if not wrong:
            break
        quoted |= wrong
    return draft, bool(wrong)


def _same(read: Any, value: Any) -> bool:
    if isinstance(value, bool) or isinstance(read, bool):
        return read is value
    return bool(read == value)


# -- which calls are spoken of ----------------------------------------------------------------------------

_SECRET = re.compile(r"user_?name|user|pass(?:word|code|phrase)|\bpin\b|_pin|pin_|token|secret|client_id|login|email|first_name|last_name|grant", re.I)  # fmt: skip


def credentials(plan: Plan, asked: Collection[int]) -> list[int]:
    """The calls that only say who somebody is: not asked for, nothing is taken from them, and there is just one.

    Their arguments are stated ("my PIN is 4711"); several of them would be mixed up.
    """
    feeding = fed_by(plan)
    found = []
    for index, call in enumerate(plan.calls):
        inputs = [path for path, source in call.arguments.items() if source.kind == "input"]
        if (
            inputs
            and index not in asked
            and index not in feeding
            and all(_SECRET.search(path) for path in inputs)
        ):
            found.append(index)
    return found if len(found) == 1 else []


def goals(plan: Plan) -> list[int]:
    """The calls that were asked for."""
    return [index for index, call in enumerate(plan.calls) if call.asked]


def fed_by(plan: Plan) -> set[int]:
    """The calls whose outputs other calls take."""
    return {
        source.call for call in plan.calls for source in call.arguments.values() if source.kind == "output"
    }


def spoken_calls(plan: Plan, lexicon: Lexicon) -> list[int]:
    """The calls that get a clause: goals, and support that a user has to want for itself."""
    feeding, stated = fed_by(plan), credentials(plan, goals(plan))
    spoken = []
    for index, call in enumerate(plan.calls):
        if call.asked:
            spoken.append(index)
        elif index not in stated:
            writes = lexicon[call.tool].spec.writes
            if (index in feeding and writes) or (index not in feeding and call.given):
                spoken.append(index)
    return spoken


# -- one draft --------------------------------------------------------------------------------------------

_REPORTING = frozenset(
    re.findall(r"\w+", "tell show give let list name read walk remind inform bring fetch hand pull keep make")
)
_FOR_USER = re.compile(r"\b(?:me|you|your)\b")


@dataclass(slots=True)
class Draft:
    """One wording of a whole query."""

    plan: Plan
    values: Mapping[str, Any]
    lexicon: Lexicon
    noise: Mapping[str, Any]
    past: Past
    rng: Random
    quoted: Collection[str]

    def text(self) -> str:
        spoken = spoken_calls(self.plan, self.lexicon)
        deferred = self._deferred(spoken)
        phrasing = self.phrasing(spoken, deferred)
        clauses = [phrasing.clause(index) for index in spoken]
        asked = [self.plan.calls[index].asked for index in spoken]
        request = self._request(clauses, self._dependent(spoken), asked)
        details = self._statements(deferred, phrasing)
        secrets = self.credentials()
        parts = [request]
        if details:
            parts.insert(0 if self.noise["order"] == "details_first" else 1, details)
        if secrets:
            parts.insert(0 if self.noise["order"] == "details_first" else len(parts), secrets)
        writes = any(self.lexicon[self.plan.calls[index].tool].spec.writes for index in spoken)
        parts = around(parts, writes, self.noise, self.past, self.rng)
        return _QUOTED_STOP.sub(r"\1", " ".join(parts))

    def phrasing(self, spoken: Collection[int], deferred: Collection[tuple[int, str]]) -> Phrasing:
        """What puts the plan into words."""
        return Phrasing(
            self.plan,
            self.values,
            self.lexicon,
            self.rng,
            spoken=spoken,
            past=self.past,
            quoted=self.quoted,
            deferred=deferred,
        )

    # -- the request ----------------------------------------------------------------------------------

    def _request(self, clauses: Sequence[str], dependent: Sequence[bool], asked: Sequence[bool]) -> str:
        if not clauses:
            return "Please get me signed in."
        rng, count = self.rng, len(clauses)
        if count in frames.LISTS and rng.random() < 0.2:
            return rng.choice(frames.LISTS[count]).format(*clauses)
        first = next((number for number, goal in enumerate(asked) if goal), 0)
        if 0 < first < 3 and rng.random() < 0.7:  # what only prepares the ground is said plainly, and first
            lead = rng.choice(frames.LEADS).format(C=english.capital(clauses[0]), c=clauses[0])
            lead += "".join(f" {rng.choice(frames.LEADS_ON).format(c=clause)}" for clause in clauses[1:first])
        else:
            first, lead = 0, ""
        form, own = self._form(clauses[first])
        text = _fill(form, clauses[first])
        tight = form.endswith(("{c}.", "{c}?", "{C}."))
        for number in range(first + 1, count):
            joins = frames.JOINS["then" if dependent[number] or rng.random() < 0.25 else "also"]
            if not tight or (own and not self._ownable(clauses[number])):
                joins = tuple(join for join in joins if join.startswith("."))
            join = rng.choice(joins)
            if join.startswith("."):
                text = f"{text} {join[2:].format(c=clauses[number])}."
            else:
                text = f"{text[:-1]}{join.format(c=clauses[number])}{text[-1]}"
            tight = False
        return f"{lead} {text}".strip()

    def _form(self, clause: str) -> tuple[str, bool]:
        """A form for the first clause, and whether the user is the one who acts in it."""
        kind = self.noise["indirection"]
        if ":" in re.sub(r"\d:\d", "", clause):  # "open my file: I'm Ada" leaves no room for more
            forms = [
                form for form in frames.FORMS["direct"] if ":" not in form and form.lower().endswith("{c}.")
            ]
            return self.rng.choice(forms), False
        if not self._ownable(clause):
            return self.rng.choice(frames.FORMS[kind]), False
        own = frames.OWN_FORMS[kind]
        form = self.rng.choice(frames.FORMS[kind] + (own if kind in ("direct", "question") else own * 2))
        return form, form in own

    def _ownable(self, clause: str) -> bool:
        return clause.partition(" ")[0] not in _REPORTING and not _FOR_USER.search(
            re.sub(r'"[^"]*"', "", clause)
        )

    def _dependent(self, spoken: Sequence[int]) -> list[bool]:
        """Whether each spoken call builds on an earlier spoken one, directly or not."""
        reach: dict[int, set[int]] = {}
        for index, call in enumerate(self.plan.calls):
            fed = {source.call for source in call.arguments.values() if source.kind == "output"}
            reach[index] = fed.union(*(reach.get(other, set()) for other in fed))
        return [bool(reach[index] & set(spoken)) for index in spoken]

    # -- statements -----------------------------------------------------------------------------------

    def _deferred(self, spoken: Sequence[int]) -> set[tuple[int, str]]:
        """Arguments that are said in a sentence of their own."""
        late = self.noise["order"] != "natural"
        names = [name for index in spoken for name in self.plan.calls[index].given]
        found: set[tuple[int, str]] = set()
        for index, call in enumerate(self.plan.calls):
            entry = self.lexicon[call.tool]
            for path, source in call.arguments.items():
                if source.kind != "input" or path not in entry.params:
                    continue
                if late and index in spoken and names.count(path) == 1 and not entry.params[path].required:
                    value = self.values.get(source.name)
                    plain = value not in EMPTY and not isinstance(value, (bool, list, dict))
                    if plain and english.is_noun(words_of(path)) and self.rng.random() < 0.7:
                        found.add((index, path))
        return found

    def _statements(self, deferred: Collection[tuple[int, str]], phrasing: Phrasing) -> str:
        sentences = []
        for index, name in sorted(deferred):
            early = self.noise["order"] == "details_first"
            frame = self.rng.choice(frames.STATEMENTS["early" if early else "thing"])
            value = phrasing.argument(index, name)
            label = words_of(name)
            sentences.append(frame.format(name=label, Name=english.capital(label), value=value))
        return " ".join(sentences)

    def credentials(self) -> str:
        """A sentence that says who the user is, where the plan needs one."""
        pairs = []
        for index in credentials(self.plan, goals(self.plan)):
            for path, source in self.plan.calls[index].arguments.items():
                if source.kind == "input":
                    text = english.spoken(self.values.get(source.name))
                    pairs.append((words_of(path), f'"{text}"' if source.name in self.quoted else text))
        if not pairs:
            return ""
        if len(pairs) == 1:
            return self.rng.choice(frames.STATEMENTS["own"]).format(name=pairs[0][0], value=pairs[0][1])
        stated = english.joined([f"my {name} is {value}" for name, value in pairs])
        lead = self.rng.choice(("", "", "For the record, ", "You'll need this: ", "To sign in: "))
        return (lead + stated if lead else english.capital(stated)) + "."


_QUOTED_STOP = re.compile(r"([.?!][\"”])\.(?=\s|\Z)")


def _fill(form: str, clause: str) -> str:
    return form.format(c=clause, C=english.capital(clause), g=english.gerund(clause) if "{g}" in form else "")
