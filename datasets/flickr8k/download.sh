#!/usr/bin/env bash
# Downloads Flickr8k's photos and captions and unpacks them. Needs unzip.
#
#   datasets/flickr8k/download.sh DIRECTORY
#
# What is there already is kept. FLICKR8K_URL names another place to download from.
set -euo pipefail
if [ $# -ne 1 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$1
url=${FLICKR8K_URL:-https://github.com/jbrownlee/Datasets/releases/download/Flickr8k}
mkdir -p "$directory"
for part in Flickr8k_text:Flickr8k.token.txt Flickr8k_Dataset:Flicker8k_Dataset; do
  name=${part%%:*}
  if [ ! -e "$directory/${part##*:}" ]; then
    echo "downloading $name.zip" >&2
    curl -fL --retry 3 -C - -o "$directory/$name.zip" "$url/$name.zip"
    unzip -tq "$directory/$name.zip" >&2
    unzip -qo "$directory/$name.zip" -d "$directory"
    rm "$directory/$name.zip"
  fi
done
echo "Flickr8k is in $directory" >&2
