//! The layer for Rust plugins only.
//!
//! When a library is loaded, `abi_stable` walks from here through every type of the contract and names the field that
//! differs; unlike the list of fields it sees the functions' signatures too.

use abi_stable::{
    StableAbi, declare_root_module_statics, library::RootModule, sabi_types::VersionStrings,
};

use crate::Plugin;

/// What `abi_stable` finds in a library.
#[repr(C)]
#[derive(StableAbi, Debug)]
#[sabi(kind(Prefix(prefix_ref = RootRef)))]
#[sabi(missing_field(panic))]
pub struct Root {
    /// The same table as the exported symbol.
    #[sabi(last_prefix_field)]
    pub plugin: &'static Plugin,
}

impl RootModule for RootRef {
    declare_root_module_statics! { RootRef }
    const BASE_NAME: &'static str = "rialto_plugin";
    const NAME: &'static str = "rialto_plugin";
    // The contract's number, not a release's: the check is of layouts.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}
