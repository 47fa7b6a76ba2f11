"""A verdict as data (`Score`), the reward made of it, and its numbers for metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from funreason_plugin.played import Stop
from funreason_plugin.tasks import Task
from funreason_plugin.trajectory import Needed

__all__ = ["RewardRule", "Score", "TurnScore", "metrics", "reward"]

_UNFINISHED = frozenset(("steps", "tokens", "time"))
_LONGEST_SUMMARY = 2000


@dataclass(frozen=True, slots=True)
class TurnScore:
    """The verdict on one turn of the task; of a row of kind "response" on the response.

    ``passed`` is whether the turn is right; ``judged`` is False where BFCL has no verdict (its truth is empty), and
    ``passed`` then says whether the model abstained. ``wants_calls`` is whether the truth has calls. ``errors`` are
    calls whose output is an error, ``exact`` whether the calls are the truth's to the letter.
    """

    passed: bool
    reasons: tuple[str, ...] = ()
    missing: tuple[Needed, ...] = ()
    judged: bool = True
    played: bool = True
    stop: Stop = ""
    wants_calls: bool = True
    exact: bool = False
    calls: int = 0
    errors: int = 0
    steps: int = 0
    truth_steps: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """The verdict on a conversation: one `TurnScore` for each turn of the task, played or not.

    ``responses`` counts all that the model wrote.
    """

    turns: tuple[TurnScore, ...]
    responses: int = 0

    @property
    def success(self) -> bool:
        """Whether every turn that is judged passed. Of rule "bfcl" this is BFCL's verdict."""
        return all(turn.passed for turn in self.turns if turn.judged) and all(t.played for t in self.turns)

    @property
    def progress(self) -> float:
        """The share of turns that passed, those that only our abstention is asked for included."""
        return sum(turn.passed for turn in self.turns) / len(self.turns) if self.turns else 0.0

    @property
    def format(self) -> bool:
        """Whether there are responses, and all of them could be read and came to their end."""
        return self.responses > 0 and not any(turn.stop in ("malformed", "tokens") for turn in self.turns)

    @property
    def calls(self) -> int:
        return sum(turn.calls for turn in self.turns)

    @property
    def errors(self) -> int:
        """Calls whose output is an error."""
        return sum(turn.errors for turn in self.turns)

    @property
    def steps(self) -> int:
        """Responses with calls."""
        return sum(turn.steps for turn in self.turns)

    @property
    def truth_steps(self) -> int:
        return sum(turn.truth_steps for turn in self.turns)

    @property
    def malformed(self) -> int:
        """Responses that could not be read; each ended its turn."""
        return sum(turn.stop == "malformed" for turn in self.turns)

    @property
    def truncated(self) -> bool:
        """Whether the conversation was cut off: too many steps, no room for tokens, over the time limit."""
        return any(turn.stop in _UNFINISHED for turn in self.turns)

    @property
    def abstention(self) -> float | None:
        """Of the turns that were played and need no call, the share without one; None where there is none."""
        quiet = [turn for turn in self.turns if turn.played and not turn.wants_calls]
        return sum(turn.calls == 0 for turn in quiet) / len(quiet) if quiet else None

    def summary(self) -> str:
        """One line for each turn that is not right, at most 2,000 characters; "" where all are."""
        lines = [
            f"turn {number}: {'; '.join(turn.reasons[:3]) or 'not passed'}"
            for number, turn in enumerate(self.turns, 1)
            if not turn.passed
        ]
        text = "\n".join(lines)
        return text if len(text) <= _LONGEST_SUMMARY else text[: _LONGEST_SUMMARY - 1] + "…"


class RewardRule(Protocol):
    """How a verdict becomes a reward; `funreason_plugin.rl.settings.Reward` says what the keys mean."""

    @property
    def mode(self) -> Literal["binary", "progress", "progress+format"]: ...

    @property
    def format_weight(self) -> float: ...

    @property
    def efficiency(self) -> float: ...


def reward(score: Score, rule: RewardRule) -> float:
    """The reward of a conversation, within [0, 1].

    "binary" is EGPO's: 1 when every response could be read and every turn is right. Where BFCL has no verdict
    (turns that need no call) a turn is right when nothing was called.
    """
    if rule.mode == "binary":
        value = float(score.format and score.progress == 1.0)
    elif rule.mode == "progress":
        value = score.progress
    elif rule.mode == "progress+format":
        value = (1 - rule.format_weight) * score.progress + rule.format_weight * score.format
    else:
        raise ValueError(f"unknown reward mode {rule.mode!r}")
    if score.steps > score.truth_steps:
        value *= 1 - rule.efficiency * (1 - score.truth_steps / score.steps)
    return min(1.0, max(0.0, value))


def metrics(score: Score, task: Task) -> dict[str, float | None]:
    """Numbers for a trainer's metrics; None where one does not apply to this conversation.

    ``success`` is that of the conversation, also by number of turns and by environment. By variant it is the share of
    the turns of that variant that passed. Of a row of kind "response": by whether the truth calls or answers.
    """
    success = float(score.success)
    found: dict[str, float | None] = {
        "success": success,
        "progress": score.progress,
        "format": float(score.format),
        "abstention": score.abstention,
        "exact": sum(turn.exact for turn in score.turns) / len(score.turns) if score.turns else None,
        "turns_played": float(sum(turn.played for turn in score.turns)),
        "responses": float(score.responses),
        "steps": float(score.steps),
        "calls": float(score.calls),
        "errors": float(score.errors),
        "malformed": float(score.malformed),
        "truncated": float(score.truncated),
        "tools_lost": float(any(turn.stop == "tools" for turn in score.turns)),
    }
    if task.at is not None:
        calls = any(turn.wants_calls for turn in score.turns)
        found["success/response_call"] = success if calls else None
        found["success/response_answer"] = None if calls else success
        variants = [task.turns[task.at[0]].variant]
    else:
        found[f"success/turns_{len(task.turns)}"] = success
        variants = [turn.variant for turn in task.turns]
    for reference in task.environments:
        found[f"success/env_{reference.name}"] = success
    for variant in dict.fromkeys(variants):
        own = [turn.passed for turn, name in zip(score.turns, variants, strict=True) if name == variant]
        found[f"success/variant_{variant}"] = sum(own) / len(own)
    return found
