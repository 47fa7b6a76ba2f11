"""BFCL from a served model: bfcl-eval's own conversations, executor, checkers and files, with a handler of ours."""
