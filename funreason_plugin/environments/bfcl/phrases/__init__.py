"""How a person asks for each of the 128 tools, and how an answer tells their results; one table a class.

No clause has a tool's name in it: a query must not give away what to call.
"""
