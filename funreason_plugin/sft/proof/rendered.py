"""LLaMA-Factory's side: its tokenizer, its template, its converter and its processor, one row per call.

    renderer = Renderer(recipe, attributes)
    seen = renderer(row.loaded, "funreason")
    seen.ids, seen.labels, seen.dropped, seen.error

A row is rendered without `cutoff_len` first, since what is cut cannot be compared, and with it where it is too long.
The registered template is left as it was: recipes may follow each other in one process.
"""

from __future__ import annotations

import contextlib
import copy
import io
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.sft.control_tokens import Control
from funreason_plugin.sft.proof.recipe import OURS, Recipe, arguments

__all__ = ["IGNORED", "Renderer", "Seen"]

IGNORED = -100
NO_CUT = 1 << 40
KNOWN = ("qwen3", "qwen3_nothink", *OURS)
"""Templates whose text is compared to the letter."""
REQUIRED = ("<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>")


@dataclass(slots=True)
class Seen:
    """A row as it would be trained if nothing were cut, and ``cut``, the tokens that are left where something is."""

    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    dropped: bool = False
    error: str = ""
    cut: tuple[list[int], list[int]] | None = None

    def segments(self) -> list[tuple[int, int]]:
        """Start and end of each stretch of tokens with loss."""
        found, start = [], -1
        for position, label in enumerate([*self.labels, IGNORED]):
            if label != IGNORED and start < 0:
                start = position
            elif label == IGNORED and start >= 0:
                found.append((start, position))
                start = -1
        return found


class Renderer:
    """Renders rows as the training of a recipe does. Raises `UserError` where its tokenizer cannot be used."""

    def __init__(self, recipe: Recipe, attributes: Mapping[str, Any]) -> None:
        from llamafactory.data.processor import SupervisedDatasetProcessor

        self.recipe = recipe
        self.data, loader = arguments(recipe)
        self.tokenizer = self._tokenizer(loader)
        with _template_kept(self.data.template):
            from llamafactory.data.template import get_template_and_fix_tokenizer

            try:
                self.template = get_template_and_fix_tokenizer(self.tokenizer, self.data)
            except (ValueError, KeyError) as error:
                raise UserError(f"{recipe.path}: {error}") from None
        whole = copy.copy(self.data)
        whole.cutoff_len = NO_CUT
        self._whole, self._cut = (
            SupervisedDatasetProcessor(
                template=self.template, tokenizer=self.tokenizer, processor=None, data_args=args
            )
            for args in (whole, self.data)
        )
        self._converters = {name: self._converter(entry) for name, entry in attributes.items()}
        added = (self.recipe.keys.get(key) for key in ("add_tokens", "add_special_tokens"))
        but = {token.strip() for text in added if isinstance(text, str) for token in text.split(",")}
        self.control = Control.of(self.tokenizer, but)
        self.escapes = self.data.template in OURS
        self.end_of_thought = self.tokenizer.convert_tokens_to_ids("</think>")

    def __call__(self, row: dict[str, Any], dataset: str) -> Seen:
        try:
            example = {key: [value] for key, value in self._converters[dataset](row).items()}
            result = self._whole.preprocess_dataset(example)
            if not result.get("input_ids"):
                return Seen(dropped=True)
            ids, labels = result["input_ids"][0], result["labels"][0]
            seen = Seen(ids, labels)
            if len(ids) >= self.data.cutoff_len:
                result = self._cut.preprocess_dataset(example)
                left, kept = result["input_ids"][0], result["labels"][0]
                if left != ids or kept != labels:
                    seen.cut = left, kept
            return seen
        except Exception as error:
            reason = " ".join(str(error).split())
            return Seen(error=f"{type(error).__name__}: {reason[:160]}")

    def text(self, ids: list[int]) -> str:
        decoded: str = self.tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return decoded

    def _converter(self, attributes: Any) -> Any:
        from llamafactory.data.converter import get_dataset_converter

        return get_dataset_converter(attributes.formatting, attributes, self.data)

    def _tokenizer(self, loader: Any) -> Any:
        from llamafactory.model import load_tokenizer

        name = self.recipe.tokenizer
        here = Path(name).is_dir()
        if not here:
            _offline_if_so()
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                tokenizer = load_tokenizer(loader)["tokenizer"]
        except Exception as error:
            cause = error.__cause__ or error
            reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0][:160]
            if here:
                raise UserError(f"{name}: holds no tokenizer that can be loaded: {reason}") from None
            raise UserError(
                f"the tokenizer of {name} is not on this machine and could not be fetched; give --tokenizer PATH"
            ) from None
        if self.data.template in KNOWN:
            self._check(name, tokenizer)
        return tokenizer

    def _check(self, name: str, tokenizer: Any) -> None:
        """The tokens between which the template writes are tokens; they would be added, without weights."""
        wanted = [token for token in REQUIRED if "think" not in token or "nothink" not in self.data.template]
        missing = [token for token in wanted if len(tokenizer.encode(token, add_special_tokens=False)) != 1]
        if missing:
            mend = (
                "take split_special_tokens out of the recipe"
                if self.recipe.keys.get("split_special_tokens")
                else "template " + self.data.template + " wants a tokenizer of the Qwen3 family"
            )
            raise UserError(f"{name}: {', '.join(missing)} are not single tokens of its tokenizer; {mend}")


def _offline_if_so() -> None:
    """Without a way to the hub its files are taken from the cache at once, instead of after a minute of retries."""
    import huggingface_hub.constants

    if urllib.request.getproxies():
        return
    address = urllib.parse.urlsplit(huggingface_hub.constants.ENDPOINT)
    try:
        socket.create_connection((address.hostname or "", address.port or 443), timeout=5).close()
    except OSError:
        huggingface_hub.constants.HF_HUB_OFFLINE = True


@contextlib.contextmanager
def _template_kept(name: str | None) -> Iterator[None]:
    """LLaMA-Factory writes a recipe's settings into the registered template; they go into a copy."""
    from llamafactory.data.template import TEMPLATES

    if name is None:
        yield
        return
    kept = TEMPLATES[name]
    TEMPLATES[name] = copy.copy(kept)
    try:
        yield
    finally:
        TEMPLATES[name] = kept
