"""Modules of plain functions and classes, written where a test needs them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from funreason_plugin.environments.space import SimulationSpace

SHOP = '''
from dataclasses import dataclass
from datetime import date
from enum import Enum

STATE = ["ORDERS"]


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Order:
    item: str
    pieces: int
    day: date
    size: Size


ORDERS: dict[int, Order] = {}
COST = {Size.SMALL: 3, Size.LARGE: 7}


def place_order(item: str, day: date, pieces: int = 1, size: Size = Size.SMALL) -> dict[str, int]:
    """Order something."""
    number = len(ORDERS) + 1
    ORDERS[number] = Order(item, pieces, day, size)
    if pieces < 1:
        raise ValueError("at least one piece has to be ordered")
    return {"order_number": number, "cost": pieces * COST[size]}


def get_order(order_number: int) -> Order:
    """Show an order."""
    return ORDERS[order_number]
'''


def written(folder: Path, text: str, file: str = "shop.py") -> str:
    """The path of a module with this text."""
    path = folder / file
    path.write_text(dedent(text), encoding="utf-8")
    return str(path)


def functions(folder: Path, text: str) -> SimulationSpace:
    """The space of a module's functions."""
    return SimulationSpace.from_names([f"functions:{written(folder, text)}"])


def of_class(folder: Path, text: str, name: str) -> SimulationSpace:
    """The space of a class."""
    return SimulationSpace.from_names([f"class:{written(folder, text)}:{name}"])
