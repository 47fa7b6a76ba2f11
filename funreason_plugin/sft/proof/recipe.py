"""A recipe of LLaMA-Factory, as far as it decides what is trained: data, template, tokenizer.

    recipe = read_recipe(Path("recipes/sft.yaml"), Path("out/llamafactory"), tokenizer=None, dataset=None)

Written for a GPU machine, it is read on a laptop: the settings of the trainer are known by name only.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funreason_plugin.config_file import read
from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.sft.proof.findings import Finding

__all__ = ["Recipe", "arguments", "read_recipe"]

BALANCED = ("balanced_loss", "balanced_loss_alpha")
OURS = ("funreason", "card", "funreason_hermes")
OF_THE_TOKENIZER = (
    *("use_fast_tokenizer", "split_special_tokens", "add_tokens", "add_special_tokens", "resize_vocab"),
    *("new_special_tokens_config", "trust_remote_code", "cache_dir", "model_revision", "hf_hub_token"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a worker needs: plain data. ``keys`` are those of the recipe that data and tokenizer read."""

    path: Path
    keys: dict[str, Any]
    tokenizer: str
    datasets: tuple[str, ...]
    evaluated: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return Path(self.keys["dataset_dir"])


def quiet() -> None:
    """LLaMA-Factory prints a line, with the whole row, for what is reported here by name."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import datasets
    import transformers

    logging.getLogger("llamafactory").setLevel(logging.CRITICAL)
    transformers.utils.logging.set_verbosity(logging.CRITICAL)
    datasets.disable_progress_bars()
    datasets.utils.logging.set_verbosity(logging.CRITICAL)


def _classes() -> list[type]:
    """The dataclasses whose fields are the keys of a recipe."""
    try:
        from llamafactory.hparams import (
            DataArguments,
            FinetuningArguments,
            GeneratingArguments,
            ModelArguments,
            TrainingArguments,
        )
        from llamafactory.hparams.training_args import RayArguments
    except ImportError as error:
        raise UserError(
            f"check sft needs llamafactory ({error}); 'pip install -e .[sft]' brings it"
        ) from None
    quiet()
    return [
        DataArguments,
        ModelArguments,
        FinetuningArguments,
        GeneratingArguments,
        TrainingArguments,
        RayArguments,
    ]


def read_recipe(path: Path, folder: Path, tokenizer: str | None, dataset: str | None) -> Recipe:
    """Read a recipe for the data sets of a folder.

    Raises:
        UserError: The recipe is missing, has a key or a value that LLaMA-Factory refuses, names no model or
            data set, or trains otherwise than by supervised fine-tuning.
    """
    keys = read(path)
    if not keys:
        raise UserError(f"{path}: expected keys and values ('template: qwen3'), found nothing")
    classes = _classes()
    known = {entry.name for kind in classes for entry in dataclasses.fields(kind) if entry.init}
    findings = []
    for key in keys:
        if key in known:
            continue
        if key not in BALANCED:
            raise UserError(
                f"{path}: key {key!r} is not known to llamafactory{did_you_mean(str(key), known)}"
            )
        findings.append(
            Finding("unknown key", f"{key} is read by our start-up hook, which is not active here")
        )
    if keys.get("stage", "sft") != "sft":
        raise UserError(f"{path}: stage: {keys['stage']} is not checked here; expected sft")
    data_class, model_class = classes[:2]
    data = {key: value for key, value in keys.items() if key in _names(data_class)}
    model = {key: value for key, value in keys.items() if key in OF_THE_TOKENIZER and key in known}
    _check_types(path, data_class, data)
    _check_types(path, model_class, model)
    name = tokenizer or keys.get("model_name_or_path")
    if not isinstance(name, str) or not name:
        raise UserError(f"{path}: model_name_or_path is not set; give --tokenizer PATH")
    if tokenizer and not Path(tokenizer).is_dir():
        raise UserError(f"--tokenizer {tokenizer}: no such folder")
    data["dataset_dir"] = str(folder)
    if dataset:
        data.update(dataset=dataset, eval_dataset=None)
    recipe = Recipe(path, {**data, **model}, name, (), ())
    values, _ = arguments(recipe)
    names = tuple(values.dataset or ())
    if not names:
        raise UserError(f"{path}: dataset is not set; give --dataset NAME")
    _check_template(path, values.template)
    return dataclasses.replace(
        recipe,
        datasets=names,
        evaluated=tuple(name for name in values.eval_dataset or () if name not in names),
        findings=(*findings, *_settings(values, keys)),
        notes=tuple(_notes(values)),
    )


def arguments(recipe: Recipe) -> tuple[Any, Any]:
    """LLaMA-Factory's own data arguments, and what its tokenizer loader asks for."""
    data_class, model_class = _classes()[:2]
    names = _names(data_class)
    data = {key: value for key, value in recipe.keys.items() if key in names}
    model = {key: value for key, value in recipe.keys.items() if key not in names}
    try:
        values = data_class(**data)
        loader = model_class(model_name_or_path=recipe.tokenizer, **model)
    except (ValueError, TypeError) as error:
        raise UserError(f"{recipe.path}: {error}") from None
    loader.model_max_length = values.cutoff_len
    return values, loader


