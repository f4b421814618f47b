#!/usr/bin/env bash
# Download a release of deconflict, verify it, and say where the program is.
#
# in:  INPUT_VERSION, RUNNER_OS, RUNNER_ARCH, RUNNER_TEMP, GITHUB_OUTPUT
#      DECONFLICT_RELEASES   where releases lie, for a mirror; default: GitHub
# out: program=PATH
set -euo pipefail

fail() { echo "::error title=deconflict::$*"; exit 3; }

version=${INPUT_VERSION#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "the input \`version\` must be a version such as 0.1.0"

suffix=tar.gz program=deconflict
case "$RUNNER_OS-$RUNNER_ARCH" in
  Linux-X64) target=x86_64-unknown-linux-musl ;;
  Linux-ARM64) target=aarch64-unknown-linux-musl ;;
  macOS-X64) target=x86_64-apple-darwin ;;
  macOS-ARM64) target=aarch64-apple-darwin ;;
  Windows-X64) target=x86_64-pc-windows-msvc suffix=zip program=deconflict.exe ;;
  *) fail "there is no release for $RUNNER_OS on $RUNNER_ARCH" ;;
esac

releases=${DECONFLICT_RELEASES:-https://github.com/deconflict/deconflict/releases/download}
archive=deconflict-v$version-$target.$suffix
place=$RUNNER_TEMP/deconflict-$version
rm -rf "$place"
mkdir -p "$place"

get() {
  curl --fail --silent --show-error --location --retry 3 --proto "=https,file" --tlsv1.2 --output "$place/$1" \
    "$releases/v$version/$1" || fail "cannot download $1 of version $version"
}

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# usage: listed FILE    the sum of the archive in a list of `SUM  NAME` lines
listed() { awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$1" 2>/dev/null || true; }

get "$archive"
# A sum that came with the action is worth more than one that came with the archive: whoever can exchange the one behind
# the address can exchange both.
known=$(dirname "${BASH_SOURCE[0]}")/SHA256SUMS
want=$(listed "$known")
from="the action"
if [ -z "$want" ]; then
  get SHA256SUMS
  want=$(listed "$place/SHA256SUMS")
  from="the release"
fi
[ -n "$want" ] || fail "no SHA-256 of $archive is known"
[ "$(sha256 "$place/$archive")" = "$want" ] || fail "$archive is not what it should be: its SHA-256 differs from that of $from"

if [ "$from" = "the release" ] && [ -z "${DECONFLICT_RELEASES:-}" ] && command -v gh >/dev/null 2>&1; then
  gh attestation verify "$place/$archive" --repo deconflict/deconflict >/dev/null \
    || fail "$archive was not built by the release workflow of deconflict/deconflict"
fi

case "$suffix" in
  zip) (cd "$place" && unzip -q "$archive") ;;
  *) tar -xzf "$place/$archive" -C "$place" ;;
esac
[ -f "$place/$program" ] || fail "$archive holds no $program"
chmod +x "$place/$program"
echo "program=$place/$program" >> "$GITHUB_OUTPUT"
echo "deconflict $version, verified by the SHA-256 of $from"
