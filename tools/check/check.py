#!/usr/bin/env python3
"""Checks the rules of the house that no compiler checks. Prints one line per breach; exit 1 if any.

    tools/check/check.py [ROOT]

- a source file has at most 600 lines, an op file at most 150, a program's main file 80 beside its
  flags and usage, a function 60;
- no include climbs out of its include root with "..", and none goes to a higher floor, from models or apps to
  kernels, or from one app to another;
- logging stays out of headers; gflags stays in the main files of apps and what they share, which lies in apps/ itself;
- no unfinished marks in sources;
- every folder of pretrained/ has a licence and a model card, whose first lines say so where the weights were learnt
  from non-commercial data, and is at most 8 MB.
"""
import json
import pathlib
import re
import sys

SOURCES = {".c", ".cc", ".h", ".cu", ".cuh"}
MARK = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
BUNDLE_BYTES = 8 << 20
# The floors of the house, as the README draws it. Longer folders decide before shorter ones.
FLOORS = {
    "core/base": 0, "core/tensor": 1, "core/graph": 2, "core/device": 2, "core/ops": 3, "core/kernels": 3,
    "core/autodiff": 4, "core/passes": 4, "core/runtime": 5, "core/data": 6, "core/checkpoint": 6, "core/bundle": 6,
    "core/interop": 6, "core/c_api": 6, "core/train": 7, "core/serving": 7, "core/distributed": 8, "models": 9,
    "datasets": 9, "apps": 10,
}
FUNCTION_LINES = 60
MAIN_LINES = 80
# In a program's main file: declarations of flags, the text of --help, functions that only hand flags on.
FLAGS_AND_USAGE = re.compile(
    r"^(DEFINE_\w+\(|constexpr char kUsageText).*?;\n|^\w[^\n;]* \w+OfFlags\(.*?^}\n", re.DOTALL | re.MULTILINE)
# What is no code to the eye that matches braces: comments, literals, preprocessor lines with those that continue them.
NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])+'"""
    r"""|^[ \t]*\#(?:\\\n|[^\n])*""", re.DOTALL | re.MULTILINE)
# Before the brace that opens a function: parameters or a constructor's initialisers, qualifiers, a result type.
FUNCTION_HEAD = re.compile(r"\)\s*((const|noexcept|override|final|mutable|&&?|->[^;]*)\s*)*$")
NO_FUNCTION = re.compile(r"\s*(template\s*<[^;]*>\s*)?(namespace|class|struct|enum|union|extern)\b")
INCLUDE = re.compile(r'\s*#\s*include "((?:core|models|datasets|apps)/[^"]+)"')


def floor(path):
    """The floor that a file lies on, or None."""
    parts = path.split("/")
    return FLOORS.get("/".join(parts[:2]), FLOORS.get(parts[0]))


def wrong_include(name, included):
    """Why a file may not include another, or None."""
    here, there = floor(name), floor(included)
    if here is None or there is None:
        return None
    if there > here:
        return f"{included} lies on a higher floor"
    if name.startswith(("models/", "apps/")) and included.startswith("core/kernels/"):
        return f"kernels are found by the op's name, not included ({included})"
    # What apps share lies in apps/ itself.
    app = included.split("/")[1]
    if included.startswith("apps/") and included.count("/") > 1 and not name.startswith(f"apps/{app}/"):
        return f"an app includes no other app ({included})"
    return None


def functions(text):
    """Yields the first and the last line of every function and of every lambda outside of functions."""
    code = NO_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    changed = 1
    while changed:  # values in braces, x{1}, f({2}) and = {3}, are no blocks
        code, changed = re.subn(r"([\w>]|[({,=]\s*)\{([^{};]*)\}", r"\1(\2)", code)
    head = 0  # where what may be a function's head begins
    opened = []  # by open brace: where the head of the function began, or None
    for match in re.finditer(r"[;{}]", code):
        at = match.start()
        before = code[head:at]
        head = at + 1
        if match.group() == "{":
            outside = all(began is None for began in opened)
            is_function = outside and FUNCTION_HEAD.search(before) and not NO_FUNCTION.match(before)
            opened.append(at - len(before.lstrip()) if is_function else None)
        elif match.group() == "}" and opened:
            began = opened.pop()
            if began is not None:
                yield code.count("\n", 0, began) + 1, code.count("\n", 0, at) + 1


def check_source(root, path):
    name = path.relative_to(root).as_posix()
    lines = path.read_text(encoding="utf-8").splitlines()
    limit = 150 if name.startswith("core/ops/") else 600
    if len(lines) > limit:
        yield f"{name}: {len(lines)} lines, more than {limit}"
    if re.fullmatch(r"apps/[^/]+/(\w+_)?main\.cc", name):
        thin = len(FLAGS_AND_USAGE.sub("", "\n".join(lines)).splitlines())
        if thin > MAIN_LINES:
            yield f"{name}: {thin} lines beside flags and usage, more than {MAIN_LINES}"
    for first, last in functions("\n".join(lines)):
        if last - first + 1 > FUNCTION_LINES:
            yield f"{name}:{first}: a function of {last - first + 1} lines, more than {FUNCTION_LINES}"
    if not lines or not lines[0].startswith("//"):
        yield f"{name}:1: does not open with what the file is for"
    for number, line in enumerate(lines, 1):
        if re.match(r'\s*#include "\.\./', line):
            yield f"{name}:{number}: include climbs out of its include root"
        if path.suffix == ".h" and '"core/base/logging.h"' in line:
            yield f"{name}:{number}: logging belongs into source files"
        if "gflags/gflags.h" in line and not re.match(
            r"apps/(\w+\.(h|cc)|[^/]+/\w*main\.cc)$", name
        ):
            yield f"{name}:{number}: flags belong into the main files of apps"
        if MARK.search(line):
            yield f"{name}:{number}: unfinished mark"
        include = INCLUDE.match(line)
        why = include and wrong_include(name, include.group(1))
        if why:
            yield f"{name}:{number}: {why}"


def check_bundle(root, folder):
    name = folder.relative_to(root).as_posix()
    for needed in ("LICENSE", "README.md"):
        if not (folder / needed).is_file():
            yield f"{name}: has no {needed}"
    manifest = folder / "bundle.json"
    if manifest.is_file() and json.loads(manifest.read_text(encoding="utf-8")).get("non_commercial"):
        for needed in ("LICENSE", "README.md"):
            text = (folder / needed).read_text(encoding="utf-8") if (folder / needed).is_file() else ""
            if "non-commercial" not in "\n".join(text.splitlines()[:3]).lower():
                yield f"{name}: {needed} does not begin with saying that it is non-commercial"
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
