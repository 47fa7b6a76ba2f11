"""Proof of training: every row rendered by the installed LLaMA-Factory, and compared with what the data says.

    proof = prove(Path("out/"), Path("recipes/sft.yaml"), tokenizer="path/to/model")
    proof.ok, proof.tally.kinds

`recipe` reads the recipe, `sources` the rows, `stated` what a row says, `rendered` is LLaMA-Factory's side,
`compare` sets the two side by side, `run` does it for all rows and `show` prints the result.
"""
