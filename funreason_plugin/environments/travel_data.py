"""The world of `travel`: cities, carriers, hotels and names. Real cities, invented companies and people."""

from __future__ import annotations

from typing import Final, NamedTuple


class City(NamedTuple):
    """Where a city lies: degrees north and east, and the hours that its clocks are ahead of UTC in winter."""

    north: float
    east: float
    ahead: int


class Carrier(NamedTuple):
    """A carrier's terms. ``refund_fee``: for giving back an economy ticket; None where that cannot be done."""

    name: str
    aircraft: str
    cabin_bags: int
    bag_price: float
    change_fee: float
    refund_fee: float | None
    wifi: bool


def _list(text: str) -> tuple[str, ...]:
    return tuple(" ".join(text.split()).split(", "))


CITIES: Final[dict[str, City]] = {
    "Amsterdam": City(52.31, 4.76, 1),
    "Athens": City(37.94, 23.94, 2),
    "Barcelona": City(41.30, 2.08, 1),
    "Basel": City(47.60, 7.53, 1),
    "Belgrade": City(44.82, 20.31, 1),
    "Bergen": City(60.29, 5.22, 1),
    "Berlin": City(52.37, 13.50, 1),
    "Bilbao": City(43.30, -2.91, 1),
    "Bologna": City(44.53, 11.29, 1),
    "Bristol": City(51.38, -2.72, 0),
    "Brussels": City(50.90, 4.48, 1),
    "Bucharest": City(44.57, 26.10, 2),
    "Budapest": City(47.44, 19.26, 1),
    "Casablanca": City(33.37, -7.59, 1),
    "Catania": City(37.47, 15.07, 1),
    "Copenhagen": City(55.62, 12.65, 1),
    "Cork": City(51.84, -8.49, 0),
    "Dublin": City(53.42, -6.27, 0),
    "Dubrovnik": City(42.56, 18.27, 1),
    "Edinburgh": City(55.95, -3.37, 0),
    "Faro": City(37.01, -7.97, 0),
    "Gdansk": City(54.38, 18.47, 1),
    "Geneva": City(46.24, 6.11, 1),
    "Glasgow": City(55.87, -4.43, 0),
    "Gothenburg": City(57.66, 12.28, 1),
    "Graz": City(46.99, 15.44, 1),
    "Hamburg": City(53.63, 9.99, 1),
    "Helsinki": City(60.32, 24.96, 2),
    "Heraklion": City(35.34, 25.18, 2),
    "Istanbul": City(41.26, 28.74, 3),
    "Krakow": City(50.08, 19.79, 1),
    "Leipzig": City(51.42, 12.24, 1),
    "Lisbon": City(38.77, -9.13, 0),
    "Ljubljana": City(46.22, 14.46, 1),
    "Lyon": City(45.73, 5.08, 1),
    "Madrid": City(40.47, -3.56, 1),
    "Malaga": City(36.67, -4.50, 1),
    "Marrakesh": City(31.61, -8.04, 1),
    "Marseille": City(43.44, 5.22, 1),
    "Milan": City(45.63, 8.72, 1),
    "Nantes": City(47.16, -1.61, 1),
    "Naples": City(40.89, 14.29, 1),
    "Oslo": City(60.20, 11.10, 1),
    "Palermo": City(38.18, 13.10, 1),
    "Porto": City(41.24, -8.68, 0),
    "Prague": City(50.10, 14.26, 1),
    "Reykjavik": City(63.99, -22.62, 0),
    "Riga": City(56.92, 23.97, 2),
    "Rotterdam": City(51.96, 4.44, 1),
    "Salzburg": City(47.79, 13.00, 1),
    "Seville": City(37.42, -5.89, 1),
    "Sofia": City(42.70, 23.41, 2),
    "Split": City(43.54, 16.30, 1),
    "Stockholm": City(59.65, 17.93, 1),
    "Stuttgart": City(48.69, 9.22, 1),
    "Tallinn": City(59.41, 24.83, 2),
    "Thessaloniki": City(40.52, 22.97, 2),
    "Toulouse": City(43.63, 1.37, 1),
    "Trieste": City(45.83, 13.47, 1),
    "Tromso": City(69.68, 18.92, 1),
    "Turin": City(45.20, 7.65, 1),
    "Valencia": City(39.49, -0.48, 1),
    "Venice": City(45.51, 12.35, 1),
    "Vienna": City(48.11, 16.57, 1),
    "Vilnius": City(54.64, 25.28, 2),
    "Warsaw": City(52.17, 20.97, 1),
    "Zagreb": City(45.74, 16.07, 1),
    "Zurich": City(47.46, 8.55, 1),
}

