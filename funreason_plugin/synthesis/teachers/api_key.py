"""`ApiKey`: a key to a server, from the environment. It shows itself to nobody and takes itself out of texts.

    key = ApiKey.of("OPENAI_API_KEY", "http://localhost:8000/v1")
    repr(key)                                        # ApiKey($OPENAI_API_KEY)
    key.scrub("Incorrect API key provided: sk-abc")  # "Incorrect API key provided: ***"

Servers repeat keys in their errors, and a hostile one could have a model say it: every text that comes from a server
goes through `scrub` (errors: also parts of the key) or `scrub_reply` before anything else sees it.
"""

from __future__ import annotations

import logging
import os
import re
from typing import NoReturn

from funreason_plugin.errors import UserError

__all__ = ["DEFAULT_URL", "ApiKey"]

DEFAULT_URL = "https://api.openai.com/v1"
DEFAULT_VARIABLE = "OPENAI_API_KEY"
PLACEHOLDER = "EMPTY"
"""Sent to a server of the user's own where no key is set, as vLLM's documentation does."""

HIDDEN = "***"
SHORTEST_PART = 8
"""Characters of the key in a row that are hidden in an error."""
SHORTEST_PART_IN_REPLY = 16
"""The same in a reply, where eight letters could be a word of the language."""


class ApiKey:
    """The value of an environment variable. ``given`` is false where a placeholder stands for it."""

    __slots__ = ("_value", "given", "variable")

    def __init__(self, value: str, variable: str, given: bool = True) -> None:
        self._value = value
        self.variable = variable
        self.given = given

    @classmethod
    def of(cls, variable: str, base_url: str) -> ApiKey:
        """The key in ``variable`` for the server at ``base_url``.

        Raises:
            UserError: It is not set where one is needed, or cannot stand in an HTTP header.
        """
        value = os.environ.get(variable, "").strip()
        if not value:
            if base_url == DEFAULT_URL:
                raise UserError(
                    f"{variable} is not set: {DEFAULT_URL} needs a key (export {variable}=…); for a server of your "
                    "own, say where it is: --base-url http://localhost:8000/v1"
                )
            if variable != DEFAULT_VARIABLE:
                raise UserError(
                    f"api_key_env: {variable} is not set; export {variable}=… (any word for a server without keys)"
                )
            return cls(PLACEHOLDER, variable, given=False)
        if not value.isascii() or not value.isprintable() or " " in value:
            raise UserError(
                f"{variable} holds what is no key: a space, a line break or a letter outside ASCII is in it"
            )
        key = cls(value, variable)
        _SCRUBBED.add(key)
        return key

    def reveal(self) -> str:
        """The key itself, for the client that sends it."""
        return self._value

    def __repr__(self) -> str:
        return f"ApiKey(${self.variable})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled")

    def scrub(self, text: str) -> str:
        """``text`` without the key and without any eight characters of it in a row: for errors and names."""
        if not self.given:
            return text
        if len(self._value) < SHORTEST_PART:
            return re.sub(rf"(?<!\w){re.escape(self._value)}(?!\w)", HIDDEN, text)
        return _without(text, self._value, SHORTEST_PART)

    def scrub_reply(self, text: str) -> str:
        """``text`` without the key, or a long part of it. A key that is a word ("anything") may be said."""
        value = self._value
        if not self.given or len(value) < 6 or (value.isalpha() and len(value) < 20):
            return text.replace(f"Bearer {value}", f"Bearer {HIDDEN}") if self.given else text
        # A part of 16 characters covers one of the key's blocks of eight: without a block, there is no part.
        blocks = range(0, max(1, len(value) - SHORTEST_PART + 1), SHORTEST_PART)
        if not any(value[start : start + SHORTEST_PART] in text for start in blocks):
            return text
        return _without(text, value, min(SHORTEST_PART_IN_REPLY, len(value)))


def _without(text: str, key: str, least: int) -> str:
    """``text`` with every run of ``least`` or more characters that is also in ``key`` hidden."""
    hidden: list[tuple[int, int]] = []
    for first in range(len(key) - least + 1):
        part = key[first : first + least]
        start = text.find(part)
        while start >= 0:
            hidden.append((start, start + least))
            start = text.find(part, start + 1)
    if not hidden:
        return text
    pieces: list[str] = []
    position = 0
    for start, end in sorted(hidden):
        if start > position or not pieces:
            pieces += [text[position:start], HIDDEN]
        position = max(position, end)
    return "".join([*pieces, text[position:]])


class _Scrubbed(logging.Filter):
    """Hides keys in what the HTTP libraries log: they write lines with a server's own words in them."""

    LOGGERS = ("httpx", "httpx2", "openai._base_client", "aiohttp.client", "aiohttp.internal")

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[ApiKey] = []

    def add(self, key: ApiKey) -> None:
        if all(key.reveal() != known.reveal() for known in self._keys):
            self._keys.append(key)
        for name in self.LOGGERS:
            logging.getLogger(name).addFilter(self)  # a filter is kept once

    def filter(self, record: logging.LogRecord) -> bool:
        said = text = record.getMessage()
        for key in self._keys:
            text = key.scrub(text)
        if text != said:
            record.msg, record.args = text, None
        return True


_SCRUBBED = _Scrubbed()
