"""The commands of the tiny recipes as they are documented: train, go on, export, reload, generate."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from funreason_plugin.chat_templates import chat_template
from funreason_plugin.command_line import run
from funreason_plugin.sft import show_result
from funreason_plugin.sft.show_result import losses

pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STEPS = 8
STOCK = Path(sys.executable)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short rows: one environment, one turn."""
    folder = tmp_path_factory.mktemp("end") / "out"
    words = "-m funreason_plugin.synthesize --env files --num 6 --turns 1 --teacher scripted --out"
    subprocess.run([sys.executable, *words.split(), str(folder)], check=True, capture_output=True)
    return folder


def llamafactory(python: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``llamafactory-cli`` of an environment, as a user calls it in the checkout."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    environment.pop("FORCE_TORCHRUN", None)
    return subprocess.run(
        [str(python.parent / "llamafactory-cli"), *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def train(
    python: Path, recipe: str, model: Path, data: Path, out: Path, *more: str
) -> subprocess.CompletedProcess[str]:
    return llamafactory(
        python,
        out.parent / "hub",
        "train",
        f"recipes/tiny/{recipe}.yaml",
        f"model_name_or_path={model}",
        f"dataset_dir={data / 'llamafactory'}",
        f"output_dir={out}",
        *more,
    )


def export(python: Path, saved: Path, template: str) -> Path:
    folder = saved.parent / f"{saved.name}-export"
    words = ("--model_name_or_path", str(saved), "--template", template, "--export_dir", str(folder))
    done = llamafactory(python, saved.parent / "hub", "export", *words)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def trained(tiny: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("saves") / "sft"
    done = train(STOCK, "sft", tiny, data, out, f"max_steps={STEPS}", "save_steps=4")
    assert done.returncode == 0, done.stderr[-2000:]
    return out


def test_the_loss_falls(trained: Path) -> None:
    logged = losses(trained)
    assert [step for step, _ in logged] == [2, 4, 6, 8]
    assert logged[0][1] == pytest.approx(
        8.32, abs=0.2
    )  # random weights: the logarithm of the vocabulary, 4,096
    assert logged[-1][1] < logged[0][1] - 1


def test_what_a_training_leaves(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert {"model.safetensors", "trainer_log.jsonl", "training_loss.png", "chat_template.jinja"} <= names
    assert {"checkpoint-4", f"checkpoint-{STEPS}"} <= names


def test_the_export_is_loaded_and_generates(
    trained: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = export(STOCK, trained, "qwen3")
    assert run(show_result.app, [str(trained), str(folder), str(data)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert re.search(r"first loss │ 8\.\d\d \(step 2\)", shown)
    assert re.search(r"last loss │ \d\.\d\d \(step 8\)", shown)
    assert re.search(r"model writes │ '.+'", shown)


def test_the_same_command_goes_on_from_the_last_checkpoint(tiny: Path, data: Path, trained: Path) -> None:
    before = losses(trained)
    done = train(STOCK, "sft", tiny, data, trained, f"max_steps={STEPS + 2}", "save_steps=4")
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"Resuming training from {trained}/checkpoint-{STEPS}" in done.stdout + done.stderr
    assert losses(trained)[: len(before)] == before
    assert losses(trained)[-1][0] == STEPS + 2


def test_a_folder_with_weights_and_no_checkpoint_is_refused(tiny: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "sft"
    out.mkdir()
    (out / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes())
    done = train(STOCK, "sft", tiny, data, out)
    assert done.returncode != 0
    assert "Please set `overwrite_output_dir`" in done.stderr


def test_the_paper_s_form_with_the_hook(hooked: Path, tiny: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "sft_paper"
    done = train(hooked, "sft_paper", tiny, data, out, f"max_steps={STEPS}", "save_steps=4")
    assert done.returncode == 0, done.stderr[-2000:]
    assert losses(out)[-1][1] < losses(out)[0][1] - 1
    folder = export(hooked, out, "funreason")
    assert show_result.generate(folder, show_result.first_conversation(data), tokens=4)
    assert (folder / "chat_template.jinja").read_text() == chat_template("funreason")


def test_the_paper_s_form_without_the_hook_is_refused(tiny: Path, data: Path, tmp_path: Path) -> None:
    done = train(STOCK, "sft_paper", tiny, data, tmp_path / "sft_paper")
    assert done.returncode != 0
    assert "balanced_loss" in done.stderr
    assert not (tmp_path / "sft_paper").exists()
