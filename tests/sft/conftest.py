"""What the tests of training share: a tiny model, a folder of rows, and an environment of its own for the hook."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random model of Qwen3's architecture with its tokenizer."""
    pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
    pytest.importorskip("transformers", reason="transformers is not installed (extra [sft])")
    from funreason_plugin.sft.tiny_model import build

    folder = tmp_path_factory.mktemp("models") / "tiny"
    build(folder)
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run: 12 trajectories of travel and files, two turns each at most."""
    folder = tmp_path_factory.mktemp("runs") / "out"
    command = "-m funreason_plugin.synthesize --env travel files --num 12 --turns 1-2 --teacher scripted"
    subprocess.run(
        [sys.executable, *command.split(), "--val-share", "0.1", "--out", str(folder)],
        check=True,
        capture_output=True,
    )
    return folder


def layered(folder: Path) -> Path:
    """A virtual environment that sees this one's packages, with a site-packages of its own; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    site = Path(
        subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    (site / "parent.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    for name, module in (("torchrun", "torch.distributed.run"), ("llamafactory-cli", "llamafactory.cli")):
        script = folder / "bin" / name
        script.write_text(f"#!{python}\nfrom {module} import main\nmain()\n")
        script.chmod(0o755)
    return python


@pytest.fixture(scope="session")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment in which the start-up hook is installed."""
    pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
    python = layered(tmp_path_factory.mktemp("hooked") / "venv")
    subprocess.run([str(python), "-m", "funreason_plugin", "hook", "install"], check=True)
    return python
