"""MessageAPI in English."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "add_contact": Phrases(
        ask=(
            "bring {user_name} into our workspace",
            "set {user_name} up as a new contact",
            "put {user_name} on the list of people I can write to",
            "make {user_name} a contact in the workspace",
        ),
        tell="{message} The new user ID is {user_id}.",
        reports=("user_id",),
    ),
    "delete_message": Phrases(
        ask=(
            "take back the last thing I wrote to {receiver_id}",
            "remove my latest message to {receiver_id}",
            "withdraw what I sent to {receiver_id} last",
            "erase the newest message that went to {receiver_id}",
        ),
        tell="{message}",
    ),
    "get_message_stats": Phrases(
        ask=(
            "tell me how many messages I have exchanged and with how many people",
            "count my messages and the people behind them",
            "give me the figures of my workspace messages",
        ),
        noun="count of my messages",
        tell="There are {stats.received_count} messages with {stats.total_contacts} contacts.",
    ),
    "get_user_id": Phrases(
        ask=(
            "look up the user ID of {user}",
            "tell me under which ID {user} is registered",
            "check which ID the workspace has for {user}",
            "get me the ID that belongs to {user}",
        ),
        noun="colleague {user}",
        tell="The user ID is {user_id}.",
    ),
    "list_users": Phrases(
        ask=(
            "tell me who is in our workspace",
            "show me everybody whom I can write to",
            "see which people the workspace has",
        ),
        noun="member of the workspace",
        tell="In the workspace are {user_list}.",
    ),
    "message_get_login_status": Phrases(
        ask=(
            "check whether I am signed in to the workspace",
            "tell me if my messages are open, that is, if I am signed in",
            "see if the messenger has me signed in",
        ),
        noun="state of my session in the messenger",
        tell="Signed in to the messenger: {login_status}.",
    ),
    "message_login": Phrases(
        ask=(
            "sign me in to the workspace as {user_id}",
            "open my messages, I am {user_id}",
            "start the messenger under my ID {user_id}",
            "log me in to our workspace with the ID {user_id}",
        ),
        tell="{message}",
    ),
    "search_messages": Phrases(
        ask=(
            "look through my messages for {keyword}",
            "check where I wrote about {keyword}",
            "dig up the messages that speak of {keyword}",
            "show me every message with {keyword} in it",
        ),
        noun="recipient of my message on {keyword}",
        tell='{results[]: "{message}" went to {receiver_id}}',
        reports=("results[].message", "results[].receiver_id"),
    ),
    "send_message": Phrases(
        ask=(
            "write {message} to {receiver_id}",
            "let {receiver_id} know: {message}",
            "send {receiver_id} the message {message}",
            "drop {receiver_id} a line that says {message}",
        ),
        tell="{message} Its number is {message_id.new_id}.",
        reports=("message_id.new_id",),
    ),
    "view_messages_sent": Phrases(
        ask=(
            "show me what I have sent to whom so far",
            "go over the messages that I have written",
            "list everything I sent in the workspace",
        ),
        noun="message that I have sent",
        tell="So far you have sent: {messages[]: {[]}}.",
        reports=("messages.*[]",),
    ),
}
