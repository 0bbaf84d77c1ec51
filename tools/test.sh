#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests in their short form.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_packages.sh
python3 tools/check/check_test.py
python3 tools/check/check.py
cmake --preset release
cmake --build --preset release
ctest --test-dir build --output-on-failure -j2
