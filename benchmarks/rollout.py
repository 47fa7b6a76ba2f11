"""The agent loop's own time beside verl's stock ToolAgentLoop, with an engine that answers at once, in one run.

    python benchmarks/rollout.py [--sessions 1 --sessions 64] [--repeat 3]

Both play one user turn of four steps with one call each and an answer, with the same tokenizer, tools, prompt, calls
and results, behind the same stub engine; that both end with the very same tokens is checked. ToolAgentLoop calls a
function in a thread of its process; ours runs the tools of a live session in supervised processes, as in training.
Times are wall time by assistant turn (there are five in a session), the best of the repetitions; a further call is
what each call costs that a step has beside its first.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from funreason_plugin.calls import to_hermes
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.tasks import ROW_VERSION

STEPS = 4
QUERY = "Which versions does the first document have? Look as often as you like."
PARAMS = {"temperature": 1.0, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0, "logprobs": True}
Play = Callable[[], Awaitable[Any]]

TEMPLATE = """\
<|im_start|>system
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>{% for tool in tools %}{{ '\\n' + tool | tojson }}{% endfor %}{{ '\\n' }}</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
{% for message in messages if message.role != 'system' %}
{%- if message.role == 'tool' %}
{%- if loop.previtem is undefined or loop.previtem.role != 'tool' %}{{ '<|im_start|>user' }}{% endif %}
{{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
{%- if loop.last or loop.nextitem.role != 'tool' %}{{ '<|im_end|>\\n' }}{% endif %}
{%- else %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
"""Qwen3's chat template, as far as the stock loop needs it: it renders a stand-in for the response before results."""


class Engine:
    """Stands for verl's `LLMServerClient`: the responses of a script, one after the other for each session."""

    def __init__(self, tokenizer: Any, calls: list[tuple[str, dict[str, Any]]]) -> None:
        from verl.workers.rollout.replica import TokenOutput

        texts = [f"<think>\nI look.\n</think>\n\n{to_hermes(calls)}<|im_end|>"] * STEPS
        texts.append("<think>\nThat is all.\n</think>\n\nIt has one version.<|im_end|>")
        self._outputs = [
            TokenOutput(
                token_ids=ids,
                log_probs=[-1.0] * len(ids),
                stop_reason="completed",
                extra_fields={"global_steps": 1},
            )
            for ids in (tokenizer.encode(text, add_special_tokens=False) for text in texts)
        ]
        self._written: dict[str, int] = {}

    async def generate(self, request_id: str, **request: Any) -> Any:
        number = self._written.pop(request_id, 0)
        if number < STEPS:
            self._written[request_id] = number + 1
        return self._outputs[number]


class Work:
    """One conversation, as each of the two loops takes it."""

    def __init__(self) -> None:
        from hydra import compose, initialize_config_module
        from omegaconf import OmegaConf
        from verl.tools.function_tool import FunctionTool
        from verl.tools.schemas import OpenAIFunctionToolSchema

        from funreason_plugin.sft.tiny_model import _tokenizer

        rollout = "actor_rollout_ref.rollout"
        keys = ["data.max_prompt_length=8192", "data.max_response_length=8192", f"{rollout}.name=vllm"]
        keys += [
            f"{rollout}.multi_turn.{key}" for key in ("max_parallel_calls=8", "max_tool_response_length=9999")
        ]
        with initialize_config_module("verl.trainer.config", version_base=None):
            self.config = compose("ppo_trainer", overrides=keys)
        OmegaConf.update(self.config, "funreason", {}, force_add=True)
        self.tokenizer = _tokenizer()
        self.tokenizer.chat_template = TEMPLATE
        space = SimulationSpace.from_names(["files"])
        scenario = space.scenario(1)
        self.session = space.session(scenario)
        document = next(iter(self.session.state()["files"]["documents"]))
        self.call = ("list_versions", {"document_id": document})
        self.tools = []
        for name, tool in space.tools.items():
            with contextlib.suppress(ValidationError):  # verl's own tools cannot have every JSON schema
                schema = OpenAIFunctionToolSchema.model_validate(tool.as_openai())
                self.tools.append(FunctionTool(name, self._function(name), schema))
        documents = [
            tool.tool_schema.model_dump(exclude_unset=True, exclude_none=True) for tool in self.tools
        ]
        truth = [{"variant": "base", "steps": [], "needed": [], "state_hash": ""}]
        environment = {"name": "files", "version": "1", "hash": "", "source": ""}
        extra = {
            "schema_version": ROW_VERSION,
            "index": 0,
            "split": "train",
            "id": "0",
            "kind": "trajectory",
            "rule": "environment",
            "prompt_form": "hermes",
            "environments": json.dumps([environment]),
            "system": "",
            "queries": json.dumps([QUERY]),
            "tools": json.dumps(documents),
            "scenario": json.dumps(
                {"seed": scenario.seed, "clock": scenario.clock, "states": scenario.states}
            ),
        }
        self.row = {
            "raw_prompt": [{"role": "user", "content": QUERY}],
            "reward_model": {"style": "rule", "ground_truth": json.dumps(truth)},
            "extra_info": extra,
            "global_steps": 1,
        }

    def _function(self, name: str) -> Callable[..., str]:
        return lambda **arguments: json.dumps(self.session.call(name, arguments), ensure_ascii=False)

    def sides(self, calls: int) -> dict[str, Play]:
        """A session of each loop, made and run as verl's worker does."""
        from verl.experimental.agent_loop.agent_loop import DictConfigWrap, ToolListWrap
        from verl.experimental.agent_loop.tool_agent_loop import ToolAgentLoop

        from funreason_plugin.rl.agent_loop import FunReasonAgentLoop

        engine = Engine(self.tokenizer, [self.call] * calls)

        def play(cls: Any) -> Awaitable[Any]:
            loop = cls(
                trainer_config=DictConfigWrap(self.config),
                server_manager=engine,
                tokenizer=self.tokenizer,
                processor=None,
                dataset_cls=object,
                data_config=DictConfigWrap(self.config.data),
                hf_model_type="qwen3",
                tools=ToolListWrap(self.tools),
            )
            played: Awaitable[Any] = loop.run(dict(PARAMS), **self.row)
            return played

        return {"ours": lambda: play(FunReasonAgentLoop), "ToolAgentLoop": lambda: play(ToolAgentLoop)}


async def measure(play: Play, sessions: int, total: int) -> float:
    """Seconds a session, with so many at the same time."""

    async def one_after_the_other(count: int) -> None:
        for _ in range(count):
            await play()

    start = time.perf_counter()
    await asyncio.gather(*(one_after_the_other(total // sessions) for _ in range(sessions)))
    return (time.perf_counter() - start) / total


async def check(work: Work) -> int:
    """Raise unless both make the same tokens; how many."""
    found = []
    for play in work.sides(1).values():
        output = await play()
        output = output[-1] if isinstance(output, list) else output
        found.append((output.prompt_ids, output.response_ids, output.response_mask, output.response_logprobs))
    if found[0] != found[1]:
        raise SystemExit("the two loops do not make the same tokens")
    return len(found[0][0]) + len(found[0][1])


def main(
    sessions: Annotated[list[int], typer.Option(min=1, help="Sessions at the same time.")] = [1, 64, 1024],  # noqa: B006
    repeat: Annotated[int, typer.Option(min=1, help="How often each side runs; the best time counts.")] = 3,
    total: Annotated[int, typer.Option(min=1, help="Sessions of one measurement, at least.")] = 256,
) -> None:
    """Compare the loops' own time by assistant turn and by call."""
    if importlib.util.find_spec("verl") is None:
        Console().print("verl is not installed: pip install -e '.\\[rl]'; nothing is measured")
        return
    work = Work()

    async def run() -> tuple[int, dict[int, dict[str, list[float]]]]:
        tokens = await check(work)
        times: dict[int, dict[str, list[float]]] = {}
        for count in sessions:
            best = times[count] = {"ours": [1e9, 1e9], "ToolAgentLoop": [1e9, 1e9]}
            for _ in range(repeat):
                for which, calls in enumerate((1, 3)):
                    for side, play in work.sides(calls).items():
                        gc.collect()
                        seconds = await measure(play, count, max(total, count))
                        best[side][which] = min(best[side][which], seconds)
        return tokens, times

    tokens, times = asyncio.run(run())
    table = Table(title=f"The loops' own time, ms; sessions of {tokens} tokens")
    for title in ("sessions", "turn, ours", "ToolAgentLoop", "times", "further call, ours", "ToolAgentLoop"):
        table.add_column(title, justify="right")
    for count, best in times.items():
        turns = [best[side][0] / (STEPS + 1) * 1e3 for side in ("ours", "ToolAgentLoop")]
        further = [(best[side][1] - best[side][0]) / (2 * STEPS) * 1e3 for side in ("ours", "ToolAgentLoop")]
        table.add_row(
            str(count),
            *(f"{value:.2f}" for value in turns),
            f"{turns[1] / turns[0]:.1f}",
            *(f"{value:.2f}" for value in further),
        )
    console = Console()
    console.print(table)
    console.print(f"repeat with: python {' '.join(sys.argv)}")


if __name__ == "__main__":
    typer.run(main)
