"""Serves a small model on a CPU, as far as `evaluate` asks: ``/v1/models`` and ``/v1/completions``.

    python -m funreason_plugin.rl.cpu.serve out/tiny/sft --name sft --port 8000
    python -m funreason_plugin.evaluate env out/tiny/verl/val.parquet --model sft --base-url http://localhost:8000/v1

For models that were trained without a GPU, where vLLM and SGLang do not run. The engine is that of the CPU rollout
(`rl.cpu.generation`): what is measured here is what verl's validation measures. It listens on loopback only.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["application"]

_LARGEST = 16 << 20
"""Bytes of a request that are read."""


class _Asked(BaseModel):
    """What is read of a request; what is not is ignored, unless it would change the response."""

    model_config = ConfigDict(extra="ignore")

    model: str
    prompt: str
    max_tokens: int = Field(default=16, ge=1)
    temperature: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int = Field(default=1, ge=1, le=1)
    stream: bool = Field(default=False)


class _Refused(Exception):
    """A request that is not answered, and why."""


def application(
    name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, rows: int = 64, seed: int = 0
) -> web.Application:
    """The server's routes.

    Args:
        name: What the model is called in requests.
        rows: Most responses that are computed at once.
        seed: Where random numbers start; the same prompts in whatever order get the same responses.

    Raises:
        UserError: the model's attention is none that the engine has.
    """
    from funreason_plugin.rl.cpu.batching import Batching
    from funreason_plugin.rl.cpu.generation import Engine, Request
    from funreason_plugin.rl.cpu.sampling import Sampling, ends_of

    context = int(model.config.max_position_embeddings)
    ends = ends_of(tokenizer, model.generation_config)
    batching = Batching(Engine(model, vocabulary=len(tokenizer), rows=rows, seed=seed))

    def read(body: bytes) -> tuple[Request, int]:
        """The request, and how many tokens its prompt has. Raises _Refused."""
        try:
            asked = _Asked.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise _Refused(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from None
        if asked.model != name:
            raise _Refused(f"model: {asked.model[:100]!r} is not served; {name!r} is")
        if asked.stream:
            raise _Refused("stream: not available here")
        stops = [asked.stop] if isinstance(asked.stop, str) else asked.stop or []
        tokens = [tokenizer.encode(text, add_special_tokens=False) for text in stops]
        if any(len(token) != 1 for token in tokens):
            raise _Refused("stop: expected texts of one token each, as <|im_end|> is")
        prompt = tokenizer.encode(asked.prompt, add_special_tokens=False)
        if not prompt or len(prompt) >= context:
            raise _Refused(f"prompt: {len(prompt)} tokens; the model's maximum context length is {context}")
        sampling = Sampling(
            temperature=asked.temperature,
            top_p=asked.top_p,
            max_tokens=min(asked.max_tokens, context - len(prompt)),
            stop=ends | {token[0] for token in tokens},
            seed=asked.seed,
            logprobs=False,
        )
        return Request(prompt, sampling), len(prompt)

    async def models(_: web.Request) -> web.Response:
        entry = {"id": name, "object": "model", "created": 0, "owned_by": "local", "max_model_len": context}
        return web.json_response({"object": "list", "data": [entry]})

    async def completions(asked: web.Request) -> web.Response:
        try:
            request, length = read(await asked.read())
        except _Refused as refused:
            return web.json_response({"error": {"message": str(refused), "code": 400}}, status=400)
        await batching.finish(request)
        ended = request.tokens[-1] in request.sampling.stop
        written = request.tokens[:-1] if ended else request.tokens
        choice = {
            "index": 0,
            "text": tokenizer.decode(written, skip_special_tokens=True),
            "finish_reason": "stop" if ended else "length",
            "logprobs": None,
        }
        count = len(request.tokens)
        usage = {"prompt_tokens": length, "completion_tokens": count, "total_tokens": length + count}
        made: dict[str, Any] = {"id": f"cmpl-{uuid.uuid4().hex}", "object": "text_completion", "created": 0}
        return web.json_response({**made, "model": name, "choices": [choice], "usage": usage})

    app = web.Application(client_max_size=_LARGEST)
    app.add_routes([web.get("/v1/models", models), web.post("/v1/completions", completions)])
    return app


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    folder: Annotated[Path, typer.Argument(help="Folder with the model and its tokenizer.", metavar="MODEL")],
    name: Annotated[str, typer.Option(help="What requests call it; the folder's name if not told.")] = "",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 8000,
    rows: Annotated[int, typer.Option(min=1, max=4096, help="Responses computed at once.")] = 64,
    seed: Annotated[int, typer.Option(help="Decides what is drawn.")] = 0,
) -> None:
    """Serve a small model on a CPU for evaluate: /v1/models and /v1/completions."""
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder}: no config.json there; expected the folder of a trained model")
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise UserError(
            f"serving needs torch and transformers ({error}); 'pip install -e .[sft]' brings them"
        ) from None

    disable_progress_bar()
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="sdpa"
        ).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: {' '.join(str(error).split())[:300]}") from None
    name = name or folder.resolve().name
    served = application(name, model, tokenizer, rows=rows, seed=seed)
    console().print(f"{name}: http://127.0.0.1:{port}/v1  (Ctrl-C ends it)")
    try:
        web.run_app(served, host="127.0.0.1", port=port, print=None)
    except OSError as error:
        raise UserError(f"--port {port}: {error.strerror or error}; choose another one") from None


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.rl.cpu.serve")
