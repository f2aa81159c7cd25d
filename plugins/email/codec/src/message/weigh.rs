//! Weighs a message before it is parsed: the parser keeps something for each part and field, and some searches go to
//! the end for each multipart.

use memchr::{memchr_iter, memchr2_iter, memmem};

use super::MailError;
use crate::limits::{MAX_BOUNDARY_SEARCH, MAX_CONTENT_TYPES, MAX_DASHES, MAX_FIELD_LINES};

/// # Errors
/// More of something than its bound.
pub(super) fn weigh(raw: &[u8]) -> Result<(), MailError> {
    bounded("runs of dashes", runs_of_dashes(raw), MAX_DASHES)?;
    bounded("Content-Type fields", content_types(raw), MAX_CONTENT_TYPES)?;
    bounded("lines with a colon", field_lines(raw), MAX_FIELD_LINES)?;
    let multiparts = words(raw, b"multipart");
    bounded(
        "octets times multiparts",
        raw.len().saturating_mul(multiparts),
        MAX_BOUNDARY_SEARCH,
    )
}

fn bounded(what: &'static str, count: usize, limit: usize) -> Result<(), MailError> {
    if count > limit {
        Err(MailError::TooMany { what, limit })
    } else {
        Ok(())
    }
}

fn runs_of_dashes(raw: &[u8]) -> usize {
    memmem::find_iter(raw, b"--")
        .filter(|at| at.checked_sub(1).and_then(|before| raw.get(before)) != Some(&b'-'))
        .count()
}

fn content_types(raw: &[u8]) -> usize {
    let name = b"content-type";
    memchr_iter(b'-', raw)
        .filter(|at| {
            let start = at.checked_sub(b"content".len());
            start.is_some_and(|start| starts_with(raw, start, name))
        })
        .count()
}

/// How often a word stands there, in whatever case; it begins with an `m`.
fn words(raw: &[u8], word: &[u8]) -> usize {
    memchr2_iter(b'm', b'M', raw)
        .filter(|at| starts_with(raw, *at, word))
        .count()
}

fn starts_with(raw: &[u8], start: usize, word: &[u8]) -> bool {
    raw.get(start..start + word.len())
        .is_some_and(|found| found.eq_ignore_ascii_case(word))
}

fn field_lines(raw: &[u8]) -> usize {
    let mut lines = 0;
    let mut counted = false;
    for at in memchr2_iter(b':', b'\n', raw) {
        let colon = raw.get(at) == Some(&b':');
        lines += usize::from(colon && !counted);
        counted = colon;
    }
    lines
}
