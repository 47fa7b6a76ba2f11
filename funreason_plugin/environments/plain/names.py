"""Names of plain functions and classes, as on the command line.

Plain.of("class:tools/stock.py:Store")     # module "tools/stock.py", name "Store"
Plain.of("class:stock.Store")              # module "stock", name "Store"
Plain.of("functions:tools/shop.py")        # module "tools/shop.py"
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Plain"]


@dataclass(frozen=True, slots=True)
class Plain:
    """A name taken apart; ``name`` is that of the class, "" for functions."""

    module: str
    name: str = ""

    @classmethod
    def of(cls, given: str) -> Plain | None:
        """None for the name of another kind of environment."""
        kind, colon, target = given.partition(":")
        if colon and kind == "functions":
            return cls(target)
        if not colon or kind != "class":
            return None
        if ":" in target:
            module, _, name = target.rpartition(":")
        elif target.endswith(".py"):
            module, name = target, ""
        else:
            module, _, name = target.rpartition(".")
        return cls(module, name)
