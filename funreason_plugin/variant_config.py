"""The shares of the variants, as a configuration and the command line give them.

    variants: {miss_func: 0.1, miss_param: 0.1}         # the same as --variant miss_func=0.1 --variant miss_param=0.1

A share is that of the kept trajectories which hold a turn of the variant; they need not add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from funreason_plugin.errors import UserError

__all__ = ["OF_THE_WHOLE", "Targets", "Variant", "Variants", "shares_of"]

Variant = Literal[
    "miss_func", "miss_param", "irrelevance", "distractors", "follow_up", "error_recovery", "long_context"
]
"""As BFCL names its categories, where it has them."""
OF_THE_WHOLE = ("distractors", "long_context")
"""Variants of a conversation, which only its label names: all its turns are "base"."""


def _none(value: Any) -> Any:
    """``variants:`` with every line below it commented out is none."""
    return {} if value is None else value


def _list(value: Any) -> Any:
    """``context_tokens: 8000`` is a list of one, and the words of a flag are numbers."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [int(item) if isinstance(item, str) and item.isdecimal() else item for item in values]


def _sum(value: Mapping[Variant, float]) -> Mapping[Variant, float]:
    if sum(value.values()) > 1 + 1e-9:
        raise ValueError(
            f"the shares add up to {sum(value.values()):g}; expected at most 1, since a trajectory holds one variant"
        )
    return value


Variants = Annotated[
    dict[Variant, Annotated[float, Field(ge=0.0001, le=1)]], BeforeValidator(_none), AfterValidator(_sum)
]

Targets = Annotated[
    list[Annotated[int, Field(ge=2_000, le=64_000)]],
    Field(min_length=1, max_length=16),
    BeforeValidator(_list),
]
"""Tokens that the conversations of long_context come to, in turn."""


def shares_of(given: Sequence[str]) -> dict[str, str]:
    """``--variant miss_func=0.1`` as a mapping; what a share may be is the configuration's to say.

    Raises:
        UserError: There is no share, or a variant is given twice.
    """
    shares: dict[str, str] = {}
    for text in given:
        name, equals, share = text.partition("=")
        if not (equals and name and share):
            raise UserError(f"--variant {text!r}: expected NAME=SHARE, e.g. --variant miss_func=0.1")
        if name in shares:
            raise UserError(f"--variant: {name} is given twice; give it one share")
        shares[name] = share
    return shares
