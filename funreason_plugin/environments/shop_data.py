"""What the shop sells and who buys there: the tables that `shop_scenario` draws from.

Every product is (title, brand, usual price in euros, rating). Titles are distinct over all categories, prices
and ratings within one, so that "the cheapest" and "the best rated" name one product.
"""

from __future__ import annotations

from typing import Final

PRODUCTS: Final[dict[str, tuple[tuple[str, str, float, float], ...]]] = {
    "electric kettles": (
        ("Halden Swan Kettle", "Halden", 64.9, 4.7),
        ("Brevik Quick Boil", "Brevik", 34.5, 4.2),
        ("Corvo Glass Kettle", "Corvo", 42.9, 4.4),
        ("Ostra Travel Kettle", "Ostra", 24.9, 3.8),
        ("Mirabel Retro Kettle", "Mirabel", 54.0, 4.5),
        ("Tove Steel Kettle", "Tove", 29.9, 4.0),
    ),
    "coffee grinders": (
        ("Halden Burr Mill", "Halden", 129.0, 4.8),
        ("Ostra Hand Grinder", "Ostra", 39.9, 4.4),
        ("Piekko Espresso Grinder", "Piekko", 189.0, 4.6),
        ("Tove Blade Grinder", "Tove", 22.9, 3.5),
        ("Corvo Quiet Grinder", "Corvo", 84.5, 4.1),
        ("Lumo Conical Grinder", "Lumo", 64.0, 4.3),
    ),
    "desk lamps": (
        ("Lumo Arc Lamp", "Lumo", 58.0, 4.6),
        ("Brevik Clip Light", "Brevik", 19.9, 3.9),
        ("Sorel Brass Lamp", "Sorel", 94.0, 4.8),
        ("Tove Reading Lamp", "Tove", 32.5, 4.1),
        ("Kanto Daylight Lamp", "Kanto", 74.9, 4.4),
        ("Mirabel Mushroom Lamp", "Mirabel", 44.9, 4.3),
    ),
    "backpacks": (
        ("Fjordal Day Pack", "Fjordal", 69.0, 4.5),
        ("Fjordal Summit Pack", "Fjordal", 149.0, 4.9),
        ("Anders Roll Top", "Anders", 89.9, 4.3),
        ("Piekko Commuter Pack", "Piekko", 54.9, 4.1),
        ("Sorel Canvas Rucksack", "Sorel", 109.0, 4.6),
        ("Ostra Foldaway Bag", "Ostra", 27.5, 3.7),
    ),
    "rain jackets": (
        ("Fjordal Storm Shell", "Fjordal", 179.0, 4.7),
        ("Anders City Parka", "Anders", 129.0, 4.4),
        ("Brevik Packable Jacket", "Brevik", 59.9, 4.0),
        ("Ostra Cycling Cape", "Ostra", 44.9, 3.6),
        ("Sorel Waxed Coat", "Sorel", 219.0, 4.8),
        ("Kanto Trail Jacket", "Kanto", 94.5, 4.2),
    ),
    "yoga mats": (
        ("Tove Cork Mat", "Tove", 49.9, 4.6),
        ("Lumo Studio Mat", "Lumo", 64.0, 4.8),
        ("Ostra Travel Mat", "Ostra", 24.5, 3.9),
        ("Mirabel Cotton Mat", "Mirabel", 38.0, 4.1),
        ("Kanto Grip Mat", "Kanto", 56.9, 4.4),
        ("Brevik Foam Mat", "Brevik", 14.9, 3.4),
    ),
    "office chairs": (
        ("Kanto Mesh Chair", "Kanto", 239.0, 4.5),
        ("Sorel Leather Chair", "Sorel", 349.0, 4.7),
        ("Brevik Task Chair", "Brevik", 99.0, 3.8),
        ("Anders Saddle Stool", "Anders", 159.0, 4.2),
        ("Lumo Balance Chair", "Lumo", 199.0, 4.0),
        ("Halden Oak Chair", "Halden", 279.0, 4.4),
    ),
    "bluetooth speakers": (
        ("Corvo Pebble Speaker", "Corvo", 39.0, 4.1),
        ("Corvo Tower Speaker", "Corvo", 169.0, 4.6),
        ("Piekko Garden Speaker", "Piekko", 79.9, 4.3),
        ("Kanto Shower Speaker", "Kanto", 29.9, 3.7),
        ("Halden Walnut Speaker", "Halden", 119.0, 4.8),
        ("Ostra Clip Speaker", "Ostra", 22.0, 3.9),
    ),
    "bike helmets": (
        ("Anders Urban Helmet", "Anders", 74.9, 4.5),
        ("Fjordal Gravel Helmet", "Fjordal", 119.0, 4.7),
        ("Brevik Kids Helmet", "Brevik", 34.9, 4.3),
        ("Kanto Aero Helmet", "Kanto", 189.0, 4.4),
        ("Ostra Folding Helmet", "Ostra", 89.0, 3.9),
        ("Tove Classic Helmet", "Tove", 49.5, 4.0),
    ),
    "suitcases": (
        ("Piekko Cabin Trolley", "Piekko", 119.0, 4.4),
        ("Sorel Weekender", "Sorel", 189.0, 4.7),
        ("Anders Hardshell Case", "Anders", 149.0, 4.5),
        ("Brevik Soft Trolley", "Brevik", 69.9, 3.8),
        ("Mirabel Stripe Case", "Mirabel", 94.0, 4.1),
        ("Halden Long Haul Case", "Halden", 229.0, 4.6),
    ),
    "blenders": (
        ("Corvo Smoothie Maker", "Corvo", 44.9, 4.0),
        ("Halden Power Blender", "Halden", 159.0, 4.7),
        ("Tove Stick Blender", "Tove", 32.0, 4.2),
        ("Mirabel Jug Blender", "Mirabel", 74.5, 4.4),
        ("Ostra Portable Blender", "Ostra", 27.9, 3.6),
        ("Lumo Soup Blender", "Lumo", 109.0, 4.5),
    ),
    "wall clocks": (
        ("Sorel Station Clock", "Sorel", 84.0, 4.7),
        ("Tove Birch Clock", "Tove", 39.5, 4.3),
        ("Brevik Radio Clock", "Brevik", 24.9, 3.8),
        ("Lumo Ring Clock", "Lumo", 54.9, 4.1),
        ("Mirabel Sunburst Clock", "Mirabel", 69.0, 4.5),
        ("Kanto Silent Clock", "Kanto", 32.9, 4.0),
    ),
}

