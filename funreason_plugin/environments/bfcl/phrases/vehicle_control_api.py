"""VehicleControlAPI in English."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "activateParkingBrake": Phrases(
        ask=(
            "see to the parking brake and {mode} it",
            "take hold of the parking brake and {mode} it",
            "use the hand brake lever to {mode} the parking brake",
        ),
        tell="The parking brake is {parkingBrakeStatus}.",
    ),
    "adjustClimateControl": Phrases(
        ask=(
            "set the air conditioning to {temperature} degrees[ {unit}][, fan at {fanSpeed}][, in {mode} mode]",
            "bring the cabin to {temperature} degrees[ {unit}][ with the fan at {fanSpeed}][ in {mode} mode]",
            "make it {temperature} degrees[ {unit}] in the car[, with the fan at {fanSpeed}][, mode {mode}]",
        ),
        tell="The climate control is set to {currentACTemperature} degrees in {climateMode} mode; the humidity is "
        "{humidityLevel} percent.",
        reports=("currentACTemperature", "climateMode"),
    ),
    "check_tire_pressure": Phrases(
        ask=(
            "tell me how much pressure the tires have",
            "have a look at the tires and give me their pressure",
            "measure the pressure of all four tires",
            "see whether the tires are still well inflated",
        ),
        noun="pressure of the tires",
        tell="The tires have {frontLeftTirePressure} and {frontRightTirePressure} psi in front, "
        "{rearLeftTirePressure} and {rearRightTirePressure} psi in the rear; healthy: {healthy_tire_pressure}.",
    ),
    "displayCarStatus": Phrases(
        ask=(
            "show me the {option} page of the car's status",
            "give me the car's status for {option}",
            "tell me what the car reports under {option}",
            "read me the {option} section of the car status",
        ),
        noun="status of {option}",
    ),
    "display_log": Phrases(
        ask=(
            "put {messages} on the car's screen as log entries",
            "let the dashboard show {messages} in its log",
            "have {messages} appear in the log on the screen",
        ),
        tell="The screen shows {log}.",
    ),
    "estimate_distance": Phrases(
        ask=(
            "work out how far it is from {cityA} to {cityB}",
            "tell me how many kilometres lie between {cityA} and {cityB}",
            "measure the way from {cityA} to {cityB}",
        ),
        noun="distance from {cityA} to {cityB}",
        tell="It is {distance} km.",
    ),
    "estimate_drive_feasibility_by_mileage": Phrases(
        ask=(
            "tell me whether the fuel lasts for {distance} miles",
            "check if the car makes it {distance} miles on what is in the tank",
            "see if I can drive {distance} miles without refuelling",
        ),
        noun="answer on whether the fuel lasts for {distance} miles",
        tell="Enough fuel for that: {canDrive}.",
    ),
    "fillFuelTank": Phrases(
        ask=(
            "put {fuelAmount} gallons of fuel into the car",
            "fuel the car up with another {fuelAmount} gallons",
            "take on {fuelAmount} gallons of fuel",
            "pump {fuelAmount} gallons into the tank",
        ),
        tell="The tank now holds {fuelLevel} gallons.",
    ),
    "find_nearest_tire_shop": Phrases(
        ask=(
            "tell me where the closest place for new tires is",
            "look up the nearest garage that does tires",
            "locate a tire dealer close by",
        ),
        noun="address of the closest tire dealer",
        tell="The closest one is at {shopLocation}.",
    ),
    "gallon_to_liter": Phrases(
        ask=(
            "tell me how many liters {gallon} gallons are",
            "convert {gallon} gallons into liters",
            "work out {gallon} gallons in liters",
        ),
        noun="amount of {gallon} gallons in liters",
        tell="That is {liter} liters.",
    ),
    "get_current_speed": Phrases(
        ask=(
            "tell me how fast the car is going",
            "read the speedometer to me",
            "check our speed",
        ),
        noun="speed of the car",
        tell="The car is going {currentSpeed} km/h.",
    ),
    "get_outside_temperature_from_google": Phrases(
        ask=(
            "ask Google how warm it is outside",
            "check the temperature outside with Google",
            "tell me what Google says about the temperature outside",
        ),
        noun="temperature outside according to Google",
        tell="Outside it is {outsideTemperature} degrees Celsius.",
    ),
    "get_outside_temperature_from_weather_com": Phrases(
        ask=(
            "ask weather.com how warm it is outside",
            "check the temperature outside with weather.com",
            "tell me what weather.com says about the temperature outside",
        ),
        noun="temperature outside according to weather.com",
        tell="Outside it is {outsideTemperature} degrees Celsius.",
    ),
    "get_zipcode_based_on_city": Phrases(
        ask=(
            "look up the zip code of {city}",
            "tell me which zip code {city} has",
            "check the postal code of {city}",
        ),
        noun="city of {city}",
        tell="The zip code is {zipcode}.",
    ),
    "liter_to_gallon": Phrases(
        ask=(
            "tell me how many gallons {liter} liters are",
            "convert {liter} liters into gallons",
            "work out {liter} liters in gallons",
        ),
        noun="amount of {liter} liters in gallons",
        tell="That is {gallon} gallons.",
    ),
    "lockDoors": Phrases(
        ask=(
            "set the locks of the doors {door} (unlocked: {unlock})",
            "see to the locks of the doors {door} (unlocked afterwards: {unlock})",
            "switch the locks of the doors {door} (to be unlocked: {unlock})",
        ),
        tell="Those doors are {lockStatus}; doors still unlocked: {remainingUnlockedDoors}.",
        reports=("lockStatus", "remainingUnlockedDoors"),
    ),
    "pressBrakePedal": Phrases(
        ask=(
            "press the brake to position {pedalPosition} (1 is all the way)",
            "push the brake pedal down to {pedalPosition} (where 1 is fully pressed)",
            "hold the brake at {pedalPosition} (of 1)",
        ),
        tell="The brake pedal is {brakePedalStatus} with a force of {brakePedalForce} newtons.",
        reports=("brakePedalStatus",),
    ),
    "releaseBrakePedal": Phrases(
        ask=(
            "take the foot off the brake pedal",
            "let go of the brake pedal",
            "release the pedal of the brake",
        ),
        tell="The brake pedal is {brakePedalStatus}.",
    ),
    "setCruiseControl": Phrases(
        ask=(
            "set the cruise control to {speed} (active: {activate}) and stay {distanceToNextVehicle} meters behind "
            "the car ahead",
            "use the cruise control at {speed} (switched on: {activate}) with {distanceToNextVehicle} meters of "
            "distance",
            "have the cruise control hold {speed} (on: {activate}), keeping {distanceToNextVehicle} meters to the "
            "next car",
        ),
        tell="The cruise control is {cruiseStatus} at {currentSpeed}, {distanceToNextVehicle} meters behind the next "
        "vehicle.",
        reports=("cruiseStatus",),
    ),
    "setHeadlights": Phrases(
        ask=(
            "turn the headlights {mode}",
            "switch the front lights {mode}",
            "put the headlights {mode}",
        ),
        tell="The headlights are {headlightStatus}.",
    ),
    "set_navigation": Phrases(
        ask=(
            "guide me to {destination}",
            "enter {destination} as the destination",
            "plan the route to {destination}",
            "take me to {destination} with the route guidance",
        ),
        tell="{status}.",
    ),
    "startEngine": Phrases(
        ask=(
            "get the engine running (ignition: {ignitionMode})",
            "turn the key to {ignitionMode} so that the engine runs",
            "fire up the engine with the ignition on {ignitionMode}",
        ),
        tell="The engine is {engineState}; the tank holds {fuelLevel} gallons and the battery has {batteryVoltage} "
        "volts.",
        reports=("engineState",),
    ),
}
