"""Stub of torchaudio: it can be imported, and refuses use."""

__version__ = "2.11.0+stub"


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise RuntimeError(
        f"torchaudio.{name}: this is a stub, for machines without a GPU; "
        "for audio data install torch and torchaudio from https://download.pytorch.org/whl/cpu"
    )
