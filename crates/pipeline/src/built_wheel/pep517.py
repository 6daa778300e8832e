"""Builds the wheel of the source in the working directory (PEP 517).

The back end is on the path already: nothing is installed, and nothing can be fetched. Arguments: where
the wheel goes, the back end, its path in the source or an empty text.
"""

import importlib
import importlib.metadata
import re
import sys

out, backend, paths = sys.argv[1:4]
# A back end in the source itself (PEP 517, "In-tree build backends").
sys.path[:0] = [path for path in paths.split(":") if path]
module, _, attributes = backend.partition(":")
hooks = importlib.import_module(module)
for attribute in filter(None, attributes.split(".")):
    hooks = getattr(hooks, attribute)

missing = []
for requirement in getattr(hooks, "get_requires_for_build_wheel", lambda _: [])({}):
    name = re.match(r"[A-Za-z0-9._-]+", requirement).group()
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        missing.append(requirement)
if missing:
    sys.exit("the back end asks for " + ", ".join(missing) + ": add it to [build-system] requires")
print("built", hooks.build_wheel(out, {}))
