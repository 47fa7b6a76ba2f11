"""What tests of the agent loop share: verl's client before a server that answers from a script, and rows to play."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import orjson

from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import rows
from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import PromptForm, render
from funreason_plugin.tasks import Kind
from funreason_plugin.trajectory import Trajectory, loads
from tests.pipeline.made import slots

Policy = Callable[[str, int], str]
"""The text of a prompt and how many responses the request id had before -> a response, without `<|im_end|>`."""


@cache
def tokenizer() -> Any:
    """Of the Qwen family, made from our own texts."""
    from funreason_plugin.sft.tiny_model import _tokenizer

    return _tokenizer()


def encode(text: str) -> list[int]:
    return list(tokenizer().encode(text, add_special_tokens=False))


def text(ids: Sequence[int]) -> str:
    return str(tokenizer().decode(list(ids), skip_special_tokens=False))


@cache
def _composed() -> Any:
    from hydra import compose, initialize_config_module

    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose(
            "ppo_trainer",
            overrides=[
                "data.max_prompt_length=4096",
                "data.max_response_length=4096",
                "algorithm.adv_estimator=grpo",
            ],
        )


def config(funreason: dict[str, Any] | None = None, **rollout: Any) -> Any:
    """verl's configuration with our section and some of the rollout's keys."""
    from omegaconf import OmegaConf, open_dict

    made = _composed().copy()
    rollout = {"name": "vllm", **rollout}
    OmegaConf.update(made, "funreason", funreason or {}, force_add=True)
    with open_dict(made):
        for key, value in rollout.items():
            OmegaConf.update(made, f"actor_rollout_ref.rollout.{key}", value)
    return made


@cache
def trajectories(count: int = 3) -> tuple[Trajectory, ...]:
    """Conversations of two turns about notes."""
    return tuple(loads(slot.line) for slot in slots(count) if slot.line is not None)


def row(
    trajectory: Trajectory, form: PromptForm = "hermes", kind: Kind = "trajectory", number: int = 0
) -> dict[str, Any]:
    """One of the rows of a trajectory, as verl hands it to an agent loop."""
    made = list(rows(trajectory, FormatOptions(prompt_form=form, verl_rows=kind)))[number]
    return {**made, "raw_prompt": made.pop("prompt"), "global_steps": 3, "uid": "u", "session_id": 0}


def responses(trajectory: Trajectory, form: PromptForm) -> list[str]:
    """What a model writes that does what the truth does, thoughts included."""
    pairs = render(of_trajectory(trajectory), form, thoughts="all")
    return [pair.response.removesuffix("<|im_end|>\n") for pair in pairs]


def scripted(texts: Sequence[str]) -> Policy:
    """A model that answers so, one text after the other."""
    return lambda prompt, number: texts[number]


class _Actor:
    """Calls a method as Ray's handles do: `server.generate.remote(…)` can be awaited."""

    def __init__(self, **methods: Callable[..., Any]) -> None:
        for name, method in methods.items():
            setattr(self, name, SimpleNamespace(remote=self._remote(method)))

    @staticmethod
    def _remote(method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            found = method(*args, **kwargs)
            return await found if asyncio.iscoroutine(found) else found

        return lambda *args, **kwargs: asyncio.ensure_future(call(*args, **kwargs))


class Engine:
    """A rollout server with vLLM's or SGLang's signature, and the client that verl gives to agent loops.

    ``asked`` has the prompts and sampling parameters of all requests, ``ids`` those of their sessions. ``ends`` is
    whether responses have their last `<|im_end|>`; ``delays`` are waited for before the responses of a session;
    ``fault`` is what goes wrong at which one; ``failing_session`` is the number of a session that never gets an
    answer.
    """

    def __init__(self, policy: Policy, name: str = "vllm") -> None:
        self.policy = policy
        self.name = name
        self.asked: list[tuple[list[int], dict[str, Any]]] = []
        self.ids: list[str] = []
        self.ends = True
        self.delays: list[float] = []
        self.fault = (-1, "")
        self.newer_weights = False
        self.failing_session = -1
        self._written: dict[str, int] = {}

    @property
    def prompts(self) -> list[list[int]]:
        return [ids for ids, _ in self.asked]

    def client(self, config: Any) -> Any:
        """verl's own client; the session's id reaches the policy through its balancer."""
        from verl.workers.rollout.llm_server import LLMServerClient

        def acquire(request_id: str) -> tuple[str, Any]:
            self.ids.append(request_id)
            generate = self._vllm if self.name == "vllm" else self._sglang

            async def of_session(**kwargs: Any) -> Any:
                return await generate(request_id, **kwargs)

            return "server", _Actor(generate=of_session)

        balancer = _Actor(
            require_acquire_fields=list,
            require_release_fields=list,
            acquire_server=acquire,
            release_server=lambda server_id: None,
        )
        return LLMServerClient(config, balancer)

    async def _vllm(
        self,
        session: str,
        prompt_ids: list[int],
        sampling_params: dict[str, Any],
        request_id: str,
        image_data: Any = None,
        video_data: Any = None,
        audio_data: Any = None,
        mm_processor_kwargs: Any = None,
        priority: int = 0,
        kv_transfer_params: Any = None,
    ) -> Any:
        return await self._answer(session, prompt_ids, sampling_params, "completed")

    async def _sglang(
        self,
        session: str,
        prompt_ids: list[int],
        sampling_params: dict[str, Any],
        request_id: str,
        image_data: Any = None,
        video_data: Any = None,
        bootstrap_host: Any = None,
        bootstrap_port: Any = None,
        bootstrap_room: Any = None,
    ) -> Any:
        return await self._answer(session, prompt_ids, sampling_params, "stop")

    def tokens(self, prompt_ids: list[int], number: int) -> list[int]:
        """A response."""
        ids = encode(self.policy(text(prompt_ids), number))
        return [*ids, tokenizer().convert_tokens_to_ids("<|im_end|>")] if self.ends else ids

    async def _answer(self, session: str, prompt_ids: list[int], params: dict[str, Any], reason: str) -> Any:
        from verl.workers.rollout.replica import TokenOutput

        self.asked.append((list(prompt_ids), dict(params)))
        number = self._written.get(session, 0)
        self._written[session] = number + 1
        await asyncio.sleep(self.delays[number] if number < len(self.delays) else 0)
        ids = self.tokens(prompt_ids, number)[: params.pop("max_tokens")]
        logs: list[float] | None = [-(number + 1) - index / 1024 for index in range(len(ids))]
        fault = self.fault[1] if number == self.fault[0] else ""
        if list(self._written).index(session) == self.failing_session:
            fault = "raises"
        if fault in ("raises", "timeout"):
            raise TimeoutError("no answer") if fault == "timeout" else RuntimeError("the engine is gone")
        if fault == "logprobs" and logs is not None:
            logs = logs[:-1]
        if fault in ("empty", "aborted"):
            ids, logs = ([], []) if fault == "empty" else (ids[:2], (logs or [])[:2])
        return TokenOutput(
            token_ids=ids,
            log_probs=logs if params["logprobs"] else None,
            stop_reason="aborted" if fault == "aborted" else reason,
            extra_fields={"global_steps": 7 + (number if self.newer_weights else 0)},
        )


def loop(engine: Engine, settings: Any) -> Any:
    """An agent loop as verl's worker makes it."""
    from verl.experimental.agent_loop.agent_loop import DictConfigWrap, ToolListWrap

    from funreason_plugin.rl.agent_loop import FunReasonAgentLoop

    return FunReasonAgentLoop(
        trainer_config=DictConfigWrap(settings),
        server_manager=engine.client(settings),
        tokenizer=tokenizer(),
        processor=None,
        dataset_cls=None,
        data_config=DictConfigWrap(settings.data),
        hf_model_type="qwen3",
        tools=ToolListWrap([]),
    )


PARAMS = {"temperature": 1.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0, "logprobs": True}


def played(engine: Engine, row: dict[str, Any], settings: Any, **params: Any) -> Any:
    """One session's outputs."""

    async def run() -> Any:
        return await loop(engine, settings).run({**PARAMS, **params}, **row)

    return asyncio.run(run())


def record(output: Any) -> dict[str, Any]:
    """What was played, as the reward manager reads it."""
    found: dict[str, Any] = orjson.loads(output.extra_fields["funreason_played"])
    return found
