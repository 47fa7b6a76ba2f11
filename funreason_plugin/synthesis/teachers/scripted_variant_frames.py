"""Wordings of the scripted teacher for turns of a variant: what is missing, how it is said, how the user goes on.

``{c}`` is the request as a clause, ``{tool}`` a tool on offer, ``{w}`` the words for a parameter ("arrival date"),
``{v}`` a value. Nothing in them is about any subject matter.
"""

from __future__ import annotations

__all__ = [
    "AFTER_NO", "ASK", "CANNOT", "CANNOT_SHORT", "FITS_NOT", "FITS_NOT_SHORT", "NEAR", "NOW_SAID", "NOW_THERE", "NO_TOOL", "NO_VALUE", "OFFERS", "OPTIONS", "SAY_SO", "STRANGE", "SUPPLY",
    "WONT_ASK_MORE",
]  # fmt: skip

# -- thoughts ---------------------------------------------------------------------------------------------

NO_TOOL = (
    "I go through the tools that I have, and none of them does that.",
    "That takes a tool that I don't see in my list.",
    "Looking at what I can call, there is nothing that would do this.",
    "For that I'd need a function that isn't there.",
    "None of the functions that I'm given brings this about.",
    "The step that matters has no tool here, so I can't carry it out.",
    "I check the list of tools once more: this isn't among the things they do.",
    "What is asked for makes sense here, but I have no tool to do it with.",
    "There are tools for what comes around it, just none for the thing itself.",
    "I can't do this with what is available to me at the moment.",
    "My tools stop short of this: the decisive call doesn't exist.",
    "I was about to look for the right call, and there isn't one.",
    "Whichever way I turn it, the function for this is missing.",
)
STRANGE = (
    "This has nothing to do with what my tools are for.",
    "None of my tools is about anything of that kind.",
    "That's another field altogether; what I can call doesn't touch it.",
    "I look through my tools, and not one of them deals with this.",
    "This belongs to some other service, and I have no access to it here.",
    "Nothing that I can call here has to do with it.",
    "My tools are for other things, so there's no call that would help.",
    "The request doesn't fit anything that I have on offer.",
    "For that one would need quite different tools than mine.",
    "I find no tool that comes anywhere near this.",
    "It's a reasonable wish, but it lies outside of what I can reach from here.",
    "No function in my list works on such things.",
    "I can't look into this, let alone do it, with the tools that are here.",
)
NEAR = (
    "The nearest is {tool}, and that is for something else.",
    "{tool} comes closest, but it doesn't do this.",
    "I could think of {tool}, yet that wouldn't bring about what is wanted.",
    "{tool} sounds related and still does another thing.",
    "Calling {tool} instead would only look like help.",
)
SAY_SO = (
    "I should say so plainly instead of trying something else.",
    "The honest thing is to tell the user, without calling anything.",
    "So no call now; I tell the user what I can't do.",
    "Guessing with another function would do harm, so I'd rather say it.",
    "I'd better be open about it and leave everything as it is.",
    "It's best to say that it can't be done from here.",
    "I won't call anything; an answer in plain words is what is left.",
    "Pretending would be wrong, so I'll just explain it.",
    "The user should know that, and nothing should be touched.",
    "Then the right answer is that I can't, said in a few plain words.",
)
NO_VALUE = (
    "For `{tool}` I need the {w}, and they don't say it.",
    "`{tool}` can't be called without the {w}, which nobody has mentioned.",
    "One thing is missing before I can start: the {w}.",
    "They leave out the {w}, and `{tool}` requires it.",
    "I have the rest, but not the {w} that `{tool}` asks for.",
    "What I don't know is the {w}; it's said neither here nor anywhere before.",
    "The {w} is up to the user, and they haven't said it.",
    "No result and nothing that was said gives me the {w} for `{tool}`.",
    "`{tool}` takes the {w} as a required argument, and I have nothing to put there.",
    "Reading it again, I find everything except the {w}.",
    "There's a gap: `{tool}` wants the {w}, and I wasn't told.",
    "Without the {w} the call to `{tool}` would be incomplete.",
)
WONT_ASK_MORE = (
    "None of the tools can tell me that, so I have to ask.",
    "I mustn't make it up. I'll ask for just that.",
    "Only the user knows, so a short question is in order.",
    "A guess could go badly wrong; better to ask first.",
    "I'll ask for it before I call anything.",
    "So I stop here and ask for this one detail.",
    "It's not something that I can look up. I'd better ask.",
    "Picking one myself isn't right, so I put the question to them.",
    "One question settles it, and then I can go on.",
    "Before anything else I need that from the user.",
    "There's no sense in starting before I know it.",
)

