"""The CPU as a platform of verl.

Chosen by ``VERL_PLATFORM=cpu``, and without it where torch is a CPU build: with such a torch no other platform can
work. A CUDA build on a machine without a GPU stays with verl's own choice, since verl's driver often runs on such a
machine and its workers on others.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import torch
from verl.plugin.platform.platform_base import PlatformBase
from verl.plugin.platform.platform_manager import PlatformRegistry

__all__ = ["PlatformCPU"]

_BYTES = 1 if sys.platform == "darwin" else 1024  # of a unit of ru_maxrss


class _Device(ModuleType):
    """`torch.cpu` with what verl asks every device module for; memory is that of this process, in bytes."""

    def __getattr__(self, name: str) -> object:
        return getattr(torch.cpu, name)

    def is_available(self) -> bool:
        """Whether there is device memory to look after: no."""
        return False

    def get_device_name(self) -> str:
        return "CPU"

    def get_rng_state(self) -> torch.Tensor:
        """What a checkpoint keeps of the random numbers."""
        return torch.get_rng_state()

    def set_rng_state(self, state: torch.Tensor) -> None:
        torch.set_rng_state(state)

    def empty_cache(self) -> None:
        """The CPU has no cache of freed memory."""

    def max_memory_allocated(self) -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES

    max_memory_reserved = memory_allocated = memory_reserved = max_memory_allocated

    def mem_get_info(self) -> tuple[int, int]:
        page = os.sysconf("SC_PAGE_SIZE")
        return os.sysconf("SC_AVPHYS_PAGES") * page, os.sysconf("SC_PHYS_PAGES") * page


@PlatformRegistry.register(platform="cpu")
class PlatformCPU(PlatformBase):  # type: ignore[misc]  # verl has no types
    """One logical device, called "GPU" in Ray: verl asks Ray for one for every worker that trains."""

    device_name = "cpu"
    vendor_name = "cpu"
    device_module = _Device("funreason_plugin.rl.cpu.device")

    def is_available(self) -> bool:
        return True

    def is_platform_available(self, use_smi_check: bool = False) -> bool:
        """Whether verl may choose this platform unasked; see the module."""
        other = (torch.version.cuda, torch.version.hip, getattr(torch, "npu", None))
        if any(part is not None for part in other) or torch.accelerator.is_available():
            return False
        names = [name for name in PlatformRegistry.registered_names() if name != "cpu"]
        platforms = [PlatformRegistry.get(name)() for name in names]
        return not any(platform.is_platform_available(use_smi_check) for platform in platforms)

    def current_device(self) -> str:
        """verl moves tensors "to the current device" with it."""
        return "cpu"

    def device_count(self) -> int:
        return 1

    def set_device(self, device_index: int) -> None:
        """There is one only."""

    def synchronize(self, device_index: int | None = None) -> None:
        """Operations on a CPU are done when they return."""

    def manual_seed(self, seed: int) -> None:
        torch.manual_seed(seed)

    manual_seed_all = manual_seed

    def set_allocator_settings(self, settings: str) -> None:
        """The CPU's allocator has no settings."""

    def empty_cache(self) -> None:
        """The CPU has no cache of freed memory."""

    def get_device_capability(self, device_index: int = 0) -> tuple[None, None]:
        return None, None

    def communication_backend_name(self) -> str:
        """gloo; in a worker of verl's, the process group is there afterwards.

        verl asks for this name to write ``"cpu:gloo,<device>:<name>"``, which torch rejects where the device is
        the CPU again, and then makes a process group unless there is one.
        """
        if "RANK" in os.environ and "WORLD_SIZE" in os.environ and not torch.distributed.is_initialized():
            torch.distributed.init_process_group(
                backend="cpu:gloo",
                rank=int(os.environ["RANK"]),
                world_size=int(os.environ["WORLD_SIZE"]),
                init_method=os.environ.get("DIST_INIT_METHOD"),
            )
        return "gloo"

    def visible_devices_envvar(self) -> str:
        return "CUDA_VISIBLE_DEVICES"

    @contextmanager
    def nvtx_range(self, msg: str) -> Iterator[None]:
        yield

    def profiler_start(self) -> None:
        """There is no profiler."""

    profiler_stop = profiler_start

    def ray_resource_name(self) -> str:
        return "GPU"

    def ray_noset_envvars(self) -> list[str]:
        return []

    def is_ipc_supported(self) -> bool:
        return False

    def cudart(self) -> None:
        return None
