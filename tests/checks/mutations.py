"""For each acceptance rule, conversations that only this rule rejects: one mutation of a good one each."""

from __future__ import annotations

from collections.abc import Callable

from funreason_plugin.trajectory import (
    AbstentionTurn,
    Call,
    Choice,
    FollowUp,
    FollowUpTurn,
    Lack,
    Needed,
    Provenance,
    Step,
    Trajectory,
    Turn,
)
from tests.checks.desk import given, said

Mutation = Callable[[Trajectory], None]
MUTATIONS: dict[str, list[Mutation]] = {}


def only(name: str) -> Callable[[Mutation], Mutation]:
    def register(mutation: Mutation) -> Mutation:
        MUTATIONS.setdefault(name, []).append(mutation)
        return mutation

    return register


def look(t: Trajectory) -> Call:
    return t.turns[0].steps[0].calls[0]


def book(t: Trajectory) -> Call:
    return t.turns[0].steps[1].calls[0]


# -- trace ------------------------------------------------------------------------------------------------


@only("tool_not_offered")
def _(t: Trajectory) -> None:
    t.tools = [tool for tool in t.tools if tool["function"]["name"] != "find_flights"]


@only("unjustified_argument")
def _(t: Trajectory) -> None:
    del look(t).provenance["origin"]


@only("unjustified_argument")
def _(t: Trajectory) -> None:  # a part of a nested argument
    look(t).arguments["via"] = [{"city": "Rome"}, {"city": "Oslo"}]
    look(t).provenance["via[0].city"] = said()


@only("invented_argument")
def _(t: Trajectory) -> None:  # another record's id than the provenance says
    flights = look(t).output["flights"]
    other = next(
        index for index, flight in enumerate(flights) if flight["flight_id"] != book(t).arguments["flight_id"]
    )
    book(t).provenance["flight_id"] = given(
        0, 0, f"flights[{other}].flight_id", Choice("flights", "min", "price")
    )


@only("invented_argument")
def _(t: Trajectory) -> None:
    book(t).provenance["flight_id"].field = "flights[99].flight_id"


@only("invented_argument")
def _(t: Trajectory) -> None:  # a default that is none
    book(t).provenance["passenger"] = Provenance("default")


@only("invented_argument")
def _(t: Trajectory) -> None:
    look(t).provenance["origin"] = said(0)  # said "earlier", in this very turn


@only("invented_argument")
def _(t: Trajectory) -> None:
    look(t).provenance["date"] = Provenance("default")  # provenance of an argument that is not there


@only("premature_call")
def _(t: Trajectory) -> None:  # the paper's showcase: both in one message
    first, second = t.turns[0].steps
    t.turns[0].steps = [
        Step(
            f"{first.thought} I book {book(t).arguments['flight_id']} for Ada Byron.",
            [*first.calls, *second.calls],
        )
    ]


@only("oversized_turn")
def _(t: Trajectory) -> None:
    t.turns[1].steps[0].calls *= 41


@only("oversized_turn")
def _(t: Trajectory) -> None:
    look(t).output["note"] = "x" * 70_000


@only("nothing_new")
def _(t: Trajectory) -> None:
    t.turns[2] = t.turns[1]


# -- query ------------------------------------------------------------------------------------------------


@only("bad_query_text")
def _(t: Trajectory) -> None:
    t.turns[0].query += " Take {flight_id}."


@only("bad_query_text")
def _(t: Trajectory) -> None:
    t.turns[2].query = "  "


@only("unreadable_argument")
def _(t: Trajectory) -> None:
    t.turns[0].query = t.turns[0].query.replace("two seats", "some seats")


@only("unreadable_argument")
def _(t: Trajectory) -> None:
    t.turns[0].query = t.turns[0].query.replace("Ada Byron", "Adam Byron")


@only("unreadable_argument")
def _(t: Trajectory) -> None:
    t.turns[1].query = "Please do it now."


@only("unreadable_argument")
def _(t: Trajectory) -> None:  # said in an earlier turn, but not in that one
    t.turns[1].steps[0].calls[0].arguments["send_alerts"] = False
    t.turns[1].steps[0].calls[0].provenance["send_alerts"] = said(0)


