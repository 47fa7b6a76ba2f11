"""A random model of Qwen3's architecture with a tokenizer of ours, in seconds and without a model hub.

    python -m funreason_plugin.sft.tiny_model OUT
    vllm serve OUT --max-model-len 16384

It talks nonsense at full speed: for trying servers, engines and trainers where no real model can be had. The
tokenizer has Qwen3's special tokens and learns its merges from our prompts, tool schemas and scenarios, so that
texts are about as many tokens long as with a real one, and our chat template of the form "hermes".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from funreason_plugin.chat_templates import chat_template
from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.environments.catalog import SHIPPED
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import system_text
from funreason_plugin.trajectory import read

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["build"]

CONTEXT = 32_768
VOCABULARY = 4096
LEAST = 300
MOST_PROMPTS = 16
SPREAD = 0.02

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
"""Dropped when tokens become text; the two ends of `MARKS` stay, as a reader of calls and thoughts needs them."""
MARKS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")


def build(
    folder: Path,
    hidden: int = 64,
    layers: int = 2,
    seed: int = 0,
    vocabulary: int = VOCABULARY,
    data: Path | None = None,
    whole_prompts: bool = False,
    spread: float = SPREAD,
    names: Sequence[str] = (),
) -> int:
    """Write configuration, random weights, tokenizer and chat template into ``folder``.

    Args:
        hidden: Width of the model.
        layers: Their number.
        seed: Decides the weights.
        vocabulary: Tokens of the tokenizer, at most.
        data: A folder that `synthesize` wrote; the tokenizer then learns its merges from that alone.
        whole_prompts: Every system prompt of ``data``, in the form "hermes", is one token. Tools that never change
            tell a model from random weights nothing, and are most of what it would have to read.
        names: Texts that are one token each, the same one wherever they stand; a model from random weights then
            learns to copy them in hundreds of steps rather than thousands.
        spread: Standard deviation of the weights (``initializer_range``). Qwen3's 0.02 is for thousands of hidden
            units; narrow models learn to copy sooner with about 1 / sqrt(hidden).

    Returns:
        The number of parameters.

    Raises:
        UserError: torch, transformers or tokenizers are not installed; ``hidden`` does not fit the heads,
            ``vocabulary`` has no room for the bytes; ``data`` cannot be read, or its conversations have more than
            16 system prompts with ``whole_prompts``.
    """
    heads = 4
    prompts: list[str] = []
    if whole_prompts:
        if data is None:
            raise UserError("--whole-prompts: whose? expected --data DIR too")
        prompts = _prompts_of(data)
    if hidden < 32 or hidden % (2 * heads):
        raise UserError(f"--hidden: {hidden} is not valid; expected a multiple of {2 * heads}, at least 32")
    if vocabulary < LEAST:
        raise UserError(
            f"--vocabulary: {vocabulary} is not valid; expected at least {LEAST}: every byte is a token"
        )
    try:
        import torch
        from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise UserError(
            f"the tiny model needs torch and transformers ({error}); 'pip install -e .[sft]' brings them"
        ) from None

    disable_progress_bar()
    texts = None if data is None else _texts_of(data, with_prompts=not whole_prompts)
    tokenizer = _tokenizer(vocabulary, texts, (*prompts, *names))
    ends = [tokenizer.convert_tokens_to_ids(token) for token in ("<|im_end|>", "<|endoftext|>")]
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=2,
        head_dim=max(32, hidden // heads),  # engines have kernels for 32 and more
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        initializer_range=spread,
        bos_token_id=None,
        eos_token_id=ends[0],
        pad_token_id=ends[1],
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=ends, pad_token_id=ends[1])
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _read_by_all(folder / "tokenizer_config.json")
    return int(model.num_parameters())


def _read_by_all(path: Path) -> None:
    """Name the tokenizer's class as transformers 4 and 5 both know it."""
    settings = orjson.loads(path.read_bytes())
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_bytes(orjson.dumps(settings, option=orjson.OPT_INDENT_2))


def _tokenizer(
    vocabulary: int = VOCABULARY, texts: Iterator[str] | None = None, whole: Sequence[str] = ()
) -> PreTrainedTokenizerFast:
    """Byte-level BPE with Qwen3's way of splitting text; every text can be written and read back.

    Each text of ``whole`` is one token.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Regex(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(words, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(SPECIAL) - len(MARKS) - len(whole),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(_texts() if texts is None else texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        chat_template=chat_template("hermes"),
    )
    tokenizer.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in (*MARKS, *whole)])
    return tokenizer


def _texts() -> Iterator[str]:
    """What the merges are learned from: our prompts, the schemas and policies of our environments, their states."""
    prompts = Path(__file__).parents[1] / "synthesis" / "prompts"
    for path in sorted(prompts.glob("*.j2")):
        yield path.read_text(encoding="utf-8")
    for name in SHIPPED:
        space = SimulationSpace.from_names([name])
        yield space.policy
        for spec in space.tools.values():
            yield _json(spec.as_openai())
        for seed in range(2):
            yield _json(space.scenario(seed=str(seed)).states)


def _prompts_of(data: Path) -> list[str]:
    """The system prompts of a data folder's conversations, in the form "hermes", each once."""
    prompts: dict[str, None] = {}
    for trajectory in read(data / "trajectories.jsonl"):
        talk = of_trajectory(trajectory)
        prompts[system_text(talk.system, talk.tools, "hermes")] = None
        if len(prompts) > MOST_PROMPTS:
            raise UserError(
                f"--whole-prompts: {data} has more than {MOST_PROMPTS} system prompts; "
                "expected conversations that all offer the same tools, or no --whole-prompts"
            )
    return list(prompts)


def _texts_of(data: Path, with_prompts: bool = True) -> Iterator[str]:
    """What a data folder's conversations say, and the tools that they offer."""
    for trajectory in read(data / "trajectories.jsonl"):
        if with_prompts:
            yield trajectory.system
            yield from map(_json, trajectory.tools)
        for turn in trajectory.turns:
            yield from filter(None, (turn.query, turn.thought, turn.answer))
            for step in turn.steps:
                yield step.thought or ""
                for call in step.calls:
                    yield _json({"name": call.name, "arguments": call.arguments})
                    yield _json(call.output)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode().replace('":', '": ').replace(',"', ', "')


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    out: Annotated[Path, typer.Argument(help="Folder to write the model into.", metavar="OUT")],
    hidden: Annotated[int, typer.Option(help="Width of the model.")] = 64,
    layers: Annotated[int, typer.Option(min=1, help="Layers.")] = 2,
    seed: Annotated[int, typer.Option(help="Decides the weights.")] = 0,
    vocabulary: Annotated[int, typer.Option(help="Tokens, at most.")] = VOCABULARY,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of `synthesize` that the tokenizer learns from.", metavar="DIR"),
    ] = None,
    whole_prompts: Annotated[
        bool, typer.Option("--whole-prompts", help="Each system prompt of that folder is one token.")
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A text that is one token wherever it stands; as often as needed."),
    ] = None,
    spread: Annotated[float, typer.Option(min=0, help="Standard deviation of the weights.")] = SPREAD,
) -> None:
    """Build a random model of Qwen3's architecture."""
    count = build(out, hidden, layers, seed, vocabulary, data, whole_prompts, spread, name or ())
    console().print(f"{out}: Qwen3 architecture, {count:,} random parameters, context {CONTEXT:,}")


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.sft.tiny_model")
