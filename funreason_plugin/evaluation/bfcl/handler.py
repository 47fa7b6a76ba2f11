"""Our handler of bfcl-eval: the project's renderer before the model, its reader of calls behind it.

As the FunReason-MT model card serves: `<think>` ends the prompt, the text after the last `</think>` is the answer, the
results of one response are one message, the history has no reasoning. bfcl-eval's own loop plays the conversation.
Imported after `package.load`.
"""

from __future__ import annotations

import ast
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bfcl_eval.constants.enums import ModelStyle, ReturnFormat
from bfcl_eval.model_handler.base_handler import BaseHandler
from bfcl_eval.utils import is_java, is_js

from funreason_plugin.calls import dump_json, python_list
from funreason_plugin.environments.bfcl.documents import json_schema
from funreason_plugin.evaluation.bfcl.calls import documents, executable, looks_like_calls, positions, read
from funreason_plugin.evaluation.bfcl.single_turn import decode, written
from funreason_plugin.evaluation.served import Completed
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import PromptForm, opening, prompt

__all__ = ["NOTES", "Notes", "ServedHandler"]

NOTES = "funreason"
"""The key of our `Notes` in an entry's results; bfcl-eval does not look at it."""


_LONGEST = 100_000
"""Characters of a result that are looked at as a Python literal."""


@dataclass(slots=True)
class Notes:
    """What happened in one entry that its scores hide, counted by response.

    ``over_long``: thoughts that did not end before the limit; ``cut_off``: answers that did not; ``unread``: answers meant
    as calls that could not be read, with the reasons (of the first ones).
    """

    responses: int = 0
    over_long: int = 0
    cut_off: int = 0
    unread: int = 0
    reasons: list[str] = field(default_factory=list)