NOW_THERE = (
    "Now {tool} is there, so I can take up what was asked before.",
    "This time I have {tool}, which is just what was missing.",
    "{tool} has been added to my tools. Back to the request, then.",
    "The user has seen to it that I have {tool}. I can go on.",
    "With {tool} available, the request can be carried out after all.",
    "There's a new function on offer: {tool}. That's the one I lacked.",
    "What stopped me is gone, since {tool} is among my tools now.",
    "I see that {tool} was made available, so let me return to the request.",
    "The message offers {tool}; with it I can do what I had to decline.",
    "I had to say no for want of a tool. Now that {tool} is here, I can do it.",
    "So {tool} is the function that was added, and it fits.",
    "The list has grown by {tool}. The request from before still stands.",
)
NOW_SAID = (
    "That answers my question: now I have the {w}.",
    "Now that I know the {w}, nothing is missing.",
    "The user has given me the {w}, so I can go ahead.",
    "With the {w} the request is complete.",
    "That was the last piece, the {w}.",
    "I asked for the {w}, and here it is.",
    "The {w} is settled, so I can do what was asked before.",
    "Good, the {w} is known now.",
    "They've told me the {w}. Back to the request.",
    "This fills the gap, since all I lacked was the {w}.",
    "The answer has the {w} in it; I can carry on.",
    "Having the {w}, I return to what they wanted.",
)

# -- answers ----------------------------------------------------------------------------------------------

CANNOT = (
    "I'm sorry, but I can't {c}: I have no tool for that at the moment.",
    "I'm afraid I'm not able to {c}. None of the functions that I have here does it.",
    "I'd like to {c}, but there is no tool for it among those available to me.",
    "Sorry, I can't {c} right now, because the function for it isn't available.",
    "To {c} I'd need a tool that I don't have here, so I've left everything as it is.",
    "Unfortunately I'm unable to {c}. That function is missing from what I can use.",
    "I can't {c}, I'm afraid: none of my tools covers that. Nothing has been changed.",
    "As things stand I can't {c}, since I don't have a function that does so.",
    "I understand that I'm to {c}, but I have no way of doing it with the tools here.",
    "I have to disappoint you: I can't {c} with what is available to me.",
    "There's no function that lets me {c}, so I can't do that for you at present.",
    "I looked for a way to {c}, and none of my tools does it. I haven't done anything so far.",
    "I can't {c} yet. If the function for it is made available to me, I'll do it.",
)
CANNOT_SHORT = (
    "I'm sorry, but I can't do that: the tool for it isn't available to me.",
    "I'm afraid I have no function for what you ask, so I can't do it at the moment.",
    "That's not possible for me right now; none of the tools that I have does it.",
    "I can't take care of this, because I don't have a tool for it. Nothing has been changed.",
    "Unfortunately none of my functions can do this, so I have to leave it for now.",
    "Sorry, what you ask for needs a function that I don't have here.",
    "I'm unable to do this with the tools that I've been given.",
    "There is no tool among mine that does this, so I've left everything as it was.",
    "As it is, I can't do that: the function is missing.",
    "I have to pass on this one, since no tool of mine covers it.",
    "At the moment I can't. I'd need a function for it, and there is none.",
    "I don't have what it takes to do this: the tool for it isn't there.",
)
FITS_NOT = (
    "I'm sorry, but I can't {c}. That lies outside of what I can do here.",
    "I'm afraid I'm not able to {c}: nothing that I have access to deals with that.",
    "I can't {c} from here, I'm afraid. My tools are for other things.",
    "Sorry, I have no way to {c}; that's beyond what I can reach.",
    "Unfortunately I can't {c}, as none of my tools has to do with it.",
    "To {c} you'd have to turn to somebody else, since I can't do that here.",
    "That isn't something that I can help with: I have no tool to {c}.",
    "I can't {c}, because I've no access to anything of that kind.",
    "I'd gladly {c} if I could, but I can't: it's not part of what I have on offer.",
    "There's nothing here that lets me {c}. I'm sorry that I can't be of more help with it.",
    "I'm unable to {c}; I can't see or change anything of the sort from here.",
    "As much as I'd like to {c}, I can't. It has nothing to do with the tools that I have.",
    "I have to decline: I can't {c} with the tools that are here.",
)
FITS_NOT_SHORT = (
    "I'm sorry, but I can't help with that; it's outside of what I can do here.",
    "I'm afraid that's not something I can do: none of my tools deals with it.",
    "I can't do that from here. You'd have to ask elsewhere, I'm afraid.",
    "Sorry, I have no access to anything of that kind, so I can't take this on.",
    "That's beyond what my tools can do, so I have to decline.",
    "Unfortunately I can't be of help there; I've nothing to do it with.",
    "I have no tool for such things, so I can't do this for you.",
    "I can't look into that, since nothing here has to do with it.",
    "This isn't something that I'm able to do with what I have here.",
    "I must pass on that one: it has nothing to do with what I can reach.",
    "I'm unable to do that. My tools are for something else entirely.",
    "There is nothing among my tools that fits this, so I can't do it.",
)
ASK = (
    "Which {w} should I use?",
    "Which {w} do you mean?",
    "I can do that, but I need the {w} first. What should it be?",
    "Could you tell me the {w}, please?",
    "What's the {w}?",
    "Before I go ahead, please tell me the {w}.",
    "You haven't mentioned the {w} yet. What should I put?",
    "Happy to. I'm only missing the {w}; could you give me that?",
    "I still need one detail from you: the {w}.",
    "Sure, just let me know the {w} and I'll get started.",
    "To do this I need to know the {w}. Which one is it?",
    "One question first: which {w} is it?",
    "I'm missing the {w}. Could you let me know?",
    "Gladly. What should the {w} be?",
)
OPTIONS = ("It can be {options}.", "The choices are {options}.", "You can choose between {options}.", "Possible are {options}.")  # fmt: skip