@only("leaked_value")
def _(t: Trajectory) -> None:
    t.turns[0].query += f" I think it is {book(t).arguments['flight_id']}."


@only("named_tool")
def _(t: Trajectory) -> None:
    t.turns[1].query += " Use set_alerts for it."


@only("named_tool")
def _(t: Trajectory) -> None:
    t.turns[0].query = (
        t.turns[0].query.replace("Could you get", "Please use the book flight tool for").replace("?", ".")
    )


@only("named_tool")
def _(t: Trajectory) -> None:
    t.turns[1].query += " cancelBooking is not what I mean."


@only("unknowable_choice")
def _(t: Trajectory) -> None:  # the exact price of a flight that nobody has looked up yet
    flights = look(t).output["flights"]
    best = book(t).provenance["flight_id"].field
    price = next(f["price"] for f in flights if f["flight_id"] == book(t).arguments["flight_id"])
    book(t).provenance["flight_id"] = given(0, 0, best, Choice("flights", "equals", "price", price))
    t.turns[0].query = t.turns[0].query.replace("the cheapest flight", f"the flight for {price}")


@only("unsaid_choice")
def _(t: Trajectory) -> None:
    t.turns[0].query = t.turns[0].query.replace("the cheapest flight", "a flight")


@only("unsaid_choice")
def _(t: Trajectory) -> None:
    t.turns[0].query = t.turns[0].query.replace("the cheapest flight", "the most expensive flight")


@only("unsaid_choice")
def _(t: Trajectory) -> None:  # picked by its time, which nobody said
    flights = look(t).output["flights"]
    best = book(t).provenance["flight_id"].field
    departs = next(f["departs"] for f in flights if f["flight_id"] == book(t).arguments["flight_id"])
    book(t).provenance["flight_id"] = given(0, 0, best, Choice("flights", "equals", "departs", departs))


# -- attempt ----------------------------------------------------------------------------------------------


@only("missing_thought")
def _(t: Trajectory) -> None:
    t.turns[0].thought = " "


@only("missing_thought")
def _(t: Trajectory) -> None:
    t.turns[1].thought = "They are on. " * 1000


@only("forbidden_phrase")
def _(t: Trajectory) -> None:
    t.turns[0].thought = "The booking matches the ground truth."


@only("forbidden_phrase")
def _(t: Trajectory) -> None:
    t.turns[0].steps[0].thought = "The hint says: Rome to Oslo or Cork."


@only("forbidden_phrase")
def _(t: Trajectory) -> None:
    t.turns[0].advanced_tool = {"name": "book_cheapest"}
    t.turns[0].thought = "That was book_cheapest."


@only("unfilled_text")
def _(t: Trajectory) -> None:
    t.turns[0].thought = "It is on the flight with price none."


@only("unfilled_text")
def _(t: Trajectory) -> None:
    t.turns[1].answer = "Alerts are on for {passenger}."


@only("unresolved_error")
def _(t: Trajectory) -> None:  # done, and then done again
    cancel = t.turns[2].steps[0].calls[0]
    again = Call(cancel.name, cancel.arguments, cancel.provenance, {"error": "no such booking"})
    t.turns[2].steps.append(Step(t.turns[2].steps[0].thought, [again]))


@only("silent_thought")
def _(t: Trajectory) -> None:
    t.turns[0].steps[1].thought = "Now I book it for Ada Byron."


@only("silent_thought")
def _(t: Trajectory) -> None:
    t.turns[0].steps[0].thought = "Let me look up flights."


@only("ungrounded_thought")
def _(t: Trajectory) -> None:
    t.turns[0].steps[0].thought = f"{t.turns[0].steps[0].thought} There should be one for 4711.5."


@only("ungrounded_thought")
def _(t: Trajectory) -> None:  # it knows an output before the call that gives it
    t.turns[0].steps[
        0
    ].thought = f"{t.turns[0].steps[0].thought} It will be {book(t).arguments['flight_id']}."


@only("missing_answer")
def _(t: Trajectory) -> None:
    t.turns[1].answer = ""


