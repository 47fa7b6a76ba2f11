"""The prompts of the four agents, as messages. The wording is in ``prompts/*.j2``.

    prompts = Prompts()                                  # or Prompts.of(config): the user's templates and examples
    messages = prompts.reasoning(system, tools, earlier, query, advanced, hint)

Messages are as every server takes them: one system message, then user and assistant in turn. Every prompt carries its
material in one fenced JSON block, the last of its message. What is the same for many requests comes first and is made
once: rules, policy and tools, then the conversation, then the query; the notes that only A_R sees come last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from funreason_plugin.calls import dump_json, to_hermes
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.messages import offer_text
from funreason_plugin.synthesis.advanced_tool import AdvancedTool, input_names, plan_with, user_inputs
from funreason_plugin.synthesis.messages import tool_responses, with_notes, without_tokens
from funreason_plugin.synthesis.plan import plan_of
from funreason_plugin.synthesis.plan_text import plan_text
from funreason_plugin.synthesis.prompt_files import Templates, hashes
from funreason_plugin.synthesis.query import Noise, known_from_earlier
from funreason_plugin.synthesis.teachers.base import Agent, Message
from funreason_plugin.synthesis.trace import Trace, TracedCall
from funreason_plugin.trajectory import AbstentionTurn, Call, Provenance, Turn, offered_late

if TYPE_CHECKING:
    from funreason_plugin.config import SynthesisConfig

__all__ = ["Prompts", "hashes", "ours"]

MAX_OUTPUT = 4000
"""Characters of one output that A_C is shown, and ..."""
MAX_OUTPUTS = 40_000
"""... of all outputs, before the rest are cut to a line."""
EXAMPLES = 3
"""Real queries that A_Q is shown at a time."""
STEPWISE = "This user does walk the assistant through the steps, in their order, and says what each is to find or do."
"""What A_Q is told where queries are the paper's baseline, without advanced tools."""


class Prompts:
    """Writes the messages; one for each worker. ``examples``: real queries, for A_Q to hear how people write.
    ``stepwise``: the user asks for every call, and not for the outcome (``queries: stepwise``)."""

    def __init__(
        self, templates: Templates | None = None, examples: Sequence[str] = (), *, stepwise: bool = False
    ) -> None:
        self.stepwise = stepwise
        self.templates = templates or Templates.load()
        self.examples = tuple(examples)
        self._rules: dict[Agent, Message] = {}
        self._openings: dict[tuple[str, tuple[int, ...]], tuple[tuple[ToolSpec, ...], Message]] = {}

    @classmethod
    def of(cls, config: SynthesisConfig) -> Prompts:
        """With the folder and the examples that a configuration names. Raises UserError for what is wrong in them."""
        from funreason_plugin.synthesis.query_examples import load_examples
        from funreason_plugin.synthesis.redact import Redactor

        examples: tuple[str, ...] = ()
        if config.query_examples is not None:
            examples = Redactor.load(config.redact).examples(load_examples(config.query_examples))
        return cls(Templates.load(config.prompts), examples, stepwise=config.queries == "stepwise")

    # -- Phase II -----------------------------------------------------------------------------------------

    def tooling(
        self, trace: Trace, specs: Mapping[str, ToolSpec], earlier: Sequence[Turn] = ()
    ) -> list[Message]:
        """To A_T: abstract the trace. `parse_advanced_tool` reads the reply."""
        names = input_names(trace)
        plan = plan_of(trace, earlier, names)
        material = {
            "chain": plan_text(plan, for_query=True),
            "tools": {call.name: _about(specs, call.name) for call in trace.calls},
            "inputs": [
                {"call": call + 1, "parameter": path, "name": names[call, path], "value": value}
                for call, path, value in user_inputs(trace)
            ],
        }
        return [self.rules("tooling"), self._user("tooling", material=_json(material))]

    def querying(
        self,
        advanced: AdvancedTool,
        trace: Trace,
        noise: Noise,
        earlier: Sequence[Turn] = (),
        examples: Sequence[str] = (),
        leave_out: Mapping[str, str] | None = None,
    ) -> list[Message]:
        """To A_Q: write the user's message. The reply is that message. ``examples``: as `draw_examples` gives them.
        ``leave_out``: a value that the user forgets to say (`variants.miss_param`)."""
        plan = plan_with(trace, advanced, earlier)
        plan = plan.step_by_step() if self.stepwise else plan
        material: dict[str, Any] = {
            "advanced_tool": advanced.with_values(),
            "outline": plan_text(plan, for_query=True),
            "manner": noise.manner,
            "noise": noise.as_plain(),
            "done_in_earlier_turns": [[call.name for call in turn.calls()] for turn in earlier],
            "known_from_earlier_turns": known_from_earlier(plan, trace, earlier),
        }
        if earlier and isinstance(earlier[-1], AbstentionTurn):
            material["declined_before"] = True
        if self.stepwise:
            material["exception"] = STEPWISE
        if leave_out:
            material["leave_out"] = dict(leave_out)
        user = self._user(
            "querying",
            material=_json(material),
            conversation="\n".join(f"User: {turn.query}\nAssistant: {turn.answer}" for turn in earlier),
            examples=list(examples),
        )
        return [self.rules("querying"), user]

    def draw_examples(self, seed: str) -> tuple[str, ...]:
        """The few examples that the request of this seed shows."""
        return tuple(Random(f"{seed}/examples").sample(self.examples, min(EXAMPLES, len(self.examples))))

    # -- Phase III ----------------------------------------------------------------------------------------

    def reasoning(
        self,
        system: str,
        tools: Sequence[ToolSpec],
        earlier: Sequence[Turn],
        query: str,
        advanced: AdvancedTool,
        advice: str,
        critiques: Sequence[str] = (),
        completes: Mapping[str, Any] | None = None,
    ) -> list[Message]:
        """To A_R, before its first step; the chain appends each step's assistant message and tool results.

        The notes (advanced tool, hint, critiques) stand after the query. They never enter the kept sample.
        ``completes``: what A_R is to know of an earlier request, where the query only completes it.
        """
        material: dict[str, Any] = {"advanced_tool": advanced.signature(), "solution": advice}
        material |= completes or {}
        if critiques:
            material["advice"] = list(critiques)
        notes = self.templates.render("reasoning", "notes", material=_json(material))
        return self.conversation(system, tools, earlier, query, notes)

    def conversation(
        self, system: str, tools: Sequence[ToolSpec], earlier: Sequence[Turn], query: str, notes: str
    ) -> list[Message]:
        """What A_R sees: rules, policy and tools, the turns so far, the query and the notes. Tools that were offered
        late stand in the query that offered them, as in the rows."""
        late = offered_late(earlier)
        names = {name for offered in late.values() for name in offered}
        by_name = {spec.name: spec.as_openai() for spec in tools if spec.name in names} if late else {}
        messages = [self._opening(system, [spec for spec in tools if spec.name not in names])]
        for number, turn in enumerate([*earlier, None]):
            shown = query if turn is None else turn.query
            if number in late:
                shown = offer_text([by_name[name] for name in late[number]], shown, "hermes")
            if turn is None:
                messages.append({"role": "user", "content": with_notes(shown, notes)})
            else:
                messages += _turn_messages(turn, shown)
        return messages

    def critiquing(
        self,
        query: str,
        attempt: Sequence[Call],
        truth: Sequence[TracedCall],
        reasons: Sequence[str],
        answer: str = "",
        earlier: Sequence[Turn] = (),
    ) -> list[Message]:
        """To A_C: what the attempt did, what would have been right, how the results differ. The reply is advice."""
        material = {
            "request": query,
            "attempt": _shown(attempt),
            "answer": answer,
            "solution": [
                {
                    "name": call.name,
                    "arguments": call.arguments,
                    "sources": {
                        path: _origin(origin, truth, len(earlier)) for path, origin in call.provenance.items()
                    },
                }
                for call in truth
            ],
            "differences": list(reasons),
        }
        return [self.rules("critiquing"), self._user("critiquing", material=_json(material))]

    # -- messages -----------------------------------------------------------------------------------------

    def rules(self, agent: Agent) -> Message:
        """What an agent is always told first."""
        if agent not in self._rules:
            self._rules[agent] = {"role": "system", "content": self.templates.render(agent, "system")}
        return self._rules[agent]

    def _user(self, agent: Agent, **values: str | list[str]) -> Message:
        return {"role": "user", "content": self.templates.render(agent, "user", **values)}

    def _opening(self, policy: str, tools: Sequence[ToolSpec]) -> Message:
        """Rules, policy and schemas; made once per tool set (specs are compared by identity)."""
        key = policy, tuple(map(id, tools))
        kept = self._openings.get(key)
        if kept is None:
            # As Qwen's template writes them.
            schemas = "\n".join(dump_json(spec.as_openai()) for spec in tools)
            content = self.templates.render("reasoning", "system", policy=policy, tools=schemas)
            if len(self._openings) >= 64:
                self._openings.clear()
            kept = self._openings[key] = (tuple(tools), {"role": "system", "content": content})
        return kept[1]


