"""The documents: their fenced blocks, the commands in these, and which of them a test runs.

A comment on the line before a block says what a test does with it, and is not seen in the page:

    <!-- run -->            its commands are run, or its Python
    <!-- run, compare -->   a console block: what it shows is printed
    <!-- file: NAME -->     it is written to that file, for later blocks
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile, groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [ROOT / "README.md", *PAGES, *sorted((ROOT / "examples").glob("*/*.md"))]
_FENCE = re.compile(r"^( *)(`{3,})(\w*)\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``mark`` is what the comment before it says, or ""."""

    path: Path
    line: int
    language: str
    text: str
    mark: str = ""

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command of a bash, sh or console block, without comments and variables before it."""
        if self.language == "console":
            lines = re.findall(r"^\$ ((?:.*\\\n)*.*)", self.text, re.MULTILINE)
        elif self.language in ("bash", "sh"):
            lines = self.text.replace("\\\n", " ").splitlines()
        else:
            return []
        found, begun = [], ""
        for line in lines:
            try:
                words = shlex.split(begun + line.replace("\\\n", " "), comments=True)
            except ValueError:  # a quotation over several lines
                begun += line + "\n"
                continue
            begun = ""
            for separator, group in groupby(words, lambda word: word in ("&&", "do", "done")):
                own = [*dropwhile(re.compile(r"[A-Z_]+=").match, group)]
                if own and not separator:
                    found.append(own)
        return found

    @property
    def printed(self) -> list[str]:
        """The lines of a console block that are output, without what stands for left-out lines."""
        lines = re.sub(r"^\$ (?:.*\\\n)*.*\n?", "", self.text, flags=re.MULTILINE).splitlines()
        return [line.rstrip() for line in lines if line.strip() not in ("", "…")]


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a document, in order."""
    lines = path.read_text("utf-8").splitlines()
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        if opened is None:
            number += 1
            continue
        indent, fence, language = opened.groups()
        start = number + 1
        while lines[number := number + 1].rstrip() != indent + fence:
            pass
        text = "".join(f"{line[len(indent) :]}\n" for line in lines[start:number])
        mark = re.fullmatch(r" *<!-- (.+) -->", lines[start - 2]) if start >= 2 else None
        yield Block(path, start, language, text, mark[1] if mark else "")
        number += 1


def commands(path: Path) -> list[list[str]]:
    """All commands of a document."""
    return [words for block in blocks(path) for words in block.commands]
