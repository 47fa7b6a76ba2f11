"""bfcl-eval's runner, imported with a table of models that has ours only.

Its own table imports the client of every vendor, 150 packages; what is run here needs five small ones. Nothing of it is
changed on disk.
"""

from __future__ import annotations

import atexit
import importlib
import marshal
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from funreason_plugin.environments.bfcl.package import SOURCES, package_path
from funreason_plugin.errors import UserError

__all__ = ["Bfcl", "ModelConfig", "load", "registry_name"]

_TABLE = "bfcl_eval.constants.model_config"
_INSTALL = "pip install -e '.[bfcl]' && pip install --no-deps bfcl-eval==2026.3.23"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What their runner looks up of a model."""

    model_name: str
    display_name: str
    model_handler: Any
    url: str = ""
    org: str = ""
    license: str = ""
    input_price: float | None = None
    output_price: float | None = None
    is_fc_model: bool = False
    underscore_to_dot: bool = False


@dataclass(frozen=True, slots=True)
class Bfcl:
    """Their modules; ``models`` is their table, ours to fill. ``categories`` and ``groups`` are names for --categories."""

    utils: Any
    helper: Any
    runner: Any
    executor: ModuleType
    tweets: Any
    models: dict[str, ModelConfig]

    def forget(self) -> None:
        """Drop what their executor keeps of what was played: instances by model and entry, in its globals."""
        kept = vars(self.executor)
        for name in [name for name in kept if name.endswith("_instance")]:
            del kept[name]
        self.tweets.TwitterAPI.post_tweet.__defaults__ = ([], [])  # one pair of lists for all tweets

    def count(self, category: str) -> int:
        """The entries of a category."""
        return len(
            self.helper.load_dataset_entry(
                category, include_prereq=False, include_language_specific_hint=False
            )
        )

    @property
    def categories(self) -> list[str]:
        """Those that can be scored by what was said: no web search, no memory."""
        return [
            *self.runner.MULTI_TURN_CATEGORY,
            *self.runner.NON_LIVE_CATEGORY,
            *self.runner.LIVE_CATEGORY,
        ]

    @property
    def groups(self) -> dict[str, list[str]]:
        known = set(self.categories)
        return {
            name: members
            for name, members in self.runner.TEST_COLLECTION_MAPPING.items()
            if known.issuperset(members)
        }


@cache
def load() -> Bfcl:
    """bfcl-eval, with its lock files in a temporary folder.

    Raises:
        UserError: it, or what it imports, is not installed.
    """
    package_path()
    scratch = tempfile.mkdtemp(prefix="bfcl-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    os.environ.setdefault("BFCL_PROJECT_ROOT", scratch)  # else it writes beside its own package
    if not isinstance(sys.modules.get(_TABLE), _Table):
        sys.modules[_TABLE] = _Table()
    try:
        utils: Any = importlib.import_module("bfcl_eval.utils")
        helper: Any = importlib.import_module("bfcl_eval.eval_checker.eval_runner_helper")
        runner: Any = importlib.import_module("bfcl_eval.eval_checker.eval_runner")
        executor = importlib.import_module("bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils")
        tweets: Any = importlib.import_module(f"{SOURCES}.posting_api")
        base = importlib.import_module("bfcl_eval.model_handler.base_handler")
    except ImportError as error:
        raise UserError(f"bfcl-eval's runner cannot be imported ({error}): {_INSTALL}") from None
    utils.LOCK_DIR = Path(scratch)
    utils.load_file = _once(utils.load_file, utils.PROMPT_PATH)
    helper.load_dataset_entry = _counted(utils.load_dataset_entry)
    for module in (base, helper, runner):
        vars(module)["print"] = _say_nothing
    runner.tqdm = _as_it_is
    return Bfcl(utils, helper, runner, executor, tweets, runner.MODEL_CONFIG_MAPPING)


def _once(load_file: Callable[..., list[Any]], data: Path) -> Callable[..., list[Any]]:
    """Their reader, reading each file of their package once: for every entry they read its tools' documents again.

    What they get is theirs to change, as before.
    """
    known: dict[Path, bytes] = {}

    def load(path: Path, *options: Any, **more: Any) -> list[Any]:
        if options or more or data not in Path(path).parents:
            return load_file(path, *options, **more)
        if path not in known:
            known[path] = marshal.dumps(load_file(path))
        copy: list[Any] = marshal.loads(known[path])
        return copy

    return load


def _counted(load: Callable[..., list[Any]]) -> Callable[..., range]:
    """What they only ask the length of: for their tables, of every category there is, each time."""

    @cache
    def entries(category: str, **options: bool) -> range:
        return range(len(load(category, **options)))

    return entries


def registry_name(model: str) -> str:
    """The model's name in their table and paths; their executor makes variables' names of it."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in model).strip("-")
    return words if words[:1].isalpha() else f"model-{words}".rstrip("-")


class _Table(ModuleType):
    """Stands where their table of models would."""

    def __init__(self) -> None:
        super().__init__(_TABLE)
        self.MODEL_CONFIG_MAPPING: dict[str, ModelConfig] = {}


def _say_nothing(*words: object, **options: object) -> None:
    """Their runner prints a line for every step."""


def _as_it_is(items: Any, **options: object) -> Any:
    return items
