"""A model that knows BFCL's answers: it tells entry and turn from the prompt, as the stub server's `answer`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from funreason_plugin.environments.bfcl.package import package_path
from funreason_plugin.rendering import END, START

Written = Callable[[list[str], str, int], str]
"""The truth's calls of a turn (none where nothing is to be called), the entry's id and the turn to a response."""
_USER = re.compile(re.escape(f"{START}user\n") + "(.*?)" + re.escape(END), re.DOTALL)


@cache
def rows(entry: str, folder: str = "") -> dict[str, dict[str, Any]]:
    """The rows of an entry's category by id."""
    path = package_path() / "data" / folder / f"BFCL_v4_{entry.rpartition('_')[0]}.json"
    return {row["id"]: row for row in map(json.loads, path.read_text().splitlines())}


def as_list(calls: list[str], entry: str = "", turn: int = 0) -> str:
    """A thought, and the truth as it stands in BFCL's file."""
    return (
        f"\nSo be it.\n</think>\n\n[{', '.join(calls)}]" if calls else "\nNo.\n</think>\n\nI cannot do that."
    )


def oracle(ids: Iterable[str], write: Written = as_list) -> Callable[[str, int], tuple[str, str]]:
    """Answers for these entries, of which no two may begin alike and go on otherwise."""
    wanted = list(ids)
    known = {name: rows(name, "possible_answer")[name]["ground_truth"] for name in wanted}
    asked = {
        name: [turn[0]["content"] if turn else "" for turn in rows(name)[name]["question"]] for name in wanted
    }  # "" where tools are offered

    def answer(text: str, number: int) -> tuple[str, str]:
        users = _USER.findall(text)
        turns = [user for user in users if not user.startswith("<tool_response>")]
        if users[-1].startswith("<tool_response>"):
            return "\n</think>\n\nDone.", "stop"
        fitting = [
            name
            for name in wanted
            if len(asked[name]) >= len(turns)
            and all(said in ("", user) for said, user in zip(asked[name], turns, strict=False))
        ]
        turn = len(turns) - 1
        assert len({tuple(known[name][turn]) for name in fitting}) == 1, fitting
        return write(known[fitting[0]][turn], fitting[0], turn), "stop"

    return answer


def tokenizer(path: Path, *special: str) -> Path:
    """A small tokenizer with the tokens between messages, as a file."""
    made = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens([AddedToken(token, special=True) for token in special or (START, END)])
    made.save(str(path))
    return path


def single_turn_truth(entry: str) -> str:
    """What the truth of a single-turn entry says: of each argument the first value that it accepts, no optional ones.

    Only texts, numbers and truth values in Java and JavaScript; a text where nothing is to be called.
    """
    if "irrelevance" in entry:
        return "I cannot do that."
    if "relevance" in entry:  # any call at all
        return f"[{rows(entry)[entry]['function'][0]['name']}()]"
    write = json.dumps if "java" in entry else repr
    calls = []
    for call in rows(entry, "possible_answer")[entry]["ground_truth"]:
        ((name, accepted),) = call.items()
        given = {key: _plain(values[0]) for key, values in accepted.items() if "" not in values}
        calls.append(f"{name}({', '.join(f'{key}={write(value)}' for key, value in given.items())})")
    return f"[{', '.join(calls)}]"


def _plain(value: Any) -> Any:
    """Of an object each key's first accepted value."""
    return {key: values[0] for key, values in value.items()} if isinstance(value, dict) else value


def single_turn(answers: Mapping[str, str]) -> Callable[[str, int], tuple[str, str]]:
    """Answers by entry, told by its last question; no two may end alike."""
    asked = {rows(name)[name]["question"][0][-1]["content"].strip(): name for name in answers}
    assert len(asked) == len(answers)

    def answer(text: str, number: int) -> tuple[str, str]:
        return f"\nSo be it.\n</think>\n\n{answers[asked[_USER.findall(text)[-1].strip()]]}", "stop"

    return answer
