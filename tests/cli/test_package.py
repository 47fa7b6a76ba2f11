"""The package as a whole: what an import costs, which way the arrows point, what a wheel contains."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "funreason_plugin"

# Lowest first. A module may import its own layer and those below it; the last layers stand beside each other.
LAYERS = (
    {
        "errors",
        "credentials",
        "teacher_config",
        "variant_config",
        "shape_config",
        "config_errors",
        "config_file",
    },
    {"environments"},
    {
        "calls",
        "python_calls",
        "messages",
        "rendering",
        "chat_templates",
        "trajectory",
        "scoring",
        "conversation",
        "faults",
        "tasks",
        "task_rows",
        "played",
        "live",
        "hosting",
        "judging",
        "workers",
        "config",
    },
    {"checks", "formats"},
    {"converting", "quality"},
    {"synthesis", "sft", "rl", "evaluation", "report"},
)
APART = {"sft": {"synthesis"}, "rl": {"synthesis"}, "evaluation": {"synthesis"}, "synthesis": {"sft", "rl"}}
HEAVY = {"torch", "vllm", "ray", "verl", "llamafactory", "transformers"}
MAY_BE_HEAVY = (
    "funreason_plugin/sft/",
    "funreason_plugin/rl/",
    "funreason_plugin/synthesis/teachers/vllm",
    "funreason_plugin/synthesis/ray_cluster.py",
)


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import in a file, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield node.lineno, node.module or ""
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def area(dotted: str) -> str:
    """``funreason_plugin.checks.replay`` is of the area ``checks``."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "funreason_plugin" and len(parts) > 1 else ""


def layer(name: str) -> int | None:
    return next((number for number, names in enumerate(LAYERS) if name in names), None)


def test_arrows_point_one_way() -> None:
    wrong = []
    for path in modules():
        own = path.relative_to(PACKAGE).with_suffix("").parts[0]
        own_layer = layer(own)
        if own_layer is None:
            continue  # the command lines stand on top
        for line, dotted in imported(path):
            other = area(dotted)
            above = layer(other)
            if (above is not None and above > own_layer) or other in APART.get(own, set()):
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {own} imports {dotted}")
    assert not wrong, "\n".join(wrong)


def test_every_area_has_its_layer() -> None:
    command_lines = {
        "__init__",
        "__main__",
        "cli",
        "check",
        "synthesize",
        "convert",
        "evaluate",
        "mix",
        "command_line",
        "recipes_folder",
    }
    areas = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in modules()}
    assert areas <= set().union(*LAYERS) | command_lines


def test_only_training_vllm_and_ray_s_own_files_import_them() -> None:
    for path in modules():
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(MAY_BE_HEAVY):
            for line, dotted in imported(path):
                assert dotted.split(".")[0] not in HEAVY, f"{name}:{line}"


@pytest.mark.parametrize(
    "module", ["funreason_plugin", "funreason_plugin.config", "funreason_plugin.trajectory"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    heavy = [
        "torch",
        "matplotlib",
        "pyarrow",
        "networkx",
        "numpy",
        "jinja2",
        "rich",
        "typer",
        "openai",
        "aiohttp",
        "ray",
    ]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel, built from a copy so that nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    for name in ("funreason_plugin", "recipes"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        str(folder),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


@pytest.mark.slow
def test_a_wheel_contains_the_whole_package_and_the_recipes(wheel: set[str]) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".pyo")
    }
    expected |= {
        f"funreason_plugin/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "recipes").rglob("*")
        if path.is_file()
    }
    assert expected - wheel == set()


@pytest.mark.slow
def test_a_wheel_contains_nothing_else(wheel: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in wheel} == {"funreason_plugin"}
