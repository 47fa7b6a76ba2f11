"""`Variants`: which variant a slot makes, where it can be made, and its maker.

variants = Variants(casting)
variants.of(17)                                   # "miss_func"
variants.cannot()                                 # {"irrelevance": ["travel"]}: environments that give none
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from random import Random

from funreason_plugin.checks.closeness import substitutes
from funreason_plugin.checks.variant_tools import FEWEST_DISTRACTORS, giver_of
from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.limits import Watch
from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.casting import Casting
from funreason_plugin.synthesis.chain import Chain
from funreason_plugin.synthesis.sampler import SamplerOptions
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.teachers.scripted_omission import leaving_out
from funreason_plugin.synthesis.variants.distractors import distractors
from funreason_plugin.synthesis.variants.follow_up import KINDS
from funreason_plugin.synthesis.variants.follow_up_kinds import FollowUpKinds
from funreason_plugin.synthesis.variants.irrelevance import Irrelevance
from funreason_plugin.synthesis.variants.long_context import Course, Ground
from funreason_plugin.synthesis.variants.miss_func import MissFunc, to_withhold
from funreason_plugin.synthesis.variants.miss_param import MissParam
from funreason_plugin.synthesis.variants.recoveries import Recoveries
from funreason_plugin.synthesis.variants.recovery import Recovering
from funreason_plugin.synthesis.variants.scene import Maker
from funreason_plugin.synthesis.variants.shares import Shares

__all__ = ["Stage", "Variants"]

ELSEWHERE = ("irrelevance", "distractors")
"""Variants that need an environment which the conversation is not about."""
MOST_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """The conversation that a maker is drawn for."""

    chain: Chain
    space: SimulationSpace
    tools: Sequence[str]
    split: str
    slot: int
    turns: int
    watch: Watch | None


class Variants:
    """The variants of a run; one in each worker."""

    def __init__(self, casting: Casting) -> None:
        self.casting = casting
        self.config: SynthesisConfig = casting.config
        self._shares = Shares(self.config.seed, self.config.variants)
        self._able: dict[str, tuple[str, ...]] = {}
        self.follow_ups = FollowUpKinds(casting)
        self.recoveries = Recoveries(casting)
        if self.config.variants:
            self._check()

    def of(self, slot: int) -> str:
        """The variant of a slot; "" for none."""
        return self._shares.of(slot)

    def environments(
        self, variant: str, rng: Random, split: str, slot: int, wanted: int | None = None
    ) -> tuple[str, ...]:
        """Environments that a trajectory with the variant is about, so many where it is ``wanted``."""
        if variant == "long_context":
            about = self.casting.environments(rng, split, one_of=self.able(variant), wanted=wanted)
            if self.target(slot) < 16_000:  # the tools of two leave too little of it
                return (rng.choice([name for name in about if name in self.able(variant)]),)
            return about
        leave, able = int(variant in ELSEWHERE), self.able(variant)
        if variant == "follow_up":
            kind = self.follow_ups.of(self._shares.number(slot), self.casting.pool(split))
            able = self.follow_ups.able(kind) if kind is not None else ()
        if variant == "error_recovery":
            able = self.recoveries.able(self.recoveries.of(self._shares.number(slot)))
        return self.casting.environments(rng, split, one_of=able, leave=leave, wanted=wanted)

    def distracted(
        self, about: tuple[str, ...], split: str, rng: Random
    ) -> tuple[SimulationSpace, list[str]]:
        """A space with one or two more environments, and the tools that it offers. Raises SamplingFailed."""
        casting = self.casting
        others = [name for name in casting.pool(split) if name not in about]
        chosen = {*about, *rng.sample(others, min(rng.randint(1, 2), len(others)))}
        space = casting.space(tuple(name for name in casting.whole.environments if name in chosen))
        tools = casting.offered(space, split)
        own = [name for name in tools if space.tools[name].environment in about]
        taken = distractors(own, [name for name in tools if name not in own], rng)
        return space, [name for name in tools if name in taken or name in own]

    def target(self, slot: int) -> int:
        """The tokens that a slot of long_context comes to."""
        targets = self.config.context_tokens
        return targets[self._shares.number(slot) % len(targets)]

    def course(
        self,
        space: SimulationSpace,
        tools: Sequence[str],
        scenario: Scenario,
        turns: int,
        slot: int,
        watch: Watch | None,
    ) -> Course:
        """The turns of a long context, and the scenario that they are sampled in. Raises SamplingFailed."""
        config = self.config
        options = SamplerOptions(kind=config.sampler, calls=config.calls)
        ground = Ground(space, self.casting.graph(tools), tools, scenario, self.target(slot), options, watch)
        return Course.find(ground, turns, scenario.seed)

    def draw(self, variant: str, stage: Stage, rng: Random) -> Maker:
        """The maker for a conversation. Raises SamplingFailed where there is none."""
        if variant == "miss_func":
            return MissFunc.draw(stage.tools, self._tables(stage.space, stage.tools), stage.turns, rng)
        if variant == "miss_param":
            return MissParam.draw(stage.turns, rng)
        if variant == "follow_up":
            number, pool = self._shares.number(stage.slot), self.casting.pool(stage.split)
            return self.follow_ups.draw(number, pool, stage.space, stage.turns, rng)
        if variant == "error_recovery":
            kind = self.recoveries.of(self._shares.number(stage.slot))
            return Recovering.draw(kind, stage.turns, rng)
        name = rng.choice(
            [name for name in self.casting.pool(stage.split) if name not in stage.space.environments]
        )
        space = self.casting.space((name,))
        here = stage.chain
        teachers = self.casting.teachers(space, stage.slot)
        foreign = Chain(space, teachers, here.options, here.usage, here.recorder, here.prompts)
        graph = self.casting.graph(self.casting.offered(space, stage.split))
        return Irrelevance.draw(foreign, graph, self.casting.reference(name), stage.turns, rng, stage.watch)

    # -- what can be made -----------------------------------------------------------------------------

    def able(self, variant: str) -> tuple[str, ...]:
        """The environments that a conversation needs one of to have the variant; none named: any will do."""
        if variant == "follow_up":
            made = {name for kind in KINDS for name in self.follow_ups.able(kind)}
            return tuple(name for name in self.casting.whole.environments if name in made)
        if variant == "long_context":
            return tuple(self.casting.whole.enlargeable)
        if variant not in ("miss_func", "miss_param"):
            return ()
        if variant not in self._able:
            self._able[variant] = tuple(
                name for name in self.casting.whole.environments if self._gives(variant, name)
            )
        return self._able[variant]

    def cannot(self) -> dict[str, list[str]]:
        """By variant, the environments that cannot make it; without those that every environment can."""
        found: dict[str, list[str]] = {}
        for variant in self.config.variants:
            able = self.able(variant)
            missing = [name for name in self.casting.whole.environments if able and name not in able]
            if missing:
                found[variant] = missing
        for kind in KINDS if "follow_up" in self.config.variants else ():
            able = self.follow_ups.able(kind)
            if unable := [name for name in self.casting.whole.environments if name not in able]:
                found[f"follow_up {kind}"] = unable
        if "error_recovery" in self.config.variants:
            found |= self.recoveries.cannot()
        return found

    def _check(self) -> None:
        """Raises UserError where a variant cannot be made at all."""
        most, least = self.config.turns[1], self.config.environments_per_trajectory[0]
        for variant in self.config.variants:
            if variant in ELSEWHERE:
                if len(self.casting.pool("train")) <= least:
                    raise UserError(
                        f"--variant {variant} takes tools of an environment that the conversation is not about; name more "
                        f"than {least} with --env, or fewer a trajectory with --environments-per-trajectory"
                    )
                if variant == "distractors" and not self._distracts(least):
                    raise UserError(
                        f"--variant distractors: the environments of --env {' '.join(self.config.env)} have fewer than "
                        f"{FEWEST_DISTRACTORS} tools that another one's conversations could offer in vain; name one with more"
                    )
                continue
            if variant == "error_recovery":
                self.recoveries.check()
                continue
            if variant == "long_context":
                if not self.able(variant):
                    names = " ".join(self.config.env)
                    what = "no environment says how its states become large (docs/tools.md: enlarge)"
                    raise UserError(f"--variant {variant}: cannot be made with --env {names}: {what}")
                continue
            if most < 2:
                raise UserError(f"--variant {variant} takes two turns, and --turns is {most}; give 2 or more")
            if not self.able(variant):
                what = "no tool can be withheld"
                if variant == "miss_param":
                    what = "no required value is the user's alone"
                if variant == "follow_up":
                    what = "nothing in it can be corrected, undone or referred back to"
                names = " ".join(self.config.env)
                raise UserError(f"--variant {variant}: cannot be made with --env {names}: {what}")

    def _distracts(self, least: int) -> bool:
        """Whether some conversation has enough tools of one or two other environments that do nothing of what its own do."""
        pool = self.casting.pool("train")
        specs = self.casting.whole.tools
        tools = self.casting.offered(self.casting.whole, "train")
        for about in islice(combinations(pool, least), MOST_LOOKED_AT):
            own = [name for name in tools if specs[name].environment in about]
            fit = Counter(
                specs[name].environment
                for name in tools
                if specs[name].environment in pool and name not in own and not substitutes(name, own)
            )
            if sum(count for _, count in fit.most_common(2)) >= FEWEST_DISTRACTORS:
                return True
        return False

    def _gives(self, variant: str, name: str) -> bool:
        space = self.casting.space((name,))
        tables = self._tables(space, [*space.tools])
        if variant == "miss_func":
            return bool(to_withhold([*space.tools], tables))
        teacher = self.casting.teachers(space, 0)["querying"] if not self.config.model_agents else None
        lexicon = teacher.lexicon if isinstance(teacher, ScriptedTeacher) else None
        for spec in space.tools.values():
            for param in spec.params:
                place = tables.tools[spec.name].places.get(param.name)
                if not param.required or place is None or place.providers or place.system:
                    continue
                if param.schema.get("type") not in ("string", "integer", "number") or giver_of(
                    spec, param.name, space.tools
                ):
                    continue
                if lexicon is None or leaving_out(lexicon, spec.name, param.name) is not None:
                    return True
        return False

    def _tables(self, space: SimulationSpace, tools: Sequence[str]) -> Tables:
        return Tables.of(self.casting.graph(tools), space)