CARRIERS: Final[dict[str, Carrier]] = {
    "NX": Carrier("Norlux Air", "Airbus A320neo", 1, 34.0, 45.0, 40.0, True),
    "BH": Carrier("Blue Heron Airways", "Boeing 737-800", 0, 28.0, 60.0, None, False),
    "AJ": Carrier("Alpina Jet", "Embraer E190", 1, 31.0, 35.0, 30.0, False),
    "SO": Carrier("Solmar", "Airbus A321", 0, 24.5, 55.0, 48.0, True),
    "KT": Carrier("Kestrel Link", "ATR 72", 1, 22.0, 25.0, 20.0, False),
    "FW": Carrier("Fjordwing", "Airbus A220", 1, 36.0, 40.0, 35.0, True),
    "CV": Carrier("Corvus Air", "Airbus A319", 0, 26.0, 70.0, None, True),
    "QL": Carrier("Quill Airlines", "Boeing 737 MAX 8", 1, 29.5, 50.0, 42.0, True),
    "VT": Carrier("Ventoro", "Embraer E195", 0, 23.0, 38.0, 27.5, False),
    "TR": Carrier("Terra Nova Air", "Airbus A320", 2, 39.0, 30.0, 25.0, True),
}

HOTELS: Final = _list(
    """
    Hotel Miramar, The Weaver's House, Pension Adler, Casa do Rio, Grand Astoria, The Quiet Fox, Hotel
    Lindenhof, Maison Clement, Harbour Lights, Palazzo Verdi, The Clockmaker, Villa Amarena, Hotel Kastanie,
    The Old Ropery, Albergo San Luca, Stella Nord, The Copper Kettle, Hotel Meridian, Residencia Olmo, The
    Printworks, Hotel Goldener Hirsch, Nordlys Lodge, The Almond Tree, Hotel Belvoir, Casa Jacaranda, The
    Signal Box, Hotel Rosengarten, Quay House, Hotel Tramontana, The Lamplighter, Pensao Alegria, Hotel
    Polaris, The Tannery, Hotel Esplanade, Kornhaus Inn, Hotel Serafina, The Granary, Atrium Suites, Hotel
    Margareta, The Blue Door, Hotel Castelo, Observatory Hotel, The Bookbinder, Hotel Viktoria, Lagoon
    House, Hotel Cardinal, The Orangery
    """
)

FIRST_NAMES: Final = _list(
    """
    Adrian, Aimee, Anders, Angelina, Anika, Bianca, Blanka, Carina, Carmelo, Connor, Denis, Elina,
    Elisabeth, Espen, Felix, Filip, Gabriela, Gerard, Giada, Guillaume, Gustavo, Heidi, Henry, Hortense,
    Ingrid, Ivan, Javier, Jonas, Julia, Katriina, Kristina, Lars, Leon, Lorraine, Mariana, Marius, Matea,
    Mikael, Miroslav, Nathaniel, Niamh, Niina, Noa, Oscar, Padraic, Paul, Qasim, Rasmus, Roman, Silje,
    Stepan, Szymon, Topias, Yashvi
    """
)

LAST_NAMES: Final = _list(
    """
    Agarwal, Almeida, Andresen, Anttonen, Baggio, Barcena, Batista, Bech, Bennett, Bijlsma, Brun, Castro,
    Chandler, Cilea, Dey, Domingues, Evensen, Feichtinger, Galeati, Hajek, Hedlund, Heffernan, Hendriks,
    Holzer, Horvatek, Isaksson, Jespersen, Johansen, Keyes, Klausen, Kovarova, Larsson, Lenoir, Lindroos,
    Macias, Mathiesen, Mortensen, Neto, Nilsen, Norris, Parry, Pavicic, Pelkonen, Peltier, Posch, Querini,
    Rietveld, Strnad, Taipale, Tavares, Tumova, Urban, Valette, Verdier, Wallin, Whalen, Winther, Ylinen,
    Zak
    """
)

SOURCES: Final = (  # labels of payment sources: kind, smallest and largest amount on it
    ("Conference budget", "budget", 600, 2400),
    ("Sales travel fund", "budget", 700, 2800),
    ("Project Halden account", "budget", 500, 2200),
    ("Training allowance", "budget", 300, 1200),
    ("Corporate Visa", "card", 900, 3600),
    ("Corporate Amex", "card", 900, 3200),
    ("Private Mastercard", "card", 250, 1500),
    ("Travel voucher", "voucher", 120, 650),
    ("Relocation grant", "budget", 500, 2600),
    ("Client recharge account", "budget", 650, 3000),
)

# What a fare costs on the day, Monday first
WEEKDAY_FACTORS: Final = (1.04, 0.92, 0.95, 1.0, 1.19, 1.08, 1.15)

BUSINESS_FACTOR: Final = 2.6

ROOMS: Final = (("single room", 0.82), ("double room", 1.0), ("studio", 1.28), ("suite", 1.85))

BOARDS: Final = (("no meals", 0.0), ("breakfast", 14.5), ("half board", 37.0))

AMENITIES: Final = (
    "gym access",
    "pool access",
    "sauna access",
    "parking",
    "airport transfer",
    "laundry service",
)

HOTEL_NOTES: Final = (
    "I will arrive after 11 pm, please keep the room.",
    "Could I have a quiet room away from the lift?",
    "Please put an extra blanket in the room.",
    "I need an invoice made out to my company.",
    "Is it possible to leave my luggage after check-out?",
    "A room on a high floor would be lovely, if there is one.",
    "I am allergic to feathers, please use synthetic pillows.",
    "Please book a taxi to the airport for 6 am on the last day.",
    "We are celebrating an anniversary and would love a room with a view.",
    "Could you confirm that there is a parking space for a van?",
)
