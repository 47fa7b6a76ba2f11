"""The agent loop in turns in which something goes wrong: a rollout meets the faults of the synthesis, by the same rule."""

from __future__ import annotations

import pytest

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from funreason_plugin.calls import to_hermes
from funreason_plugin.faults import Kind
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.verl import rows
from funreason_plugin.judging import judge_played
from funreason_plugin.played import Played
from funreason_plugin.tasks import Task
from tests.rl.rollouts import Engine, config, played, scripted
from tests.variants.recovered import of_kind


@pytest.mark.parametrize("kind", ["transient", "wrong_response", "precondition"])
def test_a_rollout_meets_the_faults_of_its_row(kind: Kind) -> None:
    trajectory, number, turn = of_kind(kind)
    (row,) = rows(trajectory, FormatOptions("recovery"))
    replies = []
    for other in trajectory.turns:
        replies += [to_hermes((call.name, call.arguments) for call in step.calls) for step in other.steps]
        replies.append(other.answer)
    (output,) = played(Engine(scripted(replies)), {**row, "raw_prompt": row.pop("prompt")}, config())
    found = Played.loads(output.extra_fields["funreason_played"])
    assert [call.output for call in found.turns[number].calls()] == [call.output for call in turn.calls()]
    assert found.turns[-1].state_hash == trajectory.turns[-1].state_hash
    (row,) = rows(trajectory, FormatOptions("recovery"))
    assert judge_played(Task.of_row(row), found).success
