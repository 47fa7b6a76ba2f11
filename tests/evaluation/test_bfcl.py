"""`evaluate bfcl` over a real server: bfcl-eval's own scores of models whose every word is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

pytest.importorskip("bfcl_eval")
pytest.importorskip("overrides")
pytest.importorskip("tree_sitter")
pytest.importorskip("tokenizers")

from funreason_plugin import command_line
from funreason_plugin.calls import to_python
from funreason_plugin.evaluate import app
from funreason_plugin.evaluation.bfcl.calls import read
from funreason_plugin.rendering import PromptForm
from tests.evaluation import bfcl_oracle
from tests.evaluation.bfcl_oracle import as_list, oracle, rows
from tests.evaluation.served import Answer, serving

NOWHERE = "http://127.0.0.1:9/v1"
CATEGORIES = ("base", "miss_func", "miss_param", "long_context")
SAMPLE = [
    f"multi_turn_{category}_{number}"
    for category, numbers in zip(CATEGORIES, ((17, 120), (3, 58), (41, 150), (63, 149)), strict=True)
    for number in numbers
]
"""Two of each category; two are of other scenarios than all the others."""


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bfcl_oracle.tokenizer(tmp_path_factory.mktemp("tokenizer") / "tokenizer.json")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "bfcl"


def run(out: Path, url: str, tokenizer: Path, ids: list[str], *more: str, model: str = "my/model_4b") -> int:
    words = ["--model", model, "--base-url", url, "--tokenizer", str(tokenizer), "--out", str(out)]
    return command_line.run(app, ["bfcl", *words, *(["--ids", *ids] if ids else []), *more])


def play(out: Path, tokenizer: Path, answer: Answer, ids: list[str], *more: str) -> list[dict[str, Any]]:
    """Run to the end; the bodies of the requests."""
    with serving(answer, "my/model_4b") as (url, seen):
        assert run(out, url, tokenizer, ids, "--concurrency", "4", *more) == 0
    return seen


def summary(out: Path) -> dict[str, dict[str, Any]]:
    """The numbers by category."""
    found = json.loads((out / "summary.json").read_text())
    return {one["name"].removeprefix("multi_turn_"): one for one in found}


def results(out: Path) -> dict[str, Any]:
    """What was said by entry, from bfcl-eval's own files."""
    files = sorted((out / "result/my-model-4b/multi_turn").iterdir())
    entries = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return {entry["id"]: entry["result"] for entry in entries}


