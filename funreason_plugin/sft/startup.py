"""The start-up hook: what LLaMA-Factory lacks is put into it as it is imported. Standard library only.

    funreason hook install        # copies this file into site-packages, with a .pth file that calls `start`

LLaMA-Factory has no plugins: its templates are a dict, its arguments a dataclass. At the start of each Python
process `start` adds one finder to `sys.meta_path` and no more; a process that never imports llamafactory never
notices. Once one of the modules in `AFTER` has been executed, the function named beside it is called with it.

Whatever goes wrong is one line on standard error, of rank 0 alone, and LLaMA-Factory goes on as it was made. No
word where funreason_plugin was taken out of the environment. FUNREASON_PLUGIN_DISABLE=1 switches the hook off.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in typing, which costs more to import than all of this file
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["AFTER", "KNOWN", "disabled", "start"]

AFTER = {
    "llamafactory.data.template": "funreason_plugin.sft.templates:register",
    "llamafactory.hparams.finetuning_args": "funreason_plugin.sft.loss_hook:add_arguments",
    "llamafactory.train.sft.trainer": "funreason_plugin.sft.loss_hook:extend_trainer",
    "llamafactory.train.sft.workflow": "funreason_plugin.sft.loss_hook:extend_workflow",
}
"""After which module of LLaMA-Factory which function of ours is called."""

KNOWN = ("0.9.5",)
"""The versions of LLaMA-Factory that the functions in `AFTER` were written for."""

SWITCH = "FUNREASON_PLUGIN_DISABLE"


def start() -> None:
    """Watch the imports of this process, once."""
    if not disabled() and not any(getattr(finder, "of_funreason", False) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


def disabled() -> bool:
    return os.environ.get(SWITCH, "") not in ("", "0")


class Finder:
    """Finds nothing by itself: it asks the other finders, and wraps the loader of a module in `AFTER`."""

    of_funreason = True

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in AFTER:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find and finder is not self else None
            if spec:
                if spec.loader:
                    spec.loader = Loader(spec.loader, AFTER[name])  # type: ignore[assignment]
                return spec
        return None


class Loader:
    """Another loader, and a function of ours after it has executed the module."""

    def __init__(self, loader: Any, function: str) -> None:
        self._loader = loader
        self._function = function

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _call(self._function, module)


_warned = False


def _call(function: str, module: ModuleType) -> None:
    global _warned
    area, _, name = function.partition(":")
    try:
        from importlib import import_module

        import_module("funreason_plugin")
    except ImportError:
        return
    version = getattr(sys.modules.get("llamafactory"), "__version__", None)
    if version not in KNOWN and not _warned:
        _warned = True
        _warn(
            f"llamafactory {version or 'of no version'} is not known to funreason_plugin (known:"
            f" {', '.join(KNOWN)}); its templates and balanced loss are put in all the same: check the first rows"
        )
    try:
        getattr(import_module(area), name)(module)
    except Exception as error:  # the user's training must start, with whatever of ours is missing
        text = " ".join(str(error).split())
        _warn(
            f"{function} failed ({type(error).__name__}: {text}); llamafactory goes on without it"
            f" ('funreason hook status' tells more, {SWITCH}=1 switches the hook off)"
        )


def _warn(text: str) -> None:
    if (os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or "0") == "0" and sys.stderr:
        print(f"funreason_plugin: warning: {text}", file=sys.stderr, flush=True)
