//! What this plugin needs of the gateway, so that tests can stand in for it.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use rialto_sdk::model::{
    DispositionOperation, MessageOperation, NotifyOperation, Response, ResponseStatus,
    SubscribeOperation,
};
use rialto_xmpp_codec::RefusalError;

use crate::connection::SessionEnd;

/// Is the gateway, as the connection sees it.
pub(crate) trait Gateway: Clone + fmt::Debug + Send + Sync + 'static {
    /// Submits an operation. The order of calls is the order in which the gateway has them.
    ///
    /// The response comes to `then`, on any thread, perhaps before this returns.
    fn submit(
        &self,
        operation: MessageOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    );

    /// Submits a report; as [`submit`](Self::submit) does.
    fn submit_disposition(
        &self,
        operation: DispositionOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    );

    /// Submits a user's wish to watch another; as [`submit`](Self::submit) does.
    fn submit_subscribe(
        &self,
        operation: SubscribeOperation,
        then: impl FnOnce(Response) + Send + 'static,
    );

    /// Submits what is known of a user who is watched; as [`submit`](Self::submit) does.
    fn submit_notify(
        &self,
        operation: NotifyOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    );

    /// Runs a task that the adapter's stop ends.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Logs and counts.
    fn event(&self, event: Event<'_>);
}

/// Is something that operators want to see.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// The server accepted the component.
    Connected,
    /// The connection ended, or could not be made.
    Disconnected {
        end: &'a SessionEnd,
        retry: Duration,
    },
    /// The server answered a ping.
    Pinged { round_trip: Duration },
    /// A stanza came that is carried no further.
    Ignored(Ignored),
    /// A message from XMPP was refused, here or behind the gateway.
    Refused { reason: &'static str },
    /// A stanza was refused unread.
    Unread(RefusalError),
    /// An answer could not be written.
    Unwritable,
}

/// Says why a stanza is carried no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// A message that says nothing the gateway carries.
    Silent,
    /// A message that its client has sent again.
    Repeated,
    /// That somebody is typing, while there is much to do.
    Typing,
    /// A report on a message that the gateway does not know, or not any more.
    Report,
    /// Presence of somebody whom nobody watches.
    Presence,
    /// An error for which nobody waits: late, doubled, or never ours. If it may be late, it is handed on as a report.
    LateError,
    /// An error for a message from someone to whom it was not sent.
    ForeignError,
    /// An answer that nobody asked for.
    Answer,
    /// An element that is no stanza.
    Element,
}
