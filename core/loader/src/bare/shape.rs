//! Structs as an older or a newer gateway would lend them.

use std::mem::offset_of;

use rialto_abi as abi;
use rialto_bridge::read::Sized32;

/// How long the structs are that a plugin is lent, and of which kind operations are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// As this gateway knows them.
    Own,
    /// Longer, as those of a later gateway of the same contract: what is beyond means nothing to the plugin.
    Longer,
    /// As short as in the contract's first release. What follows in memory is garbage, so that who reads it is found out.
    First,
    /// Operations of a kind with this number; else as `Own`.
    Kind(u32),
}

/// What stands where nothing may be read.
const GARBAGE: u8 = 0xa5;
/// How much longer the structs of a later gateway are.
const BEYOND: usize = 64;

/// A struct of some length, as a plugin is lent it.
#[repr(C)]
pub(super) struct Shaped<T> {
    known: T,
    beyond: [u8; BEYOND],
}

impl Shape {
    /// Makes a struct of this shape out of one of ours, which begins with its size.
    pub(super) fn of<T: Sized32>(self, known: T) -> Shaped<T> {
        let mut shaped = Shaped {
            known,
            beyond: [GARBAGE; BEYOND],
        };
        let size = match self {
            Self::Own | Self::Kind(_) => return shaped,
            Self::Longer => size_of::<Shaped<T>>(),
            Self::First => T::FIRST,
        };
        let bytes = (&raw mut shaped).cast::<u8>();
        // SAFETY: within the struct, whose first field is its size; it is of numbers and pointers, of which all bytes are values to who only copies
        // them, and nobody reads what is overwritten, by contract.
        unsafe {
            bytes.cast::<u32>().write(size as u32);
            if size < size_of::<T>() {
                bytes.add(size).write_bytes(GARBAGE, size_of::<T>() - size);
            }
        }
        shaped
    }
}

impl<T> Shaped<T> {
    pub(super) const fn as_ptr(&self) -> *const T {
        &raw const self.known
    }
}

const _: () = assert!(offset_of!(abi::Operation, size) == 0);
const _: () = assert!(offset_of!(Shaped<abi::Operation>, beyond) == size_of::<abi::Operation>());
