"""`evaluate bfcl` on single-turn categories: what bfcl-eval's own decoder and checker make of the same answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bfcl_eval")
pytest.importorskip("overrides")
pytest.importorskip("tree_sitter")
pytest.importorskip("tokenizers")

from funreason_plugin import command_line
from funreason_plugin.calls import to_hermes
from funreason_plugin.evaluate import app
from funreason_plugin.evaluation.bfcl.package import load
from funreason_plugin.python_calls import Malformed
from funreason_plugin.rendering import PromptForm
from tests.evaluation import bfcl_oracle
from tests.evaluation.bfcl_oracle import rows, single_turn, single_turn_truth
from tests.evaluation.served import serving

SAMPLE = (
    *("simple_python_0", "simple_python_94", "simple_java_12", "simple_java_97"),
    *(
        "simple_javascript_0",
        "simple_javascript_11",
        "multiple_3",
        "multiple_100",
        "parallel_0",
        "parallel_77",
    ),
    *("parallel_multiple_2", "parallel_multiple_150", "irrelevance_1", "irrelevance_200"),
    *("live_simple_0-0-0", "live_simple_67-31-0", "live_multiple_0-0-0", "live_multiple_899-185-9"),
    *(
        "live_parallel_0-0-0",
        "live_parallel_multiple_1-1-0",
        "live_irrelevance_0-0-0",
        "live_relevance_0-0-0",
    ),
)
"""Of each category; of Java and JavaScript with truth values, of `live_simple` with a name beyond ASCII, of
`live_multiple` with an object."""
MODEL = "my-model-4b"


def play(out: Path, answers: dict[str, str], form: PromptForm = "card") -> tuple[dict[str, bool], list[str]]:
    """Whether each entry is right in bfcl-eval's score files, and the prompts."""
    tokenizer = bfcl_oracle.tokenizer(out / "tokenizer.json")
    with serving(single_turn(answers), MODEL) as (url, seen):
        words = [
            "--model",
            MODEL,
            "--base-url",
            url,
            "--tokenizer",
            str(tokenizer),
            "--out",
            str(out / "bfcl"),
        ]
        assert command_line.run(app, ["bfcl", *words, "--form", form, "--ids", *answers]) == 0
    wrong = set()
    for file in (out / "bfcl/score" / MODEL).rglob("*_score.json"):
        header, *failed = [json.loads(line) for line in file.read_text().splitlines()]
        assert header["total_count"] - header["correct_count"] == len(failed)
        wrong |= {line["id"] for line in failed}
    return {name: name not in wrong for name in answers}, [body["prompt"] for body in seen]


def summary(out: Path) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads((out / "bfcl/summary.json").read_text())}


