"""What a rejection's code means, and what a user can change about it."""

from __future__ import annotations

from typing import Final

PHASES: Final = {
    "sampling": "Phase I: a legal, executed chain of calls to the target tool",
    "advanced_tool": "Phase II: the chain as one advanced tool",
    "query": "Phase II: the hard query, before anybody tries to solve it",
    "chain": "Phase III: thoughts, calls and answer of the last attempt (k_max)",
    "trajectory": "the trajectory as a whole",
}

_ENVIRONMENT = "run `python -m funreason_plugin.check env NAME`"

ADVICE: Final = {
    # Phase I
    "no_legal_tool": "no tool can be called in this state: mark where the parameters' values come from (Values), and "
    f"let scenario() draw states in which something can be done; {_ENVIRONMENT}",
    "target_not_reached": "the tool was not reached within --calls: allow more calls, or give the tools that lead to "
    "it output marks (Ref) so that the graph finds the way; `synthesize graph` shows it",
    "target_unreachable": "no path of the graph leads to this tool: mark the id it needs as Ref in the tool that "
    "gives it, or declare the edge (declared = [(first, then)]); `synthesize graph` shows what is known",
    "no_parameters": "a required parameter has no source of values: add Values.of, .csv, .state, .call or .tool",
    "ambiguous_choice": "a list has several records, and no field tells them apart: return a telling field (name, date, "
    "price) beside the id",
    "no_effect": "a writing tool changed nothing: let scenario() draw states in which there is something to change",
    "nothing_found": "a look-up found nothing to go on with: let scenario() draw states in which more is to be found",
    "told_before": "the call would only tell what was told before: let scenario() draw states in which there is more to "
    "ask for, or lower --turns",
    "tool_error": "the call returned an error in every try: let scenario() draw states in which it can succeed, or "
    "say with `needs` what comes first",
    "not_reproducible": "the tool gave another result when repeated: take time, random numbers and ids from self.now(), "
    f"self.rng and self.new_id; {_ENVIRONMENT}",
    "over_time": "a call exceeded the time limit: make the tool faster, or raise --time-limit",
    "tool_not_offered": "a held-out tool was called: the environment's tools depend on it; hold out the tools that "
    "need it, too",
    "unjustified_argument": "an argument has no provenance: mark the parameter (Values or Ref), or give it a default",
    "invented_argument": "an argument is not what its source yields; if the tool changes what it is given, compare "
    "after normalising, or mark the output field with the same Ref as the parameter",
    "premature_call": "a call stood beside the call that feeds it; this is the sampler's, not yours: report it",
    "oversized_turn": "the outputs of one turn are too large: return fewer records or fields, or lower --calls",
    "nothing_new": "the turn repeats calls that gave the very same before: more tools or environments, richer states "
    "in scenario(), or fewer --turns",
    "nothing_to_leave_out": "miss_param: no request has a required value that only the user knows: make such parameters "
    "required, without Ref to what other tools return, or lower the share",
    "not_followed": "follow_up: the turns that were sampled can be neither corrected, nor undone, nor referred back to: tools whose "
    "effect another one reverses, and look-ups with several records, give more",
    "not_missing": "miss_func: another tool that is offered tells the same; withhold others, or lower the share",
    "no_tool_to_withhold": "miss_func: every tool has several that may stand in for it, by their names",
    "not_irrelevant": "irrelevance: the tools on offer are about the same things; add an environment about others",
    "no_transient": "error_recovery: no call can fail for a moment; this should not happen: report it",
    "no_wrong_response": "error_recovery: the requests have no look-up whose response could be wrong: lower the share",
    "no_empty": "error_recovery: the requests have no look-up that a later call needs: lower the share, or allow more calls",
    "no_precondition": "error_recovery: no step holds that several tools fail without, or it cannot be done again",
    "no_own_mistake": "error_recovery: no wrong call of the requests gives an error: let tools refuse what is missing or unknown",
    "few_distractors": "distractors: the other environments have too few tools that could not stand in for the own ones",
    "no_room": "the variant takes two turns: raise --turns",
    # Phase II
    "bad_query_text": "a placeholder of an `ask` clause was not filled in: its name must be a parameter's, and "
    "optional parameters belong in [...]",
    "unreadable_argument": "the query does not contain a value that the user has to give: name the parameter in every "
    "`ask` clause; values should be words and numbers that a person writes (no codes, no nested objects)",
    "leaked_value": "the query says a value that a tool should find out: mark the parameter as Ref(…) so that it "
    "counts as known to the system only; or it is a plain word that occurs by chance",
    "named_tool": "the query names a tool: put `ask` clauses into everyday words; a tool named like an everyday phrase "
    "is better renamed",
    "unsaid_choice": "the query does not say which record of a list is meant: give the records a telling field (name, "
    "date, price), and name it in `noun`",
    "unknowable_choice": "a record is picked by a value that nobody knows before having seen the list: give the records "
    "a field that a person would say (name, date, kind)",
    "copied_example": "A_Q repeats one of the queries it was shown: give more and more varied --query-examples, or a "
    "higher temperature for the querying agent",
    "advanced_tool_json": "A_T's reply is no JSON object with name, description and inputs: leave structured_output on "
    "auto, or take another model for the tooling agent (a scripted one will do: --agent tooling=scripted)",
    "advanced_tool_name": "A_T named its tool like one that exists, or in no readable way: another model or a higher "
    "temperature for the tooling agent (or --agent tooling=scripted)",
    "advanced_tool_inputs": "A_T left out what the user supplies, or added what one call hands to another: another "
    "model for the tooling agent (or --agent tooling=scripted), or fewer calls a turn (--calls)",
    # any phase with a model
    "request_failed": "the server gave no reply after every retry: look at ledger.jsonl for what it said; raise "
    "--retries or --request-time-limit, or lower --concurrency",
    "request_refused": "the server refused this request: its reason is above; where it is the length, choose a model "
    "with a longer context, lower --turns or --calls, or return fewer records from the tools",
    "cut_off": "the reply reached its limit of tokens: raise max_new_tokens for this agent (a reasoning model's "
    "thoughts count), or switch long thinking off (extra_body)",
    "too_long": "a text far longer than any that can be kept; lower max_new_tokens for this agent, or take another "
    "model",
    "redacted": "the redact hook changed a text that has to stay as it is; if it should not have, adapt the hook",
    # Phase III
    "state_differs": "the attempts left another state than the chain did: `synthesize trace DIR --index N` shows how; if "
    "the difference does not matter, say so in `equality` (set, text, volatile, ignored)",
    "needed_output_missing": "no attempt obtained this value: `synthesize trace DIR --index N` shows what was called "
    "instead; if the answer does not need it, leave it out of `tell` and `reports`",
    "needed_not_obtained": "the answer reports a value that no output of the conversation holds: adapt `reports` or "
    "`tell` of the tool",
    "unreadable_call": "the reply's calls could not be parsed; with a model as teacher: another model or temperature",
    "too_many_steps": "no answer after the last allowed step: fewer calls a turn (--calls), or more records in one "
    "output instead of page after page",
    "missing_thought": "a response has no thought, or an endless one; with a model as teacher: another model",
    "forbidden_phrase": "a thought or an answer speaks of how the sample is made; also a tool description that uses "
    "such words (hint, ground truth, simulated) causes this: reword it",
    "silent_thought": "a thought does not mention what decides its call; with the scripted teacher this comes from "
    "values it cannot name: give records telling fields",
    "ungrounded_thought": "a thought states a number, id or quotation from nowhere: mind numbers in tool descriptions "
    "and in `tell`",
    "unfilled_text": "a text has a hole where a value belongs: every placeholder of `ask`, `noun` and `tell` must be a "
    "parameter or an output path, and records need the field that they are chosen by",
    "unresolved_error": "a call failed and was not repeated with success: error messages should say what is wrong and "
    f"which tool helps; {_ENVIRONMENT}",
    "called_anyway": "a turn of a variant is to call nothing, and A_R called something: a stronger model for reasoning",
    "silent_abstention": "A_R does not say that it cannot do it, or does not ask for the missing value: a stronger model "
    "for reasoning, or parameters named and described in everyday words",
    "tool_at_hand": "what a turn is said to lack is offered, or something near it is",
    "not_a_follow_up": "what it does with the turn before is not said, or there is no such turn",
    "nothing_changed": "a follow-up repeats the turn before, or corrects a value to what it was",
    "said_again": "the query says once more what stays as it was, or the id of what it refers back to",
    "no_choice": "what is referred back to was the only one of its kind: let look-ups return several records",
    "not_undone": "the state is not as if it had not been done: what takes it back leaves a trace; mark such fields as volatile or "
    "ignored in `equality` where they do not matter",
    "value_at_hand": "the value that a turn is said to lack was said or shown before, or a tool gives it",
    "not_completed": "the turn after a missing function or value does not call the tool that it was about",
    "unfit_recovery": "what goes wrong in the turn is not evident in the response that A_R got; this is the sampler's",
    "fault_not_met": "A_R went another way, on which nothing goes wrong: more tools of that kind make it less likely",
    "not_recovered": "A_R does not try again after something went wrong: a stronger model for reasoning",
    "wrong_response_used": "A_R takes a wrong response for the answer: a stronger model for reasoning",
    "mistake_took_effect": "a call that was to fail succeeded: the tool does not do the same every time",
    "unnoticed_fault": "A_R's thought does not say that something went wrong: a stronger model for reasoning",
    "missing_answer": "the turn has no answer: give the target tool a `tell`, or outputs that can be told",
    "ungrounded_answer": "the answer states what no output says: every placeholder of `tell` must be an output path",
    "control_text": "a text contains tags of the chat template (<think>, <tool_call>): where an output has them, remove "
    "them in the tool; where a query or a thought has them, take another model for that agent",
    # the whole
    "duplicate": "the same queries and calls as an earlier trajectory: more variety in scenario(), more environments, "
    "longer turns, or fewer trajectories (--num)",
}

