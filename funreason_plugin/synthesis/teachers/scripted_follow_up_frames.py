"""Wordings of the scripted teacher for follow-ups: corrections, second thoughts, a part undone, references back.

``{v}`` is the new value and ``{o}`` the old one, ``{w}`` the words for what is corrected ("arrival date"); ``{u}`` is what
takes something back and ``{c}`` what is wanted, both as clauses, ``{U}`` and ``{C}`` the same at the start of a sentence.
"""

from __future__ import annotations

__all__ = [
    "ANSWERED", "BACK", "CHANGED", "CLOSED", "COMPARATIVES", "CORRECTED", "NAMED", "NOTED", "PART", "REDONE", "STARTS", "TAKE_BACK",
]  # fmt: skip

# -- what the user says -----------------------------------------------------------------------------------

STARTS: dict[str, tuple[str, ...]] = {
    "plain": ("Sorry,", "Wait,", "Actually,", "No,", "Correction:"),
    "polite": ("I'm so sorry,", "Oh, excuse me,", "Sorry to bother you again,", "Apologies,", "Forgive me,"),
    "casual": ("Oops,", "Oh wait,", "Hang on,", "Ah, my bad,", "Ugh,", "Whoops,"),
    "formal": ("I have to correct myself:", "A correction:", "My apologies,", "I beg your pardon,"),
    "hurried": ("Wait,", "No,", "Stop,", "Sorry,", "Argh,"),
}
"""How a correction begins."""
CORRECTED = (
    "I meant {v}, not {o}.",
    "I meant {v} rather than {o}.",
    "make that {v} instead of {o}.",
    "it should be {v}, not {o}.",
    "that should have been {v} rather than {o}.",
    "I said {o}, but I meant {v}.",
    "I wrote {o} when I meant {v}.",
    "take {v} instead of {o}, please.",
    "could you do that again with {v} instead of {o}?",
    "do it with {v}, not {o}.",
    "not {o} but {v}.",
    "can we make it {v} rather than {o}?",
    "use {v} instead of {o}.",
    "it's {v} that I need, not {o}.",
)
NAMED = (
    "the {w} should be {v}.",
    "the {w} is {v}, not {o}.",
    "I got the {w} wrong: it's {v}.",
    "the right {w} is {v}.",
    "please change the {w} to {v}.",
    "I gave you the wrong {w}. It should be {v}.",
    "the {w} was a slip. I meant {v}.",
    "the {w} has to be {v} instead.",
    "I mixed up the {w}. It's {v}.",
    "make the {w} {v} instead of {o}.",
    "could you change the {w} from {o} to {v}?",
    "{o} was the wrong {w}; it should be {v}.",
)
CLOSED: dict[str, tuple[str, ...]] = {
    "plain": ("Everything else stays.", "The rest is right."),
    "polite": ("Thank you!", "Sorry for the trouble.", "Thank you for your patience."),
    "casual": ("My bad.", "Thanks!", "The rest was fine."),
    "formal": ("The other details remain as they were.", "Thank you."),
    "hurried": ("Thx.", "Quick, please."),
}

TAKE_BACK = (
    "undo that",
    "take that back",
    "undo what you just did",
    "put that back the way it was",
    "reverse that",
    "undo that last change",
)
"""Clauses for a call that has no short one of its own."""
CHANGED = (
    "I've changed my mind. {U}. Instead, {c}.",
    "On second thought, {u}. I'd rather you {c}.",
    "Actually, {u}, please. Then {c}.",
    "Hm, that's not what I want after all. {U}, and {c}.",
    "Wait, I've thought about it again. Please {u} and {c}.",
    "No, let's do it differently: {u}. After that, {c}.",
    "Could you {u}? I'd like you to {c}.",
    "That was the wrong decision. {U}. Instead, please {c}.",
    "My plans have changed, so {u}. Instead, {c}.",
    "Sorry, change of plan. {U}, then {c}.",
    "I'm having second thoughts. {U}; instead, {c}.",
    "Come to think of it, {u}. What I'd prefer: {c}.",
    "I was too quick there. {U}, and {c}.",
    "Changed my mind, sorry. Please {u}. In its place, {c}.",
)
PART = (
    "{U}, but leave the rest as it is.",
    "Please {u}. The rest is fine.",
    "Actually, {u}. Keep everything else.",
    "I don't need all of that after all: {u}. The rest can stay.",
    "Everything else can stay, but {u}.",
    "Could you {u}? Leave the other things as they are.",
    "Just {u}; the rest stays.",
    "That was one thing too many: {u}. The rest was right.",
    "{U}, please, and nothing else.",
    "The rest is good, but please {u}.",
    "Keep the other part, only {u}.",
    "Part of that was a mistake. {U}, and leave the rest alone.",
    "Hm, one of those was wrong. {U}. Don't touch the rest.",
)
BACK = (
    "{C}, please.",
    "Then {c}.",
    "Good. {C}.",
    "OK, {c}.",
    "Could you {c}?",
    "I'd like you to {c}.",
    "Please {c}.",
    "All right, {c}.",
    "Thanks. {C}, please.",
    "Sounds good. Please {c}.",
    "In that case, {c}.",
    "Of those, I know what I want: {c}.",
    "Can you {c}?",
    "Let's see. {C}.",
)

