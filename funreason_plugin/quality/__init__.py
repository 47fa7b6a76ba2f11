"""Is a data set fit to be trained on and published: duplicates, contamination, labels, and the card that says so.

    from funreason_plugin.quality.measuring import measure
    quality = measure(Path("out"), against=[Path("held_out.jsonl")], workers=4)
    quality["contamination"]["records"]

`python -m funreason_plugin.quality out/` is the command line; `synthesize` measures every data set that it makes.
"""
