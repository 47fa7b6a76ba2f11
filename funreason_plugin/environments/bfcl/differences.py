"""Where bfcl-eval's classes need a guard: shared objects, numbers that JSON lacks, unordered messages.

Results are theirs; only what would leak into other sessions, differ between processes or hang is changed.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Mapping
from typing import Any

from funreason_plugin.environments.bfcl import package
from funreason_plugin.environments.bfcl.addition import names

LISTED_ERRORS = frozenset(
    {"get_user_tickets", "get_watchlist", "get_order_history", "get_transaction_history"}
)
_TOO_LONG = (
    "Error during execution: Exceeds the limit (4300 digits) for integer string conversion; "
    "use sys.set_int_max_str_digits() to increase the limit"
)
_MOST_DIGITS = 4300
_DIGITS = 1000


def unlisted(result: Any) -> Any:
    """``[{"error": m}]`` and ``["Error: m"]`` as ``{"error": m}``."""
    if isinstance(result, list) and len(result) == 1:
        only = result[0]
        if isinstance(only, dict) and list(only) == ["error"]:
            return only
        if isinstance(only, str) and only.startswith("Error: "):
            return {"error": only.removeprefix("Error: ")}
    return result


def listed(tool: str, output: Any) -> Any:
    """The inverse of `unlisted`, `refused` and `_watchlist`."""
    if tool in REFUSALS and isinstance(output, dict) and REFUSALS[tool][0] in output:
        return {key: value for key, value in output.items() if key != "error"}
    if tool == "get_watchlist" and isinstance(output, list):
        return [... if symbol == "..." else symbol for symbol in output]
    if tool not in LISTED_ERRORS or not isinstance(output, dict) or "error" not in output:
        return output
    if output["error"].startswith("Error during execution: "):
        return output
    return [f"Error: {output['error']}"] if tool == "get_watchlist" else [{"error": output["error"]}]


REFUSALS: Mapping[str, tuple[str, Any, str]] = {  # tool: (field, its value, what is wrong then)
    "authenticate_twitter": ("authentication_status", False, "Wrong user name or password."),
    "follow_user": ("follow_status", False, "That user is followed already."),
    "get_nearest_airport_by_city": ("nearest_airport", "Unknown", "There is no airport for that location."),
    "get_symbol_by_name": ("symbol", "Stock not found", "No stock has that company name."),
    "get_zipcode_based_on_city": ("zipcode", "00000", "The zip code of that city is not known."),
    "logout": ("success", False, "No user is logged in."),
    "message_login": ("login_status", False, "There is no user with that ID."),
    "retweet": ("retweet_status", "Already retweeted", "That tweet was retweeted already."),
    "ticket_login": ("success", False, "User name and password must be given."),
    "trading_login": ("status", "Already logged in", "A user is logged in already."),
    "trading_logout": ("status", "No user is currently logged in", "No user is currently logged in."),
    "unfollow_user": ("unfollow_status", False, "That user is not followed."),
    "verify_traveler_information": ("verification_status", False, "The traveler could not be verified."),
}


def refused(tool: str, result: Any) -> Any:
    """For scenarios of our own: what failed says so in "error" too, beside their own field for it."""
    known = REFUSALS.get(tool)
    if known is None or not isinstance(result, dict) or "error" in result or result.get(known[0]) != known[1]:
        return result
    return {**result, "error": known[2]}


def mend(instance: Any) -> None:
    """For scenarios of our own: comments are found by the number of their tweet, as they are written."""
    comments = vars(instance).get("comments")
    if isinstance(comments, dict):
        instance.comments = {int(key): value for key, value in comments.items()}


# -- shared between their instances -------------------------------------------------------------------


def _post_tweet(instance: Any, arguments: dict[str, Any]) -> Any:
    """Their default lists are one object for all tweets; "mention" would write into every other session."""
    return instance.post_tweet(**{"tags": [], "mentions": [], **arguments})


def _outside_temperature(instance: Any, arguments: dict[str, Any]) -> Any:
    """In long context they write the reading into a table that all instances share."""
    if arguments or not instance.long_context:
        return instance.get_outside_temperature_from_google(**arguments)
    reading = instance._random.uniform(-10.0, 40.0)
    return {**package.long_context().LONG_WEATHER_EXTENSION, "outsideTemperature": reading}


def _watchlist(instance: Any, arguments: dict[str, Any]) -> Any:
    """The symbols that fill it in long context end in Python's Ellipsis, which JSON lacks."""
    result = unlisted(instance.get_watchlist(**arguments))
    return ["..." if symbol is ... else symbol for symbol in result] if isinstance(result, list) else result


