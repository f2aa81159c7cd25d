//! What is read of a library's own words, without a library: for the fuzzer.

use rialto_abi as abi;
use rialto_bridge::read::lend;

use super::{ConfigSchema, Language, Manifest, manifest};

/// Reads a manifest of these texts, in the order of the table, with this schema.
#[doc(hidden)]
pub fn read_manifest(texts: [&str; manifest::TEXTS], schema: &str) -> Result<Manifest, String> {
    let schema = match schema {
        "" => None,
        schema => Some(ConfigSchema::parse(schema)?),
    };
    let texts = texts.map(|text| lend(text.as_bytes()));
    let table = manifest::table(texts, abi::SERVICE_MESSAGES, 0);
    // SAFETY: its texts are lent for the call.
    #[expect(unsafe_code, reason = "reads what a library would have")]
    unsafe {
        Manifest::read(&table, schema, Language::Other)
    }
}
