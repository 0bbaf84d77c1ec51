#!/usr/bin/env bash
# From a fresh clone to a translation: installs what is missing, builds the translator and runs it.
#
#   tools/demo.sh [SENTENCE]
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_packages.sh
cmake --preset release
cmake --build --preset release --target translate
echo
build/bin/translate --src en --tgt fr "${1:-A man in a blue shirt is standing on a ladder.}"
