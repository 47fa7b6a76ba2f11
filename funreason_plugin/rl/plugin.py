"""What verl loads in every process by the entry-point group `verl.plugins`."""
