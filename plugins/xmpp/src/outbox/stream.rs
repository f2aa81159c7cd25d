//! What the server has proven of a stream, ping by ping.

use std::time::Duration;

use rialto_sdk::model::ByteString;
use rialto_sdk::tokio::time::Instant;
use rialto_xmpp_codec::{Iq, StanzaWriter};

use super::Batch;

/// How long messages go out behind a ping that is not answered.
pub(crate) const DOUBT: Duration = Duration::from_secs(2);

/// An answer that comes within this time is worth waiting for.
pub(super) const NEAR: Duration = Duration::from_millis(1);

/// A stream that is up.
#[derive(Debug)]
pub(super) struct Stream {
    pings: PingTemplate,
    ping: Option<Ping>,
    /// Messages before this one are written.
    pub(super) written: u64,
    /// Messages before this one are followed by a ping.
    covered: u64,
    /// How long the last answer took.
    answer_time: Duration,
}

/// How this component pings its server.
#[derive(Clone, Debug)]
pub(crate) struct PingTemplate {
    /// The component.
    pub(crate) from: ByteString,
    /// Whom to ping.
    pub(crate) to: ByteString,
    /// Nobody can guess it; followed by a number, it is the ping's id.
    pub(crate) secret: u64,
}

/// A ping whose answer has not come.
#[derive(Debug)]
struct Ping {
    id: String,
    covers: u64,
    sent: Instant,
    /// Somebody looks again when the answer is no longer near.
    watched: bool,
}

impl Stream {
    /// One on which the messages from `next` on are written.
    pub(super) fn new(pings: PingTemplate, next: u64) -> Self {
        Self {
            pings,
            ping: None,
            written: next,
            covered: next,
            answer_time: Duration::MAX,
        }
    }

    /// The server that is pinged.
    pub(super) fn server(&self) -> &str {
        &self.pings.to
    }

    /// Is something written that no ping follows, and none on its way?
    pub(super) fn is_unproven(&self) -> bool {
        self.ping.is_none() && self.covered < self.written
    }

    /// Adds a ping, unless one is on its way.
    pub(super) fn ping(&mut self, now: Instant, writer: &StanzaWriter, out: &mut Batch) {
        if self.ping.is_some() {
            return;
        }
        self.covered = self.written;
        let id = format!("{:016x}-{}", self.pings.secret, self.covered);
        let PingTemplate { from, to, .. } = self.pings.clone();
        let ping = Iq::ping(from, to, id.as_str().into());
        if writer.write(&ping.into(), out.tail()).is_ok() {
            self.ping = Some(Ping {
                id,
                covers: self.covered,
                sent: now,
                watched: false,
            });
        }
    }

    /// When the ping that is on its way was sent.
    pub(super) fn ping_sent(&self) -> Option<Instant> {
        self.ping.as_ref().map(|ping| ping.sent)
    }

    /// Takes an answer: the messages that it proves are those before the first, and the second is how long it took.
    pub(super) fn answered(&mut self, id: &str, now: Instant) -> Option<(u64, Duration)> {
        let ping = self.ping.take_if(|ping| ping.id == id)?;
        self.answer_time = now.duration_since(ping.sent);
        Some((ping.covers, self.answer_time))
    }

    /// Has a ping been on its way for so long that the server may be gone?
    pub(super) fn is_in_doubt(&self, now: Instant) -> bool {
        let sent = self.ping_sent();
        sent.is_some_and(|sent| now.duration_since(sent) >= DOUBT)
    }

    /// Until when an answer can be waited for; `None` if none is due, or if the last one took long.
    pub(super) fn answer_is_near_until(&self) -> Option<Instant> {
        let sent = self.ping_sent().filter(|_| self.answer_time <= NEAR);
        sent.map(|sent| sent + NEAR)
    }

    /// Somebody looks now, and will again at the time that is returned, if a ping is on its way and not in doubt.
    pub(super) fn watch(&mut self, now: Instant) -> Option<Instant> {
        if self.is_in_doubt(now) {
            return None;
        }
        let ping = self.ping.as_mut()?;
        let near = ping.sent + NEAR;
        ping.watched = now < near;
        Some(near)
    }

    /// Does somebody look again when the answer is no longer near?
    pub(super) fn is_watched(&self) -> bool {
        self.ping.as_ref().is_some_and(|ping| ping.watched)
    }
}
