"""Which of bfcl-eval's classes there are, and the environment classes made of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from funreason_plugin.environments.bfcl.adapter import BfclEnvironment, environment_class
from funreason_plugin.environments.bfcl.addition import Addition
from funreason_plugin.environments.bfcl.gorilla_file_system import GORILLA_FILE_SYSTEM
from funreason_plugin.environments.bfcl.math_api import MATH
from funreason_plugin.environments.bfcl.message_api import MESSAGE
from funreason_plugin.environments.bfcl.ticket_api import TICKET
from funreason_plugin.environments.bfcl.trading_bot import TRADING_BOT
from funreason_plugin.environments.bfcl.travel_api import TRAVEL
from funreason_plugin.environments.bfcl.twitter_api import TWITTER
from funreason_plugin.environments.bfcl.vehicle_control_api import VEHICLE_CONTROL
from funreason_plugin.environments.environment import Environment
from funreason_plugin.errors import UserError, did_you_mean

ADDITIONS: Mapping[str, Addition] = {
    "GorillaFileSystem": GORILLA_FILE_SYSTEM,
    "TwitterAPI": TWITTER,
    "MathAPI": MATH,
    "MessageAPI": MESSAGE,
    "TicketAPI": TICKET,
    "TradingBot": TRADING_BOT,
    "TravelAPI": TRAVEL,
    "VehicleControlAPI": VEHICLE_CONTROL,
}
_NAMES = {
    "GorillaFileSystem": "bfcl_file_system",
    "TwitterAPI": "bfcl_twitter",
    "MathAPI": "bfcl_math",
    "MessageAPI": "bfcl_message",
    "TicketAPI": "bfcl_ticket",
    "TradingBot": "bfcl_trading_bot",
    "TravelAPI": "bfcl_travel",
    "VehicleControlAPI": "bfcl_vehicle_control",
}


def bfcl_environments() -> list[type[Environment]]:
    """All eight classes as environments."""
    return [bfcl_environment(name) for name in ADDITIONS]


def bfcl_environment(class_name: str) -> type[Environment]:
    """One of the eight, by bfcl-eval's name for it: ``bfcl_environment("TradingBot")``."""
    if class_name not in ADDITIONS:
        raise UserError(
            f"bfcl-eval has no class {class_name!r}{did_you_mean(class_name, ADDITIONS)}; "
            f"expected {', '.join(ADDITIONS)}"
        )
    return _environment(class_name)


@cache
def _environment(class_name: str) -> type[BfclEnvironment]:
    return environment_class(class_name, _NAMES[class_name], ADDITIONS[class_name])
