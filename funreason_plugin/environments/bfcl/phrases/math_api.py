"""MathAPI in English."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "absolute_value": Phrases(
        ask=(
            "tell me how large {number} is without its sign",
            "give me the magnitude of {number}",
            "drop the sign of {number}",
        ),
        noun="magnitude of {number}",
        tell="That is {result}.",
    ),
    "add": Phrases(
        ask=(
            "tell me what {a} and {b} make together",
            "work out the sum of {a} and {b}",
            "calculate {a} plus {b}",
        ),
        noun="sum of {a} and {b}",
        tell="Together they make {result}.",
    ),
    "divide": Phrases(
        ask=(
            "calculate {a} over {b}",
            "tell me how often {b} goes into {a}",
            "work out the quotient of {a} and {b}",
        ),
        noun="quotient of {a} and {b}",
        tell="The quotient is {result}.",
    ),
    "imperial_si_conversion": Phrases(
        ask=(
            "convert {value} {unit_in} into {unit_out}",
            "tell me how much {value} {unit_in} is in {unit_out}",
            "express {value} {unit_in} in {unit_out}",
        ),
        noun="value of {value} {unit_in} in {unit_out}",
        tell="That is {result}.",
    ),
    "logarithm": Phrases(
        ask=(
            "work out log {value} to base {base}, precise to {precision} digits",
            "tell me to which exponent {base} must be raised to give {value}, with {precision} digits",
            "calculate the log of {value} for base {base} with a precision of {precision}",
        ),
        noun="log of {value} to base {base}",
        tell="It comes to {result}.",
    ),
    "max_value": Phrases(
        ask=(
            "tell me the largest of {numbers}",
            "pick the highest out of {numbers}",
            "say which of {numbers} is the greatest",
        ),
        noun="largest of {numbers}",
        tell="The largest is {result}.",
    ),
    "mean": Phrases(
        ask=(
            "work out the average of {numbers}",
            "tell me what {numbers} come to on average",
            "average {numbers} for me",
        ),
        noun="average of {numbers}",
        tell="The average is {result}.",
    ),
    "min_value": Phrases(
        ask=(
            "tell me the smallest of {numbers}",
            "pick the lowest out of {numbers}",
            "say which of {numbers} is the least",
        ),
        noun="smallest of {numbers}",
        tell="The smallest is {result}.",
    ),
    "multiply": Phrases(
        ask=(
            "work out the product of {a} and {b}",
            "calculate {a} times {b}",
            "tell me what {a} times {b} gives",
        ),
        noun="product of {a} and {b}",
        tell="The product is {result}.",
    ),
    "percentage": Phrases(
        ask=(
            "tell me what share of {whole} is made up by {part}, in percent",
            "work out how many percent {part} is of {whole}",
            "calculate {part} as a share of {whole} in percent",
        ),
        noun="share of {part} in {whole}",
        tell="That is {result} percent.",
    ),
    "power": Phrases(
        ask=(
            "raise {base} to the exponent {exponent}",
            "calculate {base} to the {exponent}",
            "tell me what {base} gives when it is multiplied by itself {exponent} times over, as {base} to the "
            "{exponent}",
        ),
        noun="result of {base} to the {exponent}",
        tell="The result is {result}.",
    ),
    "round_number": Phrases(
        ask=(
            "round {number}[ to {decimal_places} decimal places]",
            "shorten {number} by rounding it[ to {decimal_places} decimal places]",
            "give me {number} in round figures[, with {decimal_places} decimal places]",
        ),
        noun="rounded value of {number}",
        tell="Rounded, it is {result}.",
    ),
    "si_unit_conversion": Phrases(
        ask=(
            "convert {value} {unit_in} into {unit_out}",
            "tell me how many {unit_out} are in {value} {unit_in}",
            "express {value} {unit_in} in {unit_out}",
        ),
        noun="length of {value} {unit_in} in {unit_out}",
        tell="That is {result}.",
    ),
    "square_root": Phrases(
        ask=(
            "work out the root of {number} with {precision} digits",
            "tell me which number squared gives {number}, precise to {precision} digits",
            "extract the root of {number} to {precision} digits",
        ),
        noun="root of {number}",
        tell="The root is {result}.",
    ),
    "standard_deviation": Phrases(
        ask=(
            "tell me how widely {numbers} scatter around their average",
            "work out the spread of {numbers} as one figure, the root of the variance",
            "calculate sigma for {numbers}",
        ),
        noun="spread of {numbers}",
        tell="They scatter by {result}.",
    ),
    "subtract": Phrases(
        ask=(
            "take {b} away from {a}",
            "calculate {a} minus {b}",
            "work out the difference when {b} is taken from {a}",
        ),
        noun="difference of {a} and {b}",
        tell="The difference is {result}.",
    ),
    "sum_values": Phrases(
        ask=(
            "total up {numbers}",
            "tell me the sum of {numbers}",
            "work out what {numbers} come to in all",
        ),
        noun="total of {numbers}",
        tell="The total is {result}.",
    ),
}
