"""Servers' errors in all their forms: what they mean, their words in one line, and the parameters they do not take."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funreason_plugin.synthesis.teachers.api_key import ApiKey
from funreason_plugin.synthesis.teachers.openai_errors import (
    Said,
    adaptation,
    known_models,
    meaning,
    one_line,
    read_error,
)

NO_KEY = ApiKey("", "OPENAI_API_KEY", given=False)
BODY: dict[str, Any] = {
    "model": "m",
    "messages": [],
    "temperature": 0.7,
    "top_p": 1.0,
    "max_tokens": 100,
    "seed": 5,
    "response_format": {},
}


def said(data: object) -> Said:
    return read_error(orjson.dumps(data), NO_KEY)


def openai(message: str, code: object = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def vllm(message: str, code: int) -> dict[str, Any]:
    return {"error": {"message": message, "type": "BadRequestError", "param": None, "code": code}}


@pytest.mark.parametrize(
    "data, words",
    [
        (openai("No such thing."), "No such thing."),
        ({"error": "No such thing."}, "No such thing."),
        ({"object": "error", "message": "No such thing.", "code": 404}, "No such thing."),
        ([{"error": {"code": 404, "message": "No such thing.", "status": "NOT_FOUND"}}], "No such thing."),
        ({"detail": "Not Found"}, "Not Found"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "too large"}]}, "body.seed too large"),
        ("No such thing.", "No such thing."),
        ({"error": None}, ""),
        ({"error": {"message": ["odd"]}}, ""),
        ([], ""),
        (7, ""),
    ],
)
def test_the_servers_words_are_found(data: object, words: str) -> None:
    assert said(data).words == words


def test_plain_text_is_words_and_a_page_is_not() -> None:
    assert read_error(b"upstream connect error", NO_KEY).words == "upstream connect error"
    page = read_error(b"  <!doctype html><title>502</title>", NO_KEY)
    assert page.html and not page.words


def test_words_are_one_short_line_without_control_characters() -> None:
    assert one_line("a\n\tb\x1b[31mc\u202ed\x00", NO_KEY) == "a b [31mc d"
    assert len(one_line("x" * 10**6, NO_KEY)) < 210


@pytest.mark.parametrize(
    "status, data, what",
    [
        (401, openai("Incorrect API key provided", "invalid_api_key"), "key"),
        (403, openai("You are not allowed"), "forbidden"),
        (402, openai("Insufficient Balance"), "quota"),
        (429, openai("You exceeded your current quota", "insufficient_quota"), "quota"),
        (429, openai("Rate limit reached"), "again"),
        (404, openai("The model `x` does not exist", "model_not_found"), "model"),
        (400, openai("Model Not Exist"), "model"),
        (400, openai("x is not a valid model ID: invalid model"), "model"),
        (400, vllm("This model's maximum context length is 4096 tokens.", 400), "refused"),
        (400, openai("Unsupported parameter: 'max_tokens' is not supported with this model."), "refused"),
        (413, {"detail": "too large"}, "refused"),
        (422, {"detail": []}, "refused"),
        (308, {}, "moved"),
        *[(status, {}, "again") for status in (408, 409, 425, 500, 502, 503, 504, 529, 599)],
    ],
)
def test_what_an_error_means(status: int, data: object, what: str) -> None:
    assert meaning(status, said(data)) == what


@pytest.mark.parametrize(
    "data, change",
    [
        (
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                "unsupported_parameter",
                "max_tokens",
            ),
            ("max_tokens", "max_completion_tokens"),
        ),
        (
            openai(
                "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
                "unsupported_value",
                "temperature",
            ),
            ("temperature", ""),
        ),
        (openai("Unknown parameter: 'seed'.", "unknown_parameter", "seed"), ("seed", "")),
        (openai("This response_format type is unavailable now"), ("response_format", "")),
        (openai("Structured output is not supported by this engine"), ("response_format", "")),
        (openai("Invalid schema for response_format 'advanced_tool'", None, "response_format"), ("response_format", "")),
        (openai("`temperature` and `top_p` cannot both be specified for this model."), ("top_p", "")),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "top_p"], "msg": "Extra inputs are not permitted"}]}, ("top_p", "")),
        (vllm("[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs are not permitted'}]", 400), ("seed", "")),
        (openai("seed is not supported"), ("seed", "")),
    ],
)  # fmt: skip
def test_a_parameter_that_is_not_supported_is_left_out_or_renamed(
    data: object, change: tuple[str, str]
) -> None:
    assert adaptation(said(data), BODY) == change


@pytest.mark.parametrize(
    "data",
    [
        vllm("'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 4096 tokens", 400),
        openai("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"),
        openai("max_tokens is too large: 8192. This model supports at most 4096 completion tokens", "invalid_value", "max_tokens"),
        openai("messages: unsupported content: 'what is the temperature in Oslo'", None, "messages"),
        openai("The temperature in Oslo is unknown"),
        openai("Unsupported parameter: 'stop'", None, "stop"),
        openai("No."),
        {},
    ],
)  # fmt: skip
def test_other_errors_change_nothing(data: object) -> None:
    assert adaptation(said(data), BODY) is None


def test_what_was_not_sent_is_not_left_out_again() -> None:
    unknown = said(openai("Unknown parameter: 'seed'.", "unknown_parameter", "seed"))
    assert adaptation(unknown, {"model": "m", "messages": []}) is None


def test_lists_of_models_are_read() -> None:
    assert known_models(b'{"data": [{"id": "a"}, {"id": 3}, {}, 7, {"name": "b"}]}') == ["a", "b"]
    assert known_models(b'[{"id": "a"}]') == ["a"]
    assert known_models(b'{"data": []}') == []
    for odd in (b"<html>", b"", b"{}", b'{"data": {}}', b"7"):
        assert known_models(odd) is None


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    found = read_error(body, NO_KEY)
    assert len(found.words) < 210 and found.words.isprintable()
    known_models(body)
