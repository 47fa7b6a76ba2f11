"""Checks of the balanced loss that need no run: what is not installed here, and what data may look like."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
datasets = pytest.importorskip("datasets", reason="datasets is not installed (extra [sft])")

from funreason_plugin.errors import UserError  # noqa: E402
from funreason_plugin.sft.balanced_checks import check_arguments, check_data, check_run, check_trainer  # noqa: E402

END = 7
NONE = -100


class Warnings(list[str]):
    def warning_rank0(self, message: str) -> None:
        self.append(message)


def warned(rows: list[list[int]], **more: Any) -> list[str]:
    found = Warnings()
    check_data(datasets.Dataset.from_dict({"labels": rows, **more}), END, found)
    return found


@pytest.mark.parametrize("name", ["enable_liger_kernel", "use_unsloth"])
def test_a_loss_without_logits_is_refused(name: str) -> None:
    models = {"enable_liger_kernel": False, "use_unsloth": False, name: True}
    data = SimpleNamespace(packing=False, neat_packing=False, train_on_prompt=False)
    with pytest.raises(UserError, match=f"cannot go with {name}, as its fused loss leaves no logits"):
        check_run(SimpleNamespace(**models), data, SimpleNamespace(label_smoothing_factor=0.0))


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"balanced_loss_alpha": "abc"}, "balanced_loss_alpha: abc is not valid; expected 0 to 1"),
        ({"balanced_loss_alpha": True}, "balanced_loss_alpha: True is not valid; expected 0 to 1"),
        ({"balanced_loss": "yes"}, "balanced_loss: 'yes' is not valid; expected true or false"),
    ],
)
def test_keys_of_another_type_are_refused(keys: dict[str, object], line: str) -> None:
    with pytest.raises(UserError, match=line):
        check_arguments(SimpleNamespace(**{"balanced_loss": True, "balanced_loss_alpha": None, **keys}))


def test_ranks_that_share_rows_are_refused() -> None:
    parallelism = SimpleNamespace(non_data_parallel_size=2)
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(parallelism_config=parallelism), label_smoother=None
    )
    with pytest.raises(UserError, match="cannot go with sequence, context or tensor parallelism"):
        check_trainer(trainer)


def test_rows_packed_in_an_earlier_run_are_refused() -> None:
    with pytest.raises(UserError, match="the rows of this data set are packed"):
        warned([[NONE, 1]], position_ids=[[0, 1]])


def test_one_response_with_a_thought_needs_no_word() -> None:
    assert warned([[NONE, 1, END, 2], [NONE, NONE, 3]]) == []


def test_no_thought_at_all_is_told() -> None:
    (message,) = warned([[NONE, 1], [], [NONE, NONE]])
    assert "no row has '</think>' in its labels" in message


def test_a_row_with_several_responses_is_named() -> None:
    (message,) = warned([[1, END], [], [NONE, 1], [1, NONE, END, 2]])
    assert message.startswith("balanced_loss: row 3 has loss on more than one response")


def test_rows_beyond_the_first_thousand_are_looked_at_until_there_is_a_thought() -> None:
    assert warned([[1]] * 1500 + [[END, 1]]) == []


def test_a_list_of_rows_is_looked_at_and_a_stream_is_not() -> None:
    found = Warnings()
    check_data([{"labels": [1, END]}], END, found)
    check_data(datasets.Dataset.from_dict({"labels": [[1]]}).to_iterable_dataset(), END, found)
    check_data(None, END, found)
    assert found == []
