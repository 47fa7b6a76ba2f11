"""What is put into LLaMA-Factory for the balanced loss: two keys of the yaml, the trainer, and checks at the start.

    balanced_loss: true
    balanced_loss_alpha: 0.7    # the default

Called by the start-up hook with LLaMA-Factory's modules, just after each was executed; whoever imports from them
later gets the extended classes by their usual names.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from funreason_plugin.errors import UserError

__all__ = ["add_arguments", "extend_trainer", "extend_workflow"]

WORKFLOW = "llamafactory.train.sft.workflow"


def add_arguments(module: ModuleType) -> None:
    """Make the two keys known: ``module.FinetuningArguments`` of llamafactory.hparams.finetuning_args."""
    from funreason_plugin.sft.balanced_checks import ALPHA, check_arguments

    stock: Any = module.FinetuningArguments

    @dataclass
    class FinetuningArguments(stock):  # type: ignore[misc]
        __doc__ = stock.__doc__

        balanced_loss: bool = field(
            default=False,
            metadata={
                "help": "Whether to weigh a thought and what follows it alike in each row, whatever their lengths."
            },
        )
        balanced_loss_alpha: float | None = field(
            default=None,
            metadata={
                "help": f"The weight of the thought under balanced_loss, 0 to 1; {ALPHA} when it is not given."
            },
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            check_arguments(self)
            if self.balanced_loss and not _extended():
                raise UserError(
                    "balanced_loss: this llamafactory's trainer could not be extended; 'funreason hook status' tells why"
                )

    FinetuningArguments.__module__ = stock.__module__
    FinetuningArguments.__qualname__ = stock.__qualname__
    module.FinetuningArguments = FinetuningArguments  # type: ignore[attr-defined]


def extend_trainer(module: ModuleType) -> None:
    """Give ``module.CustomSeq2SeqTrainer`` of llamafactory.train.sft.trainer the loss."""
    from funreason_plugin.sft.balanced_trainer import balanced_trainer

    module.CustomSeq2SeqTrainer = balanced_trainer(  # type: ignore[attr-defined]
        module.CustomSeq2SeqTrainer, module.logger
    )


def extend_workflow(module: ModuleType) -> None:
    """Let ``module.run_sft`` of llamafactory.train.sft.workflow check its arguments before it loads a model."""
    from funreason_plugin.sft.balanced_checks import check_run

    stock = module.run_sft

    @functools.wraps(stock)
    def run_sft(
        model_args: Any, data_args: Any, training_args: Any, finetuning_args: Any, *rest: Any
    ) -> None:
        if getattr(finetuning_args, "balanced_loss", False):
            check_run(model_args, data_args, training_args)
        stock(model_args, data_args, training_args, finetuning_args, *rest)

    module.run_sft = run_sft  # type: ignore[attr-defined]


def _extended() -> bool:
    """No trainer was imported (a chat, an export), or one with our loss: never the plain loss under our keys."""
    workflow = sys.modules.get(WORKFLOW)
    trainer = getattr(workflow, "CustomSeq2SeqTrainer", None)
    return trainer is None or getattr(trainer, "balances", False)
