"""A service that answers in every way in which services do, run by `served`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import FastAPI, File, Header, HTTPException, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel

app = FastAPI(title="Hostile", version="1", generate_unique_id_function=lambda route: route.name)
busy = {"asked": 0}


@app.get("/large")
async def large() -> StreamingResponse:
    """20 MB."""

    async def parts() -> AsyncIterator[bytes]:
        yield b'["'
        for _ in range(200):
            yield b"x" * 100_000
        yield b'"]'

    return StreamingResponse(parts(), media_type="application/json")


@app.get("/long")
def long() -> dict[str, list[dict[str, str]]]:
    """More than a model reads."""
    return {"rows": [{"text": "word " * 50, "number": str(number)} for number in range(1000)]}


@app.get("/slow")
async def slow(seconds: float = 60) -> str:
    """Answers after a while."""
    await asyncio.sleep(seconds)
    return "at last"


@app.get("/drip")
async def drip() -> StreamingResponse:
    """A byte now and then."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" "
            await asyncio.sleep(0.05)

    return StreamingResponse(parts(), media_type="application/json")


@app.get("/image")
def image() -> Response:
    """A picture."""
    return Response(b"\x89PNG" + bytes(5000), media_type="image/png")


@app.get("/broken")
def broken() -> Response:
    """Says JSON, is none."""
    return Response(b"{oops", media_type="application/json")


@app.get("/page")
def page() -> HTMLResponse:
    """A proxy's page of errors."""
    return HTMLResponse("<html><style>p {}</style><h1>Bad gateway</h1><p>nginx</p></html>", status_code=502)


@app.get("/text")
def text() -> PlainTextResponse:
    """Plain words."""
    return PlainTextResponse("fine weather")


@app.delete("/nothing")
def nothing() -> Response:
    """No content."""
    return Response(status_code=204)


@app.get("/elsewhere")
def elsewhere() -> RedirectResponse:
    """Sends the caller to another host."""
    return RedirectResponse("http://localhost:9/secret")


@app.get("/moved")
def moved() -> RedirectResponse:
    """Sends the caller to another path."""
    return RedirectResponse("/text")


@app.get("/round")
def round_() -> RedirectResponse:
    """Sends the caller round in a circle."""
    return RedirectResponse("/round")


@app.get("/busy")
def be_busy() -> dict[str, int]:
    """Answers at the third time only."""
    busy["asked"] += 1
    if busy["asked"] % 3:
        raise HTTPException(429, "too many", headers={"Retry-After": "0"})
    return {"asked": busy["asked"] % 3}


@app.get("/forbidden")
def forbidden() -> None:
    """Refuses whatever credentials there are."""
    raise HTTPException(401, "unknown client")


@app.get("/echo/{place:path}")
async def echo(request: Request, place: str) -> dict[str, Any]:
    """Says what it was sent, credentials included."""
    return {
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "headers": dict(request.headers),
        "link": str(request.base_url) + "next",
    }


class Item(BaseModel):
    name: str
    tags: list[str] = []


@app.put("/items/{number}")
def put_item(
    number: int, item: Item, tag: Annotated[list[str], Query()], x_trace: Annotated[str, Header()]
) -> Any:
    """Path, query, header and body at once."""
    return {"number": number, "item": item, "tag": tag, "trace": x_trace}


@app.post("/upload")
def upload(file: Annotated[UploadFile, File()]) -> str:
    """Wants a file."""
    return str(file.filename)
