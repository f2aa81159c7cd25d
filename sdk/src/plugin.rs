//! What an author implements.

use std::{future::Future, time::Duration};

use rialto_abi as abi;
use rialto_bridge::durations::duration_ms;
use rialto_model::{
    DispositionOperation, FailureReason, MessageOperation, NotifyOperation, Response,
    SubscribeOperation,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Claims, Context, Legacy, Result};

/// A plugin: translates between the common format and one native protocol.
///
/// Implement it with `async fn`s. One value is one adapter; a library can serve several, each with its own configuration and
/// its own runtime. A panic in any of these functions fails that call and nothing else.
pub trait Plugin: Send + Sync + Sized + 'static {
    /// What is known of the plugin before any adapter runs.
    const INFO: PluginInfo;

    /// Threads of an adapter's runtime.
    const WORKERS: usize = 1;

    /// The adapter's section of the configuration. Its JSON Schema is shown by `rialto plugin info`, and what it refuses is refused with all that is wrong, before the
    /// plugin is asked.
    type Config: DeserializeOwned + JsonSchema + Send;

    /// Names what an adapter with this configuration would take, and refuses what no adapter could run with.
    ///
    /// Pure: runs before [`start`](Self::start), and for `rialto check` without it.
    fn claims(config: &Self::Config) -> Result<Claims> {
        let _unused = config;
        Ok(Claims::none())
    }

    /// Makes an adapter. An `Err` is why it cannot run; nothing may be left behind then.
    fn start(context: Context<Self::Config>) -> impl Future<Output = Result<Self>> + Send;

    /// Delivers a message to the native network; returns once the outcome is known, or `Indeterminant` if the message went further than anybody here knows.
    ///
    /// Runs on the gateway's thread up to its first wait, then on the adapter's own: it must not block. When the
    /// operation's deadline passes or nobody waits any more, the future is dropped and the SDK answers. An `Err`
    /// becomes a failure by its kind.
    fn deliver(&self, operation: MessageOperation)
    -> impl Future<Output = Result<Response>> + Send;

    /// Tells a sender on the native network what became of its message, after the message's operation was answered.
    ///
    /// The operation brings back what the plugin submitted the message with ([`reference`](DispositionOperation::reference),
    /// [`concerning`](DispositionOperation::concerning)). Its response says whether the sender was told: after a temporary failure the gateway tries
    /// again. Runs as [`deliver`](Self::deliver) does; is called if [`Services::DISPOSITIONS`] is offered.
    fn deliver_disposition(
        &self,
        operation: DispositionOperation,
    ) -> impl Future<Output = Result<Response>> + Send {
        drop(operation);
        async { Err(FailureReason::UnsupportedService.into()) }
    }

    /// Subscribes to a presentity of the native network for a watcher elsewhere, refreshes that subscription, or ends it.
    ///
    /// One native subscription for each name: what the network grants may differ from watcher to watcher. Success carries the
    /// [duration](Response::with_duration) that it grants; the gateway refreshes in time, and subscribes again under the same name after a restart. What the network then says of
    /// the presentity goes to [`Host::submit_notify`](crate::Host::submit_notify). Runs as [`deliver`](Self::deliver) does; is called if
    /// [`Services::PRESENCE`] is offered. RFC 3859 §3.4.1.
    fn subscribe(
        &self,
        operation: SubscribeOperation,
    ) -> impl Future<Output = Result<Response>> + Send {
        drop(operation);
        async { Err(FailureReason::UnsupportedService.into()) }
    }

    /// Tells a watcher on the native network what is known of a presentity elsewhere.
    ///
    /// The operation brings back what the plugin submitted the subscription with ([`reference`](NotifyOperation::reference)). Its response says whether the watcher's network
    /// took it: after a temporary failure the gateway tells the newest again, and after a permanent one it ends the subscription. Runs as
    /// [`deliver`](Self::deliver) does; is called if [`Services::PRESENCE`] is offered. RFC 3859 §3.4.2.
    fn notify(&self, operation: NotifyOperation) -> impl Future<Output = Result<Response>> + Send {
        drop(operation);
        async { Err(FailureReason::UnsupportedService.into()) }
    }

    /// Ends what the native network has begun with this adapter: another version has its place, and all that is new on the ports that both have.
    ///
    /// Returns when nothing of that is left: connections in use, half of a message. What it submits is taken as ever. [`stop`](Self::stop) comes after it; if it takes longer than the
    /// operator's `gateway.drain`, it is dropped before. Is called if the plugin [hands over](PluginInfo::hands_over).
    fn make_way(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Ends the adapter's work: says goodbye on the wire. Its tasks still run; they are told to stop after this, and joined.
    fn stop(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Ends the adapter's work as [`stop`](Self::stop) does, for another version that follows at once: without a goodbye, and leaves it the connection, if that is of use to it
    /// ([`Context::take_legacy`]).
    ///
    /// What the other side sends meanwhile waits in the connection; so this reads no more, hears first what became of all that it has submitted, and writes
    /// all that is to be written. Is called in place of `stop` where both versions say [`PluginInfo::succeeds`].
    fn leave(&self) -> impl Future<Output = Option<Legacy>> + Send {
        async {
            self.stop().await;
            None
        }
    }
}

/// What is known of a plugin before any adapter runs.
#[derive(Clone, Copy, Debug)]
pub struct PluginInfo {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) schemes: &'static [&'static str],
    pub(crate) lookups: &'static [&'static str],
    pub(crate) services: Services,
    pub(crate) patience_ms: u64,
    pub(crate) hands_over: bool,
    pub(crate) succeeds: bool,
    pub(crate) capabilities: &'static [&'static str],
    pub(crate) licence: Option<&'static str>,
    pub(crate) authors: Option<&'static str>,
}

