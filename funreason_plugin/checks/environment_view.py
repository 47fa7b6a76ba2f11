"""How the check of an environment looks on a terminal: schemas first, findings last, where the eye is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from funreason_plugin.checks.environment import EnvironmentReport, Finding, Report

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def show(report: Report, console: Console) -> None:
    """Print a report."""
    for environment in report.environments:
        _schemas(environment, console)
        _tools(environment, console)
        _parameters(environment, console)
        _findings(environment, console)
    _summary(report, console)


def _schemas(environment: EnvironmentReport, console: Console) -> None:
    console.rule(f"[bold]{escape(environment.name)}[/] as the model sees it", align="left")
    if environment.policy:
        console.print(Padding(escape(environment.policy), (0, 0, 1, 0)))
    for tool in environment.tools:
        text = _compact(tool.schema)
        console.print(Syntax(text, "json", word_wrap=True, background_color="default"))
    console.print()


def _compact(value: Any, depth: int = 0) -> str:
    """JSON with a line per parameter: short parts stay on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + 2 * depth <= 100 or not isinstance(value, dict) or not value:
        return line
    inner = "  " * (depth + 1)
    rows = [f"{inner}{json.dumps(key)}: {_compact(item, depth + 1)}" for key, item in value.items()]
    return "{\n" + ",\n".join(rows) + "\n" + "  " * depth + "}"


def _tools(environment: EnvironmentReport, console: Console) -> None:
    table = Table(
        title=f"{environment.name}: calls in {environment.states} sampled states", title_justify="left"
    )
    table.add_column("tool")
    table.add_column("writes")
    for column in ("calls", "succeeded", "states", "median"):
        table.add_column(column, justify="right")
    for tool in environment.tools:
        table.add_row(
            escape(tool.name),
            "yes" if tool.writes else "",
            f"{tool.calls:,}",
            f"{tool.succeeded:,}" if tool.succeeded else "[red]0[/]",
            str(tool.states),
            "" if tool.seconds is None else _time(tool.seconds),
        )
    console.print(table)


def _parameters(environment: EnvironmentReport, console: Console) -> None:
    table = Table(title=f"{environment.name}: where the values of parameters come from", title_justify="left")
    for column in ("parameter", "values from"):
        table.add_column(column, no_wrap=True)
    table.add_column("such as")
    for tool in environment.tools:
        for label, (source, examples) in tool.sources.items():
            colour = {"invented": "yellow", "nobody": "red"}.get(source, "")
            text = f"[{colour}]{escape(source)}[/]" if colour else escape(source)
            table.add_row(escape(f"{tool.name}.{label}"), text, escape(_few(examples)))
    if table.row_count:
        console.print(table)


def _few(examples: list[str]) -> str:
    """As many examples as fit in a third of a line."""
    text = ", ".join(examples)
    while len(text) > 40 and len(examples) > 1:
        examples = examples[:-1]
        text = ", ".join(examples) + ", …"
    return text if len(text) <= 40 else text[:39] + "…"


def _findings(environment: EnvironmentReport, console: Console) -> None:
    for finding in environment.findings:
        console.print(_finding(finding), soft_wrap=True)
    if environment.findings:
        console.print()


def _finding(finding: Finding) -> str:
    colour = _COLOURS[finding.severity]
    where = f"{finding.environment}.{finding.where}" if finding.where else finding.environment
    lines = [
        f"[{colour}]{finding.severity}[/] [bold]{escape(where)}[/] ({escape(finding.check)}): "
        f"{escape(finding.message)}",
        f"      [dim]at[/] {escape(finding.place)}",
    ]
    if finding.change:
        lines.append(f"  [dim]change[/] {escape(finding.change)}")
    return "\n".join(lines)


def _summary(report: Report, console: Console) -> None:
    counts = dict.fromkeys(_COLOURS, 0)
    for finding in report.findings:
        counts[finding.severity] += 1
    tools = sum(len(environment.tools) for environment in report.environments)
    calls = sum(environment.calls for environment in report.environments)
    distinct = ", ".join(f"{e.distinct} of {e.drawn}" for e in report.environments[:3])
    told = ", ".join(
        f"[{_COLOURS[severity]}]{number} {severity}{'' if number == 1 else 's'}[/]"
        if number
        else f"no {severity}s"
        for severity, number in counts.items()
    )
    verdict = "[bold green]ok[/]" if report.passed else "[bold red]failed[/]"
    console.print(
        f"{verdict}: {told}; {tools} tools, {calls:,} calls, {distinct} scenarios different; {report.seconds:.1f} s"
    )


def _time(seconds: float) -> str:
    if seconds < 0.001:
        return f"{1e6 * seconds:.0f} µs"
    return f"{1000 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
