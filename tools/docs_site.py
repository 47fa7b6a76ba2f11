"""A hook of mkdocs: files of the repository that pages link to become pages of the site.

    hooks: [tools/docs_site.py]          # in mkdocs.yml

In the repository a link such as ``../recipes/grpo.yaml`` leads to the file. The site is made of ``docs/`` alone, may lie
anywhere and works without a network, so it cannot link to a host of the repository. Each such file is therefore shown
by a page below ``files/``, a folder by its README with a list of its files; what these link to in turn, too. The pages
themselves stay as they are.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
FILES = "files"
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")
LANGUAGES = {
    ".jsonl": "json",
    ".py": "python",
    ".sh": "bash",
    ".yml": "yaml",
    **{f".{name}": name for name in ("json", "yaml", "toml")},
}
MOST_BYTES = 100_000


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of linked files."""
    waiting = [(f"docs/{file.src_uri}", file.content_string) for file in files.documentation_pages()]
    while waiting:
        place, text = waiting.pop()
        for link in LINK.finditer(text):
            target = _target(place, link[1])
            path = ROOT / target
            if target.startswith("docs/") or not path.exists() or files.get_file_from_path(_page(target)):
                continue  # a link that leads nowhere is mkdocs' to report
            content = _shown(path, target)
            files.append(File.generated(config, _page(target), content=content))
            if path.is_dir():
                waiting.append((f"{target}/README.md", content))
            elif path.suffix == ".md":
                waiting.append((target, content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files of the repository to their pages."""
    here = page.file.src_uri
    place = here.removeprefix(f"{FILES}/") if here.startswith(f"{FILES}/") else f"docs/{here}"
    if (ROOT / place.removesuffix(".md")).is_file():
        return markdown  # a program's text

    def moved(link: re.Match[str]) -> str:
        target = _target(place, link[1])
        uri = target.removeprefix("docs/") if target.startswith("docs/") else _page(target)
        if files.get_file_from_path(uri) is None:
            return link[0]
        return posixpath.relpath(uri, posixpath.dirname(here) or ".") + (link[2] or "")

    return LINK.sub(moved, markdown)


def _target(place: str, link: str) -> str:
    """The path in the repository that a link in a file (``docs/rl.md``) leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(place), link))


def _page(target: str) -> str:
    """The page's path below docs/."""
    if target.endswith(".md"):
        return f"{FILES}/{target}"
    return f"{FILES}/{target}/README.md" if (ROOT / target).is_dir() else f"{FILES}/{target}.md"


def _shown(path: Path, target: str) -> str:
    if path.is_dir():
        readme = path / "README.md"
        text = readme.read_text("utf-8") if readme.exists() else f"# {target}\n"
        names = sorted(child.name for child in path.iterdir() if _readable(child))
        return (
            f"{text}\n\n## Files in {target}\n\n" + "\n".join(f"- [{name}]({name})" for name in names) + "\n"
        )
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return text
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`{3,}", text)), default=2))
    return f"# {target}\n\n{fence}{LANGUAGES.get(path.suffix, 'text')}\n{text.rstrip()}\n{fence}\n"


def _readable(path: Path) -> bool:
    if (
        path.name.startswith((".", "_", "README.md"))
        or not path.is_file()
        or path.stat().st_size > MOST_BYTES
    ):
        return False
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return path.name != "recorded.jsonl"  # of a run in the example's folder
