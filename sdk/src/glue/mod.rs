//! Between the contract and the [`Plugin`] trait; used by `export_plugin!`, not by people.
#![expect(unsafe_code, reason = "is called from the other side of the boundary")]

mod adapter;
mod calls;
mod deliver;
mod guard;
mod waiting;

use abi_stable::{
    library::{CheckTypeLayout, ROOT_MODULE_LOADER_NAME},
    prefix_type::PrefixTypeTrait,
};
use rialto_abi as abi;
use rialto_bridge::read::{NONE, lend};
use rialto_model::ResponseStatus;

use crate::{Plugin, PluginInfo};

pub use abi::Plugin as Table;
pub use abi_stable::library::{__call_root_module_loader as root, LibHeader, RootModuleResult};

// The macro writes abi_stable's symbol as a literal: fail the build if it changes.
const _: () = {
    let actual = ROOT_MODULE_LOADER_NAME.as_bytes();
    let written = b"_1as_0lib_1header_0root_bmodule_bloader";
    assert!(actual.len() == written.len());
    let mut at = 0;
    while at < actual.len() {
        assert!(actual[at] == written[at]);
        at += 1;
    }
};

/// What abi_stable looks for.
pub const fn header(load: extern "C" fn() -> RootModuleResult) -> LibHeader {
    // SAFETY: `load` comes from `export_plugin!`, which returns a `RootRef`.
    unsafe { LibHeader::from_constructor::<abi::rust::RootRef>(load, CheckTypeLayout::Yes) }
}

/// What abi_stable finds.
pub fn module(plugin: &'static Table) -> abi::rust::RootRef {
    abi::rust::Root { plugin }.leak_into_prefix()
}

/// The plugin's table.
pub const fn table<P: Plugin>() -> Table {
    let PluginInfo {
        name,
        version,
        protocol,
        services,
        licence,
        authors,
        ..
    } = P::INFO;
    Table {
        magic: abi::MAGIC,
        contract: abi::CONTRACT,
        size: size_of::<Table>() as u32,
        name: lend(name.as_bytes()),
        version: lend(version.as_bytes()),
        protocol: lend(protocol.as_bytes()),
        schemes: Schemes::<P>::lent(),
        services: services.0,
        licence: optional(licence),
        authors: optional(authors),
        claims: Some(calls::claims::<P>),
        start: Some(calls::start::<P>),
        deliver: Some(deliver::deliver::<P>),
        cancel: Some(deliver::cancel::<P>),
        stop: Some(calls::stop::<P>),
        release: Some(calls::release::<P>),
        set_level: Some(calls::set_level),
        layout: abi::LAYOUT.as_ptr(),
        layout_len: abi::LAYOUT.len(),
    }
}

const fn optional(text: Option<&'static str>) -> abi::Bytes {
    match text {
        Some(text) => lend(text.as_bytes()),
        None => NONE,
    }
}

const MAX_SCHEMES: usize = 256;

/// The schemes, separated by commas; joined when the plugin is compiled.
struct Schemes<P>(std::marker::PhantomData<P>);

impl<P: Plugin> Schemes<P> {
    const JOINED: ([u8; MAX_SCHEMES], usize) = {
        let mut joined = [0; MAX_SCHEMES];
        let (mut len, mut which) = (0, 0);
        while which < P::INFO.schemes.len() {
            let scheme = P::INFO.schemes[which].as_bytes();
            assert!(len + scheme.len() < MAX_SCHEMES, "too many schemes");
            if which > 0 {
                joined[len] = b',';
                len += 1;
            }
            let mut at = 0;
            while at < scheme.len() {
                joined[len] = scheme[at];
                len += 1;
                at += 1;
            }
            which += 1;
        }
        (joined, len)
    };

    const fn lent() -> abi::Bytes {
        abi::Bytes {
            ptr: const { &Self::JOINED.0 }.as_ptr(),
            len: Self::JOINED.1,
        }
    }
}

/// What a failure says.
pub(crate) fn detail(status: &ResponseStatus) -> &str {
    match status {
        ResponseStatus::Failure(failure) => failure.detail(),
        _ => "",
    }
}
