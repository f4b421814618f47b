#!/usr/bin/env bash
# Run deconflict as a step: annotations, the step's summary, the report in the log, outputs.
#
# in:  PROGRAM, INPUT_* of action.yml, GITHUB_EVENT_NAME, GITHUB_SHA, GITHUB_OUTPUT, RUNNER_TEMP
# out: exit-code, errors, warnings, sarif-file
set -euo pipefail

arguments=(check "--fail-on=${INPUT_FAIL_ON:-error}")
[ -z "${INPUT_CONFIG:-}" ] || arguments+=("--config=$INPUT_CONFIG")

# A pull request and a merge queue check out the merge that would be; its first parent is what it is merged into. A
# checkout of depth 1 has no parent yet. Whoever checks out something else says what its base is.
base=${INPUT_BASE:-}
if [ "$base" = auto ]; then
  base=
  in_repository() { git -C "${INPUT_PATH:-.}" "$@" 2>/dev/null; }
  has_parent() { in_repository rev-parse --quiet --verify "HEAD^1^{tree}" >/dev/null; }
  case "${GITHUB_EVENT_NAME:-}" in
    pull_request | merge_group)
      if [ "$(in_repository rev-parse HEAD)" = "${GITHUB_SHA:-}" ]; then
        has_parent || in_repository fetch --quiet --no-tags --depth=2 origin "$GITHUB_SHA" || true
        ! has_parent || base=$(in_repository rev-parse "HEAD^1")
      fi
      [ -n "$base" ] || echo "::notice title=deconflict::older findings cannot be told apart: check out the merge with" \
        "fetch-depth: 2, or give the input base"
      ;;
  esac
fi
[ -z "$base" ] || arguments+=("--base=$base")

text=$RUNNER_TEMP/deconflict.txt
counts=$RUNNER_TEMP/deconflict.json
rm -f "$text" "$counts"
arguments+=(--format=github "--format=human=$text" "--format=json=$counts")
[ -z "${INPUT_SARIF_FILE:-}" ] || arguments+=("--format=sarif=$INPUT_SARIF_FILE")
read -r -d '' -a more <<< "${INPUT_FORMATS//,/ }" || true
for format in ${more[@]+"${more[@]}"}; do
  arguments+=("--format=$format")
done

code=0
"$PROGRAM" "${arguments[@]}" -- "${INPUT_PATH:-.}" || code=$?

# The report quotes the repository: whatever stands in it, it is no command.
if [ -s "$text" ]; then
  token=deconflict-$RANDOM$RANDOM$RANDOM
  echo "::group::deconflict report"
  echo "::stop-commands::$token"
  cat "$text"
  echo "::$token::"
  echo "::endgroup::"
fi

count() { sed -n "s/^    \"$1\": \([0-9]*\),\{0,1\}\$/\1/p" "$counts" 2>/dev/null | head -n 1; }
{
  echo "exit-code=$code"
  echo "errors=$(count errors)"
  echo "warnings=$(count warnings)"
  echo "sarif-file=${INPUT_SARIF_FILE:-}"
} >> "$GITHUB_OUTPUT"
exit "$code"