def _names(kind: type) -> set[str]:
    return {entry.name for entry in dataclasses.fields(kind) if entry.init}


def _check_types(path: Path, kind: type, values: dict[str, Any]) -> None:
    """LLaMA-Factory takes any value for any key, and fails later, or reads 'false' as true."""
    hints = typing.get_type_hints(kind)
    for key, value in values.items():
        options = typing.get_args(hints[key]) or (hints[key],)
        plain = tuple(option for option in options if option in (bool, int, float, str, type(None)))
        wrong = isinstance(value, bool) and bool not in plain
        listed = isinstance(value, list) and key in ("dataset", "eval_dataset")
        if plain and not listed and (wrong or not isinstance(value, (*plain, *((int,) * (float in plain))))):
            names = " or ".join(option.__name__ for option in plain if option is not type(None))
            raise UserError(f"{path}: {key}: {value!r} is not valid; expected {names}")


def _check_template(path: Path, name: str | None) -> None:
    from llamafactory.data.template import TEMPLATES

    if name is None or name in TEMPLATES:
        return
    if name in OURS:
        raise UserError(
            f"{path}: template {name!r} is not registered in this environment: funreason hook install"
        )
    raise UserError(
        f"{path}: template {name!r} does not exist in llamafactory{did_you_mean(name, TEMPLATES)}"
    )


def _settings(data: Any, keys: dict[str, Any]) -> list[Finding]:
    """What is wrong whatever the rows are."""
    found = []
    if data.packing and not data.neat_packing:
        found.append(Finding("packing", "packing joins rows, which then attend to each other"))
    elif data.packing and keys.get("balanced_loss"):
        found.append(
            Finding("packing", "balanced_loss weighs rows, and neat_packing joins several in one sequence")
        )
    if data.train_on_prompt:
        found.append(Finding("train_on_prompt", "train_on_prompt: true trains prompts and tool results"))
    if not data.ignore_pad_token_for_loss:
        found.append(
            Finding("padding trained", "ignore_pad_token_for_loss: false puts loss on padding tokens")
        )
    if data.tokenized_path and os.path.exists(data.tokenized_path):
        found.append(
            Finding(
                "stale rows",
                f"{data.tokenized_path} exists and is trained, whatever {data.dataset_dir} holds",
            )
        )
    return found


def _notes(data: Any) -> list[str]:
    """Settings that choose rows, or that the proof cannot see the effect of."""
    notes = []
    if data.template is None:
        notes.append("template is not set: llamafactory guesses one from the tokenizer's chat template")
    if data.max_samples is not None:
        notes.append(f"max_samples: only the first {data.max_samples:,} rows of each data set are trained")
    if data.val_size:
        notes.append(f"val_size: {data.val_size:g} of the rows are held out, not trained")
    if data.streaming:
        notes.append(
            f"streaming: rows are shuffled within a buffer of {data.buffer_size:,}; max_steps is needed"
        )
    if data.neat_packing:
        notes.append("neat_packing joins rows without attention between them; cutoff_len is one less")
    if data.mix_strategy != "concat" and len(data.dataset or ()) > 1:
        notes.append(f"mix_strategy: {data.mix_strategy} repeats rows or leaves some out")
    if not data.overwrite_cache:
        notes.append("overwrite_cache is not true: rows tokenised by an earlier run may be trained again")
    return notes
