"""A user's templates: any of the four, checked before a run; what is wrong is said with file and line."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from random import Random

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.advanced_tool import parse_advanced_tool
from funreason_plugin.synthesis.messages import split_notes
from funreason_plugin.synthesis.prompt_files import BLOCKS, Templates, hashes
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.query import draw_noise
from funreason_plugin.synthesis.teachers.base import Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from tests.teacher.sampled import reply
from tests.teacher.test_messages import ADVANCED, HINT, SPACE, TOOLS
from tests.teacher.test_prompts import block, booking

CRITIC = """{# mine #}
{% block system %}Say in one line what went wrong.{% endblock %}
{% block user %}
Look:
```json
{{ material }}
```
{% endblock %}
"""


def folder_of(path: Path, text: str, name: str = "critiquing.j2") -> Path:
    (path / name).write_text(text)
    return path


def test_a_template_of_the_user_replaces_ours_and_the_others_stay(tmp_path: Path) -> None:
    prompts = Prompts(Templates.load(folder_of(tmp_path, CRITIC)))
    messages = prompts.critiquing("Send it.", [], [], ["nothing was called"])
    assert messages[0]["content"] == "Say in one line what went wrong."
    assert block(messages)["request"] == "Send it."
    assert prompts.reasoning("", TOOLS, (), "Send it.", ADVANCED, HINT) == Prompts().reasoning(
        "", TOOLS, (), "Send it.", ADVANCED, HINT
    )


def test_hashes_are_those_of_what_is_used(tmp_path: Path) -> None:
    ours, mine = hashes(), hashes(folder_of(tmp_path, CRITIC))
    assert set(ours) == {"tooling", "querying", "reasoning", "critiquing"}
    assert {agent for agent in ours if ours[agent] != mine[agent]} == {"critiquing"}
    assert mine["critiquing"] == hashlib.sha256(CRITIC.encode()).hexdigest()


def test_comments_are_not_sent() -> None:
    for agent in BLOCKS:
        name, text = Templates.load().texts[agent]
        assert text.startswith("{# ") and "version" in text.split("\n")[0], name
    opening = Prompts().reasoning("", TOOLS, (), "Send it.", ADVANCED, HINT)[0]["content"]
    assert "version 2" not in opening and "{#" not in opening


def test_templates_can_be_sent_to_a_worker(tmp_path: Path) -> None:
    templates = Templates.load(folder_of(tmp_path, CRITIC))
    assert pickle.loads(pickle.dumps(templates)) == templates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% block system %}a{% endblock %}\n{% block user %}{{ material }", "critiquing.j2:2: unexpected '}'"),
        ("{% block system %}a{% endblock %}\n{% block user %}\n{% if x %}", "critiquing.j2:3: "),
        (CRITIC.replace("block user", "block usr"), "critiquing.j2:3: block 'usr' is not used; did you mean 'user'?"),
        ("{% block system %}a{% endblock %}", "critiquing.j2: block 'user' is missing"),
        (CRITIC.replace("Look:", "{{ matrial }}"), "critiquing.j2:4: block 'user' has no variable 'matrial'; did you mean 'material'?"),
        (CRITIC.replace("one line", "{{ tools }} line"), "critiquing.j2:2: block 'system' has no variable 'tools'; it is given none"),
        (CRITIC.replace("Look:", "{{ material.deep.er }}"), "critiquing.j2:4: UndefinedError"),
        (CRITIC.replace("Look:", "{{ material.__class__.__mro__ }}"), "critiquing.j2:4: SecurityError"),
        (CRITIC.replace("Look:", "{{ 1 / 0 }}"), "critiquing.j2:4: ZeroDivisionError"),
        (CRITIC.replace("Look:", "{{ material | nothing }}"), "critiquing.j2:4: No filter named 'nothing'"),
        (CRITIC.replace("Look:", "{% include 'other.j2' %}"), "critiquing.j2:4: "),
        (CRITIC.replace("{{ material }}", "material"), "critiquing.j2:3: block 'user' must end with the material"),
        (CRITIC.replace("```json", "```"), "critiquing.j2:3: block 'user' must end with the material"),
        (CRITIC.replace("{{ material }}", "{{ material | upper }}"), "critiquing.j2:3: block 'user' must end"),
        (CRITIC.replace("{% endblock %}\n{% block user", "{% endblock %}{% block system %}b{% endblock %}\n{% block user"), "critiquing.j2:2: "),
        ("x" * 200_000, "critiquing.j2: over 100,000 bytes"),
    ],
)  # fmt: skip
def test_a_broken_template_is_one_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        Templates.load(folder_of(tmp_path, text))
    assert str(tmp_path / expected) in caught.value.message
    assert "\n" not in caught.value.message


def test_the_conversation_has_to_stand_before_the_material(tmp_path: Path) -> None:
    ours = Templates.load().texts["querying"][1]
    moved = ours.replace("{%- endblock %}\n", "{%- endblock %}\n").rstrip()
    moved = moved[: moved.rindex("{%- endblock %}")] + "\n{{ conversation }}{% endblock %}"
    with pytest.raises(UserError, match=r"querying\.j2:\d+: block 'user' must end with the material"):
        Templates.load(folder_of(tmp_path, moved, "querying.j2"))


def test_a_reasoning_template_without_the_tools_is_refused(tmp_path: Path) -> None:
    text = Templates.load().texts["reasoning"][1].replace("{{ tools }}", "")
    with pytest.raises(UserError, match=r"reasoning\.j2:\d+: block 'system' never writes \{\{ tools \}\}"):
        Templates.load(folder_of(tmp_path, text, "reasoning.j2"))


def test_a_folder_without_prompts_and_a_misspelt_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--prompts .*: has none of tooling\.j2, "):
        Templates.load(tmp_path)
    with pytest.raises(
        UserError, match=r"reasonning\.j2: not the name of a prompt; did you mean 'reasoning\.j2'\?"
    ):
        Templates.load(folder_of(tmp_path, "", "reasonning.j2"))
    with pytest.raises(
        UserError, match=r"--prompts .*nowhere: does not exist; expected a folder with any of"
    ):
        Templates.load(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"--prompts .*: not a folder"):
        Templates.load(tmp_path / "reasonning.j2")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tooling.j2").write_bytes(b"a\nb\xff")
    with pytest.raises(UserError, match=r"tooling\.j2:2: not UTF-8"):
        Templates.load(tmp_path)


def test_the_scripted_teacher_reads_any_wording(tmp_path: Path) -> None:
    notes = "Psst.\n```json\n{{ material }}\n```\nThink of {{ material | length }} things."
    text = (
        "{% block system %}{{ tools }}{{ policy }}{% endblock %}{% block notes %}" + notes + "{% endblock %}"
    )
    prompts = Prompts(Templates.load(folder_of(tmp_path, text, "reasoning.j2")))
    request = 'Find couriers from "Tartu" to "Leuven".'
    asked = "Step 1\n1. search_couriers(origin=<origin>, destination=<destination>)"
    said = [
        reply(ScriptedTeacher(SPACE, 0), Request("reasoning", tuple(one), "1"))
        for one in (
            prompts.reasoning("", TOOLS, (), request, ADVANCED, asked),
            Prompts().reasoning("", TOOLS, (), request, ADVANCED, asked),
        )
    ]
    assert said[0] == said[1] and "search_couriers" in said[0]
    assert split_notes(prompts.reasoning("", TOOLS, (), request, ADVANCED, asked)[1]["content"])[0] == request


# -- query examples ---------------------------------------------------------------------------------------


def test_examples_are_shown_a_few_at_a_time_drawn_by_the_seed() -> None:
    prompts = Prompts(examples=[f"Example {number}" for number in range(50)])
    drawn = [prompts.draw_examples(f"0/{slot}/0/0/0/0") for slot in range(40)]
    assert all(len(set(three)) == 3 for three in drawn)
    assert len(set(drawn)) > 30
    assert drawn[0] == prompts.draw_examples("0/0/0/0/0/0")
    assert Prompts(examples=["one"]).draw_examples("x") == ("one",)
    assert Prompts().draw_examples("x") == ()


def test_examples_stand_in_the_prompt_and_the_material_stays_the_last_block() -> None:
    from tests.teacher.test_prompts import reply as answer

    trace = booking()
    advanced = parse_advanced_tool(answer(), trace)
    shown = ["Book me the usual.", 'Do this:\n```json\n{"outline": "no"}\n```']
    messages = Prompts().querying(advanced, trace, draw_noise(Random(1)), (), shown)
    assert "Book me the usual." in messages[1]["content"]
    plain = Prompts().querying(advanced, trace, draw_noise(Random(1)))
    teacher = ScriptedTeacher(SPACE, 0)
    assert reply(teacher, Request("querying", tuple(messages), "1")) == reply(
        teacher, Request("querying", tuple(plain), "1")
    )
