"""Plays BFCL's entries with a served model, many at a time, into bfcl-eval's own result files.

A run's folder, whose layout below `result` and `score` is bfcl-eval's:

    OUT/bfcl.json                                            what was asked: model, form, sampling, context
    OUT/result/MODEL/multi_turn/BFCL_v4_multi_turn_base_result.json     a line for each entry, as it ends
    OUT/score/MODEL/…                                        what their evaluation makes of it
"""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funreason_plugin.conversation import NoRoom
from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.evaluation.bfcl.package import Bfcl, ModelConfig, registry_name
from funreason_plugin.evaluation.bfcl.tokenizer import Tokenizer
from funreason_plugin.evaluation.rows import cut_off, writing
from funreason_plugin.evaluation.served import Completed, Served
from funreason_plugin.rendering import PromptForm

if TYPE_CHECKING:
    from funreason_plugin.evaluation.bfcl.handler import ServedHandler

__all__ = ["BfclRun", "Settings", "chosen", "generate"]

SETTINGS = "bfcl.json"
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an unfinished run may only be gone on with."""

    model: str
    form: PromptForm
    thinking: bool
    temperature: float
    top_p: float
    max_tokens: int
    context: int
    release: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class BfclRun:
    """A folder, the model's name in bfcl-eval's table, and the entries asked for, by category."""

    bfcl: Bfcl
    folder: Path
    settings: Settings
    entries: Mapping[str, list[Entry]]

    @property
    def name(self) -> str:
        return registry_name(self.settings.model)

    @property
    def results(self) -> Path:
        return self.folder / "result"

    @property
    def scores(self) -> Path:
        return self.folder / "score"

    def file(self, category: str, kind: str) -> Path:
        """The file of a category's results ("result") or scores ("score")."""
        utils = self.bfcl.utils
        below: str = utils.get_directory_structure_by_category(category)
        name: str = utils.get_file_name_by_category(
            category, is_result_file=kind == "result", is_score_file=kind == "score"
        )
        return self.folder / kind / self.name / below / name

    def written(self, category: str) -> list[Entry]:
        """The results of a category so far. Raises UserError for a file that is none."""
        path = self.file(category, "result")
        if not path.is_file():
            return []
        cut_off(path)
        found, known = [], set()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                entry = json.loads(line)
                entry["id"], entry["result"]
            except (ValueError, KeyError, TypeError, RecursionError):
                raise UserError(f"{path}:{number}: not a result of bfcl-eval; move it away") from None
            if entry["id"] in known:  # two runs at once
                raise UserError(f"{path}:{number}: {entry['id']} for the second time; take one of them out")
            known.add(entry["id"])
            found.append(entry)
        return found

    def missing(self) -> list[Entry]:
        """The entries that are not played yet."""
        return [
            entry
            for category, entries in self.entries.items()
            for done in [{found["id"] for found in self.written(category)}]
            for entry in entries
            if entry["id"] not in done
        ]

    def begin(self) -> None:
        """Refuse a folder of other settings, or write ours. Raises UserError."""
        path = self.folder / SETTINGS
        mine = asdict(self.settings)
        if path.is_file():
            try:
                before = json.loads(path.read_bytes())
                other = [
                    f"{key} {before.get(key)}, not {mine[key]}"
                    for key in mine
                    if before.get(key) != mine[key]
                ]
            except (ValueError, AttributeError):
                raise UserError(f"{path}: not the settings of a run; move the folder away") from None
            if not other:
                return
            if any(self.results.rglob("*_result.json")):
                raise UserError(
                    f"{self.folder}: holds results of other settings ({', '.join(other)}); give another --out"
                )
        elif any(self.results.rglob("*_result.json")):
            raise UserError(f"{self.folder}: has results but no {SETTINGS}; give another --out")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(mine, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"{self.folder}: {error.strerror}") from None


