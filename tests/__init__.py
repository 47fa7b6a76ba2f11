"""A package, since verl's wheel brings a top-level `tests` of its own, which would be found instead."""
