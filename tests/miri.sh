#!/bin/sh
# Runs the tests of sdk/bridge, both sides of the contract, under Miri: it knows which pointer may still be used for what.
#
# Needs a nightly compiler with Miri (rustup component add miri rust-src --toolchain nightly), and says so where there is none.
set -eu

if ! cargo +nightly miri --version >/dev/null 2>&1; then
    echo "miri: skipped; rustup component add miri rust-src --toolchain nightly"
    exit 0
fi
root=$(cd "$(dirname "$0")/.." && pwd)
# What is lent to a plugin that is never released is kept on purpose. Load and chance are for the compiled tests: they take Miri too long.
export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-ignore-leaks"
cd "$root/sdk/bridge"
exec cargo +nightly miri test --quiet --locked --lib --test calls --test operations --test dispositions --test presence \
    -- --skip every_call_ends_once_under_load
