"""verl on a machine without an accelerator: a platform, training engines, and a rollout server.

For trying a recipe, its data and its rewards with a tiny model. Nothing of this is chosen on a machine with a GPU,
unless ``VERL_PLATFORM=cpu`` or ``actor_rollout_ref.rollout.name=funreason_cpu`` asks for it.
"""
