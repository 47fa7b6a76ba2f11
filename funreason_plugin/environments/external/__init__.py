"""Tools that are not ours: what MCP servers and OpenAPI services share.

`options` is what the user says of them, `ways` are the ways of having a state, `environment` makes the class.
"""
