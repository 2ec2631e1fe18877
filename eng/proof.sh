#!/usr/bin/env bash
# Runs proofs in full, each even after another has failed: eng/proof.sh PROJECT/TEST_CLASS... Exit code 1 if one failed or did
# not run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

failed=()
for proof in "$@"; do
    project=${proof%/*}
    log=$(mktemp)
    echo "=== ${proof#*/}"
    PROOF=full dotnet test "artifacts/bin/$project/release/$project.dll" \
        --filter "FullyQualifiedName~.${proof#*/}" --logger 'console;verbosity=detailed' | tee "$log" | grep -vE '^\[xUnit|^ *$'
    ((PIPESTATUS[0] == 0)) && grep -q 'Total tests: [1-9]' "$log" || failed+=("$proof")
    rm -f "$log"
done
((${#failed[@]})) || exit 0
printf 'failed: %s\n' "${failed[@]}"
exit 1
