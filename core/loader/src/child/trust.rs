//! Which libraries a process may load, as its gateway tells it.

use super::frame::{Frame, FrameError, Writer};
use crate::{Digest, Trust, TrustedKey};

/// Nothing is asked of the library.
const ANY: u64 = 0;
/// Its place is.
const PLACE: u64 = 1;
/// And its digest.
const LISTED: u64 = 2;

pub(super) fn put(frame: &mut Writer<'_>, trust: Option<&Trust>) {
    let Some(trust) = trust else {
        frame.number(ANY);
        return;
    };
    let allowed = trust.allowed();
    frame.number(allowed.map_or(PLACE, |_| LISTED));
    frame.number(trust.keys().len() as u64);
    for key in trust.keys() {
        frame.bytes(key.as_bytes());
    }
    if let Some(allowed) = allowed {
        frame.number(allowed.len() as u64);
        for digest in allowed {
            frame.bytes(digest.as_bytes());
        }
    }
}

/// What is not understood is no leave to load anything.
pub(super) fn read(frame: &mut Frame<'_>) -> Result<Option<Trust>, FrameError> {
    let kind = frame.number()?;
    if kind == ANY {
        return Ok(None);
    }
    let trust = Trust::new().with_keys(list(frame, TrustedKey::from_bytes)?);
    match kind {
        PLACE => Ok(Some(trust)),
        LISTED => Ok(Some(trust.with_allowed(list(frame, Digest::from_bytes)?))),
        _ => Err(FrameError::Stranger),
    }
}

fn list<T>(frame: &mut Frame<'_>, of: impl Fn([u8; 32]) -> T) -> Result<Vec<T>, FrameError> {
    let count = frame.count(Trust::MAX_LIST)?;
    let each = (0..count).map(|_| {
        let bytes = frame.bytes()?.try_into().map_err(|_| FrameError::Short)?;
        Ok(of(bytes))
    });
    each.collect()
}
