
// A plugin, appended to a copy of the contract in which one function has another signature: the fields are the same.

use core::{ffi::c_void, mem::MaybeUninit};

use abi_stable::{
    library::{CheckTypeLayout, LibHeader, RootModuleResult, __call_root_module_loader},
    prefix_type::PrefixTypeTrait,
};

const fn text(text: &'static str) -> Bytes {
    Bytes {
        ptr: text.as_ptr(),
        len: text.len(),
    }
}

unsafe extern "C" fn start(_: *const Start, _: Completion) -> *mut c_void {
    core::ptr::null_mut()
}
unsafe extern "C" fn deliver(_: *mut c_void, _: *const Operation, _: Completion) {}
unsafe extern "C" fn stop(_: *mut c_void, _: *const Stop, _: Completion) {}
unsafe extern "C" fn release(_: *mut c_void) {}

#[unsafe(no_mangle)]
pub static RIALTO_PLUGIN: Plugin = {
    let mut plugin: Plugin = unsafe { MaybeUninit::zeroed().assume_init() };
    plugin.magic = MAGIC;
    plugin.contract = CONTRACT;
    plugin.size = size_of::<Plugin>() as u32;
    plugin.name = text("other-layout");
    plugin.version = text("1");
    plugin.protocol = text("none");
    plugin.services = SERVICE_MESSAGES;
    plugin.start = Some(start);
    plugin.deliver = Some(deliver);
    plugin.stop = Some(stop);
    plugin.release = Some(release);
    plugin.layout = LAYOUT.as_ptr();
    plugin.layout_len = LAYOUT.len();
    plugin
};

extern "C" fn root() -> RootModuleResult {
    __call_root_module_loader(|| {
        rust::Root {
            plugin: &RIALTO_PLUGIN,
        }
        .leak_into_prefix()
    })
}

#[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
pub static ROOT: LibHeader =
    unsafe { LibHeader::from_constructor::<rust::RootRef>(root, CheckTypeLayout::Yes) };
