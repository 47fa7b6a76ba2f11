"""Large states of `bank`: busy current accounts, a long list of payees, more standing orders."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from funreason_plugin.environments import bank_data as data
from funreason_plugin.environments.bank_scenario import Payee, StandingOrder, Transaction
from funreason_plugin.environments.enlarging import around, combinations, free_ids, listed

_FIRST: Final = listed(
    "Alma Anton Berta Bruno Clara Conrad Delia Edvard Elif Fabio Frida Gaspar Hilde Igor Ines Joris Karin Kemal Lena Levin "
    "Maren Milos Nadja Nils Olga Otto Petra Quentin Rosa Ruben Selma Stefan Tilda Tomas Ursula Victor Wilma Zoran"
)
_LAST: Final = listed(
    "Ackermann Arvidsson Bakker Birkeland Cassidy Cermak Danielsen Dubois Eberhardt Farrell Fischbach Galvez Hansson "
    "Hellström Imhof Jurgens Kessler Koskinen Lachance Lundgren Maddox Meireles Navratil Obermann Paulsen Pinheiro Ramaker "
    "Sandoval Schuster Tamm Ullmann Vasquez Wexler Zander"
)
_PLACES: Final = listed(
    "Abbey Birchwood Castle Dockside Elmwood Fairfield Greenhill Hillcrest Island Kingsway Lakeside Mayfield Newport Oakfield "
    "Parkview Queensgate Ridgeway Southbank Templeton Upland Ashgrove Bellmead Claybrook Danesbury Eastmoor Fenwick "
    "Glenholm Hazelbank Ironbridge Kelmscott Longcroft Millbrook Northwold Orchardton Priorswood Redcliff Stonebeck Thornhill"
)
_TRADES: Final = listed(
    "Bakery,Bookshop,Butcher,Car Wash,Deli,Dry Cleaning,Fish Market,Florist,Hardware,Noodle Bar,Opticians,Pet Supplies,"
    "Petrol,Pizzeria,Stationery,Toy Shop,Barber,Brewhouse,Cheese Shop,Coffee Bar,Garden Supplies,Ice Cream,Juice Bar,Newsagent,"
    "Sandwich Bar,Shoe Repair,Swimming Pool,Tea Room,Wine Store,Yarn Shop",
    ",",
)


def enlarge(state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
    """Bookings on current accounts and payees, ``times`` times as many; of standing orders a third of that."""
    state["transactions"] |= _bookings(rng, state, times)
    payees = _payees(rng, state, (times - 1) * len(state["payees"]))
    state["payees"] = around(state["payees"], payees)
    state["standing_orders"] = around(
        state["standing_orders"], _standing_orders(rng, state, list(payees), times)
    )
    return state


def _bookings(rng: Random, state: dict[str, Any], times: int) -> dict[str, Transaction]:
    """Of the last thirty days; every other party and every amount occurs once in an account, as in a small state."""
    old: dict[str, Transaction] = state["transactions"]
    drawn: list[Transaction] = []
    for account_id, account in state["accounts"].items():
        if account["kind"] != "current":
            continue
        known = [entry for entry in old.values() if entry["account_id"] == account_id]
        amounts = {entry["amount"] for entry in known}
        parties = _parties(rng, {entry["counterparty"] for entry in known})
        for name, low, high, direction, kind in parties[: (times - 1) * len(known)]:
            amount = round(rng.uniform(low, high), 2)
            while amount in amounts:
                amount = round(amount + 0.01, 2)
            amounts.add(amount)
            drawn.append(
                {
                    "account_id": account_id,
                    "days_ago": rng.randint(0, 29),
                    "direction": direction,
                    "counterparty": name,
                    "amount": amount,
                    "kind": kind,
                    "reference": "",
                }
            )
    return dict(zip(free_ids(rng, "TXN", 5, old, len(drawn)), drawn, strict=True))


def _parties(rng: Random, known: set[str]) -> list[tuple[str, float, float, str, str]]:
    """Name, least and largest amount, direction and kind, in random order."""
    found: list[tuple[str, float, float, str, str]] = []
    found += [(name, low, high, "outgoing", "card payment") for name, low, high in data.PURCHASES]
    found += [(name, low, high, "outgoing", "direct debit") for name, low, high in data.DEBITS]
    found += [(name, low, high, "incoming", "transfer") for name, low, high in data.INCOMES]
    found = [party for party in found if party[0] not in known]
    found += [
        (name, 4, 160, "outgoing", "card payment") for name in combinations(rng, _PLACES, _TRADES, known)
    ]
    rng.shuffle(found)
    return found


def _payees(rng: Random, state: dict[str, Any], count: int) -> dict[str, Payee]:
    taken = [*data.PAYEES, *(payee["name"] for payee in state["payees"].values()), state["customer"]["name"]]
    names = combinations(rng, _FIRST, _LAST, taken)[:count]
    return {
        key: {"name": name, "iban": data.draw_iban(rng)}
        for key, name in zip(free_ids(rng, "PYE", 5, state["payees"], len(names)), names, strict=True)
    }


def _standing_orders(
    rng: Random, state: dict[str, Any], payees: list[str], times: int
) -> dict[str, StandingOrder]:
    """Each to another payee and with another amount."""
    old: dict[str, StandingOrder] = state["standing_orders"]
    current = [key for key, account in state["accounts"].items() if account["kind"] == "current"]
    count = min((times - 1) * len(old) // 3, len(payees))
    amounts = [
        cents / 2 for cents in range(20, 2400) if cents / 2 not in {order["amount"] for order in old.values()}
    ]
    chosen = rng.sample(payees, count)
    return {
        key: {
            "account_id": rng.choice(current),
            "payee_id": payee_id,
            "amount": amount,
            "day_of_month": rng.randint(1, 28),
        }
        for key, payee_id, amount in zip(
            free_ids(rng, "STO", 5, old, count), chosen, rng.sample(amounts, count), strict=True
        )
    }
