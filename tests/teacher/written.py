"""Queries as a language model writes them, for the plans that `sampled.traces` draws: by environment, in order.

They say what the plan needs in other words than the scripted teacher's, which has to read them (mixed use).
"""

from __future__ import annotations

WRITTEN: dict[str, tuple[str, ...]] = {
    "travel": (
        "Hi! I look after travel for Stepan Posch. Could you tell me which hotel stays are currently booked for him?",
        "Topias Isaksson's plans have changed. Please cancel whichever of his hotel stays has the lowest total.",
        "Szymon Taipale has a ticket and may need to travel on another day. What rebooking options does he have for it?",
        "Please hold a fare for Topias Strnad: Vienna to Stuttgart on 2026-06-22, leaving no earlier than 12:00.",
        "Two things, please. What are the room rates at the best-rated hotel in Leipzig? And Carmelo Holzer can't travel "
        "any more, so refund his ticket.",
        "I'd like to book a double room at Nordlys Lodge in Bristol for Mariana Evensen, arriving 2026-01-20 for 2 nights. "
        "Take it from the payment source with the smallest balance.",
        "What would I pay per night at the priciest hotel in Palermo? At least 3 stars, please.",
        "For Angelina Wallin: check flights from Dubrovnik to Krakow on 2026-08-21, and let the hotel of her stay in Porto "
        'know: "I will arrive after 11 pm, please keep the room."',
        "Can you pull up the seat map for Felix Lenoir's ticket to Glasgow?",
        "Felix Bijlsma is tall. On his ticket to Turin, please give him the seat with the most legroom.",
        "Carina Hendriks would like to know how she could rebook her ticket.",
        "Hey, Heidi Bech isn't going after all, can you refund her ticket?",
        "Please refund the ticket of Hortense Whalen.",
        "For Carmelo Lenoir, please refund the ticket with the earliest departure. On his most expensive ticket, add diving "
        'equipment weighing 23 kg and charge it to "Corporate Amex".',
        "I'm working on behalf of Bianca Hajek today, please open the profile.",
        "Julia Chandler needs extra bags on her cheapest ticket: golf equipment (28 kg), musical equipment (21 kg) and "
        "ordinary luggage (20 kg). Please use the Sales travel fund to pay.",
        "Book the cheapest room at a hotel in Edinburgh with at least 4 stars for Aimee Nilsen, arriving on 2026-12-22, "
        "3 nights, paid from whichever source has the highest balance.",
        "Niina Heffernan's trip to Vienna is off. Could you refund that ticket?",
        "Filip Zak needs a room in Nantes from 2026-05-08 for 2 nights. Please take the hotel closest to the centre with at "
        "least 3 stars, the most expensive room they have, and pay with the Relocation grant.",
        "Anika Pelkonen wants her money back for the ticket that departs first.",
        "Could you refund the ticket that Adrian Rietveld has?",
        "What are the rules of the flight with the lowest business price from Ljubljana to Amsterdam on 2026-10-05?",
        "This is about Denis Ylinen. Show me the rates of the hotel in Porto with laundry service that has the fewest "
        "stars, the lowest category, and cancel the stay he has.",
        "Please reserve the cheapest room at The Clockmaker in Bologna (4 stars at least) for Bianca Querini, from "
        "2026-03-22 for 5 nights. Charge the source with the largest balance.",
    ),
    "files": (
        "Please export the plan about Beacon helpdesk as docx and send it to Yusuf Lefevre. Tell him: "
        '"Please read this before our meeting tomorrow."',
        "What's in my trash at the moment?",
        "Give Birgit Lefevre viewer access to Sandstone archive framework agreement, it's one of the Sandstone archive ones.",
        "Could you read me the report on Atlas packaging?",
        "Hugo Eklund left a comment on the Osprey audit document, the one with a length of 42. Please resolve it.",
        "I need the Delphi interviews minutes as odt, sent to Fatima Fontana, Odette Nagy and Cosima Dufour with the note "
        '"Please read this before our meeting tomorrow."',
        'In the Press office folder, create a document titled Orchard kitchen steering minutes. The text: "All figures are '
        'preliminary until the audit is finished. Travel costs are capped at 1500 euros per quarter."',
        "I deleted something by mistake. Please bring back the most recently deleted item.",
        'In the Copperline telephony document that lives in Partnerships, add the paragraph "Please direct questions to the '
        'project office." and publish it with the summary "Last addition before the release".',
        "Looking at the Delphi interviews documents: show me the versions of Delphi interviews status report, share the "
        "longest one with Nikolai Farkas as viewer, and read me the minutes.",
        "Please share Meridian survey annual review with Yusuf Lefevre as commenter and Emil Varga as editor. It's among "
        "the Meridian survey papers.",
        "For Pelican campaign, what comments are there on the contract, and what on Pelican campaign kick-off minutes? Then "
        "start a draft of the latter.",
        "What comments did people leave on the Weaver apprenticeship document by Birgit Lombardi?",
        "I'd like to see the comments on Weaver apprenticeship press memo and the version history of Weaver apprenticeship "
        "status report.",
        'Go to the Procurement folder, make a new document of kind minutes called "Tidewater grant press memo" with the body '
        '"Both sides may end the agreement with 30 days of notice. Overtime has to be agreed with the team lead in advance." '
        "and then move it to Partnerships.",
        "Please roll the Castellan insurance plan back to its earlier version.",
        "Can I get Zofia Farkas's Atlas packaging document as html?",
        "Are there any comments on Harbour expansion cost proposal?",
        "Could you convert the Osprey audit contract to odt and show me its versions?",
        "Show me the comments on the most recently modified document about Solstice launch.",
        "What are the comments on Fenwick settlement press memo, and on the Fenwick settlement document of length 29?",
        "Find everything on Castellan insurance and on Cedar payroll, then open the Human resources folder.",
        "Show me the trash, please.",
        "Send the Delphi interviews document with a length of 32 as odt to Milena Abbott, Agneta Weber and Tereza Zeman, "
        'saying "Please read this before our meeting tomorrow."',
    ),
    "shop": (
        "My Tove Birch Clock (you have it under wall clocks) from my earliest order is not as described. I want to return "
        "it; please have it picked up on Friday afternoon.",
        "I'd rate the Tove Classic Helmet 3 stars.",
        "Where is the parcel of my oldest order? And put 4 more of the priciest item of that order into my cart.",
        "Add the Lumo Balance Chair to my cart, please.",
        "My order of 2026-11-28 has arrived, please confirm it.",
        "The order with the highest total has been delivered, please mark it as received, and show me the details.",
        "Put 4 Brevik Foam Mat in my cart.",
        "I bought the cheapest of your office chairs and would give it 4 stars.",
        "I'll take a Brevik Task Chair. Ship it to my holiday flat and charge my debit card.",
        "Show me the details of the order whose first item is Lumo Studio Mat.",
        "Where's the parcel with the Brevik Foam Mat, the order that has it as the first item?",
        "Please cancel the order that's still processing, I changed my mind.",
        "The order with Brevik Soft Trolley as its first item is here, please confirm receipt.",
        "Which addresses do you have for me? Confirm that the order on its way has arrived, and save a new address called "
        "neighbour: 3 Chapel Steps, Ghent.",
        "What desk lamps do you sell?",
        "Show me my processing order, and tell me where the parcel of the order from 2026-01-29 is.",
        "I got the wrong item in my delivered order of 2026-11-12, please start a return for it.",
        "Please cancel the order I placed on 2026-10-26. I changed my mind.",
        "My largest order by total has arrived, mark it as received.",
        "What's in my order that's processing?",
        "I received the order from 2026-03-16.",
        "What do customers say about the best-rated of your bike helmets?",
        "The Anders City Parka from my delivered order with the highest total is damaged. Please take it back and pick it "
        "up on Saturday evening.",
        "The order that's on its way has arrived, please confirm.",
    ),
}
