"""What `main_ppo` is told at its start, before a worker takes a GPU: one line, and no run.

A recipe names it as a callback of Hydra, which verl's command line is made of:

    hydra: {callbacks: {funreason: {_target_: funreason_plugin.rl.preflight.start.AtStart}}}

Without it, `FunReasonTrainer` says the same, from the process that it runs in. `check rl` looks at more.
"""

from __future__ import annotations

import sys
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.rl.conditions import contradictions
from funreason_plugin.rl.preflight.lengths import lengths_of
from funreason_plugin.rl.preflight.recipe import files, limits_of, no_manager, tokenizer_of
from funreason_plugin.rl.preflight.registration import Source, asked, changed
from funreason_plugin.rl.preflight.sample import look_at_sample, sample_of
from funreason_plugin.rl.settings import Settings

__all__ = ["AtStart", "check_elsewhere", "check_start"]


class AtStart:
    """A callback of Hydra: ends the process with exit status 1 and a line where a run would fail later."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on_"):
            return lambda *args, **kwargs: None  # the other events
        raise AttributeError(name)

    def on_job_start(self, config: Any, **unused: Any) -> None:
        """Before verl's own `main`. Hydra makes a warning of an exception, so the process is ended."""
        try:
            check_start(config)
        except UserError as error:
            print(f"error: {error.message}", file=sys.stderr)
            raise SystemExit(error.exit_code) from None


def check_start(config: Any) -> list[Source]:
    """Settings, what contradicts them, the reward manager, the rows' version, their environments as they are installed
    here, and, of a sample of the rows, tools, agent loop and the length of the prompt.

    Returns:
        The environments of the rows.

    Raises:
        UserError: the first thing that is wrong.
    """
    settings = Settings.of(config)
    for line in contradictions(config, settings):
        raise UserError(line)
    if line := no_manager(config):
        raise UserError(line)
    paths = [path for key in ("train_files", "val_files") for path in files(config, key)]
    samples = [sample_of(path) for path in paths if "://" not in str(path)]  # verl fetches the others
    sources = list(dict.fromkeys(source for sample in samples for source in sample.sources))
    for line in changed(sources):
        raise UserError(line)
    lengths, _ = lengths_of(tokenizer_of(config), asked=False, local=True)
    for sample in samples:
        for _, line in look_at_sample(sample, settings, limits_of(config), lengths).problems.values():
            raise UserError(line)
    return sources


def check_elsewhere(sources: list[Source]) -> None:
    """The environments, and the plugin itself, on the other nodes of the Ray cluster that this process belongs to.

    Raises:
        UserError: the first thing that is missing.
    """
    import ray

    if not ray.is_initialized():
        return
    here = ray.get_runtime_context().get_node_id()
    for line in asked(sources, without=[here]):
        raise UserError(f"on another node: {line}")
