"""Which slot makes which variant, and the shares that a user gives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from funreason_plugin.config import load
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.variants.shares import Shares
from funreason_plugin.variant_config import Variant, shares_of
from tests.variants.made import VARIANTS, configuration

TENTHS: dict[Variant, float] = {"miss_func": 0.1, "miss_param": 0.1, "irrelevance": 0.1}
UNEVEN: dict[Variant, float] = {"miss_func": 0.33, "irrelevance": 0.07}


@pytest.mark.parametrize("shares", [TENTHS, UNEVEN, {"miss_param": 1.0}, {"miss_param": 0.0005}])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_shares_hold_for_every_first_part_of_a_run(shares: dict[Variant, float], seed: int) -> None:
    made = Shares(seed, shares)
    counts: Counter[str] = Counter()
    for slot in range(1500):
        counts[made.of(slot)] += 1
        for name, share in shares.items():
            assert abs(counts[name] - share * (slot + 1)) < 2


def test_two_hundred_slots_have_twenty_of_each_tenth() -> None:
    counts = Counter(Shares(0, TENTHS).of(slot) for slot in range(200))
    assert counts == {"": 140, "miss_func": 20, "miss_param": 20, "irrelevance": 20}


def test_the_seed_decides_which_slots() -> None:
    first = [Shares(0, TENTHS).of(slot) for slot in range(60)]
    assert first == [Shares(0, TENTHS).of(slot) for slot in range(60)]
    assert first != [Shares(1, TENTHS).of(slot) for slot in range(60)]


def test_without_shares_no_slot_has_a_variant_and_run_yaml_no_such_key() -> None:
    plain = configuration(variants={})
    assert {Shares(0, plain.variants).of(slot) for slot in range(50)} == {""}
    assert "variants" not in plain.as_plain()
    assert configuration().as_plain()["variants"] == VARIANTS


def test_flags_and_a_file_give_the_same(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("env: travel\nteacher: scripted\nvariants: {miss_func: 0.1, irrelevance: 0.2}\n")
    flags = {"env": ["travel"], "teacher": "scripted", "out": tmp_path}
    given = shares_of(["miss_func=0.1", "irrelevance=0.2"])
    assert load(file, {"out": tmp_path}).variants == load(None, {**flags, "variants": given}).variants


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["miss_func"], "--variant 'miss_func': expected NAME=SHARE, e.g. --variant miss_func=0.1"),
        (["miss_func=0.1", "miss_func=0.2"], "--variant: miss_func is given twice; give it one share"),
        (["mis_func=0.1"], "--variant: 'mis_func' is not one of miss_func, miss_param, irrelevance, distractors, follow_up, error_recovery, long_context; did you mean 'miss_func'?"),
        (["miss_func=2"], "--variant miss_func: '2' is out of range; expected at most 1"),
        (["miss_func=x"], "--variant miss_func: 'x' is not valid; expected a number"),
        (["miss_func=0.6", "miss_param=0.6"], "--variant: what stands there is not valid: the shares add up to 1.2; expected at most 1, since a trajectory holds one variant"),
    ],
)  # fmt: skip
def test_a_share_that_cannot_be_is_one_line(given: list[str], expected: str, tmp_path: Path) -> None:
    flags = {"env": ["travel"], "teacher": "scripted", "out": tmp_path}
    with pytest.raises(UserError) as error:
        load(None, {**flags, "variants": shares_of(given)})
    assert error.value.message == expected
