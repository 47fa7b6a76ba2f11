"""A model behind an OpenAI-compatible server as the player's `Generate`.

Prompts are rendered here (`funreason_plugin.rendering`) and sent to ``/v1/completions``: the server's chat template
and tool parser have no part in it, so that the model sees the very text that it was trained on.

A server's fault is never the model's: a request is tried again, and in the end a `UserError`. `Served.faults` has
what was tried again, by its reason.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import Self

from funreason_plugin.conversation import Generate, NoRoom, Reply
from funreason_plugin.errors import UserError
from funreason_plugin.messages import Conversation
from funreason_plugin.rendering import END, PromptForm, prompt

if TYPE_CHECKING:
    from openai import BadRequestError

__all__ = ["Completed", "Sampling", "Served", "Spent"]

_TRIES = 7
_TIMEOUTS = 2
"""Requests that run into `_SECONDS` before the server counts as out of reach."""
_SECONDS = 600.0
_LONGEST = 16 << 20
"""Bytes of a reply that are read; more is none that was asked for."""
_AGAIN = (408, 409, 425, 429)
"""Statuses beside 5xx upon which a request is tried again."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one response is sampled; ``max_tokens`` of it at most."""

    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 4096


@dataclass(slots=True)
class Spent:
    """Tokens of prompts and of responses, as the server says them, by request."""

    prompts: list[int] = field(default_factory=list)
    responses: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Completed:
    """What came back for one prompt. ``finished`` is whether the model came to its own end."""

    text: str
    finished: bool
    prompt_tokens: int = 0
    response_tokens: int = 0


