"""LLaMA-Factory's templates for our prompt forms: `funreason`, `card`, `funreason_hermes`.

    template: funreason          # in the yaml of a training, once `funreason hook install` has run

The start-up hook calls `register` as soon as llamafactory.data.template has been imported; so does a program that
imports both itself.
"""

from __future__ import annotations

from dataclasses import fields
from types import ModuleType

from funreason_plugin.errors import UserError
from funreason_plugin.rendering import PromptForm

__all__ = ["NAMES", "register"]

NAMES: dict[str, PromptForm] = {"funreason": "funreason", "card": "card", "funreason_hermes": "hermes"}
"""The prompt form of each template."""


def register(module: ModuleType) -> None:
    """Put our templates beside those of ``module``, llamafactory.data.template; again does no harm.

    Stop words, end token and the rest are those of its `qwen3`.

    Raises:
        UserError: LLaMA-Factory has a template of that name, or no `qwen3`.
    """
    from funreason_plugin.sft.rendered_template import RenderedTemplate, Tools

    known = module.TEMPLATES
    if "qwen3" not in known:
        raise UserError("llamafactory has no template 'qwen3', which ours are made from")
    settings = {field.name: getattr(known["qwen3"], field.name) for field in fields(known["qwen3"])}
    settings["format_tools"] = Tools(tool_format=known["qwen3"].format_tools.tool_format)
    for name, form in NAMES.items():
        if not isinstance(known.get(name), RenderedTemplate | None):
            raise UserError(f"llamafactory has a template {name!r} of its own; ours is left out")
        known[name] = RenderedTemplate(**settings, name=name, form=form)
