"""Prints the version that PBR computes for each line `repository commit target`."""

import os
import sys

import setuptools  # It brings distutils, which PBR imports.

from pbr import packaging

os.environ.pop("PBR_VERSION", None)
for line in sys.stdin:
    repository, commit, target = line.rstrip("\n").split("\t")
    os.chdir(repository)
    with open("HEAD", "w") as head:
        head.write(commit + "\n")
    try:
        print(packaging._get_version_from_git(target or None))
    except Exception as error:
        print("refused", type(error).__name__)