class _Choice(BaseModel):
    text: str
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Completion(BaseModel):
    """What is read of a reply."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class _Fault(Exception):
    """Of the server, for the moment; ``wait`` is what it asked for, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class Served:
    """A connection to one model of one server. The key, if it wants one, is in OPENAI_API_KEY.

    ``tokens`` counts those of prompts and of responses, as the server says them; ``faults`` the requests that were tried
    again, by reason. ``pause`` is the first wait before a request is tried again, in seconds; the next ones are longer.
    ``context`` is the model's, in tokens, where the server says it (vLLM and SGLang do) and once it was checked.
    ``patience``: seconds until a response counts as lost (0: 600).
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        sampling: Sampling | None = None,
        pause: float = 0.5,
        patience: float = 0.0,
    ) -> None:
        from openai import AsyncOpenAI

        self.model = model
        self.base_url = base_url
        self.sampling = sampling or Sampling()
        self.tokens = [0, 0]
        self.faults: Counter[str] = Counter()
        self.context: int | None = None
        self._pause = pause
        self._patience = patience or _SECONDS
        key = os.environ.get("OPENAI_API_KEY") or "none"
        self._client = AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=2 * self._patience)

    async def check(self) -> None:
        """Raise a `UserError` where the server is out of reach, refuses, or does not serve the model."""
        from openai import APIConnectionError, APIError, APIStatusError

        asked = f"--base-url {self.base_url}"
        try:
            listed: Any = await self._client.with_options(max_retries=1, timeout=30).models.list()
            known = [str(model.id) for model in listed.data]
            rooms = {str(model.id): getattr(model, "max_model_len", None) for model in listed.data}
        except APIConnectionError as error:
            raise UserError(f"{asked}: {_line(error.__cause__ or error)}; is the server up?") from None
        except APIStatusError as error:
            raise UserError(f"{asked}: the server answers {error.status_code} to /models") from None
        except (APIError, AttributeError, TypeError, ValueError):
            raise UserError(
                f"{asked}: what answers to /models is no OpenAI-compatible server; it ends in /v1 with most"
            ) from None
        if self.model not in known:
            raise UserError(f"--model {self.model}: the server has {', '.join(known[:5])[:300] or 'none'}")
        room = rooms[self.model]
        self.context = room if isinstance(room, int) and room > 0 else None

    def generate(self, form: PromptForm, *, thinking: bool = True, spent: Spent | None = None) -> Generate:
        """The player's view, for prompts of one form; what its responses cost is added to ``spent``.

        Raises (in the player):
            UserError: the server refuses the request, or stays out of reach.
        """
        opened = "<think>" if thinking and form != "hermes" else ""

        async def respond(conversation: Conversation) -> Reply:
            completed = await self.complete(prompt(conversation, form, thinking=thinking))
            if spent is not None:
                spent.prompts.append(completed.prompt_tokens)
                spent.responses.append(completed.response_tokens)
            return Reply(opened + completed.text, completed.finished)

        return respond

    async def complete(self, text: str, max_tokens: int | None = None) -> Completed:
        """The response to a prompt, of at most ``max_tokens`` (else the sampling's); asked for again where the server
        had a fault.

        Raises:
            NoRoom: it does not fit into the server's context.
            UserError: the server refuses the request, or stays out of reach.
        """
        timeouts = 0
        for number in range(_TRIES):
            try:
                answer = await asyncio.wait_for(self._ask(text, max_tokens), self._patience)
                break
            except asyncio.TimeoutError:
                timeouts += 1
                reason, wait = f"no answer within {self._patience:g} s", 0.0
            except _Fault as fault:
                reason, wait = str(fault), fault.wait
            self.faults[reason] += 1
            if timeouts == _TIMEOUTS or number == _TRIES - 1:
                raise UserError(
                    f"{self.base_url}: {reason}, {number + 1} times; what was measured is kept, the same command goes on"
                )
            await asyncio.sleep(max(wait, self._pause * 2**number * random.uniform(0.75, 1.0)))
        usage = answer.usage or _Usage()
        self.tokens[0] += usage.prompt_tokens
        self.tokens[1] += usage.completion_tokens
        choice = answer.choices[0]
        finished = choice.finish_reason == "stop"
        return Completed(
            choice.text.removesuffix(END), finished, usage.prompt_tokens, usage.completion_tokens
        )

    async def _ask(self, text: str, max_tokens: int | None) -> _Completion:
        from openai import APIStatusError, BadRequestError

        sampling = self.sampling
        request = self._client.completions.with_streaming_response.create(
            model=self.model,
            prompt=text,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=max_tokens or sampling.max_tokens,
            stop=[END],
        )
        body = bytearray()
        try:
            async with request as reply:
                async for part in reply.iter_bytes(1 << 16):
                    body += part
                    if len(body) > _LONGEST:
                        raise _Fault(f"a reply of more than {_LONGEST >> 20} MiB")
        except _Fault:
            raise
        except BadRequestError as error:
            if _too_long(error):
                raise NoRoom("the prompt and a response do not fit into the server's context") from None
            raise UserError(f"{self.base_url}: {_line(error)}") from None
        except APIStatusError as error:
            if error.status_code >= 500 or error.status_code in _AGAIN:
                raise _Fault(
                    f"status {error.status_code}", _seconds(error.response.headers.get("retry-after"))
                ) from None
            raise UserError(f"{self.base_url}: {_line(error)}") from None
        except Exception as error:  # whatever the client and the libraries below it make of hostile bytes
            cause = error.__cause__ or error
            raise _Fault(_line(cause) or type(cause).__name__) from None
        try:
            return _Completion.model_validate_json(bytes(body))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise _Fault(f"a reply that is no completion ({place}: {first['msg'][:100]})") from None

    async def close(self) -> None:
        await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _too_long(error: BadRequestError) -> bool:
    """vLLM, SGLang, llama.cpp and OpenAI say it with a 400 whose text names the context or the maximum length."""
    text = str(error).lower()
    return "context" in text or "maximum" in text or "max_model_len" in text


def _seconds(text: str | None) -> float:
    """Of a header Retry-After; at most a minute is waited."""
    try:
        return min(60.0, max(0.0, float(text or 0)))
    except ValueError:
        return 0.0


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
