"""What was measured, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from funreason_plugin.quality.tally import Quality

__all__ = ["show"]

_MOST = 10


def show(quality: Quality, console: Console) -> None:
    """Counts first, then the first places of each."""
    lines = [f"{quality['records']:,} records, {quality['turns']:,} turns, {quality['calls']:,} calls"]
    if quality["unreadable"]:
        lines.append(f"{quality['unreadable']:,} more have nothing to compare, or cannot be read")
    repeated = quality["duplicates"]
    counts = ", ".join(f"{repeated[kind]:,} {kind}" for kind in ("exact", "near", "structural"))
    lines.append(f"duplicates: {counts}")
    for entry in repeated["found"][:_MOST]:
        lines.append(f"  {entry['place']}: {entry['kind']} ({entry['similarity']:.0%}) of {entry['first']}")
    found = quality["contamination"]
    names = " and ".join(f"{about['name']} ({about['queries']:,} queries)" for about in found["references"])
    lines.append(f"contamination, against {names}: {found['records']:,} records")
    lines += [f"  {kind}: {count:,} records" for kind, count in found["kinds"].items() if count]
    for entry in found["found"][:_MOST]:
        turn = "" if entry["turn"] is None else f" turn {entry['turn']}"
        lines.append(f"  {entry['place']}{turn}: {entry['kind']} {entry['detail']}")
    if found["declared"]:
        lines.append(f"{found['declared']:,} records share tools or states, as their labels say")
    if found["tool_names"]:
        lines.append(
            f"only the name is shared of {len(found['tool_names'])} tools: {', '.join(found['tool_names'])}"
        )
    for what in ("labels", "variants"):
        if counts := ", ".join(
            f"{name} {count:,}" for name, count in quality["labels"].get(what, {}).items()
        ):
            lines.append(f"{what}: {counts}")
    for line in lines:
        console.print(Text(line), soft_wrap=True)
