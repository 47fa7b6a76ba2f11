"""VehicleControlAPI: a car and a trip. Every scenario has a region whose cities the distance table connects."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition, inner, names, renamed
from funreason_plugin.environments.bfcl.phrases.vehicle_control_api import PHRASES
from funreason_plugin.environments.marks import Prose, Ref, Values

TANK = 50.0  # gallons
DOORS = ("driver", "passenger", "rear_left", "rear_right")
_REGIONS = (  # any two cities of one are in the class's distance table
    ("San Francisco", "Rivermist", "Stonebrook"),
    ("Maplecrest", "Silverpine"),
    ("Silverpine", "Oakendale"),
    ("San Francisco", "Silverpine"),
    ("Shadowridge", "Sunset Valley"),
    ("Oakendale", "Willowbend"),
    ("Crescent Hollow", "Autumnville"),
)
_STREETS = (
    "88 Quarry Lane", "1402 Birch Terrace", "27 Lighthouse Road", "615 Foundry Street", "9 Mill Pond Way",
    "330 Cannery Row", "74 Orchard Bend", "2210 Summit Drive", "51 Chapel Hill", "806 Ferry Landing",
)  # fmt: skip
_STATES = {"San Francisco": "CA"}
_LOG_LINES = (
    "Trip started with a full tank",
    "Left front tire topped up",
    "Coolant checked, level is fine",
    "Wipers replaced",
    "Passenger window does not close completely",
    "Oil change due soon",
    "Driver swapped at the rest stop",
    "Child seat fitted in the back",
)


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """A parked car, as its last driver left it."""
    region = list(rng.choice(_REGIONS))
    ajar = rng.choice(((), (), (), ("driver",), ("driver",), ("driver", "passenger"), ("rear_left",), DOORS))
    braking = rng.random() < 0.45
    tires = round(rng.uniform(27.5, 35.0), 1)
    return {
        "fuelLevel": round(rng.uniform(2.0, 34.0), 1),
        "batteryVoltage": round(rng.uniform(11.9, 13.1), 1),
        "engineState": "stopped",
        "doorStatus": {door: "unlocked" if door in ajar else "locked" for door in DOORS},
        "acTemperature": float(rng.randint(17, 27)),
        "fanSpeed": rng.choice((15, 30, 45, 60, 75)),
        "acMode": rng.choice(("auto", "cool", "heat", "defrost")),
        "humidityLevel": float(rng.randint(28, 71)),
        "headLightStatus": rng.choice(("on", "off")),
        "parkingBrakeStatus": rng.choice(("engaged", "released")),
        "parkingBrakeForce": 0.0,
        "slopeAngle": float(rng.randint(0, 8)),
        "brakePedalStatus": "pressed" if braking else "released",
        "brakePedalForce": 1000.0 if braking else 0.0,
        "distanceToNextVehicle": float(rng.randint(15, 180)),
        "cruiseStatus": "inactive",
        "destination": "None",
        "frontLeftTirePressure": round(tires + rng.uniform(-1, 1), 1),
        "frontRightTirePressure": round(tires + rng.uniform(-1, 1), 1),
        "rearLeftTirePressure": round(tires - rng.uniform(0, 3), 1),
        "rearRightTirePressure": round(tires - rng.uniform(0, 3), 1),
        "person": {
            "cities": region,
            "addresses": [f"{street}, {city}, {_STATES.get(city, 'OR')}" for city in region
                          for street in rng.sample(_STREETS, 2)],
        },
    }  # fmt: skip


def _fitting_fuel(state: dict[str, Any], rng: Random) -> list[float]:
    room = TANK - state["fuelLevel"]
    return [amount for amount in (2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 20, 25) if amount <= room]


def _locking(state: dict[str, Any]) -> bool:
    """Whether doors are to be locked next (some are open) or unlocked."""
    return "unlocked" in state["doorStatus"].values() and state["engine_state"] == "stopped"


def _unlock(state: dict[str, Any], rng: Random) -> bool:
    return not _locking(state)


def _doors(state: dict[str, Any], rng: Random) -> list[list[str]]:
    wanted = "unlocked" if _locking(state) else "locked"
    doors = [door for door in DOORS if state["doorStatus"][door] == wanted]
    single = [[door] for door in doors] if wanted == "locked" else []
    return [doors, *single] if doors else []


def _door(state: dict[str, Any], rng: Random) -> list[str]:
    return _doors(state, rng)[0] if _doors(state, rng) else []


def _brake_mode(state: dict[str, Any], rng: Random) -> str:
    return "release" if state["parkingBrakeStatus"] == "engaged" else "engage"


def _light_mode(state: dict[str, Any], rng: Random) -> str:
    return "off" if state["headLightStatus"] == "on" else "on"


def _pedal(state: dict[str, Any], rng: Random) -> list[float]:
    if state["engine_state"] == "stopped":
        return [] if state["brakePedalForce"] == 1000 else [1]
    return [0.25, 0.4, 0.6, 0.8]


def _ignition(state: dict[str, Any], rng: Random) -> list[str]:
    return ["START"] if state["engine_state"] == "stopped" else []


_ZIP = Ref("zipcode")

VEHICLE_CONTROL = Addition(
    document="vehicle_control",
    policy=(
        "You are the assistant of a car. The engine starts only when all doors are locked and the brake pedal is "
        "pressed all the way; cruise control needs a running engine. Do what the driver asks and nothing beyond it."
    ),
    scenario=scenario,
    writes=frozenset(
        names(
            "activateParkingBrake adjustClimateControl fillFuelTank lockDoors pressBrakePedal releaseBrakePedal "
            "setCruiseControl setHeadlights set_navigation startEngine"
        )
    ),
    draws=frozenset(("get_current_speed", "get_outside_temperature_from_google")),
    seed=141053,
    hidden={
        "parkingBrakeForce": "_parkingBrakeForce",
        "slopeAngle": "_slopeAngle",
        "brakePedalForce": "_brakePedalForce",
    },
    marks={
        "activateParkingBrake": {"mode": Values.call(_brake_mode)},
        "adjustClimateControl": {
            "temperature": Values.of((17, 18, 19, 20, 21, 22, 23, 24, 25, 26)),
            "unit": Values.of(("celsius",)),
            "fanSpeed": Values.of((10, 20, 25, 35, 40, 55, 65, 80, 90)),
            "mode": Values.of(("auto", "cool", "heat", "defrost")),
        },
        "displayCarStatus": {
            "option": Values.of(
                ("fuel", "battery", "doors", "climate", "headlights", "parkingBrake", "brakePedal", "engine")
            )
        },
        "display_log": {"messages": Values.of(_LOG_LINES), "messages[]": Prose(_LOG_LINES)},
        "estimate_distance": {"cityA": _ZIP, "cityB": _ZIP},
        "estimate_drive_feasibility_by_mileage": {
            "distance": Values.of((45, 80, 120, 180, 240, 320, 410, 560, 700))
        },
        "fillFuelTank": {"fuelAmount": Values.call(_fitting_fuel)},
        "gallon_to_liter": {"gallon": Values.of((2, 3.5, 5, 7.5, 9, 11, 14, 16, 22))},
        "get_zipcode_based_on_city": {"city": (Ref("city", known=True), Values.state("person.cities[]"))},
        "liter_to_gallon": {"liter": Values.of((8, 12, 18, 24, 28, 33, 42, 55, 70))},
        "lockDoors": {
            "unlock": Values.call(_unlock),
            "door": Values.call(_doors),
            "door[]": Values.call(_door),
        },
        "pressBrakePedal": {"pedalPosition": Values.call(_pedal)},
        "setCruiseControl": {
            "speed": Values.of((30, 35, 45, 50, 55, 60, 65, 70)),
            "activate": Values.of((True,)),
            "distanceToNextVehicle": Values.of((40, 60, 75, 90, 120, 150)),
        },
        "setHeadlights": {"mode": Values.call(_light_mode)},
        "set_navigation": {"destination": (Ref("address", known=True), Values.state("person.addresses[]"))},
        "startEngine": {"ignitionMode": Values.call(_ignition)},
    },
    results={
        "adjustClimateControl": renamed(currentTemperature="currentACTemperature"),
        "check_tire_pressure": inner("tirePressure"),
        "displayCarStatus": inner("status"),
    },
    refs={
        "find_nearest_tire_shop": {"shopLocation": Ref("address", known=True)},
        "get_zipcode_based_on_city": {"zipcode": _ZIP},
    },
    phrases=PHRASES,
)
