"""Says what bindep 2.14.0 makes of bindep files.

Reads from standard input records that end with a record separator (0x1e), each of which has fields that
end with a unit separator (0x1f): "system" NAME OS-RELEASE, "profiles" WORDS, "file" NAME TEXT. Prints a
line `platform NAME ATOM...` for each system, and for each file either `refused NAME` or `names NAME
NAME...`, `configuration NAME PROFILE...` and one line for each system and each set of profiles: `active
FILE SYSTEM PROFILES BITS`, with a digit for each rule.
"""

import logging
import os
import sys
import tempfile

import bindep.depends
import distro.distro

# The grammar is compiled for each file otherwise.
compiled = {}
make_grammar = bindep.depends.makeGrammar


def make_once(grammar, bindings):
    if grammar not in compiled:
        compiled[grammar] = make_grammar(grammar, bindings)
    return compiled[grammar]


bindep.depends.makeGrammar = make_once
logging.disable(logging.CRITICAL)


class System(distro.distro.LinuxDistribution):
    """The system of an os-release file, and of nothing else."""

    _debian_version = ""
    _uname_info = {}
    _lsb_release_info = {}
    _distro_release_info = {}


def platform_of(text):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        distro.distro._distro = System(include_lsb=False, os_release_file=file.name)
        for name in ("id", "codename", "version", "name"):
            function = getattr(distro.distro._distro, name)
            setattr(distro, name, function)
        try:
            return bindep.depends.Depends("").platform_profiles()
        except Exception:
            return None


systems, sets = [], []
for record in sys.stdin.buffer.read().decode().split("\x1e"):
    fields = record.split("\x1f")
    if fields[0] == "system":
        atoms = platform_of(fields[2])
        if atoms is None:
            print("platform", fields[1], "!")
        else:
            systems.append((fields[1], atoms))
            print("platform", fields[1], *(atom.removeprefix("platform:") for atom in atoms))
    elif fields[0] == "profiles":
        sets.append(fields[1].split(" "))
    elif fields[0] == "file":
        # As a file that is opened for text.
        text = fields[2].replace("\r\n", "\n").replace("\r", "\n")
        try:
            depends = bindep.depends.Depends(text)
        except bindep.depends.DependsException:
            print("refused", fields[1])
            continue
        print("names", fields[1], *(rule[0] for rule in depends._rules))
        versions = (relation + version for rule in depends._rules for relation, version in rule[2])
        print("versions", fields[1], *versions)
        print("configuration", fields[1], *depends.profiles())
        for name, atoms in systems:
            for profiles in sets:
                active = [id(rule) for rule in depends.active_rules(profiles + atoms)]
                bits = "".join("01"[id(rule) in active] for rule in depends._rules)
                print("active", fields[1], name, ",".join(profiles), bits)
