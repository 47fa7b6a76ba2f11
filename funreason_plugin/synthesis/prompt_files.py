"""The templates of the four agents' prompts: ours, or a folder's where it has a file of the same name.

    templates = Templates.load(Path("my_prompts"))      # my_prompts/reasoning.j2; the other three are ours
    templates.render("reasoning", "notes", material="{}")

`BLOCKS` says what a template has to define and which variables each block is given. What is wrong with a file is
found here, before a run: one line with file and line. Templates run in jinja2's sandbox, without includes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.synthesis.teachers.base import AGENTS, Agent

__all__ = ["BLOCKS", "Templates", "hashes"]

BLOCKS: Final[Mapping[Agent, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "tooling": {"system": (), "user": ("material",)},
        "querying": {"system": (), "user": ("conversation", "examples", "material")},
        "reasoning": {"system": ("policy", "tools"), "notes": ("material",)},
        "critiquing": {"system": (), "user": ("material",)},
    }
)
"""Each template's blocks with their variables. ``examples`` is a list of texts, all others are texts."""

MAX_BYTES = 100_000
"""Largest template."""

_OURS = Path(__file__).parent / "prompts"
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
)


@dataclass(frozen=True, slots=True)
class Templates:
    """The text of each agent's template, with the name that errors show. Plain data: it can be sent to a worker."""

    texts: Mapping[Agent, tuple[str, str]]

    @classmethod
    def load(cls, folder: Path | None = None) -> Templates:
        """Read and check. Raises UserError: the file, the line, what was expected."""
        found: dict[Agent, tuple[str, str]] = {}
        for agent, path in _files(folder).items():
            text = _read(path).decode()
            _check(agent, str(path), text)
            found[agent] = (str(path), text)
        return cls(found)

    def render(self, agent: Agent, block: str, **values: str | list[str]) -> str:
        name, text = self.texts[agent]
        template = _compiled(name, text)
        return "".join(template.blocks[block](template.new_context(values)))


def hashes(folder: Path | None = None) -> dict[str, str]:
    """SHA-256 (hex) of each agent's template, as it is used with this folder. Raises UserError as `Templates.load`."""
    texts = Templates.load(folder).texts
    return {agent: hashlib.sha256(text.encode()).hexdigest() for agent, (_, text) in texts.items()}


@lru_cache(maxsize=64)
def _compiled(name: str, text: str) -> jinja2.Template:
    code = _ENVIRONMENT.compile(text, filename=name)
    return jinja2.Template.from_code(_ENVIRONMENT, code, {})


# -- files ------------------------------------------------------------------------------------------------


def _files(folder: Path | None) -> dict[Agent, Path]:
    ours: dict[Agent, Path] = {agent: _OURS / f"{agent}.j2" for agent in AGENTS}
    if folder is None:
        return ours
    names = [path.name for path in ours.values()]
    expected = f"expected a folder with any of {', '.join(names)}"
    if not folder.is_dir():
        raise UserError(
            f"--prompts {folder}: {'not a folder' if folder.exists() else 'does not exist'}; {expected}"
        )
    given = sorted(path.name for path in folder.glob("*.j2"))
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names)
            raise UserError(f"{folder / name}: not the name of a prompt{hint or f'; {expected}'}")
    if not given:
        raise UserError(f"--prompts {folder}: has none of {', '.join(names)}")
    return {agent: folder / path.name if path.name in given else path for agent, path in ours.items()}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        data.decode()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(f"{path}:{line}: not UTF-8; save the prompt as UTF-8 text") from None
    if len(data) > MAX_BYTES:
        raise UserError(f"{path}: over {MAX_BYTES:,} bytes; expected a prompt template")
    return data


# -- checks -----------------------------------------------------------------------------------------------

_MATERIAL = '{"quoted": "```json"}'
_SAMPLE: Mapping[str, str | list[str]] = {
    "policy": "You help.",
    "tools": '{"type": "function"}',
    "conversation": 'User: a\n```json\n{"another": 1}\n```\nAssistant: b',
    "examples": ['A first one\n```json\n{"another": 2}\n```', "A second one"],
    "material": _MATERIAL,
}


def _check(agent: Agent, name: str, text: str) -> None:
    wanted = BLOCKS[agent]
    try:
        tree = _ENVIRONMENT.parse(text, name=name, filename=name)
        _compiled(name, text)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{name}:{error.lineno}: {_one_line(error.message or 'not a template')}") from None
    blocks = {block.name: block for block in tree.find_all(nodes.Block)}
    for block, node in blocks.items():
        if block not in wanted:
            hint = did_you_mean(block, wanted) or f"; {agent}.j2 has the blocks {', '.join(wanted)}"
            raise UserError(f"{name}:{node.lineno}: block {block!r} is not used{hint}")
    for block, variables in wanted.items():
        if block not in blocks:
            shown = f"{{% block {block} %}}…{{% endblock %}}"
            raise UserError(f"{name}: block {block!r} is missing; expected {shown}")
        for unknown, line in _unknown(blocks[block], variables):
            known = f"; it is given {', '.join(variables)}" if variables else "; it is given none"
            hint = did_you_mean(unknown, variables) or known
            raise UserError(f"{name}:{line}: block {block!r} has no variable {unknown!r}{hint}")
        _render_once(agent, block, variables, name, text, blocks[block].lineno)


def _unknown(block: nodes.Block, variables: tuple[str, ...]) -> list[tuple[str, int]]:
    """Names that are read in a block, but neither given nor set in it."""
    own = {node.name for node in block.find_all(nodes.Name) if node.ctx != "load"}
    known = {*own, *variables, *_ENVIRONMENT.globals, "loop", "caller"}
    return [
        (node.name, node.lineno)
        for node in block.find_all(nodes.Name)
        if node.ctx == "load" and node.name not in known
    ]


def _render_once(
    agent: Agent, block: str, variables: tuple[str, ...], name: str, text: str, line: int
) -> None:
    """With sample values: it must not fail, and the material must come out whole, in the last fenced block."""
    values = {variable: _SAMPLE[variable] for variable in variables}
    try:
        written = Templates({agent: (name, text)}).render(agent, block, **values)
    except Exception as error:  # filters, tests and expressions may raise anything
        here = _line_of(error, name, text) or line
        raise UserError(f"{name}:{here}: {type(error).__name__}: {_one_line(str(error))}") from None
    if "material" in variables and _last_fenced(written) != _MATERIAL:
        raise UserError(
            f"{name}:{line}: block {block!r} must end with the material as it is, in its only fenced block after "
            "all else that is filled in: a line ```json, a line {{ material }}, a line ```"
        )
    for variable in ("tools", "policy"):
        if variable in variables and str(_SAMPLE[variable]) not in written:
            raise UserError(f"{name}:{line}: block {block!r} never writes {{{{ {variable} }}}}")


def _last_fenced(text: str) -> str:
    found = re.findall(r"^```json\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    return str(found[-1]) if found else ""


def _line_of(error: BaseException, name: str, text: str) -> int:
    """The template's line; tracebacks have those of the Python code that jinja2 makes of it."""
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == name:
            line = _compiled(name, text).get_corresponding_lineno(frame.tb_lineno)
        frame = frame.tb_next
    return line


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
