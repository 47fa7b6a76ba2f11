"""The start-up hook in an environment: put in, taken out, looked at.

    funreason hook install      # then `template: funreason` is known to llamafactory-cli in this environment
    funreason hook status
    funreason hook remove

Two files in site-packages: a `.pth` file, which Python reads at each start, and a copy of `startup.py`, which it
starts. Neither is part of the wheel, as an environment is changed only when its user says so; nor does pip take
them out with the package. Left behind they do nothing.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from funreason_plugin.command_line import Group, console
from funreason_plugin.errors import UserError
from funreason_plugin.sft import startup

__all__ = ["Status", "install", "remove", "status"]

MODULE = "_funreason_plugin_hook"
# The copy may be gone, or a Python may not understand it: a line of a .pth file that raises prints a traceback.
LINE = f'import sys; exec("try:\\n from {MODULE} import start\\n start()\\nexcept Exception: pass")\n'


@dataclass(frozen=True, slots=True)
class Status:
    """The hook of one environment."""

    folder: Path
    """The environment's site-packages."""
    installed: bool
    current: bool
    """The files are those of this version of the package."""
    disabled: bool
    """By the environment variable."""
    llamafactory: str | None
    """The version that is installed."""

    @property
    def known(self) -> bool:
        return self.llamafactory in startup.KNOWN

    @property
    def works(self) -> bool:
        """LLaMA-Factory started now would have what the hook brings."""
        return self.installed and self.current and not self.disabled and self.llamafactory is not None


def _files(folder: Path) -> dict[Path, bytes]:
    """What the hook consists of, in the order of writing: the copy is there before it is called."""
    return {
        folder / f"{MODULE}.py": Path(startup.__file__).read_bytes(),
        folder / "funreason_plugin_hook.pth": LINE.encode(),
    }


def site_packages() -> Path:
    """Where the running interpreter has its packages."""
    return Path(sysconfig.get_path("purelib"))


def install() -> Path:
    """Write the hook into this environment's site-packages, or renew it; the folder.

    Raises:
        UserError: the folder cannot be written, or Python does not read it at start-up.
    """
    import py_compile
    import subprocess

    folder = site_packages()
    for path, content in _files(folder).items():
        try:
            _write(path, content)
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({_reason(error)}); {_mend()}") from None
    with suppress(OSError):  # the first Python to start might not be allowed to, and then none would
        py_compile.compile(str(folder / f"{MODULE}.py"), quiet=2)
    code = f"import sys; sys.exit({MODULE!r} not in sys.modules)"
    if subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode:
        remove()
        raise UserError(f"{folder}: {sys.executable} does not read .pth files there at its start; {_mend()}")
    return folder


def remove() -> list[Path]:
    """Take the hook out of this environment's site-packages; what was removed, nothing where it was not there.

    Raises:
        UserError: a file cannot be removed.
    """
    folder = site_packages()
    copies = (folder / "__pycache__").glob(f"{MODULE}.*.pyc")
    removed = []
    for path in [*reversed(_files(folder)), *copies]:  # the caller before what it calls
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UserError(f"{path}: cannot be removed ({_reason(error)})") from None
        if path.suffix != ".pyc":
            removed.append(path)
    return removed


def status() -> Status:
    """How things stand in the running interpreter's environment."""
    from importlib.metadata import PackageNotFoundError, version

    folder = site_packages()
    files = _files(folder)
    try:
        llamafactory: str | None = version("llamafactory")
    except PackageNotFoundError:
        llamafactory = None
    return Status(
        folder,
        installed=all(map(Path.is_file, files)),
        current=all(_read(path) == content for path, content in files.items()),
        disabled=startup.disabled(),
        llamafactory=llamafactory,
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    """Every Python that starts in the meantime sees the old file or the new one, whole."""
    import tempfile

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _mend() -> str:
    if sys.prefix == sys.base_prefix:
        return "make a virtual environment ('python -m venv .venv') and install there"
    return f"install as the owner of {sys.prefix}"


# ---------------------------------------------------------------------------------------------- command line

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The start-up hook that makes our templates and the balanced loss known to LLaMA-Factory.",
)


@app.command("install")
def install_command() -> None:
    """Put the hook into this environment's site-packages."""
    folder = install()
    console().print(
        f"{folder}: start-up hook installed; 'funreason hook remove' takes it out", soft_wrap=True
    )


@app.command("remove")
def remove_command() -> None:
    """Take the hook out of this environment's site-packages."""
    if remove():
        console().print(f"{site_packages()}: start-up hook removed", soft_wrap=True)
    else:
        console().print(f"{site_packages()}: no start-up hook here", soft_wrap=True)


@app.command("status")
def status_command() -> None:
    """Tell how the hook stands; exit status 1 where llamafactory-cli would not have our templates."""
    found = status()
    if not found.installed:
        line = "not installed; 'funreason hook install' does it"
    elif not found.current:
        line = "installed, but of another version of funreason_plugin; run 'funreason hook install' again"
    else:
        line = "installed, up to date"
    shown = [f"hook:          {line}", f"site-packages: {found.folder}"]
    if found.disabled:
        shown.append(f"switched off:  by {startup.SWITCH}={os.environ[startup.SWITCH]}")
    if found.llamafactory is None:
        shown.append("llamafactory:  not installed; 'pip install -e .[sft]' brings it")
    else:
        known = "known" if found.known else f"not known (known: {', '.join(startup.KNOWN)})"
        shown.append(f"llamafactory:  {found.llamafactory}, {known}")
    for text in shown:
        console().print(text, soft_wrap=True, markup=False)
    if not found.works:
        raise typer.Exit(1)