COMPARATIVES = {
    "cheapest": "cheaper", "least expensive": "less expensive", "lowest-priced": "lower-priced", "most expensive": "more expensive",
    "priciest": "pricier", "lowest-rated": "lower-rated", "worst-rated": "worse-rated", "best-rated": "better-rated",
    "highest-rated": "higher-rated", "top-rated": "better-rated", "shortest": "shorter", "longest": "longer", "nearest": "nearer",
    "closest": "closer", "farthest": "farther", "most distant": "more distant", "smallest": "smaller", "largest": "larger",
    "biggest": "bigger", "lightest": "lighter", "heaviest": "heavier", "tightest": "tighter", "roomiest": "roomier", "oldest": "older",
    "newest": "newer", "most recent": "more recent", "youngest": "younger", "earliest": "earlier", "latest": "later",
}  # fmt: skip
"""Of two one says "the cheaper one"."""

# -- what the assistant thinks ----------------------------------------------------------------------------

NOTED: dict[str, tuple[str, ...]] = {
    "correct": (
        "They correct what they said before: it is {v} now, and the rest stands.",
        "A correction to the last request: {v}. Everything else is as they said it.",
        "So the earlier request holds, only with {v}.",
        "What I did rests on a value that was wrong. It should have been {v}.",
        "They meant {v}, so I have to go through this again with the other details unchanged.",
        "The last turn needs mending: {v} is what they wanted.",
        "I take the details from the turn before and change just one to {v}.",
        "It's the same request as before but for one value, which is {v}.",
        "They don't repeat the rest, because only {v} is new.",
        "One value changes to {v}; I know all the others from before.",
        "With {v} the result may well be another, so the old one no longer counts.",
        "They slipped in the message before. The right value is {v}.",
    ),
    "change_of_mind": (
        "They have changed their mind about the last turn, so what I did there has to be taken back.",
        "What I just did is no longer wanted. First I undo it, then comes the new wish.",
        "Two things, then: take back the last change, and do the other thing.",
        "The last turn's result is to go, and something else takes its place.",
        "So the earlier step was not what they want after all. I reverse it before I go on.",
        "They'd like it otherwise. The old one must not stay beside the new one.",
        "A change of plan: the effect of the turn before has to disappear.",
        "If I only did the new thing, the old one would stay. So that comes off first.",
        "I need the call that reverses the last one, and then the new request.",
        "Their plans are different now. Undo, then do the new thing.",
        "I take back what I did in the turn before; I know from it what has to be undone.",
        "The turn before is to count as if it had not happened.",
    ),
    "undo_part": (
        "Only one part of what I did is to be undone. The rest has to stay.",
        "I did several things in the turn before, and one of them goes.",
        "I have to be careful: just this part, nothing beside it.",
        "They keep most of the last turn and want a single step reversed.",
        "One of the effects is to be taken back, and the others are right as they are.",
        "So not everything, just that one thing. I know it from what I did before.",
        "The rest of the turn before must not be touched.",
        "I look at what I did last and pick out the one that they mean.",
        "They name one of the things I did. Its counterpart will take it back.",
        "This concerns a part of the last turn only.",
        "A partial undo: one call is enough, and it must hit the right thing.",
        "What else I did in the turn before stands.",
    ),
    "refer_back": (
        "They refer to what I just found, so I don't have to look for it again.",
        "Which one they mean can be seen from the list that I got in the turn before.",
        "I go back to the last results and compare them.",
        "They don't name it, but comparing the records from before tells me which one it is.",
        "The candidates are in the output of the turn before.",
        "I have the list already; I just need to pick the right entry.",
        "They speak of one of the results from before. Let me compare.",
        "No new search is needed. The last output has what decides it.",
        "What decides it is in the last output.",
        "From the records that came up before, one fits what they say.",
        "I look at the earlier results side by side.",
        "They pick one of what I found; I read from the earlier output which one.",
    ),
}  # fmt: skip

# -- what the assistant answers ---------------------------------------------------------------------------

REDONE = (
    "I've done it again with {v}.",
    "Here it is with {v}.",
    "With {v}, then.",
    "No problem, I've taken {v} this time.",
    "I've corrected that: {v}.",
    "Sure, with {v} instead.",
    "All right, now with {v}.",
    "I've gone through it again with {v}.",
    "Now with {v}, and the rest as before.",
    "Thanks for the correction. This is with {v}.",
    "Of course, with {v} instead.",
    "Noted: {v}.",
)
ANSWERED: dict[str, tuple[str, ...]] = {
    "change_of_mind": (
        "I've taken back what I did before.",
        "The earlier one is undone.",
        "No problem, that's reversed.",
        "What I did before no longer stands.",
        "The first one is undone, and the new one is done.",
        "I've undone that and done the other thing instead.",
        "Sure. The last step is taken back.",
        "Of course, I've reversed it.",
        "That has been changed as you wish.",
        "The old one no longer stands.",
        "I've replaced it.",
        "Done the other way now.",
    ),
    "undo_part": (
        "That part is undone, and the rest stays as it was.",
        "I've taken back just that.",
        "It is only that one that I took back.",
        "That one is reversed; I left the rest alone.",
        "Sure, just that part.",
        "I've undone that and kept everything else.",
        "The other part is as it was.",
        "Everything else is untouched.",
        "I reversed that one step only.",
        "That's taken back. Nothing else has changed.",
        "One thing less, and the rest still stands.",
        "Undone, without touching the rest.",
    ),
}
