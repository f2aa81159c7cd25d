//! `[plugins]`: which libraries may be loaded.

use rialto_loader::{Digest, Trust, TrustedKey};

use super::section::Section;

/// `[plugins]`; what it does not ask for still has to lie where nobody else can change it.
pub(super) fn read(mut section: Section<'_>) -> Trust {
    // An empty list is one: nothing may be loaded.
    let allowed = section
        .contains("allow")
        .then(|| section.parsed_list::<Digest>("allow"));
    let keys = section
        .contains("trusted_keys")
        .then(|| section.parsed_list::<TrustedKey>("trusted_keys"));
    if keys.as_ref().is_some_and(Vec::is_empty) {
        section.report(
            "trusted_keys",
            "no key is named",
            "name one, or leave it out, for libraries without signatures",
        );
    }
    for (key, len) in [
        ("allow", allowed.as_ref().map(Vec::len)),
        ("trusted_keys", keys.as_ref().map(Vec::len)),
    ] {
        if len.is_some_and(|len| len > Trust::MAX_LIST) {
            section.report(
                key,
                "too long",
                &format!("at most {} entries", Trust::MAX_LIST),
            );
        }
    }
    section.finish();
    let trust = Trust::new().with_keys(keys.unwrap_or_default());
    match allowed {
        Some(allowed) => trust.with_allowed(allowed),
        None => trust,
    }
}
