"""`Session`: one live copy of a simulation space, for one trajectory.

    with space.session(scenario) as session:
        output = session.call("search_flights", {"origin": "Rome", "destination": "Oslo"})
        mark = session.snapshot()
        ...
        session.restore(mark)

Sessions share nothing. A call never raises for the tool's or the model's fault: it returns
``{"error": "…"}``. Clock, random numbers and new ids depend on the scenario and on the call itself
(tool, arguments, how often this very call succeeded before), never on the order of calls: another
correct order of calls ends in an equal state.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any

import orjson
from typing_extensions import Self

from funreason_plugin.environments.environment import Environment, ToolError
from funreason_plugin.environments.limits import OverTime, Watch, is_error, no_limit, over_time, time_limit
from funreason_plugin.environments.schemas import with_integers
from funreason_plugin.environments.state import canonical, plain, rules, whole, without
from funreason_plugin.errors import UserError

if TYPE_CHECKING:
    from funreason_plugin.environments.space import Scenario, SimulationSpace

MAX_OUTPUT_BYTES = 1_000_000
MAX_ARGUMENT_BYTES = 200_000


@dataclass(slots=True)
class Snapshot:
    """A point in a session's life; valid for the session that made it."""

    parts: dict[str, tuple[int, Any]]
    calls: int
    succeeded: dict[bytes, int]
    generated: tuple[str, ...]


