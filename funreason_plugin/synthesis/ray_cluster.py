"""The Ray cluster of a run: joined where there is one, started on this machine where there is none, left quietly.

    with RayCluster.join(config) as cluster:
        cluster.free()                  # CPUs that no actor has
        cluster.passport(config)        # what every node must have in common with this machine

Nothing of the run lies on the nodes: they are sent the configuration, the tool graph, the prompts and the files of the
user's environments. The package itself has to be installed there, in the same versions; `Passport.problem` says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from typing_extensions import Self

from funreason_plugin.config import SynthesisConfig, versions
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.parcel import pack
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError

__all__ = ["FILES", "Passport", "RayCluster"]

OBJECT_STORE = 100_000_000  # bytes; messages are small and go by, nothing is kept
FILES = (
    "prompts",
    "query_examples",
)  # keys of the configuration that name a file or folder which workers read


@dataclass(frozen=True, slots=True)
class Passport:
    """What decides bytes: versions, the package's own files ("": not compared), the environments by hash."""

    versions: dict[str, str]
    package: str
    environments: dict[str, str]

    @classmethod
    def of(cls, names: list[str]) -> Passport:
        """This process's; ``names`` are the environments as on the command line."""
        space = SimulationSpace.from_names(names)
        hashes = {name: environment_hash(one) for name, one in space.environments.items()}
        return cls(versions(), _package_hash(), hashes)

    def problem(self, here: Passport, node: str) -> str:
        """One line on why a node with the passport ``here`` cannot do this run's work; "" when it can."""
        for name, version in self.versions.items():
            other = here.versions.get(name, "none")
            if other != version:
                mend = "" if name == "python" else f"; install {name}=={version} there"
                return (
                    f"Ray node {node} has {name} {other}, this machine has {version}: trajectories record versions, "
                    f"so they must be the same everywhere{mend}"
                )
        if self.package and here.package != self.package:
            return (
                f"Ray node {node} has other files of funreason_plugin {self.versions['funreason_plugin']} than this "
                "machine; install the same commit on every node"
            )
        for name, value in self.environments.items():
            if here.environments.get(name) != value:
                return (
                    f"Ray node {node} has another version of the environment {name!r} than this machine; "
                    "install the same package on every node"
                )
        return ""


class RayCluster:
    """A connection to Ray; one a process. Use as a context manager, or `close` it."""

    def __init__(self, ray: ModuleType, address: str, ours: bool) -> None:
        self.ray = ray
        self.address = address
        """How messages call the cluster."""
        self.ours = ours
        """It was started for this run, on this machine: its processes work in the same folder, and end with the run."""

    @classmethod
    def join(cls, config: SynthesisConfig) -> RayCluster:
        """Join the cluster at ``ray_address``, $RAY_ADDRESS, or the one this machine is part of; else start one here.

        Raises:
            UserError: Ray is not installed, or nothing answers at the address that was given.
        """
        address = config.ray_address or os.environ.get("RAY_ADDRESS")
        if address and address.startswith("ray://"):
            raise UserError(
                f"--ray-address {address}: Ray's client protocol is not used here; make this machine a node of the "
                "cluster (ray start --address=HEAD:6379) and give HEAD:6379, or nothing"
            )
        if address and address not in ("auto", "local"):
            _knock(address)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            import ray
        except ImportError:
            raise UserError(
                "--executor ray: Ray is not installed; pip install 'funreason_plugin[ray]'"
            ) from None
        if ray.is_initialized():
            return cls(ray, "of this process", ours=False)
        hidden = {config.agent(agent).api_key_env for agent in config.model_agents}
        with _signals_kept(), _without_environment(hidden):
            if address != "local":
                try:
                    _init(ray, address=address or "auto")
                    return cls(ray, f"at {ray.get_runtime_context().gcs_address}", ours=False)
                except (ConnectionError, RuntimeError, ValueError) as error:
                    _shutdown(ray)
                    if address and address != "auto":
                        raise UserError(_unreachable(address, error)) from None
            cpus = max(config.workers, os.cpu_count() or 1)
            try:
                _init(
                    ray,
                    address="local",
                    num_cpus=cpus,
                    include_dashboard=False,
                    object_store_memory=OBJECT_STORE,
                )
            except Exception as error:
                _shutdown(ray)
                raise UserError(f"--executor ray: Ray cannot start here: {_first_line(error)}") from None
        return cls(ray, "on this machine", ours=True)

    def passport(self, config: SynthesisConfig) -> Passport:
        """What a node must show."""
        found = Passport.of(config.env)
        return replace(found, package="") if self.ours else found

    def parcel(self, config: SynthesisConfig) -> bytes:
        """The user's environments and prompts for nodes that may not see them; b"" where all see the same files."""
        if self.ours:
            return b""
        leave_out = [path for path in (config.out, config.cache) if path is not None]
        others = {name: path for name in FILES if (path := getattr(config, name)) is not None}
        return pack(config.env, leave_out, others)

    def free(self) -> float:
        """CPUs that nothing has asked for."""
        return float(self.ray.available_resources().get("CPU", 0))

    def total(self) -> float:
        """CPUs of all nodes that are alive."""
        return float(self.ray.cluster_resources().get("CPU", 0))

    def close(self) -> None:
        """Leave the cluster; one that was started here ends. A second call does nothing."""
        with _signals_kept():
            _shutdown(self.ray)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _init(ray: ModuleType, **settings: object) -> None:
    """Quietly: no log of workers, no dashboard, no reports on dead processes, which are replaced and counted here."""
    ray.init(log_to_driver=False, logging_level=logging.ERROR, configure_logging=True, **settings)
    worker: Any = getattr(getattr(ray, "_private", None), "worker", None)
    if hasattr(
        worker, "print_to_stdstream"
    ):  # what a raylet reports would be printed into the progress display
        worker.print_to_stdstream = lambda *args, **kwargs: None


def _knock(address: str) -> None:
    """Find out in seconds what takes Ray minutes: that nobody listens there."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UserError(
            f"--ray-address {address}: expected HOST:PORT of the head, e.g. 10.0.0.1:6379, or 'local'"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except OSError as error:
        raise UserError(_unreachable(address, error)) from None


def _shutdown(ray: ModuleType) -> None:
    with contextlib.suppress(Exception):  # a head that is gone: nothing is left to be shut down
        ray.shutdown()


def _unreachable(address: str, error: Exception) -> str:
    why = getattr(error, "strerror", None) or _first_line(error)
    if "ersion mismatch" in str(error):
        return f"--ray-address {address}: {why}; Ray and Python must have the same version on every node"
    return (
        f"--ray-address {address}: no Ray cluster answers ({why}); is it 'ray start --head' there, and is this "
        "machine one of its nodes?"
    )


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray puts handlers of its own in the place of ours."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextlib.contextmanager
def _without_environment(names: set[str]) -> Iterator[None]:
    """Processes that start meanwhile do not inherit these variables: keys stay in this process."""
    hidden = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


@cache
def _package_hash() -> str:
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.suffix in (".py", ".j2", ".csv", ".json", ".jsonl") and inside.parts[0] != "recipes":
            digest.update(f"{inside.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