@cache
def ours() -> Prompts:
    """Our own templates, without examples."""
    return Prompts()


_TURNS: dict[int, tuple[Turn, list[Message]]] = {}


def _turn_messages(turn: Turn, query: str) -> list[Message]:
    """A finished turn as messages, without its thoughts; kept for as long as the conversation goes on."""
    kept = _TURNS.get(id(turn))
    if kept is not None and kept[0] is turn:
        return kept[1]
    messages: list[Message] = [{"role": "user", "content": query}]
    for step in turn.steps:
        calls = to_hermes((call.name, call.arguments) for call in step.calls)
        messages.append({"role": "assistant", "content": calls})
        messages.append({"role": "user", "content": tool_responses(call.output for call in step.calls)})
    messages.append({"role": "assistant", "content": turn.answer})
    if len(_TURNS) >= 512:  # a worker plays many conversations at once
        _TURNS.clear()
    _TURNS[id(turn)] = (turn, messages)
    return messages


def _json(material: Mapping[str, Any]) -> str:
    return without_tokens(orjson.dumps(material, option=orjson.OPT_NON_STR_KEYS).decode())


def _about(specs: Mapping[str, ToolSpec], name: str) -> str:
    return specs[name].description if name in specs else ""


def _shown(attempt: Sequence[Call]) -> list[dict[str, Any]]:
    """The calls with their outputs, long ones cut."""
    rows: list[dict[str, Any]] = []
    left = MAX_OUTPUTS
    for call in attempt:
        output, text = call.output, dump_json(call.output)
        most = MAX_OUTPUT if left > 0 else 200
        left -= min(len(text), most)
        if len(text) > most:
            output = text[:most] + "…"
        rows.append({"name": call.name, "arguments": call.arguments, "output": output})
    return rows


def _origin(origin: Provenance, truth: Sequence[TracedCall], turn: int) -> dict[str, Any]:
    """Where a right argument comes from, for A_C: the tool and output field, how the record is chosen."""
    row: dict[str, Any] = {"source": origin.source}
    if origin.source == "output":
        row["field"] = origin.field
        if origin.turn in (None, turn) and origin.call is not None and origin.call < len(truth):
            row["tool"] = truth[origin.call].name
            row["call"] = origin.call + 1
        if origin.choice is not None:
            row["choice"] = {"by": origin.choice.by, "key": origin.choice.key}
    return row
