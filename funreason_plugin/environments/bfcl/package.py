"""bfcl-eval, imported when it is first needed; without it, one line that says how to get it.

Only its eight tool classes and its data files are used. Its executor (``eval`` on call strings, instances
in module globals) never runs here.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError

MODULES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TwitterAPI": "posting_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "VehicleControlAPI": "vehicle_control",
}
INSTALL = (
    "pip install mpmath==1.3.0 && pip install --no-deps bfcl-eval==2026.3.23"  # the rest of it is not needed
)
SOURCES = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"


@cache
def package_path() -> Path:
    """Where bfcl_eval is installed."""
    spec = importlib.util.find_spec("bfcl_eval")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"bfcl-eval is not installed: {INSTALL}")
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def version() -> str:
    """The installed release of bfcl-eval."""
    try:
        return importlib.metadata.version("bfcl-eval")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@cache
def module(class_name: str) -> Any:
    """The module of one of the eight classes."""
    package_path()
    try:
        return importlib.import_module(f"{SOURCES}.{MODULES[class_name]}")
    except ImportError as error:
        raise UserError(f"bfcl-eval's {class_name} cannot be imported ({error}): {INSTALL}") from None


def backend(class_name: str) -> Any:
    """One of bfcl-eval's eight classes."""
    return getattr(module(class_name), class_name)


def long_context() -> Any:
    """The module with the texts that fill the long-context entries."""
    package_path()
    return importlib.import_module(f"{SOURCES}.long_context")
