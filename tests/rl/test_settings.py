"""The section `funreason:` of a recipe: what is wrong with it is said in one line that names the key."""

from __future__ import annotations

from typing import Any

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.rl.settings import Settings


def test_every_key_has_a_default() -> None:
    assert Settings.of({}) == Settings.of({"funreason": None}) == Settings()


@pytest.mark.parametrize(
    "section, said",
    [
        ({"rewrd": {}}, "funreason.rewrd is not known; did you mean 'reward'?"),
        ({"reward": {"mod": "binary"}}, "funreason.reward.mod is not known; did you mean 'mode'?"),
        ({"tools": {"xyz": 1}}, "funreason.tools.xyz is not known; the keys are processes, threads"),
        ({"reward": {"mode": "best"}}, "funreason.reward.mode is 'best': input should be 'binary', 'progress' or"),
        ({"steps": 0}, "funreason.steps is 0: input should be greater than or equal to 1"),
        ({"reward": 1}, "funreason.reward is 1: input should be a valid dictionary"),
        ({"egpo": {"weight": 2.0}}, "funreason.egpo: weight 2 must be below clip 2, or signs of advantages flip"),
        (3, "funreason is 3: input should be a valid dictionary"),
        ([], "funreason is []: input should be a valid dictionary"),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_one_line(section: Any, said: str) -> None:
    with pytest.raises(UserError) as found:
        Settings.of({"funreason": section})
    assert found.value.message.startswith(said)
    assert "\n" not in found.value.message
