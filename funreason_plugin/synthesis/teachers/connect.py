"""Endpoints for the agents that language models play, and a check of each server before the run.

endpoints = await connect(config, note=tries.append, warn=print)     # {"reasoning": Endpoint, …}
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.base import Agent
from funreason_plugin.synthesis.teachers.endpoint import Endpoint, Note

__all__ = ["close_all", "connect"]


async def connect(config: SynthesisConfig, note: Note, warn: Callable[[str], None]) -> dict[Agent, Endpoint]:
    """An endpoint for each of ``config.model_agents``; all servers are checked at once.

    ``note`` is told of the requests that this takes, ``warn`` what a user should see.

    Raises:
        UserError: A key, URL or model is wrong; nothing stays open.
    """
    teachers = {config.agent(agent).teacher for agent in config.model_agents}
    endpoints: dict[Agent, Endpoint] = {}
    try:
        if "openai" in teachers:
            from funreason_plugin.synthesis.teachers.openai import endpoints as openai_endpoints

            found = openai_endpoints(config, warn)
            endpoints.update(found)
            await _check(found.values())
            for endpoint in found.values():
                for tried in endpoint.take_probes():
                    note(tried)
        if "vllm" in teachers:  # last: loading takes minutes, and a wrong key is found before
            from funreason_plugin.synthesis.teachers.vllm import vllm_endpoints

            engines = vllm_endpoints(config)
            endpoints.update(engines)
            await _check(engines.values())
    except BaseException:
        await close_all(endpoints.values())
        raise
    return endpoints


async def _check(endpoints: Iterable[Endpoint]) -> None:
    results = await asyncio.gather(*(endpoint.check() for endpoint in endpoints), return_exceptions=True)
    problems = [result for result in results if isinstance(result, BaseException)]
    for problem in problems:
        if not isinstance(problem, UserError):
            raise problem
    for problem in problems:
        raise problem


async def close_all(endpoints: Iterable[Endpoint]) -> None:
    """Close each of them; one that fails does not keep the others open."""
    results = await asyncio.gather(*(endpoint.close() for endpoint in endpoints), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