@pytest.fixture(scope="module")
def whole(tokenizer: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The run of a model that knows the sample, and what it was asked."""
    out = tmp_path_factory.mktemp("whole") / "bfcl"
    return out, play(out, tokenizer, oracle(SAMPLE), SAMPLE)


def test_the_truth_scores_everything_in_all_four_categories(
    whole: tuple[Path, list[dict[str, Any]]], tokenizer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, seen = whole
    found = summary(out)
    played = {name: (one["correct"], one["entries"], one["total"]) for name, one in found.items()}
    assert played == dict.fromkeys(CATEGORIES, (2, 2, 200))
    assert found["miss_param"]["abstention"] == found["miss_func"]["abstention"] == 1.0
    assert sum(one["responses"] for one in found.values()) == len(seen)
    score = out / "score/my-model-4b/multi_turn/BFCL_v4_multi_turn_base_score.json"
    assert json.loads(score.read_text()) == {"accuracy": 1.0, "correct_count": 2, "total_count": 2}
    assert all((body["top_p"], body["max_tokens"]) == (0.7, 20_000) for body in seen)
    steps = [step for turns in results(out).values() for turn in turns for step in turn]
    assert all(read(step) for step in steps if step.startswith("["))  # every argument has its name
    assert run(out, NOWHERE, tokenizer, SAMPLE) == 0  # nothing is missing: nobody is asked
    said = capsys.readouterr().out
    assert "multi_turn_long_context  2 of 200       100.00      16.0        46.9       59.5" in said
    assert "mean of the four                        100.00     15.75       46.90      57.75" in said


def test_the_history_has_merged_results_and_no_thoughts(
    whole: tuple[Path, list[dict[str, Any]]],
) -> None:
    first = rows(SAMPLE[0])[SAMPLE[0]]["question"][0][0]["content"]
    last = [body["prompt"] for body in whole[1] if first in body["prompt"]][-1]
    truth = rows(SAMPLE[0], "possible_answer")[SAMPLE[0]]["ground_truth"]
    assert max(map(len, truth)) > 1
    assert last.count("<tool_response>\n[") == len(truth)
    assert "So be it" not in last and last.endswith("<|im_start|>assistant\n<think>")


def test_a_model_that_forgets_calls_fails_those_entries_and_no_others(out: Path, tokenizer: Path) -> None:
    forgotten = [SAMPLE[0], SAMPLE[3], SAMPLE[4]]

    def write(calls: list[str], entry: str, turn: int) -> str:
        last = len(rows(entry)[entry]["question"]) - 1
        if entry in forgotten and turn == last:
            return as_list(calls[:-1])
        if entry == SAMPLE[5] and not calls:
            return as_list(["no_such_tool(a=1)"])  # a turn that BFCL does not judge
        return as_list(calls)

    play(out, tokenizer, oracle(SAMPLE, write), SAMPLE)
    found = summary(out)
    assert {name: one["correct"] for name, one in found.items()} == {
        "base": 1, "miss_func": 1, "miss_param": 1, "long_context": 2,
    }  # fmt: skip
    score = (out / "score/my-model-4b/multi_turn/BFCL_v4_multi_turn_miss_func_score.json").read_text()
    assert [json.loads(line).get("id") for line in score.splitlines()] == [None, SAMPLE[3]]
    assert found["miss_param"]["abstention"] == 0.5
    assert found["miss_param"]["errors"] > 0


@pytest.mark.parametrize("form", ["funreason", "hermes"])
def test_tags_are_stripped_before_bfcl_reads(out: Path, tokenizer: Path, form: PromptForm) -> None:
    ids = [SAMPLE[0], SAMPLE[2]]

    def write(calls: list[str], entry: str, turn: int) -> str:
        listed = f"[{', '.join(calls)}]"
        return f"<think>\nHm.\n</think>\n\n<tool_call>{listed}</tool_call>" if calls else "No."

    seen = play(out, tokenizer, oracle(ids, write), ids, "--form", form)
    assert [one["correct"] for one in summary(out).values()] == [1, 1]
    assert all("tool_call" not in step for turns in results(out).values() for turn in turns for step in turn)
    assert all(body["prompt"].endswith("<think>") == (form == "funreason") for body in seen)
    assert '{"type": "function", "function": {"name": "' in seen[0]["prompt"]


def test_a_thought_over_the_limit_is_told_from_a_wrong_answer(out: Path, tokenizer: Path) -> None:
    ids = SAMPLE[:2]
    know = oracle(ids)

    def answer(text: str, number: int) -> tuple[str, str]:
        return ("\nLet me think", "length") if number == 1 else know(text, number)

    play(out, tokenizer, answer, ids, "--concurrency", "1")
    (found,) = summary(out).values()
    assert (found["over_long"], found["cut_off"], found["correct"]) == (1, 0, 1)


def test_an_entry_that_outgrows_the_context_fails_and_the_rest_goes_on(out: Path, tokenizer: Path) -> None:
    ids = ["multi_turn_base_17", "multi_turn_long_context_149"]
    seen = play(out, tokenizer, oracle(ids), ids, "--context", "6000")
    left = [body["max_tokens"] for body in seen]
    assert max(left) < 6000
    found = summary(out)
    assert (found["base"]["correct"], found["base"]["no_room"]) == (1, 0)
    assert (found["long_context"]["correct"], found["long_context"]["no_room"]) == (0, 1)
    said = results(out)["multi_turn_long_context_149"]
    assert said == "Error during inference: the prompt fills the context of 6,000 tokens"


def test_an_interrupted_run_goes_on_and_ends_as_an_uninterrupted_one(
    out: Path,
    tokenizer: Path,
    whole: tuple[Path, list[dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    ids = SAMPLE[:4]
    know = oracle(ids)

    def refuses(text: str, number: int) -> web.Response | tuple[str, str]:
        return web.Response(status=401) if number > 15 else know(text, number)

    with serving(refuses, "my/model_4b") as (url, _):
        assert run(out, url, tokenizer, ids, "--concurrency", "2") == 1
    assert "Error code: 401" in capsys.readouterr().err
    kept = results(out)
    assert 0 < len(kept) < len(ids)
    path = next((out / "result/my-model-4b/multi_turn").iterdir())
    path.write_text(path.read_text() + '{"id": "multi_turn_b')  # as a killed run leaves it
    seen = play(out, tokenizer, know, ids)
    assert results(out) == {name: results(whole[0])[name] for name in ids}
    assert {name: one["correct"] for name, one in summary(out).items()} == dict.fromkeys(CATEGORIES[:2], 2)
    assert 0 < len(seen) < len(whole[1]) / 2
    assert run(out, NOWHERE, tokenizer, ids, "--top-p", "1") == 1
    assert "holds results of other settings (top_p 0.7, not 1.0)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more, said",
    [
        (["--ids", "multi_turn_base_200"], "BFCL has no such entry; did you mean 'multi_turn_base_20'?"),
        (["--ids", "nonsense"], "--ids nonsense: BFCL has no such entry"),
        (["--categories", "multi_turn_bas"], "not scored here; did you mean 'multi_turn_base'?"),
        (["--model", "other"], "--model other: the server has my/model_4b"),
        (["--base-url", NOWHERE], "is the server up?"),
        (["--tokenizer", "nowhere"], "--tokenizer nowhere: no such file"),
    ],
)
def test_bad_input_is_one_line_before_any_work(
    out: Path, tokenizer: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    with serving(lambda text, number: ("", "stop"), "my/model_4b") as (url, seen):
        assert run(out, url, tokenizer, [], *more) == 1
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
    assert not seen and not (out / "result").exists()


def test_a_server_with_less_context_is_one_line(
    out: Path, tokenizer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda text, number: ("", "stop"), "my/model_4b", context=32_768) as (url, seen):
        assert run(out, url, tokenizer, SAMPLE[:1]) == 1
    assert "has 32768 tokens" in capsys.readouterr().err and not seen


def test_a_tokenizer_of_another_family_is_one_line(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = bfcl_oracle.tokenizer(tmp_path / "other.json", "<s>")
    assert run(out, NOWHERE, other, []) == 1
    assert (
        "<|im_start|> is not one token; expected a tokenizer of the Qwen3 family" in capsys.readouterr().err
    )


def test_single_turn_categories_are_scored_too(out: Path, tokenizer: Path) -> None:
    ids = ["simple_python_0", "simple_python_1", "irrelevance_0"]

    def answer(text: str, number: int) -> tuple[str, str]:
        right = "calculate_triangle_area" in text
        call = to_python([("calculate_triangle_area", {"base": 10, "height": 5})])
        return f"\n</think>\n\n{call}" if right else "\n</think>\n\nI cannot.", "stop"

    play(out, tokenizer, answer, ids)
    assert {name: (one["correct"], one["entries"]) for name, one in summary(out).items()} == {
        "simple_python": (1, 2), "irrelevance": (1, 1),
    }  # fmt: skip
