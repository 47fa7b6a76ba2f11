"""Endpoints for the agents that language models play, and a check of each server before the run.

endpoints = await connect(config, note=tries.append)     # {"reasoning": Endpoint, …}
"""

from __future__ import annotations

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.synthesis.teachers.base import Agent
from funreason_plugin.synthesis.teachers.endpoint import Endpoint, Note

__all__ = ["connect"]


async def connect(config: SynthesisConfig, note: Note) -> dict[Agent, Endpoint]:
    """An endpoint for each of ``config.model_agents``; ``note`` is told of the requests that the check sends.

    Raises:
        UserError: A key, URL or model is wrong; nothing stays open.
    """
    endpoints: dict[Agent, Endpoint] = {}
    return endpoints
