"""MCP servers as environments: ``--env mcp:CONFIG.json``, every server of the file or ``mcp:CONFIG.json#server``.

`config` reads the file, `client` talks through the official SDK, `servers` makes the classes.
"""
