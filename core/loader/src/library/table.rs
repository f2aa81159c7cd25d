//! A plugin's table.
#![expect(unsafe_code, reason = "reads what the library exports")]

use std::{mem::MaybeUninit, path::Path};

use rialto_abi as abi;

use crate::LoadError;

/// The table's size in the first release of this contract.
const FIRST: usize = 192;

/// Reads a table; what the plugin does not know yet is zero.
///
/// # Safety
/// `exported` is null, or leads to a table that starts with the mark, or to at least eight other bytes.
pub(super) unsafe fn read(
    path: &Path,
    exported: *const abi::Plugin,
) -> Result<abi::Plugin, LoadError> {
    if exported.is_null() {
        return Err(LoadError::NotAPlugin {
            path: path.to_owned(),
            why: "its `RIALTO_PLUGIN` leads nowhere".to_owned(),
        });
    }
    // SAFETY: the caller's promise; unaligned, since it may be something else.
    let magic = unsafe { (&raw const (*exported).magic).read_unaligned() };
    if magic != abi::MAGIC || !exported.is_aligned() {
        return Err(LoadError::NotAPlugin {
            path: path.to_owned(),
            why: "its `RIALTO_PLUGIN` has another mark".to_owned(),
        });
    }
    // SAFETY: the mark is there, so the first fields are.
    let (contract, size) = unsafe { ((*exported).contract, (*exported).size as usize) };
    if contract != abi::CONTRACT {
        return Err(LoadError::Contract {
            path: path.to_owned(),
            plugin: contract,
            gateway: abi::CONTRACT,
        });
    }
    if size < FIRST {
        return Err(incomplete(path, "its last fields"));
    }
    let mut table = MaybeUninit::<abi::Plugin>::zeroed();
    // SAFETY: `size` bytes are there, by contract; zero is a value of every field.
    let table = unsafe {
        let known = size.min(size_of::<abi::Plugin>());
        std::ptr::copy_nonoverlapping(exported.cast::<u8>(), table.as_mut_ptr().cast(), known);
        table.assume_init()
    };
    for (function, missing) in [
        ("the function `start`", table.start.is_none()),
        ("the function `deliver`", table.deliver.is_none()),
        ("the function `stop`", table.stop.is_none()),
        ("the function `release`", table.release.is_none()),
    ] {
        if missing {
            return Err(incomplete(path, function));
        }
    }
    Ok(table)
}

fn incomplete(path: &Path, what: &'static str) -> LoadError {
    LoadError::Incomplete {
        path: path.to_owned(),
        what: what.into(),
    }
}
