"""A model behind an OpenAI-compatible server as the player's `Generate`.

Prompts are rendered here (`funreason_plugin.rendering`) and sent to ``/v1/completions``: the server's chat template
and tool parser have no part in it, so that the model sees the very text that it was trained on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from typing_extensions import Self

from funreason_plugin.conversation import Generate, NoRoom, Reply
from funreason_plugin.errors import UserError
from funreason_plugin.messages import Conversation
from funreason_plugin.rendering import END, PromptForm, prompt

if TYPE_CHECKING:
    from openai import BadRequestError

__all__ = ["Sampling", "Served"]

_TRIES = 6
_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one response is sampled; ``max_tokens`` of it at most."""

    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 4096


class Served:
    """A connection to one model of one server. The key, if it wants one, is in OPENAI_API_KEY.

    ``tokens`` counts those of prompts and of responses, as the server says them.
    """

    def __init__(self, base_url: str, model: str, sampling: Sampling | None = None) -> None:
        from openai import AsyncOpenAI

        self.model = model
        self.base_url = base_url
        self.sampling = sampling or Sampling()
        self.tokens = [0, 0]
        key = os.environ.get("OPENAI_API_KEY") or "none"
        self._client = AsyncOpenAI(base_url=base_url, api_key=key, max_retries=_TRIES, timeout=_SECONDS)

    async def check(self) -> None:
        """Raise a `UserError` where the server is out of reach, refuses, or does not serve the model."""
        from openai import APIConnectionError, APIStatusError

        try:
            known = [model.id async for model in self._client.with_options(max_retries=1).models.list()]
        except APIConnectionError as error:
            raise UserError(
                f"--base-url {self.base_url}: {error.__cause__ or error}; is the server up?"
            ) from None
        except APIStatusError as error:
            raise UserError(
                f"--base-url {self.base_url}: the server answers {error.status_code} to /models"
            ) from None
        if self.model not in known:
            raise UserError(f"--model {self.model}: the server has {', '.join(known[:5]) or 'none'}")

    def generate(self, form: PromptForm, *, thinking: bool = True) -> Generate:
        """The player's view, for prompts of one form.

        Raises (in the player):
            UserError: the server refuses the request, or stays out of reach.
        """
        opened = "<think>" if thinking and form != "hermes" else ""

        async def respond(conversation: Conversation) -> Reply:
            text, finished = await self._complete(prompt(conversation, form, thinking=thinking))
            return Reply(opened + text, finished)

        return respond

    async def _complete(self, text: str) -> tuple[str, bool]:
        from openai import APIError, BadRequestError

        sampling = self.sampling
        try:
            answer = await self._client.completions.create(
                model=self.model,
                prompt=text,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                max_tokens=sampling.max_tokens,
                stop=[END],
            )
        except BadRequestError as error:
            if _too_long(error):
                raise NoRoom("the prompt and a response do not fit into the server's context") from None
            raise UserError(f"{self.base_url}: {_line(error)}") from None
        except APIError as error:
            raise UserError(f"{self.base_url}: {_line(error)}") from None
        if answer.usage is not None:
            self.tokens[0] += answer.usage.prompt_tokens
            self.tokens[1] += answer.usage.completion_tokens
        choice = answer.choices[0]
        return choice.text.removesuffix(END), choice.finish_reason == "stop"

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


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
