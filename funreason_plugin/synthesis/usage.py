"""What the agents were asked and answered: counted (`Usage`), and told to whoever watches (`Recorder`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from funreason_plugin.scoring import Verdict
from funreason_plugin.synthesis.teachers.base import Agent, Message

__all__ = ["Recorder", "Usage"]


@dataclass(slots=True)
class Usage:
    """What the agents were asked and answered, by agent: requests, input tokens, output tokens."""

    agents: dict[str, list[int]] = field(default_factory=dict)

    def add(self, agent: str, input_tokens: int, output_tokens: int) -> None:
        self.join({agent: [1, input_tokens, output_tokens]})

    def join(self, agents: Mapping[str, Sequence[int]]) -> None:
        """Add what another count says."""
        for agent, counts in agents.items():
            row = self.agents.setdefault(agent, [0, 0, 0])
            for place, count in enumerate(counts):
                row[place] += count


class Recorder:
    """Told of prompts, replies and verdicts; ``synthesize trace`` shows them. This one forgets them."""

    def reply(self, agent: Agent, messages: Sequence[Message], text: str) -> None: ...

    def verdict(self, verdict: Verdict) -> None: ...
