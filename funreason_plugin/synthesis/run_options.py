"""Options of the synthesis command line: their panels, how one is written, and those that take more than a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DATA, TEACHERS, PROMPTS = "What is made", "Who plays the agents", "Prompts"
LIMITS, PLACES, RUN = "Limits and cost", "Where it runs", "This call"

ENVIRONMENTS = (
    "Environment: travel, files, shop, bank, clinic, bfcl, bfcl:CLASS, my_module:MyEnv, path/to/file.py:MyEnv, "
    "mcp:CONFIG.json, openapi:FILE_OR_URL, functions:my_module or class:my_module.Store. Several may follow, or repeat it."
)


def option(panel: str | None, text: str, *names: str, metavar: str | None = None) -> Any:
    """An option of the main command; None when it is not given, so that a file's value counts."""
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=panel, show_default=False)


Like = Annotated[
    str | None,
    option(
        DATA,
        "Shape of other conversations (turns, calls, tools, dependencies, lengths): bfcl, bfcl:base, or a file of your "
        "own. Flags win over it.",
        metavar="NAME|FILE",
    ),
]
Against = Annotated[
    list[Path],
    option(
        DATA,
        "Compare queries, tools and values with these as well, beside BFCL's, at the end. May be repeated.",
        metavar="FILE",
    ),
]
FailOnContamination = Annotated[
    bool | None,
    option(
        DATA,
        "Status 1 when a trajectory overlaps beyond what its labels say; all of it is written.",
        "--fail-on-contamination",
    ),
]
OneAgent = Annotated[
    list[str],
    option(
        TEACHERS,
        "Another teacher or model for one agent (tooling, querying, reasoning, critiquing), e.g. "
        "querying=openai:Qwen/Qwen3-4B or querying=scripted. Several may follow, or repeat it.",
        metavar="AGENT=TEACHER[:MODEL]…",
    ),
]
Duplicates = Annotated[
    str | None,
    option(
        DATA,
        "Which repetitions are made anew: keep (none), exact, near (MinHash; near:0.9), structural (other values "
        "only). (default: exact)",
        metavar="LEVEL",
    ),
]
