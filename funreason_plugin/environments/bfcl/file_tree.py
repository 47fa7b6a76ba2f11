"""The state of GorillaFileSystem: its tree of Directory and File objects, as immutable data and back.

The tree is a graph. Copying a directory shares its files with the copy, and moving one leaves the old
object as the parent of what lies below: both show in later calls, so snapshots keep object identity.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

Saved = tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...], int, int, bool]
_LONG_AGO = datetime(1970, 1, 1)  # a file's time of change is never shown
_MOST_ENTRIES = 5_000  # the largest tree of the benchmark has 127
_MOST_LEVELS = 100


def save_tree(system: Any) -> Saved:
    """Directories (name, parent, table), tables of contents, files (name, content), root, place, long context.

    A table maps names to directories (their index) and files (-1 - their index).
    """
    directories: list[Any] = []
    tables: list[tuple[tuple[str, int], ...]] = []
    files: list[tuple[str, str]] = []
    seen: dict[int, int] = {}
    table_of: dict[int, int] = {}
    pending: list[Any] = []

    def index(directory: Any) -> int:
        found = seen.get(id(directory))
        if found is None:
            found = seen[id(directory)] = len(pending)
            pending.append(directory)
        return found

    root, place = index(system.root), index(system._current_dir)
    kind = type(system.root)
    for directory in pending:  # grows while it is walked
        contents = directory.contents
        table = table_of.get(id(contents))
        if table is None:
            entries = []
            for name, item in contents.items():
                if type(item) is kind:
                    entries.append((name, index(item)))
                else:
                    place_of = seen.get(id(item))
                    if place_of is None:
                        files.append((item.name, item.content))
                        place_of = seen[id(item)] = -len(files)
                    entries.append((name, place_of))
            table = table_of[id(contents)] = len(tables)
            tables.append(tuple(entries))
        parent = directory.parent
        directories.append((directory.name, -1 if parent is None else index(parent), table))
    return tuple(directories), tuple(tables), tuple(files), root, place, system.long_context


def load_tree(system: Any, saved: Saved, directory_class: Any, file_class: Any) -> None:
    """Set a file system to a saved tree; every object is new."""
    directories, tables, files, root, place, long_context = saved
    made_files = []
    for name, content in files:
        file = file_class.__new__(file_class)
        file.__dict__ = {"name": name, "content": content, "_last_modified": _LONG_AGO}
        made_files.append(file)
    made = [directory_class.__new__(directory_class) for _ in directories]
    contents = [
        {name: made[entry] if entry >= 0 else made_files[-1 - entry] for name, entry in table}
        for table in tables
    ]
    for directory, (name, parent, table) in zip(made, directories, strict=True):
        directory.__dict__ = {
            "name": name,
            "parent": None if parent < 0 else made[parent],
            "contents": contents[table],
        }
    system.root, system._current_dir, system.long_context = made[root], made[place], long_context


def view_tree(system: Any) -> dict[str, Any]:
    """The public state as JSON (a directory is an object, a file its content), and where one stands.

    A tree with too many entries or levels has no root there: copies of copies share what lies below, and as JSON
    they grow without end. What is written into a file may be other than text; it stands in a list then, so that it is
    not taken for a directory.
    """
    place: list[str] = []
    directory = system._current_dir
    while directory is not None:
        place.append(directory.name)
        directory = directory.parent
    try:
        root = {system.root.name: _view(system.root, type(system.root), set(), [_MOST_ENTRIES])}
    except _TooLarge:
        root, place = {}, []
    return {"root": root, "current_directory": place[::-1], "long_context": system.long_context}


class _TooLarge(Exception):
    """The tree cannot be written as JSON."""


def _view(directory: Any, kind: type, above: set[int], left: list[int]) -> dict[str, Any] | list[Any]:
    if id(directory) in above:  # "cp a a" puts a directory into itself: not the same as an empty one
        return []
    left[0] -= len(directory.contents)
    if left[0] < 0 or len(above) > _MOST_LEVELS:
        raise _TooLarge
    above.add(id(directory))
    result = {
        name: _view(item, kind, above, left) if type(item) is kind else _content(item.content)
        for name, item in directory.contents.items()
    }
    above.discard(id(directory))
    return result


def _content(content: Any) -> Any:
    return content if isinstance(content, str) else [content]
