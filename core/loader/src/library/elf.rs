//! Whether a file is a whole shared library.
//!
//! `dlopen` of a truncated file is a SIGBUS, not an error: so its segments and section headers are compared with its length first.

use std::{fs::File, os::unix::fs::FileExt};

const SHARED_OBJECT: u64 = 3;
const LOAD: u64 = 1;
const HEADER_LEN: usize = 64;
const SEGMENT_LEN: usize = 56;
const MAX_SEGMENTS: u64 = 4096;

/// Says what is wrong with the file, if it is not a whole shared library.
pub(super) fn check(file: &File) -> Result<(), String> {
    let len = file.metadata().map_err(|error| error.to_string())?.len();
    let mut header = [0; HEADER_LEN];
    file.read_exact_at(&mut header, 0)
        .map_err(|_| format!("it has {len} bytes only"))?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return Err("it is not a 64-bit little-endian ELF file".to_owned());
    }
    if number(&header, 16, 2) != SHARED_OBJECT {
        return Err("it is an ELF file, but not a shared object".to_owned());
    }
    // Last in the file, unless it is stripped of them: seen first when bytes are missing at the end.
    let sections =
        number(&header, 40, 8).saturating_add(number(&header, 58, 2) * number(&header, 60, 2));
    if sections > len {
        return Err(format!(
            "truncated: its section headers end at {sections}, the file at {len}"
        ));
    }
    let (at, size, count) = (
        number(&header, 32, 8),
        number(&header, 54, 2),
        number(&header, 56, 2),
    );
    if count == 0 || count > MAX_SEGMENTS {
        return Err(format!("it has {count} segments"));
    }
    for which in 0..count {
        let mut segment = [0; SEGMENT_LEN];
        file.read_exact_at(&mut segment, at.saturating_add(which * size))
            .map_err(|_| format!("truncated: its headers go beyond its {len} bytes"))?;
        let end = number(&segment, 8, 8).saturating_add(number(&segment, 32, 8));
        if number(&segment, 0, 4) == LOAD && end > len {
            return Err(format!(
                "truncated: a segment ends at {end}, the file at {len}"
            ));
        }
    }
    Ok(())
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let bytes = bytes.get(at..at + len).unwrap_or_default();
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
