"""What an RL run came to, from its dumps: reward and variance by step, and success on the held-out split.

    python -m funreason_plugin.rl.show_run out/tiny/grpo

Reads ``rollouts/`` and ``validation/`` in the folder (`trainer.rollout_data_dir`, `trainer.validation_data_dir`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError
from funreason_plugin.rl.rollout_report import last_outputs, with_variance

__all__ = ["Step", "steps"]

Step = tuple[int, float, float]
"""Its number, the mean reward of its sessions, the share of groups whose sessions differ in it."""

_ENDS = 5
"""So many steps at either end are compared."""


def _dumps(folder: Path) -> list[tuple[int, list[dict[str, Any]]]]:
    """The lines of each dump in a folder, by step."""
    found = []
    for path in sorted(folder.glob("*.jsonl"), key=lambda path: (len(path.stem), path.stem)):
        try:
            lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
            found.append((int(path.stem), [{**line, "score": float(line["score"])} for line in lines]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise UserError(f"{path}: not a dump of verl's; expected JSON lines with a score") from None
    return found


def steps(folder: Path) -> list[Step]:
    """Every step of a run. A session with several outputs counts once.

    Raises:
        UserError: there are no dumps, or they are not verl's.
    """
    made = []
    for number, lines in _dumps(folder / "rollouts"):
        keys = [str(line.get("uid", f"{place}_0_0")) for place, line in enumerate(lines)]
        scores = {session: lines[row]["score"] for session, row in last_outputs(keys).items()}
        made.append((number, sum(scores.values()) / len(scores), with_variance(scores)))
    if not made:
        raise UserError(f"{folder / 'rollouts'}: no dumps; expected trainer.rollout_data_dir of a run")
    return made


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    folder: Annotated[Path, typer.Argument(help="trainer.default_local_dir of a run.", metavar="DIR")],
) -> None:
    """Show what an RL run came to."""
    found = steps(folder)
    out = console()
    out.print("step  reward  groups with variance")
    for number, reward, share in found:
        out.print(f"{number:4d}  {reward:6.3f}  {share:6.0%}")
    ends = min(_ENDS, len(found))
    first, last = ([reward for _, reward, _ in part] for part in (found[:ends], found[-ends:]))
    varied = sum(share for _, _, share in found) / len(found)
    out.print(
        f"mean reward of the first {ends} steps {sum(first) / ends:.3f}, of the last {sum(last) / ends:.3f}; "
        f"{varied:.0%} of all groups have variance"
    )
    for number, lines in _dumps(folder / "validation"):
        success = [float(line["success"]) for line in lines if line.get("success") is not None]
        if success:
            share = sum(success) / len(success)
            out.print(f"validation after step {number}: {share:.1%} of {len(success)} conversations right")


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.rl.show_run")
