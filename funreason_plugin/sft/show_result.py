"""What a training came to: the loss when it began and when it ended, and a text that the exported model writes.

    python -m funreason_plugin.sft.show_result saves/sft saves/sft-export out/

The prompt is that of the first trajectory's first turn, rendered with the exported model's own chat template.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError
from funreason_plugin.messages import Conversation, of_trajectory
from funreason_plugin.trajectory import read

__all__ = ["generate", "losses"]

LOG = "trainer_log.jsonl"
TOKENS = 24


def losses(folder: Path) -> list[tuple[int, float]]:
    """Step and loss of every line that LLaMA-Factory logged in the folder of a training.

    Raises:
        UserError: there is no log, or no loss in it.
    """
    path = folder / LOG
    try:
        entries = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        found = [(int(entry["current_steps"]), float(entry["loss"])) for entry in entries if "loss" in entry]
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; expected the output_dir of a training") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise UserError(
            f"{path}: not LLaMA-Factory's log; expected lines with current_steps and loss"
        ) from None
    if not found:
        raise UserError(f"{path}: no loss was logged; expected logging_steps below the number of steps")
    return found


def first_conversation(data: Path) -> Conversation:
    """The first kept conversation of a run.

    Raises:
        UserError: the folder has none.
    """
    path = data / "trajectories.jsonl"
    try:
        trajectory = next(read(path), None)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; expected the output folder of a run") from None
    if trajectory is None:
        raise UserError(f"{path}: no trajectory in it; expected the output folder of a run")
    return of_trajectory(trajectory)


def generate(model: Path, conversation: Conversation, tokens: int = TOKENS) -> str:
    """What the model writes after the conversation's first message, greedily, special tokens included.

    Raises:
        UserError: the folder has no model, or torch and transformers are not installed.
    """
    if not (model / "config.json").is_file():
        raise UserError(f"{model}: no config.json in it; expected the export_dir of llamafactory-cli export")
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise UserError(
            f"generating needs torch and transformers ({error}); 'pip install -e .[sft]' brings them"
        ) from None

    disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForCausalLM.from_pretrained(model)
    messages = [{"role": "system", "content": conversation.system}] if conversation.system else []
    messages.append({"role": "user", "content": conversation.messages[0].content})
    text = tokenizer.apply_chat_template(
        messages, tools=list(conversation.tools) or None, add_generation_prompt=True, tokenize=False
    )
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    written = network.generate(**ids, max_new_tokens=tokens, do_sample=False)
    return str(tokenizer.decode(written[0, ids["input_ids"].shape[1] :]))


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    saved: Annotated[Path, typer.Argument(help="The training's output_dir.", metavar="SAVED")],
    export: Annotated[Path, typer.Argument(help="The folder of the exported model.", metavar="EXPORT")],
    data: Annotated[Path, typer.Argument(help="The run's folder, for a prompt.", metavar="DATA")],
) -> None:
    """Show a training's first and last loss, and generate once with the exported model."""
    from rich.table import Table
    from rich.text import Text

    logged = losses(saved)
    conversation = first_conversation(data)
    table = Table(show_header=False)
    for name, (step, loss) in (("first loss", logged[0]), ("last loss", logged[-1])):
        table.add_row(name, f"{loss:.2f} (step {step})")
    table.add_row("user says", Text(conversation.messages[0].content))
    table.add_row("model writes", Text(repr(generate(export, conversation))))
    console().print(table)


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.sft.show_result")
