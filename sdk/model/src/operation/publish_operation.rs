//! The *publish* operation.

use std::time::Duration;

use crate::{
    Authentication, PresenceDocument, Presentity, Responder, Response, ResponseStatus,
    SubscriptionId, TransactionId,
};

/// What a presentity that the gateway hosts says of itself, by one of its devices.
///
/// RFC 3859 leaves it to each service how presence information comes to it; this is RFC 3903's way: soft state, under a name that each
/// publication of a presentity has for itself, and replaced only by one who knows its version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation that is not answered leaves its sender in the dark"]
pub struct PublishOperation {
    parts: Box<Parts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    transaction_id: TransactionId,
    publication_id: SubscriptionId,
    presentity: Presentity,
    publisher: Presentity,
    document: Option<PresenceDocument>,
    duration: Option<Duration>,
    expected_version: Option<u64>,
    version: u64,
    authentication: Authentication,
    deadline: Option<Duration>,
}

impl PublishOperation {
    /// A refresh of a publication, for as long as the service likes.
    pub fn new(
        transaction_id: TransactionId,
        publication_id: SubscriptionId,
        presentity: Presentity,
        publisher: Presentity,
    ) -> Self {
        Self {
            parts: Box::new(Parts {
                transaction_id,
                publication_id,
                presentity,
                publisher,
                document: None,
                duration: None,
                expected_version: None,
                version: 0,
                authentication: Authentication::None,
                deadline: None,
            }),
        }
    }

    /// Replaces what the publication says.
    pub fn with_document(mut self, document: PresenceDocument) -> Self {
        self.parts.document = Some(document);
        self
    }

    /// Sets for how long it holds, to the second; 0 removes it.
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.parts.duration = Some(duration);
        self
    }

    /// Says which version it follows; another one is refused. Without one, it is a new publication.
    pub fn with_expected_version(mut self, expected_version: u64) -> Self {
        self.parts.expected_version = Some(expected_version);
        self
    }

    /// Numbers what it says from now on, in whatever way its network does.
    pub fn with_version(mut self, version: u64) -> Self {
        self.parts.version = version;
        self
    }

    /// Says who vouches for the publisher.
    pub fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.parts.authentication = authentication;
        self
    }

    /// Sets how long the response is waited for.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.parts.deadline = Some(deadline);
        self
    }

    /// Answers the operation.
    pub fn respond(self, status: ResponseStatus) -> Response {
        self.into_responder().respond(status)
    }

    /// Splits off the duty to answer.
    pub fn into_responder(self) -> Responder {
        Responder::new(self.parts.transaction_id)
    }

    /// The name under which the response comes back.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.parts.transaction_id
    }

    /// The publication, among those of the presentity.
    pub const fn publication_id(&self) -> &SubscriptionId {
        &self.parts.publication_id
    }

    /// Whose presence information it is.
    pub const fn presentity(&self) -> &Presentity {
        &self.parts.presentity
    }

    /// Who publishes it: mostly the presentity itself.
    pub const fn publisher(&self) -> &Presentity {
        &self.parts.publisher
    }

    /// What it says from now on; none: as before.
    pub const fn document(&self) -> Option<&PresenceDocument> {
        self.parts.document.as_ref()
    }

    /// For how long it holds, if the publisher says so.
    pub const fn duration(&self) -> Option<Duration> {
        self.parts.duration
    }

    /// Which version it follows.
    pub const fn expected_version(&self) -> Option<u64> {
        self.parts.expected_version
    }

    /// The number of what it says from now on.
    pub const fn version(&self) -> u64 {
        self.parts.version
    }

    /// Who vouches for the publisher.
    pub const fn authentication(&self) -> Authentication {
        self.parts.authentication
    }

    /// How long the response is waited for, counted from when the operation was handed over.
    pub const fn deadline(&self) -> Option<Duration> {
        self.parts.deadline
    }
}
