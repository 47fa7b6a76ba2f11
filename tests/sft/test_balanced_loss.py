"""The balanced loss of rows, by itself."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra [sft])")

from funreason_plugin.sft.balanced_loss import labelled, row_losses, segments  # noqa: E402

END = 7  # the id of </think>
NONE = -100
VOCABULARY = 11


def logits_for(labels: list[list[int]], seed: int = 0, dtype: Any = torch.float64) -> Any:
    generator = torch.Generator().manual_seed(seed)
    shape = (len(labels), len(labels[0]), VOCABULARY)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()


def entropy(logits: Any, row: int, position: int, label: int) -> float:
    """The cross-entropy of the label at a position, which the logits one before it predict."""
    values = [float(value) for value in logits[row, position - 1].detach()]
    return math.log(sum(math.exp(value) for value in values)) - values[label]


def loss(labels: list[int], alpha: float = 0.7, logits: Any = None) -> float:
    logits = logits_for([labels]) if logits is None else logits
    return float(row_losses(logits, torch.tensor([labels]), END, alpha).item())


def test_a_thought_weighs_alpha_and_the_rest_what_is_left() -> None:
    labels = [NONE, NONE, 1, 2, 3, END, 4, 5]
    logits = logits_for([labels])
    thought = [entropy(logits, 0, i, labels[i]) for i in (2, 3, 4, 5)]
    answer = [entropy(logits, 0, i, labels[i]) for i in (6, 7)]
    expected = 0.7 * sum(thought) / 4 + 0.3 * sum(answer) / 2
    assert loss(labels, logits=logits) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "labels", [[NONE, 1, 2, 3], [NONE, 1, 2, END]], ids=["no thought", "nothing but a thought"]
)
def test_a_segment_that_is_alone_has_weight_one(labels: list[int]) -> None:
    logits = logits_for([labels])
    expected = sum(entropy(logits, 0, i, labels[i]) for i in (1, 2, 3)) / 3
    assert loss(labels, logits=logits) == pytest.approx(expected, abs=1e-12)


def test_the_last_end_ends_the_thought() -> None:
    labels = torch.tensor([[NONE, 1, END, 2, END, 3]])
    found = segments(logits_for(labels.tolist()), labels, END)
    logits = logits_for(labels.tolist())
    assert found.answer.item() == pytest.approx(entropy(logits, 0, 5, 3), abs=1e-12)


def test_an_end_without_loss_ends_nothing() -> None:
    labels = [NONE, NONE, 1, NONE, 2]  # the prompt may end thoughts of its own; its tokens are no labels
    logits = logits_for([labels])
    expected = (entropy(logits, 0, 2, 1) + entropy(logits, 0, 4, 2)) / 2
    assert loss(labels, logits=logits) == pytest.approx(expected, abs=1e-12)


def test_nothing_predicts_the_first_token() -> None:
    assert loss([1, 2, 3]) == loss([NONE, 2, 3])
    assert labelled(torch.tensor([[1, NONE], [NONE, 1]])).tolist() == [False, True]


def test_padding_changes_nothing_on_either_side() -> None:
    labels = [NONE, 1, 2, END, 3]
    logits = logits_for([labels])
    pad = torch.randn(1, 2, VOCABULARY, dtype=torch.float64)
    alone = loss(labels, logits=logits)
    assert loss([*labels, NONE, NONE], logits=torch.cat([logits, pad], 1)) == pytest.approx(alone, abs=1e-12)
    assert loss([NONE, NONE, *labels], logits=torch.cat([pad, logits], 1)) == pytest.approx(alone, abs=1e-12)


def test_a_row_without_labels_adds_nothing_and_no_nan() -> None:
    labels = [[NONE] * 4, [NONE, 1, END, 2]]
    logits = logits_for(labels)
    losses = row_losses(logits, torch.tensor(labels), END, 0.7)
    losses.sum().backward()
    assert losses[0].item() == 0 and losses[1].item() > 0
    assert not logits.grad[0].any() and torch.isfinite(logits.grad).all() and logits.grad[1].any()


def test_a_batch_without_labels_can_go_backward() -> None:
    logits = logits_for([[NONE] * 3])
    row_losses(logits, torch.tensor([[NONE] * 3]), END, 0.7).sum().backward()
    assert logits.grad is not None and not logits.grad.any()


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_at_the_ends_of_alpha_one_segment_has_no_gradient(alpha: float) -> None:
    labels = [[NONE, 1, END, 2, 3]]
    logits = logits_for(labels)
    row_losses(logits, torch.tensor(labels), END, alpha).sum().backward()
    assert logits.grad[0, :2].any().item() is (alpha == 1)
    assert logits.grad[0, 2:4].any().item() is (alpha == 0)


def test_the_gradient_is_the_derivative() -> None:
    labels = torch.tensor([[NONE, 1, END, 2, 3], [NONE, NONE, 1, 2, NONE], [NONE, 4, 5, END, NONE]])
    assert torch.autograd.gradcheck(
        lambda logits: row_losses(logits, labels, END, 0.7), logits_for(labels.tolist())
    )


def test_half_precision_is_computed_in_float32() -> None:
    labels = [NONE, 1, 2, END, 3]
    logits = logits_for([labels], dtype=torch.bfloat16)
    found = row_losses(logits, torch.tensor([labels]), END, 0.7)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(loss(labels, logits=logits.detach().double()), abs=1e-6)


def test_only_positions_with_a_label_are_kept_in_float32() -> None:
    labels = [NONE] * 500 + [1, END, 2]
    logits = logits_for([labels], dtype=torch.bfloat16)
    kept: list[int] = []

    def keep(tensor: Any) -> Any:
        if tensor.dtype == torch.float32:
            kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        row_losses(logits, torch.tensor([labels]), END, 0.7)
    assert 3 * VOCABULARY in kept
    assert max(kept) < len(labels) * VOCABULARY / 2
