"""bfcl-eval's eight multi-turn classes as environments (extra ``[bfcl]``), and its entries as test cases.

    SimulationSpace.from_names(["bfcl"])                  # all eight
    SimulationSpace.from_names(["bfcl:TradingBot"])       # one of them
    load_entry("multi_turn_base_17")                      # a benchmark entry, to be replayed or evaluated

What they synthesise is in-domain for BFCL: tools and documents are the benchmark's. Scenarios are our own,
and every trajectory carries the label ``in-domain:bfcl``.
"""

from funreason_plugin.environments.bfcl.catalog import bfcl_environment, bfcl_environments
from funreason_plugin.environments.bfcl.entries import BenchmarkEntry, bfcl_text, entry_ids, load_entry

__all__ = ["BenchmarkEntry", "bfcl_environment", "bfcl_environments", "bfcl_text", "entry_ids", "load_entry"]
