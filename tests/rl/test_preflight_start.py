"""What a run is told at its start: by Hydra's callback in the driver, and by the trainer before it makes workers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from funreason_plugin.errors import UserError
from tests.rl.folders import RECIPES, ROOT, Row, edit, edit_json

pytest.importorskip("verl")
pytest.importorskip("torch")
ray = pytest.importorskip("ray")

from funreason_plugin.rl.preflight import registration  # noqa: E402
from funreason_plugin.rl.preflight.recipe import compose_recipe  # noqa: E402
from funreason_plugin.rl.preflight.sample import sample_of  # noqa: E402
from funreason_plugin.rl.preflight.start import AtStart, check_start  # noqa: E402
from funreason_plugin.rl.trainer import FunReasonTrainer  # noqa: E402


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


def composed(folder: Path, *words: str, recipe: str = "grpo") -> Any:
    names = [f"data.{name}_files={folder}/verl/{name}.parquet" for name in ("train", "val")]
    return compose_recipe(RECIPES / f"{recipe}.yaml", [*names, *words])


def test_a_good_start_names_the_environments(made: Path) -> None:
    [(source, _)] = check_start(composed(made))
    assert source == "files"
    assert sample_of(made / "verl/train.parquet").sources == sample_of(made / "verl/val.parquet").sources


def newer(row: Row) -> None:
    row["extra_info"]["schema_version"] = 3


def of_one(change: Callable[[Row], Any]) -> Callable[[Path], Any]:
    """The last row alone is changed."""

    def changed(folder: Path) -> None:
        last = pq.read_table(folder / "verl/train.parquet").to_pylist()[-1]["extra_info"]["index"]
        edit(folder, lambda row: row["extra_info"]["index"] == last and change(row))

    return changed


def other_tool(row: Row) -> None:
    row["extra_info"]["tools"] = row["extra_info"]["tools"].replace(
        '"description":"', '"description":"No. ', 1
    )


def other_loop(row: Row) -> None:
    row["agent_name"] = "single_turn_agent"


def long(row: Row) -> None:
    row["extra_info"]["system"] += " word" * 9000
    row["prompt"][0]["content"] += " word" * 9000


def unknown(environments: Any) -> None:
    environments[0]["source"] = "no_such_module:Desk"


def other_hash(environments: Any) -> None:
    environments[0]["hash"] = "0"


FAULTS: dict[str, tuple[Callable[[Path], Any] | None, tuple[str, ...], str]] = {
    "an unknown key": (None, ("+funreason.rewrd=1",), "funreason.rewrd is not known"),
    "no history with the legacy trainer": (None, ("trainer.use_v1=false",), "trainer.use_v1=false with funreason."),
    "another version": (of_one(newer), (), "extra_info.schema_version is 3; this release reads 1"),
    "no environment": (lambda f: edit_json(f, "extra_info", "environments", unknown), (), "no module 'no_such_"),
    "a changed one": (lambda f: edit_json(f, "extra_info", "environments", other_hash), (), "has changed since"),
    "another tool": (of_one(other_tool), (), "differs from the installed environment's; make the data again"),
    "another loop": (of_one(other_loop), (), "agent_name is 'single_turn_agent'; a row of kind 'trajectory' needs"),
    "a long prompt": (of_one(long), (), "tokens, data.max_prompt_length is 8,192"),
    "an unknown manager": (
        None,
        ("reward.reward_manager.source=importlib", "reward.reward_manager.module.path=pkg://no_such_module"),
        "reward.reward_manager: funreason cannot be loaded (ModuleNotFoundError: No module named 'no_such_module')",
    ),
    "empty rows": (
        lambda f: pq.write_table(pq.read_table(p := f / "verl/val.parquet").slice(0, 0), p), (), "val.parquet: no rows"
    ),
    "no rows": (lambda f: (f / "verl/train.parquet").unlink(), (), "train.parquet: no such file"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_trainer_refuses_before_there_are_workers(folder: Path, model: Path, name: str) -> None:
    change, words, line = FAULTS[name]
    words = (f"actor_rollout_ref.model.path={model}", *words)
    if change is not None:
        change(folder)
    with pytest.raises(UserError) as found:
        FunReasonTrainer(composed(folder, *words))
    assert line in found.value.message


def test_the_callback_ends_the_process_with_one_line(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    callback = AtStart()
    callback.on_run_start(config=None)  # Hydra's other events are none of ours
    callback.on_job_start(composed(made), task_function=None)
    with pytest.raises(SystemExit) as left:
        callback.on_job_start(composed(made, "+funreason.rewrd=1"))
    assert left.value.code == 1
    assert capsys.readouterr().err == "error: funreason.rewrd is not known; did you mean 'reward'?\n"


@pytest.mark.parametrize("recipe", ["grpo", "egpo", "tiny/grpo"])
def test_every_recipe_has_the_callback(recipe: str) -> None:
    from hydra import compose, initialize_config_dir

    path = RECIPES / f"{recipe}.yaml"
    with initialize_config_dir(config_dir=str(path.parent), version_base=None):
        search = "hydra.searchpath=[pkg://verl.trainer.config]"
        config = compose(path.stem, overrides=[search], return_hydra_config=True)
    assert config.hydra.callbacks.funreason._target_ == f"{AtStart.__module__}.AtStart"


@pytest.mark.slow
def test_main_ppo_stops_in_the_driver(made: Path, tmp_path: Path) -> None:
    words = [f"data.{name}_files={made}/verl/{name}.parquet" for name in ("train", "val")]
    where = ["--config-dir", str(RECIPES), "--config-name", "egpo"]
    done = subprocess.run(
        [sys.executable, "-m", "verl.trainer.main_ppo", *where, *words, "funreason.reward.mode=best",
         f"hydra.run.dir={tmp_path}"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "error: funreason.reward.mode is 'best'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "ray init" not in done.stdout


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=1, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    yield
    ray.shutdown()


@pytest.mark.slow
def test_a_worker_has_the_plugin_and_the_environment(cluster: None, made: Path) -> None:
    assert registration.in_ray(sample_of(made / "verl/train.parquet").sources, composed(made)) == []


@pytest.mark.slow
def test_an_environment_of_the_driver_alone_is_missing_in_a_worker(
    cluster: None, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desk_of_mine.py").write_text(
        "from funreason_plugin.environments.files import Files\n\n\nclass Desk(Files):\n    '''Mine.'''\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    sources = [("desk_of_mine:Desk", "0")]
    assert "no module" not in registration.changed(sources)[0]
    [line] = registration.in_ray(sources, composed(made))
    assert line.startswith("in a Ray worker: environment 'desk_of_mine:Desk': no module 'desk_of_mine'")
