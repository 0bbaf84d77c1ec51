#!/usr/bin/env bash
# Downloads the English-French sentence pairs of Tatoeba and unpacks fra.txt.
#
#   datasets/tatoeba/download.sh DIRECTORY
#
# A file that is there already is kept. TATOEBA_URL names another place to download from. Needs unzip.
set -euo pipefail
if [ $# -ne 1 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$1
url=${TATOEBA_URL:-https://www.manythings.org/anki/fra-eng.zip}
mkdir -p "$directory"
if [ ! -e "$directory/fra.txt" ]; then
  echo "downloading fra-eng.zip" >&2
  # Some sites refuse curl's own name.
  curl -fsSL --retry 3 -A Mozilla/5.0 -o "$directory/fra-eng.zip" "$url"
  unzip -tq "$directory/fra-eng.zip" >&2
  unzip -p "$directory/fra-eng.zip" fra.txt >"$directory/fra.txt.part"
  unzip -p "$directory/fra-eng.zip" _about.txt >"$directory/_about.txt"
  mv "$directory/fra.txt.part" "$directory/fra.txt"
  rm "$directory/fra-eng.zip"
fi
echo "Tatoeba is in $directory" >&2
