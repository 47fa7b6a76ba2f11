"""`Engine`: one model loaded by vLLM, driven from the event loop of this process.

    engine = Engine("Qwen/Qwen3-4B-Instruct-2507", {"max_model_len": 16384})
    await engine.start()
    prompt = await engine.tokens(await engine.render(messages, {}), special=False)
    output = await engine.generate(prompt, engine.sampling({"max_tokens": 512}, schema=None), time_limit=300)
    await engine.close()                                   # its processes have ended

Everything that knows vLLM's classes is here. vLLM computes in processes of its own; this one renders, tokenises (in
one thread: tokenizers are not for several) and hands over. Those processes do not see Ctrl-C: whoever runs the engine
decides when it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.synthesis.teachers.base import Message
from funreason_plugin.synthesis.teachers.vllm_processes import Reaper, engine_processes, hold_interrupts, kill

if TYPE_CHECKING:
    from vllm import RequestOutput, SamplingParams
    from vllm.v1.engine.async_llm import AsyncLLM

__all__ = ["Engine", "EngineEnded", "Refused"]

T = TypeVar("T")

ABORT_LIMIT = 30.0
"""Seconds in which the engine gives back a reply that is broken off."""
LAST_WORDS = 30.0
"""Seconds for an engine to end by itself."""


class Refused(Exception):
    """A prompt or a setting that the model cannot take, in one line."""


class EngineEnded(Exception):
    """The engine's processes are gone, or do not answer."""


