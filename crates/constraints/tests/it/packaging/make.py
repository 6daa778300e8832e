#!/usr/bin/env python3
"""Writes cases.tsv and specifiers.tsv beside this file: what `packaging` makes of requirements, and
of versions.

    python3 make.py [--lines N] [METADATA...]
    python3 make.py --stdin | --specifiers

Reads the requirements in cases.tsv and, where METADATA files are given, a sample of theirs (N lines;
0 for all), and prints nothing. Needs the `packaging` project, version 26.3 or later. `--stdin` reads
requirements from standard input instead and prints their rows; `--specifiers` prints the other
table.

A row: the requirement; then either `error`, or the normal name, the extras, the specifiers (sorted),
the URL, and for each environment of ENVIRONMENTS a letter for each extra of extras(): `1` where the
requirement applies, `0` where it does not, `!` where the comparison is undefined.

specifiers.tsv: the first row holds versions; each other row a specifier, and for each version `1`
where it is contained.
"""

import pathlib
import re
import sys

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier
from packaging.utils import canonicalize_name
from packaging.version import Version

TABLE = pathlib.Path(__file__).with_name("cases.tsv")


def environment(python, machine):
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
    }


ENVIRONMENTS = [
    environment(python, machine)
    for python in ("3.11.2", "3.12.3", "3.13.5", "3.14.0rc1")
    for machine in ("x86_64", "aarch64")
]


def extras(text):
    """No extra, and the first two that the text compares with."""
    found = re.findall(r"""extra\s*[=!]=+\s*['"]([^'"]*)['"]""", text)
    return ["", *[name for name in dict.fromkeys(found) if re.fullmatch(r"[\w.-]+", name)][:2]]


def evaluate(marker, values):
    if marker is None:
        return "1"
    try:
        return "1" if marker.evaluate(values) else "0"
    except (UndefinedComparison, UndefinedEnvironmentName):
        return "!"


def row(text):
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return [text, "error"]
    letters = [
        "".join(evaluate(requirement.marker, values | {"extra": extra}) for extra in extras(text))
        for values in ENVIRONMENTS
    ]
    return [
        text,
        canonicalize_name(requirement.name),
        ",".join(sorted({canonicalize_name(extra) for extra in requirement.extras})),
        ",".join(sorted(str(specifier) for specifier in requirement.specifier)),
        requirement.url or "",
        *letters,
    ]


def requirements(path):
    head = pathlib.Path(path).read_text(encoding="utf-8").split("\n\n")[0]
    return re.findall(r"^Requires-Dist: *(.*)$", head, re.MULTILINE)


def sample(lines, count):
    """Prefers lines that differ in more than names and numbers."""
    kinds = {}
    for line in sorted(lines):
        kind = re.sub(r"[0-9.]+", "0", re.sub(r"^[\w.-]+", "", line))
        kinds.setdefault(kind, line)
    chosen = sorted(kinds.values())
    step = max(1, len(chosen) // count)
    return set(chosen[::step][:count])


BASES = ("1", "1.0", "1.0.0", "1.1", "1.1.0", "1.1.1", "1.2", "1.10", "2", "0.9", "1!1.0", "1!0.5")
ENDINGS = ("", ".dev1", "a1", "a1.dev2", "b2", "rc1", ".post1", ".post1.dev3", "rc1.post2")


def specifiers():
    versions = [base + ending for base in BASES for ending in ENDINGS]
    versions += [version + "+local.1" for version in ("1.0", "1.1", "1.1.post1", "1.1rc1")]
    rows = ["\t".join(versions)]
    wanted = [operator + version for operator in ("==", "!=", ">=", "<=", ">", "<", "===")
              for version in versions if "+" not in version or operator in ("==", "!=", "===")]
    wanted += [operator + base + ".*" for operator in ("==", "!=") for base in BASES]
    wanted += ["~=" + base + ending for base in BASES if "." in base for ending in ENDINGS]
    for specifier in wanted:
        test = Specifier(specifier)
        letters = ["1" if test.contains(Version(version), prereleases=True) else "0" for version in versions]
        rows.append(specifier + "\t" + "".join(letters))
    return "\n".join(rows) + "\n"


def main():
    arguments = sys.argv[1:]
    if arguments == ["--specifiers"]:
        print(specifiers(), end="")
        return
    if arguments == ["--stdin"]:
        for line in sys.stdin.read().removesuffix("\n").split("\n"):
            print("\t".join(row(line)))
        return
    count = 300
    if arguments[:1] == ["--lines"]:
        count = int(arguments[1])
        arguments = arguments[2:]
    old = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
    texts = {line.split("\t")[0] for line in old if line}
    found = {line for path in arguments for line in requirements(path)}
    texts |= sample(found, count) if count else found
    TABLE.write_text("".join("\t".join(row(text)) + "\n" for text in sorted(texts)), encoding="utf-8")
    TABLE.with_name("specifiers.tsv").write_text(specifiers(), encoding="utf-8")


if __name__ == "__main__":
    main()
