#!/usr/bin/env bash
# Proves the templates that the environment names, and writes the reports. Ends as `labwright template test` does.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
reports=${REPORTS:-labwright-reports}
mkdir -p "$reports"
# shellcheck disable=SC2206 # folders are given as words, and patterns are meant to be expanded.
templates=($TEMPLATES)
arguments=(--backend "${BACKEND:-process}" --runs "${RUNS:-1}" --github)
[ -z "${RECORDS:-}" ] || arguments+=(--records "$RECORDS")

"$here/../../../src/cli/labwright" template test "${templates[@]}" "${arguments[@]}" \
  --junit "$reports/junit.xml" --json "$reports/proof.json"
code=$?
{
  echo "junit=$reports/junit.xml"
  echo "json=$reports/proof.json"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
