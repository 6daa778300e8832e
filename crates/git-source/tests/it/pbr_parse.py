"""Prints for each line, a version, how PBR writes it."""

import sys

import setuptools  # It brings distutils, which PBR imports.

from pbr.version import SemanticVersion

for line in sys.stdin:
    try:
        print(SemanticVersion.from_pip_string(line.rstrip("\n")).release_string())
    except ValueError:
        print("refused")