# -- what the user says next ------------------------------------------------------------------------------

OFFERS: dict[str, tuple[str, ...]] = {
    "plain": (
        "I've added what was missing. Please try again.",
        "There are more functions available to you now. Go on.",
        "You should be able to do it now.",
        "More tools are switched on now. What about my request?",
        "The missing function is there now. Carry on.",
    ),
    "polite": (
        "I've had something more made available to you. Could you please try once more?",
        "You should now have what you need. Would you be so kind as to go ahead?",
        "Sorry about that, it was not enabled. It is now, so please continue.",
        "I asked for it to be enabled for you. Could you take another look, please?",
        "Thank you for telling me. It should work now, if you would try again.",
    ),
    "casual": (
        "Ah, my bad, that wasn't turned on. Try it now?",
        "OK, I've given you a bit more to work with. How about now?",
        "Oops. You've got it now, go for it.",
        "Right, I flicked the switch for you. Any better?",
        "Here, this should do the trick. Another go?",
    ),
    "formal": (
        "The required function has been made available to you. Please proceed.",
        "Your access has been extended. Kindly complete the request.",
        "Additional functions have been enabled. Please take up my request again.",
        "You now have the necessary function. I would ask you to continue.",
        "The omission has been corrected. Please carry out what I asked for.",
    ),
    "hurried": (
        "Enabled it. Try again, quickly.",
        "OK, you have it now. Go.",
        "Added. Now please get it done.",
        "Fixed, more tools for you. What about now?",
        "There, switched on. Same thing again please.",
    ),
}
SUPPLY: dict[str, tuple[str, ...]] = {
    "plain": (
        "The {w} is {v}.",
        "It's {v}.",
        "{v}.",
        "Make it {v}.",
        "Use {v}.",
    ),
    "polite": (
        "Oh, of course. The {w} would be {v}.",
        "Sorry, I forgot to mention it: {v}.",
        "It should be {v}, please.",
        "Thank you for asking. The {w} is {v}.",
        "{v}, if you please.",
    ),
    "casual": (
        "Oh right, {v}.",
        "Ah, forgot that: {v}.",
        "Let's say {v}.",
        "My bad, it's {v}.",
        "{v}, thanks!",
    ),
    "formal": (
        "The {w} should be {v}.",
        "I neglected to state it: {v}.",
        "Please enter {v} as the {w}.",
        "For the {w}, please take {v}.",
        "That would be {v}.",
    ),
    "hurried": (
        "{v}, quickly please.",
        "{v}, go ahead.",
        "Just take {v}.",
        "{w}: {v}.",
        "Sorry, {v}.",
    ),
}
AFTER_NO: dict[str, tuple[str, ...]] = {
    "plain": ("Okay, never mind that.", "All right, then something else.", "Understood.", "Fine, next."),
    "polite": (
        "No problem at all, thank you.",
        "Thanks for letting me know.",
        "I see, thank you all the same.",
        "That's quite all right.",
    ),
    "casual": ("No worries.", "Fair enough.", "Ah well.", "OK, forget about that one."),
    "formal": (
        "I take note of that.",
        "Very well, I shall see to it elsewhere.",
        "Understood, thank you for the information.",
    ),
    "hurried": ("OK, skip it.", "Right, then this.", "Fine, leave it.", "Skip that."),
}
"""After something was declined; nobody thanks for it being done."""
