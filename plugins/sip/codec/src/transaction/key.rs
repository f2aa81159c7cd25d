//! Names of server transactions.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use crate::{HeaderName, Method, Request};

/// What makes two requests one transaction, as 128 bits of a keyed hash (RFC 3261 §17.2.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TransactionKey(u128);

impl TransactionKey {
    /// 64 bits for the To tag of all responses: equal for equal requests, and not to be guessed.
    #[must_use]
    pub const fn tag(self) -> u64 {
        (self.0 >> 64) as u64
    }
}

impl Hash for TransactionKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

/// The secret that keys are made with.
///
/// Both halves are SipHash with a secret of their own, so that a peer that sees the tags of its
/// transactions can neither predict others nor make them collide.
#[derive(Clone, Debug)]
pub struct TransactionKeys {
    low: RandomState,
    high: RandomState,
}

impl TransactionKeys {
    /// Takes two independent secrets.
    #[must_use]
    pub const fn new(low: RandomState, high: RandomState) -> Self {
        Self { low, high }
    }

    /// The key of a request: of its branch, sent-by and method; ACK has that of its INVITE.
    ///
    /// Where the branch lacks the cookie, what RFC 2543 compares takes its place, byte for byte:
    /// retransmissions are copies.
    #[must_use]
    pub fn of(&self, request: &Request<'_, '_>) -> TransactionKey {
        let method = request.method();
        self.with_method(
            request,
            if method == Method::Ack {
                Method::Invite
            } else {
                method
            },
        )
    }

    /// The key that the request has which a CANCEL names; `method` is that request's.
    ///
    /// RFC 3261 §9.2: the same key but for the method.
    #[must_use]
    pub fn cancelled_by(&self, cancel: &Request<'_, '_>, method: Method<'_>) -> TransactionKey {
        self.with_method(cancel, method)
    }

    fn with_method(&self, request: &Request<'_, '_>, method: Method<'_>) -> TransactionKey {
        let via = request.via();
        if let Some(branch) = via.unique_branch() {
            return self.key(&(branch, via.sent_by(), method.as_str()));
        }
        let addressed = (request.uri_text(), request.to().tag(), request.from().tag());
        let counted = (request.call_id(), request.cseq().number(), method.as_str());
        let top = request
            .message()
            .header(HeaderName::Via)
            .map(|header| header.value());
        self.key(&(addressed, counted, top))
    }

    fn key(&self, value: &impl Hash) -> TransactionKey {
        let halves = [&self.high, &self.low].map(|half| u128::from(half.hash_one(value)));
        let [high, low] = halves;
        TransactionKey(high << 64 | low)
    }
}

/// Passes on bits that are a keyed hash already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}
