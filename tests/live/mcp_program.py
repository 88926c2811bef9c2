"""A real MCP server: `python mcp_program.py` speaks over standard input and output, `python mcp_program.py PORT` over HTTP."""

from __future__ import annotations

import os
import sys

from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("tests")


@server.tool()
def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


@server.tool()
def environment(name: str) -> str:
    """Read a variable of the environment."""
    return os.environ.get(name, "")


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("no such city")


@server.tool()
def die() -> str:
    """End the process."""
    os._exit(3)


@server.tool()
async def grow(ctx: Context) -> str:
    """Have one tool more."""

    @server.tool()
    def late() -> str:
        """Came late."""
        return "late"

    await ctx.notify_tools_changed()
    return "grown"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
