//! Where every field lies, so that two sides that were built apart can compare.

use abi_stable::StableAbi;

use crate::{
    Bytes, Claim, ClaimSink, Completion, ContentHeader, Header, Host, Legacy, LogField, LogRecord,
    Operation, Plugin, Presence, Response, Start, Stop,
};

/// Where a field lies.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Field {
    /// The struct's name.
    pub of: Bytes,
    /// The field's name.
    pub name: Bytes,
    /// Its first byte.
    pub offset: u32,
    /// How many bytes it has.
    pub size: u32,
}

// SAFETY: immutable after its construction, and its pointers are to constants.
#[expect(unsafe_code, reason = "raw pointers are not, and these may be")]
unsafe impl Sync for Field {}

macro_rules! layout {
    ($($of:ident { $($field:ident)* })*) => {
        /// Every field of every struct that crosses, for [`Plugin::layout`].
        pub static LAYOUT: &[Field] = &[$($(Field {
            of: bytes(stringify!($of)),
            name: bytes(stringify!($field)),
            offset: core::mem::offset_of!($of, $field) as u32,
            size: size(|of: &$of| &of.$field),
        },)*)*];
        // A forgotten field does not compile.
        $(const _: fn(&$of) = |$of { $($field: _),* }| ();)*
    };
}

const fn bytes(text: &'static str) -> Bytes {
    Bytes {
        ptr: text.as_ptr(),
        len: text.len(),
    }
}

const fn size<T, F>(_: fn(&T) -> &F) -> u32 {
    size_of::<F>() as u32
}

layout! {
    Bytes { ptr len }
    Header { name language parameters value }
    ContentHeader { name value }
    Operation {
        size kind deadline_ms max_forwards flags transaction_id source destination source_instance
        destination_instance next_hop thread content_type headers headers_len content_headers
        content_headers_len payload owner retain release identity reference time_to_live_ms concerning
        disposition asked message_id sent_at_ms failure presence
    }
    Presence {
        size package subscription_id duration_ms state reason retry_after_ms version expected_version
    }
    Response {
        size status reason origin retry reserved retry_after_ms transaction_id detail duration_ms
    }
    Completion { ticket complete }
    Host { size contract ctx submit cancel_submit log count gauge observe health leave }
    LogRecord { size level target message fields fields_len }
    LogField { name value }
    Start { size level adapter config host flags legacy }
    Legacy { size descriptor state }
    Stop { size reserved deadline_ms flags }
    Claim { size kind value }
    ClaimSink { size reserved ctx claim }
    Plugin {
        magic contract size name version protocol schemes services licence authors claims start deliver
        cancel stop release set_level layout layout_len lookups patience_ms capabilities config_schema
        make_way
    }
}
