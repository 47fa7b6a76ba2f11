"""Verdicts as metrics: sessions count once, and what does not apply is left out."""

from __future__ import annotations

from typing import Any

from funreason_plugin.rl.rollout_report import last_outputs, means, with_variance


def test_the_last_output_of_a_session_counts() -> None:
    keys = ["u-1_0_0", "u-1_0_10", "u-1_0_9", "u-1_1_0", "u_2_0_0"]
    assert last_outputs(keys) == {"u-1_0": 1, "u-1_1": 3, "u_2_0": 4}


def test_none_and_texts_are_left_out_of_means() -> None:
    infos: list[dict[str, Any]] = [
        {"success": 1.0, "success/turns_3": None, "reasons": "x"},
        {"success": 0.0, "success/turns_3": 1.0},
        {},
    ]
    assert means(infos) == {"success": 0.5, "success/turns_3": 1.0}


def test_groups_whose_rewards_are_all_equal_have_no_variance() -> None:
    scores = {"a_0": 1.0, "a_1": 0.0, "b_0": 1.0, "b_1": 1.0}
    assert with_variance(scores) == 0.5
    assert with_variance({}) == 0.0
