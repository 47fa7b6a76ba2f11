"""python tools/bfcl_shape.py

Writes funreason_plugin/quality/references/bfcl_shape.json from the installed bfcl-eval (Apache-2.0): how many turns, calls,
tools and classes its multi-turn entries have, how long their queries are, and which arguments come from outputs, found
by executing the ground truths. Counts only, no text of theirs. To be run again for a new release of the benchmark.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from funreason_plugin.converting.sources.bfcl import replayed
from funreason_plugin.environments.bfcl import package
from funreason_plugin.environments.bfcl.entries import CATEGORIES, entry_ids, load_entry
from funreason_plugin.quality.flow import Flow, flow_of
from funreason_plugin.quality.shape import Measured
from funreason_plugin.trajectory import dumps

TARGET = Path(__file__).parents[1] / "funreason_plugin/quality/references/bfcl_shape.json"
VARIANTS = [category for category in CATEGORIES if category != "base"]


def flows(category: str) -> Iterator[Flow]:
    """The entries of a category, executed. Offered is what a model has in the first turn."""
    for name in entry_ids(category):
        entry = load_entry(name)
        flow = flow_of(orjson.loads(dumps(replayed(entry))))
        assert flow is not None, name
        flow.offered = len(entry.offered(0))
        yield flow


def main() -> None:
    release = f"bfcl-eval {package.version()}"
    whole, categories = Measured(), {}
    for category in CATEGORIES:
        measured = Measured()
        for flow in flows(category):
            measured.add(flow)
            whole.add(flow)
        shares = {category: 1.0} if category in VARIANTS else {}
        source = f"BFCL v4 multi-turn {category}, {measured.conversations} conversations, {release}"
        categories[category] = measured.shape(f"bfcl:{category}", source, shares)
    shares = dict.fromkeys(VARIANTS, 1 / len(CATEGORIES))
    source = f"BFCL v4 multi-turn, {whole.conversations} conversations, {release}"
    categories = {"all": whole.shape("bfcl", source, shares), **categories}
    figures = {
        "title": "BFCL v4 multi-turn: counts of turns, calls, tools, lengths and sources of arguments",
        "version": release,
        "licence": "Apache-2.0",
        "page": "https://github.com/ShishirPatil/gorilla/tree/main/berkeley-function-call-leaderboard",
        "command": "python tools/bfcl_shape.py",
        "categories": {
            name: shape.model_dump(mode="json", exclude={"sets"}) for name, shape in categories.items()
        },
    }
    option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    TARGET.write_bytes(orjson.dumps(figures, option=option))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
