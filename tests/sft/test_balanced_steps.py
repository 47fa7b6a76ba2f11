"""The gradient of each optimiser step, through LLaMA-Factory's trainer, against loops over rows in float64."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra [sft])")
pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("balanced_steps.py")
NAMED = 100  # token 100 + i stands in row i alone
WORLDS = (1, 2)
ACCUMULATIONS = (1, 2, 4)
CASES: dict[str, dict[str, Any]] = {
    **{f"accumulate-{n}": {"arguments": {"gradient_accumulation_steps": n}} for n in ACCUMULATIONS},
    "left": {
        "padding_side": "left",
        "alpha": 0.2,
        "arguments": {
            "gradient_accumulation_steps": 2,
            "average_tokens_across_devices": False,
            "logging_steps": 2,
        },
    },
    "naive": {"naive": True, "arguments": {"gradient_accumulation_steps": 2}},
}

Row = dict[str, list[int]]


def rows_of(kinds: list[str], end: int) -> list[Row]:
    """Rows of different lengths; the letters of a kind are t: thought, /: `</think>`, a: answer, -: no loss."""
    draw = random.Random(0)
    rows = []
    for index, kind in enumerate(kinds):
        prompt = [NAMED + index] + [draw.randrange(1000, 4000) for _ in range(draw.randrange(2, 9))]
        response = [end if mark == "/" else draw.randrange(1000, 4000) for mark in kind]
        labels = [-100 if mark == "-" else token for mark, token in zip(kind, response, strict=True)]
        rows.append({"input_ids": prompt + response, "labels": [-100] * len(prompt) + labels})
    return rows


KINDS = [
    "ttttttttt/aa",
    "t/aaaaaaaaaa",
    "aaaa",
    "tttttt/",
    "----",
    "tt/tttt/aaa",
    "tttt-t/a-aa",
    "tt/aaaaa",
    "a",
]


@dataclass
class Loss:
    total: float
    thought: float
    answer: float


def reference(
    weights: dict[str, Any], rows: list[Row], end: int, alpha: float
) -> tuple[Loss, dict[str, Any]]:
    """The balanced loss of a step and its gradient, one row at a time without padding, one label at a time."""
    vocabulary, hidden = weights["model.embed_tokens.weight"].shape
    config = transformers.Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=weights["model.layers.0.mlp.up_proj.weight"].shape[0],
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        tie_word_embeddings=True,
    )
    model = transformers.Qwen3ForCausalLM(config).double()
    model.load_state_dict(weights, strict=False)
    losses: list[Any] = []
    thoughts: list[Any] = []
    answers: list[Any] = []
    for row in rows:
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0]
        last = max((i for i, label in enumerate(row["labels"]) if label == end), default=-1)
        thought: list[Any] = []
        answer: list[Any] = []
        for i, label in enumerate(row["labels"]):
            if i > 0 and label != -100:
                part = thought if i <= last else answer
                part.append(torch.logsumexp(logits[i - 1], 0) - logits[i - 1, label])
        if thought:
            thoughts.append(sum(thought) / len(thought))
        if answer:
            answers.append(sum(answer) / len(answer))
        if thought and answer:
            losses.append(alpha * thoughts[-1] + (1 - alpha) * answers[-1])
        elif thought or answer:
            losses.append(thoughts[-1] if thought else answers[-1])
    total = torch.stack(losses).mean()
    total.backward()
    means = (
        float(torch.stack(part).mean().item()) if part else float("nan")
        for part in (losses, thoughts, answers)
    )
    return Loss(*means), {name: value.grad for name, value in model.named_parameters()}


class Ran:
    """What the ranks of a run noted."""

    def __init__(self, folder: Path, world: int, rows: list[Row], end: int) -> None:
        self.folder, self.world, self.rows, self.end = folder, world, rows, end

    def of(self, case: str) -> list[dict[str, Any]]:
        return [torch.load(self.folder / f"{case}.{rank}.pt") for rank in range(self.world)]

    def steps(self, case: str) -> list[tuple[dict[str, Any], list[Row]]]:
        """Each step as rank 0 saw it, and its rows over all ranks."""
        ranks = self.of(case)
        steps = []
        for notes in zip(*(rank["steps"] for rank in ranks), strict=True):
            tokens = [row for note in notes for row in note["rows"]]
            names = [
                next(token for token in row if NAMED <= token < NAMED + len(self.rows)) for row in tokens
            ]
            steps.append((notes[0], [self.rows[name - NAMED] for name in names]))
        return steps

    def expected(self, case: str) -> list[tuple[dict[str, Any], Loss, dict[str, Any]]]:
        alpha = CASES[case].get("alpha", 0.7)
        return [(note, *reference(note["weights"], rows, self.end, alpha)) for note, rows in self.steps(case)]


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"world-{world}")
def ran(request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    world: int = request.param
    folder = tmp_path_factory.mktemp(f"world{world}")
    end = transformers.AutoTokenizer.from_pretrained(tiny).convert_tokens_to_ids("</think>")
    rows = rows_of(KINDS * world, end)
    (folder / "rows.json").write_text(json.dumps(rows))
    (folder / "cases.json").write_text(json.dumps(CASES))
    paths = [tiny, folder / "rows.json", folder, folder / "cases.json"]
    launch = (
        ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(world)] if world > 1 else []
    )
    done = subprocess.run(
        [sys.executable, *launch, str(SCRIPT), *map(str, paths)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return Ran(folder, world, rows, end)


def furthest(gradients: dict[str, Any], others: dict[str, Any]) -> float:
    return max(float((gradients[name] - others[name]).abs().max()) for name in others)


@pytest.mark.parametrize("accumulation", ACCUMULATIONS)
def test_gradients_are_the_references(ran: Ran, accumulation: int) -> None:
    expected = ran.expected(f"accumulate-{accumulation}")
    micro_batches = [len(rows) for _, rows in ran.steps(f"accumulate-{accumulation}")]
    full = 2 * ran.world * accumulation
    assert micro_batches[:-1] == [full] * (len(micro_batches) - 1)
    assert micro_batches[-1] < full or (accumulation, ran.world) == (1, 2), (
        "the last window is not a full one"
    )
    for note, _, gradients in expected:
        assert max(float(value.abs().max()) for value in gradients.values()) > 0.01
        assert furthest(note["gradients"], gradients) < 1e-6


def test_every_rank_has_the_same_gradients(ran: Ran) -> None:
    first, *others = ran.of("accumulate-2")
    for other in others:
        for mine, its in zip(first["steps"], other["steps"], strict=True):
            assert furthest(mine["gradients"], its["gradients"]) == 0


def test_left_padding_another_alpha_and_tokens_not_averaged_over_ranks(ran: Ran) -> None:
    for note, _, gradients in ran.expected("left"):
        assert furthest(note["gradients"], gradients) < 1e-6


def test_a_mean_over_each_micro_batch_is_another_gradient(ran: Ran) -> None:
    for note, _, gradients in ran.expected("naive")[:2]:
        assert furthest(note["gradients"], gradients) > 0.01


@pytest.mark.parametrize("accumulation", ACCUMULATIONS)
def test_the_logged_loss_is_that_of_the_step_with_its_two_parts(ran: Ran, accumulation: int) -> None:
    case = f"accumulate-{accumulation}"
    logs = [entry for entry in ran.of(case)[0]["log"] if "loss" in entry]
    for entry, (_, loss, _) in zip(logs, ran.expected(case), strict=True):
        assert entry["loss"] == pytest.approx(loss.total, abs=1e-6)
        assert entry["loss_thought"] == pytest.approx(loss.thought, abs=1e-6)
        assert entry["loss_answer"] == pytest.approx(loss.answer, abs=1e-6)


def test_train_loss_is_the_mean_over_steps_logged_or_not(ran: Ran) -> None:
    losses = [loss.total for _, loss, _ in ran.expected("left")]
    for rank in ran.of("left"):
        assert len([entry for entry in rank["log"] if "loss" in entry]) == 1  # of the three steps
        assert rank["log"][-1]["train_loss"] == pytest.approx(sum(losses) / len(losses), abs=1e-6)


def test_evaluation_is_the_mean_over_rows(ran: Ran) -> None:
    found = ran.of("accumulate-1")[0]
    loss, _ = reference(found["end"], ran.rows, ran.end, 0.7)
    assert found["evaluation"]["eval_loss"] == pytest.approx(loss.total, abs=1e-6)
    assert found["evaluation"]["eval_loss_thought"] == pytest.approx(loss.thought, abs=1e-6)
    assert found["evaluation"]["eval_loss_answer"] == pytest.approx(loss.answer, abs=1e-6)
