"""The scripted teacher behind the OpenAI protocol, over HTTP on this machine: rehearse a paid run without paying.

    python -m funreason_plugin.synthesis.teachers.served --env travel --env files --port 8000
    python -m funreason_plugin.synthesize --env travel --env files --teacher openai --model scripted \\
        --base-url http://127.0.0.1:8000/v1 --num 20 --out rehearsal/

It answers /v1/chat/completions, /v1/completions and /v1/models as a server with one model does, in a fixed time
and a fixed number of slots; /stats counts on its own what was asked and answered, to hold a run's ledger against.
``--faults`` makes it fail in the ways that servers fail in (`served_faults`).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer

from funreason_plugin.command_line import Command, leave
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.scripted import ERROR_RATE, ScriptedTeacher
from funreason_plugin.synthesis.teachers.served_app import ServedTeacher, Settings, serve
from funreason_plugin.synthesis.teachers.served_faults import KINDS, Faults
from funreason_plugin.synthesis.teachers.served_wire import Style

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    cls=Command,
    help="Serve the scripted teacher behind the OpenAI protocol: try a whole run with --teacher openai without "
    "paying, and see how it takes a server that fails. Text is the embedded teacher's; tokens are four characters each.",
    epilog="Kinds of faults: "
    + "; ".join(f"{name} ({what})" for name, what in KINDS.items())
    + ". 'all:0.3' is 30% of all requests, every kind as often.",
)
def main(
    env: Annotated[list[str], typer.Option(help="Environments as given to synthesize.", metavar="NAME")],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any free port.", min=0, max=65535)] = 8000,
    model: Annotated[str, typer.Option(help="The one model that is served.")] = "scripted",
    latency: Annotated[float, typer.Option(help="Seconds that a reply takes.", min=0)] = 0.0,
    slots: Annotated[int, typer.Option(help="Replies at a time; others wait.", min=1)] = 64,
    queue: Annotated[int, typer.Option(help="Requests that may wait; more get 429.", min=0)] = 1_000_000,
    style: Annotated[
        str,
        typer.Option(
            help="Where thoughts go: plain (A_R's in <think>), think (every agent's), reasoning_content or reasoning (a field of their own)."
        ),
    ] = "plain",
    error_rate: Annotated[
        float, typer.Option(help="How often A_R errs on purpose.", min=0, max=1)
    ] = ERROR_RATE,
    key_env: Annotated[
        str, typer.Option(help="Environment variable with the key that is let in; any key without it.")
    ] = "",
    reject: Annotated[
        list[str], typer.Option(help="Request parameters that get status 400.", metavar="NAME")
    ] = [],  # noqa: B006 (typer copies it)
    faults: Annotated[
        str, typer.Option(help="KIND:SHARE or KIND:FIRST-LAST (requests by number), separated by commas.")
    ] = "",
    fault_seed: Annotated[int, typer.Option(help="Decides which requests fail.")] = 0,
    slow_time: Annotated[float, typer.Option(help="Seconds that a slow reply takes.", min=0)] = 30.0,
    log: Annotated[Path | None, typer.Option(help="A JSON line for every finished request.")] = None,
    keep_requests: Annotated[
        Path | None, typer.Option(help="The body of every request, a line each: see what is sent.")
    ] = None,
) -> None:
    if style not in get_args(Style):
        raise UserError(f"--style: {style!r} is not one of {', '.join(get_args(Style))}")
    if key_env and not os.environ.get(key_env):
        raise UserError(f"--key-env: the environment variable {key_env} is not set")
    settings = Settings(
        model=model,
        latency=latency,
        slots=slots,
        queue=queue,
        slow_time=slow_time,
        style=style,  # type: ignore[arg-type]  # checked above
        key=os.environ.get(key_env, "") if key_env else "",
        rejected=frozenset(reject),
    )
    drawn = Faults.parse(faults, fault_seed)
    teacher = ScriptedTeacher(SimulationSpace.from_names(env), error_rate)

    async def run() -> None:
        served = ServedTeacher(teacher, settings, drawn, log, keep_requests)
        await serve(served, host, port, _say(env, settings))

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that files are closed
    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return


def _say(env: Sequence[str], settings: Settings) -> Callable[[str], None]:
    def told(url: str) -> None:
        names = " ".join(f"--env {name}" for name in env)
        print(f"the scripted teacher answers at {url} as model {settings.model!r}; try:")
        print(
            f"  python -m funreason_plugin.synthesize {names} --teacher openai --model {settings.model} "
            f"--base-url {url} --num 20 --out rehearsal/\n  counts: {url.removesuffix('/v1')}/stats",
            flush=True,
        )

    return told


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.synthesis.teachers.served")