class ServedHandler(BaseHandler):  # type: ignore[misc]
    """Plays one entry in a thread of its own. ``ask`` blocks until the model's response to a prompt is there.

    Without `connect` it only decodes, as their evaluation needs it.
    """

    def __init__(
        self, model_name: str, temperature: float, registry_name: str, is_fc_model: bool, **more: Any
    ) -> None:
        super().__init__(model_name, temperature, registry_name, is_fc_model, **more)
        self.model_style = ModelStyle.OSSMODEL

    def connect(self, ask: Callable[[str], Completed], form: PromptForm, thinking: bool) -> None:
        """Before anything is played."""
        self._ask, self._form, self._thinking = ask, form, thinking
        self._thread = threading.local()

    def inference(
        self, test_entry: dict[str, Any], include_input_log: bool, exclude_state_log: bool
    ) -> tuple[Any, dict[str, Any]]:
        if "involved_classes" in test_entry:
            result, metadata = self.inference_multi_turn_prompting(
                test_entry, include_input_log, exclude_state_log
            )
        else:
            result, metadata = self.inference_single_turn_prompting(test_entry, include_input_log)
        return result, {**metadata, NOTES: self.notes()}

    def notes(self) -> dict[str, Any]:
        """Of the entry that this thread played last."""
        return asdict(self._thread.notes)

    # -- what their loop calls -----------------------------------------------------------------------

    def _pre_query_processing_prompting(self, test_entry: dict[str, Any]) -> dict[str, Any]:
        self._thread.notes = Notes()
        single = "involved_classes" not in test_entry
        self._thread.language = _language(test_entry["id"]) if single else None
        known = {} if single else documents()
        tools = [self._document(tool, known) for tool in test_entry["function"]]
        return {"talk": Conversation([], "", tools)}

    def _document(self, tool: dict[str, Any], known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """In "card" their document as it is; else as the OpenAI tool that our training data has."""
        if self._form == "card":
            return tool
        if tool["name"] in known:
            return known[tool["name"]]
        parameters = {**json_schema(tool["parameters"]), "additionalProperties": False}
        parameters.setdefault("required", [])
        description = " ".join(str(tool["description"]).split())
        function = {"name": tool["name"], "description": description, "parameters": parameters}
        return {"type": "function", "function": function}

    def _query_prompting(self, inference_data: dict[str, Any]) -> tuple[Completed, float]:
        text = prompt(inference_data["talk"], self._form, thinking=self._thinking)
        started = time.monotonic()
        return self._ask(text), time.monotonic() - started

    def _parse_query_response_prompting(self, api_response: Completed) -> dict[str, Any]:
        thought, closed, answer = api_response.text.rpartition("</think>")
        notes: Notes = self._thread.notes
        notes.responses += 1
        opened = "<think>" in opening(self._form, self._thinking) + api_response.text
        if opened and not closed and not api_response.finished:
            thought, answer = answer, ""
            notes.over_long += 1
        elif not api_response.finished:
            notes.cut_off += 1
        written = answer.removeprefix("<think>").strip() if not closed else answer.strip()
        return {
            "model_responses": self._readable(written, notes),
            "written": written,
            "reasoning_content": thought.removeprefix("<think>").strip(),
            "input_token": api_response.prompt_tokens,
            "output_token": api_response.response_tokens,
        }

    def _readable(self, answer: str, notes: Notes) -> str:
        """Calls as a bare list with keyword arguments, which BFCL's own decoder reads too; a text as it is."""
        language = self._thread.language
        try:
            if language is not None:
                decode(answer, language)
                return written(answer, language)
            calls = read(answer, positions())
        except Exception as error:  # their decoders raise what they like
            if looks_like_calls(answer):
                notes.unread += 1
                notes.reasons = [*notes.reasons, str(error)[:200]][:5]
            return answer
        try:
            return python_list(calls)
        except ValueError:  # a name with dots
            return answer.replace("<tool_call>", "").replace("</tool_call>", "").strip()

    def add_first_turn_message_prompting(
        self, inference_data: dict[str, Any], first_turn_message: list[dict[str, str]]
    ) -> dict[str, Any]:
        talk: Conversation = inference_data["talk"]
        for message in first_turn_message:
            role, content = message["role"], message["content"]
            if role == "system":
                talk.system = content
            elif talk.messages and talk.messages[-1].role == role:  # the two sides take turns
                before = talk.messages.pop()
                talk.messages.append(Message(before.role, f"{before.content}\n\n{content}"))
            else:
                talk.messages.append(Message("user" if role == "user" else "assistant", content))
        return inference_data

    def _add_next_turn_user_message_prompting(
        self, inference_data: dict[str, Any], user_message: list[dict[str, str]]
    ) -> dict[str, Any]:
        return self.add_first_turn_message_prompting(inference_data, user_message)

    def _add_assistant_message_prompting(
        self, inference_data: dict[str, Any], model_response_data: dict[str, Any]
    ) -> dict[str, Any]:
        inference_data["talk"].messages.append(Message("assistant", model_response_data["written"]))
        return inference_data

    def _add_execution_results_prompting(
        self,
        inference_data: dict[str, Any],
        execution_results: list[str],
        model_response_data: dict[str, Any],
    ) -> dict[str, Any]:
        results = (
            execution_results if self._form == "card" else [_as_json(text) for text in execution_results]
        )
        inference_data["talk"].messages.append(Message("tool", results=tuple(results)))
        return inference_data

    # -- decoding, in their loop and in their evaluation --------------------------------------------------

    def decode_execute(self, result: str, has_tool_call_tag: bool) -> list[str]:
        return [executable(call) for call in read(result, positions())]

    def decode_ast(self, result: str, language: ReturnFormat, has_tool_call_tag: bool) -> Any:
        return decode(result, language)


def _language(entry_id: str) -> ReturnFormat:
    """That of a single-turn entry's calls."""
    category = entry_id.rpartition("_")[0]
    if is_js(category):
        return ReturnFormat.JAVASCRIPT
    return ReturnFormat.JAVA if is_java(category) else ReturnFormat.PYTHON


def _as_json(text: str) -> str:
    """Their executor's text of a result as JSON: it writes dicts as JSON, and anything else as Python prints it."""
    try:
        json.loads(text)
        return text
    except ValueError:
        pass
    if len(text) > _LONGEST:
        return dump_json(text)
    try:
        return dump_json(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return dump_json(text)
