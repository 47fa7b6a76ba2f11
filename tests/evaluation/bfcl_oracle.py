"""A model that knows BFCL's answers: it tells entry and turn from the prompt, as the stub server's `answer`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from funreason_plugin.environments.bfcl.package import package_path
from funreason_plugin.rendering import END, START

Written = Callable[[list[str], str, int], str]
"""The truth's calls of a turn (none where nothing is to be called), the entry's id and the turn to a response."""
_USER = re.compile(re.escape(f"{START}user\n") + "(.*?)" + re.escape(END), re.DOTALL)


def truths(category: str) -> dict[str, list[list[str]]]:
    """The call strings of every turn by id, positional arguments and all."""
    path = package_path() / "data/possible_answer" / f"BFCL_v4_{category}.json"
    rows = map(json.loads, path.read_text().splitlines())
    return {row["id"]: row["ground_truth"] for row in rows}


def spoken(category: str) -> dict[str, list[str]]:
    """What the user says in every turn by id; "" where tools are offered."""
    path = package_path() / "data" / f"BFCL_v4_{category}.json"
    rows = map(json.loads, path.read_text().splitlines())
    return {row["id"]: [turn[0]["content"] if turn else "" for turn in row["question"]] for row in rows}


def as_list(calls: list[str], entry: str = "", turn: int = 0) -> str:
    """A thought, and the truth as it stands in BFCL's file."""
    return (
        f"\nSo be it.\n</think>\n\n[{', '.join(calls)}]" if calls else "\nNo.\n</think>\n\nI cannot do that."
    )


def oracle(
    category: str, ids: Iterable[str] | None = None, write: Written = as_list
) -> Callable[..., tuple[str, str]]:
    """Answers for entries of one category (several of which share their queries)."""
    known, said = truths(category), spoken(category)
    wanted = list(known if ids is None else ids)

    def answer(text: str, number: int) -> tuple[str, str]:
        users = _USER.findall(text)
        turns = [user for user in users if not user.startswith("<tool_response>")]
        if users[-1].startswith("<tool_response>"):
            return "\n</think>\n\nDone.", "stop"
        fitting = [
            name
            for name in wanted
            if len(said[name]) >= len(turns)
            and all(not asked or asked == user for asked, user in zip(said[name], turns, strict=False))
        ]
        found = {tuple(known[name][len(turns) - 1]): name for name in fitting}
        assert len(found) == 1, (fitting, found)
        turn = len(turns) - 1
        return write(known[fitting[0]][turn], fitting[0], turn), "stop"

    return answer


def tokenizer(path: Path, *special: str) -> Path:
    """A small tokenizer with the tokens between messages, as a file."""
    made = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens([AddedToken(token, special=True) for token in special or (START, END)])
    made.save(str(path))
    return path
