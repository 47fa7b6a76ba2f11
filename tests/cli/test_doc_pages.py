"""The pages: links and anchors lead somewhere, what they quote and list is what the code has, the site builds."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from funreason_plugin import faults, trajectory
from funreason_plugin.checks.acceptance import RULES
from tests.cli.documents import DOCUMENTS, PAGES, ROOT

DOCS = ROOT / "docs"
document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors of a page's headings, as the repository's host and the site make them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return frozenset(
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    )


@document
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?://)([^)#\s]*)#?([^)\s]*)\)", path.read_text()):
        file = path.parent / target if target else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.resolve()), f"{target}#{anchor}"


@document
def test_every_row_of_a_table_has_as_many_cells_as_its_head(path: Path) -> None:
    """A bar in a cell, in code too, has to be written as ``\\|``."""
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        cells = [len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()]
        assert len(set(cells)) == 1, table


def test_every_page_is_in_the_readmes_list_and_in_the_sites() -> None:
    readme, site = (ROOT / "README.md").read_text(), (ROOT / "mkdocs.yml").read_text()
    for page in PAGES:
        assert re.search(rf"^ .*: {re.escape(page.name)}$", site, re.MULTILINE), page.name
        assert page.name == "index.md" or f"(docs/{page.name}" in readme, page.name


def test_the_first_page_lists_every_example() -> None:
    first = (DOCS / "index.md").read_text()
    for folder in (ROOT / "examples").iterdir():
        assert not folder.is_dir() or f"(../examples/{folder.name})" in first, folder.name


def texts() -> Iterator[str]:
    """All strings of the package, a NUL for each value that is put in; and the Makefile's lines."""
    for path in (ROOT / "funreason_plugin").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                yield "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    yield from (ROOT / "Makefile").read_text().splitlines()


def test_every_message_that_is_quoted_is_one_of_ours() -> None:
    seen = re.findall(r"^\| (.+?) \| ", (DOCS / "troubleshooting.md").read_text(), re.MULTILINE)
    quoted = [message for cell in seen for message in re.findall(r"`([^`]+)`", cell)]
    assert len(quoted) > 60
    known = list(texts())
    for message in quoted:
        parts = [part for part in message.split("…") if part.strip()]
        assert any(in_order(parts, text) for text in known), message


def in_order(parts: list[str], text: str) -> bool:
    """Whether a text has all parts, one after the other."""
    place = 0
    for part in parts:
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def test_every_rule_is_explained() -> None:
    explained = (DOCS / "checks.md").read_text() + (DOCS / "variants.md").read_text()
    assert [name for name in RULES if f"`{name}`" not in explained] == []


def test_every_field_is_explained() -> None:
    page, variants = (DOCS / "formats.md").read_text(), (DOCS / "variants.md").read_text()
    kinds = [
        kind
        for kind in (*vars(trajectory).values(), faults.Fault, faults.Recovery)
        if isinstance(kind, type)
        and kind.__module__.startswith("funreason_plugin")
        and dataclasses.is_dataclass(kind)
    ]
    assert {"Trajectory", "RecoveryTurn", "Choice"} <= {kind.__name__ for kind in kinds}
    for kind in kinds:
        explained = page + (variants if not issubclass(kind, trajectory.Turn) else "")
        for field in dataclasses.fields(kind):
            assert re.search(rf"`(recovery\.|lack\.)?{field.name}`", explained), (
                f"{kind.__name__}.{field.name}"
            )
    assert f"`schema_version` | {trajectory.SCHEMA_VERSION}" in page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_site_has_every_page_and_the_files_that_they_link_to(site: Path) -> None:
    for page in PAGES:
        assert (site / f"{page.stem}.html").is_file(), page.name
    recipe = (site / "files/recipes/grpo.yaml.html").read_text()
    assert "rollout" in recipe
    assert (site / "files/examples/my_tools/index.html").is_file()
    for page in site.rglob("*.html"):
        for link in re.findall(r'<a [^>]*href="(?!https?:|mailto:|#)([^"#]+)', page.read_text()):
            if page.name != "404.html":
                assert (page.parent / link).exists(), f"{page.relative_to(site)}: {link}"


def test_the_site_fetches_nothing(site: Path) -> None:
    for page in site.rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(https?://[^"]+)', page.read_text()
        )
        assert fetched == [], page.name
