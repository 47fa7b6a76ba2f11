"""vLLM's server, as it introduces itself in its list of models."""

from __future__ import annotations

import pytest

from tests.llm.wire import Wire, json, reply, run


@pytest.mark.parametrize(("owner", "seeded"), [("vllm", False), ("someone", True)])
def test_requests_to_vllm_go_without_a_seed(owner: str, seeded: bool) -> None:
    """Its engine dies of them on a CPU, and samples one by one on a GPU."""

    async def asked() -> bool:
        listed = {"data": [{"id": "org/tiny", "owned_by": owner}]}
        async with Wire(reply(), models=json(listed)) as wire:
            await wire.endpoint().check()
            await wire.ask()
            return "seed" in wire.bodies[0]

    assert run(asked()) is seeded
