"""Tables of a run's numbers, at its end and in ``explain``: what was kept, and what the models cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from funreason_plugin.synthesis.pipeline import Summary

__all__ = ["final_table", "ledger_table", "money", "phase_line", "short", "span"]


def final_table(summary: Summary) -> Table:
    """What a run did, in a few rows."""
    table = Table(title="synthesis", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    table.add_row("trajectories kept", f"{summary.kept:,}")
    table.add_row("attempts", f"{summary.attempts:,} ({summary.accept_rate:.1%} accepted)")
    table.add_row("turns, calls", f"{summary.turns:,}, {summary.calls:,}")
    table.add_row("train, val", f"{summary.splits.get('train', 0):,}, {summary.splits.get('val', 0):,}")
    if summary.variants:
        counts = ", ".join(f"{name} {count:,}" for name, count in summary.variants.items())
        table.add_row("with a variant", counts)
    for name, environments in summary.variants_missing.items():
        table.add_row(f"without {name}", ", ".join(environments))
    table.add_row("tools in kept calls", f"{len(summary.tools)}")
    if summary.tools_never_kept:
        table.add_row(
            "tools in none",
            ", ".join(summary.tools_never_kept[:6]) + " …" * (len(summary.tools_never_kept) > 6),
        )
    for phase, codes in summary.rejections.items():
        most = ", ".join(
            f"{code} {count:,}" for code, count in sorted(codes.items(), key=lambda item: -item[1])[:3]
        )
        table.add_row(f"rejected turns, {phase}", most)
    if summary.ledger:
        table.add_row("turns passed", phase_line(summary.phases))
        for name, value in _paid(summary.ledger):
            table.add_row(name, value)
    for name, size in summary.bytes.items():
        table.add_row(f"on disk, {name}", f"{size / 1e6:.1f} MB")
    pace = f"{summary.per_minute:,.{0 if summary.per_minute >= 10 else 1}f}"
    table.add_row("time", f"{span(summary.seconds)} ({pace} trajectories a minute)")
    return table


def phase_line(phases: Mapping[str, Mapping[str, float]]) -> str:
    """ "sampling 98%, advanced_tool 99%, query 91%, chain 72%" """
    return ", ".join(f"{phase} {row['rate']:.0%}" for phase, row in phases.items() if row["reached"])


def _paid(ledger: Mapping[str, Any]) -> list[tuple[str, str]]:
    total, currency = ledger["total"], ledger["currency"]
    counts = [f"{total[key]:,} {key}" for key in ("retries", "failed") if total[key]]
    rows = [("requests", f"{total['requests']:,}" + (f" ({', '.join(counts)})" if counts else ""))]
    if total["replayed"]:
        rows.append(("replies replayed", f"{total['replayed']:,}"))
    cached = f" ({short(total['cached_tokens'])} cached)" if total["cached_tokens"] else ""
    tokens = f"{short(total['input_tokens'])} in{cached}, {short(total['output_tokens'])} out"
    rows.append(("tokens", tokens))
    if ledger["tokens_per_kept"] is not None:
        rows.append(("tokens per kept trajectory", f"{ledger['tokens_per_kept']:,}"))
    if total["cost"] is not None:
        rows.append(("cost", f"{money(total['cost'])} {currency}"))
        if ledger["cost_per_kept"] is not None:
            rows.append(("cost per kept trajectory", f"{money(ledger['cost_per_kept'])} {currency}"))
    return rows


def ledger_table(ledger: Mapping[str, Any], title: str) -> Table:
    """One row for each agent, and the total."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("agent")
    table.add_column("phase", style="dim")
    for name in (
        "requests",
        "retries",
        "failed",
        "replayed",
        "tokens in",
        "cached",
        "out",
        "p50, p90, p99 (s)",
    ):
        table.add_column(name, justify="right")
    priced = ledger["total"]["cost"] is not None
    if priced:
        table.add_column(f"cost ({ledger['currency']})", justify="right")
    for agent, row in [*ledger["agents"].items(), ("total", ledger["total"])]:
        seconds = row["seconds"]
        table.add_row(
            agent,
            row.get("phase", ""),
            *(f"{row[key]:,}" for key in ("requests", "retries", "failed", "replayed")),
            *(short(row[key]) for key in ("input_tokens", "cached_tokens", "output_tokens")),
            ", ".join(f"{value:.3g}" for value in seconds.values() if value is not None),
            *([money(row["cost"])] if priced else []),
            style="bold" if agent == "total" else "",
        )
    return table


def money(amount: float) -> str:
    """Two decimals; more for small amounts: "1,234.50", "0.0123"."""
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:#.3g}"


def short(count: float) -> str:
    """ "950", "12.3k", "4.56M", "1.20G" """
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            value = count / size
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{unit}"
    return f"{count:,.0f}"


def span(seconds: float) -> str:
    """ "8.4 s", "12 min 30 s", "7 h 5 min", "3 d 4 h" """
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if seconds < 86_400:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    return f"{int(seconds // 86_400)} d {int(seconds % 86_400 // 3600)} h"
