"""bfcl-eval's classes as environments: their behaviour, none of what their executor shares.

A call runs the class's own method on an instance that belongs to one session. Beside it:

- what a method raises is the output ``{"error": "Error during execution: …"}``, as their executor says it;
  partial changes stay, as there; arguments are not checked beforehand, as there;
- errors hidden in a list (``[{"error": …}]``) come out as ``{"error": …}``; `entries.bfcl_text` gives theirs back;
- in scenarios of our own, a refusal that only a field tells ("success": false) has an "error" beside it;
- numbers that JSON lacks (mpf, Decimal, beyond 64 bits) come out as the nearest double;
- default lists, long-context tables and mpmath's precision, which their instances share, are private here;
- ids and readings come from the Session's random numbers, so that they do not depend on the order of calls.
  A state with ``random_seed`` (the benchmark's entries) uses the class's own sequence instead.
"""

from __future__ import annotations

import copy
import inspect
import marshal
import threading
from contextlib import nullcontext
from random import Random
from typing import Any, ClassVar

from funreason_plugin.environments.bfcl import differences, package
from funreason_plugin.environments.bfcl.addition import Addition
from funreason_plugin.environments.bfcl.documents import tool_specs
from funreason_plugin.environments.bfcl.file_tree import load_tree, save_tree, view_tree
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.spec import ToolSpec

MPMATH = threading.Lock()
"""Held while mpmath's precision, one for the process, is another."""
_NOT_STATE = frozenset({"_api_description", "_random", "_flight_cost_lookup"})


class BfclEnvironment(Environment):
    """One of bfcl-eval's classes. The state is that of the instance; its digest are its public attributes,
    which BFCL's checker compares, and private ones that matter (hashed, not judged)."""

    copying = "own"
    atomic = False
    validate = False
    labels = ("in-domain:bfcl",)
    class_name: ClassVar[str]
    addition: ClassVar[Addition]
    _specs: ClassVar[dict[str, ToolSpec]]

    def scenario(self, rng: Random) -> dict[str, Any]:
        return self.addition.scenario(rng, self.now())

    def reset(self, state: dict[str, Any]) -> None:
        config = dict(state)
        self._person: dict[str, Any] = config.pop("person", {})
        long_context = config.pop("long_context", False)
        self._instance = package.backend(self.class_name)()
        self._sequence = "random_seed" in config  # draws in the class's own order
        self._saved: Any = None
        if hasattr(self._instance, "_load_scenario"):
            self._instance._load_scenario(config, long_context=long_context)
        if self._person:
            differences.mend(self._instance)
        if long_context:
            for name, value in vars(self._instance).items():
                if isinstance(value, (dict, list)):  # some of it is shared with every other instance
                    setattr(self._instance, name, copy.deepcopy(value))

    def save(self) -> Any:
        if self._saved is None:
            state = {key: value for key, value in vars(self._instance).items() if key not in _NOT_STATE}
            sequence = self._instance._random.getstate() if self._sequence else None
            self._saved = (marshal.dumps(state, 2), sequence)
        return self._saved

    def load(self, saved: Any) -> None:
        vars(self._instance).update(marshal.loads(saved[0]))
        if saved[1] is not None:
            self._instance._random.setstate(saved[1])
        self._saved = saved

    def digest(self) -> dict[str, Any]:
        state = {key: _json(value) for key, value in vars(self._instance).items() if key[0] != "_"}
        for key, attribute in self.addition.hidden.items():
            state[key] = getattr(self._instance, attribute)
        return {**state, "person": self._person} if self._person else state

    @classmethod
    def tool_specs(cls) -> dict[str, ToolSpec]:
        return cls._specs

    def invoke(self, name: str, arguments: dict[str, Any]) -> Any:
        addition = self.addition
        if name in addition.draws:
            self._saved = None
            if self._sequence:
                self._moved = True
            else:
                self._instance._random = self.rng
        elif name in addition.writes:
            self._saved = None
        try:
            special = differences.SPECIAL.get(name)
            if special is not None:
                with MPMATH if name == "logarithm" else nullcontext():
                    result = special(self._instance, arguments)
            else:
                result = getattr(self._instance, name)(**arguments)
        except Exception as error:
            return {"error": f"Error during execution: {error}"}
        if name in differences.LISTED_ERRORS:
            return differences.unlisted(result)
        return differences.refused(name, result) if self._person else result

    @classmethod
    def source(cls) -> str:
        ours = inspect.getsource(inspect.getmodule(cls.addition.scenario) or cls)
        return inspect.getsource(package.module(cls.class_name)) + ours + inspect.getsource(differences)


class BfclFileSystem(BfclEnvironment):
    """GorillaFileSystem: its state is a tree of objects. The current directory is hashed, not judged: BFCL's
    checker does not look at it either."""

    equality: ClassVar[dict[str, str]] = {"current_directory": "ignored"}

    def save(self) -> Any:
        if self._saved is None:
            self._saved = save_tree(self._instance)
        return self._saved

    def load(self, saved: Any) -> None:
        classes = package.module(self.class_name)
        load_tree(self._instance, saved, classes.Directory, classes.File)
        self._saved = saved

    def digest(self) -> dict[str, Any]:
        state = view_tree(self._instance)
        return {**state, "person": self._person} if self._person else state


def environment_class(class_name: str, name: str, addition: Addition) -> type[BfclEnvironment]:
    """The environment class for one of bfcl-eval's classes."""
    base = BfclFileSystem if class_name == "GorillaFileSystem" else BfclEnvironment
    attributes = {
        "__module__": __name__,
        "__doc__": f"bfcl-eval's {class_name}.",
        "name": name,
        "version": f"1 with bfcl-eval {package.version()}",
        "policy": addition.policy,
        "declared": addition.declared,
        "equality": {**base.equality, **dict.fromkeys(addition.hidden, "ignored")},
        "class_name": class_name,
        "addition": addition,
        "_specs": tool_specs(class_name, name, addition),
    }
    return type(class_name, (base,), attributes)


def _json(value: Any) -> Any:
    """An attribute as JSON: int keys become strings, sets sorted lists."""
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, dict) and any(not isinstance(key, str) for key in value):
        state: dict[str, Any] = {}
        for key, item in value.items():
            name = _name(key)
            if name in state and isinstance(item, list):  # TwitterAPI's comments: "3" loaded, 3 written later
                item = [*state[name], *item]
            state[name] = item
        return state
    return value


def _name(key: Any) -> str:
    """A key's name: keys that Python takes for one (3 and 3.0, 1 and True) have one."""
    return str(int(key)) if isinstance(key, (bool, float)) and key == key // 1 else str(key)
