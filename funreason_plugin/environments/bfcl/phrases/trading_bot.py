"""TradingBot in English."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "add_to_watchlist": Phrases(
        ask=(
            "put {stock} on my watch list",
            "keep an eye on {stock} for me by putting it on my list of watched stocks",
            "include {stock} among the stocks I follow",
            "start following {stock} on my watch list",
        ),
        tell="Your watch list now holds {watchlist}.",
    ),
    "cancel_order": Phrases(
        ask=(
            "cancel {order_id}",
            "call {order_id} off before it goes through",
            "withdraw {order_id} from the market",
            "make sure that {order_id} is not executed",
        ),
        tell="Order {order_id} is now {status}.",
    ),
    "filter_stocks_by_price": Phrases(
        ask=(
            "tell me which of {stocks} trade between {min_price} and {max_price} dollars",
            "narrow {stocks} down to those priced from {min_price} to {max_price} dollars",
            "pick out of {stocks} the ones that cost at least {min_price} and at most {max_price} dollars",
        ),
        noun="stock out of {stocks} priced from {min_price} to {max_price} dollars",
        tell="Within that price range: {filtered_stocks}.",
    ),
    "fund_account": Phrases(
        ask=(
            "pay {amount} dollars into my trading account",
            "deposit {amount} dollars so that I have more to trade with",
            "top up my trading balance by {amount} dollars",
            "move {amount} dollars from my card to the trading account",
        ),
        tell="The deposit went through; the balance is now {new_balance} dollars.",
    ),
    "get_account_info": Phrases(
        ask=(
            "tell me how much money is in my trading account",
            "look up my trading balance and the card that is linked to it",
            "show me the details of my trading account",
            "check what I have available for trading",
        ),
        noun="balance of my trading account",
        tell="Account {account_id} holds {balance} dollars and is linked to card {binding_card}.",
        reports=("balance",),
    ),
    "get_available_stocks": Phrases(
        ask=(
            "list the stocks that I can buy in the {sector} sector",
            "see which {sector} stocks are on offer",
            "check what can be traded in {sector}",
            "give me the symbols of the {sector} sector",
        ),
        noun="stock of the {sector} sector",
        tell="In that sector you can trade {stock_list}.",
    ),
    "get_current_time": Phrases(
        ask=(
            "tell me what time it is on the exchange",
            "check the clock of the trading system",
            "see how late it is in market time",
        ),
        noun="time on the exchange",
        tell="The trading system's clock shows {current_time}.",
    ),
    "get_order_details": Phrases(
        ask=(
            "show me what is in {order_id}",
            "check how {order_id} is doing",
            "look into {order_id} and tell me its status",
            "give me the particulars of {order_id}",
        ),
        noun="order {order_id}",
        tell="Order {id} is a {order_type} order for {amount} shares of {symbol} at {price} dollars; it is {status}.",
        reports=("status", "symbol", "amount", "price"),
    ),
    "get_order_history": Phrases(
        ask=(
            "list all the orders that I have placed so far",
            "look up the numbers of my orders",
            "see which orders there are on my account",
            "pull up every order of mine",
        ),
        noun="order on my account",
        tell="These orders are on your account: {history}.",
    ),
    "get_stock_info": Phrases(
        ask=(
            "check how {symbol} is trading",
            "look up the current price of {symbol}",
            "give me a quote for {symbol}",
            "see where {symbol} stands right now",
        ),
        noun="quote of {symbol}",
        tell="It trades at {price} dollars, a change of {percent_change} percent, with a volume of {volume}.",
        reports=("price", "percent_change"),
    ),
    "get_symbol_by_name": Phrases(
        ask=(
            "look up the ticker of {name}",
            "tell me under which symbol {name} is traded",
            "check what {name} is called on the exchange",
        ),
        noun="{name} stock",
        tell="The ticker is {symbol}.",
    ),
    "get_transaction_history": Phrases(
        ask=(
            "go through the deposits and withdrawals on my account[ from {start_date}][ until {end_date}]",
            "show me the money that came and went[ since {start_date}][ up to {end_date}]",
            "list my cash movements[ starting {start_date}][ and ending {end_date}]",
        ),
        noun="cash movement on my account[ from {start_date}][ until {end_date}]",
        tell="{transaction_history[]: a {type} of {amount} dollars on {timestamp}}",
        reports=("transaction_history[].type", "transaction_history[].amount"),
    ),
    "get_watchlist": Phrases(
        ask=(
            "show me the stocks that I am watching",
            "read out my watch list",
            "tell me what is on my list of watched stocks",
            "check which symbols I follow",
        ),
        noun="stock on my watch list",
        tell="You are watching {watchlist}.",
    ),
    "notify_price_change": Phrases(
        ask=(
            "tell me whether any of {stocks} moved by {threshold} percent or more",
            "warn me if one of {stocks} has swung by at least {threshold} percent",
            "check {stocks} for price swings of {threshold} percent and up",
        ),
        noun="alert on moves of {threshold} percent in {stocks}",
        tell="{notification}",
    ),
    "place_order": Phrases(
        ask=(
            "trade {amount} shares of {symbol} at {price} dollars each (order type: {order_type})",
            "put in an order of type {order_type} for {amount} shares of {symbol} at {price} dollars each",
            "set up an order for {symbol}, {amount} shares at {price} dollars apiece, order type {order_type}",
            "enter an order with the type {order_type}: {amount} {symbol} shares, limited to {price} dollars a share",
        ),
        tell="Your {order_type} order has the number {order_id}; its status is {status}.",
    ),
    "remove_stock_from_watchlist": Phrases(
        ask=(
            "take {symbol} off my watch list",
            "stop watching {symbol}",
            "drop {symbol} from the stocks I follow",
            "clear {symbol} out of my list of watched stocks",
        ),
        tell="Done: {status}",
    ),
    "trading_get_login_status": Phrases(
        ask=(
            "check whether I am signed in to my trading account",
            "tell me if my trading session is active",
            "see if I still have to sign in for trading",
        ),
        noun="state of my trading session",
        tell="Signed in for trading: {status}.",
    ),
    "trading_login": Phrases(
        ask=(
            "sign me in to trading as {username} with the password {password}",
            "open my trading account; the user name is {username} and the password {password}",
            "use {username} and the password {password} to get into my trading account",
            "log me in at the broker as {username}, password {password}",
        ),
        tell="The trading system says: {status}.",
    ),
    "trading_logout": Phrases(
        ask=(
            "sign me out of the trading account",
            "close my trading session",
            "end my session at the broker",
        ),
        tell="The trading system says: {status}.",
    ),
    "withdraw_funds": Phrases(
        ask=(
            "pay out {amount} dollars from my trading account",
            "take {amount} dollars out of my trading balance",
            "send {amount} dollars from the trading account back to my card",
            "draw {amount} dollars from what I have at the broker",
        ),
        tell="{status}; {new_balance} dollars are left.",
    ),
}
