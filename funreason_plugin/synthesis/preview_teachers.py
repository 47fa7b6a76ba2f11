"""Who would play the agents, where, and within which limits: the part of ``--dry-run`` that is about models."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from rich.table import Table
from rich.text import Text

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.synthesis.budget import Budget
from funreason_plugin.synthesis.cache import cache_folder
from funreason_plugin.synthesis.ledger import Ledger, price_of
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.teachers.api_key import DEFAULT_URL
from funreason_plugin.synthesis.teachers.base import AGENTS
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = ["check_models", "limits", "teachers"]

SYMBOLS = {"tooling": "A_T", "querying": "A_Q", "reasoning": "A_R", "critiquing": "A_C"}


def check_models(config: SynthesisConfig) -> None:
    """What can be found wrong without a request.

    Raises:
        UserError: A prompt, the query examples, the redact hook, or a budget without prices.
    """
    Prompts.of(config)
    Redactor.load(config.redact)
    if config.model_agents:
        Budget(config, Ledger(None))


def teachers(config: SynthesisConfig) -> Table:
    """Agent by agent: model, server, key (never its value), sampling, price."""
    table = Table(
        title="\nWho plays the agents", title_justify="left", box=None, show_header=False, pad_edge=False
    )
    for agent in AGENTS:
        played = config.agent(agent)
        lines: list[str] = [played.teacher]
        if agent in config.model_agents:
            lines = [f"{played.teacher}: {played.model}", _where(played), _how(played)]
            lines.append(_price(config, played))
        table.add_row(f"{SYMBOLS[agent]} {agent}", Text("\n".join(lines)))
    return table


def limits(config: SynthesisConfig) -> Text:
    """How much is asked at once, how long, how often, for how much; and the cache."""
    played = [config.agent(agent) for agent in config.model_agents]
    servers: dict[str, int] = {}
    for agent in played:
        servers[_server(agent)] = max(agent.concurrency, servers.get(_server(agent), 0))
    at_once = ", ".join(f"{number} at {server}" for server, number in servers.items())
    seconds = "-".join(f"{limit:g}" for limit in sorted({agent.request_time_limit for agent in played}))
    spend = [f"{config.budget:g} {config.currency}"] if config.budget is not None else []
    spend += [f"{config.max_tokens:,} tokens"] if config.max_tokens is not None else []
    cache = f"in {cache_folder(config.cache)}, up to {config.cache_size:g} GB"
    lines = (
        f"Requests at once: {at_once}; each up to {seconds} s and {config.retries} retries",
        f"The run stops after {' or '.join(spend)}"
        if spend
        else "The run has no budget (--budget, --max-tokens)",
        "Replies are not cached" if config.no_cache else f"Replies are cached {cache}",
    )
    return Text("\n" + "\n".join(lines))


def _server(agent: ResolvedAgent) -> str:
    """Host, port and path of where the endpoint would ask."""
    if agent.teacher == "vllm":
        return "this process"
    parts = urlsplit(agent.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def _where(agent: ResolvedAgent) -> str:
    if agent.teacher == "vllm":
        return "in this process"
    state = "set" if os.environ.get(agent.api_key_env) else "not set"
    route = " (completions)" if agent.api == "completions" else ""
    return f"at {_server(agent)}{route}, key in ${agent.api_key_env} ({state})"


def _how(agent: ResolvedAgent) -> str:
    top_p = f", top_p {agent.top_p:g}" if agent.top_p < 1 else ""
    return f"temperature {agent.temperature:g}{top_p}, up to {agent.max_new_tokens} tokens"


def _price(config: SynthesisConfig, agent: ResolvedAgent) -> str:
    price = price_of(config.prices, agent.model)
    if price is None:
        return "no price"
    cached = "" if price.cached_input is None else f" ({price.cached_input:g} cached)"
    return f"{config.currency} {price.input:g} in{cached}, {price.output:g} out per million tokens"
