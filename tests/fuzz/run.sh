#!/bin/sh
# Builds the fuzz targets once and runs each for some seconds (10) on what corpus/ holds and earlier runs have found,
# as many at a time as there are cores.
#
#   run.sh [seconds] [target…]      fails when an input crashes a target, and says where that input is
#   KEEP=1 run.sh 600               also writes a part of the minimised corpus back to corpus/
#
# Needs g++ and nothing else: cargo-fuzz and a nightly compiler are not used. What runs find stays in
# target/fuzz, minimised after each run.
set -eu

fuzz=$(cd "$(dirname "$0")" && pwd)
work=${CARGO_TARGET_DIR:-$fuzz/../../target}/fuzz
seconds=${1:-10}
[ $# = 0 ] || shift
targets=${*:-operation uri local_part cpim disposition journal rules pidf watchers sip_in stanza_in smtp_in smtp_out mail child manifest schema trust section}
host=$(rustc -vV | sed -n 's/^host: //p')

# The longest input, in bytes; and how many inputs are kept in corpus/ beside the seeds.
max_len=16384
max_kept=100

# What a nightly compiler's -Zsanitizer-coverage would do. With --target, only the code for the target is
# instrumented, and not the build scripts and macros.
passes="-Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0
    -Ccodegen-units=1 --cfg fuzzing"

mkdir -p "$work"
work=$(cd "$work" && pwd)
bins=$(for target in $targets; do printf -- '--bin %s ' "$target"; done)
# shellcheck disable=SC2086 # words
RUSTFLAGS=$(echo $passes) cargo build --quiet --release --target "$host" --target-dir "$work" \
    --manifest-path "$fuzz/Cargo.toml" $bins

# run_one <target>: the status of the fuzzer, after its corpus was minimised.
run_one() {
    found=$work/corpus/$1
    crashes=$work/crashes/$1/
    log=$work/$1.log
    program=$work/$host/release/$1
    rm -rf "$crashes"
    mkdir -p "$found" "$crashes"
    if ! "$program" -max_total_time="$seconds" -max_len=$max_len -timeout=5 -rss_limit_mb=1024 \
        -artifact_prefix="$crashes" -print_final_stats=1 "$found" "$fuzz/corpus/$1" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "fuzz: $1 failed; its input is in $crashes" >&2
        return 1
    fi
    minimised=$(mktemp -d "$work/corpus/$1.XXXXXX")
    if ! "$program" -merge=1 -max_len=$max_len "$minimised" "$fuzz/corpus/$1" "$found" >>"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "fuzz: the corpus of $1 cannot be minimised" >&2
        return 1
    fi
    rm -rf "$found"
    mv "$minimised" "$found"
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: $1: $executed inputs in $seconds s, $(find "$found" -type f | wc -l) kept"
}

# keep <target>: corpus/ becomes its seeds, whose names have a dot, and of what was found an even choice by size.
keep() {
    find "$fuzz/corpus/$1" -type f ! -name '*.*' -delete
    find "$work/corpus/$1" -type f -size -4k -printf '%s %p\n' | sort -n >"$work/$1.sizes"
    step=$(($(wc -l <"$work/$1.sizes") / max_kept + 1))
    awk -v step=$step 'NR % step == 0 { print $2 }' "$work/$1.sizes" |
        while read -r file; do cp "$file" "$fuzz/corpus/$1/"; done
}

# run_all <target>…: one after the other, and then whether all went well.
run_all() {
    status=0
    for target in "$@"; do
        if run_one "$target"; then
            [ "${KEEP:-0}" = 0 ] || keep "$target"
        else
            status=1
        fi
    done
    return $status
}

# Each core takes as many of them as any other.
cores=$(nproc)
running=
core=0
while [ $core -lt "$cores" ]; do
    # shellcheck disable=SC2086 # words
    share=$(printf '%s\n' $targets | awk -v cores="$cores" -v core=$core 'NR % cores == core')
    # shellcheck disable=SC2086 # words
    run_all $share &
    running="$running $!"
    core=$((core + 1))
done
failed=0
for one in $running; do
    wait "$one" || failed=1
done
exit $failed
