"""A server that misbehaves, for tests: it dies, hangs, answers with an image or with 20 MB, changes its tools.

python hostile.py [KIND]     KIND: "" | "silent" (never answers) | "exits" | "stubborn" (ignores SIGTERM and its end)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

READS = ToolAnnotations(read_only_hint=True)
kind = sys.argv[1] if len(sys.argv) > 1 else ""
server = MCPServer("hostile")


@server.tool(annotations=READS)
def echo(text: str) -> str:
    """Say it again."""
    return text


@server.tool(annotations=READS)
def die() -> str:
    """End the server."""
    sys.stderr.write("out of memory, key is " + os.environ.get("HOSTILE_TOKEN", "none") + "\n")
    sys.stderr.flush()
    os._exit(3)


@server.tool(annotations=READS)
def hang() -> str:
    """Take a minute."""
    time.sleep(60)
    return "done"


@server.tool(annotations=READS)
def picture() -> Image:
    """Draw."""
    return Image(data=b"\x89PNG" + bytes(300), format="png")


@server.tool(annotations=READS, structured_output=False)
def flood() -> str:
    """Say a lot."""
    return "x" * 20_000_000


@server.tool(annotations=READS)
def fail() -> str:
    """Fail."""
    raise ToolError("the disk is full\nand the printer is out of paper")


@server.tool(annotations=READS)
def crash() -> str:
    """Raise."""
    raise RuntimeError("not meant for anybody")


@server.tool(annotations=READS)
def secret() -> str:
    """Tell what nobody should know."""
    return f"the token is {os.environ.get('HOSTILE_TOKEN')}"


@server.tool(annotations=READS)
def change() -> str:
    """Change the tools."""
    server.remove_tool("echo")
    return "changed"


if __name__ == "__main__":
    if kind == "exits":
        sys.stderr.write("no database at /nowhere\n")
        sys.exit(4)
    if kind == "silent":
        time.sleep(600)
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", *sys.argv[2:]])
    server.run("stdio")
    if kind == "stubborn":
        time.sleep(600)
