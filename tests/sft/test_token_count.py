"""Tokens of a conversation's rows: as many as LLaMA-Factory's rows have."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import render
from funreason_plugin.sft.tiny_model import build
from funreason_plugin.sft.token_count import tokens_of, until
from tests.core.test_trajectory import trajectory

pytest.importorskip("torch", reason="torch is not installed (extra [sft])")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra [sft])")


def test_each_response_counts_with_all_that_stands_before_it(tmp_path: Path) -> None:
    build(tmp_path, hidden=32, layers=1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    first, last = render(of_trajectory(trajectory()), "hermes")
    thought = "<think>\nLook.\n</think>\n\n"
    rows = [
        first.prompt + thought + first.response,
        first.prompt + first.response + last.prompt + last.response,
    ]
    assert tokens_of(trajectory(), tokenizer) == sum(len(tokenizer.encode(row)) for row in rows)
    one = tokens_of(trajectory(), tokenizer)
    assert len(list(until(2 * one + 1, [trajectory()] * 9, tokenizer))) == 3
    assert len(list(until(99 * one, [trajectory()] * 9, tokenizer))) == 9
