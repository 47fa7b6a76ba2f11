"""Cards: freeze, unfreeze, replace, limit, and disputes over what was paid with one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from funreason_plugin.environments import bank_data
from funreason_plugin.environments.bank_records import (
    CardId,
    CardLimit,
    Cards,
    CardStatus,
    Disputed,
    DisputeReason,
    NewCard,
    ReplaceReason,
    TransactionId,
)
from funreason_plugin.environments.bank_scenario import Card
from funreason_plugin.environments.bank_standing import BankStanding
from funreason_plugin.environments.environment import ToolError, tool
from funreason_plugin.environments.marks import Prose, Values


class BankCards(BankStanding):
    """The tools for cards. A card is active, frozen, or blocked for good once it is replaced."""

    @tool(
        ask=(
            "show me my cards",
            "tell me which cards I have and whether they work",
            "list the cards on my accounts",
            "check the status of my cards",
        ),
        noun="card",
        tell="{cards[]: the {kind} card ending in {ending} is {status} with a limit of {daily_limit} euros a day}",
        reports=("cards[].kind", "cards[].ending", "cards[].status"),
    )
    def list_cards(self) -> Cards:
        """List the customer's cards: kind (debit, credit, virtual), last digits, account, status, daily limit in euros."""
        self._signed_in()
        return {
            "cards": [
                {
                    "card_id": key,
                    "kind": card["kind"],
                    "ending": card["ending"],
                    "account": self.accounts[card["account_id"]]["name"],
                    "status": card["status"],
                    "daily_limit": card["daily_limit"],
                }
                for key, card in self.cards.items()
            ]
        }

    @tool(
        writes=True,
        ask=(
            "freeze {card_id}",
            "put {card_id} on hold",
            "lock {card_id} for the moment",
            "make sure nobody can pay with {card_id}",
        ),
        tell="The {kind} card ending in {ending} is {status}.",
        reports=("ending", "status"),
    )
    def freeze_card(self, card_id: CardId) -> CardStatus:
        """Freeze an active card: it is refused everywhere until it is unfrozen.

        Args:
            card_id: Id of an active card, from list_cards.
        """
        return self._switch(card_id, "active", "frozen", "it cannot be frozen")

    @tool(
        writes=True,
        ask=(
            "unfreeze {card_id}",
            "make {card_id} work again",
            "release {card_id} so that I can pay with it",
            "lift the hold on {card_id}",
        ),
        tell="The {kind} card ending in {ending} is {status} again.",
        reports=("ending", "status"),
    )
    def unfreeze_card(self, card_id: CardId) -> CardStatus:
        """Make a frozen card usable again.

        Args:
            card_id: Id of a frozen card, from list_cards.
        """
        return self._switch(card_id, "frozen", "active", "there is nothing to unfreeze")

    @tool(
        writes=True,
        ask=(
            "replace {card_id}, which is {reason}",
            "order a new card in place of {card_id} because it is {reason}",
            "send me a substitute for {card_id}, the old one is {reason}",
            "get {card_id} replaced as {reason}",
        ),
        noun="new card in place of {card_id}, which is {reason}",
        tell="A new card ending in {ending} arrives on {arrives_on}.",
        reports=("ending", "arrives_on"),
    )
    def replace_card(self, card_id: CardId, reason: ReplaceReason) -> NewCard:
        """Block a frozen card for good and send a new one with the same account and limit.

        Args:
            card_id: Id of a frozen card, from list_cards; an active card has to be frozen first.
            reason: What happened to the old card.
        """
        card = self._card(card_id)
        if card["status"] != "frozen":
            raise ToolError(
                f"The {card['kind']} card ending in {card['ending']} is {card['status']}; only a frozen card can be "
                "replaced. Use freeze_card first."
            )
        new_card_id = self.new_id("CRD", taken=self.cards)
        ending = str(self.rng.randrange(1000, 10000))
        card["status"] = f"blocked, {reason}"
        self.cards[new_card_id] = {**card, "ending": ending, "status": "active"}
        return {"card_id": new_card_id, "ending": ending, "arrives_on": self._day(5)}

    @tool(
        writes=True,
        ask=(
            "set the daily limit of {card_id} to {daily_limit} euros",
            "change the limit on {card_id} to {daily_limit} euros a day",
            "let me spend up to {daily_limit} euros a day with {card_id}",
            "put the limit for {card_id} at {daily_limit} euros per day",
        ),
        tell="The limit of the {kind} card is now {new_limit} euros a day; it was {old_limit}.",
        reports=("new_limit",),
    )
    def set_card_limit(
        self,
        card_id: CardId,
        daily_limit: Annotated[
            int, Field(ge=50, le=5000, multiple_of=50), Values.of([100, 200, 300, 600, 800, 1200, 2000])
        ],
    ) -> CardLimit:
        """Set how much can be spent with a card in a day.

        Args:
            card_id: Id of a card, from list_cards.
            daily_limit: New limit in euros a day, a multiple of 50 from 50 to 5000.
        """
        card = self._card(card_id)
        old = card["daily_limit"]
        if old == daily_limit:
            raise ToolError(f"The limit of this card is already {old} euros a day.")
        card["daily_limit"] = daily_limit
        return {"kind": card["kind"], "old_limit": old, "new_limit": daily_limit}

    @tool(
        writes=True,
        ask=(
            "dispute {transaction_id} with the reason {reason}[, adding: {details}]",
            "object to {transaction_id} with {reason} as the reason[, and give these details: {details}]",
            "open a dispute over {transaction_id} as {reason}[, with this explanation: {details}]",
            "contest {transaction_id} on the ground of {reason}[, and pass on the following: {details}]",
        ),
        noun="dispute over {transaction_id} as {reason}[, adding: {details}]",
        tell="Case {case_id} is open over {amount} euros; you get an answer by {answer_by}.",
        reports=("case_id", "amount", "answer_by"),
    )
    def dispute_payment(
        self,
        transaction_id: TransactionId,
        reason: DisputeReason,
        details: Annotated[str, Prose(bank_data.DISPUTE_DETAILS)] = "",
    ) -> Disputed:
        """Open a dispute over a card payment, so that the bank claims the money back from the seller.

        Args:
            transaction_id: Id of a booking of the kind "card payment", from account_statement.
            reason: What is wrong with the payment.
            details: What the customer says about it, in their own words.
        """
        self._signed_in()
        entry = self.transactions.get(transaction_id)
        if entry is None:
            raise ToolError(
                f"There is no booking {transaction_id!r}; account_statement gives the transaction ids."
            )
        if entry["kind"] != "card payment":
            raise ToolError(
                f"{transaction_id} is of the kind '{entry['kind']}'; only a card payment can be disputed. "
                "See 'kind' in account_statement."
            )
        if any(dispute["transaction_id"] == transaction_id for dispute in self.disputes.values()):
            raise ToolError(f"There is already a dispute over {transaction_id}.")
        case_id = self.new_id("DSP", taken=self.disputes)
        self.disputes[case_id] = {"transaction_id": transaction_id, "reason": reason, "details": details}
        return {"case_id": case_id, "amount": entry["amount"], "answer_by": self._day(10)}

    # -- shared by the tools ------------------------------------------------------------------------

    def _card(self, card_id: str) -> Card:
        """A card that is not blocked for good."""
        self._signed_in()
        if card_id not in self.cards:
            raise ToolError(f"The customer has no card {card_id!r}; list_cards gives the card ids.")
        card = self.cards[card_id]
        if card["status"].startswith("blocked"):
            raise ToolError(
                f"The {card['kind']} card ending in {card['ending']} was replaced and is blocked for good."
            )
        return card

    def _switch(self, card_id: str, before: str, after: str, otherwise: str) -> CardStatus:
        card = self._card(card_id)
        if card["status"] != before:
            raise ToolError(
                f"The {card['kind']} card ending in {card['ending']} is {card['status']}; {otherwise}."
            )
        card["status"] = after
        return {"kind": card["kind"], "ending": card["ending"], "status": after}
