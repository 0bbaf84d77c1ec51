#!/usr/bin/env bash
# Downloads COCO's photos and captions of 2017, 19 GB, and unpacks them. Needs unzip.
#
#   datasets/coco/download.sh DIRECTORY
#
# What is there already is kept. COCO_URL names another place to download from.
set -euo pipefail
if [ $# -ne 1 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$1
url=${COCO_URL:-http://images.cocodataset.org}
mkdir -p "$directory"
for part in annotations/annotations_trainval2017:annotations zips/val2017:val2017 zips/train2017:train2017; do
  name=$(basename "${part%%:*}")
  if [ ! -e "$directory/${part##*:}" ]; then
    echo "downloading $name.zip" >&2
    curl -fL --retry 3 -C - -o "$directory/$name.zip" "$url/${part%%:*}.zip"
    unzip -tq "$directory/$name.zip" >&2
    rm -rf "$directory/unpacking"
    unzip -qo "$directory/$name.zip" -d "$directory/unpacking"
    mv "$directory/unpacking/${part##*:}" "$directory/"
    rm -r "$directory/unpacking" "$directory/$name.zip"
  fi
done
echo "COCO is in $directory" >&2
