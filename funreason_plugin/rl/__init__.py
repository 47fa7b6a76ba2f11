"""verl: the rollout worker, the reward manager, EGPO, and a CPU platform. Nothing of verl is forked."""
