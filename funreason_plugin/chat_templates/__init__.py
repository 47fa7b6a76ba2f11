"""The prompt forms as Hugging Face chat templates, for tokenizers and for `vllm serve --chat-template`.

    tokenizer.chat_template = chat_template("hermes")
    tokenizer.apply_chat_template(messages, tools=tools, add_generation_prompt=True)

They write what `funreason_plugin.rendering` writes, from messages of OpenAI's shape. A form's file says how the
system prompt, the calls and the results look; it stands between what writes values and what writes messages.
"""

from __future__ import annotations

from pathlib import Path

from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.rendering import FORMS

__all__ = ["chat_template"]


def chat_template(form: str) -> str:
    """The chat template of a prompt form, in one text.

    Raises:
        UserError: there is no such form.
    """
    if form not in FORMS:
        raise UserError(
            f"prompt form {form!r} is not known; expected {', '.join(FORMS)}{did_you_mean(form, FORMS)}"
        )
    parts = ["_json", form, "_messages"] if form == "hermes" else ["_json", "_python", form, "_messages"]
    folder = Path(__file__).parent
    return "\n".join((folder / f"{part}.jinja").read_text(encoding="utf-8").strip() for part in parts) + "\n"
