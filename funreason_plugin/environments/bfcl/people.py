"""People for scenarios: names, user names, passwords. None of them occurs in the benchmark."""

from __future__ import annotations

from random import Random

from funreason_plugin.environments.bfcl.addition import names

FIRST = names(
    "Adaeze Agnieszka Aisling Amadou Anneliese Asta Bartosz Beatriz Birgit Bojan Branka Caoimhe Casimir Chidi "
    "Cosima Dagny Darius Dilnoza Dorota Eamon Elif Emeka Enzo Esperanza Farida Fenna Fergus Florian Gauri "
    "Gintaras Greta Gunnar Halima Hamza Henrike Ilse Imani Ingrid Ioana Ismene Jarek Jonna Kaito Kamala Katarzyna "
    "Keiko Kwame Laszlo Leonie Linnea Ludovic Maeve Malik Marisol Mehmet Milena Mireille Nadezhda Ngozi Niamh "
    "Nikolai Odile Oisin Paloma Pietro Priyanka Quentin Radmila Rasmus Renske Rohan Roswitha Sabine Saoirse "
    "Sigrid Sunniva Svea Tadeusz Tarek Thandiwe Tomas Ulla Valentina Veikko Wanjiru Wiebke Yannick Yasmin Zofia"
)
LAST = names(
    "Abara Almqvist Anand Aubert Bakker Balogun Becker Bergstrom Bianchi Blomfield Borowski Brennan Calloway "
    "Castellano Chaudhary Cisse Costigan Dahlberg Delacroix Demir Doherty Drescher Eklund Falkenrath Farrokh "
    "Ferrante Fitzroy Gallego Ganz Grabowski Hakimi Halvorsen Heikkinen Hollander Ibarra Imhof Iyer Jankauskas "
    "Jaramillo Kallio Karlsen Kimura Kowalczyk Kvist Lachance Lindholm Lorrimer Maalouf Maddox Malinowski "
    "Marchetti Mbeki Moravec Nakagawa Ndiaye Nielsen Novakova Oduya Okonjo Ostrander Paszek Pellegrini Quiroga "
    "Rademaker Raghavan Reinholt Rossi Saarinen Sandoval Schreiber Sekibo Sorensen Stavros Takahashi Tremblay "
    "Ueda Valdez Vanterpool Venturi Wachira Weatherby Winkler Yildiz Zelenka Ziegler"
)
_WORDS = names(
    "Amber Anchor Basil Canyon Cedar Clover Cobalt Comet Copper Dune Ember Falcon Fjord Harbor Hazel Heron Indigo "
    "Juniper Lantern Larch Marble Meadow Nectar Onyx Orbit Pebble Plover Quartz Raven Saffron Sierra Tundra "
    "Velvet Willow Yarrow Zephyr"
)


def full_name(rng: Random) -> str:
    """ "Ingrid Halvorsen"."""
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def full_names(rng: Random, count: int) -> list[str]:
    """So many people, no two with the same first or last name."""
    return [f"{a} {b}" for a, b in zip(rng.sample(FIRST, count), rng.sample(LAST, count), strict=True)]


def user_name(rng: Random, name: str) -> str:
    """ "ingrid.halvorsen", "ihalvorsen", "ingrid_h"; with a number now and then."""
    first, last = name.lower().split(" ", 1)
    form = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last[0]}", f"{last}_{first[:2]}"))
    return form + (str(rng.randint(11, 98)) if rng.random() < 0.4 else "")


def password(rng: Random) -> str:
    """ "Harbor47Quartz"."""
    first, second = rng.sample(_WORDS, 2)
    return f"{first}{rng.randint(13, 97)}{second}"
