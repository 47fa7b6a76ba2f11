"""`Environment` and `@tool`: a typed, documented class becomes tools that a model can call.

    class Library(Environment):
        policy = "You help at the desk of a library."

        def scenario(self, rng):
            return {"copies": {title: rng.randint(1, 3) for title in ("Dune", "Emma")}}

        @tool(writes=True)
        def lend(self, title: Annotated[str, Values.state("copies.keys()")]) -> dict[str, int]:
            \"\"\"Lend a book.\"\"\"
            if not self.copies.get(title):
                raise ToolError(f"no copy of {title!r} is here")
            self.copies[title] -= 1
            return {"left": self.copies[title]}

State is plain data in public attributes. Clock, random numbers and new ids come from the Session, so
that a replay gives equal results.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import marshal
import re
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime
from importlib.util import resolve_name
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Protocol, TypeVar, overload

import orjson

from funreason_plugin.environments.scenario_rows import scenario_rows
from funreason_plugin.environments.spec import Phrases, ToolOptions, ToolSpec, spec_of
from funreason_plugin.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = "__funreason_tool__"


class ToolError(Exception):
    """Raised by a tool for an expected failure; the caller sees ``{"error": message}``."""


class Supply(Protocol):
    """What a Session supplies to its environments."""

    def now(self) -> datetime: ...

    def rng(self) -> Random: ...

    def new_id(self, prefix: str, digits: int, taken: Container[str]) -> str: ...


@overload
def tool(fn: F) -> F: ...
@overload
def tool(
    *,
    writes: bool = False,
    ask: Sequence[str] = (),
    noun: str = "",
    tell: str = "",
    reports: Sequence[str] = (),
    needs: Sequence[str] = (),
) -> Callable[[F], F]: ...
def tool(
    fn: F | None = None,
    *,
    writes: bool = False,
    ask: Sequence[str] = (),
    noun: str = "",
    tell: str = "",
    reports: Sequence[str] = (),
    needs: Sequence[str] = (),
) -> F | Callable[[F], F]:
    """Mark a method as a tool.

    Args:
        writes: The tool changes the state. A wrong claim is found by ``check env`` and by the graph.
        ask, noun, tell, reports: Language hints for the embedded teacher, all optional.
        needs: Tools that must have been called before (declared state edges).
    """
    options = ToolOptions(writes, Phrases(tuple(ask), noun, tell, tuple(reports)), tuple(needs))

    def mark(function: F) -> F:
        setattr(function, _OPTIONS, options)
        return function

    return mark if fn is None else mark(fn)


class Environment:
    """A set of tools over one state. Subclass it; see the module docstring.

    Class attributes: ``name`` (default: the class name in snake case), ``version``, ``policy`` (the
    system prompt), ``equality`` (state path pattern to "exact", "set", "text", "volatile" or
    "ignored"), ``declared`` (edges: first tool, then tool), ``copying`` ("copy": the state is the
    public attributes; "own": save, load and digest are overridden; "replay": reset and repeat the
    calls), ``time_limit`` (seconds a call), ``scenarios`` (a JSONL file beside the class's file).
    ``atomic``: changes of a tool that raises are rolled back. ``validate``: arguments are checked
    against the schema before the tool runs.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    policy: ClassVar[str] = ""
    equality: ClassVar[Mapping[str, str]] = {}
    declared: ClassVar[Sequence[tuple[str, str]]] = ()
    copying: ClassVar[str] = "copy"
    time_limit: ClassVar[float] = 5.0
    scenarios: ClassVar[str] = ""
    labels: ClassVar[tuple[str, ...]] = ()
    atomic: ClassVar[bool] = True
    validate: ClassVar[bool] = True

    _supply: Supply | None = None
    _moved: bool = False  # `invoke` sets it: a reading tool moved on what snapshots hold (a random sequence)
    _outside_live: ClassVar[bool] = False  # of adapters: calls reach what is not the session's own
    _outside_name: ClassVar[str] = ""  # of adapters: the name on the command line that gives this class alone
    _tool_specs: ClassVar[dict[str, ToolSpec]]
    _hash: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()
            cls.name = re.sub(r"_(environment|env)\Z", "", snake)

    # -- what an author writes or overrides ---------------------------------------------------------

    def scenario(self, rng: Random) -> dict[str, Any]:
        """Draw an initial state: attribute name to plain JSON data. `now()` works here, for dates that fit."""
        if self.scenarios:
            rows = scenario_rows(str(beside(type(self), self.scenarios)))
            row = orjson.loads(rows[rng.randrange(len(rows))])
            assert isinstance(row, dict)
            return row
        raise UserError(
            f"{type(self).__name__}: no initial state; add 'def scenario(self, rng): return {{...}}' "
            "or 'scenarios = \"file.jsonl\"'"
        )

    def enlarge(self, state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
        """The state (a private copy) with about ``times`` times as many records in its long listings, for long contexts.

        The new records are of the same kind and nobody's business: plausible and valid, ids unique, each thing that one
        asks by name still there once. The old ones are all there, unchanged, and not at the edges of a listing.
        """
        raise UserError(f"{type(self).__name__}: no large states; add 'def enlarge(self, state, rng, times)'")

    def reset(self, state: dict[str, Any]) -> None:
        """Set the state to this scenario (plain JSON data, a private copy)."""
        for key in [key for key in vars(self) if not key.startswith("_")]:
            delattr(self, key)
        vars(self).update(state)

    def save(self) -> Any:
        """A snapshot of the state that later calls do not change."""
        return marshal.dumps(_public(self), 2)  # version 2 writes no shared references: a deep copy

    def load(self, saved: Any) -> None:
        """Go back to a snapshot made by `save`."""
        self.__dict__.update(_public_only(marshal.loads(saved), self))

    def digest(self) -> dict[str, Any]:
        """The state as JSON data, for the hash and the verdict."""
        return _public(self)

    def close(self) -> None:
        """Free what the environment holds (a connection, a folder)."""

    # -- what adapters override -----------------------------------------------------------------------

    @classmethod
    def tool_specs(cls) -> dict[str, ToolSpec]:
        """The tools by name, in the order of definition."""
        if "_tool_specs" not in cls.__dict__:
            cls._tool_specs = _specs(cls)
        return cls._tool_specs

    def invoke(self, name: str, arguments: dict[str, Any]) -> Any:
        """Run a tool; the Session has checked name and arguments."""
        return getattr(self, name)(**arguments)

    @classmethod
    def source(cls) -> str:
        """What decides the behaviour, for the environment's hash: its module and those it imports from beside it."""
        return source_of(cls)

    # -- what the Session supplies --------------------------------------------------------------------

    def now(self) -> datetime:
        """The scenario's clock; it stands still during a trajectory."""
        return self._supplied().now()

    @property
    def rng(self) -> Random:
        """Random numbers that depend on the session's seed and this very call only."""
        return self._supplied().rng()

    def new_id(self, prefix: str, digits: int = 5, taken: Container[str] = ()) -> str:
        """A new id such as ``BK-48213``: the same call gives the same id, in whatever order."""
        return self._supplied().new_id(prefix, digits, taken)

    def _supplied(self) -> Supply:
        if self._supply is None:
            raise RuntimeError("now, rng and new_id work inside a Session only: space.session(...)")
        return self._supply


def environment_hash(cls: type[Environment]) -> str:
    """Hash of an environment's source and schemas (16 hex digits): what its version does not say."""
    if "_hash" not in cls.__dict__:
        schemas = [spec.as_openai() for spec in cls.tool_specs().values()]
        data = cls.source().encode() + b"\0" + orjson.dumps(schemas, option=orjson.OPT_SORT_KEYS)
        cls._hash = hashlib.sha256(data).hexdigest()[:16]
    return cls._hash


def source_of(cls: type) -> str:
    """The source of a class's module, its bases' modules, and what these import from the same folder."""
    home = Path(inspect.getsourcefile(cls) or ".").parent
    todo = [owner.__module__ for owner in cls.__mro__ if owner not in (Environment, object)]
    sources: dict[str, str] = {}
    while todo:
        name = todo.pop()
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if name in sources or module is None or not file or home not in Path(file).parents:
            continue
        if name.startswith(__package__ + ".") and not _belongs(name, cls.__module__):
            continue
        try:
            sources[name] = inspect.getsource(module)
        except OSError:
            continue
        for node in ast.walk(ast.parse(sources[name])):
            if isinstance(node, ast.ImportFrom):
                base = resolve_name("." * node.level + (node.module or ""), module.__package__ or "")
                todo += [base, *(f"{base}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                todo += [alias.name for alias in node.names]
    return "\0".join(sources[name] for name in sorted(sources)) or f"{cls.__module__}.{cls.__qualname__}"


def _belongs(name: str, main: str) -> bool:
    """Of our own package, travel_data belongs to travel; environment, state and the like to nobody."""
    return name == main or name.startswith((main + "_", main + "."))


def beside(cls: type, file: str) -> Path:
    """The path of a file that lies beside the file of a class."""
    return Path(inspect.getfile(cls)).parent / file


def _specs(cls: type[Environment]) -> dict[str, ToolSpec]:
    specs: dict[str, ToolSpec] = {}
    for owner in reversed(cls.__mro__):
        for name, function in list(vars(owner).items()):  # another thread may cache something in it
            options = getattr(function, _OPTIONS, None)
            if isinstance(options, ToolOptions):
                specs[name] = spec_of(cls, cls.name, name, getattr(cls, name), options)
            elif name in specs:
                del specs[name]
    if not specs:
        raise UserError(
            f"{cls.__module__}.{cls.__name__}: no method is marked as a tool; add '@tool' above one"
        )
    return specs


def _public(environment: Environment) -> dict[str, Any]:
    return {key: value for key, value in vars(environment).items() if key[0] != "_"}


def _public_only(state: dict[str, Any], environment: Environment) -> dict[str, Any]:
    """Attributes that the snapshot does not have are removed, so that nothing survives a restore."""
    extra = [key for key in vars(environment) if key[0] != "_" and key not in state]
    for key in extra:
        delattr(environment, key)
    return state