@only("ungrounded_answer")
def _(t: Trajectory) -> None:
    t.turns[0].answer = t.turns[0].answer.replace("BK-", "BK-9")


@only("ungrounded_answer")
def _(t: Trajectory) -> None:
    t.turns[1].answer = "Price alerts are on now, sent at 07:30."


@only("ungrounded_answer")
def _(t: Trajectory) -> None:
    t.turns[1].answer = 'Alerts are on; the desk says "welcome aboard".'


@only("needed_not_obtained")
def _(t: Trajectory) -> None:
    t.turns[0].needed.append(Needed("FL0000", "flights[0].flight_id"))


@only("needed_not_obtained")
def _(t: Trajectory) -> None:
    t.turns[0].needed[0].field = "flights[77].flight_id"


@only("control_text")
def _(t: Trajectory) -> None:
    t.turns[2].answer += "<|im_end|>"


@only("control_text")
def _(t: Trajectory) -> None:
    look(t).output["note"] = "</tool_response>"


# -- variants ---------------------------------------------------------------------------------------------

CANNOT = "I'm sorry, but I can't do that with the tools that I have."


def abstention(
    t: Trajectory, place: int, variant: str, lack: Lack, query: str, answer: str = CANNOT
) -> AbstentionTurn:
    """Put a turn without a call into a conversation."""
    turn = AbstentionTurn(
        query=query,
        steps=[],
        thought="Something is missing here.",
        answer=answer,
        state_hash=t.turns[place - 1].state_hash,
        needed=[],
        variant=variant,
        lack=lack,
    )
    t.turns.insert(place, turn)
    return turn


@only("called_anyway")
def _(t: Trajectory) -> None:  # nothing says what is missing
    t.turns[1].variant = "irrelevance"


@only("called_anyway")
def _(t: Trajectory) -> None:  # a call in a turn that lacks a tool
    turn = abstention(t, 1, "irrelevance", Lack(["feed_cat"]), "Feed my cat.")
    call = Call("find_flights", {"origin": "Rome", "destination": "Oslo"}, {}, {"flights": []})
    call.provenance = {"origin": said(0), "destination": Provenance("query")}
    turn.query = "Feed my cat in Oslo."
    turn.steps = [Step("From Rome to Oslo, then.", [call])]


@only("silent_abstention")
def _(t: Trajectory) -> None:  # it says that it is done
    abstention(t, 1, "irrelevance", Lack(["feed_cat"]), "Feed my cat.", "All done, your cat is happy.")


@only("silent_abstention")
def _(t: Trajectory) -> None:  # it asks for something else
    lack = Lack(["set_alerts"], parameter="send_alerts")
    abstention(t, 1, "miss_param", lack, "There is something about prices.", "Which colour do you like?")


@only("tool_at_hand")
def _(t: Trajectory) -> None:  # the tool that is said to be missing is offered
    lack = Lack(["cancel_booking"])
    abstention(t, 3, "irrelevance", lack, "Cancel whatever there is.")


@only("tool_at_hand")
def _(t: Trajectory) -> None:  # a tool about the same things is offered
    abstention(t, 1, "irrelevance", Lack(["print_flight"]), "Print my ticket.")


@only("value_at_hand")
def _(t: Trajectory) -> None:  # the user has said it
    lack = Lack(["set_alerts"], parameter="send_alerts")
    query = "Please switch the alerts on."
    abstention(t, 1, "miss_param", lack, query, "Should I send alerts?")


@only("value_at_hand")
def _(t: Trajectory) -> None:  # it need not be given
    alerts = t.turns[1].steps[0]
    alerts.calls[0].arguments["volume"], alerts.calls[0].provenance["volume"] = "loud", said()
    alerts.thought = "They want them loud."
    t.turns[1].query = "Please send me alerts about prices, and loud."
    lack = Lack(["set_alerts"], parameter="volume")
    abstention(t, 1, "miss_param", lack, "There is something about prices.", "What volume?")


@only("not_completed")
def _(t: Trajectory) -> None:  # the conversation ends
    abstention(t, 3, "miss_func", Lack(["feed_cat"]), "Feed my cat.")


