"""The page: template, styles, scripts and data put into one HTML file that loads nothing.

Everything that comes from a run is data, never markup: JSON with ``<`` escaped, or gzip in base64. A content security policy
admits the page's own scripts and styles by their hashes and no request at all, and trusted types forbid markup from strings.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson

SCRIPTS: Final = (
    "dom.js",
    "data.js",
    "theme.js",
    "charts.js",
    "tables.js",
    "yield.js",
    "filters.js",
    "search.js",
    "list.js",
    "values.js",
    "provenance.js",
    "calls.js",
    "conversation.js",
    "reader.js",
    "graph.js",
    "tools.js",
    "distributions.js",
    "quality.js",
    "keyboard.js",
    "main.js",
)
STYLES: Final = ("base.css", "layout.css", "sections.css", "reader.css", "conversation.css")


def write_page(path: Path, about: Mapping[str, Any], index: bytes, blocks: Sequence[bytes]) -> int:
    """Write the page, or leave the old one; returns its size in bytes.

    Args:
        path: The HTML file.
        about: The overview.
        index: gzip of the list's columns.
        blocks: gzip of each block of trajectories.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            size = sum(file.write(part) for part in _parts(about, index, blocks))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return size


def _parts(about: Mapping[str, Any], index: bytes, blocks: Sequence[bytes]) -> Iterator[bytes]:
    library = _text("vendor", "echarts.min.js")
    script = '"use strict";\n(() => {\n' + "\n".join(_text("page", name) for name in SCRIPTS) + "\n})();\n"
    style = "\n".join(_text("page", name) for name in STYLES)
    head, body, end = _text("page", "page.html").split("<!-- data -->\n")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"script-src {_hash(library)} {_hash(script)}; style-src {_hash(style)}; "
        "require-trusted-types-for 'script'; trusted-types default"
    )
    filled = {"TITLE": html.escape(f"{about['title']} · report"), "POLICY": policy, "STYLE": style}
    for name, text in filled.items():
        head = head.replace(f"@@{name}@@", text)
    yield head.encode()
    yield _data("overview", "application/json", orjson.dumps(about).replace(b"<", b"\\u003c"))
    yield _data("index", "application/gzip", base64.b64encode(index))
    for name, text in (("LIBRARY", library), ("SCRIPT", script)):
        body = body.replace(f"@@{name}@@", text)
    yield body.encode()
    for number, block in enumerate(blocks):
        yield _data(f"block-{number}", "application/gzip", base64.b64encode(block))
    yield end.encode()


def _data(name: str, kind: str, data: bytes) -> bytes:
    return b'<script type="%s" id="data-%s">%s</script>\n' % (kind.encode(), name.encode(), data)


def _text(folder: str, name: str) -> str:
    text = (files("funreason_plugin.report") / folder / name).read_text("utf-8")
    assert "</script" not in text.lower() or name.endswith(".html"), name
    return text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
