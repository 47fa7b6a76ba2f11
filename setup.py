"""Package metadata. `pip install -e .` synthesises with the embedded teacher; the extras add the rest."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (HERE / "funreason_plugin/__init__.py").read_text("utf-8"))
assert VERSION is not None

SFT = ["llamafactory==0.9.5"]  # Python >= 3.11
RL = [  # Python <= 3.12; the lower five are imported by verl's trainer, which does not declare them in its base
    "verl==0.9.1",
    "TransferQueue>=0.1.10",
    "tensordict==0.10.0",
    "cachetools",
    "fastapi",
    "uvicorn",
]
# bfcl-eval itself pins numpy 1.26.4 (verl needs numpy 2) and brings 150 packages with CUDA torch, while its eight
# environment classes import mpmath only, and its runner the others, once the vendors' clients are left out. So:
# pip install -e '.[bfcl]', then pip install --no-deps bfcl-eval==2026.3.23
BFCL = [
    "mpmath==1.3.0",
    "filelock",
    "overrides",
    "pandas",
    "python-dotenv",
    "tokenizers",
    "tqdm",
    *(
        f'{name}; python_version < "3.13"'  # bfcl-eval's pins, which have no wheels beyond
        for name in ("tree-sitter==0.21.3", "tree-sitter-java==0.21.0", "tree-sitter-javascript==0.21.4")
    ),
]
MCP = ["mcp>=2.3,<3"]
OPENAPI = ["openapi-spec-validator>=0.9,<0.10", "jsonschema-path>=0.5", "referencing>=0.36"]
RAY = [
    "ray>=2.41"
]  # verl's bound; without [default], whose dashboard is not used and which is 20 packages more

DOCS = ["mkdocs>=1.6,<2", "mkdocs-material>=9.6,<10"]

EXTRAS = {
    "sft": SFT,
    "rl": RL,
    "bfcl": BFCL,
    "mcp": MCP,
    "openapi": OPENAPI,
    "ray": RAY,
    "vllm": ["vllm>=0.24"],  # needs a GPU machine
    "flash-attn": ["flash-attn>=2.8"],  # needs a GPU machine
    "all": [*SFT, *RL, *BFCL, *MCP, *OPENAPI, *RAY],
    "docs": DOCS,  # make docs
    "dev": [
        *DOCS,  # a test builds the site
        "fastapi",  # the services that the OpenAPI tests call
        "hypothesis>=6.100",
        "mcp-server-time>=2026.10",  # of the reference servers the one with the SDK of [mcp], two packages and quick tests
        "mypy>=2.4,<3",
        "playwright>=1.49",  # the report's tests, in a Chromium of the system's
        "psutil>=5.9",  # benchmarks
        "pytest>=8",
        "pytest-xdist>=3.5",
        *(
            f'{name}; python_version < "3.15"' for name in RAY
        ),  # no newer wheel yet; its tests are then skipped
        "ruff>=0.17.5,<0.18",
        "types-PyYAML",
        "types-jsonschema",
        "types-networkx",
        "types-psutil",
        "uvicorn",
    ],
}


class BuildWithRecipes(build_py):
    """The recipes live beside the package and travel inside it: ``funreason recipes DIR`` copies them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "funreason_plugin" / "recipes"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(HERE / "recipes", target)


setup(
    name="funreason_plugin",
    version=VERSION[1],
    description="Verified multi-turn function-calling data and training for verl and LLaMA-Factory (FunReason-MT)",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["funreason_plugin", "funreason_plugin.*"]),
    package_data={
        "funreason_plugin": [
            "py.typed",
            "**/*.j2",
            "**/*.jinja",
            "**/*.css",
            "**/*.csv",
            "**/*.html",
            "**/*.js",
            "**/*.json",
            "**/*.jsonl",
            "**/*.txt",
        ]
    },
    install_requires=[
        "aiohttp>=3.13.3",
        "datasketch>=2,<3",
        "docstring_parser>=0.15",
        "jinja2>=3.1",
        "json-repair>=0.30",
        "jsonschema>=4.18",
        "matplotlib>=3.7",
        "networkx>=3.1",
        "openai[aiohttp]>=2.25",
        "orjson>=3.9",
        "pyarrow>=15",
        "pydantic>=2.7",
        "pyyaml>=6",
        "rich>=13.7",
        "tenacity>=8.2.3",
        "typer>=0.12",
        "typing_extensions>=4.8",
    ],
    extras_require=EXTRAS,
    entry_points={
        "console_scripts": ["funreason=funreason_plugin.cli:main"],
        "verl.plugins": ["funreason=funreason_plugin.rl.plugin"],
    },
    cmdclass={"build_py": BuildWithRecipes},
    classifiers=[
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
