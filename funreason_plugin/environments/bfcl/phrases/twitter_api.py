"""TwitterAPI in English."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "authenticate_twitter": Phrases(
        ask=(
            "sign me in to Twitter as {username} with the password {password}",
            "open my Twitter account; I am {username} and the password is {password}",
            "use {username} and the password {password} to get into my Twitter account",
            "log me in on Twitter as {username}, password {password}",
        ),
        tell="Signed in to Twitter: {authentication_status}.",
    ),
    "comment": Phrases(
        ask=(
            "reply {comment_content} under {tweet_id}",
            "leave the words {comment_content} below {tweet_id}",
            "answer {tweet_id} with {comment_content}",
        ),
        tell="{comment_status}.",
    ),
    "follow_user": Phrases(
        ask=(
            "start following {username_to_follow}",
            "subscribe me to {username_to_follow} on Twitter",
            "make my account follow {username_to_follow}",
        ),
        tell="Now following: {follow_status}.",
    ),
    "get_tweet": Phrases(
        ask=(
            "show me {tweet_id} in full",
            "read {tweet_id} to me",
            "tell me what {tweet_id} says and who wrote it",
        ),
        noun="post {tweet_id}",
        tell='{username} wrote: "{content}"',
        reports=("username", "content"),
    ),
    "get_tweet_comments": Phrases(
        ask=(
            "show me what people replied to {tweet_id}",
            "read out the replies below {tweet_id}",
            "check the reactions that {tweet_id} got",
        ),
        noun="reply to {tweet_id}",
        tell='{[]: {username} replied "{content}"}',
    ),
    "get_user_stats": Phrases(
        ask=(
            "tell me how many posts and reposts {username} has",
            "give me the figures of {username}'s account",
            "check how active {username} is on Twitter",
        ),
        noun="figures of {username}'s account",
        tell="That account has {tweet_count} posts and {retweet_count} reposts and follows {following_count} accounts.",
        reports=("tweet_count", "retweet_count"),
    ),
    "get_user_tweets": Phrases(
        ask=(
            "show me everything that {username} has posted",
            "list the posts by {username}",
            "see what {username} has been writing on Twitter",
            "go through the posts of {username}",
        ),
        noun="post by {username}",
        tell='{[]: "{content}"}',
        reports=("[].content",),
    ),
    "list_all_following": Phrases(
        ask=(
            "tell me whom I follow on Twitter",
            "list the accounts that I am subscribed to",
            "show me everybody my Twitter account follows",
        ),
        noun="account that I follow",
        tell="You follow {following_list}.",
    ),
    "mention": Phrases(
        ask=(
            "tag {mentioned_usernames} in {tweet_id}",
            "bring {mentioned_usernames} into {tweet_id}",
            "point {mentioned_usernames} to {tweet_id} by naming them there",
        ),
        tell="{mention_status}.",
    ),
    "post_tweet": Phrases(
        ask=(
            "publish {content} on Twitter[ with the tags {tags}][ and name {mentions} in it]",
            "put {content} on my Twitter account[, tagged {tags}][, naming {mentions}]",
            "share {content} with my followers[ under the tags {tags}][ and point it out to {mentions}]",
            "write the post {content}[ with the hashtags {tags}][, addressed to {mentions}]",
        ),
        tell="Your post is out; its number is {id}.",
    ),
    "posting_get_login_status": Phrases(
        ask=(
            "check whether I am signed in to Twitter",
            "tell me if my Twitter session is active",
            "see if Twitter still has me signed in",
        ),
        noun="state of my Twitter session",
        tell="Signed in to Twitter: {login_status}.",
    ),
    "retweet": Phrases(
        ask=(
            "repost {tweet_id}",
            "pass {tweet_id} on to my followers",
            "share {tweet_id} from my account",
        ),
        tell="{retweet_status}.",
    ),
    "search_tweets": Phrases(
        ask=(
            "look for posts about {keyword}",
            "see what people write about {keyword} on Twitter",
            "search Twitter for {keyword}",
            "show me the posts that speak of {keyword}",
        ),
        noun="post on {keyword}",
        tell='{[]: {username} wrote "{content}"}',
        reports=("[].username", "[].content"),
    ),
    "unfollow_user": Phrases(
        ask=(
            "stop following {username_to_unfollow}",
            "take {username_to_unfollow} out of the accounts I follow",
            "end my subscription to {username_to_unfollow}",
        ),
        tell="No longer following: {unfollow_status}.",
    ),
}
