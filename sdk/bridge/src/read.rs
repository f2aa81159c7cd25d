//! Slices and structs of the other side.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use std::mem::MaybeUninit;

use rialto_abi as abi;
use rialto_model::{AddressError, FailureReason, MessageIdError, operation::TransactionIdError};
use thiserror::Error;

/// The longest slice that is believed: a garbage length is likelier than a message of this size.
pub const MAX_SLICE: usize = 64 << 20;
/// The longest list that is believed.
pub const MAX_LIST: usize = 1024;

/// What is wrong with data from the other side.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A struct is missing.
    #[error("a struct is null")]
    Null,
    /// A struct ends before its first release's last field.
    #[error("a struct has {size} bytes, at least {first} are needed")]
    Short {
        /// The size that it gives.
        size: usize,
        /// The size in the first release of this contract.
        first: usize,
    },
    /// A slice has a length but no memory.
    #[error("{what} has a length but no memory")]
    NoMemory {
        /// Which.
        what: &'static str,
    },
    /// A slice or list is longer than any real one.
    #[error("{what} has a length of {len}, at most {max} is taken")]
    TooLong {
        /// Which.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A text is not UTF-8.
    #[error("{what} is not UTF-8")]
    NotUtf8 {
        /// Which.
        what: &'static str,
    },
    /// A number stands for nothing that is known.
    #[error("{what} has the unknown number {number}")]
    Unknown {
        /// Which.
        what: &'static str,
        /// The number.
        number: u32,
    },
    /// A hop count that does not fit.
    #[error("the hop count is {0}, at most 255 is taken")]
    MaxForwards(u32),
    /// A number among the notifications of a subscription that does not fit.
    #[error("the version is {0}, at most 4294967295 is taken")]
    Version(u64),
    /// The identifier of an operation is none.
    #[error(transparent)]
    TransactionId(#[from] TransactionIdError),
    /// The message that a disposition is about is not named.
    #[error("what the disposition concerns is not named: {0}")]
    Concerning(TransactionIdError),
    /// The name that a message had from its sender is none.
    #[error(transparent)]
    MessageId(#[from] MessageIdError),
    /// What says why a message was not delivered says something else.
    #[error("the failure in the disposition has another status")]
    NoFailure,
    /// The subscription or publication is not named.
    #[error("the subscription is not named: {0}")]
    Subscription(TransactionIdError),
    /// What is left is no connection.
    #[error("what is left has no descriptor")]
    NoDescriptor,
    /// An operation of the presence service says nothing of it.
    #[error("an operation of the presence service has no `presence`")]
    NoPresence,
    /// The source or the destination is none.
    #[error("the {what} is invalid: {error}")]
    Address {
        /// Which.
        what: &'static str,
        /// Why.
        error: AddressError,
    },
    /// The response is for another operation than its ticket.
    #[error("the response carries the identifier of another operation")]
    AnotherOperation,
}

impl Malformed {
    /// What the other side is told: what is only newer than this side is a service that it does not offer, all else is a fault.
    pub const fn reason(&self) -> FailureReason {
        match self {
            Self::Unknown { .. } => FailureReason::UnsupportedService,
            _ => FailureReason::Internal,
        }
    }
}

/// Borrows bytes of the other side.
///
/// # Safety
/// `bytes` is null, or readable for its length during `'a`.
#[inline]
pub unsafe fn bytes<'a>(what: &'static str, bytes: abi::Bytes) -> Result<&'a [u8], Malformed> {
    let len = bytes.len;
    if len == 0 {
        return Ok(&[]);
    }
    if bytes.ptr.is_null() {
        return Err(Malformed::NoMemory { what });
    }
    if len > MAX_SLICE {
        return Err(too_long(what, len, MAX_SLICE));
    }
    // SAFETY: not null, not longer than an allocation can be, and the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(bytes.ptr, len) })
}

