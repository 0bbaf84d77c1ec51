#!/usr/bin/env bash
# Downloads imagenette2-160 and unpacks it.
#
#   datasets/imagenette/download.sh DIRECTORY
#
# What is there already is kept. IMAGENETTE_URL names another archive to download.
set -euo pipefail
if [ $# -ne 1 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$1
url=${IMAGENETTE_URL:-https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz}
name=$(basename "$url" .tgz)
mkdir -p "$directory"
if [ ! -e "$directory/$name" ]; then
  echo "downloading $name.tgz" >&2
  curl -fL --retry 3 -C - -o "$directory/$name.tgz.part" "$url"
  rm -rf "$directory/unpacking"
  mkdir "$directory/unpacking"
  tar -xzf "$directory/$name.tgz.part" -C "$directory/unpacking"
  mv "$directory/unpacking/$name" "$directory/$name"
  rm -r "$directory/unpacking" "$directory/$name.tgz.part"
fi
echo "Imagenette is in $directory/$name" >&2
