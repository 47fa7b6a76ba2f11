"""Names to environments, as on the command line.

travel                     one of ours
bfcl, bfcl:TradingBot      bfcl-eval's eight classes, or one of them
my_module:MyEnv            a class in an importable module
path/to/file.py:MyEnv      a class in a file
mcp:CONFIG.json            the MCP servers of a client's configuration; mcp:CONFIG.json#server one of them
openapi:FILE_OR_URL        the service of an OpenAPI document, or of a YAML file that names one
functions:my_module        the functions of a module; functions:path/to/file.py of a file
class:my_module.Store      a class that is no Environment; class:path/to/file.py:Store
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from funreason_plugin.environments.environment import Environment
from funreason_plugin.errors import UserError, did_you_mean

PARCEL = "FUNREASON_ENVIRONMENTS"
"""The environment variable with the folder of an unpacked `parcel`; worker processes inherit it."""

SHIPPED = {
    "travel": "funreason_plugin.environments.travel:Travel",
    "files": "funreason_plugin.environments.files:Files",
    "shop": "funreason_plugin.environments.shop:Shop",
    "bank": "funreason_plugin.environments.bank:Bank",
    "clinic": "funreason_plugin.environments.clinic:Clinic",
}


def resolve(name: str) -> list[type[Environment]]:
    """The environment classes behind a name; a `UserError` says what was expected."""
    if name == "bfcl" or name.startswith("bfcl:"):
        from funreason_plugin.environments import bfcl

        return bfcl.bfcl_environments() if name == "bfcl" else [bfcl.bfcl_environment(name[5:])]
    if name.startswith("mcp:"):
        return _mcp(name)
    if name.startswith("openapi:"):
        return _openapi(name)
    if name.startswith(("functions:", "class:")):
        return [_plain(name)]
    target = SHIPPED.get(name, name)
    module_name, colon, class_name = target.rpartition(":")
    if name.endswith(".py"):
        classes = _environments_in(_from_file(name))
        raise UserError(
            f"environment {name!r}: name its class, e.g. {name}:{classes[0] if classes else 'MyEnv'}"
        )
    if not colon or not module_name or not class_name:
        names = [*SHIPPED, "bfcl"]
        raise UserError(
            f"environment {name!r} is not known{did_you_mean(name, names)}; expected {', '.join(names)}, "
            "bfcl:CLASS, my_module:MyEnv, path/to/file.py:MyEnv, mcp:CONFIG.json, "
            "openapi:FILE_OR_URL, functions:my_module or class:my_module.Store (or a file of these)"
        )
    module = _from_file(module_name) if module_name.endswith(".py") else _from_module(module_name, name)
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = _environments_in(module)
        raise UserError(
            f"environment {name!r}: {module_name} has no class {class_name!r}{did_you_mean(class_name, classes)}"
            + (f"; it has {', '.join(classes)}" if classes else "")
        )
    if not issubclass(found, Environment):
        raise UserError(
            f"environment {name!r}: {class_name} must be a subclass of funreason_plugin.Environment; for a class "
            f"without it write class:{name}"
        )
    _build(found, name)
    return [found]


def file_of(file: str) -> Path:
    """Where a file that a command line names lies in this process: in the unpacked `parcel`, if there is one."""
    if parcel := os.environ.get(PARCEL):
        parent, name = os.path.split(file)
        return Path(parcel, folder_in_parcel(parent), name)
    return Path(file)


@cache
def _mcp(name: str) -> list[type[Environment]]:
    from funreason_plugin.environments.external.names import Given
    from funreason_plugin.environments.mcp.servers import mcp_environments

    given = Given.of(name)
    assert given is not None
    return mcp_environments(given)


@cache
def _openapi(name: str) -> list[type[Environment]]:
    try:
        from funreason_plugin.environments.openapi.service import openapi_environments
    except ImportError as error:
        raise UserError(
            f"environment {name!r}: OpenAPI documents need a validator: pip install 'funreason-plugin[openapi]' "
            f"({error})"
        ) from None
    from funreason_plugin.environments.external.names import Given

    given = Given.of(name)
    assert given is not None
    return openapi_environments(given)


@cache
def _plain(name: str) -> type[Environment]:
    from funreason_plugin.environments.plain.names import Plain

    plain = Plain.of(name)
    assert plain is not None
    if not plain.module or (name.startswith("class:") and not plain.name):
        raise UserError(
            f"environment {name!r}: expected functions:my_module, functions:path/to/file.py, class:my_module.Store or "
            "class:path/to/file.py:Store"
        )
    file = plain.module.endswith(".py")
    module = _from_file(plain.module) if file else _from_module(plain.module, name)
    if not plain.name:
        from funreason_plugin.environments.plain.functions import functions_environment

        return functions_environment(module, name)
    found = getattr(module, plain.name, None)
    if not isinstance(found, type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise UserError(
            f"environment {name!r}: {plain.module} has no class {plain.name!r}{did_you_mean(plain.name, classes)}"
        )
    from funreason_plugin.environments.plain.classes import class_environment

    return class_environment(found, name)


def folder_in_parcel(parent: str) -> str:
    """Where a parcel has the folder that a command line calls ``parent``."""
    return hashlib.sha256(parent.encode()).hexdigest()[:16]


def _build(cls: type[Environment], name: str) -> None:
    """A class that cannot be built, or whose tools are ill-typed, is found here and not in a worker."""
    try:
        cls()
    except Exception as error:
        raise UserError(
            f"environment {name!r}: {cls.__name__}() raised {type(error).__name__}: {error}; "
            "it is built without arguments, the state comes from scenario(rng)"
        ) from error
    cls.tool_specs()


def _from_module(module_name: str, name: str) -> ModuleType:
    parcel = os.environ.get(PARCEL)
    here = str(Path(parcel) / "modules" if parcel else Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UserError(
            f"environment {name!r}: no module {error.name!r}; run where it can be imported, "
            "or name a file: path/to/file.py"
        ) from None
    except (Exception, SystemExit) as error:
        raise UserError(
            f"environment {name!r}: importing {module_name} raised {type(error).__name__}: {error}"
        ) from error


def _environments_in(module: ModuleType) -> list[str]:
    return [
        key
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Environment) and value is not Environment
    ]


@cache
def _from_file(file: str) -> ModuleType:
    path = file_of(file).resolve()
    if not path.is_file():
        raise UserError(f"{file}: no such file; expected path/to/file.py")
    module_name = f"funreason_user_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{file}: cannot be imported; expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise UserError(f"{file}: importing it raised {type(error).__name__}: {error}") from error
    return module
