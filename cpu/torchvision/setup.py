"""In place of torchvision on a machine without a GPU: the registry's wheel is built for CUDA and does not load there.

LLaMA-Factory requires it and never imports it. There is no module in here: transformers asks whether `torchvision`
can be found, and does without it.
"""

from setuptools import setup

setup(
    name="torchvision",
    version="0.28.0+stub",
    py_modules=[],
    packages=[],
    description="Stub: no images on CPU",
)
