"""Plans: the same in text and back, and never a value that only an output has."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from funreason_plugin.synthesis.plan import Plan, PlannedCall, Source, plan_of
from funreason_plugin.synthesis.plan_text import parse_plan, plan_text, read_plan
from funreason_plugin.synthesis.trace import Choice
from tests.teacher.hand import Hand, output, user
from tests.teacher.toys import parcels

_NAMES = st.from_regex(r"[a-z][a-z_]{0,12}", fullmatch=True)
_PATHS = st.from_regex(r"[a-z]{1,6}(\[\d\]\.[a-z]{1,5})?", fullmatch=True)
_FIELDS = st.from_regex(r"[a-z]{1,6}(\[\]\.[a-z]{1,5}( [a-z]{1,3})?)?", fullmatch=True)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=4,
)


@st.composite
def _sources(draw: st.DrawFn) -> Source:
    kind = draw(st.sampled_from(("input", "output", "earlier", "said", "value")))
    if kind == "value":
        return Source("value", value=draw(_VALUES))
    if kind == "input":
        return Source("input", name=draw(_NAMES))
    turn, nth = draw(st.integers(0, 9)), draw(st.integers(0, 3))
    if kind == "said":
        known = draw(st.booleans())
        return (
            Source("said", name=draw(_NAMES), turn=turn, nth=nth, field=draw(_PATHS))
            if known
            else Source("said", turn=turn)
        )
    field = draw(_FIELDS)
    by = draw(st.sampled_from(("", "only", "min", "max", "equals"))) if "[]." in field else ""
    key = draw(_NAMES) if by in ("min", "max", "equals") else ""
    value = draw(st.text(min_size=1, max_size=8) | st.integers(0, 99)) if by == "equals" else None
    if kind == "output":
        return Source("output", call=draw(st.integers(0, 5)), field=field, by=by, key=key, value=value)
    return Source("earlier", name=draw(_NAMES), turn=turn, nth=nth, field=field, by=by, key=key, value=value)


_CALLS = st.builds(
    lambda tool, step, arguments, asked: PlannedCall(tool, step, arguments, asked),
    _NAMES,
    st.integers(0, 4),
    st.dictionaries(_PATHS, _sources(), max_size=4),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_CALLS, min_size=1, max_size=5))
def test_a_plan_reads_back_from_its_text(calls: list[PlannedCall]) -> None:
    plan = Plan(tuple(sorted(calls, key=lambda call: call.step)))
    text = plan_text(plan, for_query=True)
    assert parse_plan(text) == plan
    assert read_plan(text) == plan
    assert read_plan(plan_text(plan)) == parse_plan(plan_text(plan))


def test_the_hint_says_how_a_record_is_chosen_but_not_its_id() -> None:
    space = parcels()
    with space.session(space.scenario(1)) as session:
        trace = (
            Hand(session)
            .call("search_couriers", "support", origin=user("Tartu"), destination=user("Leuven"), date=user("2026-05-03"))
            .call("book_courier", courier_id=output(0, "couriers[0].courier_id", Choice("couriers", "equals", "leaves", "09:30")), recipient=user("Ada Byron"))
            .trace()
        )  # fmt: skip
    inputs = {
        (0, "origin"): "origin",
        (0, "destination"): "destination",
        (0, "date"): "date",
        (1, "recipient"): "recipient",
    }
    plan = plan_of(trace, (), inputs)
    assert plan_text(plan) == (
        "Step 1\n1. search_couriers(origin=<origin>, destination=<destination>, date=<date>)\nStep 2\n"
        "2. book_courier(courier_id=<1: couriers[].courier_id of the record whose leaves is what the user says>, "
        "recipient=<recipient>)"
    )
    assert '"09:30"' in plan_text(plan, for_query=True)
    assert all(call.output["couriers"][0]["courier_id"] not in plan_text(plan) for call in trace.calls[:1])
