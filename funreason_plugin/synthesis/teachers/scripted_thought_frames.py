"""Wordings for the remarks of a thought."""

from __future__ import annotations

GOALS = (
    "The user wants me to {c}.",
    "So I'm asked to {c}.",
    "The request is clear: {c}.",
    "They want me to {c}.",
    "What they're after: {c}.",
    "My task here is to {c}.",
    "I'm supposed to {c}.",
    "Let me see. The user would like me to {c}.",
    "Okay, the job is to {c}.",
    "In other words, I have to {c}.",
    "I need to {c} for the user.",
    "Reading this carefully, it comes down to this: {c}.",
    "The point of the message is that I should {c}.",
    "Here I'm meant to {c}.",
    "First things first: the user wants me to {c}.",
    "The user is asking me to {c}.",
)
NO_GOAL = (
    "Let me see what is to be done here.",
    "The user gives me something to take care of.",
)
MORE_GOALS = (
    "They also want me to {c}.",
    "On top of that I should {c}.",
    "Then there's a second part: {c}.",
    "After that, I'm to {c}.",
    "And I'm asked to {c}, too.",
    "In addition I have to {c}.",
)
MISSING = (
    "What I don't have is the {what} for {consumer}; the user only describes the {entity}, so {provider} has to find it.",
    "{consumer} needs {a_what}, and the message doesn't contain one. {provider} is the tool that returns it.",
    "The {what} isn't in the message, so before I can use {consumer} I have to get it from {provider}.",
    "I can't call {consumer} yet, because I don't know the {what}. {provider} should tell me.",
    "Nobody gave me the {what}, and I must not guess it; {provider} can look up the {entity}.",
    "The user couldn't know the {what} that {consumer} asks for, but {provider} gives it.",
    "For {consumer} the {what} is still missing. I get it by looking up the {entity} with {provider}.",
    "Before {consumer} comes into play I have to find out which {entity} is meant, and that is what {provider} is for.",
    "One thing is missing, the {what} that {consumer} takes. The results of {provider} contain it.",
    "They speak of the {entity} without its {what}. {provider} will give me that, and then {consumer} can follow.",
)
MISSING_MADE = (
    "{consumer} needs the {what}, which only exists once {provider} has been called.",
    "There's no {what} for {consumer} yet: {provider} creates it.",
    "I get the {what} for {consumer} from {provider}, so that call comes first.",
    "First {provider}, because its result holds the {what} that {consumer} takes.",
    "The {entity} has to be made by {provider} before {consumer} can use its {what}.",
    "As {consumer} works on the {entity} that {provider} returns, I can't do both at once.",
)
ENABLING = (
    "{goal} won't work before {tool} has been called, so that comes first.",
    "Before {goal} I have to deal with {tool}.",
    "{tool} has to come first, since {goal} builds on it.",
    "It makes no sense to try {goal} right away: {tool} prepares the ground for it.",
    "I start with {tool}, because {goal} depends on what it changes.",
    "The order matters here: {tool} first, {goal} afterwards.",
)
NO_ARGUMENTS = (
    "{tool} takes no details at all, so I can call it right away.",
    "Nothing has to be filled in for {tool}; I can just call it.",
    "For that there is {tool}, and it needs nothing from me.",
    "{tool} does exactly this and works without any details.",
    "This is what {tool} is made for, and it needs no input.",
)
COMPLETE = (
    "Everything that {tool} needs is in the message.",
    "The message has all that {tool} asks for, so no look-up is needed.",
    "{tool} fits, and nothing is missing for it.",
    "I have every detail that {tool} requires.",
    "That is a case for {tool}, and the user supplied all it takes.",
    "No information is missing: {tool} can be called directly.",
    "All the details were given, so I can go straight to {tool}.",
)
FROM_BEFORE = (
    "From earlier in the conversation I know {what}, so {tool} can be called without another look-up.",
    "They refer back to something we had before: {what}. That is all {tool} needs.",
    "I don't have to search again, since {what} came up earlier. {tool} takes it.",
    "The reference is to {what} from an earlier step of this conversation, and {tool} is the right tool for it.",
    "We already have {what} from before; with it I can use {tool}.",
)
TOGETHER = (
    "{tools} don't depend on each other, so I can make these calls together.",
    "No call waits for another here, so they go out at the same time.",
    "Since no call needs the result of another one, I'll make them all at once.",
    "I can do these in one go, because they are independent.",
    "These calls have nothing to do with one another, so there's no need to wait in between.",
)
CALL_AS_SAID = (
    "I'll call {tool} with {pairs}, just as they put it.",
    "From the message I take {pairs} for {tool}.",
    "The values come straight from the user: {pairs}. They go into {tool}.",
    "They told me what {tool} needs: {pairs}.",
    "For {tool} I use {pairs}, exactly as written.",
    "The user's own words give me {pairs}, which is what I pass to {tool}.",
    "So {tool} gets {pairs}, since that's what the message says.",
    "Going by the message, I call {tool} with {pairs}.",
    "In the call to {tool} I put {pairs}, as stated.",
)
CALL_WITH = (
    "So I call {tool} with {pairs}.",
    "Now {tool} can be called with {pairs}.",
    "That lets me use {tool} with {pairs}.",
    "Next is {tool}, with {pairs}.",
    "I'll go on with {tool} and pass {pairs}.",
    "This goes into {tool}: {pairs}.",
    "{tool} is the next call, and it takes {pairs}.",
    "With that settled, {tool} gets {pairs}.",
    "What remains is to call {tool} with {pairs}.",
    "Now for {tool}: I pass {pairs}.",
)
CALL_BARE = (
    "{tool} needs nothing else.",
    "{tool} can simply be called.",
    "I just call {tool}.",
    "For {tool} there is nothing to fill in.",
)
AFTERWARDS = (
    "After that I can move on to {tool}.",
    "Once I have the result, {tool} comes next.",
    "{tool} has to wait until the result is there.",
    "With the result I'll then call {tool}.",
    "Then it's the turn of {tool}.",
    "The call to {tool} follows as soon as this is done.",
)
LEFT_OUT = (
    "They say nothing about {names}, so I leave that out.",
    "Nothing was said about {names}; I won't set it.",
    "I don't set {names}, because nobody asked for it.",
    "As for {names}, the message is silent, so I stay with the default.",
)
CARE = (
    "I shouldn't assume anything beyond what was said.",
    "There's nothing else to take into account here.",
    "That covers the whole request.",
    "One call is enough for this.",
    "I don't see anything else that has to be done first.",
    "There's no need to ask back.",
)
RETURNED = (
    "{tool} gave me the {what}: {value}.",
    "The result of {tool} contains what I need, {value}.",
    "Now I know the {what}, it is {value}.",
    "According to {tool}, the {what} is {value}.",
    "The {what} that I was missing is {value}.",
    "Good, {tool} returned {value}, which is the {what} I need.",
    "So the {what} is {value}.",
    "I can take the {what} from the result: {value}.",
)
ONLY = (
    "There's just one {entity} in the result, so it must be {value}.",
    "{tool} returned a single {entity}: {value}.",
    "Only one {entity} comes up, {value}, so there's nothing to choose.",
    "The result leaves no choice, it's {value}.",
    "The one {entity} that {tool} found is {value}.",
)
PICKED = (
    "The {thing} is {value}.",
    "Among the results, the {thing} has the {what} {value}.",
    "They mean the {thing}, and that is {value}.",
    "Looking through the result for the {thing}, I find {value}.",
    "{value} is the {thing}, so that's the one.",
    "The user described the {thing}; in the result that's {value}.",
)
EXTREME = (
    "{tool} lists {count} {plural}; the {thing} is {value}, with {key} {amount}.",
    "Comparing the {plural}, I find that {value} is the {thing}: its {key} is {amount}.",
    "The {thing} in the result is {value} ({key} {amount}).",
    "Of the {count} {plural}, {value} is the {thing}, since its {key} is {amount}.",
    "They asked for the {thing}. Going by {key}, that's {value} with {amount}.",
    "Going through the {plural}: the {thing} has the {key} {amount}, and its {what} is {value}.",
)
WENT_THROUGH = (
    "{tool} went through, so I can go on.",
    "That worked: {tool} is done.",
    "{tool} succeeded, which clears the way for what comes next.",
    "Good, {tool} gave no error.",
    "With {tool} out of the way, I can continue.",
    "The call to {tool} was successful.",
)
FAILED = (
    "{tool} returned an error.",
    "That didn't work: {tool} reports an error.",
    "The call to {tool} failed.",
)
REPORT_FAILURE = (
    "I should tell the user plainly what went wrong.",
    "There's nothing more I can do here, so I report the problem.",
    "I'd better explain this to the user.",
)
FINISHED = (
    "{tools} went through, so everything that was asked for is done.",
    "That was the last call; {tools} gave me all I need.",
    "With the result of {tools} the request is complete.",
    "Nothing is left to do after {tools}.",
    "{tools} worked, and that settles the request.",
    "I now have what the user asked for, thanks to {tools}.",
    "The result of {tools} answers the question.",
    "All the calls succeeded, {tools} included.",
)
FINISHED_ONE = (
    "{tool} went through, so everything that was asked for is done.",
    "{tool} gave me all I need.",
    "With the result of {tool} the request is complete.",
    "Nothing is left to do after {tool}.",
    "{tool} worked, and that settles the request.",
    "I now have what the user asked for.",
    "The result of {tool} answers the question.",
    "That one call was enough.",
    "{tool} returned what I was looking for.",
    "No further call is needed.",
)
FINISHED_BARE = ("No call is needed for this.", "I can answer this directly.")
FACTS = (
    "The main thing to tell is that {facts}.",
    "What matters for the user: {facts}.",
    "From the result: {facts}.",
    "I should mention that {facts}.",
    "The result says that {facts}.",
    "Worth passing on: {facts}.",
    "It shows that {facts}.",
)
REPORT = (
    "I can sum it up now.",
    "Time to report back.",
    "I'll tell the user.",
    "A short answer will do.",
    "Now I only have to say so.",
    "I'll keep the answer brief.",
    "Let me put that into a clear answer.",
    "I can give the answer now.",
    "That's what goes into my answer.",
    "So I write the answer.",
)
