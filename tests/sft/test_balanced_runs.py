"""The keys of the balanced loss in LLaMA-Factory's own command, in an environment with the start-up hook."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra [sft])")
pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("balanced_runs.py")
END = "</think>"


def arguments(model: Path, data: Path, out: Path, **more: Any) -> dict[str, Any]:
    return {
        "model_name_or_path": str(model),
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "full",
        "dataset_dir": str(data / "llamafactory"),
        "dataset": "funreason_scripted",
        "template": "qwen3",
        "mask_history": True,
        "cutoff_len": 16384,
        "output_dir": str(out),
        "overwrite_output_dir": True,
        "disable_shuffling": True,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 2,
        "learning_rate": 1e-3,
        "max_steps": 2,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "balanced_loss": True,
        **more,
    }


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "DISABLE_VERSION_CHECK": "1"}


@pytest.fixture(scope="module")
def trained(
    hooked: Path, tiny: Path, made: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """What `llamafactory-cli train` wrote, and the rows it trained on."""
    folder = tmp_path_factory.mktemp("trained")
    settings = arguments(
        tiny,
        made,
        folder / "out",
        balanced_loss_alpha=0.6,
        tokenized_path=str(folder / "rows"),
        per_device_train_batch_size=1,
        max_steps=1,
        max_samples=6,
        val_size=2,
        eval_strategy="steps",
        eval_steps=1,
        compute_accuracy=True,
    )
    (folder / "sft.yaml").write_text(json.dumps(settings))  # JSON is YAML
    done = subprocess.run(
        [hooked.with_name("llamafactory-cli"), "train", str(folder / "sft.yaml")],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "out", folder / "rows"


def by_hand(model: Any, row: dict[str, list[int]], end: int, alpha: float) -> tuple[float, float, float]:
    """Loss, thought and answer of one row."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0].double()
    last = max(i for i, label in enumerate(row["labels"]) if label == end)
    parts: tuple[list[float], list[float]] = ([], [])
    for i, label in enumerate(row["labels"]):
        if label != -100:
            parts[i > last].append((logits[i - 1].logsumexp(0) - logits[i - 1, label]).item())
    thought, answer = (sum(part) / len(part) for part in parts)
    return alpha * thought + (1 - alpha) * answer, thought, answer


def test_the_first_logged_loss_is_that_of_the_rows_before_training(
    trained: tuple[Path, Path], tiny: Path
) -> None:
    from datasets import load_from_disk

    out, rows = trained
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny).eval()
    end = transformers.AutoTokenizer.from_pretrained(tiny).convert_tokens_to_ids(END)
    first = [by_hand(model, row, end, 0.6) for row in load_from_disk(str(rows))["train"].select(range(2))]
    logged = json.loads((out / "trainer_state.json").read_text())["log_history"][0]
    for name, values in zip(("loss", "loss_thought", "loss_answer"), zip(*first, strict=True), strict=True):
        assert logged[name] == pytest.approx(sum(values) / 2, abs=1e-4)


def test_evaluation_has_the_same_loss_and_accuracy_beside_it(trained: tuple[Path, Path], tiny: Path) -> None:
    from datasets import load_from_disk

    out, rows = trained
    model = transformers.AutoModelForCausalLM.from_pretrained(out).eval()
    end = transformers.AutoTokenizer.from_pretrained(tiny).convert_tokens_to_ids(END)
    held_out = [by_hand(model, row, end, 0.6)[0] for row in load_from_disk(str(rows))["validation"]]
    evaluated = next(
        entry
        for entry in json.loads((out / "trainer_state.json").read_text())["log_history"]
        if "eval_loss" in entry
    )
    assert evaluated["eval_loss"] == pytest.approx(sum(held_out) / 2, abs=1e-4)
    assert 0 <= evaluated["eval_accuracy"] <= 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "packing": ({"packing": True}, "cannot go with packing"),
    "neat_packing": ({"neat_packing": True}, "cannot go with packing"),
    "stage": ({"stage": "pt", "mask_history": False}, "is for 'stage: sft', not 'stage: pt'"),
    "dft": ({"use_dft_loss": True}, "cannot go with use_dft_loss"),
    "eaft": ({"use_eaft_loss": True}, "cannot go with use_eaft_loss"),
    "asft": ({"use_asft_loss": True}, "cannot go with use_asft_loss"),
    "alpha": ({"balanced_loss_alpha": 1.5}, "balanced_loss_alpha: 1.5 is not valid; expected 0 to 1"),
    "nan": ({"balanced_loss_alpha": float("nan")}, "balanced_loss_alpha: nan is not valid"),
    "alpha alone": ({"balanced_loss": False, "balanced_loss_alpha": 0.7}, "has no effect without"),
    "prompt": ({"train_on_prompt": True, "mask_history": False}, "cannot go with train_on_prompt"),
    "smoothing": ({"label_smoothing_factor": 0.1}, "cannot go with label_smoothing_factor"),
    "backend": ({"use_hyper_parallel": True}, "cannot go with use_hyper_parallel"),
}


@pytest.fixture(scope="module")
def answers(hooked: Path, tiny: Path, made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What LLaMA-Factory answered to each of the settings."""
    folder = tmp_path_factory.mktemp("refused")
    short = {"max_steps": 1, "gradient_accumulation_steps": 1, "max_samples": 8}
    settings = {name: arguments(tiny, made, folder / "out", **more) for name, (more, _) in REFUSED.items()}
    settings["no end"] = arguments(without_end(tiny, folder / "model"), made, folder / "out", **short)
    settings["no thought"] = arguments(
        tiny,
        made,
        folder / "out",
        dataset=plain(folder),
        dataset_dir=str(folder),
        template="qwen3_nothink",
        **short,
    )
    settings["several"] = arguments(tiny, made, folder / "out", **{**short, "mask_history": False})
    (folder / "settings.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [hooked, str(SCRIPT), str(folder / "settings.json"), str(folder / "answers.json")],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, str] = json.loads((folder / "answers.json").read_text())
    return found


def without_end(model: Path, folder: Path) -> Path:
    """The same model, for whose tokenizer `</think>` is a text like others."""
    folder.mkdir()
    for path in model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["added_tokens"] = [token for token in tokenizer["added_tokens"] if token["content"] != END]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    decoder = settings.get("added_tokens_decoder", {})
    settings["added_tokens_decoder"] = {
        key: token for key, token in decoder.items() if token["content"] != END
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def plain(folder: Path) -> str:
    """A data set of answers without a thought."""
    rows = [{"instruction": "Say hello.", "input": "", "output": "Hello."}] * 8
    (folder / "plain.json").write_text(json.dumps(rows))
    (folder / "dataset_info.json").write_text(json.dumps({"plain": {"file_name": "plain.json"}}))
    return "plain"


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_go_together_is_refused_at_the_start(answers: dict[str, str], name: str) -> None:
    assert answers[name].startswith("UserError: balanced_loss")
    assert REFUSED[name][1] in answers[name]
    assert "\n" not in answers[name]


def test_a_tokenizer_without_the_end_of_a_thought_is_refused(answers: dict[str, str]) -> None:
    assert "balanced_loss" in answers["no end"] and "'</think>' is " in answers["no end"]


def test_data_without_thoughts_get_a_warning(answers: dict[str, str]) -> None:
    assert "no row has '</think>' in its labels" in answers["no thought"]


def test_loss_on_several_responses_gets_a_warning(answers: dict[str, str]) -> None:
    assert "has loss on more than one response" in answers["several"]
