"""A YAML file of settings as plain data; whatever is wrong with it is one line with its place.

    read(Path("recipes/synthesis.yaml"))["num"]        # 200

Of a run's ``run.yaml`` the ``config`` part counts.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from funreason_plugin.errors import UserError

__all__ = ["read"]


class _Loader(yaml.SafeLoader):
    """YAML in which a key given twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key!r} is given twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read(path: Path) -> dict[str, Any]:
    """Keys and values of a file; empty when there are none.

    Raises:
        UserError: The file cannot be read, is not YAML, holds a key twice or no keys at all.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror or error}; 'funreason recipes DIR' copies recipes that work"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UserError(
            f"{path}{f':{mark.line + 1}' if mark else ''}: not valid YAML: {error.problem or error}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected keys and values ('num: 200'), found {type(data).__name__}")
    if isinstance(data.get("config"), dict) and "versions" in data:
        return dict(data["config"])
    return data
