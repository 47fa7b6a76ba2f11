"""TwitterAPI: posts, replies, reposts, followers. Everybody on the timeline has their own subject."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition, inner, names
from funreason_plugin.environments.bfcl.people import full_names, password, user_name
from funreason_plugin.environments.bfcl.phrases.twitter_api import PHRASES
from funreason_plugin.environments.marks import Prose, Ref, Values

_SUBJECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # posts with a place for a number, and tags
    "allotment": (
        ("First courgettes of the year, {n} of them before breakfast.", "Slugs {n}, lettuce nil.",
         "Swapped {n} tomato seedlings for a bag of compost today."),
        ("#allotment", "#growyourown", "#courgettes"),
    ),
    "climbing": (
        ("Day {n} on the sandstone and my fingers have given up.", "Finally topped the blue route after {n} tries.",
         "New shoes, same old fear of slabs."),
        ("#bouldering", "#sandstone", "#climbing"),
    ),
    "astronomy": (
        ("Counted {n} meteors before the clouds came in.", "Saturn's rings are sharp tonight, seeing {n} out of 10.",
         "The club telescope needs a new eyepiece, ideas?"),
        ("#astronomy", "#nightsky", "#meteors"),
    ),
    "baking": (
        ("The rye starter is {n} days old and already has a name.", "Batch {n} of croissants, finally flaky.",
         "Cardamom buns are cooling by the window."),
        ("#sourdough", "#baking", "#rye"),
    ),
    "trains": (
        ("Night train to Ljubljana, {n} minutes late and worth it.", "Rode {n} branch lines in one weekend.",
         "The old signal box will become a museum."),
        ("#railways", "#nighttrain", "#branchline"),
    ),
    "birds": (
        ("{n} godwits on the mudflats this morning.", "A kingfisher, right behind the supermarket.",
         "Ringing season: {n} reed warblers and one angry wren."),
        ("#birding", "#godwits", "#kingfisher"),
    ),
    "ceramics": (
        ("Kiln at {n}00 degrees and nothing has exploded yet.", "Glaze test {n}: more swamp than sea.",
         "Open studio this Saturday, bring a mug to swap."),
        ("#ceramics", "#glaze", "#openstudio"),
    ),
}  # fmt: skip
_KEYWORDS = (
    "courgettes", "compost", "sandstone", "route", "meteors", "Saturn", "telescope", "starter", "croissants", "buns",
    "train", "branch", "signal", "godwits", "kingfisher", "warblers", "kiln", "glaze", "studio", "seedlings",
)  # fmt: skip
_POSTS = (
    "Three hours of rain and the whole path is a stream now.",
    "Found my grandmother's camera, and it still has a film in it.",
    "Repair cafe on Sunday, bring your wobbly chairs.",
    "Who can recommend a quiet campsite near a lake?",
    "Our choir sang in a car park tonight and it was glorious.",
    "The library has started to lend out musical instruments.",
    "Two hundred kilometres by bike, and the last ten were uphill.",
    "My neighbour's bees have moved into our chimney.",
    "Learning to sharpen scissors, fingers still complete.",
    "The ferry was cancelled, so we learned to play chess.",
    "A whole week without coffee: do not try this.",
    "Today the swimming lake was all ours at six in the morning.",
)
_REPLIES = (
    "That made my day, thank you!",
    "Where exactly was this?",
    "I would love to see a photo of it.",
    "Same here, what did you do about it?",
    "Count me in for next time.",
    "This is the best news all week.",
    "Please tell us how it goes on.",
    "I had no idea that this was possible.",
)
_TAGS = (
    "#longweekend",
    "#smalljoys",
    "#neighbourhood",
    "#outdoors",
    "#handmade",
    "#slowliving",
    "#rainyday",
    "#askaround",
)


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """A timeline of seven to eleven posts by the person and by four others."""
    names = full_names(rng, 8)
    users = [user_name(rng, name) for name in names]
    own, authors, strangers = users[0], users[1:5], users[5:]
    subjects = dict(zip(users[:5], rng.sample(sorted(_SUBJECTS), 5), strict=True))
    count = rng.randint(7, 11)
    writers = [own, own, *authors, *rng.choices(users[:5], k=count - 6)]
    tweets: dict[str, Any] = {}
    written: set[str] = set()
    tweet_id = rng.randint(1_200, 6_000)
    for writer in rng.sample(writers, count):
        posts, tags = _SUBJECTS[subjects[writer]]
        text = rng.choice([post for post in posts if post not in written] or posts)
        written.add(text)
        tweets[str(tweet_id)] = {
            "id": tweet_id,
            "username": writer,
            "content": text.format(n=rng.randint(3, 19)),
            "tags": rng.sample(tags, rng.randint(1, 2)),
            "mentions": [f"@{rng.choice(users)}"] if rng.random() < 0.25 else [],
        }
        tweet_id += rng.randint(8, 90)
    others = [key for key, tweet in tweets.items() if tweet["username"] != own]
    comments = {
        key: [{"username": rng.choice(authors), "content": rng.choice(_REPLIES)}]
        for key in rng.sample(sorted(tweets), 3)
    }
    return {
        "username": own,
        "password": password(rng),
        "authenticated": False,
        "tweets": tweets,
        "comments": comments,
        "retweets": {own: [int(rng.choice(others))]} if rng.random() < 0.5 else {},
        "following_list": rng.sample(authors, rng.randint(2, 3)),
        "tweet_counter": tweet_id,
        "person": {"strangers": strangers},
    }


def _signing_in(key: str) -> Callable[[dict[str, Any], Random], list[str]]:
    """What the person signs in with; nothing while they are signed in."""
    return lambda state, rng: [] if state["authenticated"] else [state[key]]


def _authors(state: dict[str, Any], rng: Random) -> list[str]:
    return sorted({tweet["username"] for tweet in state["tweets"].values()})


def _not_followed(state: dict[str, Any], rng: Random) -> list[str]:
    people = [*_authors(state, rng), *state["person"]["strangers"]]
    return [name for name in people if name not in state["following_list"] and name != state["username"]]


def _keywords(state: dict[str, Any], rng: Random) -> list[str]:
    text = " ".join(tweet["content"] for tweet in state["tweets"].values()).lower()
    return [word for word in _KEYWORDS if word.lower() in text]


def _handles(state: dict[str, Any], rng: Random) -> list[str]:
    return [f"@{name}" for name in (*state["following_list"], *state["person"]["strangers"])]


_TWEET = Ref("tweet")
_ACCOUNT = Ref("account", known=True)
TWITTER = Addition(
    document="posting_api",
    policy=(
        "You run a person's account on a social network: posts, replies, reposts and whom they follow. The person "
        "signs in before anything is published or changed. Look up posts before you refer to their IDs."
    ),
    scenario=scenario,
    writes=frozenset(
        names("authenticate_twitter comment follow_user mention post_tweet retweet unfollow_user")
    ),
    marks={
        "authenticate_twitter": {
            "username": Values.call(_signing_in("username")),
            "password": Values.call(_signing_in("password")),
        },
        "comment": {"tweet_id": _TWEET, "comment_content": Prose(_REPLIES)},
        "follow_user": {"username_to_follow": (_ACCOUNT, Values.call(_not_followed))},
        "get_tweet": {"tweet_id": _TWEET},
        "get_tweet_comments": {"tweet_id": _TWEET},
        "get_user_stats": {"username": (_ACCOUNT, Values.call(_authors))},
        "get_user_tweets": {"username": (_ACCOUNT, Values.call(_authors))},
        "mention": {
            "tweet_id": _TWEET,
            "mentioned_usernames": Values.call(_handles),
            "mentioned_usernames[]": Values.call(_handles),
        },
        "post_tweet": {
            "content": Prose(_POSTS),
            "tags": Values.of(_TAGS),
            "tags[]": Values.of(_TAGS),
            "mentions": Values.call(_handles),
            "mentions[]": Values.call(_handles),
        },
        "retweet": {"tweet_id": _TWEET},
        "search_tweets": {"keyword": Values.call(_keywords)},
        "unfollow_user": {"username_to_unfollow": (_ACCOUNT, Values.state("following_list[]"))},
    },
    results={
        "get_tweet_comments": inner("comments"),
        "get_user_tweets": inner("user_tweets"),
        "search_tweets": inner("matching_tweets"),
    },
    refs={
        "get_tweet": {"id": _TWEET, "username": _ACCOUNT},
        "get_user_tweets": {"[].id": _TWEET},
        "list_all_following": {"following_list[]": _ACCOUNT},
        "post_tweet": {"id": _TWEET},
        "search_tweets": {"[].id": _TWEET, "[].username": _ACCOUNT},
    },
    declared=tuple(
        ("authenticate_twitter", tool)
        for tool in ("comment", "follow_user", "list_all_following", "post_tweet", "retweet", "unfollow_user")
    ),
    phrases=PHRASES,
)
