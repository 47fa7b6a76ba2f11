"""Modules that cannot be an environment, each refused in one line that says where and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from tests.plain.made import functions

PUT = "def put(key: str) -> int:\n    'Put.'\n    DB[key] = 1\n    return 1\n"
REFUSED = {
    "syntax": ("def f(:", r"shop\.py: importing it raised SyntaxError"),
    "import": ("import not_there_at_all", "importing it raised ModuleNotFoundError: .*not_there_at_all"),
    "exit": ("raise SystemExit(2)", "importing it raised SystemExit: 2"),
    "untyped": (
        "def f(x):\n    'Doc.'\n",
        r"shop\.py:1: shop\.f: parameter 'x' has no type; write e\.g\. 'x: str'",
    ),
    "undocumented": ("def f(x: int) -> int:\n    return x\n", "tool has no docstring; .* or leave it out"),
    "star": (
        "def f(*x: int) -> int:\n    'Doc.'\n",
        r"parameter 'x' must be an ordinary named parameter, not \* or",
    ),
    "lambda": (
        "f = lambda x: x",
        r"shop\.py:1: shop\.f: a lambda has no types and no docstring; write 'def f",
    ),
    "generator": ("def f():\n    'Doc.'\n    yield 1\n", "a generator is not a tool; return a list"),
    "type": (
        "class A: ...\ndef f(a: A) -> int:\n    'Doc.'\n",
        "parameter 'a' has a type without a JSON schema",
    ),
    "nothing": ("from math import sqrt\nclass A: ...\n", "defines no public function"),
    "no such tool": ("TOOLS = ['putt']\n" + PUT, "TOOLS names 'putt', .*; did you mean 'put'?"),
    "no such state": ("STATE = ['DP']\nDB = {}\n" + PUT, "STATE names 'DP', which the module does not have"),
    "no such write": (
        "STATE = ['DB']\nDB = {}\nWRITES = ['f']\n" + PUT,
        "WRITES names 'f', which is not a tool",
    ),
    "no list": ("STATE = 'DB'\nDB = {}\n" + PUT, r"STATE is not a list of names"),
    "writes nowhere": ("DB = {}\nWRITES = ['put']\n" + PUT, "WRITES without STATE"),
    "forgotten": ("DB = {}\n" + PUT, r'calls change DB; add STATE = \["DB"\] to the module'),
    "forgotten number": (
        "_n = 0\ndef add() -> int:\n    'Add.'\n    global _n\n    _n += 1\n    return _n\n",
        r'calls change _n; add STATE = \["_n"\]',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_module_is_refused_in_a_line(tmp_path: Path, case: str) -> None:
    text, message = REFUSED[case]
    with pytest.raises(UserError, match=message) as raised:
        functions(tmp_path, text)
    assert "\n" not in raised.value.message


def test_a_cache_is_no_state(tmp_path: Path) -> None:
    space = functions(tmp_path, "STATE = []\nDB = {}\n" + PUT)
    assert not space.tools["put"].writes


def test_a_scenario_may_set_what_state_names(tmp_path: Path) -> None:
    text = "STATE = ['DB']\nDB = {}\ndef scenario(rng): return {'DP': {}}\n" + PUT
    with pytest.raises(UserError, match=r"scenario\(rng\) returned 'DP'; expected a dict of values for DB"):
        functions(tmp_path, text).scenario(1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("functions:", "expected functions:my_module"),
        ("class:store", "expected functions:my_module"),
        ("functions:not_there_at_all", "no module 'not_there_at_all'"),
        ("functions:not/there.py", r"not/there\.py: no such file"),
    ],
)
def test_names(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        SimulationSpace.from_names([name])
