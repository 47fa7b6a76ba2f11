"""TradingBot: accounts, orders, watch lists. The symbols that its look-ups know are always quoted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition, names, renamed
from funreason_plugin.environments.bfcl.people import full_name, password, user_name
from funreason_plugin.environments.bfcl.phrases.trading_bot import PHRASES
from funreason_plugin.environments.marks import Ref, Values

TODAY = datetime(2024, 9, 1)  # the class's own date
COMPANIES = {  # what its look-up by name knows
    "Apple": "AAPL",
    "Google": "GOOG",
    "Tesla": "TSLA",
    "Microsoft": "MSFT",
    "Nvidia": "NVDA",
    "Zeta Corp": "ZETA",
    "Alpha Tech": "ALPH",
    "Omega Industries": "OMEG",
    "Quasar Ltd.": "QUAS",
    "Neptune Systems": "NEPT",
    "Synex Solutions": "SYNX",
    "Amazon": "AMZN",
    "Gorilla": "GORI",
}
_SECTORS = ("AAPL", "GOOG", "MSFT", "NVDA", "TSLA", "F", "GM")  # what its look-up by sector knows
_USUAL_PRICE = {
    "AAPL": 214, "GOOG": 168, "MSFT": 412, "NVDA": 119, "TSLA": 231, "F": 11, "GM": 47, "AMZN": 178, "GORI": 64,
    "ZETA": 31, "ALPH": 142, "OMEG": 96, "QUAS": 268, "NEPT": 55, "SYNX": 187, "KO": 71, "DIS": 92, "COST": 875,
    "SBUX": 94, "INTC": 22, "UBER": 73, "SHOP": 74, "PFE": 29, "NKE": 83, "WMT": 77, "ADBE": 570, "PEP": 173,
}  # fmt: skip
_AMOUNTS = (150, 250, 400, 500, 750, 1000, 1200, 1500, 1800, 2500, 3000, 4000, 5000)


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """An account with cash, a few orders in every status, a watch list and past transactions."""
    others = [symbol for symbol in _USUAL_PRICE if symbol not in _SECTORS]
    symbols = [*_SECTORS, *sorted(rng.sample(others, rng.randint(6, 10)))]
    stocks = {symbol: _quote(rng, _USUAL_PRICE[symbol]) for symbol in symbols}
    order_id = rng.randint(20_000, 88_000)
    orders: dict[str, Any] = {}
    statuses = [
        "Completed",
        "Open",
        "Pending",
        *rng.choices(("Completed", "Open", "Cancelled"), k=rng.randint(0, 3)),
    ]
    if rng.random() < 0.4:  # a single order can be spoken of without its number
        statuses = [rng.choice(("Open", "Pending"))]
    for status in rng.sample(statuses, len(statuses)):
        symbol = rng.choice(symbols)
        orders[str(order_id)] = {
            "id": order_id,
            "order_type": rng.choice(("Buy", "Buy", "Sell")),
            "symbol": symbol,
            "price": round(stocks[symbol]["price"] * rng.uniform(0.93, 1.06), 2),
            "amount": rng.choice((2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 60)),
            "status": status,
        }
        order_id += rng.randint(6, 80)
    name = full_name(rng)
    return {
        "orders": orders,
        "account_info": {
            "account_id": rng.randint(30_000, 99_000),
            "balance": round(rng.uniform(6_000, 60_000), 2),
            "binding_card": rng.randint(4_000_000_000_000_000, 4_999_999_999_999_999),
        },
        "authenticated": False,
        "market_status": "Open" if rng.random() < 0.9 else "Closed",
        "order_counter": order_id,
        "stocks": stocks,
        "watch_list": rng.sample(symbols, rng.randint(2, 5)),
        "transaction_history": _transactions(rng),
        "person": {
            "username": user_name(rng, name),
            "password": password(rng),
            "companies": [company for company, symbol in COMPANIES.items() if symbol in stocks],
            "plans": [_plan(rng, stocks, symbol) for symbol in rng.sample(symbols, 5)],
        },
    }


def _plan(rng: Random, stocks: dict[str, Any], symbol: str) -> dict[str, Any]:
    """An order that the person has in mind: a price near the quote."""
    price = stocks[symbol]["price"] * rng.uniform(0.95, 1.04)
    return {"symbol": symbol, "price": round(price, 1) if price < 100 else round(price)}


def _quote(rng: Random, usual: float) -> dict[str, float]:
    price = round(usual * rng.uniform(0.82, 1.22), 2)
    return {
        "price": price,
        "percent_change": round(rng.uniform(-4.5, 4.5), 2),
        "volume": round(rng.uniform(0.3, 9.5), 3),
        "MA(5)": round(price * rng.uniform(0.98, 1.02), 2),
        "MA(20)": round(price * rng.uniform(0.94, 1.06), 2),
    }


def _transactions(rng: Random) -> list[dict[str, Any]]:
    found = []
    for days in sorted(rng.sample(range(5, 170), rng.randint(2, 6)), reverse=True):
        when = TODAY - timedelta(days=days, minutes=-rng.randint(540, 1040))
        kind = rng.choice(("deposit", "deposit", "withdrawal"))
        amount = float(rng.choice(_AMOUNTS))
        found.append({"type": kind, "amount": amount, "timestamp": when.strftime("%Y-%m-%d %H:%M:%S")})
    return found


def _not_watched(state: dict[str, Any], rng: Random) -> list[str]:
    return [symbol for symbol in state["stocks"] if symbol not in state["watch_list"]]


def _withdrawable(state: dict[str, Any], rng: Random) -> list[int]:
    return [amount for amount in _AMOUNTS if amount <= state["account_info"]["balance"]]


def _planned(key: str) -> Callable[[dict[str, Any], Random], list[Any]]:
    """Of the next order that the person has in mind; symbol and price belong together."""
    return lambda state, rng: [state["person"]["plans"][len(state["orders"]) % 5][key]]


def _signing_in(key: str) -> Callable[[dict[str, Any], Random], list[str]]:
    """What the person signs in with; nothing while they are signed in."""
    return lambda state, rng: [] if state["authenticated"] else [state["person"][key]]


def _before_first(state: dict[str, Any], rng: Random) -> list[str]:
    """Days on or before the first transaction, so that the range holds some."""
    times = [entry["timestamp"][:10] for entry in state["transaction_history"]]
    first = min([*times, "2024-06-15"])
    return sorted({first, first[:8] + "01", "2024-01-01"})


_ORDER = Ref("order")

TRADING_BOT = Addition(
    document="trading_bot",
    policy=(
        "You look after a customer's trading account: quotes, orders, watch list and cash. The customer logs in "
        "before anything is changed or account data is shown. Use symbols, order numbers and prices only as the "
        "tools or the customer give them."
    ),
    scenario=scenario,
    writes=frozenset(
        names(
            "add_to_watchlist cancel_order fund_account place_order remove_stock_from_watchlist trading_login "
            "trading_logout withdraw_funds"
        )
    ),
    draws=frozenset(("fund_account", "withdraw_funds")),
    seed=1053520,
    marks={
        "add_to_watchlist": {"stock": (Ref("symbol", known=True), Values.call(_not_watched))},
        "cancel_order": {"order_id": _ORDER},
        "filter_stocks_by_price": {
            "stocks": Values.state("stocks.keys()"),
            "stocks[]": Values.state("stocks.keys()"),
            "min_price": Values.of((10, 20, 25, 40, 50, 75, 100)),
            "max_price": Values.of((180, 200, 250, 300, 400, 500, 1000)),
        },
        "fund_account": {"amount": Values.of(_AMOUNTS)},
        "get_available_stocks": {
            "sector": (Ref("sector", known=True), Values.of(("Technology", "Automobile")))
        },
        "get_order_details": {"order_id": _ORDER},
        "get_stock_info": {"symbol": Ref("symbol")},
        "get_symbol_by_name": {"name": (Ref("company", known=True), Values.state("person.companies[]"))},
        "get_transaction_history": {
            "start_date": Values.call(_before_first),
            "end_date": Values.of(("2024-08-31", "2024-09-01", "2024-12-31")),
        },
        "notify_price_change": {
            "stocks": Values.state("stocks.keys()"),
            "stocks[]": Values.state("stocks.keys()"),
            "threshold": Values.of((0.5, 1, 1.5, 2, 2.5, 3, 4)),
        },
        "place_order": {
            "order_type": Values.of(("Buy", "Sell")),
            "symbol": (Ref("symbol", known=True), Values.call(_planned("symbol"))),
            "price": Values.call(_planned("price")),
            "amount": Values.of((2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)),
        },
        "remove_stock_from_watchlist": {"symbol": (Ref("symbol", known=True), Values.state("watch_list[]"))},
        "trading_login": {
            "username": Values.call(_signing_in("username")),
            "password": Values.call(_signing_in("password")),
        },
        "withdraw_funds": {"amount": Values.call(_withdrawable)},
    },
    results={"get_order_history": renamed(order_history="history")},
    refs={
        "cancel_order": {"order_id": _ORDER},
        "get_available_stocks": {"stock_list[]": Ref("symbol", known=True)},
        "get_order_details": {"id": _ORDER},
        "get_order_history": {"history[]": _ORDER},
        "get_symbol_by_name": {"symbol": Ref("symbol", known=True)},
        "get_watchlist": {"watchlist[]": Ref("symbol", known=True)},
        "filter_stocks_by_price": {
            "filtered_stocks[]": Ref("filtered symbol", known=True)
        },  # the person named them
        "place_order": {"order_id": _ORDER},
    },
    declared=tuple(
        ("trading_login", tool)
        for tool in names(
            "fund_account get_account_info get_order_history get_transaction_history get_watchlist place_order "
            "remove_stock_from_watchlist withdraw_funds"
        )
    ),
    needs={"trading_logout": ("trading_login",)},
    phrases=PHRASES,
)
