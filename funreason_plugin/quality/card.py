"""A data card: README.md with the metadata block that the Hugging Face hub reads, for synthesize, convert and mix.

    card = Card("my_data", "17,000 conversations …", records=17_000, configs=configs_of(folder))
    card.add("Licence", ["…"])
    card.write(folder / "README.md")

(https://huggingface.co/docs/hub/datasets-cards; a block's keys are those of its `DatasetCardData`.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import yaml

from funreason_plugin.faults import WRONG_RESPONSE
from funreason_plugin.variant_config import Variant

__all__ = ["Card", "configs_of", "in_domain_lines", "table"]

TAGS: Final = ("function-calling", "tool-use", "multi-turn", "agent", "funreason-plugin")
MARK: Final = (
    "<!-- written by funreason_plugin, and written again by it: take this line out to keep your changes -->"
)
_SIZES: Final = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
)
_LICENCES: Final = ("apache-2.0", "mit", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-sa-4.0", "cc0-1.0")
_SPLITS: Final = {"train": "train", "val": "validation"}


@dataclass(slots=True)
class Card:
    """``licence`` as its source writes it; "" stands for one that is still to be chosen."""

    title: str
    summary: str
    records: int
    configs: list[dict[str, Any]] = field(default_factory=list)
    licence: str = ""
    tags: Sequence[str] = ()
    _lines: list[str] = field(default_factory=list)

    def add(self, heading: str, lines: Iterable[str]) -> None:
        """A section; one without lines is left out."""
        lines = [*lines]
        if lines:
            self._lines += ["", *([f"## {heading}", ""] if heading else []), *lines]

    def text(self) -> str:
        """The card."""
        licence = self.licence.lower()
        data: dict[str, Any] = {"pretty_name": self.title, "license": licence}
        if licence not in _LICENCES:
            data["license"] = "other"
            data["license_name"] = "see-below" if licence else "to-be-chosen"
        data |= {
            "language": ["en"],
            "task_categories": ["text-generation"],
            "size_categories": [next((name for most, name in _SIZES if self.records < most), "n>100M")],
            "tags": [*TAGS, *self.tags],
        }
        if self.configs:
            data["configs"] = self.configs
        head = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=1000)
        body = "\n".join([f"# {self.title}", "", self.summary, *self._lines])
        return f"---\n{head}---\n\n{body}\n\n{MARK}\n"

    def write(self, path: Path) -> bool:
        """Write it; a card that somebody has made their own (without the mark) stays, which returns False."""
        if path.is_file() and MARK not in path.read_text("utf-8", "replace"):
            return False
        path.write_text(self.text(), "utf-8", "backslashreplace", "\n")
        return True


def configs_of(folder: Path) -> list[dict[str, Any]]:
    """The configurations of what lies in a folder: one for each kind of rows, with its splits; the first is loaded
    unless another is named."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    info = folder / "llamafactory" / "dataset_info.json"
    if info.is_file():
        splits = []
        for name, entry in json.loads(info.read_bytes()).items():
            split = "val" if name.endswith("_val") else "train"
            splits.append((split, f"llamafactory/{entry['file_name']}/*.parquet"))
        found.append(("llamafactory", splits))
    for kind, ending in (("verl", "parquet"), ("openai", "jsonl")):
        files = [(split, f"{kind}/{split}.{ending}") for split in _SPLITS]
        files = [(split, path) for split, path in files if (folder / path).is_file()]
        if files:
            found.append((kind, files))
    return [
        {
            "config_name": kind,
            **({"default": True} if number == 0 else {}),
            "data_files": [{"split": _SPLITS[split], "path": path} for split, path in files],
        }
        for number, (kind, files) in enumerate(found)
    ]


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table of Markdown; none without rows."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *lines] if lines else []


def in_domain_lines(labels: dict[str, int], of: int, what: str = "trajectories") -> list[str]:
    """What the labels of a benchmark mean for whoever measures with it."""
    lines = []
    for label, count in sorted(labels.items()):
        if not count:
            continue
        kind, _, name = label.partition(":")
        if kind == "in-domain":
            meaning = f"made with the tools of {name.upper()}, so a score on {name.upper()} is in-domain, not transfer"
        elif kind == "benchmark":
            meaning = f"entries of {name.upper()} itself: for evaluation, never for training what {name.upper()} measures"
        elif label in get_args(Variant):
            meaning = "with this variant"
        elif label == WRONG_RESPONSE:
            meaning = "in which a tool gives a wrong response on purpose"
        else:
            meaning = "labelled by their environment"
        lines.append(f"- `{label}`: {count:,} of {of:,} {what}, {meaning}.")
    return lines


def load_lines(configs: Sequence[dict[str, Any]]) -> list[str]:
    """How to load it with `datasets`."""
    if not configs:
        return []
    name = configs[0]["config_name"]
    names = ", ".join(f"`{config['config_name']}`" for config in configs)
    return [
        "```python",
        "from datasets import load_dataset",
        "",
        f'rows = load_dataset("path/or/name/on/the/hub", "{name}", split="train")',
        "```",
        "",
        f"Configurations: {names}.",
    ]


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
