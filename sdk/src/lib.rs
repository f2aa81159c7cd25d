//! All that a plugin author sees: one trait, one macro, plain Rust.

#![warn(missing_docs, clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod claims;
pub mod config;
mod context;
mod error;
#[doc(hidden)]
pub mod glue;
mod host;
mod log;
mod plugin;
mod tasks;

pub use claims::{Claim, Claims};
pub use config::Secret;
pub use context::Context;
pub use error::{Error, ErrorKind, Result};
pub use host::{Health, Host, Submission};
pub use plugin::{Plugin, PluginInfo, Services};
pub use rialto_model as model;
pub use tasks::Tasks;
pub use {serde, serde_json, tokio, tokio_util, tracing};

/// What nearly every plugin needs.
pub mod prelude {
    pub use rialto_model::{
        ByteString, Bytes, ContentHeader, Domain, Failure, FailureReason, Header, InstantInbox,
        InstantMessage, MaxForwards, MessageHeaders, MessageOperation, Origin, Payload, Responder,
        Response, ResponseStatus, Retry, TransactionId,
    };
    pub use serde::Deserialize;

    pub use crate::{
        Claim, Claims, Context, Error, ErrorKind, Health, Host, Plugin, PluginInfo, Result, Secret,
        Services, Submission, Tasks,
    };
}

/// Exports the plugin of this library: `rialto_sdk::export_plugin!(Echo);`, once.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        const _: () = {
            use $crate::glue;

            #[unsafe(no_mangle)]
            pub static RIALTO_PLUGIN: glue::Table = glue::table::<$plugin>();

            extern "C" fn root() -> glue::RootModuleResult {
                glue::root(|| glue::module(&RIALTO_PLUGIN))
            }

            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static ROOT: glue::LibHeader = glue::header(root);
        };
    };
}
