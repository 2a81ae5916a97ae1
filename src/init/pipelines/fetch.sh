#!/bin/sh
# Brings fab to a folder, if it is the one whose checksum is pinned: sh .fab/fetch.sh FOLDER
#   FAB_URL     where the binary for this machine is
#   FAB_SHA256  its SHA-256
set -eu
: "${FAB_URL:?the pipeline has to say where the binary of fab is}"
: "${FAB_SHA256:?the pipeline has to say which SHA-256 the binary of fab has}"
mkdir -p "$1"
curl --fail --silent --show-error --location --retry 3 --netrc-optional --output "$1/fab.part" "$FAB_URL"
echo "$FAB_SHA256  $1/fab.part" | sha256sum -c -
chmod +x "$1/fab.part"
mv "$1/fab.part" "$1/fab"
