#!/usr/bin/env bash
# Downloads ImageNet (2012) from Kaggle, 155 GB, and unpacks it. Needs unzip and the program kaggle
# (pip install kaggle) with an account that has accepted the challenge's rules.
#
#   datasets/imagenet/download.sh DIRECTORY
#
# What is there already is kept.
set -euo pipefail
if [ $# -ne 1 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$1
command -v kaggle >/dev/null || {
  echo "the program kaggle is needed: pip install kaggle, and see https://www.kaggle.com/docs/api" >&2
  exit 1
}
mkdir -p "$directory"
if [ ! -e "$directory/LOC_synset_mapping.txt" ]; then
  kaggle competitions download -c imagenet-object-localization-challenge -p "$directory"
  unzip -qo "$directory/imagenet-object-localization-challenge.zip" -d "$directory"
  rm "$directory/imagenet-object-localization-challenge.zip"
fi
echo "ImageNet is in $directory" >&2
