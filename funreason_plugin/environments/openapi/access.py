"""How a service is reached: its address and credentials, from environment variables.

    access = read_access(document, config, "shop")
    access.base_url, access.secrets
    access.authorize(operation, request)        # puts in what the operation needs

Without a configuration the variables of the environment ``shop`` are SHOP_BASE_URL and, for its security scheme
``ApiKeyAuth``, SHOP_API_KEY_AUTH. What they hold is never shown: not in a repr, not in an error.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

from funreason_plugin.environments.openapi.config import Config
from funreason_plugin.environments.openapi.document import Document
from funreason_plugin.environments.openapi.operations import Operation
from funreason_plugin.environments.openapi.requests import Request
from funreason_plugin.errors import UserError, did_you_mean

__all__ = ["Access", "Missing", "lacking", "read_access"]

_EXTRA = "header:"


class Missing(Exception):
    """A credential is not set; the message names its variable."""


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """Address and credentials of one service. ``given``: values by scheme, those that are set."""

    base_url: str
    schemes: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, str]  # scheme -> environment variable
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be in nothing that is written: the values, and the forms in which they are sent."""
        forms: set[str] = set()
        for value in self.given.values():
            forms |= {value, _basic(value), quote(value, safe=""), quote_plus(value)}
            forms |= {value.partition(":")[2]} if ":" in value else set()
        return tuple(sorted((form for form in forms if form), key=len, reverse=True))

    def missing(self, operation: Operation) -> list[str]:
        """The variables that an operation needs and that are not set; of several ways the one that lacks least."""
        ways = [
            [self.variables.get(scheme, scheme) for scheme in way if scheme not in self.given]
            for way in operation.security
        ]
        return min(ways, key=len, default=[])

    def authorize(self, operation: Operation, request: Request) -> None:
        """Put in what the operation needs.

        Raises:
            Missing: A variable is not set.
        """
        if lacking := self.missing(operation):
            raise Missing(f"{operation.name} needs credentials: set {' and '.join(lacking)}")
        ways = [way for way in operation.security if all(scheme in self.given for scheme in way)]
        extra = [scheme for scheme in self.given if scheme.startswith(_EXTRA)]
        for name in [*max(ways, key=len, default=()), *extra]:
            self._put(name, self.given[name], request)

    def _put(self, name: str, value: str, request: Request) -> None:
        if name.startswith(_EXTRA):
            request.headers[name.removeprefix(_EXTRA)] = value
            return
        scheme = self.schemes.get(name, {})
        if scheme.get("type") == "apiKey":
            key = str(scheme["name"])
            if scheme["in"] == "query":
                request.query.append((key, value))
            elif scheme["in"] == "cookie":
                request.cookies[key] = value
            else:
                request.headers[key] = value
        elif scheme.get("type") == "http" and str(scheme.get("scheme", "")).lower() == "basic":
            request.headers["Authorization"] = f"Basic {_basic(value)}"
        else:
            request.headers["Authorization"] = f"Bearer {value}"


def read_access(
    document: Document, config: Config, name: str, operations: Iterable[Operation] = ()
) -> Access:
    """The access to a document's service, as the environment variables say; ``name`` is the environment's.

    A scheme that operations need and the document does not declare is taken for a bearer token.

    Raises:
        UserError: There is no address, or it is none; a credential cannot be sent; the configuration names a scheme
            that the document does not have.
    """
    asked = [scheme for operation in operations for way in operation.security for scheme in way]
    schemes: dict[str, Mapping[str, Any]] = {**{scheme: {} for scheme in asked}, **document.schemes()}
    options, place = config.options, config.place
    prefix = _upper(name)
    for scheme in options.credentials:
        if scheme not in schemes and not scheme.startswith(_EXTRA):
            known = did_you_mean(scheme, schemes) or f"; it has {', '.join(schemes) or 'none'}"
            raise UserError(f"{place}: credentials: {scheme!r} is no security scheme of the document{known}")
    variables = {scheme: f"{prefix}_{_upper(scheme)}" for scheme in schemes} | options.credentials
    given = {
        scheme: os.environ[key].strip()
        for scheme, key in variables.items()
        if os.environ.get(key, "").strip()
    }
    for scheme, value in given.items():
        if any(ord(letter) < 32 or ord(letter) > 126 for letter in value):
            raise UserError(
                f"{place}: {variables[scheme]} holds line breaks or letters that no header can hold"
            )
    missing = [
        key
        for scheme, key in options.credentials.items()
        if scheme.startswith(_EXTRA) and scheme not in given
    ]
    if missing:
        raise UserError(f"{place}: the environment variable {missing[0]} is not set; credentials names it")
    return Access(_base_url(document, config, f"{prefix}_BASE_URL"), schemes, variables, given)


def _base_url(document: Document, config: Config, usual: str) -> str:
    key = config.options.base_url or usual
    given = os.environ.get(key, "").strip()
    if given:
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise UserError(
                f"{config.place}: {key} holds no address; expected e.g. https://api.example.com/v1"
            )
        if parts.username or parts.password:
            raise UserError(
                f"{config.place}: {key} holds credentials in its address; give them by a security scheme, or "
                "credentials: {'header:Authorization': VARIABLE}"
            )
        return given.rstrip("/")
    if config.options.base_url:
        raise UserError(f"{config.place}: the environment variable {key} is not set; base_url names it")
    return _stated(document, config, usual)


def _stated(document: Document, config: Config, usual: str) -> str:
    """The address that the document states. One that was fetched does not send us to another host."""
    servers = document.data.get("servers") or [{"url": "/"}]
    server = servers[0]
    url = str(server.get("url", "/"))
    for name, said in (server.get("variables") or {}).items():
        url = url.replace("{" + str(name) + "}", str(said.get("default", "")))
    fetched = document.uri.startswith("http")
    url = urljoin(document.uri, url) if fetched else url
    parts, home = urlsplit(url), urlsplit(document.uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(
            f"{config.place}: the document does not say where its service is; set {usual}, e.g. "
            f"{usual}=http://127.0.0.1:8000"
        )
    if fetched and (parts.scheme, parts.netloc) != (home.scheme, home.netloc):
        raise UserError(
            f"{config.place}: the document was fetched from {home.hostname} and names a service at {parts.hostname}; "
            f"set {usual} to the address that you trust"
        )
    return url.rstrip("/")


def _basic(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _upper(text: str) -> str:
    """``ApiKeyAuth`` -> API_KEY_AUTH."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").upper()


def lacking(access: Access, operations: Iterable[Operation]) -> dict[str, list[str]]:
    """Operations by the variables that they lack."""
    found: dict[str, list[str]] = {}
    for operation in operations:
        if names := access.missing(operation):
            found.setdefault(" and ".join(names), []).append(operation.name)
    return found
