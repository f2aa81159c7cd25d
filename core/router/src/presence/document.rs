//! What watchers are shown.

use std::sync::{Arc, OnceLock};

use rialto_model::{
    PidfReader, PresenceDocument, PresenceInformation, PresenceTuple, Presentity, Status,
    presence::{self, ElementId, Timestamp},
};

use super::rules::View;
use crate::{Digest, custody::clock::Millis};

/// A document of a presentity, shared by all who are shown it; read at most once, and only if somebody must.
#[derive(Debug)]
pub(super) struct Document {
    content: PresenceDocument,
    /// When it came.
    at: Millis,
    /// What it says in a word, once somebody has read it.
    status: OnceLock<Option<Status>>,
    digest: OnceLock<Digest>,
}

impl Document {
    pub(super) const fn new(content: PresenceDocument, at: Millis) -> Self {
        Self {
            content,
            at,
            status: OnceLock::new(),
            digest: OnceLock::new(),
        }
    }

    pub(super) const fn content(&self) -> &PresenceDocument {
        &self.content
    }

    pub(super) const fn at(&self) -> Millis {
        self.at
    }

    /// What a watcher with this view is shown of it; `entity` is the presentity as that watcher knows it.
    pub(super) fn shown(&self, view: View, entity: &Presentity) -> PresenceDocument {
        match view {
            View::All => self.content.clone(),
            View::StatusOnly => of_status(entity, self.status(entity)),
            View::Nothing => closed(entity),
        }
    }

    /// Whether it says that the presentity can be reached by nothing.
    pub(super) fn is_closed(&self, entity: &Presentity) -> bool {
        self.status(entity) != Some(Status::Open)
    }

    /// The document with the time at which it came, for one who is shown it when it may not be true any more.
    pub(super) fn stamped(&self, entity: &Presentity) -> PresenceDocument {
        stamp(&self.content, entity, self.at).unwrap_or_else(|| self.content.clone())
    }

    /// What it is recognised by, made once for all who are shown it.
    pub(super) fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| digest(&self.content))
    }

    fn status(&self, entity: &Presentity) -> Option<Status> {
        *self.status.get_or_init(|| status(&self.content, entity))
    }
}

/// What a document is recognised by.
pub(super) fn digest(content: &PresenceDocument) -> Digest {
    Digest::of(content.payload().as_bytes())
}

/// The same content, if it is what `known` has already; documents that many are shown are kept once.
pub(super) fn shared(
    known: Option<&Arc<Document>>,
    content: PresenceDocument,
    at: Millis,
) -> Arc<Document> {
    match known {
        Some(known) if *known.content() == content => Arc::clone(known),
        _ => Arc::new(Document::new(compact(&content), at)),
    }
}

/// A copy: what was received may be part of something large.
pub(super) fn compact(content: &PresenceDocument) -> PresenceDocument {
    let bytes = rialto_model::Bytes::copy_from_slice(content.payload().as_bytes());
    PresenceDocument::new(content.content_type().clone(), bytes.into())
}

/// What is shown of a presentity that cannot be reached, is not known, or shows nothing: in all cases the same bytes.
pub(super) fn closed(entity: &Presentity) -> PresenceDocument {
    of_status(entity, Some(Status::Closed))
}

/// Open if anything is; closed if everything is that says so.
fn status(document: &PresenceDocument, entity: &Presentity) -> Option<Status> {
    let information = read(document, entity)?;
    let statuses = || {
        information
            .tuples()
            .iter()
            .filter_map(PresenceTuple::status)
    };
    let open = statuses().find(|status| *status == Status::Open);
    open.or_else(|| statuses().next())
}

fn of_status(entity: &Presentity, status: Option<Status>) -> PresenceDocument {
    // The name tells nothing either: neither a device nor how many there are.
    let tuple = PresenceTuple::new(ElementId::from_text("status"), status);
    let information = PresenceInformation::new(entity.clone()).with_tuple(tuple);
    write(&information).unwrap_or_else(|| PresenceDocument::pidf(rialto_model::Bytes::new()))
}

pub(super) fn read(
    document: &PresenceDocument,
    entity: &Presentity,
) -> Option<PresenceInformation> {
    let is_pidf = document.content_type().split(';').next().map(str::trim);
    if !is_pidf.is_some_and(|of| of.eq_ignore_ascii_case(presence::CONTENT_TYPE)) {
        return None;
    }
    let reading = PidfReader::asked_of(entity.clone()).read(document.payload().as_bytes());
    Some(reading.ok()?.into_information())
}

/// None if it would be larger than documents may be.
pub(super) fn write(information: &PresenceInformation) -> Option<PresenceDocument> {
    let xml = information.to_xml().ok()?;
    Some(PresenceDocument::pidf(rialto_model::Bytes::from(xml)))
}

fn stamp(document: &PresenceDocument, entity: &Presentity, at: Millis) -> Option<PresenceDocument> {
    let information = read(document, entity)?;
    let time = Timestamp::try_from(at.time()).ok()?;
    write(&information.map_tuples(|tuple| match tuple.timestamp() {
        Some(_) => tuple,
        None => tuple.with_timestamp(time),
    }))
}