_FALLBACK: Final = {
    "sampling": f"look at the tools of this environment first: {_ENVIRONMENT}, `synthesize graph --env NAME`",
    "advanced_tool": "the teacher's description of the chain could not be read: with the scripted teacher this is "
    "ours, report it",
    "query": "look at the query and the trace: `synthesize trace DIR --index N` for the slot above; language hints "
    "(`ask`, `noun`) of the tool are the usual mend",
    "chain": "look at the attempts: `synthesize trace DIR --index N` for the slot above; raise --k-max to allow more",
}


_OF_PHASE: Final = {
    (
        "trajectory",
        "over_time",
    ): "the trajectory was not finished in time: raise --trajectory-time-limit, or see in "
    "summary.json what the requests wait for (latency by agent)",
    (
        "chain",
        "tool_not_offered",
    ): "A_R called a tool that does not exist, such as the advanced tool: its prompt forbids "
    "it (a replaced reasoning.j2 should, too); another model for the reasoning agent",
    (
        "chain",
        "oversized_turn",
    ): "A_R made dozens of calls in one turn: another model for the reasoning agent",
}
"""Where a code's advice depends on the phase."""


def advice_for(phase: str, code: str) -> str:
    """What to change; never empty."""
    return (
        _OF_PHASE.get((phase, code))
        or ADVICE.get(code)
        or _FALLBACK.get(phase, "look at it: `synthesize trace DIR --index N` for the slot above")
    )


def meaning_of(code: str) -> str:
    """What the acceptance rule of this name demands, or "" for what is not such a rule."""
    from funreason_plugin.checks.acceptance import RULES

    return RULES[code].describes if code in RULES else ""
