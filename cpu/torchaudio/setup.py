"""In place of torchaudio on a machine without a GPU: the registry's wheel is built for CUDA and does not load there.

LLaMA-Factory imports torchaudio when it starts, and uses it for audio data only.
"""

from setuptools import setup

setup(
    name="torchaudio", version="2.11.0+stub", py_modules=["torchaudio"], description="Stub: no audio on CPU"
)
