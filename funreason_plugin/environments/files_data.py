"""The world of `files`: folders, subjects, kinds of documents, colleagues, and what people write."""

from __future__ import annotations

from typing import Final


def _list(text: str) -> tuple[str, ...]:
    return tuple(" ".join(text.split()).split(", "))


FOLDERS: Final = _list(
    """
    Legal, Board papers, Tenders, Human resources, Facilities, Finance, Marketing, Research, Operations,
    Partnerships, Training, Compliance, Procurement, Press office, Quality, Client projects
    """
)

TOPICS: Final = _list(
    """
    Northgate lease, Osprey audit, Amber tender, Harbour expansion, Lindqvist merger, Pelican campaign,
    Larkfield depot, Solstice launch, Meridian survey, Cobalt migration, Weaver apprenticeship, Juniper trial,
    Castellan insurance, Quarry rehabilitation, Falcon fleet, Sandstone archive, Tidewater grant, Orchard kitchen,
    Beacon helpdesk, Granite warehouse, Marigold pension, Copperline telephony, Heron wetland, Atlas packaging,
    Fenwick settlement, Birchwood nursery, Saffron catering, Ironbridge crossing, Luma lighting, Thistle website,
    Vesper hotline, Willow bursary, Basalt foundry, Cedar payroll, Delphi interviews, Ember heating
    """
)

FORMS: Final = (  # how a document of a kind is called after its topic
    ("status report", "report"),
    ("risk assessment", "report"),
    ("annual review", "report"),
    ("kick-off minutes", "minutes"),
    ("steering minutes", "minutes"),
    ("service contract", "contract"),
    ("framework agreement", "contract"),
    ("project plan", "plan"),
    ("staffing plan", "plan"),
    ("cost proposal", "proposal"),
    ("funding proposal", "proposal"),
    ("briefing memo", "memo"),
    ("press memo", "memo"),
)

FIRST_NAMES: Final = _list(
    """
    Agneta, Basil, Camille, Dorota, Emil, Fatima, Gregor, Hanna, Ilya, Joanna, Kasper, Leonor, Marta, Nikolai,
    Odette, Piers, Ramona, Samir, Tereza, Ulrich, Valeria, Wanda, Xavier, Yusuf, Zofia, Alban, Birgit, Cosima,
    Dario, Estelle, Florian, Greta, Hugo, Iris, Jakub, Katja, Lorenz, Milena, Nestor, Oriane, Pascal, Runa
    """
)

LAST_NAMES: Final = _list(
    """
    Aalto, Bergmann, Carvalho, Dufour, Eklund, Farkas, Grimaldi, Haugen, Ivanova, Jansen, Kowalski, Lefevre,
    Moser, Nowak, Ortega, Petrov, Quist, Rossi, Santoro, Thorne, Ulbricht, Varga, Weber, Yilmaz, Zeman, Abbott,
    Brandt, Cortes, Dahl, Engel, Fontana, Gallagher, Hofer, Iversen, Jelinek, Kaplan, Lombardi, Madsen, Nagy
    """
)

SENTENCES: Final = (  # {topic}, {person}, {amount}, {number}, {month}
    "The budget for {topic} stands at {amount} euros.",
    "{person} will report on {topic} at the end of {month}.",
    "The {topic} team grows to {number} people in {month}.",
    "Of {number} open points on {topic}, {person} closes the urgent ones first.",
    "The supplier offers a rebate of {number} percent if we sign before {month}.",
    "We expect {topic} to save {amount} euros a year.",
    "{person} asked for {number} more weeks to finish {topic}.",
    "Invoices above {amount} euros need a second signature by {person}.",
    "The steering group meets {number} times until {month}.",
    "{topic} is delayed by {number} days; {person} informs the client.",
    "Both parties agreed on a price of {amount} euros.",
    "The next review of {topic} is due in {month}, led by {person}.",
)

OLD_SENTENCES: Final = (
    "First outline, without figures.",
    "Draft with an estimate of {amount} euros.",
    "Text as agreed with {person}.",
    "Early version for discussion in {month}.",
    "Rough numbers: {number} people, {amount} euros.",
    "Wording proposed by {person}, not yet reviewed.",
)

SUMMARIES: Final = (
    "Figures updated",
    "Comments of the legal team worked in",
    "Typos corrected",
    "Schedule moved to the autumn",
    "Section on risks added",
    "Wording made simpler",
    "Approved by the board",
    "New contact person",
)

REMARKS: Final = (
    "Is this figure net or gross?",
    "Please check the date once more.",
    "I would leave this paragraph out.",
    "Who signs on our side?",
    "The client asked for a shorter version.",
    "This contradicts what we said in spring.",
    "Looks good to me, thank you.",
    "Can we name the supplier here?",
    "Please add a source for this.",
    "The total does not add up.",
)

MONTHS: Final = _list(
    """
    January, February, March, April, May, June, July, August, September, October, November, December
    """
)

PARAGRAPHS: Final = (  # what a user dictates
    "The deadline for feedback is the last Friday of the month.",
    "All figures are preliminary until the audit is finished.",
    "Please direct questions to the project office.",
    "The committee approved the plan without changes.",
    "Travel costs are capped at 1500 euros per quarter.",
    "The pilot starts with two sites and is extended after six weeks.",
    "Both sides may end the agreement with 30 days of notice.",
    "A detailed schedule follows after the next meeting.",
    "The supplier guarantees spare parts for ten years.",
    "Overtime has to be agreed with the team lead in advance.",
)

CHANGE_NOTES: Final = (
    "Added the point we discussed on Monday",
    "One paragraph added after the review",
    "Clarified what is still open",
    "Completed for the board meeting",
    "Updated following the phone call with the client",
    "Last addition before the release",
)

COMMENTS: Final = (
    "Please have a look before Thursday.",
    "I am not sure that the second figure is right.",
    "Great work, only the introduction is a bit long.",
    "Could somebody confirm this with the supplier?",
    "We should mention the exit clause here.",
    "This needs the approval of the finance team.",
    "The wording is too vague for a contract.",
    "Let us discuss this at the next team meeting.",
)

COVER_NOTES: Final = (
    "Please find the current version attached.",
    "Here is the document we talked about, comments are welcome.",
    "For your records; no action is needed.",
    "Could you sign and return this by Friday?",
    "As promised, the text in its final form.",
    "Please read this before our meeting tomorrow.",
)
