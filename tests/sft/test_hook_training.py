"""The start-up hook with the real LLaMA-Factory: two ranks, wheels, editable installs, and versions to come."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from funreason_plugin.chat_templates import chat_template
from funreason_plugin.sft.templates import NAMES

from .conftest import ROOT, layered

pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")

NAMED = f"import llamafactory.data.template as t; print(*sorted({set(NAMES)} & set(t.TEMPLATES)))"


def run(command: list[str], status: int = 0, **variables: str) -> tuple[str, str]:
    quiet = {
        name: text for name, text in os.environ.items() if name not in ("RANK", "LOCAL_RANK", "PYTHONPATH")
    }
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**quiet, "OMP_NUM_THREADS": "1", **variables},
        cwd="/",
    )
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout, done.stderr


@pytest.mark.slow
def test_two_ranks_train_with_our_template(hooked: Path, tiny: Path, made: Path, tmp_path: Path) -> None:
    settings = {
        "model_name_or_path": str(tiny),
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "full",
        "dataset_dir": str(made / "llamafactory"),
        "dataset": "funreason_scripted",
        "template": "funreason",
        "mask_history": True,
        "cutoff_len": 16384,
        "max_samples": 4,
        "preprocessing_num_workers": 2,
        "overwrite_cache": True,
        "output_dir": str(tmp_path / "out"),
        "per_device_train_batch_size": 1,
        "max_steps": 1,
        "use_cpu": True,
        "bf16": False,
        "report_to": "none",
    }
    recipe = tmp_path / "sft.yaml"
    recipe.write_text(yaml.safe_dump(settings))
    out, errors = run(
        [str(hooked.parent / "llamafactory-cli"), "train", str(recipe)],
        FORCE_TORCHRUN="1",
        NPROC_PER_NODE="2",
        PATH=f"{hooked.parent}{os.pathsep}{os.environ['PATH']}",
        HF_DATASETS_CACHE=str(tmp_path / "cache"),
    )
    assert "world size: 2" in out + errors or "Process rank: 1" in out + errors
    assert "funreason_plugin: warning" not in errors
    assert "<tool_call>[function_name(argument=value, ...), ...]</tool_call>" in out
    labels = out.split("labels:\n")[-1]
    assert "</think>" in labels and not labels.startswith("<think>")
    assert (tmp_path / "out" / "chat_template.jinja").read_text() == chat_template("funreason")
    assert (tmp_path / "out" / "model.safetensors").exists()


@pytest.mark.slow
def test_an_unknown_version_is_named_once_and_has_our_templates(hooked: Path, tmp_path: Path) -> None:
    import llamafactory

    (tmp_path / "llamafactory").mkdir()
    (tmp_path / "llamafactory" / "__init__.py").write_text(
        f'__version__ = "0.9.99"\n__path__ = {list(llamafactory.__path__)!r}\n'
    )
    out, errors = run([str(hooked), "-c", NAMED], PYTHONPATH=str(tmp_path))
    assert out.split() == sorted(NAMES)
    assert errors.count("funreason_plugin: warning: llamafactory 0.9.99 is not known") == 1
    assert errors.count("funreason_plugin: warning") == 1


@pytest.mark.slow
@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_an_installed_package_is_found_and_one_that_is_removed_not_missed(
    editable: bool, tmp_path: Path
) -> None:
    python = layered(tmp_path / "venv")
    (path,) = python.parents[1].glob("lib/python*/site-packages/parent.pth")
    path.write_text(path.read_text().replace(f"{ROOT}\n", ""))  # this checkout is out of sight
    source = tmp_path / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    for name in ("funreason_plugin", "recipes"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--quiet", "--no-deps", "--no-build-isolation", *(["-e"] if editable else [])]
    run([str(python), "-m", "pip", "install", *options, str(source)])

    command = [str(python), "-m", "funreason_plugin", "hook"]
    run([*command, "install"])
    assert "installed, up to date" in run([*command, "status"])[0]
    where = run([str(python), "-c", "import funreason_plugin; print(funreason_plugin.__file__)"])[0]
    assert where.startswith(str(source if editable else path.parent))
    assert run([str(python), "-c", NAMED])[0].split() == sorted(NAMES)

    run([str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "funreason_plugin"])
    out, errors = run([str(python), "-c", NAMED])
    assert out.split() == []
    assert "funreason" not in errors
