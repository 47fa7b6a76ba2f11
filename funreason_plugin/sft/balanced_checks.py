"""What cannot go together with the balanced loss is refused before the first step, in one line.

Three places know enough at three times: the arguments by themselves, all arguments together when SFT starts, and
the trainer with its data and tokenizer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from funreason_plugin.errors import UserError
from funreason_plugin.sft.balanced_loss import IGNORED

__all__ = ["ALPHA", "Logger", "check_arguments", "check_data", "check_run", "check_trainer", "think_end_of"]

ALPHA = 0.7
"""Where the learned weight of arXiv 2505.20192 starts."""

THINK_END = "</think>"
BATCH = 1000


class Logger(Protocol):
    """LLaMA-Factory's, as far as it is used."""

    def warning_rank0(self, message: str) -> None: ...


def check_arguments(arguments: Any) -> None:
    """Check the keys of ``FinetuningArguments`` and fill in the default of α.

    Raises:
        UserError: α without the loss, α outside [0, 1], or another loss or kind of training.
    """
    alpha = arguments.balanced_loss_alpha
    if not isinstance(arguments.balanced_loss, bool):
        raise UserError(f"balanced_loss: {arguments.balanced_loss!r} is not valid; expected true or false")
    if not arguments.balanced_loss:
        if alpha is not None:
            raise UserError(
                "balanced_loss_alpha: has no effect without 'balanced_loss: true'; add it, or take this out"
            )
        return
    if alpha is None:
        arguments.balanced_loss_alpha = alpha = ALPHA
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not 0 <= alpha <= 1:
        raise UserError(
            f"balanced_loss_alpha: {alpha} is not valid; expected 0 to 1, the weight of the thought"
        )
    if arguments.stage != "sft":
        raise UserError(f"balanced_loss: is for 'stage: sft', not 'stage: {arguments.stage}'")
    for name in ("use_dft_loss", "use_eaft_loss", "use_asft_loss"):
        if getattr(arguments, name):
            raise UserError(
                f"balanced_loss: cannot go with {name}; each is a loss of its own, so keep one of them"
            )
    backends = {
        "use_hyper_parallel": arguments.use_hyper_parallel,
        "USE_MCA": os.environ.get("USE_MCA", "").lower() in ("1", "y", "true"),
    }
    for name, used in backends.items():
        if used:
            raise UserError(f"balanced_loss: cannot go with {name}, which brings a trainer of its own")


def check_run(model_args: Any, data_args: Any, training_args: Any) -> None:
    """Check what LLaMA-Factory was told beside `check_arguments`, before it loads anything.

    Raises:
        UserError: the rows would be packed or trained as a whole, or the loss would not be computed from logits.
    """
    reasons = {
        "packing": (data_args.packing or data_args.neat_packing, "it makes one row of several"),
        "train_on_prompt": (data_args.train_on_prompt, "the prompt would count as a thought"),
        "enable_liger_kernel": (model_args.enable_liger_kernel, "its fused loss leaves no logits"),
        "use_unsloth": (model_args.use_unsloth, "its fused loss leaves no logits"),
        "label_smoothing_factor": (training_args.label_smoothing_factor, "it is a loss of its own"),
    }
    for name, (used, reason) in reasons.items():
        if used:
            raise UserError(f"balanced_loss: cannot go with {name}, as {reason}; take one of them out")


def check_trainer(trainer: Any) -> None:
    """Check what only the trainer knows.

    Raises:
        UserError: ranks share rows, or labels are smoothed.
    """
    parallel = getattr(trainer.accelerator, "parallelism_config", None)
    if parallel is not None and parallel.non_data_parallel_size > 1:
        raise UserError(
            "balanced_loss: cannot go with sequence, context or tensor parallelism, where ranks share rows; use data"
            " parallelism (DDP, FSDP, DeepSpeed ZeRO)"
        )
    if trainer.label_smoother is not None:
        raise UserError("balanced_loss: cannot go with label_smoothing_factor, as it is a loss of its own")


def think_end_of(tokenizer: Any) -> int:
    """The id of `</think>`.

    Raises:
        UserError: it is not one token.
    """
    ids = tokenizer.encode(THINK_END, add_special_tokens=False)
    if len(ids) != 1:
        raise UserError(
            f"balanced_loss: '{THINK_END}' is {len(ids)} tokens for this tokenizer; expected one, as in Qwen3's, to end"
            " a thought (LLaMA-Factory's add_tokens adds one)"
        )
    return int(ids[0])


def check_data(dataset: Any, think_end: int, logger: Logger) -> None:
    """Look at the labels of a data set before training; a streamed one cannot be looked at.

    Raises:
        UserError: its rows are packed already.
    """
    if dataset is None or not hasattr(dataset, "__len__"):
        return
    if "position_ids" in (getattr(dataset, "column_names", None) or ()):
        raise UserError(
            "balanced_loss: the rows of this data set are packed (they have position_ids); tokenize them again without"
            " packing"
        )
    several: int | None = None
    first = 0
    for lengths, labels in _labels(dataset):
        counted = labels != IGNORED
        ends = np.cumsum(lengths)
        starts = ends - lengths
        begins = counted.copy()
        begins[1:] &= ~counted[:-1]
        heads = starts[lengths > 0]
        begins[heads] = counted[heads]
        stretches = np.add.reduceat(begins, heads, dtype=np.int64) if len(heads) else np.zeros(0, np.int64)
        if several is None and (stretches > 1).any():
            several = first + int(np.flatnonzero(lengths > 0)[np.flatnonzero(stretches > 1)[0]])
        first += len(lengths)
        if (labels == think_end).any():
            break
    else:
        if first:
            logger.warning_rank0(
                f"balanced_loss: no row has '{THINK_END}' in its labels, so balanced_loss_alpha does nothing; each row's"
                " loss is the mean over its labels"
            )
    if several is not None:
        logger.warning_rank0(
            f"balanced_loss: row {several} has loss on more than one response, and all before its last '{THINK_END}'"
            " counts as thought; 'mask_history: true' leaves one response"
        )


def _labels(dataset: Any) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """The labels of a data set, some rows at a time: how many each row has, and all of them in a row."""
    for rows in _batches(dataset):
        arrays = [np.asarray(row, dtype=np.int64).reshape(-1) for row in rows]
        yield np.array([len(row) for row in arrays]), np.concatenate(arrays or [np.zeros(0, np.int64)])


def _batches(dataset: Any) -> Iterator[Iterable[Any]]:
    if hasattr(dataset, "with_format"):
        for batch in dataset.select_columns(["labels"]).with_format("numpy").iter(batch_size=BATCH):
            yield batch["labels"]
    else:
        for start in range(0, len(dataset), BATCH):
            yield [dataset[index]["labels"] for index in range(start, min(start + BATCH, len(dataset)))]
