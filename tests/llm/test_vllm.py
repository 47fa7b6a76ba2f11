"""Teacher vllm with a real engine and a random model. Without vllm only what is refused before it is needed."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Request, RunStopped, TeacherFailed
from funreason_plugin.synthesis.teachers.endpoint import Try
from funreason_plugin.synthesis.teachers.vllm import VllmEndpoint, vllm_endpoints

INSTALLED = importlib.util.find_spec("vllm") is not None
needs_vllm = pytest.mark.skipif(not INSTALLED, reason="vllm is not installed (extra [vllm])")
ENGINE = {"max_model_len": 16384, "enforce_eager": True}

MESSAGES = (
    {"role": "system", "content": "You book flights and answer in one sentence. " * 30},
    {"role": "user", "content": "Is there a flight to Oslo tomorrow?"},
)

T = TypeVar("T")


def config(model: str, **more: Any) -> SynthesisConfig:
    base = {"env": ["travel"], "teacher": "vllm", "model": model, "out": Path("out"), "max_new_tokens": 24}
    return SynthesisConfig.model_validate({**base, "engine": ENGINE, **more})


# -- without an engine -------------------------------------------------------------------------------------


def test_agents_with_the_same_model_share_an_engine() -> None:
    ends = vllm_endpoints(config("small", agents={"critiquing": {"teacher": "scripted"}}))
    assert set(ends) == {"tooling", "querying", "reasoning"}
    assert len({id(end._engine) for end in ends.values()}) == 1


@pytest.mark.parametrize(
    ("agents", "line"),
    [
        (
            {"reasoning": {"engine": {"max_model_len": 8192}}},
            "agents tooling and reasoning both use small with different 'engine' settings",
        ),
        ({"reasoning": {"model": "large"}}, "2 models share this machine's GPUs; say how much of the memory"),
    ],
)
def test_engines_that_cannot_stand_beside_each_other(agents: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        vllm_endpoints(config("small", agents=agents))


def test_two_models_with_their_shares() -> None:
    half = {"gpu_memory_utilization": 0.45}
    ends = vllm_endpoints(config("small", engine=half, agents={"reasoning": {"model": "large"}}))
    assert len({id(end._engine) for end in ends.values()}) == 2


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--model: .* has no config\.json"):
        asyncio.run(checked(config(str(tmp_path))))


@pytest.mark.skipif(INSTALLED, reason="vllm is installed")
def test_without_vllm_it_is_said_how_to_get_it() -> None:
    with pytest.raises(UserError, match=r"teacher vllm needs the package vllm .*pip install -e '\.\[vllm\]'"):
        asyncio.run(checked(config("Qwen/Qwen3-0.6B")))


async def checked(settings: SynthesisConfig) -> None:
    ends = vllm_endpoints(settings)
    try:
        await check_all(ends)
    finally:
        for end in ends.values():
            await end.close()


async def check_all(ends: dict[Agent, VllmEndpoint]) -> None:
    await asyncio.gather(*(end.check() for end in ends.values()))


# -- with an engine ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    from funreason_plugin.sft.tiny_model import build

    folder = tmp_path_factory.mktemp("models") / "tiny"
    build(folder)
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GB; without it vLLM takes half of the memory
    return str(folder)


@dataclass
class Running:
    """Endpoints whose engine runs, in an event loop that lives from test to test."""

    loop: asyncio.AbstractEventLoop
    ends: dict[Agent, VllmEndpoint]
    tries: list[Try] = field(default_factory=list)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        self.tries.clear()
        return self.loop.run_until_complete(asyncio.wait_for(work, 120))

    def ask(self, agent: Agent = "querying", seed: str = "0/1", query: str = "", **more: Any) -> Completion:
        return self.run(self.asking(agent, seed, query, **more))

    async def asking(self, agent: Agent, seed: str, query: str = "", **more: Any) -> Completion:
        """``more``: settings of the agent that are different for this request."""
        messages = (MESSAGES[0], {"role": "user", "content": query}) if query else MESSAGES
        end = self.ends[agent]
        if more:
            end = VllmEndpoint(replace(end.agent, **more), end._engine, end.gate)
            await end.check()
        return await end.ask(Request(agent, messages, seed), 0, self.tries.append)


def started(settings: SynthesisConfig) -> Iterator[Running]:
    running = Running(asyncio.new_event_loop(), vllm_endpoints(settings))
    running.loop.run_until_complete(check_all(running.ends))
    before = engine_processes()
    yield running
    for end in running.ends.values():
        running.loop.run_until_complete(end.close())
    running.loop.close()
    assert before and not alive(before)


def engine_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "VLLM" in child.name()]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that are still there after a moment."""
    return psutil.wait_procs(processes, timeout=10)[1]


@pytest.fixture(scope="module")
def engine(model: str) -> Iterator[Running]:
    yield from started(config(model, concurrency=8))


@needs_vllm
def test_the_same_request_has_the_same_reply(engine: Running) -> None:
    first, again, other = engine.ask(), engine.ask(), engine.ask(seed="0/2")
    assert first.text and first == again
    assert other.text != first.text


@needs_vllm
def test_tokens_are_counted_and_cached_ones_apart(engine: Running) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(engine.ends["querying"].agent.model)
    prompt = tokenizer.apply_chat_template(MESSAGES, tokenize=False, add_generation_prompt=True)
    engine.ask()
    completion = engine.ask(max_new_tokens=7)
    (tried,) = engine.tries
    assert completion.input_tokens == tried.input_tokens == len(tokenizer(prompt)["input_ids"])
    assert completion.output_tokens == tried.output_tokens == 7 and completion.cut_off
    assert 128 <= tried.cached_tokens < tried.input_tokens
    assert (tried.outcome, tried.model) == ("ok", completion.model)


