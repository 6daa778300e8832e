"""Compiles sources for the interpreter that runs this, and executes none of them.

Arguments: the folder of the sources, the folder for the bytecode, the interpreter's tag as the lock has it, how many
processes. What is no Python of this version is left out, as compileall does.
"""

import importlib.util
import marshal
import os
import sys

sources, out, tag, jobs = sys.argv[1:5]
if sys.implementation.cache_tag != tag:
    sys.exit(f"the interpreter is {sys.implementation.cache_tag}, and the lock is for {tag}")
jobs = int(jobs)

found = []
for folder, folders, files in os.walk(sources):
    folders.sort()
    found += [os.path.join(folder, file) for file in sorted(files) if file.endswith(".py")]


def number(value):
    return (value & 0xFFFFFFFF).to_bytes(4, "little")


def translate(path):
    name = path[len(sources):]
    with open(path, "rb") as file:
        text = file.read()
        mtime = int(os.fstat(file.fileno()).st_mtime)
    try:
        code = compile(text, name, "exec", dont_inherit=True)
    except (SyntaxError, UnicodeError, ValueError, RecursionError):
        return
    # Version 2 has no references between objects, which depend on what else the process has compiled.
    data = importlib.util.MAGIC_NUMBER + number(0) + number(mtime) + number(len(text)) + marshal.dumps(code, 2)
    place = out + name + "c"
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(data)


children = []
for first in range(jobs):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for path in found[first::jobs]:
                translate(path)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    children.append(child)
failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
sys.exit(1 if failed else 0)
