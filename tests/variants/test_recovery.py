"""Trajectories with error_recovery as the synthesis keeps them: kinds, labels, replay, what is learned and what is not."""

from __future__ import annotations

from collections import Counter

import pytest

from funreason_plugin.checks.acceptance import review_trajectory
from funreason_plugin.checks.replay import replay
from funreason_plugin.checks.setbacks import answers_other
from funreason_plugin.environments.limits import is_error
from funreason_plugin.errors import UserError
from funreason_plugin.faults import Fault, Faults, met
from funreason_plugin.synthesis.casting import Casting
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers import scripted_recovery_frames as frames
from funreason_plugin.synthesis.variants.recoveries import Recoveries
from funreason_plugin.synthesis.variants.recovery import KINDS
from funreason_plugin.trajectory import RecoveryTurn, certify, dumps, loads
from tests.variants import made
from tests.variants.recovered import configuration, graph, lines, of_kind, trajectories

WRITING = ("bring_parcel", "sign_in")


def test_kinds_take_turns_and_the_labels_say_so() -> None:
    kinds = []
    for trajectory in trajectories():
        (turn,) = [turn for turn in trajectory.turns if isinstance(turn, RecoveryTurn)]
        kinds.append(turn.recovery.kind)
        wrong = ["error_tool_response"] if kinds[-1] == "wrong_response" else []
        assert turn.variant == "error_recovery" and trajectory.labels == ["error_recovery", *wrong]
    assert kinds == [*KINDS, *KINDS]


def test_they_replay_and_every_rule_accepts_them() -> None:
    for trajectory in trajectories():
        assert replay(trajectory) == []
        assert list(review_trajectory(trajectory)) == []


def test_every_fault_is_met_and_a_call_succeeds_after_it() -> None:
    for trajectory in trajectories():
        for turn in trajectory.turns:
            if isinstance(turn, RecoveryTurn) and turn.recovery.faults:
                flags = met(turn.recovery.faults, turn.calls())
                assert any(flags) and not flags[-1] and not is_error(turn.calls()[-1].output)


def test_a_gone_precondition_is_the_tools_own_error_until_the_step_is_done_again() -> None:
    _, _, turn = of_kind("precondition")
    assert {fault.until for fault in turn.recovery.faults if fault.until} == {"sign_in"}
    names = [call.name for call in turn.calls()]
    place = names.index("sign_in")
    assert turn.calls()[place - 1].output == {"error": "Nobody is signed in; call sign_in first."}
    assert names[place + 1] == names[place - 1]
    # The state still has its effect, so that the step is refused: it gives again what it gave before.
    assert turn.calls()[place].output["signed_in_as"] == turn.calls()[place].arguments["name"]


def test_a_mistake_fails_and_is_followed_by_the_right_call() -> None:
    _, _, turn = of_kind("own_mistake")
    (place,) = turn.recovery.mistakes
    (call,) = turn.steps[place].calls
    assert is_error(call.output) and not turn.recovery.faults
    assert any(other.name == call.name for step in turn.steps[place + 1 :] for other in step.calls)


def test_another_worker_makes_the_same_bytes_in_any_order() -> None:
    maker = SlotMaker(configuration(), graph())
    assert [maker.make(index).line for index in (4, 1, 3)] == [lines()[index] for index in (4, 1, 3)]


def test_lines_are_read_back_as_they_were_and_an_unknown_key_is_named() -> None:
    for line in lines():
        assert dumps(loads(line)) == line
    line = next(line for line in lines() if b'"faults":[{' in line)
    with pytest.raises(UserError, match=r"turns\[\d\]\.recovery\.faults\[0\]\.count: "):
        loads(line.replace(b'"faults":[{', b'"faults":[{"count":1,', 1))


def test_a_mistake_that_changes_the_state_does_not_replay() -> None:
    for trajectory in trajectories():
        for number, turn in enumerate(trajectory.turns):
            for place, step in enumerate(turn.steps):
                if isinstance(turn, RecoveryTurn) and step.calls[0].name in WRITING:
                    if is_error(step.calls[0].output) or turn.recovery.kind == "precondition":
                        continue
                    turn.recovery.mistakes.append(place)
                    trajectory.certificate = certify(trajectory)
                    (difference,) = replay(trajectory)
                    where = f"turns[{number}].steps[{place}], a mistake that changes nothing"
                    assert difference.where == where
                    return
    raise AssertionError("no such turn changes anything")


def test_shares_count_the_slots_of_a_variant() -> None:
    maker = SlotMaker(configuration(variants={"error_recovery": 0.4, "miss_param": 0.2}), graph())
    slots = [slot for slot in range(100) if maker.variants.of(slot) == "error_recovery"]
    assert len(slots) == 40
    assert Counter(maker.variants.recoveries.of(number) for number in range(len(slots))) == dict.fromkeys(
        KINDS, 8
    )


