//! An adapter's section, of what sections are made of: what is taken is the same when it is written and read again, and no secret is shown.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rialto_sdk::config::{ByteSize, Secret, Span};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(default)]
    wait: Span,
    #[serde(default)]
    size: ByteSize,
    #[serde(default)]
    secret: Option<Secret<String>>,
    #[serde(default, with = "rialto_sdk::config::duration")]
    patience: Duration,
}

fuzz_target!(|json: &str| {
    let Ok(section) = serde_json::from_str::<Section>(json) else {
        return;
    };
    assert_eq!(section.wait.to_string().parse(), Ok(section.wait));
    assert_eq!(section.size.to_string().parse(), Ok(section.size));
    assert_eq!(section.patience.subsec_nanos() % 1_000_000, 0);
    if let Some(secret) = &section.secret {
        assert_eq!(format!("{secret:?}"), "…");
    }
});
