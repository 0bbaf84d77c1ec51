#!/usr/bin/env python3
"""Checks the rules of the house that no compiler checks. Prints one line per breach; exit 1 if any.

    tools/check/check.py [ROOT]

- a source file has at most 600 lines, an op file at most 150;
- no include climbs out of its include root with "..";
- logging stays out of headers; gflags stays in the main files of apps and what they share, apps/program.*;
- no unfinished marks in sources;
- every folder of pretrained/ has a licence and a model card and is at most 8 MB.
"""
import pathlib
import re
import sys

SOURCES = {".c", ".cc", ".h", ".cu", ".cuh"}
MARK = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
BUNDLE_BYTES = 8 << 20


def check_source(root, path):
    name = path.relative_to(root).as_posix()
    lines = path.read_text(encoding="utf-8").splitlines()
    limit = 150 if name.startswith("core/ops/") else 600
    if len(lines) > limit:
        yield f"{name}: {len(lines)} lines, more than {limit}"
    if not lines or not lines[0].startswith("//"):
        yield f"{name}:1: does not open with what the file is for"
    for number, line in enumerate(lines, 1):
        if re.match(r'\s*#include "\.\./', line):
            yield f"{name}:{number}: include climbs out of its include root"
        if path.suffix == ".h" and '"core/base/logging.h"' in line:
            yield f"{name}:{number}: logging belongs into source files"
        if "gflags/gflags.h" in line and not re.match(
            r"apps/(program\.(h|cc)|[^/]+/\w*main\.cc)$", name
        ):
            yield f"{name}:{number}: flags belong into the main files of apps"
        if MARK.search(line):
            yield f"{name}:{number}: unfinished mark"


def check_bundle(root, folder):
    name = folder.relative_to(root).as_posix()
    for needed in ("LICENSE", "README.md"):
        if not (folder / needed).is_file():
            yield f"{name}: has no {needed}"
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    if size > BUNDLE_BYTES:
        yield f"{name}: {size} bytes, more than {BUNDLE_BYTES}"


def check(root):
    for top in ("core", "models", "apps", "datasets", "tests", "tools"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                yield from check_source(root, path)
    for folder in sorted((root / "pretrained").glob("*/")):
        yield from check_bundle(root, folder)


def main():
    default = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default
    breaches = list(check(root))
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
