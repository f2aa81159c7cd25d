//! What stands before the root element.

use super::Ledger;
use crate::presence::{Forgiveness, PidfError};

/// Passes over a byte order mark, white space and the XML declaration; says where the rest begins.
///
/// The declaration is not the parser's, which wants `standalone` to be `yes`.
pub(super) fn skip(bytes: &[u8], ledger: &mut Ledger) -> Result<usize, PidfError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            return Err(PidfError::Encoding {
                at: error.valid_up_to(),
            });
        }
    };
    let rest = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let Some(declaration) = rest.strip_prefix("<?xml") else {
        // White space may stand before the root element, but nothing may before a declaration.
        if text.starts_with('\u{feff}') {
            ledger.forgive(0, Forgiveness::Start);
        }
        return Ok(text.len() - rest.len());
    };
    if rest.len() != text.len() {
        ledger.forgive(0, Forgiveness::Start);
    }
    let at = text.len() - rest.len();
    let (declaration, rest) = declaration
        .split_once("?>")
        .filter(|(declaration, _)| declaration.starts_with([' ', '\t', '\r', '\n']))
        .ok_or(PidfError::Restricted {
            at,
            what: "processing instructions",
        })?;
    if !is_utf8(declaration) {
        ledger.forgive(at, Forgiveness::Encoding);
    }
    // The parser wants nothing before the first tag or comment.
    Ok(text.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len())
}

/// Whether a declaration names no other character set than the one that the document is in.
fn is_utf8(declaration: &str) -> bool {
    let Some((_, value)) = declaration.split_once("encoding") else {
        return true;
    };
    let value = value.trim_start().trim_start_matches('=').trim_start();
    let mut parts = value.split(['"', '\'']);
    let name = parts.nth(1).unwrap_or_default();
    ["utf-8", "utf8", "us-ascii", "ascii"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}
