//! Between the contract and the [`Plugin`] trait; used by `export_plugin!`, not by people.
#![expect(unsafe_code, reason = "is called from the other side of the boundary")]

mod adapter;
mod calls;
mod deliver;
mod guard;
mod waiting;

use std::sync::OnceLock;

use abi_stable::{
    library::{CheckTypeLayout, ROOT_MODULE_LOADER_NAME},
    prefix_type::PrefixTypeTrait,
};
use rialto_abi as abi;
use rialto_bridge::read::{NONE, lend};
use rialto_model::ResponseStatus;

use crate::{Plugin, PluginInfo};

pub use abi::{Bytes, Plugin as Table};
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

/// The JSON Schema of the plugin's configuration, made once; nothing when making it panics.
pub fn config_schema<P: Plugin>(made: &'static OnceLock<String>) -> Bytes {
    let make = || schemars::schema_for!(P::Config).to_value().to_string();
    let mut schema = NONE;
    guard::unanswered(|| schema = lend(made.get_or_init(make).as_bytes()));
    schema
}

/// The plugin's table.
pub const fn table<P: Plugin>(config_schema: extern "C" fn() -> Bytes) -> Table {
    let PluginInfo {
        name,
        version,
        protocol,
        patience_ms,
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
        schemes: Schemes::<P>::JOINED.lent(),
        services: P::INFO.bits(),
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
        lookups: Lookups::<P>::JOINED.lent(),
        patience_ms,
        capabilities: Capabilities::<P>::JOINED.lent(),
        config_schema: Some(config_schema),
        make_way: Some(calls::make_way::<P>),
    }
}

const fn optional(text: Option<&'static str>) -> Bytes {
    match text {
        Some(text) => lend(text.as_bytes()),
        None => NONE,
    }
}

const MAX_JOINED: usize = 512;

/// A list as one text, separated by commas; made when the plugin is compiled.
struct Joined {
    text: [u8; MAX_JOINED],
    len: usize,
}

struct Schemes<P>(std::marker::PhantomData<P>);
struct Lookups<P>(std::marker::PhantomData<P>);
struct Capabilities<P>(std::marker::PhantomData<P>);

impl<P: Plugin> Schemes<P> {
    const JOINED: &'static Joined = &Joined::new(P::INFO.schemes);
}

impl<P: Plugin> Lookups<P> {
    const JOINED: &'static Joined = &Joined::new(P::INFO.lookups);
}

impl<P: Plugin> Capabilities<P> {
    const JOINED: &'static Joined = &Joined::new(P::INFO.capabilities);
}

impl Joined {
    const fn new(list: &[&str]) -> Self {
        let mut text = [0; MAX_JOINED];
        let (mut len, mut which) = (0, 0);
        while which < list.len() {
            let word = list[which].as_bytes();
            assert!(len + word.len() < MAX_JOINED, "the list is too long");
            if which > 0 {
                text[len] = b',';
                len += 1;
            }
            let mut at = 0;
            while at < word.len() {
                text[len] = word[at];
                len += 1;
                at += 1;
            }
            which += 1;
        }
        Self { text, len }
    }

    const fn lent(&'static self) -> Bytes {
        Bytes {
            ptr: self.text.as_ptr(),
            len: self.len,
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
