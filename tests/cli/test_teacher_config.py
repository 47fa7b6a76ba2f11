"""Teachers in the configuration: who plays each agent, what is refused and how, and that no message repeats a key."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml

from funreason_plugin.config import SynthesisConfig, load
from funreason_plugin.credentials import looks_like_a_key, place_of_a_key
from funreason_plugin.errors import UserError
from funreason_plugin.teacher_config import agents_of, makers

FLAGS: dict[str, Any] = {
    "env": ["travel"],
    "teacher": "openai",
    "model": "Qwen/Qwen3-32B",
    "out": Path("out"),
}
SECRET = "sk-proj-7h1s1sN0tAR3alK3y9"


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


# -- who plays ----------------------------------------------------------------------------------------------


def test_what_stands_at_the_top_holds_for_every_agent_that_says_nothing_else(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "temperature: 0.5\nagents:\n  querying: {model: small, base_url: 'http://b:1/v1', top_p: 0.9}\n"
        "  critiquing: {teacher: scripted}\n",
    )
    config = load(path, {**FLAGS, "base_url": "http://a:1/v1"})
    assert config.model_agents == ("tooling", "querying", "reasoning")
    querying, reasoning = config.agent("querying"), config.agent("reasoning")
    assert (querying.model, querying.base_url, querying.top_p) == ("small", "http://b:1/v1", 0.9)
    assert (reasoning.model, reasoning.base_url, reasoning.top_p) == ("Qwen/Qwen3-32B", "http://a:1/v1", 1.0)
    assert querying.temperature == reasoning.temperature == 0.5


def test_agent_flags_are_merged_over_the_file(tmp_path: Path) -> None:
    path = written(
        tmp_path, "agents:\n  querying: {model: small, temperature: 0.9}\n  tooling: {model: other}\n"
    )
    words = ["querying=openai:qwen3:4b", "reasoning=scripted"]  # a model's name may have colons in it
    config = load(path, {**FLAGS, "agents": agents_of(words)})
    assert (config.agent("querying").model, config.agent("querying").temperature) == ("qwen3:4b", 0.9)
    assert config.agent("tooling").model == "other"
    assert config.agent("reasoning").teacher == "scripted"


def test_an_agent_flag_without_a_model_keeps_the_one_that_there_is(tmp_path: Path) -> None:
    path = written(tmp_path, "agents: {querying: {teacher: scripted, model: small}}\n")
    assert load(path, {**FLAGS, "agents": agents_of(["querying=openai"])}).agent("querying").model == "small"


def test_scripted_with_one_model_agent_needs_no_other_model() -> None:
    flags = {**FLAGS, "teacher": "scripted", "model": None, "agents": agents_of(["querying=openai:small"])}
    config = load(None, flags)
    assert config.model_agents == ("querying",)
    assert config.made_by == {
        "tooling": {"teacher": "scripted", "model": "none"},
        "querying": {"teacher": "openai", "model": "small"},
        "reasoning": {"teacher": "scripted", "model": "none"},
        "critiquing": {"teacher": "scripted", "model": "none"},
    }


def test_a_section_with_every_line_commented_out_is_empty(tmp_path: Path) -> None:
    path = written(tmp_path, "agents:\n  # querying: {}\n  reasoning:\nprices:\n")
    config = load(path, FLAGS)
    assert (dict(config.prices), config.agent("reasoning").model) == ({}, "Qwen/Qwen3-32B")


def test_yaml_reads_a_bare_off_as_false(tmp_path: Path) -> None:
    config = load(written(tmp_path, "structured_output: off\n"), FLAGS)
    assert config.agent("tooling").structured_output == "off"


def test_a_configuration_with_teachers_survives_run_yaml(tmp_path: Path) -> None:
    given = {
        **FLAGS,
        "base_url": "https://models.example.org/v1/",
        "agents": agents_of(["querying=vllm:small"]),
        "prices": {"*": {"input": 0.1, "output": 0.3}},
        "extra_body": {"chat_template_kwargs": {"enable_thinking": False}},
        "prompts": Path("mine"),
        "cache": Path("replies"),
    }
    config = load(None, given)
    assert config.base_url == "https://models.example.org/v1"
    plain = config.as_plain()
    assert plain["agents"] == {"querying": {"teacher": "vllm", "model": "small"}}
    path = written(tmp_path, yaml.safe_dump({"config": plain, "versions": {"python": "3"}}))
    assert load(path, {}) == config


@pytest.mark.parametrize("agents", [None, {}, "damaged", {"querying": None}, {"querying": "damaged"}])
def test_makers_of_a_damaged_run_yaml_do_not_fail(agents: object) -> None:
    made = makers({"teacher": "openai", "model": "m", "agents": agents})
    assert made["querying"] == {"teacher": "openai", "model": "m"}


# -- what is refused ----------------------------------------------------------------------------------------

MISTAKES = {
    "agents: {querying: {temprature: 1}}": "{path}: agents.querying.temprature is not known; "
    "did you mean 'temperature'?",
    "agents: {querying: {budget: 1}}": "{path}: agents.querying.budget is not known: budget is the same for every "
    "agent; it stands at the top level",
    "agents: {qerying: {model: m}}": "{path}: agents: 'qerying' is not one of tooling, querying, reasoning, "
    "critiquing; did you mean 'querying'?",
    "agents: {querying: {temperature: 3}}": "{path}: agents.querying.temperature: 3 is out of range; expected at "
    "most 2",
    "agents: {querying: small}": "{path}: agents.querying: 'small' is not valid; expected an agent's settings, e.g. "
    "{{querying: {{model: Qwen/Qwen3-4B-Instruct-2507}}}}",
    "agents: [querying]": "{path}: agents: ['querying'] is not valid; expected an agent's settings, e.g. "
    "{{querying: {{model: Qwen/Qwen3-4B-Instruct-2507}}}}",
    "prices: {m: {input: 1, outputs: 2}}": "{path}: prices.m.output is missing: the price of a million output tokens",
    "prices: {m: {input: 1, output: 2, cached: 1}}": "{path}: prices.m.cached is not known; did you mean "
    "'cached_input'?",
    "prices: {m: {input: -1, output: 2}}": "{path}: prices.m.input: -1 is out of range; expected at least 0",
    "prices: {m: 3}": "{path}: prices.m: 3 is not valid; expected prices by model, e.g. "
    "{{Qwen/Qwen3-32B: {{input: 0.1, output: 0.3}}}}",
    "budget: .inf": "{path}: budget: inf is not valid; expected a finite number",
    "budget: -5": "{path}: budget: -5 is out of range; expected more than 0",
    "top_p: .nan": "{path}: top_p: nan is not valid; expected a finite number",
    "max_tokens: 0": "{path}: max_tokens: 0 is out of range; expected at least 1",
    "cache_size: 0": "{path}: cache_size: 0 is out of range; expected more than 0",
    "no_cache: perhaps": "{path}: no_cache: 'perhaps' is not valid; expected true or false",
    'agents: {tooling: {model: "two\\nlines"}}': "{path}: agents.tooling.model: 'two\\nlines' is not valid; expected a name in one line",
    "agents: {tooling: {model: ''}}": "{path}: agents.tooling.model: '' is not valid; expected a name",
    "max_new_tokens: 100000000": "{path}: max_new_tokens: 100000000 is out of range; expected at most 10000000",
    "api: responses": "{path}: api: 'responses' is not one of chat, completions",
    "executor: rya": "{path}: executor: 'rya' is not one of local, ray; did you mean 'ray'?",
    "ray_address: auto": "--ray-address 'auto' needs --executor ray",
    "redact: no_emails": "{path}: redact: 'no_emails' is not valid: expected my_module:function or "
    "path/to/file.py:function",
    "extra_body: 3": "{path}: extra_body: this is not valid; expected keys and values",
    "extra_body: {day: 2026-01-01}": "{path}: extra_body: expected what JSON can say: names, texts, numbers, true, "
    "false, lists",
    "extra_body: {model: other}": "{path}: extra_body: 'model' cannot be sent this way: it has a key of its own",
    "extra_body: {stream: true}": "{path}: extra_body: 'stream' cannot be sent this way: replies are read whole",
    "base_url: localhost:8000": "{path}: base_url: expected a URL with http:// or https:// in front, such as "
    "http://localhost:8000/v1",
    "base_url: 'http://'": "{path}: base_url: expected a URL with http:// or https:// in front, such as "
    "http://localhost:8000/v1",
    "base_url: 'http://a:port/v1'": "{path}: base_url: expected a URL such as http://localhost:8000/v1",
    "base_url: 'http://a/v1/chat/completions'": "{path}: base_url: expected what stands before /chat/completions, "
    "such as http://localhost:8000/v1",
    "api_key: x": "{path}: key 'api_key' is not known; keys to servers are never in a file: api_key_env names the "
    "environment variable that has it",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_with_its_place(text: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as raised:
        load(path, FLAGS)
    assert raised.value.message == MISTAKES[text].format(path=path)


@pytest.mark.parametrize(
    "flags, message",
    [
        (
            {"model": None},
            "--teacher openai needs --model, e.g. --model Qwen/Qwen3-32B (or model: in the file)",
        ),
        (
            {"model": None, "teacher": "scripted", "agents": {"reasoning": {"teacher": "vllm"}}},
            "agents.reasoning: teacher vllm needs a model, e.g. --agent reasoning=vllm:Qwen/Qwen3-32B, or --model",
        ),
        ({"teacher": "scripted"}, "--model: no agent is played by a model"),
        ({"teacher": "vllm", "base_url": "http://a/v1"}, "--base-url: no agent is played by a model that"),
        ({"base_url": "localhost"}, "--base-url: expected a URL with http://"),
        (
            {"executor": "ray", "env": ["mcp:tools.json+record"]},
            "--env mcp:tools.json+record: '+record' writes beside the configuration, of which nodes have copies",
        ),
        ({"agents": {"querying": {"teacher": "gpt"}}}, "--agent querying: 'gpt' is not one of scripted"),
    ],
)
def test_a_mistake_in_a_flag_names_the_flag(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as raised:
        load(None, {**FLAGS, **flags})
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize("word", ["querying", "querying=", "=openai", "querying=openai querying=vllm"])
def test_an_agent_flag_of_another_form(word: str) -> None:
    with pytest.raises(UserError, match="^--agent: "):
        agents_of(word.split())


# -- keys to servers ----------------------------------------------------------------------------------------

LEAKS = [
    f"base_url: 'https://user:{SECRET}@models.example.org/v1'",
    f"base_url: 'https://{SECRET}@models.example.org/v1'",
    f"base_url: 'https://models.example.org/v1?api-key={SECRET}'",
    f"base_url: '{SECRET}'",
    f"base_url: ['{SECRET}']",
    f"api_key_env: {SECRET}",
    f"api_key_env: '{SECRET.replace('-', '_')}'",
    "api_key_env: hf_abcDEF0123456789abcDEF0123456789",
    f"api_key: {SECRET}",
    f"extra_body: '{SECRET}'",
    f"extra_body: {{api_key: {SECRET}}}",
    f"extra_body: {{headers: [{{X-Api-Key: {SECRET}}}]}}",
    f"extra_body: {{note: {SECRET}}}",
    f"extra_body: {{apiKey: {SECRET}, day: 2026-01-01}}",
    f"agents: {{querying: {{extra_body: {{Authorization: Bearer {SECRET}}}}}}}",
    f"engine: {{hf_token: {SECRET}}}",
    f"engine: {SECRET}",
    f"agents: {{querying: {{api_key: {SECRET}}}}}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_a_key_in_a_file_is_refused_and_never_repeated(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        load(written(tmp_path, text), FLAGS)
    error: BaseException | None = raised.value
    told = "".join(traceback.format_exception(raised.value))
    while error is not None:
        told += f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    for secret in (SECRET, SECRET.replace("-", "_"), "abcDEF0123456789"):
        assert secret not in told
    assert "\n" not in raised.value.message


def test_a_library_user_s_error_does_not_repeat_a_password_either() -> None:
    with pytest.raises(ValueError, match="user name or a password") as raised:
        SynthesisConfig.model_validate({**FLAGS, "base_url": f"https://user:{SECRET}@models.example.org/v1"})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"min_tokens": 1, "stop_token_ids": [151645], "skip_special_tokens": True, "top_k": 20},
        {"guided_regex": "[a-z]+", "repetition_penalty": 1.05, "key_words": ["a"]},
        {"lora": "Qwen3-30B-A3B-Instruct-2507-FP8-dynamic-quantised"},
    ],
)
def test_what_servers_really_take_is_not_refused(body: dict[str, Any]) -> None:
    assert place_of_a_key(body) is None
    assert load(None, {**FLAGS, "extra_body": body}).agent("tooling").extra_body == body


@pytest.mark.parametrize(
    "text",
    ["OPENAI_API_KEY", "sk", "skip_special_tokens", "Qwen/Qwen3-32B", "hf-internal-testing-tiny-random"],
)
def test_ordinary_words_are_no_keys(text: str) -> None:
    assert not looks_like_a_key(text)
