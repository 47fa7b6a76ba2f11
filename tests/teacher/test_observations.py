"""What a thought says about an output is true."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.plan import Source
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_observations import Observations, Planned

DEALS = [
    {"id": 1, "customer": 7, "closes": "2026-05-18"},
    {"id": 2, "customer": 7, "closes": "2026-02-16"},
    {"id": 3, "customer": 8, "closes": "2026-03-03"},
]


def test_of_several_records_with_the_value_the_described_one_is_named() -> None:
    source = Source("output", call=0, field="deals[].customer", by="equals", key="closes")
    spec = cast(
        ToolSpec,
        SimpleNamespace(
            name="list_deals", description="List deals.", params=(), outputs=(), writes=False, needs=(),
            phrases=SimpleNamespace(ask=(), noun="", tell="", reports=()),
        ),
    )  # fmt: skip
    view: Any = SimpleNamespace(
        said=("Who is the customer of the deal whose close date is 2026-02-16?",),
        plan=SimpleNamespace(
            calls=[
                SimpleNamespace(tool="list_deals", arguments={}),
                SimpleNamespace(tool="get_customer", arguments={"id": source}),
            ]
        ),
    )
    found = Observations(view, Lexicon({"list_deals": spec}), lambda ways: ways[0], {0: {"deals": DEALS}})
    (remark,) = found.all([Planned(1, "get_customer", {"id": 7})])
    assert "2026-02-16" in remark and "2026-05-18" not in remark
