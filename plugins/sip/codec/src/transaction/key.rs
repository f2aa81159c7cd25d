//! Names of server transactions.

use std::hash::{BuildHasher as _, Hash as _, Hasher, RandomState};

use foldhash::quality::FixedState;

use crate::{HeaderName, Method, Request};

/// What makes two requests one transaction, as two hashes of 64 bits.
///
/// The origin is of From tag, Call-ID and CSeq; the branch is of what RFC 3261 §17.2.3 compares. A
/// client that gives two requests one branch (§8.1.1.7 forbids it) has both of them taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TransactionKey {
    origin: u64,
    branch: u64,
}

impl TransactionKey {
    /// 64 bits for the To tag of all responses: equal for equal requests, and not to be guessed.
    #[must_use]
    pub const fn tag(self) -> u64 {
        self.origin ^ self.branch
    }

    pub(super) const fn origin(self) -> u64 {
        self.origin
    }

    pub(super) const fn branch(self) -> u64 {
        self.branch
    }
}

/// The secret that keys are made with.
///
/// Origins are SipHash: no peer can predict one, or make the table's places collide. Branches are
/// compared among requests of one origin only, where a collision would harm its maker alone; so a
/// faster hash does for them.
#[derive(Clone, Debug)]
pub struct TransactionKeys {
    origins: RandomState,
    branches: FixedState,
}

impl TransactionKeys {
    /// Takes the secret.
    #[must_use]
    pub fn new(secret: RandomState) -> Self {
        Self {
            branches: FixedState::with_seed(secret.hash_one("branches")),
            origins: secret,
        }
    }

    /// The key of a request; ACK has that of its INVITE.
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
        TransactionKey {
            origin: self.origin(request, method),
            branch: self.branch(request),
        }
    }

    fn origin(&self, request: &Request<'_, '_>, method: Method<'_>) -> u64 {
        let mut hasher = self.origins.build_hasher();
        request.call_id().hash(&mut hasher);
        request.from().tag().unwrap_or_default().hash(&mut hasher);
        (request.cseq().number(), method).hash(&mut hasher);
        hasher.finish()
    }

    fn branch(&self, request: &Request<'_, '_>) -> u64 {
        let via = request.via();
        if let Some(branch) = via.unique_branch() {
            return self.branches.hash_one((branch, via.sent_by()));
        }
        let top = request.message().header(HeaderName::Via);
        let top = top.map(|header| header.value());
        let addressed = (request.uri_text(), request.to().tag());
        self.branches.hash_one((addressed, top))
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
