"""A server over streamable HTTP, for tests, behind tokens: python web.py PORT TOKEN…

Who is refused reads in the answer what was sent.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

port, tokens = int(sys.argv[1]), sys.argv[2:]
revoked: set[str] = set()
server = MCPServer("stock")
stock = {"apples": 3, "pears": 5}


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def count(fruit: str) -> dict[str, int]:
    """How many there are."""
    if fruit not in stock:
        raise ToolError(f"no {fruit}")
    return {"count": stock[fruit]}


@server.tool()
def take(fruit: str) -> dict[str, int]:
    """Take one."""
    if not stock.get(fruit):
        raise ToolError(f"no {fruit} are left")
    stock[fruit] -= 1
    return {"count": stock[fruit]}


@server.tool()
def reset_stock() -> str:
    """Fill up."""
    stock.update({"apples": 3, "pears": 5})
    return "full"


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def revoke(number: int) -> str:
    """From now on nobody comes in with this token."""
    revoked.add(tokens[number])
    return "revoked"


inner = server.streamable_http_app()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Nobody comes in without a token."""
    sent = dict(scope.get("headers", ())).get(b"authorization", b"").decode().removeprefix("Bearer ")
    status = 403 if sent in revoked else 200 if sent in tokens else 401
    if scope["type"] == "http" and status != 200:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": f"not with {sent}".encode()})
        return
    await inner(scope, receive, send)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
