"""Starts LLaMA-Factory with each of several settings in one process and notes how it refused them.

python balanced_runs.py SETTINGS OUT      # two JSON files: {name: arguments} and {name: message}
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from llamafactory.train.tuner import run_exp


def main() -> None:
    settings, out = Path(sys.argv[1]), Path(sys.argv[2])
    found: dict[str, str] = {}
    for name, arguments in json.loads(settings.read_text()).items():
        messages: list[str] = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record, messages=messages: messages.append(record.getMessage())  # type: ignore[method-assign, misc]
        logging.getLogger("llamafactory").addHandler(handler)
        try:
            run_exp(arguments)
        except Exception as error:
            messages = [f"{type(error).__name__}: {error}"]
        logging.getLogger("llamafactory").removeHandler(handler)
        found[name] = "\n".join(line for line in messages if "balanced_loss" in line) or "\n".join(messages)
    out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