/// Borrows a text of the other side.
///
/// # Safety
/// As [`bytes()`].
#[inline(always)]
pub unsafe fn text<'a>(what: &'static str, text: abi::Bytes) -> Result<&'a str, Malformed> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(what, text) }?;
    if bytes.is_ascii() {
        // SAFETY: ASCII is UTF-8. (Nearly every text that crosses is; to see that costs a third of a look for more.)
        return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    std::str::from_utf8(bytes).map_err(|_| Malformed::NotUtf8 { what })
}

/// Borrows a list of the other side.
///
/// # Safety
/// `first` is null, or there are `len` readable elements during `'a`.
pub unsafe fn list<'a, T: Copy>(
    what: &'static str,
    first: *const T,
    len: usize,
) -> Result<&'a [T], Malformed> {
    if len == 0 {
        return Ok(&[]);
    }
    if first.is_null() || !first.is_aligned() {
        return Err(Malformed::NoMemory { what });
    }
    if len > MAX_LIST {
        return Err(too_long(what, len, MAX_LIST));
    }
    // SAFETY: not null, aligned, bounded, and the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(first, len) })
}

pub(crate) const fn too_long(what: &'static str, len: usize, max: usize) -> Malformed {
    Malformed::TooLong { what, len, max }
}

/// Lends bytes to the other side; valid as long as the slice.
pub const fn lend(bytes: &[u8]) -> abi::Bytes {
    abi::Bytes {
        ptr: bytes.as_ptr(),
        len: bytes.len(),
    }
}

/// The slice that stands for "none" where a text is optional.
pub const NONE: abi::Bytes = abi::Bytes {
    ptr: std::ptr::null(),
    len: 0,
};

/// A struct of the contract that starts with its size, and of which all zeros is a value.
///
/// # Safety
/// Exactly that.
pub unsafe trait Sized32: Copy {
    /// The size in the first release of this contract.
    const FIRST: usize;
}

macro_rules! sized {
    ($($of:ty = $first:literal;)*) => {$(
        // SAFETY: numbers, raw pointers, slices of both and optional functions only; `size` comes first.
        unsafe impl Sized32 for $of {
            const FIRST: usize = $first;
        }
        const _: () = assert!(size_of::<$of>() >= $first, "a struct only grows");
    )*};
}

sized! {
    abi::Operation = 224;
    abi::Presence = 64;
    abi::Response = 64;
    abi::Host = 72;
    abi::LogRecord = 56;
    abi::Start = 48;
    abi::Legacy = 24;
    abi::Stop = 16;
    abi::Claim = 24;
    abi::ClaimSink = 24;
}

/// Borrows a struct that is no shorter than ours; `None`: read its [`prefix`].
///
/// # Safety
/// As [`prefix`], during `'a`.
pub unsafe fn whole<'a, T: Sized32>(from: *const T) -> Option<&'a T> {
    if from.is_null() || !from.is_aligned() {
        return None;
    }
    // SAFETY: not null, aligned, and the caller's promise; `T` starts with its size.
    let size = unsafe { from.cast::<u32>().read() } as usize;
    // SAFETY: as long as ours.
    (size >= size_of::<T>()).then(|| unsafe { &*from })
}

/// Reads the part of a struct that both sides know; the rest is zero.
///
/// # Safety
/// `from` is null, or readable for as many bytes as its first number says.
pub unsafe fn prefix<T: Sized32>(from: *const T) -> Result<T, Malformed> {
    if from.is_null() {
        return Err(Malformed::Null);
    }
    // SAFETY: not null, and the caller's promise; `T` starts with its size.
    let size = unsafe { from.cast::<u32>().read_unaligned() } as usize;
    if size >= size_of::<T>() {
        // SAFETY: at least that long.
        return Ok(unsafe { from.read_unaligned() });
    }
    if size < T::FIRST {
        return Err(Malformed::Short {
            size,
            first: T::FIRST,
        });
    }
    // No struct ends inside of a number or a pointer: half of one would be garbage.
    let whole = size - size % align_of::<T>();
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: that many bytes are readable and fit; zeros are a value of `T`.
    unsafe {
        std::ptr::copy_nonoverlapping(from.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), whole);
        Ok(value.assume_init())
    }
}
