"""TravelAPI in English. Nobody speaks of the access token: only the system knows it, and it comes from signing in."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "authenticate_travel": Phrases(
        ask=(
            "sign me in for travel as {user_first_name} {user_last_name} with the client ID {client_id}, the secret "
            "{client_secret}, the refresh token {refresh_token} and {grant_type} rights",
            "open my travel account ({user_first_name} {user_last_name}); the client ID is {client_id}, the secret "
            "{client_secret}, the refresh token {refresh_token}, and I need {grant_type} rights",
            "get me {grant_type} access to the travel system with client ID {client_id}, secret {client_secret} and "
            "refresh token {refresh_token}, in the name of {user_first_name} {user_last_name}",
        ),
        tell="You are signed in to the travel system with {scope} rights.",
        reports=("scope",),
    ),
    "book_flight": Phrases(
        ask=(
            "book me from {travel_from} to {travel_to} on {travel_date} in {travel_class}, charged to {card_id}",
            "reserve a seat from {travel_from} to {travel_to} for {travel_date} in {travel_class}, paid with {card_id}",
            "get me a ticket from {travel_from} to {travel_to} on {travel_date} in {travel_class} and charge {card_id}",
        ),
        tell="The flight is booked: the booking number is {booking_id} and the transaction {transaction_id}.",
    ),
    "cancel_booking": Phrases(
        ask=(
            "cancel {booking_id}",
            "call {booking_id} off",
            "take {booking_id} off my bookings",
        ),
        tell="Cancelled: {cancel_status}.",
    ),
    "compute_exchange_rate": Phrases(
        ask=(
            "tell me what {value} {base_currency} are in {target_currency}",
            "convert {value} {base_currency} into {target_currency}",
            "work out how many {target_currency} I get for {value} {base_currency}",
        ),
        noun="value of {value} {base_currency} in {target_currency}",
        tell="That comes to {exchanged_value}.",
    ),
    "contact_customer_support": Phrases(
        ask=(
            "tell customer support about {booking_id}: {message}",
            "write to customer support regarding {booking_id} and say {message}",
            "ask the support team of {booking_id} this: {message}",
        ),
        tell="Customer support replies: {customer_support_message}",
    ),
    "get_all_credit_cards": Phrases(
        ask=(
            "show me the credit cards that are registered for my trips",
            "list my registered cards",
            "check which credit cards the travel system knows",
        ),
        noun="registered credit card",
        tell="{credit_card_list[]: card {key} of {cardholder_name} is valid until {expiration_date} and has "
        "{balance} dollars}",
        reports=("credit_card_list.*.balance", "credit_card_list.*.expiration_date"),
    ),
    "get_booking_history": Phrases(
        ask=(
            "show me all the flights that I have booked",
            "list my bookings",
            "go through my past bookings",
        ),
        noun="booking of mine",
        tell="{booking_history[]: booking {key} from {travel_from} to {travel_to} on {travel_date} in {travel_class} class for "
        "{travel_cost} dollars}",
        reports=("booking_history.*.travel_date", "booking_history.*.travel_cost"),
    ),
    "get_budget_fiscal_year": Phrases(
        ask=(
            "tell me which fiscal year the travel budget is for[, only years changed after {lastModifiedAfter}]"
            "[, removed years included: {includeRemoved}]",
            "check the fiscal year of the travel budget[ among those changed after {lastModifiedAfter}]"
            "[ (removed ones included: {includeRemoved})]",
            "look up the budget's fiscal year[, changed after {lastModifiedAfter}][, with removed ones: "
            "{includeRemoved}]",
        ),
        noun="fiscal year of the travel budget",
        tell="The budget is for the fiscal year {budget_fiscal_year}.",
    ),
    "get_credit_card_balance": Phrases(
        ask=(
            "tell me how much money is on {card_id}",
            "check the balance of {card_id}",
            "see what I can still pay with {card_id}",
        ),
        noun="balance of {card_id}",
        tell="The card has {card_balance} dollars.",
    ),
    "get_flight_cost": Phrases(
        ask=(
            "tell me what it costs to fly from {travel_from} to {travel_to} on {travel_date} in {travel_class}",
            "check the fare from {travel_from} to {travel_to} on {travel_date} in {travel_class}",
            "look up how much I pay from {travel_from} to {travel_to} in {travel_class} on {travel_date}",
        ),
        noun="fare from {travel_from} to {travel_to} on {travel_date} in {travel_class}",
        tell="It costs {travel_cost_list} dollars.",
    ),
    "get_nearest_airport_by_city": Phrases(
        ask=(
            "look up which airport is closest to {location}",
            "tell me the airport for {location}",
            "check from where one flies in {location}",
        ),
        noun="airport of {location}",
        tell="The nearest airport is {nearest_airport}.",
    ),
    "list_all_airports": Phrases(
        ask=(
            "show me all airports that you serve",
            "tell me which airports there are",
            "read me the codes of the airports",
        ),
        noun="airport that is served",
        tell="These airports are served: {[]}.",
        reports=("[]",),
    ),
    "purchase_insurance": Phrases(
        ask=(
            "insure {booking_id} for {insurance_cost} dollars (type: {insurance_type}), paid with {card_id}",
            "buy insurance of the type {insurance_type} for {booking_id} at {insurance_cost} dollars, charged to "
            "{card_id}",
            "take out insurance on {booking_id}, namely {insurance_type}; it costs {insurance_cost} dollars and is "
            "charged to {card_id}",
        ),
        tell="The insurance is taken out under number {insurance_id}.",
    ),
    "register_credit_card": Phrases(
        ask=(
            "register card {card_number} of {cardholder_name}, valid until {expiration_date}, verification number "
            "{card_verification_number}",
            "save my card {card_number} (holder {cardholder_name}, expires {expiration_date}, security code "
            "{card_verification_number})",
            "store the credit card {card_number} with expiry {expiration_date} and code {card_verification_number} in "
            "the name of {cardholder_name}",
        ),
        tell="The card is registered under the ID {card_id}.",
    ),
    "retrieve_invoice": Phrases(
        ask=(
            "get me the invoice for {booking_id}[ with the insurance {insurance_id}]",
            "show me the bill for {booking_id}[ including the insurance {insurance_id}]",
            "pull up the invoice of {booking_id}[ and of the insurance {insurance_id}]",
        ),
        noun="invoice for {booking_id}",
        tell="The invoice says: from {invoice.travel_from} to {invoice.travel_to} on {invoice.travel_date}, "
        "{invoice.travel_class} class, {invoice.travel_cost} dollars.",
        reports=("invoice.travel_cost", "invoice.travel_date"),
    ),
    "set_budget_limit": Phrases(
        ask=(
            "limit my travel budget to {budget_limit} dollars",
            "cap what I spend on travel at {budget_limit} dollars",
            "fix my travel budget at {budget_limit} dollars",
        ),
        tell="Your travel budget is limited to {budget_limit} dollars.",
    ),
    "travel_get_login_status": Phrases(
        ask=(
            "check whether I am signed in to the travel system",
            "tell me if my travel session is active",
            "see if the travel system has me signed in",
        ),
        noun="state of my travel session",
        tell="Signed in to the travel system: {status}.",
    ),
    "verify_traveler_information": Phrases(
        ask=(
            "make sure that the data of {first_name} {last_name}, born on {date_of_birth} with the passport "
            "{passport_number}, are in order",
            "check the traveller {first_name} {last_name} (date of birth {date_of_birth}, passport {passport_number})",
            "confirm that {first_name} {last_name} may fly, born {date_of_birth}, passport {passport_number}",
        ),
        noun="check of {first_name} {last_name}'s data",
        tell="Verified: {verification_status}.",
        reports=("verification_status",),
    ),
}