@needs_vllm
@pytest.mark.parametrize(("structured", "is_json"), [("auto", True), ("off", False)])
def test_the_advanced_tool_is_held_to_its_schema(engine: Running, structured: str, is_json: bool) -> None:
    completion = engine.ask("tooling", structured_output=structured, max_new_tokens=60)
    assert "".join(completion.text.split()).startswith('{"name"') is is_json


@needs_vllm
def test_a_prompt_beyond_the_context_is_refused(engine: Running) -> None:
    with pytest.raises(TeacherFailed, match="the model's context 16384") as failed:
        engine.ask(query="far " * 17_000)
    assert failed.value.code == "request_refused"
    assert [one.outcome for one in engine.tries] == ["refused"]


@needs_vllm
def test_a_reply_gets_what_room_the_prompt_leaves(engine: Running) -> None:
    tokens = engine.run(engine.ends["querying"]._engine.tokens(" far" * 10_000, special=False))
    words = " far" * (10_000 * 15_000 // len(tokens))
    completion = engine.ask(query=words, max_new_tokens=16_384)
    assert completion.input_tokens + completion.output_tokens <= 16_384


@needs_vllm
def test_a_reply_that_takes_too_long_is_broken_off_and_counted(engine: Running) -> None:
    with pytest.raises(TeacherFailed, match=r"no reply within 0\.7 s") as failed:
        engine.ask(request_time_limit=0.7, max_new_tokens=15_000)
    assert failed.value.code == "request_failed"
    (tried,) = engine.tries
    assert tried.outcome == "timeout" and tried.input_tokens > 0 and tried.output_tokens > 0
    assert engine.ask().text


@needs_vllm
def test_many_at_once_are_batched_and_none_is_lost(engine: Running) -> None:
    async def many() -> list[Completion]:
        return await asyncio.gather(*(engine.asking("querying", f"0/{seed}") for seed in range(40)))

    replies = engine.run(many())
    assert len({reply.text for reply in replies}) == 40
    assert [one.outcome for one in engine.tries] == ["ok"] * 40
    assert sum(one.output_tokens for one in engine.tries) == sum(reply.output_tokens for reply in replies)


@needs_vllm
def test_a_request_can_be_cancelled(engine: Running) -> None:
    async def cancelled() -> None:
        asking = asyncio.ensure_future(engine.asking("reasoning", "0/1", max_new_tokens=15_000))
        while not engine.ends["reasoning"].gate.in_use:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    engine.run(cancelled())
    assert [one.outcome for one in engine.tries] == ["cancelled"]
    assert engine.ask().text


@needs_vllm
def test_a_thought_that_the_template_opens_is_part_of_the_reply(engine: Running) -> None:
    from funreason_plugin.chat_templates import chat_template

    opening = {"chat_template_kwargs": {"chat_template": chat_template("hermes") + "{{- '<think>\\n' }}"}}
    assert engine.ask("reasoning", extra_body=opening).text.startswith("<think>\n")
    assert not engine.ask("reasoning").text.startswith("<think>\n")
    free = engine.ask("tooling", extra_body=opening, max_new_tokens=60).text  # a thought is no JSON
    assert not "".join(free.removeprefix("<think>").split()).startswith('{"name"')


@needs_vllm
def test_a_template_that_refuses_our_messages_is_found_before_the_run(engine: Running) -> None:
    stern = {"chat_template_kwargs": {"chat_template": "{{ raise_exception('no system messages') }}"}}
    with pytest.raises(UserError, match=r"chat template does not take our messages \(no system messages\)"):
        engine.ask(extra_body=stern)
    assert engine.ask(extra_body=stern, api="completions").text  # written as ChatML without it


@needs_vllm
@pytest.mark.parametrize(
    ("extra", "line"),
    [
        ({"top_kk": 5}, "'top_kk' is no sampling parameter of vLLM; did you mean 'top_k'"),
        ({"top_k": -7}, "top_k must be"),
        ({"seed": 5}, "extra_body: 'seed' cannot be said here"),
        ({"chat_template_kwargs": 5}, "chat_template_kwargs must be keys and values"),
    ],
)
def test_settings_that_do_not_fit_are_found_before_the_run(
    engine: Running, extra: dict[str, Any], line: str
) -> None:
    with pytest.raises(UserError, match=line):
        engine.ask(extra_body=extra)


@needs_vllm
def test_sampling_parameters_reach_the_engine(engine: Running) -> None:
    greedy = [engine.ask(seed=seed, extra_body={"top_k": 1}).text for seed in ("0/1", "0/2")]
    assert greedy[0] == greedy[1]


@needs_vllm
@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"max_modle_len": 5},
            "'max_modle_len' is no argument of vLLM's engine; did you mean 'max_model_len'",
        ),
        ({"max_model_len": 10_000_000}, "vLLM cannot load .*max_model_len"),
    ],
)
def test_an_engine_that_cannot_start_is_one_line(model: str, settings: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line) as refused:
        asyncio.run(checked(config(model, engine=settings)))
    assert "\n" not in refused.value.message


@needs_vllm
@pytest.mark.slow
def test_an_engine_that_dies_stops_the_run(model: str) -> None:
    for running in started(config(model)):

        async def killed(running: Running = running) -> None:
            asking = asyncio.ensure_future(running.asking("querying", "0/1", max_new_tokens=15_000))
            await asyncio.sleep(0.5)
            for process in engine_processes():
                process.kill()
            with pytest.raises(RunStopped, match="tiny in this process: .*has died"):
                await asking

        running.run(killed())
        assert [one.outcome for one in running.tries] == ["500"]
        with pytest.raises(RunStopped):
            running.ask()
