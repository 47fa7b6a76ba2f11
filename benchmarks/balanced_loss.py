"""python benchmarks/balanced_loss.py

What the balanced loss costs beside the plain one, and what it changes: time of a step (forward and backward), memory at
its peak above that of the loaded model, and the share of the loss that falls on the calls. A row has a long prompt
without loss, a thought and calls, of the lengths that arXiv 2505.20192 gives for its data (351 and 31 tokens on average).

The model is Qwen3's architecture with its vocabulary of 151,936 but only one narrow layer: what differs between the two
losses is what happens to the logits. Each loss has a process of its own, one after the other, in bfloat16.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import time

from rich.console import Console
from rich.table import Table

VOCABULARY = 151_936
THINK_END = 151_668
ALPHA = 0.7


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prompt", type=int, default=1666, help="tokens without loss")
    parser.add_argument("--thought", type=int, default=351, help="tokens through </think>")
    parser.add_argument("--calls", type=int, default=31, help="tokens after it")
    parser.add_argument("--rows", type=int, default=1, help="rows in a micro-batch")
    parser.add_argument("--steps", type=int, default=5)
    options = parser.parse_args()
    length = options.prompt + options.thought + options.calls
    table = Table(
        title=f"{options.rows} x {length} tokens, {options.thought} of them thought, {options.calls} calls"
    )
    for name in ("loss", "s/step", "peak memory", "of the loss on calls"):
        table.add_column(name, justify="left" if name == "loss" else "right")
    for loss in ("plain", "balanced"):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, size, share = pool.apply(measure, (loss, options))
        table.add_row(loss, f"{seconds:.2f}", f"{size / 2**30:.2f} GiB", f"{share:.1%}")
    console = Console()
    console.print(table)
    flags = " ".join(f"--{name} {value}" for name, value in vars(options).items())
    console.print(f"python benchmarks/balanced_loss.py {flags}")


def measure(loss: str, options: argparse.Namespace) -> tuple[float, int, float]:
    """Median seconds of a step after the first, bytes at the peak above the model, share of the loss on calls."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from funreason_plugin.sft.balanced_loss import row_losses, segments

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        tie_word_embeddings=True,
    )
    model = Qwen3ForCausalLM(config).to(device, torch.bfloat16)
    length = options.prompt + options.thought + options.calls
    tokens = torch.randint(THINK_END, (options.rows, length), device=device)
    tokens[:, options.prompt + options.thought - 1] = THINK_END
    labels = tokens.clone()
    labels[:, : options.prompt] = -100

    def peak() -> int:
        if device == "cuda":
            return int(torch.cuda.max_memory_allocated())
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    loaded = peak()
    seconds = []
    for _ in range(options.steps + 1):
        start = time.perf_counter()
        if loss == "plain":
            value = model(input_ids=tokens, labels=labels).loss
        else:
            value = row_losses(model(input_ids=tokens).logits, labels, THINK_END, ALPHA).mean()
        value.backward()
        model.zero_grad()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    size = peak() - loaded
    with torch.no_grad():
        parts = segments(model(input_ids=tokens).logits, labels, THINK_END)
    thought, calls = parts.thought.mean().item(), parts.answer.mean().item()
    weights = (options.thought, options.calls) if loss == "plain" else (ALPHA, 1 - ALPHA)
    share = weights[1] * calls / (weights[0] * thought + weights[1] * calls)
    return statistics.median(seconds[1:]), size, share


if __name__ == "__main__":
    main()