@dataclass(slots=True)
class _Live:
    """One environment in a session; ``version`` names its current state, whatever way it came about."""

    environment: Environment
    version: int
    saved: tuple[int, Any] | None = None
    hashed: tuple[int, bytes] | None = None
    log: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Session:
    """One live copy of a `SimulationSpace`. Use it as a context manager, or call `close`."""

    def __init__(self, space: SimulationSpace, scenario: Scenario, watch: Watch | None = None) -> None:
        self.space = space
        self.scenario = scenario
        self.generated: list[str] = []
        self.calls = 0
        self._watch = watch
        self._clock: datetime | None = None
        self._versions = 0
        self._succeeded: dict[bytes, int] = {}
        self._key = b""
        self._ids = 0
        self._live: dict[str, _Live] = {}
        for name, cls in space.environments.items():
            environment = cls()
            environment._supply = self
            state = scenario.states.get(name)
            if state is None:
                raise UserError(f"the scenario has no state for environment {name!r}")
            environment.reset(plain(state))
            self._live[name] = _Live(environment, self._next_version())

    # -- calls ----------------------------------------------------------------------------------------

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call a tool: its result as JSON data, or ``{"error": message}``."""
        self.calls += 1
        spec = self.space.tools.get(name)
        if spec is None:
            close = difflib.get_close_matches(name, self.space.tools, n=1)
            return {"error": f"unknown tool {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")}
        try:
            packed = canonical(arguments)
        except TypeError as error:
            return {"error": f"arguments of {name} are not JSON: {error}"}
        if len(packed) > MAX_ARGUMENT_BYTES:
            return {"error": f"arguments of {name} are over {MAX_ARGUMENT_BYTES} bytes"}
        live = self._live[spec.environment]
        environment = live.environment
        if environment.validate:
            refused = self.space.invalid(name, packed, arguments)
            if refused:
                return {"error": refused}
        before = self._saved(live) if spec.writes and environment.atomic else None
        arguments = orjson.loads(orjson.dumps(arguments, option=orjson.OPT_NON_STR_KEYS))
        if b".0" in packed and environment.validate:
            arguments = with_integers(arguments, spec.parameters)
        essence = self.space.essence(name, arguments)
        self._key = _key(name, packed if essence is arguments else canonical(essence))
        self._ids = 0
        given = len(self.generated)
        output = self._run(environment, name, arguments)
        if is_error(output):
            del self.generated[given:]
            if before is not None:
                if environment.copying == "replay":
                    self._replay(live, before)
                else:
                    environment.load(before)
                return output
        else:
            self._succeeded[self._key] = self._succeeded.get(self._key, 0) + 1
        if spec.writes or environment._moved:
            environment._moved = False
            if environment.copying == "replay":
                live.log.append((name, arguments))
            live.version = self._next_version()
        return output

    def _run(self, environment: Environment, name: str, arguments: dict[str, Any]) -> Any:
        watch = self._watch
        limit = environment.time_limit
        if watch is not None and not watch.enter(limit):
            return over_time(name, limit)
        try:
            with time_limit(limit) if watch is None else no_limit():
                result = environment.invoke(name, arguments)
            packed = orjson.dumps(result, option=orjson.OPT_NON_STR_KEYS)
        except OverTime:
            return over_time(name, limit)
        except ToolError as error:
            return {"error": str(error)}
        except (orjson.JSONEncodeError, RecursionError) as error:
            return {"error": f"{name} returned what is not JSON: {error}"}
        except Exception as error:  # a tool may raise anything; it is an observation, not a crash
            return {"error": f"{type(error).__name__}: {error}"}
        finally:
            if watch is not None:
                watch.leave()
        if len(packed) > MAX_OUTPUT_BYTES:
            return {
                "error": f"{name} returned {len(packed):,} bytes; at most {MAX_OUTPUT_BYTES:,} are allowed"
            }
        return orjson.loads(packed)

    # -- state ----------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Where the session stands now; environments that did not change are not copied again."""
        return Snapshot(
            {name: (live.version, self._saved(live)) for name, live in self._live.items()},
            self.calls,
            dict(self._succeeded),
            tuple(self.generated),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this session."""
        for name, (version, saved) in snapshot.parts.items():
            live = self._live[name]
            if live.version != version:
                if live.environment.copying == "replay":
                    self._replay(live, saved)
                else:
                    live.environment.load(saved)
                live.version = version
                live.saved = (version, saved)
        self._succeeded = dict(snapshot.succeeded)
        self.generated[:] = snapshot.generated

    def state(self) -> dict[str, dict[str, Any]]:
        """The state by environment: a private copy, volatile fields included."""
        return {name: plain(live.environment.digest()) for name, live in self._live.items()}

    def peek(self, name: str) -> dict[str, Any]:
        """The live state of one environment, not copied: to be read, never changed."""
        return self._live[name].environment.digest()

    def version(self, name: str) -> int:
        """A number that stays the same as long as no writing tool changed the environment."""
        return self._live[name].version

    def state_hash(self) -> str:
        """SHA-256 (hex) of the state's canonical JSON, without volatile fields."""
        whole = hashlib.sha256()
        for name, live in self._live.items():
            if live.hashed is None or live.hashed[0] != live.version:
                environment = live.environment
                data = without(environment.digest(), rules(environment.equality, environment.name))
                live.hashed = (live.version, hashlib.sha256(canonical(data)).digest())
            whole.update(name.encode() + b"\0" + live.hashed[1])
        return whole.hexdigest()

    def forget(self) -> None:
        """Distrust the tools' claims about writing: what is known of the state is read anew."""
        for live in self._live.values():
            live.version = self._next_version()

    def close(self) -> None:
        """Free the environments. Calling it again does nothing."""
        for live in self._live.values():
            live.environment._supply = None
            live.environment.close()
        self._live = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- supplied to the environments -----------------------------------------------------------------

    def now(self) -> datetime:
        if self._clock is None:
            self._clock = datetime.fromisoformat(self.scenario.clock)
        return self._clock

    def rng(self) -> Random:
        return Random(self._digest(b"rng"))

    def new_id(self, prefix: str, digits: int, taken: Container[str]) -> str:
        for _ in range(1000):
            self._ids += 1
            number = int.from_bytes(self._digest(b"id%d" % self._ids)[:8], "big")
            value = f"{prefix}-{10 ** (digits - 1) + number % (9 * 10 ** (digits - 1))}"
            if value not in taken and value not in self.generated:
                self.generated.append(value)
                return value
        raise ToolError(f"no free id with {digits} digits is left")

    def _digest(self, purpose: bytes) -> bytes:
        again = self._succeeded.get(self._key, 0)
        text = b"\0".join((self.scenario.seed.encode(), self._key, b"%d" % again, purpose))
        return hashlib.sha256(text).digest()

    # -- helpers --------------------------------------------------------------------------------------

    def _next_version(self) -> int:
        self._versions += 1
        return self._versions

    def _saved(self, live: _Live) -> Any:
        if live.saved is None or live.saved[0] != live.version:
            if live.environment.copying == "replay":
                saved: Any = list(live.log)
            else:
                saved = self._copy(live.environment)
            live.saved = (live.version, saved)
        return live.saved[1]

    def _copy(self, environment: Environment) -> Any:
        try:
            return environment.save()
        except (ValueError, TypeError) as error:
            raise UserError(
                f"environment {environment.name!r}: the state cannot be copied ({error}); keep plain data in "
                "public attributes, begin the names of others with '_', or override save and load"
            ) from None

    def _replay(self, live: _Live, saved: list[tuple[str, dict[str, Any]]]) -> None:
        """Reset to the scenario and repeat the calls, for environments that cannot be copied."""
        environment = live.environment
        environment.reset(plain(self.scenario.states[environment.name]))
        succeeded, generated, key = self._succeeded, list(self.generated), self._key
        self._succeeded = {}
        self.generated.clear()
        for name, arguments in saved:
            self._key = _key(name, canonical(self.space.essence(name, arguments)))
            self._ids = 0
            if not is_error(self._run(environment, name, plain(arguments))):
                self._succeeded[self._key] = self._succeeded.get(self._key, 0) + 1
        live.log = list(saved)
        self._succeeded, self._key = succeeded, key
        self.generated[:] = generated


def _key(name: str, packed: bytes) -> bytes:
    """What makes a call the same call: 2.0 is 2."""
    return name.encode() + (canonical(whole(orjson.loads(packed))) if b".0" in packed else packed)
