#!/usr/bin/env bash
# Runs clang-tidy (apt: clang-tidy) with the checks of .clang-tidy. Needs a configured build/.
#
#   tools/check/tidy.sh [BASE]        files changed since BASE (default: main), committed or not
#   tools/check/tidy.sh --all         every source file; takes half an hour on two cores
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${1:-}" = --all ]; then
  files=$(git ls-files '*.cc')
else
  files=$({ git diff --name-only --diff-filter=d "${1:-main}" -- '*.cc'
    git ls-files --others --exclude-standard -- '*.cc'; } | sort -u)
fi
# Hot loops are compiled several times, with other macros; plugins are too small to matter.
files=$(grep -vE '(_isa|_plugin)\.cc$' <<<"$files" || true)
[ -n "$files" ] || { echo "nothing to check"; exit 0; }
xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build \
  --extra-arg=-Wno-unknown-warning-option <<<"$files"
