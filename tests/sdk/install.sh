#!/bin/sh
# install.sh FOLDER: puts the SDKs of requirements.txt and package-lock.json, and the Node.js that runs the latter, into FOLDER.
# Does nothing, and needs no network, when they are there already. Needs python3 with its venv module.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

# Another process may be at it.
exec 9>"$folder/lock"
flock 9

wanted=$(cat "$here/requirements.txt" "$here/package-lock.json" "$here/install.sh" | sha256sum; python3 --version; echo "$folder")
[ ! -f "$folder/stamp" ] || [ "$(cat "$folder/stamp")" != "$wanted" ] || exit 0

rm -rf "$folder/stamp" "$folder/python" "$folder/node"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
  -r "$here/requirements.txt"
mkdir "$folder/node"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$folder/node/"
(cd "$folder/node" && PATH="$folder/python/bin:$PATH" npm ci --loglevel=error)
printf '%s\n' "$wanted" >"$folder/stamp"
