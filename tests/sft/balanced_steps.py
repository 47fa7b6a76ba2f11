"""Run by torchrun: trains a very small model with LLaMA-Factory's own trainer, and notes what each step did.

    python -m torch.distributed.run --nproc_per_node 2 balanced_steps.py TOKENIZER ROWS OUT CASES

ROWS is a JSON list of {"input_ids", "labels"}; CASES a JSON object of names and settings. OUT/NAME.RANK.pt holds,
per optimiser step, the weights before it, the rows that this rank saw, and the gradients the optimiser got.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from funreason_plugin.sft import startup

startup.start()  # before llamafactory is imported, as in an environment with the hook

import llamafactory.train.sft.workflow as workflow  # noqa: E402
import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from llamafactory.data import SFTDataCollatorWith4DAttentionMask, get_template_and_fix_tokenizer  # noqa: E402
from llamafactory.hparams import DataArguments, FinetuningArguments, TrainingArguments  # noqa: E402
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM, TrainerCallback  # noqa: E402


class Notes(TrainerCallback):  # type: ignore[misc]
    """Weights before a step, rows in it, gradients at its end."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.steps: list[dict[str, Any]] = []
        model.register_forward_pre_hook(self.forward, with_kwargs=True)

    def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
        weights = {name: value.detach().clone() for name, value in self.model.named_parameters()}
        self.steps.append({"weights": weights, "rows": []})

    def forward(self, model: Any, args: Any, kwargs: Any) -> None:
        if model.training:
            self.steps[-1]["rows"] += [row.tolist() for row in kwargs["input_ids"]]

    def on_pre_optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        self.steps[-1]["gradients"] = {
            name: value.grad.detach().clone() for name, value in self.model.named_parameters()
        }


def naive(trainer: Any) -> None:
    """What a loss function of one's own does without care: the mean over each micro-batch's rows."""
    stock = trainer.loss_of_micro_batch
    trainer.compute_loss_func = lambda outputs, labels, num_items_in_batch=None: stock(outputs, labels)


def run(tokenizer: Any, rows: list[dict[str, list[int]]], out: Path, case: dict[str, Any]) -> dict[str, Any]:
    tokenizer.padding_side = case.get("padding_side", "right")
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
        )
    ).double()
    arguments = TrainingArguments(
        output_dir=str(out / "trainer"),
        per_device_train_batch_size=2,
        per_device_eval_batch_size=4,
        num_train_epochs=1,
        learning_rate=0.5,
        lr_scheduler_type="constant",
        optim="sgd",
        max_grad_norm=0,
        use_cpu=True,
        remove_unused_columns=False,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        **{"logging_steps": 1, **case.get("arguments", {})},
    )
    template = get_template_and_fix_tokenizer(tokenizer, DataArguments(template="qwen3"))
    data = Dataset.from_list([{**row, "attention_mask": [1] * len(row["input_ids"])} for row in rows])
    notes = Notes(model)
    trainer = workflow.CustomSeq2SeqTrainer(
        model=model,
        args=arguments,
        finetuning_args=FinetuningArguments(
            finetuning_type="full", balanced_loss=True, balanced_loss_alpha=case.get("alpha")
        ),
        data_collator=SFTDataCollatorWith4DAttentionMask(
            template=template, model=model, pad_to_multiple_of=8, label_pad_token_id=-100, tokenizer=tokenizer
        ),
        train_dataset=data,
        eval_dataset=data,
        tokenizer=tokenizer,
        processor=None,
        callbacks=[notes],
    )
    if case.get("naive"):
        naive(trainer)
    trainer.train()
    weights = {name: value.detach().clone() for name, value in model.named_parameters()}
    trained = list(trainer.state.log_history)
    return {"steps": notes.steps, "log": trained, "end": weights, "evaluation": trainer.evaluate()}


def main() -> None:
    folder, rows, out, cases = (Path(argument) for argument in sys.argv[1:])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for name, case in json.loads(cases.read_text()).items():
        result = run(tokenizer, json.loads(rows.read_text()), out, case)
        rank = int(torch.distributed.get_rank()) if torch.distributed.is_initialized() else 0
        torch.save(result, out / f"{name}.{rank}.pt")
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
