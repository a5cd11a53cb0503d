#!/usr/bin/env bash
# Fetches the llama.cpp that `Ouro.Benchmarks --peer` measures, and prints the folder of its libraries.
# Only the package with this platform's prebuilt libraries is fetched, and no install script runs.
set -euo pipefail
version=3.22.1
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x64 ;;
  Linux-aarch64) platform=linux-arm64 ;;
  Darwin-arm64) platform=mac-arm64-metal ;;
  Darwin-x86_64) platform=mac-x64 ;;
  *) echo "install-llama-cpp: there is no prebuilt llama.cpp for $(uname -s) on $(uname -m)." >&2; exit 1 ;;
esac

package="$here/node_modules/@node-llama-cpp/$platform"
if ! grep -qs "\"version\": \"$version\"" "$package/package.json"; then
  npm install --prefix "$here" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error "@node-llama-cpp/$platform@$version" >&2
fi

addon=$(find "$package" -name llama-addon.node -type f | sort | head -n 1)
if [ -z "$addon" ]; then
  echo "install-llama-cpp: @node-llama-cpp/$platform $version came without llama-addon.node." >&2
  exit 1
fi
dirname "$addon"
