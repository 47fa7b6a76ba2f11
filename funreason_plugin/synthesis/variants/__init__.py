"""Variants of a turn: what BFCL calls miss_func and miss_param, and requests that nothing on offer fits."""
