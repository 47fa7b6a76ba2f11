"""Phases I to III of FunReason-MT: from environments to verified trajectories."""
