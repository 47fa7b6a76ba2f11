"""For each acceptance rule, conversations that only this rule rejects: one mutation of a good one each."""

from __future__ import annotations

from collections.abc import Callable

from funreason_plugin.trajectory import (
    AbstentionTurn,
    Call,
    Choice,
    Lack,
    Needed,
    Provenance,
    Step,
    Trajectory,
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
