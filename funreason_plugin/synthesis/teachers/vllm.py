"""vLLM's engine in this process as a teacher: no server, one engine for each model, batched over all trajectories.

    endpoints = vllm_endpoints(config)                    # {"querying": VllmEndpoint, …}
    await endpoints["querying"].check()                   # loads the model; minutes for a large one
    completion = await endpoints["querying"].ask(request, order=slot, note=tries.append)

The engine batches whatever is in flight, so requests go in one by one as the slots have them. Nothing is retried: the
same request would draw the same again. torch and vllm are imported when the first model is loaded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.synthesis.advanced_tool import SCHEMA
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Request, RunStopped, TeacherFailed
from funreason_plugin.synthesis.teachers.endpoint import Note, Try
from funreason_plugin.synthesis.teachers.gate import Gate
from funreason_plugin.synthesis.teachers.openai_requests import chatml, seed_number
from funreason_plugin.synthesis.teachers.vllm_engine import Engine, EngineEnded, Refused
from funreason_plugin.teacher_config import ResolvedAgent

if TYPE_CHECKING:
    from vllm import SamplingParams

__all__ = ["VllmEndpoint", "vllm_endpoints"]

_OWN = ("max_tokens", "max_completion_tokens", "response_format", "structured_outputs", "output_kind", "seed")
"""Sampling parameters that have keys of their own."""


def vllm_endpoints(config: SynthesisConfig) -> dict[Agent, VllmEndpoint]:
    """An endpoint for each agent that teacher vllm plays; those that name one model share its engine.

    Raises:
        UserError: Different ``engine`` settings for one model, or models without a share of the GPU each.
    """
    agents = [config.agent(name) for name in config.model_agents]
    agents = [agent for agent in agents if agent.teacher == "vllm"]
    by_model: dict[str, list[ResolvedAgent]] = {}
    for agent in agents:
        by_model.setdefault(agent.model, []).append(agent)
    for model, players in by_model.items():
        other = next((agent for agent in players if agent.engine != players[0].engine), None)
        if other is not None:
            raise UserError(
                f"agents {players[0].agent} and {other.agent} both use {model} with different 'engine' settings; "
                "one engine serves both, so give them the same"
            )
        if len(by_model) > 1 and "gpu_memory_utilization" not in players[0].engine:
            raise UserError(
                f"{len(by_model)} models share this machine's GPUs; say how much of the memory each may take, e.g. "
                f"agents: {{{players[0].agent}: {{engine: {{gpu_memory_utilization: 0.45}}}}}}"
            )
    turn = asyncio.Lock()
    shared = {
        model: (Engine(model, players[0].engine, turn), Gate(max(agent.concurrency for agent in players)))
        for model, players in by_model.items()
    }
    return {agent.agent: VllmEndpoint(agent, *shared[agent.model]) for agent in agents}


class VllmEndpoint:
    """One agent, played by an engine of this process."""

    def __init__(self, agent: ResolvedAgent, engine: Engine, gate: Gate) -> None:
        self.agent = agent
        self._engine = engine
        self.gate = gate
        self._template: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return f"{Path(self.agent.model).name} in this process"

    async def check(self) -> None:
        """Load the model and try the agent's settings on it; a model that is loaded already is not loaded again.

        Raises:
            UserError: vllm is missing, the model cannot be loaded, or a setting does not fit it.
        """
        extra = dict(self.agent.extra_body)
        template = extra.pop("chat_template_kwargs", None) or {}
        if not isinstance(template, Mapping):
            raise UserError(
                f"agent {self.agent.agent}: extra_body: chat_template_kwargs must be keys and values"
            )
        self._template = dict(template)
        for key in extra:
            if key in _OWN:
                raise UserError(f"agent {self.agent.agent}: extra_body: {key!r} cannot be said here")
        await self._engine.start()
        try:
            self._sampling(Request(self.agent.agent, (), ""), 1, structured=False)
        except TypeError:
            known = self._engine.sampling_names()
            wrong = next((key for key in extra if key not in known), "")
            raise UserError(
                f"agent {self.agent.agent}: extra_body: {wrong!r} is no sampling parameter of vLLM"
                f"{did_you_mean(wrong, known)}"
            ) from None
        except ValueError as error:
            raise UserError(f"agent {self.agent.agent}: {_line(error)}") from None
        try:
            await self._tokens(_PROBE)
        except Refused as refused:
            raise UserError(
                f"{self.agent.model}: its chat template does not take our messages ({refused}); use an instruct "
                "model, or 'api: completions', which writes the conversation as ChatML"
            ) from None

    async def ask(self, request: Request, order: int, note: Note) -> Completion:
        """The reply of the engine; see `Endpoint`. A reply that takes too long is broken off and counts."""
        try:
            prompt, opened = await self._tokens(request)
            room = self._engine.context - len(prompt)
            if room < 1:
                raise Refused(
                    f"the prompt has {len(prompt)} tokens, the model's context {self._engine.context}"
                )
        except Refused as refused:
            note(Try("refused", 0.0, model=self.agent.model))
            raise TeacherFailed("request_refused", str(refused)) from None
        # A schema holds from the first token on, and a thought that the template has opened must end first.
        sampling = self._sampling(request, room, structured=not opened)
        async with self.gate.place(order):
            return await self._ask(prompt, sampling, "<think>\n" if opened else "", note)

    async def _ask(self, prompt: list[int], sampling: SamplingParams, before: str, note: Note) -> Completion:
        agent, start = self.agent, time.monotonic()
        outcome, cached, written = "cancelled", 0, 0
        try:
            output = await self._engine.generate(prompt, sampling, agent.request_time_limit)
            reply = output.outputs[0]
            outcome = "timeout" if reply.finish_reason == "abort" else "ok"
            cached, written = min(output.num_cached_tokens or 0, len(prompt)), len(reply.token_ids)
        except EngineEnded as ended:
            outcome = "500"
            raise RunStopped(f"{self.name}: {ended}") from None
        except Refused as refused:
            outcome = "refused"
            raise TeacherFailed("request_refused", str(refused)) from None
        except Exception as error:
            outcome = "500"
            raise TeacherFailed("request_failed", f"vLLM: {_line(error)}") from None
        finally:
            read = 0 if outcome in ("refused", "500") else len(prompt)
            note(Try(outcome, time.monotonic() - start, read, cached, written, agent.model))
        if outcome == "timeout":
            raise TeacherFailed("request_failed", f"no reply within {agent.request_time_limit:g} s")
        return Completion(
            before + reply.text, read, written, agent.model, cut_off=reply.finish_reason == "length"
        )

    async def close(self) -> None:
        """End the engine and its processes; the others that share it may close it as well."""
        self.gate.close()
        await self._engine.close()

    async def _tokens(self, request: Request) -> tuple[list[int], bool]:
        """The prompt, and whether it ends in the middle of a thought."""
        if self.agent.api == "completions":
            return await self._engine.tokens(chatml(request.messages), special=True), False
        text = await self._engine.render(request.messages, self._template)
        return await self._engine.tokens(text, special=False), text.rstrip().endswith("<think>")

    def _sampling(self, request: Request, room: int, structured: bool) -> SamplingParams:
        agent = self.agent
        given = {key: value for key, value in agent.extra_body.items() if key != "chat_template_kwargs"}
        if agent.api == "completions":
            given.setdefault("stop", ["<|im_end|>"])
        constrained = structured and agent.agent == "tooling" and agent.structured_output == "auto"
        return self._engine.sampling(
            {
                **given,
                "temperature": agent.temperature,
                "top_p": agent.top_p,
                "max_tokens": min(agent.max_new_tokens, room),
                "seed": seed_number(request.seed),
            },
            SCHEMA if constrained else None,
        )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


_PROBE = Request(
    "reasoning",
    (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Goodbye."},
    ),
    seed="",
)
