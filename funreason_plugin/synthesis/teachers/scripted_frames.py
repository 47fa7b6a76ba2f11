"""Frames of the scripted querying agent: how a request begins, is put, goes on and ends.

``{c}`` is a clause ("book a table"), ``{C}`` the same with a capital, ``{g}`` its gerund ("booking a table").
Frames say nothing about any subject matter: they fit a bank as well as a file system.
"""

from __future__ import annotations

__all__ = [
    "CLOSERS", "CONTEXTS", "FOLLOW_UPS", "FORMS", "GREETINGS", "JOINS", "LEADS", "LEADS_ON", "LISTS", "OWN_FORMS", "READ_CLOSERS",
    "STATEMENTS", "WRITE_CLOSERS",
]  # fmt: skip

FORMS: dict[str, tuple[str, ...]] = {
    "direct": (
        "{C}.",
        "{C}.",
        "Please {c}.",
        "{C}, please.",
        "Go ahead and {c}.",
        "I want you to {c}.",
        "Just {c}.",
        "I'll leave it to you to {c}.",
        "Do me a favour: {c}.",
        "Here's what to do: {c}.",
    ),
    "question": (
        "Could you {c}?",
        "Can you {c}?",
        "Could you please {c}?",
        "Would you be able to {c}?",
        "Would you mind {g}?",
        "Any chance you could {c}?",
        "May I ask you to {c}?",
        "Can I get you to {c}?",
        "Would it be possible for you to {c}?",
        "Do you think you could {c}?",
        "Are you able to {c}?",
        "Will you {c}, please?",
    ),
    "need": (
        "I need you to {c}.",
        "I'd like you to {c}.",
        "What I need is for you to {c}.",
        "I'm hoping you can {c}.",
        "I'd appreciate it if you could {c}.",
        "It would help me a lot if you could {c}.",
        "I was wondering whether you could {c}.",
        "I'd be glad if you could {c}.",
        "I could use your help: {c}.",
        "It'd be great if you could {c}.",
    ),
    "delegated": (
        "Somebody in my office needs this from me: {c}.",
        "I've been given this job: {c}.",
        "My manager wants one thing from me: {c}.",
        "A friend asked me for a favour, so could you {c}?",
        "People are waiting for me here, so please {c}.",
        "I promised to get this done today: {c}.",
    ),
    "background": (
        "Here's what I'm after: {c}.",
        "What's on my list today is this: {c}.",
        "There's something I keep putting off: {c}.",
        "One thing has been on my mind: {c}.",
        "I've got something for you: {c}.",
        "This has to happen today: {c}.",
        "Before I forget: {c}.",
        "If you have a moment: {c}.",
    ),
}  # fmt: skip

OWN_FORMS: dict[str, tuple[str, ...]] = {
    "direct": ("I want to {c}.", "I'm going to {c}.", "Let's {c}.", "Help me {c}."),
    "question": ("Could you help me {c}?", "How about we {c}?", "Can I ask for your help to {c}?"),
    "need": (
        "I need to {c}.",
        "I'd like to {c}.",
        "I have to {c}.",
        "I'm looking to {c}.",
        "I really should {c}.",
        "I'm trying to {c}.",
        "I've decided to {c}.",
        "I was hoping to {c}.",
    ),
    "delegated": (
        "My boss wants me to {c}.",
        "I've been asked to {c}.",
        "My manager just asked me to {c}.",
        "I promised a colleague that I would {c}.",
        "Somebody on my team asked me to {c}.",
        "My sister has been on at me to {c}.",
        "I told my partner that I would {c}.",
        "It has fallen to me to {c}.",
    ),
    "background": (
        "I've been meaning to {c}.",
        "I still have to {c} today.",
        "Before the day is over, I want to {c}.",
        "I keep forgetting to {c}.",
        "It's high time to {c}.",
        "The plan is to {c}.",
        "The next thing I have to do is to {c}.",
        "I've put it off long enough: I have to {c}.",
    ),
}
"""Forms in which the user is the one who acts: not for clauses such as "tell me …"."""

JOINS: dict[str, tuple[str, ...]] = {
    "then": (
        ", and then {c}",
        " and then {c}",
        ", then {c}",
        ", and once that's done, {c}",
        ", and after that {c}",
        ". After that, {c}",
        ". Then {c}",
        ". Once that's done, {c}",
        ". When that's sorted, please {c}",
        ". With that out of the way, {c}",
        ". Next, {c}",
        ". Then I'd like you to {c}",
    ),
    "also": (
        ". Also, {c}",
        ". On top of that, {c}",
        ". While you're at it, {c}",
        ". I'd also like you to {c}",
        ". Apart from that, {c}",
        ". And please {c}",
        ". Besides that, {c}",
        ", and then {c}",
        ". One more thing: {c}",
        ". In addition, {c}",
    ),
}

LEADS = (
    "{C}.",
    "First of all, {c}.",
    "To begin with, {c}.",
    "Please {c}.",
    "Start by doing this: {c}.",
    "Before anything else, {c}.",
    "{C}, please.",
    "First {c}.",
    "For a start, {c}.",
    "Could you first {c}?",
)
LEADS_ON = ("Then {c}.", "Next, {c}.", "After that, {c}.", "And {c}.")

