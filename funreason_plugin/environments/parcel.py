"""The files of the user's environments, packed so that a machine without them can import them.

    data = pack(["travel", "tools/desk.py:Desk"], leave_out=[out])      # here: a zip, or b"" when none is needed
    unpack(data)                                                        # there: `catalog.resolve` finds them now

An environment in ``tools/desk.py`` may import what lies beside it and read data from there, so the whole folder goes
along; of a module, its top-level package. What is installed (bfcl-eval, a tool package of yours) is not packed.
"""

from __future__ import annotations

import importlib.util
import io
import os
import site
import stat
import sysconfig
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from funreason_plugin.environments.catalog import PARCEL, folder_in_parcel
from funreason_plugin.environments.external.names import Given
from funreason_plugin.environments.plain.names import Plain
from funreason_plugin.errors import UserError

__all__ = ["MAX_BYTES", "pack", "unpack"]

MAX_BYTES = 64_000_000
MAX_FILES = 5_000
_MODULES = "modules"


def pack(
    names: Sequence[str], leave_out: Collection[Path] = (), others: Mapping[str, Path] | None = None
) -> bytes:
    """A zip of what the environments ``names`` (as on the command line) need beside what is installed.

    ``others`` are more files and folders, by the name that they get in the zip. Hidden files, caches, virtual environments, run folders and ``leave_out`` stay here.

    Raises:
        UserError: A folder is too large to be sent, or cannot be read.
    """
    out = io.BytesIO()
    packed: set[tuple[str, Path]] = set()
    left_out = {path.resolve() for path in leave_out}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            for prefix, root, given in _folders(name):
                if (prefix, root) not in packed:
                    packed.add((prefix, root))
                    _add(archive, prefix, root, f"--env {given}", left_out)
        for prefix, path in (others or {}).items():
            packed.add((prefix, path))
            _add(archive, prefix, path, str(path), left_out)
    return out.getvalue() if packed else b""


def unpack(data: bytes) -> Path:
    """Unpack into a new temporary folder, and let this process and its children find the environments there."""
    folder = Path(tempfile.mkdtemp(prefix="funreason-environments-"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    os.environ[PARCEL] = str(folder)
    return folder


def _folders(name: str) -> Iterator[tuple[str, Path, str]]:
    """(folder in the zip, folder here, how the user calls it) of what an environment needs."""
    plain = Plain.of(name)
    module = plain.module if plain is not None else name.rpartition(":")[0]
    if (outside := Given.of(name)) is not None:
        if "://" not in outside.target:
            parent = os.path.dirname(outside.target)
            yield folder_in_parcel(parent), Path(outside.target).resolve().parent, outside.target
    elif module.endswith(".py"):
        yield folder_in_parcel(os.path.dirname(module)), Path(module).resolve().parent, module
    elif module and not name.startswith("bfcl:"):
        top = module.split(".")[0]
        spec = importlib.util.find_spec(top)  # it has been imported already, by `resolve`
        if spec is None or (spec.origin is None and not spec.submodule_search_locations):
            return
        if spec.submodule_search_locations:
            root = Path(next(iter(spec.submodule_search_locations)))
            if not _installed(root):
                yield f"{_MODULES}/{top}", root, top
        elif spec.origin and spec.has_location and not _installed(Path(spec.origin)):
            yield _MODULES, Path(spec.origin).parent, module


def _installed(path: Path) -> bool:
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), sysconfig.get_path("stdlib")]
    homes = {Path(home).resolve() for home in [*paths, site.getusersitepackages()]}
    return bool(homes & set(path.resolve().parents))


def _add(archive: zipfile.ZipFile, prefix: str, root: Path, given: str, leave_out: set[Path]) -> None:
    files, total, largest = 0, 0, (0, "")
    for path in _files(root, leave_out):
        inside = prefix if path == root else f"{prefix}/{path.relative_to(root).as_posix()}"
        if inside in archive.NameToInfo:  # a package that lies in the folder of another environment
            continue
        size = path.stat().st_size
        files, total, largest = files + 1, total + size, max(largest, (size, str(path)))
        if total > MAX_BYTES or files > MAX_FILES:
            raise UserError(
                f"{given}: the folder {root} is to be sent to the cluster's nodes, and is over "
                f"{MAX_BYTES // 1_000_000} MB or {MAX_FILES:,} files (largest so far: {largest[1]}, "
                f"{largest[0] / 1e6:.1f} MB); keep the environment and its data in a folder of their own"
            )
        try:
            archive.write(path, inside)
        except (OSError, ValueError) as error:
            raise UserError(f"{given}: {path} cannot be packed ({error})") from None


def _files(root: Path, leave_out: set[Path]) -> Iterator[Path]:
    if root.is_file():
        yield root
    for here, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in ("__pycache__", "node_modules")
            and not (Path(here) / name / "pyvenv.cfg").exists()
            and not (Path(here) / name / "run.yaml").exists()
            and (Path(here) / name).resolve() not in leave_out
        )
        for name in sorted(files):
            path = Path(here) / name
            if not name.startswith(".") and path.exists() and stat.S_ISREG(path.stat().st_mode):
                yield path
