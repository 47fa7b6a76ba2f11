"""Which tools change the state: tried, for nobody marked them.

    try_tools(environment_class)      # {"sell", "cancel_order"}

Every tool is called some times in sessions of their own, with values from the schema, the state and earlier outputs.
A tool that never succeeded is read instead: whether it stores into something. A wrong guess does no harm to states
and verdicts, only to the wording; the list WRITES settles it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.invented import invent
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.schemas import fits, one_type
from funreason_plugin.environments.similar import answers
from funreason_plugin.environments.spec import ParamSpec
from funreason_plugin.environments.values import candidates

if TYPE_CHECKING:
    from funreason_plugin.environments.plain.environment import PlainEnvironment
    from funreason_plugin.environments.session import Session

__all__ = ["Look", "try_tools"]

STATES: Final = 4  # sessions
ROUNDS: Final = 10  # tries of a tool in each
ENOUGH: Final = 6  # successes without a change, after which a tool is taken for reading
KEPT: Final = 200  # values of outputs
_CHANGING: Final = frozenset(
    (
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "update",
    )
    + ("appendleft", "popleft", "sort", "reverse")
)
Look = Callable[[Environment, Any], Any]


def try_tools(cls: type[PlainEnvironment], look: Look | None = None) -> frozenset[str]:
    """The tools that write; ``cls`` claims it of all of them.

    ``look`` is called before the first call and after each with the environment and what it gave last (None at
    first). A tool that is over its time limit is tried no more: it runs on in a thread that nobody waits for.
    """
    left_out: set[str] = set()
    while True:
        trial = _Trial(cls, look, frozenset(left_out))
        thread = threading.Thread(target=trial.run, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.05)
            if trial.over_time():
                break
        else:
            if trial.raised is not None:
                raise trial.raised
            return trial.found()
        left_out.add(trial.running[0])


class _Trial:
    """One attempt, in a thread of its own."""

    def __init__(self, cls: type[PlainEnvironment], look: Look | None, left_out: frozenset[str]) -> None:
        self.cls, self.look, self.left_out = cls, look, left_out
        self.rng = Random("trying")
        self.running: tuple[str, float] = ("", 0.0)  # the tool, and since when
        self.raised: BaseException | None = None
        self.writes: set[str] = set()
        self.succeeded: Counter[str] = Counter()
        self._outputs: dict[tuple[str, str], list[Any]] = {}

    def over_time(self) -> bool:
        tool, since = self.running
        return bool(tool) and monotonic() - since > self.cls.time_limit

    def run(self) -> None:
        from funreason_plugin.environments.space import SimulationSpace

        try:
            space = SimulationSpace([self.cls])
            for number in range(STATES):
                with space.session(space.scenario(f"trying/{number}")) as session:
                    self.play(session)
        except BaseException as error:  # raised again where the thread is waited for
            self.raised = error

    def play(self, session: Session) -> None:
        live = session._live[self.cls.name].environment
        seen = self.look(live, None) if self.look is not None else None
        for _ in range(ROUNDS):
            for tool in session.space.tools:
                if tool in self.left_out or tool in self.writes or self.succeeded[tool] >= ENOUGH:
                    continue
                before = session.state_hash()
                arguments = self.arguments(session, tool)
                self.running = tool, monotonic()
                output = session.call(tool, arguments)
                self.running = "", 0.0
                if self.look is not None:
                    seen = self.look(live, seen)
                if is_error(output):
                    continue
                self.succeeded[tool] += 1
                for path, value in _leaves(output, ""):
                    kept = self._outputs.setdefault((tool, path), [])
                    if len(kept) < KEPT:
                        kept.append(value)
                if session.state_hash() != before:
                    self.writes.add(tool)

    def arguments(self, session: Session, tool: str) -> dict[str, Any]:
        state = session.peek(self.cls.name)
        arguments = {}
        for param in session.space.tools[tool].params:
            wanted = param.required or self.rng.random() < 0.5
            if wanted and (values := self.values(session, tool, param, state)):
                arguments[param.name] = self.rng.choice(values)
        return arguments

    def values(self, session: Session, tool: str, param: ParamSpec, state: Mapping[str, Any]) -> list[Any]:
        """From earlier outputs by name, from mark, schema and state, or anything at all that fits."""
        given = [
            value
            for (maker, path), kept in self._outputs.items()
            if answers(param.name, maker, path)
            for value in kept
            if fits(value, param.schema)
        ]
        values = given or candidates(param, state, self.rng, session).values
        if values and self.rng.random() < 0.8:
            return values
        found = [value for _, value in _leaves(state, "") if fits(value, param.schema)]
        return found or values or invent(param.name, one_type(param.schema), self.rng)

    def found(self) -> frozenset[str]:
        tools = self.cls._tools
        unsure = [name for name in tools if name not in self.writes and not self.succeeded[name]]
        return frozenset(self.writes.union(name for name in unsure if _stores(tools[name].function)))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The leaves of JSON data by path pattern, keys included."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path}.keys()", key
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, f"{path}[]")
    elif value is not None:
        yield path, value


def _stores(function: Callable[..., Any]) -> bool:
    """Whether a function's own text stores into an attribute, an item or a global, or calls what changes things."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            return True
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CHANGING
        ):
            return True
    return False