LISTS: dict[int, tuple[str, ...]] = {
    2: (
        "Two things: {0}; then {1}.",
        "There are two things to do. First, {0}. Second, {1}.",
        "I need two things from you: first {0}; after that, {1}.",
        "First {0}, then {1}.",
        "Start like this: {0}. Then {1}.",
    ),
    3: (
        "Three things: {0}; {1}; {2}.",
        "I have three requests. First, {0}. Second, {1}. Third, {2}.",
        "First {0}; next {1}; finally {2}.",
        "Here's the order of things: {0}; then {1}; and at the end {2}.",
    ),
}

GREETINGS: dict[str, tuple[str, ...]] = {
    "plain": ("Hello.", "Hi.", "Good day."),
    "polite": ("Hello there, I hope you're well.", "Good morning!", "Hi, sorry to bother you.", "Hello, and thanks for being there."),
    "casual": ("Hey!", "Hi there!", "Hey, quick one.", "Yo, me again."),
    "formal": ("Good afternoon.", "Good afternoon to you.", "Good morning, I have a request.", "To whom it may concern:"),
    "hurried": ("Quick one.", "I've only got a minute.", "Short on time here.", "In a rush, sorry."),
}  # fmt: skip

CONTEXTS: dict[str, tuple[str, ...]] = {
    "manager": (
        "I'm between two meetings and want this off my desk.",
        "My day is packed, so I'm handing this to you.",
        "I've got a board call in ten minutes.",
    ),
    "parent": (
        "I've got a toddler on one arm and I'm typing with the other.",
        "The kids are finally asleep and I can deal with this.",
        "It's been one of those days with the children.",
    ),
    "student": (
        "I've got an exam coming up and no head for this right now.",
        "I'm in the library and can't make a call.",
        "Term is about to end and everything piles up.",
    ),
    "retiree": (
        "I'm not very good with these systems, so please bear with me.",
        "My grandson usually does this for me, but he's away.",
        "I hope I'm explaining this properly.",
    ),
    "assistant": (
        "I'm arranging this for somebody in my office.",
        "I look after a few people's affairs here, and this one is urgent.",
        "This landed on my desk this morning.",
    ),
    "engineer": (
        "I like to have these things exactly right.",
        "I tried to script this myself and gave up.",
        "Please be precise about the details.",
    ),
    "owner": (
        "I run a small business and do everything myself.",
        "It's been busy in the shop all morning.",
        "I keep my own books, so I need this settled.",
    ),
    "night_shift": (
        "I've just come off a night shift and can hardly keep my eyes open.",
        "I want to get this done before I go to bed.",
        "It's been a long night, so forgive any typos.",
    ),
    "newcomer": (
        "It's my first time using this.",
        "A colleague told me that you can help with this sort of thing.",
        "I don't know my way around here yet.",
    ),
    "regular": (
        "You've helped me with this before.",
        "You know the drill by now.",
        "It's me again, the usual sort of thing.",
    ),
    "traveller": (
        "I'm on a train with patchy reception.",
        "I'm typing this on my phone while I walk.",
        "I'm on the road all day.",
    ),
    "volunteer": (
        "I'm helping out at our club this week.",
        "I do this in my spare time, so I don't have all day.",
        "We're all volunteers here, and I drew the short straw.",
    ),
}

FOLLOW_UPS: dict[str, tuple[str, ...]] = {
    "plain": ("Okay.", "Got it.", "Good.", "All right, next.", "Next item.", "Noted."),
    "polite": ("Thank you, that helps.", "That's very kind, thank you.", "Thanks a lot.", "Wonderful, thanks.", "Thank you so much."),
    "casual": ("Cool, thanks.", "Nice one.", "Sweet.", "Great stuff.", "Awesome.", "Perfect, cheers."),
    "formal": ("Thank you for the information.", "Much appreciated.", "Thank you for taking care of that.", "Thank you, that is noted."),
    "hurried": ("OK, next.", "Right, moving on.", "Good, one more.", "Fine, now quickly.", "Done? Great, next."),
}  # fmt: skip

CLOSERS: dict[str, tuple[str, ...]] = {
    "plain": ("That's all.", "Nothing else for now.", "That should be everything."),
    "polite": ("Thank you!", "Thanks in advance.", "Many thanks.", "I'd be very grateful.", "Thanks for your help."),
    "casual": ("Cheers!", "Thanks a bunch!", "Ta!", "You're a star.", "Appreciate it!"),
    "formal": ("Thank you for your assistance.", "I look forward to hearing from you.", "With kind regards.", "Thank you in advance."),
    "hurried": ("Thanks, gotta run.", "Asap if you can.", "The sooner the better.", "Thx!", "I'm in a hurry."),
}  # fmt: skip
WRITE_CLOSERS = (
    "Let me know when it's done.",
    "Tell me once it's through.",
    "A short confirmation is enough.",
    "Just confirm when it's settled.",
)
READ_CLOSERS = (
    "Let me know what you find.",
    "Just tell me what comes up.",
    "A short answer is fine.",
    "I'll take it from there.",
)

STATEMENTS: dict[str, tuple[str, ...]] = {
    "own": ("My {name} is {value}.", "For the record, my {name} is {value}.", "My {name}: {value}."),
    "early": (
        "One detail up front: the {name} should be {value}.",
        "Before I forget, the {name} should be {value}.",
        "To be clear, the {name} has to be {value}.",
    ),
    "thing": ("The {name} should be {value}.", "For the {name}: {value}.", "{Name}: {value}.", "The {name} is {value}."),
}  # fmt: skip
