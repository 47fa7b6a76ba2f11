"""The recipes that ship with the package: beside it in a checkout, inside it in a wheel."""

from __future__ import annotations

import shutil
from pathlib import Path

from funreason_plugin.errors import UserError


def recipes_folder() -> Path:
    """Where the recipes lie."""
    package = Path(__file__).parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"


def copy_recipes(target: Path, *, force: bool = False) -> list[Path]:
    """Copy every recipe, folders included; a file that exists is an error unless ``force``.

    Raises:
        UserError: A file is there already, or the folder cannot be written. Nothing was copied then.
    """
    source = recipes_folder()
    copies = {
        path: target / path.relative_to(source)
        for path in sorted(source.rglob("*"))
        if path.suffix in (".yaml", ".json")
    }
    if not copies:
        raise UserError(f"{source}: no recipes here; install the package again")
    there = [path for path in copies.values() if path.exists()]
    if there and not force:
        raise UserError(f"{there[0]}: exists; choose another folder, or overwrite with --force")
    try:
        for path, copy in copies.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    except OSError as error:
        raise UserError(f"{target}: {error.strerror}") from None
    return list(copies.values())
