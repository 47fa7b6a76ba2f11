"""EGPO's bonus against its formula, token by token."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from funreason_plugin.rl.entropy_bonus import session_entropies, with_bonus  # noqa: E402

finite = st.floats(-1e3, 1e3, allow_nan=False, width=32)


def by_hand(advantage: float, entropy: float, weight: float, clip: float) -> float:
    """arXiv 2508.05118, in Python's floats."""
    limit = abs(advantage) / clip
    return advantage + weight * max(-limit, min(limit, entropy))


@given(
    st.lists(st.tuples(finite, st.floats(0, 12, width=32)), min_size=1, max_size=6),
    st.floats(0.01, 1.9),
    st.floats(2.0, 8.0),
)
def test_it_is_the_formula_and_no_sign_flips(
    rows: list[tuple[float, float]], weight: float, clip: float
) -> None:
    advantages = torch.tensor([[a, a, 0.0] for a, _ in rows], dtype=torch.float64)
    entropy = torch.tensor([h for _, h in rows], dtype=torch.float64)
    after = with_bonus(advantages, entropy, weight, clip)
    for row, (a, h) in enumerate(rows):
        assert after[row].tolist() == pytest.approx([by_hand(a, h, weight, clip)] * 2 + [0.0], abs=1e-9)
        assert after[row, 0].sign() == advantages[row, 0].sign()


def test_the_papers_numbers() -> None:
    after = with_bonus(torch.tensor([[1.0], [-1.0], [1.0]]), torch.tensor([0.2, 0.2, 3.0]), 0.4, 2.0)
    assert after.flatten().tolist() == pytest.approx([1.08, -0.92, 1.2])


def test_weight_0_returns_the_very_advantages() -> None:
    advantages = torch.randn(3, 4)
    assert with_bonus(advantages, torch.ones(3), 0.0, 2.0) is advantages


def test_the_entropy_is_that_of_all_thoughts_of_a_session() -> None:
    height = session_entropies(
        [torch.tensor([1.0, 9.0, 3.0]), torch.tensor([5.0, 9.0]), torch.tensor([9.0])],
        [[(0, 1), (2, 3)], [(0, 1)], []],
        ["a_0", "a_0", "a_1"],
    )
    assert height.tolist() == [3.0, 3.0, 0.0]


def test_spans_beyond_the_response_are_cut() -> None:
    assert session_entropies([torch.tensor([2.0, 4.0])], [[(1, 90)]], ["a_0"]).tolist() == [4.0]