CENTS: Final = (0.0, 0.49, 0.5, 0.9, 0.95)

CUSTOMERS: Final = (
    "Elin Sandberg",
    "Tomás Figueira",
    "Nadia Kowalczyk",
    "Rory Gallacher",
    "Imke de Groot",
    "Paolo Ferrante",
    "Zsófia Bartha",
    "Samira Haddou",
    "Oskar Nyberg",
    "Greta Aigner",
    "Dermot Quill",
    "Leonie Marchand",
    "Viktor Hraste",
    "Amina Berisha",
    "Jannik Overby",
    "Carla Montserrat",
)

CITIES: Final = (
    ("Ghent", "9000"),
    ("Uppsala", "75310"),
    ("Bologna", "40121"),
    ("Galway", "H91 E2K3"),
    ("Coimbra", "3000-150"),
    ("Freiburg", "79098"),
    ("Nantes", "44000"),
    ("Aarhus", "8000"),
    ("Kraków", "30-059"),
    ("Innsbruck", "6020"),
    ("Utrecht", "3511"),
    ("Rijeka", "51000"),
    ("Tampere", "33100"),
    ("Girona", "17001"),
)
STREETS: Final = (
    "14 Weavers Lane",
    "3 Chapel Steps",
    "27 Poplar Avenue",
    "8 Old Quay",
    "112 Station Parade",
    "5 Almond Court",
    "61 Kiln Street",
    "19 Vineyard Road",
    "40 Sluice Walk",
    "2 Larkfield Close",
    "33 Copper Row",
    "76 Garden Terrace",
    "9 Friars Gate",
    "21 Heron Drive",
)
ADDRESS_NAMES: Final = (
    "home",
    "office",
    "parents",
    "summer house",
    "studio",
    "neighbour",
    "workshop",
    "holiday flat",
    "sister",
    "allotment",
    "boathouse",
    "shared flat",
)
CARRIERS: Final = ("Norpost", "Velo Courier", "Green Parcel", "Swiftline")
HUBS: Final = ("Antwerp", "Lyon", "Hamburg", "Milan", "Poznań", "Malmö", "Zaragoza", "Linz")

VOUCHERS: Final = (
    ("MAPLE", 5),
    ("WILLOW", 8),
    ("HARVEST", 10),
    ("LANTERN", 12),
    ("COBALT", 15),
    ("BREEZE", 18),
    ("MARIGOLD", 20),
    ("AURORA", 25),
)

REVIEWERS: Final = ("Kim", "Ruth", "Elias", "Yara", "Bram", "Nell", "Timo", "Ada", "Marek", "Sunniva")
REVIEWS: Final[dict[int, tuple[str, ...]]] = {
    1: ("Broke in the first week.", "Not what the pictures show.", "Arrived scratched and stayed that way."),
    2: ("Feels cheaper than it is.", "Works, but the finish is poor.", "Smaller than I expected."),
    3: ("Does the job, nothing more.", "Decent for the price.", "Fine, though the manual is no help."),
    4: ("Solid and easy to clean.", "Very good, only the colour is a bit off.", "I would buy it again."),
    5: ("Best one I have owned.", "Used daily for a year, still like new.", "A joy to use."),
}
