#!/usr/bin/env bash
# Downloads the binary version of CIFAR-10, checks and unpacks it.
#
#   datasets/cifar10/download.sh DIRECTORY
#
# What is there already is kept. CIFAR10_URL names another place to download from.
set -euo pipefail
if [ $# -ne 1 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$1
url=${CIFAR10_URL:-https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz}
mkdir -p "$directory"
if [ ! -e "$directory/cifar-10-batches-bin" ]; then
  echo "downloading cifar-10-binary.tar.gz" >&2
  packed=$directory/cifar-10-binary.tar.gz.part
  curl -fL --retry 3 -C - -o "$packed" "$url"
  rm -rf "$directory/unpacking"
  mkdir "$directory/unpacking"
  tar -xzf "$packed" -C "$directory/unpacking"
  for batch in data_batch_{1..5} test_batch; do
    bytes=$(wc -c <"$directory/unpacking/cifar-10-batches-bin/$batch.bin")
    if [ "$bytes" -ne 30730000 ]; then
      echo "$batch.bin has $bytes bytes, not 30730000: the download is not whole" >&2
      exit 1
    fi
  done
  mv "$directory/unpacking/cifar-10-batches-bin" "$directory/"
  rm -r "$directory/unpacking" "$packed"
fi
echo "CIFAR-10 is in $directory" >&2
