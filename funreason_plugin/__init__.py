"""Verified multi-turn function-calling data and training for verl and LLaMA-Factory (FunReason-MT)."""

from funreason_plugin.environments.environment import Environment, ToolError, tool
from funreason_plugin.environments.marks import Prose, Ref, Values

__all__ = ["Environment", "Prose", "Ref", "ToolError", "Values", "__version__", "tool"]
__version__ = "0.1.0"
