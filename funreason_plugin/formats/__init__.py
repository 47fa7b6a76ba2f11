"""Trajectories in the native formats of LLaMA-Factory and verl.

    options = FormatOptions(dataset="funreason_scripted")
    with Writer(folder, options) as writer:            # in the parent, in chunk order
        for lines in chunks(file):                     # fixed-size runs of consecutive trajectories
            writer.add(encode_chunk(lines, options))   # in any worker process

A chunk is encoded on its own, so the bytes do not depend on the number of workers; the folders appear
whole, when the writer is closed without an error.
"""

from funreason_plugin.formats.options import CHUNK, FormatOptions, dataset_name
from funreason_plugin.formats.writer import Writer, encode_chunk

__all__ = ["CHUNK", "FormatOptions", "Writer", "dataset_name", "encode_chunk"]
