"""GorillaFileSystem: somebody's folders. Two versions of a file lie side by side, one folder is empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition, names, nothing
from funreason_plugin.environments.bfcl.papers import KINDS, draw, revised
from funreason_plugin.environments.bfcl.people import LAST
from funreason_plugin.environments.bfcl.phrases.gorilla_file_system import PHRASES
from funreason_plugin.environments.marks import Prose, Ref, Values

_FOLDERS = (
    "allotment", "attic_clearout", "boat_share", "book_circle", "choir", "house_move", "kitchen_refit", "night_school",
    "orchard", "pottery_class", "scout_camp", "ski_week", "street_party", "tenants", "weather_station", "workshop",
)  # fmt: skip
_SUBFOLDERS = ("done", "drafts_2026", "for_print", "incoming", "older", "scans", "to_sign", "winter")
_NEW_FOLDERS = ("for_review", "handover", "keepsakes", "sorted_out", "spring_2026", "to_keep", "final_round")
_NEW_FILES = (
    "ideas_board.txt",
    "packing.md",
    "questions_for_expert.txt",
    "summary_q3.txt",
    "timeline.csv",
    "wishes.txt",
)
_CONTENTS = (
    "Bring the long extension lead and two tarpaulins",
    "Meet at the side entrance at half past eight",
    "Colours: sage for the doors, chalk for the walls",
    "Ask for a quote with and without delivery",
    "Rehearsals move to Thursday until further notice",
    "Third draft, waiting for the photographs",
    "Return the key to the caretaker on Friday",
    "Order forty chairs and six tables",
    "Everyone brings a dish, drinks are bought together",
    "Check the frost protection before November",
)  # fmt: skip
_WORDS = (
    "Agreed", "ERROR", "INFO", "WARNING", "amount", "celsius", "pieces", "shelf", "call", "order", "2026", "Meeting",
    "pump", "month", "[x]", "Dear", "clean",
)  # fmt: skip


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """Two to four folders with three to five files each, one folder deeper, one of them empty."""
    root: dict[str, Any] = {}
    for name in rng.sample(_FOLDERS, rng.randint(2, 4)):
        root[name] = _directory(_files(rng, rng.randint(2, 4)))
        if rng.random() < 0.6:
            below = _files(rng, rng.randint(1, 2))
            root[name]["contents"][rng.choice(_SUBFOLDERS[:5])] = _directory(below)
        if rng.random() < 0.5:
            root[name]["contents"][rng.choice(_SUBFOLDERS[5:])] = _directory({})
    root[rng.choice(_SUBFOLDERS[5:])] = _directory({})
    if rng.random() < 0.35:  # most files lie in folders: one has to go there first
        root |= _files(rng, rng.randint(1, 2))
    if rng.random() < 0.6:
        root[rng.choice((".folder_view", ".sync_rules"))] = _file(f"interval={rng.choice((5, 15, 30, 60))}")
    owner = rng.choice(LAST).lower()
    return {
        "root": {owner: _directory(root)},
        "person": {
            "new_files": rng.sample(_NEW_FILES, 4),
            "new_folders": rng.sample(_NEW_FOLDERS, 4),
            "owner": owner,
        },
    }


def _files(rng: Random, count: int) -> dict[str, Any]:
    """Files of different kinds; one of them also in a second version, line by line comparable."""
    found: dict[str, Any] = {}
    for index, kind in enumerate(rng.sample(sorted(KINDS), count)):
        name, text = draw(kind, rng)
        found[name] = _file(text)
        if index == 0 and count > 1:
            stem, dot, ending = name.rpartition(".")
            found[f"{stem}_v2{dot}{ending}"] = _file(revised(text, rng))
    return found


def _directory(contents: dict[str, Any]) -> dict[str, Any]:
    return {"type": "directory", "contents": contents}


def _file(content: str) -> dict[str, Any]:
    return {"type": "file", "content": content}


# -- what fits where one stands: a directory is a dict in the digest, a file its content -----------------


def _here(state: dict[str, Any]) -> dict[str, Any]:
    node: Any = state["root"]
    for name in state["current_directory"]:
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def _file_names(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name, item in _here(state).items() if isinstance(item, str) and name[0] != "."]


def _full_files(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name in _file_names(state, rng) if _here(state)[name]]


def _writable(state: dict[str, Any], rng: Random) -> list[str]:
    """Empty files first: nobody wants a text overwritten while there is a new file."""
    return [name for name in _file_names(state, rng) if not _here(state)[name]] or _file_names(state, rng)


def _folder_names(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name, item in _here(state).items() if isinstance(item, dict)]


def _empty_folders(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name, item in _here(state).items() if item == {}]


def _ways(state: dict[str, Any], rng: Random) -> list[str]:
    """Folders to enter; the way up where there are none."""
    return _folder_names(state, rng) or [".."]


def _new_file_names(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name in state["person"]["new_files"] if name not in _here(state)]


def _new_folder_names(state: dict[str, Any], rng: Random) -> list[str]:
    return [name for name in state["person"]["new_folders"] if name not in _here(state)]


def _destinations(state: dict[str, Any], rng: Random) -> list[str]:
    return [*_folder_names(state, rng), *_new_file_names(state, rng)[:1]]


def _searched(state: dict[str, Any], rng: Random) -> list[str]:
    """The longest file here: the one that `_patterns` are taken from."""
    files = [(len(_here(state)[name]), name) for name in _full_files(state, rng)]
    return [max(files)[1]] if files else []


def _patterns(state: dict[str, Any], rng: Random) -> list[str]:
    text = "".join(_here(state)[name] for name in _searched(state, rng))
    return [word for word in _WORDS if word in text]


def _pair(place: int) -> Callable[[dict[str, Any], Random], list[str]]:
    """The two files here that are compared: versions of one file, or else the first two."""

    def one(state: dict[str, Any], rng: Random) -> list[str]:
        names = sorted(_full_files(state, rng))
        for name in names:
            stem, dot, ending = name.rpartition(".")
            if f"{stem}_v2{dot}{ending}" in names:
                return [(name, f"{stem}_v2{dot}{ending}")[place]]
        return [names[place]] if len(names) > 1 else []

    return one


def _name_parts(state: dict[str, Any], rng: Random) -> list[str]:
    """Parts of the names of what lies below."""
    names: list[str] = []

    def walk(node: dict[str, Any]) -> None:
        for name, item in node.items():
            names.append(name)
            if isinstance(item, dict):
                walk(item)

    walk(_here(state))
    endings = {f".{name.rpartition('.')[2]}" for name in names if "." in name.strip(".")}
    return sorted(
        endings | {name.split("_")[0] for name in names if "_" in name and not name.startswith(".")}
    )


_FILE = (Ref("file", known=True), Values.call(_file_names))
_FULL_FILE = (Ref("file", known=True), Values.call(_full_files))

GORILLA_FILE_SYSTEM = Addition(
    document="gorilla_file_system",
    policy=(
        "You work in a person's file system, step by step as in a shell: most tools act on the current directory "
        "only, so change into the right one first, one level at a time. Never overwrite or remove anything that was "
        "not asked for."
    ),
    scenario=scenario,
    writes=frozenset(names("cd cp echo mkdir mv rm rmdir touch")),
    marks={
        "cat": {"file_name": _FULL_FILE},
        "cd": {"folder": (Ref("folder", known=True), Values.call(_ways))},
        "cp": {"source": _FILE, "destination": Values.call(_destinations)},
        "diff": {
            "file_name1": (Ref("file", known=True), Values.call(_pair(0))),
            "file_name2": (Ref("file", known=True), Values.call(_pair(1))),
        },
        "du": {"human_readable": Values.of((True,))},
        "echo": {
            "content": Prose(_CONTENTS),
            "file_name": (Ref("file", known=True), Values.call(_writable)),
        },
        "find": {"path": Values.call(_folder_names), "name": Values.call(_name_parts)},
        "grep": {
            "file_name": (Ref("file", known=True), Values.call(_searched)),
            "pattern": Values.call(_patterns),
        },
        "ls": {"a": Values.of((True,))},
        "mkdir": {"dir_name": Values.call(_new_folder_names)},
        "mv": {"source": _FILE, "destination": Values.call(_destinations)},
        "rm": {"file_name": _FILE},
        "rmdir": {"dir_name": Values.call(_empty_folders)},
        "sort": {"file_name": _FULL_FILE},
        "tail": {"file_name": _FULL_FILE, "lines": Values.of((1, 2, 3, 4, 5))},
        "touch": {"file_name": Values.call(_new_file_names)},
        "wc": {"file_name": _FULL_FILE, "mode": Values.of(("l", "w", "c"))},
    },
    required={"echo": ("file_name",)},
    results={"echo": nothing, "mkdir": nothing, "touch": nothing},
    phrases=PHRASES,
)
