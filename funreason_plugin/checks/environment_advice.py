"""What to do about a parameter for which no value was found."""

from __future__ import annotations

import re
from typing import Final

from funreason_plugin.checks.environment_facts import Severity
from funreason_plugin.environments.schemas import one_type
from funreason_plugin.environments.spec import ParamSpec

PYTHON: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


def never_given(
    param: ParamSpec, path: str, name: str, entity: str, hunted: str | None
) -> tuple[Severity, str, str]:
    """Severity, message and change; ``hunted`` is a state path whose values made the tool succeed."""
    severity: Severity = "error" if param.required else "warning"
    schema = one_type(param.schema)
    part = one_type(schema.get("items", {})) if schema.get("type") == "array" else schema
    if part.get("type") == "object" and not part.get("properties"):
        record = re.sub(r"\W", "", name.title()).removesuffix("s") or "Record"
        kind = f"list[{record}]" if part is not schema else record
        message = "its type does not say what is in the object, so nobody can make one"
        change = f"declare it: class {record}(TypedDict) with a typed field for each key, then {name}: {kind}"
        return severity, message, f"{change}; or give whole values, Annotated[..., Values.of([{{...}}])]"
    kind = PYTHON.get(schema.get("type", ""), "str")
    if path and not path.strip("[]."):
        kind = "str"
    if hunted:
        message = f"nobody can know it: no tool gives it, though values at {hunted} work"
        change = f'if a person knows them, add Values.state("{hunted}") to parameter {name}; otherwise let a look-up '
        change += f'return them, marked Annotated[{kind}, Ref("{entity}")]'
        return severity, message, change
    message = "only the system can know it, and no tool gives it"
    change = f'let a look-up return it, its field marked Annotated[{kind}, Ref("{entity}")]; or, if a person '
    change += f'knows it, add Ref("{entity}", known=True) and Values to parameter {name}'
    return severity, message, change
