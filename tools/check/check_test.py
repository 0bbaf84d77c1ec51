#!/usr/bin/env python3
"""Tests check.py on small trees: each rule is broken once, and a clean tree passes."""
import pathlib
import tempfile
import unittest

import check


class CheckTest(unittest.TestCase):
    def breaches(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return list(check.check(root))

    def test_clean_tree_passes(self):
        self.assertEqual([], self.breaches({
            "core/base/a.cc": "// A.\n",
            "core/runtime/a.cc": '// A.\n#include "core/ops/state.h"\n',
            "apps/a/b.cc": '// A.\n#include "apps/program.h"\n#include "apps/a/c.h"\n',
            "pretrained/m/LICENSE": "x",
            "pretrained/m/README.md": "x",
        }))

    def test_lengths_of_functions(self):
        body = "  x;\n" * 3
        text = (
            "// A.\n"
            "namespace viv {\n"  # 2
            "struct S {\n"
            "  int a{1};\n"
            "  S(int b,\n"  # 5 to 8
            "    int c) : a(b), d{c, {1}} {\n"
            "    if (b) { x; }\n"
            "  }\n"
            "  int get() const noexcept { return a; }\n"  # 9
            "};\n"
            '#define BRACES(x) { if (x) { \\\n  }\n'
            "const char* kBraces = \"{{{\"; // {\n"  # 13
            "const char* kRaw = R\"(} { )\"; const char kBrace = '{';\n"
            "const Registration kOp({.shape = [](Context& c) -> Status {\n"  # 15 to 18
            "  const int million = 1'000'000;\n"
            "  return Ok();\n"
            "}, .updates = 1});\n"
            "template <typename T>\n"  # 19 to 24
            "auto F(T x) -> std::vector<T> {\n" + body + "}\n"
            "}  // namespace viv\n")
        self.assertEqual([(5, 8), (9, 9), (15, 18), (19, 24)], list(check.functions(text)))

    def test_each_rule(self):
        cases = {
            "more than 600": {"core/base/a.cc": "// A.\n" * 601},
            "more than 150": {"core/ops/a.cc": "// A.\n" * 151},
            "a function of 61 lines": {"core/base/a.cc": "// A.\nint F(int x) {\n" + "  x;\n" * 59 + "}\n"},
            "81 lines beside flags": {
                "apps/a/a_main.cc": "// A.\n" + "DEFINE_int32(a, 1,\n  \"a; b\");\n" * 9 + "// A.\n" * 80},
            "what the file is for": {"core/base/a.cc": "int a;\n"},
            "climbs out": {"core/base/a.cc": '// A.\n#include "../b.h"\n'},
            "source files": {"core/base/a.h": '// A.\n#include "core/base/logging.h"\n'},
            "main files": {"models/a.cc": "// A.\n#include <gflags/gflags.h>\n"},
            "unfinished": {"core/base/a.cc": "// A.\n// TO" + "DO: b\n"},
            "no LICENSE": {"pretrained/m/README.md": "x"},
            "higher floor": {"core/ops/a.cc": '// A.\n#include "core/runtime/session.h"\n'},
            "by the op's name": {"models/a.cc": '// A.\n#include "core/kernels/cpu/gemm.h"\n'},
            "no other app": {"apps/a/b.cc": '// A.\n#include "apps/c/d.h"\n'},
            "saying that it is non-commercial": {
                "pretrained/m/bundle.json": '{"non_commercial": true}',
                "pretrained/m/LICENSE": "Non-commercial use only.", "pretrained/m/README.md": "x"},
        }
        for message, files in cases.items():
            with self.subTest(message):
                found = self.breaches(files)
                self.assertEqual(1, len(found), found)
                self.assertIn(message, found[0])


if __name__ == "__main__":
    unittest.main()
