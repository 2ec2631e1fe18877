#!/usr/bin/env bash
# Runs every suite, or only those named, three at a time, and ends with a line that counts: N passed, N failed, N skipped.
# A suite that cannot run here is skipped with its reason; where CI=true it fails. A suite counts by the results file that it
# leaves; one that leaves none, or ends badly without a failed test, counts as one failed test.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

root=$PWD
results=$root/artifacts/test-results
# Seconds after which a suite counts as hanging and is killed.
limit=${SUITE_LIMIT:-1200}

# Tests run for minutes at most: profiles to compile by, mapping code pages twice, and collecting a small nursery cost them a
# third of their time.
export DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0 DOTNET_GCgen0size=0x4000000

# The longest first.
dotnet=()
for project in tests/*.Tests; do
    [[ $project == tests/ClawGrpc.@(Server|EndToEnd).Tests ]] || dotnet+=("${project#tests/}")
done
suites=(ClawGrpc.EndToEnd.Tests ClawGrpc.Server.Tests client-typescript client-python "${dotnet[@]}" client-go)

# Why a suite cannot run here; prints nothing if it can.
absence() {
    case $1 in
        ClawGrpc.Postgres.Tests)
            eng/debian.sh postgresql 2>"$results/$1.apt" || tail -n 1 "$results/$1.apt"
            ;;
        client-typescript)
            command -v npm >/dev/null || { echo 'npm is not installed' && return; }
            command -v openssl >/dev/null || echo 'openssl is not installed (it makes the certificates of the tests)'
            ;;
        client-python)
            command -v npm >/dev/null || { echo 'npm is not installed (buf comes from there)' && return; }
            eng/debian.sh openssl python3 python3-grpcio python3-protobuf \
                protobuf-compiler protobuf-compiler-grpc libprotobuf-dev \
                2>"$results/$1.apt" || tail -n 1 "$results/$1.apt"
            ;;
        client-go)
            eng/debian.sh golang-go golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev \
                2>"$results/$1.apt" || tail -n 1 "$results/$1.apt"
            ;;
    esac
}

run() {
    case $1 in
        ClawGrpc.EndToEnd.Tests | client-*)
            # The programs that these start, if they are not native, run for a second: too short to compile again what runs often.
            export DOTNET_TC_CallCounting=0
            ;;
    esac
    case $1 in
        client-typescript) cd clients/typescript && npm ci --no-audit --no-fund && npm test ;;
        client-python) cd clients/python && /usr/bin/python3 tests/run.py ;;
        client-go) clients/go/test.sh ;;
        *)
            cd "tests/$1" && dotnet test "$root/artifacts/bin/$1/release/$1.dll" \
                --logger "trx;LogFileName=$1.trx" --results-directory "$results" \
                --blame-hang-timeout 4m --blame-hang-dump-type none
            ;;
    esac
}

# Prints a line "outcome name" for each test of a results file: TRX as dotnet test writes it, JUnit XML as the others do.
outcomes() {
    case $1 in
        *.trx)
            grep -q '</TestRun>' "$1" || return
            sed -n 's/.*<UnitTestResult .*testName="\([^"]*\)".*outcome="\([A-Za-z]*\)".*/\2 \1/p' "$1" |
                sed -e 's/^Passed /passed /' -e 's/^NotExecuted /skipped /' -e '/^passed \|^skipped /!s/^[A-Za-z]* /failed /'
            ;;
        *)
            grep -q '</testsuites\{0,1\}>' "$1" || return
            tr '\n' ' ' <"$1" | sed 's/<testcase /\n&/g' | sed -n '/^<testcase /{
                s/^<testcase [^>]*\bname="\([^"]*\)".*<\(failure\|error\)[ >].*/failed \1/;t end
                s/^<testcase [^>]*\bname="\([^"]*\)".*<skipped[ \/>].*/skipped \1/;t end
                s/^<testcase [^>]*\bname="\([^"]*\)".*/passed \1/
                :end
                p
            }'
            ;;
    esac
}

# Runs one suite and leaves its outcomes in NAME.outcomes.
suite() {
    local name=$1 start=$SECONDS code=0 why log=$results/$1.log file
    why=$(absence "$name")
    if [[ -n $why ]]; then
        [[ ${CI:-} == true ]] && code=failed || code=skipped
        echo "$code $why" >"$results/$name.outcomes"
        echo "$code  $name: $why"
        return
    fi
    # A process group of its own, so that processes that the suite leaves behind are killed too.
    CI=${CI:-} setsid timeout --kill-after=5 "$limit" "$0" --run "$name" >"$log" 2>&1 </dev/null &
    local group=$!
    trap 'kill -KILL -- -$group 2>/dev/null; exit 130' INT TERM
    wait $group || code=$?
    kill -KILL -- -$group 2>/dev/null
    for file in "$results/$name".{trx,xml}; do
        [[ -f $file ]] && outcomes "$file" | awk 1 # A last line without its end would swallow the next.
    done >"$results/$name.outcomes"
    if [[ ! -s $results/$name.outcomes ]]; then
        echo "failed it left no results, exit code $code" >>"$results/$name.outcomes"
    elif ((code)) && ! grep -q ^failed "$results/$name.outcomes"; then
        echo "failed exit code $code" >>"$results/$name.outcomes"
    fi
    local verdict=ok
    if grep -q ^failed "$results/$name.outcomes"; then
        verdict=FAIL
        sed 's/^/      | /' "$log"
    fi
    printf '%-5s %s: %s, %d s\n' $verdict "$name" "$(count "$results/$name.outcomes")" $((SECONDS - start))
}

count() {
    awk '{ n[$1]++ } END { printf "%d passed, %d failed, %d skipped\n", n["passed"], n["failed"], n["skipped"] }' "$@"
}

if [[ ${1:-} == --run ]]; then
    run "$2"
    exit
fi

if (($#)); then
    for name in "$@"; do
        [[ " ${suites[*]} " == *" $name "* ]] || { echo "no suite $name; there are: ${suites[*]}" >&2 && exit 2; }
    done
    suites=("$@")
fi
rm -rf "$results"
mkdir -p "$results"
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
# Those of the clients one by one beside the others: they mostly wait.
for name in "${suites[@]}"; do [[ $name != client-* ]] || suite "$name"; done &
for name in "${suites[@]}"; do
    [[ $name != client-* ]] || continue
    while (($(jobs -pr | wc -l) >= 3)); do wait -n; done
    suite "$name" &
done
wait
# Again what failed, for a reader who sees only the end of a long output.
for name in "${suites[@]}"; do sed -n "s/^failed /failed: $name: /p" "$results/$name.outcomes"; done
count "$results"/*.outcomes | tee "$results/sum"
grep -q ' 0 failed' "$results/sum"
