"""The start-up hook: put in, taken out, looked at, and never in the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.sft import hook, startup

from .conftest import layered

FILES = ("_funreason_plugin_hook.py", "funreason_plugin_hook.pth")
MODULES = "import sys; print(*sorted(sys.modules))"
IMPORT = "import llamafactory.data.template as t; print(len(t.TEMPLATES))"


def run(python: Path, *arguments: str, status: int = 0, **variables: str) -> tuple[str, str]:
    """What a command prints on both streams."""
    quiet = {
        name: text for name, text in os.environ.items() if name not in ("RANK", "LOCAL_RANK", "PYTHONPATH")
    }
    done = subprocess.run(
        [str(python), *arguments], capture_output=True, text=True, env={**quiet, **variables}, cwd="/"
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the hook; llamafactory need not be there."""
    python = layered(tmp_path_factory.mktemp("own") / "venv")
    run(python, "-m", "funreason_plugin", "hook", "install")
    return python


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    return layered(tmp_path / "venv")


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A llamafactory of the future in which nothing of ours finds its place."""
    package = tmp_path_factory.mktemp("unknown") / "llamafactory"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.9.99"\n')
    (package / "data" / "__init__.py").write_text("")
    (package / "data" / "template.py").write_text("TEMPLATES = {}\n")
    return str(package.parent)


def site_of(python: Path) -> Path:
    (found,) = python.parents[1].glob("lib/python*/site-packages")
    return found


def test_what_is_installed_can_be_installed_again_and_removed(fresh: Path) -> None:
    command = ("-m", "funreason_plugin", "hook")
    before = sorted(path.name for path in site_of(fresh).iterdir())
    for _ in range(2):
        out, _ = run(fresh, *command, "install")
        assert f"{site_of(fresh)}: start-up hook installed" in out
        assert {path.name for path in site_of(fresh).glob("*funreason*")} == set(FILES)
    assert "start-up hook removed" in run(fresh, *command, "remove")[0]
    assert "no start-up hook here" in run(fresh, *command, "remove")[0]
    left = [path for path in site_of(fresh).rglob("*") if path.name != "__pycache__"]
    assert sorted(path.name for path in left) == before


def test_status_follows_the_files(fresh: Path) -> None:
    pytest.importorskip("llamafactory", reason="llamafactory is not installed (extra [sft])")
    command = ("-m", "funreason_plugin", "hook")
    assert "hook:          not installed" in run(fresh, *command, "status", status=1)[0]
    run(fresh, *command, "install")
    out, _ = run(fresh, *command, "status")
    assert "installed, up to date" in out
    assert str(site_of(fresh)) in out
    assert "llamafactory:  0.9.5, known" in out
    out, _ = run(fresh, *command, "status", status=1, FUNREASON_PLUGIN_DISABLE="1")
    assert "switched off:  by FUNREASON_PLUGIN_DISABLE=1" in out
    copy = site_of(fresh) / FILES[0]
    copy.write_text(copy.read_text() + "# older\n")
    assert "run 'funreason hook install' again" in run(fresh, *command, "status", status=1)[0]
    run(fresh, *command, "install")
    assert "installed, up to date" in run(fresh, *command, "status")[0]


def test_a_python_that_starts_loads_the_copy_and_nothing_else(own: Path, fresh: Path) -> None:
    with_hook, errors = run(own, "-c", MODULES)
    without, _ = run(fresh, "-c", MODULES)
    assert errors == ""
    assert "_funreason_plugin_hook" in with_hook.split()
    assert set(with_hook.split()) - set(without.split()) <= {"__future__", "_funreason_plugin_hook"}


def test_the_copy_is_compiled_when_it_is_installed(fresh: Path) -> None:
    run(fresh, "-m", "funreason_plugin", "hook", "install", PYTHONDONTWRITEBYTECODE="1")
    assert len(list((site_of(fresh) / "__pycache__").glob("_funreason_plugin_hook.*.pyc"))) == 1


@pytest.mark.parametrize(("value", "watching"), [("1", "0"), ("", "1"), ("0", "1")])
def test_the_variable_switches_it_off(own: Path, value: str, watching: str) -> None:
    code = "import sys; print(sum(hasattr(finder, 'of_funreason') for finder in sys.meta_path))"
    assert run(own, "-c", code, FUNREASON_PLUGIN_DISABLE=value)[0].strip() == watching


def test_a_process_is_watched_once(own: Path) -> None:
    code = (
        "import sys, _funreason_plugin_hook as copy; from funreason_plugin.sft import startup;"
        "copy.start(); startup.start(); print(sum(hasattr(finder, 'of_funreason') for finder in sys.meta_path))"
    )
    assert run(own, "-c", code)[0].strip() == "1"


def test_an_unknown_version_is_named_once_and_what_fails_is_one_line(own: Path, unknown: str) -> None:
    out, errors = run(own, "-c", IMPORT, PYTHONPATH=unknown)
    assert out.strip() == "0"  # the import itself went well
    version, failure = errors.splitlines()
    assert version.startswith(
        "funreason_plugin: warning: llamafactory 0.9.99 is not known to funreason_plugin (known: 0.9.5)"
    )
    assert failure.startswith("funreason_plugin: warning: funreason_plugin.sft.templates:register failed (")


@pytest.mark.parametrize("variables", [{"RANK": "1"}, {"LOCAL_RANK": "1"}, {"RANK": "8", "LOCAL_RANK": "0"}])
def test_only_the_first_rank_speaks(own: Path, unknown: str, variables: dict[str, str]) -> None:
    assert run(own, "-c", IMPORT, status=0, PYTHONPATH=unknown, **variables) == ("0\n", "")


def test_a_module_keeps_its_own_loader(own: Path, unknown: str) -> None:
    code = (
        "import inspect, llamafactory.data.template as t;"
        "print(type(t.__loader__).__name__, type(t.__spec__.loader).__name__, inspect.getsource(t))"
    )
    out, _ = run(own, "-c", code, PYTHONPATH=unknown)
    assert out.split() == ["SourceFileLoader", "SourceFileLoader", "TEMPLATES", "=", "{}"]


def test_without_the_package_the_hook_is_silent(own: Path, unknown: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    bare = tmp_path / "bare" / "bin" / "python"
    for name in FILES:
        shutil.copy(site_of(own) / name, site_of(bare))
    assert run(bare, "-c", MODULES)[0].split().count("_funreason_plugin_hook") == 1
    assert run(bare, "-c", IMPORT, PYTHONPATH=unknown) == ("0\n", "")


def test_without_its_copy_the_pth_file_is_silent(own: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    bare = tmp_path / "bare" / "bin" / "python"
    shutil.copy(site_of(own) / FILES[1], site_of(bare))
    assert run(bare, "-c", "print(1)") == ("1\n", "")
    (site_of(bare) / FILES[0]).write_text("broken =\n")
    assert run(bare, "-c", "print(1)") == ("1\n", "")


def test_a_folder_that_cannot_be_written_is_one_line(fresh: Path) -> None:
    (site_of(fresh) / FILES[1]).mkdir()
    _, errors = run(fresh, "-m", "funreason_plugin", "hook", "install", status=1)
    (line,) = errors.splitlines()
    assert line.startswith(
        f"error: {site_of(fresh) / FILES[1]}: cannot be written (Is a directory); install as"
    )
    assert not list(site_of(fresh).glob("*.new"))
    _, errors = run(fresh, "-m", "funreason_plugin", "hook", "remove", status=1)
    assert "cannot be removed" in errors


def test_a_folder_that_python_does_not_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(hook, "site_packages", lambda: tmp_path)
    with pytest.raises(UserError, match=r"does not read \.pth files there at its start"):
        hook.install()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_every_function_that_is_called_exists() -> None:
    pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
    from importlib import import_module

    for place in startup.AFTER.values():
        area, name = place.split(":")
        assert callable(getattr(import_module(area), name))
