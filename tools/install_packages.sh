#!/usr/bin/env bash
# Installs what the build needs and is missing, on Debian 12 or a like Ubuntu: as root or with sudo.
set -euo pipefail

packages=(g++ cmake ninja-build ccache mold git python3 libabsl-dev libgoogle-glog-dev libgflags-dev
  nlohmann-json3-dev zlib1g-dev libdnnl-dev ocl-icd-opencl-dev libeigen3-dev libgtest-dev
  libgmock-dev libprotobuf-dev protobuf-compiler pkg-config libcpp-httplib-dev libsentencepiece-dev libicu-dev
  libjpeg-dev libpng-dev libwebp-dev libgif-dev libhnswlib-dev)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "error: missing packages: ${missing[*]}; run this as root or install sudo" >&2
    exit 1
  }
  run=(sudo)
fi
"${run[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends \
  "${missing[@]}"
