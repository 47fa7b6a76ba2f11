"""The verdict on a conversation that a model played, and what is made of it: reward and metrics.

    score = judge_played(task, played)
    reward(score, settings.reward)          # within [0, 1]
    metrics(score, task)                    # {"success": 1.0, "success/turns_3": 1.0, …}

What decides is where the calls led and what they obtained, never their wording. Rows of rule "environment" are judged
as the environments declare (`funreason_plugin.scoring`), rows of rule "bfcl" exactly as by BFCL's own checker. What
the model did never raises here.
"""

from funreason_plugin.judging.played_turns import judge_played
from funreason_plugin.judging.score import RewardRule, Score, TurnScore, metrics, reward

__all__ = ["RewardRule", "Score", "TurnScore", "judge_played", "metrics", "reward"]
