"""Two small environments about different things: what the tests of the variants make conversations in."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any

from typing_extensions import TypedDict

from funreason_plugin import Environment, Ref, ToolError, Values, tool

ZONES = ("harbour", "station", "market", "castle", "museum")
DISHES = ("lentil soup", "apple pie", "fish stew", "plum cake", "pea risotto")


class Spot(TypedDict):
    spot_id: str
    level: int
    price: float


class Spots(TypedDict):
    spots: list[Spot]


class Rental(TypedDict):
    rental_id: Annotated[str, Ref("rental")]
    total: float


class Rentals(TypedDict):
    rentals: list[Rental]


class Parking(Environment):
    """Parking spots in a town, by the hour."""

    policy = "You help with parking."
    spots: dict[str, dict[str, Any]]
    rentals: dict[str, dict[str, Any]]

    def scenario(self, rng: Random) -> dict[str, Any]:
        spots: dict[str, dict[str, Any]] = {}
        for number in rng.sample(range(100, 999), 15):
            spots[f"SP{number}"] = {
                "zone": ZONES[len(spots) % 5],
                "level": len(spots) // 5 + 1,
                "price": rng.randint(100, 900) / 100,
            }
        return {"spots": spots, "rentals": {}}

    def enlarge(self, state: dict[str, Any], rng: Random, times: int) -> dict[str, Any]:
        spots, old = state["spots"], len(state["spots"])
        for number in rng.sample(range(1000, 9999), old * (times - 1)):
            level, price = rng.randint(1, 9), rng.randint(100, 90_000) / 100
            spots[f"SP{number}"] = {"zone": ZONES[len(spots) % 5], "level": level, "price": price}
        return {**state, "spots": dict(rng.sample(list(spots.items()), len(spots)))}

    @tool(
        ask=["find free spots in the {zone} zone", "see what is free around the {zone}"],
        noun="spot in the {zone} zone",
    )
    def find_spots(self, zone: Annotated[str, Values.of(ZONES)]) -> Spots:
        """Free parking spots of a zone.

        Args:
            zone: The zone of the town.
        """
        found: list[Spot] = [
            {"spot_id": name, "level": spot["level"], "price": spot["price"]}
            for name, spot in self.spots.items()
            if spot["zone"] == zone
        ]
        if not found:
            raise ToolError(f"no zone {zone!r}")
        return {"spots": found}

    @tool(
        writes=True,
        ask=["rent {spot_id} for {hours} hours", "take {spot_id} for {hours} hours"],
        noun="rental",
        tell="That comes to {total} euros.",
    )
    def rent_spot(
        self, spot_id: Annotated[str, Ref("spot")], hours: Annotated[int, Values.of((2, 3, 5, 7))]
    ) -> Rental:
        """Rent a spot.

        Args:
            spot_id: The spot.
            hours: For how long.
        """
        if spot_id not in self.spots:
            raise ToolError(f"no spot {spot_id}")
        rental = self.new_id("RN", taken=self.rentals)
        total = round(self.spots[spot_id]["price"] * hours, 2)
        self.rentals[rental] = {"spot_id": spot_id, "hours": hours, "total": total}
        return {"rental_id": rental, "total": total}

    @tool(ask=["list my rentals", "show me what I have rented"], noun="rental")
    def list_rentals(self) -> Rentals:
        """What is rented at present."""
        return {
            "rentals": [
                {"rental_id": name, "total": rental["total"]} for name, rental in self.rentals.items()
            ]
        }

    @tool(ask=["tell me the opening hours of the garage at the {zone}"], tell="It is open until {until}.")
    def garage_hours(self, zone: Annotated[str, Values.of(ZONES)]) -> dict[str, str]:
        """When the garage of a zone closes.

        Args:
            zone: The zone of the town.
        """
        if zone not in ZONES:
            raise ToolError(f"no zone {zone!r}")
        return {"until": f"{18 + ZONES.index(zone)}:30"}

    @tool(ask=["tell me what one pays for a night near the {zone}"], tell="A night costs {euros} euros.")
    def night_rates(self, zone: Annotated[str, Values.of(ZONES)]) -> dict[str, int]:
        """What a night costs in a zone.

        Args:
            zone: The zone of the town.
        """
        if zone not in ZONES:
            raise ToolError(f"no zone {zone!r}")
        return {"euros": 12 + 3 * ZONES.index(zone)}


class Recipe(TypedDict):
    recipe_id: str
    minutes: int


class Meal(TypedDict):
    meal_id: Annotated[str, Ref("meal")]
    portions: int


class Kitchen(Environment):
    """Recipes, and meals that are planned with them."""

    policy = "You help in the kitchen."
    recipes: dict[str, dict[str, Any]]
    meals: dict[str, dict[str, Any]]

    def scenario(self, rng: Random) -> dict[str, Any]:
        recipes = {
            f"RC{number}": {"dish": DISHES[index], "minutes": rng.randint(15, 90)}
            for index, number in enumerate(rng.sample(range(100, 999), 5))
        }
        return {"recipes": recipes, "meals": {}}

    @tool(
        ask=["look up the recipe for {dish}", "find out how {dish} is made"],
        noun="recipe for {dish}",
        tell="It takes {minutes} minutes.",
    )
    def find_recipe(self, dish: Annotated[str, Values.of(DISHES)]) -> Recipe:
        """The recipe of a dish.

        Args:
            dish: The dish.
        """
        for name, recipe in self.recipes.items():
            if recipe["dish"] == dish:
                return {"recipe_id": name, "minutes": recipe["minutes"]}
        raise ToolError(f"no recipe for {dish!r}")

    @tool(
        writes=True,
        ask=[
            "plan a meal of {recipe_id} for {guests} guests",
            "put {recipe_id} on the plan for {guests} guests",
        ],
        noun="meal",
        tell="The meal is planned.",
    )
    def plan_meal(
        self, recipe_id: Annotated[str, Ref("recipe")], guests: Annotated[int, Values.of((2, 4, 6, 8))]
    ) -> Meal:
        """Plan a meal.

        Args:
            recipe_id: The recipe.
            guests: How many there are.
        """
        if recipe_id not in self.recipes:
            raise ToolError(f"no recipe {recipe_id}")
        meal = self.new_id("ML", taken=self.meals)
        self.meals[meal] = {"recipe_id": recipe_id, "guests": guests}
        return {"meal_id": meal, "portions": guests}

    @tool(ask=["tell me what is in season in {month}"], tell="In season: {produce[]}.")
    def seasonal_produce(
        self, month: Annotated[str, Values.of(("May", "June", "August", "October"))]
    ) -> dict[str, list[str]]:
        """Vegetables and fruit of a month.

        Args:
            month: The month.
        """
        produce = {
            "May": ["asparagus"],
            "June": ["peas", "cherries"],
            "August": ["plums"],
            "October": ["pumpkin"],
        }
        if month not in produce:
            raise ToolError(f"nothing is known of {month!r}")
        return {"produce": produce[month]}

    @tool(ask=["list the meals on the plan", "show me which meals are planned"], noun="meal")
    def list_meals(self) -> dict[str, list[str]]:
        """The meals that are planned."""
        return {"meals": sorted(self.meals)}

    @tool(ask=["tell me which wine goes with {dish}"], tell="{wine} goes with it.")
    def choose_wine(self, dish: Annotated[str, Values.of(DISHES)]) -> dict[str, str]:
        """A wine for a dish.

        Args:
            dish: The dish.
        """
        if dish not in DISHES:
            raise ToolError(f"nothing is known of {dish!r}")
        return {"wine": ("Riesling", "Cider", "Muscat", "Tokay", "Soave")[DISHES.index(dish)]}
