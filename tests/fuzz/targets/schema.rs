//! A plugin's schema, and behind a NUL a configuration: neither harms whoever checks the one by the other, and no value is quoted.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_loader::read_manifest;

/// Longer ones may take more time than the fuzzer has for an input: whoever opens a library has that done in a process that may be ended.
const MAX_LEN: usize = 512;

// What compiles schemas panics at some, and is caught: only what is not caught ends the run.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |input: &str| {
    let (schema, config) = input.split_once('\0').unwrap_or((input, "{}"));
    if schema.len() > MAX_LEN {
        return;
    }
    let texts = ["name", "1.0.0", "protocol", "", "", "", "", ""];
    let Ok(manifest) = read_manifest(texts, schema) else {
        return;
    };
    let Some(schema) = manifest.config_schema() else {
        return;
    };
    for problem in schema.problems(config) {
        assert!(!problem.is_empty());
    }
});
