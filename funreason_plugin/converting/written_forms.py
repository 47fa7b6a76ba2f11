"""What a prompt form cannot write: refused before rows are made of it."""

from __future__ import annotations

from funreason_plugin.calls import python_list
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.messages import Conversation
from funreason_plugin.rendering import PromptForm

__all__ = ["check_form"]


def check_form(conversation: Conversation, form: PromptForm) -> None:
    """Refuse calls that have no Python notation where the form wants one."""
    if form == "hermes":
        return
    for number, message in enumerate(conversation.messages):
        try:
            python_list(message.calls)
        except ValueError as error:
            where = f"conversation.messages[{number}].calls"
            raise Refused(where, f"cannot be written in the form {form!r}", str(error)) from None