@pytest.mark.parametrize("form", ["card", "funreason"])
def test_the_truth_scores_everything_in_every_category(
    tmp_path: Path, form: PromptForm, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {name: single_turn_truth(name) for name in SAMPLE}
    if form == "funreason":
        answers = {
            name: f"<tool_call>{said}</tool_call>" if said.startswith("[") else said
            for name, said in answers.items()
        }
    found, _ = play(tmp_path, answers, form)
    assert found == dict.fromkeys(SAMPLE, True)
    assert list(summary(tmp_path)) == load().groups["single_turn"]
    assert sum(one["unread"] for one in summary(tmp_path).values()) == 0
    said = capsys.readouterr().out
    assert "live_parallel_multiple  1 of 24" in said and "paper" not in said and "…" not in said


TRIED = {
    "simple_python_0": "[calculate_triangle_area(10, 5)]",
    "simple_python_1": "[math.factorial(number=2+3)]",
    "simple_python_2": "[math.hypot(x=4, y=6)]",
    "simple_python_3": "`[algebra.quadratic_roots(a=1, b=-3, c=2)]`",
    "simple_python_4": "[solve_quadratic_equation(a=2, b=6, c=5), solve_quadratic_equation(a=2, b=6, c=5)]",
    "simple_python_5": "The roots are 1 and 2.",
    "simple_python_6": "solve_quadratic(a=2, b=5, c=3, root_type='all')",
    "simple_python_7": "[calculate_circumference(radius='four', unit='inches')]",
    "irrelevance_1": "[f(1, 2)]",
    "irrelevance_2": "[f(x=(1, 2))]",
    "irrelevance_3": "[f(x=2*3)]",
    "irrelevance_4": "[f(x=some_name)]",
    "irrelevance_5": "I would call f(x=1).",
    "irrelevance_6": "[]",
    "irrelevance_7": "[f(x=unknown+1)]",
    "simple_java_12": '[ExasolExecutionContext.setCurrentSchema(monitor=progressMonitor, schemaName=5L)]',
    "simple_java_97": "[FlatNodeGenFactory.generateIntrospectionInfo(clazz=NodeClass, inlined=False)]",
}  # fmt: skip


def theirs(entry: str, answer: str) -> bool:
    """What bfcl-eval itself says: its decoder, its checker, none of our code."""
    from bfcl_eval.constants.enums import Language, ReturnFormat
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker
    from bfcl_eval.model_handler.utils import default_decode_ast_prompting

    language, written = (
        (Language.JAVA, ReturnFormat.JAVA) if "java" in entry else (Language.PYTHON, ReturnFormat.PYTHON)
    )
    try:
        calls = default_decode_ast_prompting(answer, written, False)
    except Exception:
        return "irrelevance" in entry
    if "irrelevance" in entry:
        return not calls
    truth = rows(entry, "possible_answer")[entry]["ground_truth"]
    tools = rows(entry)[entry]["function"]
    verdict: bool = ast_checker(tools, calls, truth, language, entry.rpartition("_")[0], MODEL)["valid"]
    return verdict


def test_a_bad_model_scores_what_bfcl_s_own_checker_says(tmp_path: Path) -> None:
    found, _ = play(tmp_path, TRIED)
    assert found == {entry: theirs(entry, answer) for entry, answer in TRIED.items()}
    correct = {name: one["correct"] for name, one in summary(tmp_path).items()}
    assert correct == {"simple_python": 2, "simple_java": 0, "irrelevance": 3}


def test_calls_as_json_are_read_under_names_with_dots_and_in_java(tmp_path: Path) -> None:
    answers = {
        "simple_python_1": to_hermes([("math.factorial", {"number": 5})]),
        "simple_java_97": to_hermes(
            [("FlatNodeGenFactory.generateIntrospectionInfo", {"clazz": "NodeClass", "inlined": "false"})]
        ),
    }
    found, _ = play(tmp_path, answers, "hermes")
    assert found == dict.fromkeys(answers, True)


def test_tools_keep_their_enums(tmp_path: Path) -> None:
    entry = "simple_python_33"
    enum = rows(entry)[entry]["function"][0]["parameters"]["properties"]["route_type"]["enum"]
    _, (text,) = play(tmp_path, {entry: "No."}, "funreason")
    assert f'"enum": {json.dumps(enum)}' in text


def test_a_result_that_is_there_twice_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = "simple_python_0"
    play(tmp_path, {entry: single_turn_truth(entry)})
    (path,) = (tmp_path / "bfcl/result").rglob("*_result.json")
    path.write_text(2 * path.read_text())
    words = ["--model", MODEL, "--base-url", "http://127.0.0.1:9/v1", "--out", str(tmp_path / "bfcl")]
    words += ["--tokenizer", str(tmp_path / "tokenizer.json"), "--ids", entry]
    assert command_line.run(app, ["bfcl", *words]) == 1
    assert f":2: {entry} for the second time" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["9**9**9", "9**9999*1", "'a'*10**9", "open('x')+1", "lambda: open('x')"])
def test_what_a_model_writes_is_not_evaluated(value: str) -> None:
    load()
    from funreason_plugin.evaluation.bfcl.single_turn import decode

    with pytest.raises(Malformed, match="not evaluated"):
        decode(f"[tool(key={value})]")


@pytest.mark.parametrize(
    "start, again, end", [("", "(", "1"), ("", "-", "1"), ("a", ".b", ""), ("f", "()", "")]
)
@pytest.mark.parametrize("language", ["PYTHON", "JAVA", "JAVASCRIPT"])
def test_what_would_overflow_their_parsers_is_refused_at_once(
    start: str, again: str, end: str, language: str
) -> None:
    load()
    from bfcl_eval.constants.enums import ReturnFormat

    from funreason_plugin.evaluation.bfcl.single_turn import decode

    with pytest.raises(Malformed, match="at most 10000 are read"):
        decode(f"[tool(key={start}{again * 80_000}{end})]", ReturnFormat[language])
