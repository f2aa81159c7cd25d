//! A message that the gateway has, and the request that waits for its answer.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use rialto_sdk::prelude::Response;
use rialto_sip_codec::transaction::{Reliability, TransactionKey};
use tokio::sync::OwnedSemaphorePermit;

use super::submissions::{Ended, Submissions};
use crate::{
    config::{Hop, TransportKind},
    transport::{Connection, Domains},
};

/// The way back to who asked.
#[derive(Debug)]
pub(super) enum Flow {
    Udp {
        port: usize,
        source: SocketAddr,
    },
    /// Over TCP or TLS.
    Stream {
        connection: Connection,
        permit: Option<OwnedSemaphorePermit>,
    },
}

/// A request with its way back.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) key: TransactionKey,
    pub(super) bytes: Bytes,
    pub(super) flow: Flow,
}

/// What a request is about, which says what its answer says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Matter {
    /// A message, or words on earlier ones.
    Message,
    /// Whom a watcher wants to be told of, for how long, and whether by a dialog that it knows.
    Subscription { asked: Duration, is_within: bool },
    /// A word on a presentity, in the subscription of this Call-ID.
    Notification { call: u128 },
    /// What a presentity says of itself.
    Publication,
    /// Whether a user can be reached.
    Registration { is_open: bool },
}

/// Waits for the gateway's response to one request.
#[derive(Debug)]
pub(super) struct Answering<S> {
    submissions: Submissions<S>,
    matter: Matter,
    asked: Option<Asked>,
    key: TransactionKey,
}

/// A request and how it ended.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) asked: Asked,
    pub(super) matter: Matter,
    pub(super) ended: Ended,
}

/// What handing a message on has led to.
#[derive(Debug)]
pub(super) enum Started<S> {
    Answered(Answered),
    Waits(Answering<S>),
}

impl Flow {
    pub(super) const fn reliability(&self) -> Reliability {
        match self {
            Self::Udp { .. } => Reliability::Unreliable,
            Self::Stream { .. } => Reliability::Reliable,
        }
    }

    pub(super) fn hop(&self) -> Hop {
        let transport = match self {
            Self::Udp { .. } => TransportKind::Udp,
            Self::Stream { connection, .. } => connection.transport(),
        };
        Hop::new(transport, self.source())
    }

    /// The domains that its other end has shown a certificate for.
    pub(super) const fn domains(&self) -> Option<&Domains> {
        match self {
            Self::Udp { .. } => None,
            Self::Stream { connection, .. } => connection.domains(),
        }
    }

    /// The number of the connection, if it is one.
    pub(super) const fn connection(&self) -> Option<u64> {
        match self {
            Self::Udp { .. } => None,
            Self::Stream { connection, .. } => Some(connection.number()),
        }
    }

    pub(super) const fn source(&self) -> SocketAddr {
        match self {
            Self::Udp { source, .. } => *source,
            Self::Stream { connection, .. } => connection.peer(),
        }
    }
}

impl Asked {
    /// A copy for a provisional response: the permit stays with the request.
    pub(super) fn without_permit(&self) -> Self {
        let flow = match &self.flow {
            Flow::Udp { port, source } => Flow::Udp {
                port: *port,
                source: *source,
            },
            Flow::Stream { connection, .. } => Flow::Stream {
                connection: connection.clone(),
                permit: None,
            },
        };
        Self {
            key: self.key,
            bytes: self.bytes.clone(),
            flow,
        }
    }
}

impl<S: Future<Output = Response> + Unpin> Answering<S> {
    /// Looks once whether the gateway has answered already, which spares the wait.
    pub(super) fn begin(
        mut submissions: Submissions<S>,
        matter: Matter,
        asked: Asked,
    ) -> Started<S> {
        let mut context = Context::from_waker(Waker::noop());
        let key = asked.key;
        match Pin::new(&mut submissions).poll(&mut context) {
            Poll::Ready(ended) => Started::Answered(Answered {
                asked,
                matter,
                ended,
            }),
            Poll::Pending => Started::Waits(Self {
                submissions,
                matter,
                asked: Some(asked),
                key,
            }),
        }
    }
}

impl<S> Answering<S> {
    pub(super) const fn key(&self) -> TransactionKey {
        self.key
    }

    /// The request, until it is answered.
    pub(super) const fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    pub(super) fn into_asked(self) -> Option<Asked> {
        self.asked
    }
}

impl<S: Future<Output = Response> + Unpin> Future for Answering<S> {
    type Output = Answered;

    /// Stays pending after it has yielded.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answered> {
        if self.asked.is_none() {
            return Poll::Pending;
        }
        let matter = self.matter;
        match Pin::new(&mut self.submissions).poll(context) {
            Poll::Ready(ended) => match self.asked.take() {
                Some(asked) => Poll::Ready(Answered {
                    asked,
                    matter,
                    ended,
                }),
                None => Poll::Pending,
            },
            Poll::Pending => Poll::Pending,
        }
    }
}
