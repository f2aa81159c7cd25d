//! Digests and keys as operators write them: what is taken is written as it was read, but for the case of its digits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_loader::{Digest, TrustedKey};

fuzz_target!(|text: &str| {
    let (prefix, digits) = text.split_once(':').unwrap_or((text, ""));
    let canonical = format!("{prefix}:{}", digits.to_ascii_lowercase());
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), canonical);
        assert_eq!(canonical.parse(), Ok(digest));
    }
    if let Ok(key) = text.parse::<TrustedKey>() {
        assert_eq!(key.to_string(), canonical);
        assert_eq!(canonical.parse(), Ok(key));
    }
});