def _logarithm(instance: Any, arguments: dict[str, Any]) -> Any:
    """They set mpmath's precision for the whole process."""
    import mpmath

    before = mpmath.mp.prec
    try:
        result = instance.logarithm(**_at_most(arguments))
        if type(result.get("result")) is mpmath.mpf:  # as many digits as it prints
            return {"result": float(repr(result["result"])[5:-2])}
        return _number_result(result)
    finally:
        mpmath.mp.prec = before


def _square_root(instance: Any, arguments: dict[str, Any]) -> Any:
    """They set the thread's decimal precision."""
    with decimal.localcontext():
        return _number_result(instance.square_root(**_at_most(arguments)))


def _at_most(arguments: dict[str, Any]) -> dict[str, Any]:
    """A precision beyond all that a double shows only takes time."""
    precision = arguments.get("precision")
    return (
        {**arguments, "precision": _DIGITS} if type(precision) is int and precision > _DIGITS else arguments
    )


# -- messages that print a set: one order, in every process ---------------------------------------------


def _book_flight(instance: Any, arguments: dict[str, Any]) -> Any:
    result = instance.book_flight(**arguments)
    if str(result.get("error", "")).startswith("Invalid travel class"):
        result["error"] = "Invalid travel class. Must be one of {'economy', 'business', 'first'}"
    return result


def _edit_ticket(instance: Any, arguments: dict[str, Any]) -> Any:
    result = instance.edit_ticket(**arguments)
    start, colon, fields = str(result.get("error", "")).partition("Invalid fields for update: ")
    return {"error": colon + ", ".join(sorted(fields.split(", ")))} if colon and not start else result


# -- numbers ------------------------------------------------------------------------------------------


def _power(instance: Any, arguments: dict[str, Any]) -> Any:
    """A power that is too long to print is refused before it is computed: it could take for ever, and holds
    the interpreter lock. Theirs computes it, and then fails to print it with this message."""
    base, exponent = arguments.get("base"), arguments.get("exponent")
    if (
        type(base) is int
        and type(exponent) is int
        and abs(base) > 1
        and exponent * math.log10(abs(base)) > _MOST_DIGITS + 1
    ):
        return {"error": _TOO_LONG}
    return _number_result(instance.power(**arguments))


def _round_number(instance: Any, arguments: dict[str, Any]) -> Any:
    """Rounding an integer to a place far beyond its digits is 0; theirs raises ten to that place first."""
    number, places = arguments.get("number"), arguments.get("decimal_places")
    if type(number) is int and type(places) is int and places < -_MOST_DIGITS:
        return {"result": 0}
    return _number_result(instance.round_number(**arguments))


def _numeric(name: str) -> Callable[[Any, dict[str, Any]], Any]:
    def call(instance: Any, arguments: dict[str, Any]) -> Any:
        return _number_result(getattr(instance, name)(**arguments))

    return call


def _number_result(result: Any) -> Any:
    """{"result": n} with an n that JSON has: doubles and 64-bit integers."""
    if type(result) is not dict or "result" not in result:
        return result
    value = result["result"]
    if type(value) is float:
        return result if math.isfinite(value) else {"result": str(value)}
    if type(value) is bool or (type(value) is int and -(2**63) <= value < 2**64):
        return result
    if type(value) is int or isinstance(value, decimal.Decimal):
        if type(value) is int and abs(value) >= 10**_MOST_DIGITS:
            return {"error": _TOO_LONG}
        return {"result": float(value)}
    return {"result": str(value)}  # complex numbers and what a model passed by mistake


_NUMERIC = names(
    "add subtract multiply divide absolute_value percentage mean standard_deviation "
    "min_value max_value sum_values si_unit_conversion imperial_si_conversion"
)

SPECIAL: Mapping[str, Callable[[Any, dict[str, Any]], Any]] = {
    "post_tweet": _post_tweet,
    "get_outside_temperature_from_google": _outside_temperature,
    "book_flight": _book_flight,
    "edit_ticket": _edit_ticket,
    "get_watchlist": _watchlist,
    "logarithm": _logarithm,
    "square_root": _square_root,
    "power": _power,
    "round_number": _round_number,
    **{name: _numeric(name) for name in _NUMERIC},
}