def chosen(bfcl: Bfcl, categories: Iterable[str], ids: Iterable[str]) -> dict[str, list[Entry]]:
    """The entries by category; with ``ids`` those only.

    Raises:
        UserError: BFCL has no such category or id.
    """
    names: dict[str, None] = {}
    for category in categories:
        members = bfcl.groups.get(category, [category])
        for name in members:
            if name not in bfcl.categories:
                known = [*bfcl.groups, *bfcl.categories]
                raise UserError(
                    f"--categories {category}: not scored here{did_you_mean(category, known)}; expected "
                    f"{', '.join(known)}"
                )
            names[name] = None
    wanted = list(dict.fromkeys(ids))
    for name in wanted if wanted else ():
        category = name.rpartition("_")[0]
        if category in bfcl.categories:
            names.setdefault(category)
    entries = {name: bfcl.utils.load_dataset_entry(name) for name in names}
    known_ids = {entry["id"] for found in entries.values() for entry in found}
    for name in wanted:
        if name not in known_ids:
            raise UserError(f"--ids {name}: BFCL has no such entry{did_you_mean(name, known_ids)}")
    if not wanted:
        return entries
    return {
        category: found
        for category, all_of_it in entries.items()
        if (found := [entry for entry in all_of_it if entry["id"] in wanted])
    }


def register(run: BfclRun) -> ServedHandler:
    """Put our handler into their table of models; one of it."""
    from funreason_plugin.evaluation.bfcl.handler import ServedHandler

    run.bfcl.models[run.name] = ModelConfig(run.name, run.settings.model, ServedHandler)
    return ServedHandler(run.name, run.settings.temperature, run.name, False)


async def generate(
    run: BfclRun,
    served: Served,
    tokenizer: Tokenizer,
    concurrency: int,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Play what is missing. ``watch`` is told entries done and in all.

    Raises:
        UserError: the server fails; what was played is kept.
    """
    missing = run.missing()
    total = sum(map(len, run.entries.values()))
    watch(total - len(missing), total)
    link = _Link(run.settings, served, tokenizer, asyncio.get_running_loop())
    handler = register(run)
    handler.connect(link.ask, run.settings.form, run.settings.thinking)
    pool = ThreadPoolExecutor(concurrency)
    playing = [asyncio.wrap_future(pool.submit(_play, handler, entry)) for entry in missing]
    waiting = set(playing)
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for played in sorted(done, key=lambda future: future.exception() is not None):
                entry = played.result()  # what failed comes last: nothing is lost
                with writing(run.results):
                    handler.write(entry, run.results)
            watch(total - len(waiting), total)
    finally:
        link.stop()
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)
        await asyncio.gather(*playing, return_exceptions=True)
        run.bfcl.forget()
    for category in run.entries:
        if (path := run.file(category, "result")).is_file():
            with writing(path):
                run.bfcl.utils.sort_file_content_by_id(path)


def _play(handler: ServedHandler, entry: Entry) -> Entry:
    """One entry, in a thread. What does not fit into the context is the model's failure, as in bfcl-eval."""
    try:
        result, metadata = handler.inference(copy.deepcopy(entry), False, True)
    except NoRoom as error:
        result, metadata = f"Error during inference: {error}", {"funreason": handler.notes()}
    return {"id": entry["id"], "result": result, **metadata}


class _Link:
    """From the threads of their loops to the one event loop of the client."""

    def __init__(
        self, settings: Settings, served: Served, tokenizer: Tokenizer, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._settings = settings
        self._served = served
        self._tokenizer = tokenizer
        self._loop = loop
        self._stopped = threading.Event()
        self._asked: set[Future[Completed]] = set()

    def ask(self, text: str) -> Completed:
        """The response to a prompt, within the context. Raises NoRoom and what `Served.complete` raises."""
        room = self._settings.context - self._tokenizer.count(text)
        if room < 1:
            raise NoRoom(f"the prompt fills the context of {self._settings.context:,} tokens")
        if self._stopped.is_set():
            raise CancelledError
        reply = self._served.complete(text, min(self._settings.max_tokens, room))
        future = asyncio.run_coroutine_threadsafe(reply, self._loop)
        self._asked.add(future)
        try:
            if self._stopped.is_set():
                future.cancel()
            return future.result()
        finally:
            self._asked.discard(future)

    def stop(self) -> None:
        """Whoever waits is let go; nobody is asked any more."""
        self._stopped.set()
        for future in list(self._asked):
            future.cancel()
