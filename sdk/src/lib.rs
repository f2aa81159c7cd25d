//! All that a plugin author sees: one trait, one macro, plain Rust.
//!
//! A plugin translates between the common format ([`model`]) and one native protocol. It is a library (`crate-type =
//! ["cdylib"]`) with one type that implements [`Plugin`], exported by [`export_plugin!`]. The gateway loads it, checks it, and
//! runs one *adapter* for each section of its configuration that names the library.
//!
//! The manual is [`guide`]; its first page goes [from an empty folder to a running plugin](guide::first_plugin).
//!
//! # A whole plugin
//!
//! It sends every message back to where it came from:
//!
//! ```
//! use rialto_sdk::prelude::*;
//!
//! rialto_sdk::export_plugin!(Echo);
//!
//! struct Echo {
//!     host: Host,
//! }
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
//! #[schemars(crate = "rialto_sdk::schemars")]
//! struct Config {}
//!
//! impl Plugin for Echo {
//!     const INFO: PluginInfo = PluginInfo::new("echo", "0.1.0")
//!         .schemes(&["echo"])
//!         .services(Services::MESSAGES);
//!
//!     type Config = Config;
//!
//!     async fn start(context: Context<Config>) -> Result<Self> {
//!         Ok(Self { host: context.host })
//!     }
//!
//!     async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
//!         let (source, destination) = (operation.source().clone(), operation.destination().clone());
//!         let (message, responder) = operation.into_message();
//!         let id = self.host.transaction_id();
//!         let echo = MessageOperation::new(id, destination, source, message);
//!         Ok(responder.respond(self.host.submit(echo).await.into_status()))
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! # What the gateway does with it
//!
//! | you | the gateway |
//! |---|---|
//! | [`Plugin::INFO`] | shows it in `rialto plugins`; routes by its schemes and services |
//! | [`Plugin::Config`] | checks the adapter's section by its JSON Schema, then reads it; an error names the key: `listen[0]: …` |
//! | [`Plugin::claims`] | refuses a second adapter on the same port or domain, before anything starts |
//! | [`Plugin::start`] | waits for it; an `Err` is shown to the operator and disturbs no other adapter |
//! | [`Plugin::deliver`] | hands on one message; waits for the one response, at most until its deadline |
//! | [`Plugin::stop`] | delivers nothing more, waits, then ends tasks that are late and names them |
//! | [`Plugin::deliver_disposition`] | tells what became of a message that your network sent, after its answer ([`guide::dispositions`]) |
//! | [`Plugin::subscribe`], [`Plugin::notify`] | asks your network about a presentity, or tells a watcher there |
//! | [`Host::submit`] | routes a message from your network and tells you truly how it ended |
//! | [`Host::submit_disposition`] | finds the message that your network reports on, and tells its sender |
//! | [`Host::submit_subscribe`], [`Host::submit_notify`], [`Host::submit_publish`] | is the presence service between watchers and presentities |
//!
//! # Rules
//!
//! * Tell the truth: `Success` only when the far side acknowledged, `Indeterminant` when a system on the way took it further, else a failure.
//! * `deliver` runs on the gateway's thread up to its first wait: it must not block. What follows runs on the adapter's
//!   own runtime, which [`tokio`] finds by itself.
//! * Spawn with [`Tasks::spawn`] only, and let loops end at [`Tasks::stopping`].
//! * A future may be dropped at any wait: the deadline has passed, or nobody waits any more.
//! * Write logs with [`tracing`]: a constant sentence, data in fields, never a message's text. They reach the gateway's log.
//! * An operator may run the plugin in a process of its own (`isolation = "process"`): there it reads no file but those that he names, writes
//!   none, and starts no program. Take what you need from the configuration, and open it in `start`.
//! * No globals: two adapters of one library share them.
//! * A panic fails one operation, and is a bug.
//! * Test without a gateway, and without sleeping: `rialto-testkit`, for `[dev-dependencies]` ([`guide::testing`]).
//! * Let `rialto plugin test LIBRARY` try whether it keeps the contract ([`guide::contract`]), with `--set KEY=VALUE` for its configuration.
//! * The derives need to be told where `serde` and `schemars` are, as above, unless the plugin depends on them itself.

#![warn(missing_docs, clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod claims;
pub mod config;
mod context;
mod error;
#[doc(hidden)]
pub mod glue;
pub mod guide;
mod host;
mod log;
mod plugin;
mod succession;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;

pub use claims::{Claim, Claims};
pub use config::Secret;
pub use context::Context;
pub use error::{Error, ErrorKind, Result};
pub use host::{Health, Host, Submission};
pub use plugin::{Plugin, PluginInfo, Services};
pub use rialto_bridge::Legacy;
pub use rialto_model as model;
pub use succession::Succession;
pub use tasks::Tasks;
pub use {schemars, serde, serde_json, tokio, tokio_util, tracing};

/// What nearly every plugin needs.
pub mod prelude {
    pub use rialto_model::{
        Authentication, ByteString, Bytes, ContentHeader, Disposition, DispositionOperation,
        DispositionRequest, Domain, Failure, FailureReason, Header, ImdnHeaders, InstantInbox,
        InstantMessage, MaxForwards, MessageHeaders, MessageId, MessageOperation, Notify,
        NotifyOperation, Origin, Package, Payload, PresenceDocument, Presentity, PublishOperation,
        Responder, Response, ResponseStatus, Retry, SubscribeOperation, SubscriptionId,
        SubscriptionState, TerminationReason, TransactionId,
    };
    pub use schemars::JsonSchema;
    pub use serde::Deserialize;

    pub use crate::{
        Claim, Claims, Context, Error, ErrorKind, Health, Host, Legacy, Plugin, PluginInfo, Result,
        Secret, Services, Submission, Succession, Tasks,
    };
}

/// Exports the plugin of this library: `rialto_sdk::export_plugin!(Echo);`, once.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        const _: () = {
            use $crate::glue;

            #[unsafe(no_mangle)]
            pub static RIALTO_PLUGIN: glue::Table = glue::table::<$plugin>(config_schema);

            extern "C" fn config_schema() -> glue::Bytes {
                static SCHEMA: ::std::sync::OnceLock<::std::string::String> =
                    ::std::sync::OnceLock::new();
                glue::config_schema::<$plugin>(&SCHEMA)
            }

            extern "C" fn root() -> glue::RootModuleResult {
                glue::root(|| glue::module(&RIALTO_PLUGIN))
            }

            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static ROOT: glue::LibHeader = glue::header(root);
        };
    };
}
