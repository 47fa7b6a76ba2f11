"""What bfcl-eval evaluates of a model's answer: literals under tools' names, nothing else."""

from __future__ import annotations

import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.calls import ParsedCall
from funreason_plugin.evaluation.bfcl.calls import executable, looks_like_calls, positions, read
from funreason_plugin.python_calls import Malformed

CD = ParsedCall("cd", {"folder": "data"})


@pytest.mark.parametrize(
    "answer",
    [
        '[cd(folder="data")]',
        'cd(folder="data")',
        '```python\n[cd(folder="data")]\n```',
        '<tool_call>[cd(folder="data")]</tool_call>',
        'I go there.\n<tool_call>[cd(folder="data")]</tool_call>',
        '<tool_call>\n{"name": "cd", "arguments": {"folder": "data"}}\n</tool_call>',
        '[cd("data")]',
    ],
)
def test_calls_are_read_in_every_form(answer: str) -> None:
    assert read(answer, positions()) == [CD]


@pytest.mark.parametrize(
    "answer",
    [
        "I cannot do that.",
        'I go there: [cd(folder="data")]',
        '[cd(folder="data")] is done.',
        "[cd(folder=1 + 1)]",
        '[cd(folder=pwd())]',
        '[cd("data", "more")]',
        "[cd(folder=lambda: 1)]",
        '[cd(folder="a", folder="b")]',
        "[" * 50_000,
        "[cd(folder='" + "a" * 100_000 + "')]",
    ],
)  # fmt: skip
def test_anything_else_is_not(answer: str) -> None:
    with pytest.raises(Malformed):
        read(answer, positions())


def test_names_with_dots_are_single_turn_tools() -> None:
    assert read("[math.hypot(x=4, text='a.b(')]") == [ParsedCall("math.hypot", {"x": 4, "text": "a.b("})]


@pytest.mark.parametrize(
    "name", ["open", "exec", "__import__", "breakpoint", "input", "execute_multi_turn_func_call"]
)
def test_python_s_own_functions_are_unknown_tools(name: str) -> None:
    with pytest.raises(NameError, match=f"no_tool_{name}"):
        eval(executable(ParsedCall(name, {"file": "x", "mode": "w"})), {})


def test_a_number_that_could_not_be_printed_is_not_computed() -> None:
    from bfcl_eval.eval_checker.multi_turn_eval.func_source_code.math_api import MathAPI

    with pytest.raises(ValueError) as theirs:
        str(MathAPI().power(base=9, exponent=10_000))
    with pytest.raises(ValueError) as ours:
        eval(executable(ParsedCall("power", {"base": 9, "exponent": 10**9})))
    assert str(ours.value) == str(theirs.value)
    assert executable(ParsedCall("power", {"base": 9, "exponent": 4})) == "power(base=9, exponent=4)"
    assert executable(ParsedCall("logarithm", {"value": 2, "base": 3, "precision": 10**9})).endswith("=1000)")


def test_calls_that_cannot_be_read_are_told_from_answers() -> None:
    assert looks_like_calls("[cd(folder=1 + 1)]") and looks_like_calls("<tool_call>[cd(")
    assert not looks_like_calls("[1] is a footnote.") and not looks_like_calls("I cannot.")
