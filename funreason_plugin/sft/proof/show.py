"""A proof as a person reads it: what is trained, how long the rows are, a sample, and what is wrong, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from funreason_plugin.sft.proof.compare import form_of
from funreason_plugin.sft.proof.findings import KINDS, Sample, Tally

if TYPE_CHECKING:
    from rich.console import Console

    from funreason_plugin.sft.proof.run import Proof

__all__ = ["show"]

BINS = 8
MASKED, TRAINED = "  ", "▌ "
HEAD, TAIL, RESPONSE = 10, 12, 60
"""Lines of a sample's prompt that are shown at its beginning and end, and of its response."""


def show(proof: Proof, console: Console) -> None:
    """Print a proof; the last line says whether training would be what the data says."""
    for sample in proof.tally.samples:
        _sample(sample, console)
    _summary(proof, console)
    _lengths(proof.tally, proof.cutoff, console)
    for note in proof.recipe.notes:
        console.print(f"note: {note}", style="yellow", markup=False, soft_wrap=True)
    for text, first in proof.tally.noted.items():
        console.print(
            f"note: {first.count:,} rows: {text}; first {first.where}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    _problems(proof, console)


def _summary(proof: Proof, console: Console) -> None:
    tally = proof.tally
    form = form_of(proof.template)
    names = ", ".join(
        f"{source.name} ({source.attributes.formatting}{'' if source.name in proof.recipe.datasets else ', evaluation'})"
        for source in proof.sources
    )
    against = f"compared to the letter with form {form}" if form else "searched for every text of the row"
    lines = [
        f"{names}; template {proof.template}, {against}",
        f"tokenizer {proof.recipe.tokenizer}",
        f"{tally.rows:>12,}  rows"
        + (f" (the first {proof.limit:,} of each data set)" if proof.limit else ""),
        f"{tally.rendered:>12,}  rendered, {tally.rows - tally.rendered:,} dropped or stopped at",
        f"{tally.one_segment:>12,}  with one stretch of loss, to the end of the row",
        f"{tally.thoughts_trained:>12,}  of {tally.thoughts_stated:,} responses with a thought have it trained",
        f"{tally.histories_with_thoughts:>12,}  with thoughts in the history of the data",
    ]
    if tally.tokens:
        rest = tally.loss_tokens - tally.thought_tokens
        share = tally.thought_tokens / max(tally.loss_tokens, 1)
        lines += [
            f"{tally.tokens:>12,}  tokens, {tally.loss_tokens:,} with loss ({tally.loss_tokens / tally.tokens:.1%})",
            f"{tally.thought_tokens:>12,}  of these in thoughts ({share:.0%}), {rest:,} in answers and calls ({1 - share:.0%})",
        ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _lengths(tally: Tally, cutoff: int, console: Console) -> None:
    """Percentiles and a histogram of the rows' lengths in tokens, before anything is cut."""
    if not tally.lengths:
        return
    longest = max(tally.lengths)
    named = ((0.5, "50%"), (0.9, "90%"), (0.99, "99%"))
    shown = ", ".join(f"{name} {tally.percentile(share):,}" for share, name in named)
    enough = (
        f"cutoff_len: {cutoff:,} is enough"
        if longest <= cutoff
        else f"cutoff_len: {longest:,} would be enough"
    )
    console.print(f"tokens in a row: {shown}, longest {longest:,}; {enough}", markup=False, soft_wrap=True)
    low = min(tally.lengths)
    width = max(1, -(-(longest - low + 1) // BINS))
    bins: dict[int, int] = {}
    for length, count in tally.lengths.items():
        bins[(length - low) // width] = bins.get((length - low) // width, 0) + count
    for number in range(max(bins) + 1):
        count = bins.get(number, 0)
        start = low + number * width
        bar = "█" * round(30 * count / max(bins.values()))
        mark = "  over cutoff_len" if start > cutoff else ""
        console.print(
            f"{start:>8,} – {start + width - 1:>8,} {count:>9,} {bar}{mark}", markup=False, soft_wrap=True
        )


def _problems(proof: Proof, console: Console) -> None:
    found = proof.tally.found
    lines = [f"{finding.kind}: {finding.what}. {KINDS[finding.kind]}" for finding in proof.recipe.findings]
    for kind in KINDS:
        if kind in found:
            first = found[kind]
            rows = f"{first.count:,} of {proof.tally.rows:,} rows"
            lines.append(f"{kind}: {rows}, first {first.where}: {_plain(first.what)}. {KINDS[kind]}")
    for line in lines:
        console.print(line, style="red", markup=False, soft_wrap=True)
    if not lines:
        console.print("training sees what the data says", style="green")
        return
    bad = proof.tally.bad
    rows = f" in {bad:,} of {proof.tally.rows:,} rows" if bad else ""
    console.print(
        f"training would differ from what the data says{rows}: {len(lines)} kind{'s' if len(lines) > 1 else ''} of problem",
        style="red",
        soft_wrap=True,
    )


def _sample(sample: Sample, console: Console) -> None:
    """A row's text, its trained lines marked and in colour; a long prompt is shown in part."""
    console.print(
        f"{sample.where} as training sees it; lines marked {TRAINED.strip()} have loss:", markup=False
    )
    for text, trained in sample.parts:
        lines = _plain(text).removesuffix("\n").split("\n")
        head, tail = (RESPONSE, 0) if trained else (HEAD, TAIL)
        left_out = len(lines) - head - tail
        if left_out > 1:
            lines = [*lines[:head], f"[… {left_out:,} lines …]", *lines[len(lines) - tail :]]
        for line in lines:
            mark, style = (TRAINED, "green") if trained else (MASKED, "dim")
            console.print(Text(mark + line, style=style), soft_wrap=True)


def _plain(text: str) -> str:
    """Without characters that would steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)