impl PluginInfo {
    /// Names the plugin and its version: `PluginInfo::new("sip", env!("CARGO_PKG_VERSION"))`.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            protocol: name,
            schemes: &[],
            lookups: &[],
            services: Services::NONE,
            patience_ms: abi::PATIENCE_NOT_SAID,
            hands_over: false,
            succeeds: false,
            capabilities: &[],
            licence: None,
            authors: None,
        }
    }

    /// Names the native protocol, where it is not the plugin's name.
    pub const fn protocol(mut self, protocol: &'static str) -> Self {
        self.protocol = protocol;
        self
    }

    /// Names the URI schemes of the native protocol.
    pub const fn schemes(mut self, schemes: &'static [&'static str]) -> Self {
        self.schemes = schemes;
        self
    }

    /// Says how DNS finds systems that speak the protocol, where a domain has no `_im` records (RFC 3861); tried in this order.
    ///
    /// | lookup | finds |
    /// |---|---|
    /// | `naptr SIP+D2U udp:` | NAPTR records of the domain with this service, and the SRV records that they name (RFC 3263 §4.1) |
    /// | `srv _sip._udp udp:` | SRV records of this name beneath the domain (RFC 2782) |
    /// | `mx 25` | MX records of the domain, and this port (RFC 5321 §5.1) |
    /// | `address 5060` | the domain's own addresses, and this port, when there are no records at all |
    /// | `unaddressed` | nothing: says that `deliver` finds its own way, so that DNS is asked only whether there is one |
    ///
    /// The last word, which may be missing, is put before the address in the operation's next hop: `udp:192.0.2.1:5060`.
    /// Without any lookup DNS never leads to the plugin.
    pub const fn lookups(mut self, lookups: &'static [&'static str]) -> Self {
        self.lookups = lookups;
        self
    }

    /// Says which services the plugin offers; others never reach it.
    pub const fn services(mut self, services: Services) -> Self {
        self.services = services;
        self
    }

    /// Says how long the native network can be kept waiting for what becomes of a message.
    ///
    /// When that time is over, the gateway takes the message into its keeping, and answers [`Indeterminant`](rialto_model::ResponseStatus::Indeterminant): what
    /// becomes of it later, the sender hears by [`Plugin::deliver_disposition`]. With none, [`Duration::ZERO`], every message is kept first. Not said:
    /// no message is answered before its outcome is known. The operator may set it otherwise.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience_ms = duration_ms(Some(patience));
        self
    }

    /// Says that another version may start while this one has what both claim, and this one may start so: it opens its sockets as [`Succession`](crate::Succession)
    /// says. Two versions that say so replace each other without a moment in which nobody listens.
    pub const fn hands_over(mut self) -> Self {
        self.hands_over = true;
        self
    }

    /// Says that it [leaves](Plugin::leave) its connection to a version that follows, and [takes](crate::Context::take_legacy) what an earlier one has left. Where it connects, and can
    /// only once at a time, nobody notices then that it is replaced.
    pub const fn succeeds(mut self) -> Self {
        self.succeeds = true;
        self
    }

    /// What crosses the boundary as the bits of services.
    pub(crate) const fn bits(&self) -> u64 {
        let hands_over = if self.hands_over {
            abi::CAN_HAND_OVER
        } else {
            0
        };
        let succeeds = if self.succeeds { abi::CAN_SUCCEED } else { 0 };
        self.services.0 | hands_over | succeeds
    }

    /// Says what the native network can carry.
    ///
    /// | capability | says |
    /// |---|---|
    /// | `content text/plain`, `content text/*` | content that it carries; `*/*` is any |
    /// | `receipt delivered` | what it reports of a message: `processed`, `stored`, `delivered`, `displayed`, `failed` |
    /// | `presence watches` | its users may watch others; `watched`: others may watch them; `publishes`: they say how they are; `watchers`: they may see who watches |
    /// | `limit content 65536` | the most bytes of one message; `limit operations 512`: the most at a time |
    pub const fn capabilities(mut self, capabilities: &'static [&'static str]) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// The licence, as an SPDX expression.
    pub const fn licence(mut self, licence: &'static str) -> Self {
        self.licence = Some(licence);
        self
    }

    /// Who wrote it.
    pub const fn authors(mut self, authors: &'static str) -> Self {
        self.authors = Some(authors);
        self
    }
}

/// The services that a plugin offers. RFC 2779 §2.1.1 has them separately optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Services(pub(crate) u64);

impl Services {
    /// None.
    pub const NONE: Self = Self(0);
    /// The instant message service.
    pub const MESSAGES: Self = Self(abi::SERVICE_MESSAGES);

    /// It can tell senders on its network what became of their messages: [`Plugin::deliver_disposition`].
    pub const DISPOSITIONS: Self = Self(abi::SERVICE_DISPOSITIONS);

    /// The presence service: [`Plugin::subscribe`] and [`Plugin::notify`].
    pub const PRESENCE: Self = Self(abi::SERVICE_PRESENCE);

    /// These and those.
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_that_is_said_is_never_taken_for_none_that_is() {
        let plain = PluginInfo::new("x", "1");
        assert_eq!(plain.patience_ms, abi::PATIENCE_NOT_SAID);
        let number = |patience| plain.patience(patience).patience_ms;
        assert_eq!(number(Duration::from_secs(20)), 20_000);
        assert_eq!(number(Duration::ZERO), abi::PATIENCE_NONE);
        assert_eq!(number(Duration::from_nanos(1)), 1);
        assert_eq!(number(Duration::MAX), abi::PATIENCE_NONE - 1);
    }
}
