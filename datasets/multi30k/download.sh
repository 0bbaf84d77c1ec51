#!/usr/bin/env bash
# Downloads Multi30k, task 1 (English, French, German), and checks that the files are whole.
#
#   datasets/multi30k/download.sh DIRECTORY
#
# Files that are there already are kept. MULTI30K_URL names another place to download from.
set -euo pipefail
if [ $# -ne 1 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$1
url=${MULTI30K_URL:-https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw}
mkdir -p "$directory"
for split in train:29000 val:1014 test_2016_flickr:1000; do
  for language in en fr de; do
    name=${split%%:*}.$language.gz
    expected=${split##*:}
    if [ ! -e "$directory/$name" ]; then
      echo "downloading $name" >&2
      curl -fsSL --retry 3 -o "$directory/$name.part" "$url/$name"
      lines=$(gzip -dc "$directory/$name.part" | wc -l)
      if [ "$lines" -ne "$expected" ]; then
        echo "$name has $lines lines, not $expected: the download is not whole" >&2
        exit 1
      fi
      mv "$directory/$name.part" "$directory/$name"
    fi
  done
done
echo "Multi30k is in $directory" >&2
