"""The project's one renderer: a conversation as the text that a model sees, in a named prompt form.

    pairs = render(of_trajectory(trajectory), "funreason")
    pairs[-1].prompt, pairs[-1].response         # what is masked, and what the model writes
    text = prompt(conversation, "card")          # to be continued by the model, `<think>` appended

For tokenizers of the Qwen3 family (`<|im_start|>`, `<|im_end|>`). SFT, rollout and evaluation all render
here, and the chat templates that we ship write the same text. The forms:

- "hermes": Qwen3's own. Tools in the system prompt, a JSON object in `<tool_call>` per call, a
  `<tool_response>` block per result. The model opens `<think>` itself.
- "funreason": the paper's. Tools in the system prompt, `<tool_call>[cd(folder="a"), ls()]</tool_call>`,
  one `<tool_response>` with the list of results. `<think>` is part of the prompt.
- "card": what the model card's BFCL handler serves. BFCL's system text with the functions as JSON, a bare
  call list, one `<tool_response>` with Python's `str` of the list of results. `<think>` is part of the prompt.

The history carries no reasoning, as the model is served; only the last response has its thought.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from funreason_plugin.calls import dump_json, python_list, to_hermes, to_python, unmarked
from funreason_plugin.messages import Conversation, Message

__all__ = [
    "FORMS",
    "Pair",
    "PromptForm",
    "calls_text",
    "following",
    "opening",
    "prompt",
    "render",
    "response_text",
    "results_text",
    "split_results",
    "system_text",
    "thought_block",
]

PromptForm = Literal["hermes", "funreason", "card"]
FORMS: tuple[PromptForm, ...] = get_args(PromptForm)

START, END = "<|im_start|>", "<|im_end|>"
BETWEEN_RESULTS = "\n</tool_response>\n<tool_response>\n"
"""Between the results of one step in "hermes": Qwen3's template writes consecutive tool messages as one user
message with a `<tool_response>` block each, and adds the outermost tags itself."""

_TOOLS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

"""
_HERMES = (
    _TOOLS
    + """For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
)
_FUNREASON = (
    _TOOLS
    + """To call functions, return a list of calls with keyword arguments within <tool_call></tool_call> XML tags:
<tool_call>[function_name(argument=value, ...), ...]</tool_call>"""
)


class Pair(NamedTuple):
    """What comes before a response, and the response up to `<|im_end|>` and its line feed."""

    prompt: str
    response: str


def render(
    conversation: Conversation,
    form: PromptForm,
    *,
    thoughts: Literal["last", "all", "none"] = "last",
) -> list[Pair]:
    """One pair for each assistant message; their concatenation is the whole text.

    ``thoughts`` says whose reasoning stands in it: that of the last response (as the data has it), of all
    (one append-only sequence), or of none. Where a response has a thought, "funreason" and "card" put the
    `<think>` that opens it at the end of its prompt, since it is appended when the model is served.
    """
    pairs: list[Pair] = []
    last = len(conversation.messages) - 1
    for index in range(1, len(conversation.messages), 2):
        message = conversation.messages[index]
        shown = thoughts == "all" or (thoughts == "last" and index >= last)
        before = _before(conversation, index - 1, form)
        response = (thought_block(message.thought) if shown else "") + response_text(message, form)
        if form != "hermes" and response.startswith("<think>"):
            before, response = before + "<think>", response.removeprefix("<think>")
        pairs.append(Pair(before, f"{response}{END}\n"))
    return pairs


def prompt(
    conversation: Conversation,
    form: PromptForm,
    *,
    thinking: bool = True,
    thoughts: Literal["all", "none"] = "none",
) -> str:
    """The prompt for the response to the conversation's last message, which is a user's or a tool's.

    `opening` ends it, as the model is served.
    """
    text = "".join(map("".join, render(conversation, form, thoughts=thoughts)))
    return text + _before(conversation, len(conversation.messages) - 1, form) + opening(form, thinking)


def opening(form: PromptForm, thinking: bool) -> str:
    """What a server has written of a response when the model goes on.

    With ``thinking``, `<think>` in "funreason" and "card", as the paper's model is served; without it, an empty
    block of thoughts in "hermes", as Qwen3 is served.
    """
    if form == "hermes":
        return "" if thinking else "<think>\n\n</think>\n\n"
    return "<think>" if thinking else ""


def following(message: Message, form: PromptForm) -> str:
    """The user's or tools' message as it stands between two responses, up to where the second one begins."""
    content = message.content
    if message.role == "tool":
        content = f"<tool_response>\n{results_text(message.results, form)}\n</tool_response>"
    return f"{START}user\n{content}{END}\n{START}assistant\n"


def _before(conversation: Conversation, index: int, form: PromptForm) -> str:
    """What comes before the response to the message at ``index``: the system prompt too before the first."""
    system = system_text(conversation.system, conversation.tools, form) if index == 0 else ""
    before = f"{START}system\n{system}{END}\n" if system else ""
    return before + following(conversation.messages[index], form)


def response_text(message: Message, form: PromptForm) -> str:
    """An assistant message without its thought: the answer, the calls, or a text and calls below it."""
    if not message.calls:
        return message.content.lstrip("\n")
    calls, text = calls_text(message.calls, form), message.content.strip()
    return f"{text}\n{calls}" if text else calls


def thought_block(thought: str | None) -> str:
    """`<think>` block as Qwen3 writes it, newlines included; nothing without a thought."""
    text = (thought or "").strip()
    return f"<think>\n{text}\n</think>\n\n" if text else ""


def calls_text(calls: Iterable[tuple[str, Mapping[str, Any]]], form: PromptForm) -> str:
    """The calls of one assistant message.

    Raises ValueError for a tool that is no Python identifier, except in "hermes".
    """
    if form == "hermes":
        return to_hermes(calls)
    return to_python(calls) if form == "funreason" else python_list(calls)


def results_text(results: Sequence[str], form: PromptForm) -> str:
    """The results of one step as the content of one tool message, without the outermost tags."""
    if form == "hermes":
        return BETWEEN_RESULTS.join(results)
    return f"[{', '.join(results)}]" if form == "funreason" else str(list(results))


def split_results(text: str) -> list[str]:
    """The results that `results_text` joined in "hermes", whose texts hold no such tags."""
    return text.split(BETWEEN_RESULTS)


def system_text(system: str, tools: Sequence[Mapping[str, Any]], form: PromptForm) -> str:
    """The system prompt with the tools in it."""
    if not tools:
        return system
    if form == "card":
        listed = bfcl_system(tools)
        return f"{listed}\n\n{system}" if system else listed
    lines = "\n".join(map(dump_json, tools))
    listed = (_HERMES if form == "hermes" else _FUNREASON).format(tools=lines)
    return f"{system}\n\n{listed}" if system else listed


_BFCL = """You are an expert in composing functions.You are given a question and a set of possible functions. Based on the question, you will need to make one or more function/tool calls to achieve the purpose. If none of the functions can be used, point it out. If the given question lacks the parameters required by the function, also point it out.

You should only return the function calls in your response.

If you decide to invoke any of the function(s), you MUST put it in the format of [func_name1(params_name1=params_value1, params_name2=params_value2...), func_name2(params)].  You SHOULD NOT include any other text in the response.

At each turn, you should try your best to complete the tasks requested by the user within the current turn. Continue to output functions to call until you have fulfilled the user's request to the best of your ability. Once you have no more functions to call, the system will consider the current turn complete and proceed to the next turn or task.

Here is a list of functions in json format that you can invoke.
{functions}
"""


def bfcl_system(tools: Sequence[Mapping[str, Any]]) -> str:
    """BFCL's system text for models without native function calling (bfcl-eval 2026.3.23, "classic" style)."""
    functions = [tool.get("function", tool) for tool in tools]
    return _BFCL.format(functions=unmarked(json.dumps(functions, indent=4)))
