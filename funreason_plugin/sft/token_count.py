"""How many tokens a conversation is to train on, for comparisons of data at equal cost.

tokenizer = AutoTokenizer.from_pretrained("Qwen/Qwen3-4B-Instruct-2507")
sum(tokens_of(trajectory, tokenizer) for trajectory in read("out/trajectories.jsonl"))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import END, prompt, response_text, thought_block

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from funreason_plugin.trajectory import Trajectory

__all__ = ["tokens_of", "until"]


def tokens_of(trajectory: Trajectory, tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens of all its rows in the form "hermes": one for each response with its thought, the conversation before it."""
    talk = of_trajectory(trajectory)
    messages, talk.messages = talk.messages, []
    count = 0
    for message in messages:
        if message.role == "assistant":
            response = thought_block(message.thought) + response_text(message, "hermes")
            text = f"{prompt(talk, 'hermes')}{response}{END}\n"
            count += len(tokenizer.encode(text, add_special_tokens=False))
        talk.messages.append(message)
    return count


def until(
    tokens: int, trajectories: Iterable[Trajectory], tokenizer: PreTrainedTokenizerBase
) -> Iterator[tuple[Trajectory, int]]:
    """Trajectories in their order, each with its tokens, up to the one that fills ``tokens``; fewer if there are."""
    left = tokens
    for trajectory in trajectories:
        count = tokens_of(trajectory, tokenizer)
        yield trajectory, count
        left -= count
        if left <= 0:
            return
