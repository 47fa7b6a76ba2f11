"""Simulation environments: what tools are and what they do."""
