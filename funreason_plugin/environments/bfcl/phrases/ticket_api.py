"""TicketAPI in English."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "close_ticket": Phrases(
        ask=(
            "close {ticket_id}",
            "shut {ticket_id}, nobody needs it any more",
            "take {ticket_id} off the list of open matters",
            "mark {ticket_id} as closed",
        ),
        tell="{status}",
    ),
    "create_ticket": Phrases(
        ask=(
            "open a support request titled {title}[ that says {description}][ with priority {priority}]",
            "report {title} to support[, explaining {description}][, at priority {priority}]",
            "hand in a request called {title} at the help desk[ with the text {description}]"
            "[, with priority {priority}]",
            "file {title} with the help desk[, adding the details {description}][, priority {priority}]",
        ),
        tell="Your request has the number {id}, its status is {status} and its priority {priority}.",
        reports=("id", "status"),
    ),
    "edit_ticket": Phrases(
        ask=(
            "change {ticket_id} as follows: {updates}",
            "bring {ticket_id} up to date with {updates}",
            "correct {ticket_id}, so that it has {updates}",
        ),
        tell="{status}",
    ),
    "get_ticket": Phrases(
        ask=(
            "show me what {ticket_id} says",
            "open {ticket_id} and tell me how it stands",
            "look into {ticket_id} and give me its status",
            "read {ticket_id} to me",
        ),
        noun="ticket {ticket_id}",
        tell='Ticket {id}, "{title}", was written by {created_by}; it is {status} with priority {priority}.',
        reports=("title", "status", "priority"),
    ),
    "get_user_tickets": Phrases(
        ask=(
            "list the support requests that I have written[ and that are {status}]",
            "show me my own tickets[ with the status {status}]",
            "see which requests of mine the help desk has[ that are {status}]",
            "go through the tickets under my name[, only those that are {status}]",
        ),
        noun="ticket of mine[ that is {status}]",
        tell="{[]: ticket {id}, {title}, is {status} with priority {priority}}",
        reports=("[].id", "[].title", "[].status"),
    ),
    "logout": Phrases(
        ask=(
            "sign me out of the ticket system",
            "end my session at the help desk",
            "close my access to the ticket system",
        ),
        tell="Signed out of the ticket system: {success}.",
    ),
    "resolve_ticket": Phrases(
        ask=(
            "mark {ticket_id} as solved with the remark {resolution}",
            "settle {ticket_id}, noting {resolution}",
            "record {resolution} as the solution of {ticket_id}",
        ),
        tell="{status}",
    ),
    "ticket_get_login_status": Phrases(
        ask=(
            "check whether I am signed in to the ticket system",
            "tell me if my session at the help desk is still active",
            "see if the ticket system knows me at the moment",
        ),
        noun="state of my session at the help desk",
        tell="Signed in to the ticket system: {login_status}.",
    ),
    "ticket_login": Phrases(
        ask=(
            "sign me in to the ticket system as {username} with the password {password}",
            "open the help desk for me; I am {username} there and my password is {password}",
            "use {username} and the password {password} to get into the ticket system",
            "log me in at the help desk as {username}, password {password}",
        ),
        tell="Signed in to the ticket system: {success}.",
    ),
}