@only("not_completed")
def _(t: Trajectory) -> None:  # the next turn does something else
    lack = Lack(["set_alerts"])
    abstention(t, 1, "miss_func", lack, "There is something about prices.")
    del t.turns[2]


def follow(t: Trajectory, place: int, follow_up: FollowUp) -> FollowUpTurn:
    """Make a turn a follow-up."""
    values = {name: getattr(t.turns[place], name) for name in Turn.__slots__}
    turn = FollowUpTurn(**values | {"variant": "follow_up"}, follow_up=follow_up)
    t.turns[place] = turn
    return turn


def booked_later(t: Trajectory) -> FollowUpTurn:
    """The booking as a turn of its own, which refers back to the flights that were found."""
    looking, booking = t.turns[0], t.turns[1]
    booking.steps = [looking.steps.pop()]
    booking.thought, booking.answer = "It is done.", f"Booked as {book_of(booking)['booking_id']}."
    booking.query = "Get Ada Byron two seats on the cheapest of those."
    looking.needed, looking.answer = [], f"The cheapest costs {look(t).output['flights'][0]['price']}."
    looking.query = f"Which flights go from Rome to {look(t).arguments['destination']}?"
    del t.turns[2]
    return follow(t, 1, FollowUp("refer_back"))


def book_of(turn: Turn) -> dict[str, str]:
    output: dict[str, str] = turn.steps[0].calls[0].output
    return output


def meant(t: Trajectory, query: str) -> FollowUpTurn:
    """A turn that corrects the city of arrival."""
    booked_later(t)
    call = Call("find_flights", {"origin": "Rome", "destination": "Bergen"}, {}, {"flights": [], "count": 0})
    call.provenance = {"origin": said(0), "destination": said()}
    t.turns[1].query, t.turns[1].answer = query, "There are none to Bergen."
    t.turns[1].steps = [Step("From Rome to Bergen, then.", [call])]
    return follow(t, 1, FollowUp("correct", "find_flights", "destination"))


@only("not_a_follow_up")
def _(t: Trajectory) -> None:  # nothing says what it does with the turn before
    t.turns[1].variant = "follow_up"


@only("not_a_follow_up")
def _(t: Trajectory) -> None:  # there is no turn before
    follow(t, 0, FollowUp("refer_back"))


@only("nothing_changed")
def _(t: Trajectory) -> None:  # what is corrected was not there
    follow(t, 2, FollowUp("correct", "cancel_booking", "booking_id"))


@only("nothing_changed")
def _(t: Trajectory) -> None:  # the value is the one before
    meant(t, "I meant Bergen.")
    look(t).arguments["destination"] = "Bergen"
    t.turns[0].query = "Which flights go from Rome to Bergen?"


@only("said_again")
def _(t: Trajectory) -> None:  # the id of what is referred back to
    turn = booked_later(t)
    turn.query += f" I mean {turn.calls()[0].arguments['flight_id']}."


@only("said_again")
def _(t: Trajectory) -> None:  # what stays as it was
    meant(t, "I meant from Rome to Bergen.")


@only("no_choice")
def _(t: Trajectory) -> None:  # nothing of the turn before is taken
    follow(t, 1, FollowUp("refer_back"))


@only("no_choice")
def _(t: Trajectory) -> None:  # there was one to choose from
    turn = booked_later(t)
    look(t).output["flights"] = [
        flight
        for flight in look(t).output["flights"]
        if flight["flight_id"] == turn.calls()[0].arguments["flight_id"]
    ]
    turn.calls()[0].provenance["flight_id"].field = "flights[0].flight_id"
    t.turns[0].answer = "There is one."


@only("not_undone")
def _(t: Trajectory) -> None:  # nothing is said to be undone
    follow(t, 2, FollowUp("change_of_mind"))


@only("not_undone")
def _(t: Trajectory) -> None:  # what takes it back is not called
    follow(t, 2, FollowUp("change_of_mind", undone=[0], by="book_flight"))


@only("not_undone")
def _(t: Trajectory) -> None:  # the turn before did one thing only
    follow(t, 2, FollowUp("undo_part", undone=[0], by="cancel_booking"))
