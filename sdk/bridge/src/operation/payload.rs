//! Payloads that stay where they are.
#![expect(unsafe_code, reason = "keeps what the other side owns")]

use std::{ffi::c_void, ptr::NonNull};

use bytes::Bytes;
use rialto_abi as abi;

use crate::read::{self, Malformed};

/// From this length on a payload is kept where it is; shorter ones are copied, which costs less.
pub const LENT_FROM: usize = 1024;

/// A payload that the other side keeps for us.
#[derive(Debug)]
struct Lent {
    first: *const u8,
    len: usize,
    retained: NonNull<c_void>,
    release: unsafe extern "C" fn(*mut c_void),
}

// SAFETY: immutable bytes; `release` may be called from any thread, by contract.
unsafe impl Send for Lent {}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `own` has seen that the slice is sound; the other side keeps it until `release`.
        unsafe { std::slice::from_raw_parts(self.first, self.len) }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: what `retain` returned, once.
        unsafe { (self.release)(self.retained.as_ptr()) }
    }
}

/// Takes the payload: kept where it is if it is large enough and the other side can, else copied.
///
/// # Safety
/// `raw` follows the contract, and its call has not returned.
#[inline(always)]
pub(super) unsafe fn own(raw: &abi::Operation) -> Result<Bytes, Malformed> {
    // SAFETY: the caller's promise.
    let payload = unsafe { read::bytes("the payload", raw.payload) }?;
    if payload.len() >= LENT_FROM
        && let (Some(retain), Some(release)) = (raw.retain, raw.release)
    {
        // SAFETY: the caller's promise.
        let retained = unsafe { retain(raw.owner) };
        if let Some(retained) = NonNull::new(retained) {
            return Ok(Bytes::from_owner(Lent {
                first: payload.as_ptr(),
                len: payload.len(),
                retained,
                release,
            }));
        }
    }
    Ok(Bytes::copy_from_slice(payload))
}