class Engine:
    """A model; ``settings``: arguments of vLLM's `AsyncEngineArgs`. Engines are loaded in ``turn``: each measures how
    much memory is free."""

    def __init__(self, model: str, settings: Mapping[str, Any], turn: asyncio.Lock | None = None) -> None:
        self.model = str(Path(model).expanduser()) if model.startswith("~") else model
        self.context = 0
        """Tokens of a prompt and its reply together; known once the model is loaded."""
        self._settings = dict(settings)
        self._engine: AsyncLLM | None = None
        self._tokenizer: Any = None
        self._defaults: dict[str, Any] = {}
        self._requests = 0
        self._turn = turn or asyncio.Lock()
        self._failed: UserError | None = None
        self._abandoned = False
        self._reaper: Reaper | None = None
        self._processes: list[BaseProcess] = []
        self._thread = ThreadPoolExecutor(1, f"vllm {model}")

    # -- from the start to the end ------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the model, once.

        Raises:
            UserError: vllm is missing, an argument is unknown, or the model cannot be loaded.
        """
        async with self._turn:
            if self._failed is None and self._engine is None:
                try:
                    await self._start()
                except UserError as error:
                    self._failed = error
            if self._failed is not None:
                raise UserError(self._failed.message)

    async def _start(self) -> None:
        if self.model.startswith((".", "/")) and not (Path(self.model) / "config.json").is_file():
            raise UserError(
                f"--model: {self.model} has no config.json; expected a model's folder or a hub's name"
            )
        others = engine_processes()
        loading = asyncio.get_running_loop().run_in_executor(self._thread, self._load)
        self._reaper = Reaper()
        try:
            while not loading.done():
                await asyncio.wait({loading}, timeout=0.2)
                self._processes = [process for process in engine_processes() if process not in others]
                self._reaper.take(self._processes)
        except asyncio.CancelledError:
            self._abandoned = True
            while not loading.done():
                kill(process for process in engine_processes() if process not in others)
                await asyncio.wait({loading}, timeout=0.2)
            if loading.exception() is None:
                self._engine = loading.result()  # `close` ends it
            raise
        self._engine = engine = loading.result()
        self._tokenizer = engine.get_tokenizer()
        if inspect.isawaitable(self._tokenizer):
            self._tokenizer = await self._tokenizer
        self.context = engine.model_config.max_model_len
        self._defaults = engine.model_config.get_diff_sampling_param()  # the model's own top_k, min_p, …

    def _load(self) -> AsyncLLM:
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")  # its log would tear the progress display
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        # A fork of a process that has threads may hang.
        os.environ.setdefault("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
        try:
            from vllm import AsyncEngineArgs
            from vllm.platforms import current_platform
            from vllm.v1.engine.async_llm import AsyncLLM
        except ImportError as error:
            raise UserError(
                f"teacher vllm needs the package vllm ({error}): pip install -e '.[vllm]'"
            ) from None
        known = [field.name for field in fields(AsyncEngineArgs)]
        for key in self._settings:
            if key not in known:
                raise UserError(f"engine: {key!r} is no argument of vLLM's engine{did_you_mean(key, known)}")
        settings: dict[str, Any] = {"disable_log_stats": True, "use_tqdm_on_load": False}
        if current_platform.is_cpu():
            # A seeded request whose prompt is read in more than one step ends vLLM's engine there (0.32: "CPU
            # Generator does not use offset").
            settings["enable_chunked_prefill"] = False
        if self._abandoned:
            raise EngineEnded("interrupted")
        hold_interrupts()
        try:
            arguments = AsyncEngineArgs(**{**settings, **self._settings, "model": self.model})
            return AsyncLLM.from_engine_args(arguments)
        except Exception as error:
            raise UserError(
                f"vLLM cannot load {self.model}: {_line(error)} (VLLM_LOGGING_LEVEL=INFO says more)"
            ) from None

    async def close(self) -> None:
        """End the engine and its processes. A second call does nothing."""
        self._abandoned = True
        engine, self._engine = self._engine, None
        if engine is not None:
            _shut_down(engine)
            kill(process for process in self._processes if process.is_alive())
        self._thread.shutdown()
        if self._reaper is not None:
            self._reaper.dismiss()
            self._reaper = None

    # -- requests -----------------------------------------------------------------------------------------

    async def render(self, messages: Sequence[Message], options: Mapping[str, Any]) -> str:
        """The messages by the model's chat template, with the opening of the reply. Raises `Refused`."""

        def rendered() -> str:
            return str(
                self._tokenizer.apply_chat_template(
                    list(messages), tokenize=False, add_generation_prompt=True, **options
                )
            )

        return await self._in_thread(rendered)

    async def tokens(self, text: str, special: bool) -> list[int]:
        """``special``: with the tokens that a text starts with; a chat template writes them itself."""
        return await self._in_thread(lambda: list(self._tokenizer.encode(text, add_special_tokens=special)))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        from jinja2 import TemplateError

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (TemplateError, ValueError, TypeError) as error:
            raise Refused(_line(error)) from None

    def sampling(self, given: Mapping[str, Any], schema: Mapping[str, Any] | None) -> SamplingParams:
        """Sampling parameters; what is not given is as the model's own generation_config.json says.

        Raises:
            TypeError: A name that is none of `sampling_names`.
            ValueError: A value out of range.
        """
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        structured = StructuredOutputsParams(json=dict(schema)) if schema is not None else None
        try:
            return SamplingParams(
                **{**self._defaults, **given},
                output_kind=RequestOutputKind.FINAL_ONLY,
                structured_outputs=structured,
            )
        except Exception as error:
            if isinstance(error, TypeError):
                raise
            raise ValueError(_line(error)) from None

    def sampling_names(self) -> list[str]:
        from vllm import SamplingParams

        return list(SamplingParams.__struct_fields__)

    async def generate(self, prompt: list[int], sampling: SamplingParams, time_limit: float) -> RequestOutput:
        """The reply; one that takes longer is broken off, its ``finish_reason`` is then "abort".

        Raises:
            Refused: The engine does not take the request.
            EngineEnded: The engine has died.
        """
        from vllm import exceptions
        from vllm.v1.engine.exceptions import EngineDeadError

        engine = self._engine
        if engine is None:
            raise EngineEnded("the engine is closed")
        self._requests += 1
        number = str(self._requests)
        task = asyncio.create_task(_last(engine, prompt, sampling, number))
        try:
            await asyncio.wait({task}, timeout=time_limit)
            if not task.done():
                await engine.abort(number)
                await asyncio.wait({task}, timeout=ABORT_LIMIT)
            if not task.done():
                raise EngineEnded("the engine does not answer")
            return task.result()
        except EngineDeadError:
            raise EngineEnded(
                "vLLM's engine has died; what it said last stands above (too little memory, most often)"
            ) from None
        except (getattr(exceptions, "VLLMClientError", ValueError), ValueError) as error:
            raise Refused(_line(error)) from None
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def _last(engine: AsyncLLM, prompt: list[int], sampling: SamplingParams, number: str) -> RequestOutput:
    rendered: Any = {"prompt_token_ids": prompt}
    with contextlib.suppress(ImportError):  # older versions take the plain form only
        from vllm.inputs import tokens_input

        rendered = tokens_input(prompt)
    outputs = [output async for output in engine.generate(rendered, sampling, number)]
    if not outputs:
        raise EngineEnded("the engine gave no reply")
    return outputs[-1]


def _shut_down(engine: AsyncLLM) -> None:
    if "timeout" in inspect.signature(engine.shutdown).parameters:
        engine.shutdown(timeout=LAST_WORDS)
    else:
        engine.shutdown()
    engine.shutdown = lambda *_: None  # its __del__ calls it again, when the interpreter is half gone


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
