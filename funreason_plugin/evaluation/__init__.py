"""Measuring a served model: it plays tasks against live tools and is judged like a rollout."""