def test_what_an_environment_cannot_make_is_named() -> None:
    """The towns have no step that several tools fail without."""
    settings = {"variants": {"error_recovery": 0.5}}
    maker = SlotMaker(made.configuration(**settings), made.graph())
    assert maker.variants.cannot() == {"error_recovery precondition": ["parking", "kitchen"]}
    assert "precondition" not in maker.variants.recoveries.kinds()
    one_turn = Recoveries(Casting(configuration(turns="1"), graph()))
    assert one_turn.able("precondition") == ()


# -- faults -----------------------------------------------------------------------------------------------


class Echo:
    def call(self, name: str, arguments: dict[str, object]) -> object:
        return {"error": "no"} if arguments.get("fails") else {"done": name}


def test_a_fault_is_met_so_often_or_until_a_tool_has_succeeded() -> None:
    faults = Faults([Fault("find", None, 2), Fault("pay", {"error": "gone"}, 0, "sign_in")])
    fails: dict[str, object] = {"fails": True}
    names = ["find", "pay", "look", "find", "find", "sign_in", "pay", "sign_in", "pay"]
    calls = [(name, fails if number == 5 else {}) for number, name in enumerate(names)]
    assert [faults.call(Echo(), *call) for call in calls] == [
        *[None, {"error": "gone"}, {"done": "look"}, None, {"done": "find"}],
        *[{"error": "no"}, {"error": "gone"}, {"done": "sign_in"}, {"done": "pay"}],
    ]


def test_a_step_that_is_refused_twice_gives_what_it_gave_before() -> None:
    stand_in = Fault("sign_in", {"hello": "Ada"}, arguments={"name": "Ada", "pin": "1"})
    given = {"name": " ada", "pin": "1"}
    for arguments, after in (given, {"done": "pay"}), ({"name": "Ben", "fails": True}, {"error": "gone"}):
        faults = Faults([Fault("pay", {"error": "gone"}, 0, "sign_in"), stand_in])
        faults.call(Echo(), "sign_in", arguments)
        assert faults.call(Echo(), "pay", {}) == after


def test_arguments_without_end_are_not_those_of_a_step() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert Faults([Fault("sign_in", None, arguments={"name": "Ada"})]).met("sign_in", {"name": deep}) is None


def test_an_answer_to_another_question_is_seen_by_the_name_or_by_the_argument() -> None:
    assert answers_other({"city": "Rome"}, {"city": "Oslo", "hotels": 3}) == ("city", "Rome", "Oslo", "")
    assert answers_other({"city": "rome"}, {"city": "Rome, Italy"}) is None
    known = [
        {
            "hotels": [
                {"id": "HT-101", "name": "Astoria", "stars": "3"},
                {"id": "HT-102", "name": "Bellevue", "stars": "3"},
            ]
        }
    ]
    assert answers_other({"hotel": "HT-101"}, {"hotel": "Bellevue"}, known) == (
        "hotel",
        "HT-101",
        "Bellevue",
        "Astoria",
    )
    assert answers_other({"hotel": "HT-101"}, {"hotel": "Astoria"}, known) is None
    assert answers_other({"hotel": "HT-101"}, {"stars": "3"}, known) is None
    assert answers_other({"hotel": "HT-103"}, {"hotel": "Bellevue"}, known) is None


# -- the scripted teacher ---------------------------------------------------------------------------------


def test_the_scripted_teacher_has_a_dozen_wordings_for_each() -> None:
    few = {"SLIPPED"}
    tables = {name: getattr(frames, name) for name in dir(frames) if name.isupper()}
    assert all(len(set(table)) >= 12 for name, table in tables.items() if name not in few)


def test_no_answer_speaks_of_what_a_fault_gave() -> None:
    for trajectory in trajectories():
        for turn in trajectory.turns:
            if isinstance(turn, RecoveryTurn):
                for fault in turn.recovery.faults:
                    if is_error(fault.output):
                        assert str(fault.output["error"]) not in turn.answer


def test_the_card_says_which_outputs_are_planted() -> None:
    from funreason_plugin.quality.card import in_domain_lines
    from funreason_plugin.quality.run_card import _but_for

    labels = {"error_recovery": 10, "error_tool_response": 2}
    assert "faults and mistakes of `error_recovery`" in _but_for(labels) and not _but_for({"miss_func": 3})
    assert in_domain_lines(labels, 10) == [
        "- `error_recovery`: 10 of 10 trajectories, with this variant.",
        "- `error_tool_response`: 2 of 10 trajectories, in which a tool gives a wrong response on purpose.",
    ]
