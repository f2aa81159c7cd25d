//! Records of the journal: subscriptions, documents, publications.
//!
//! In the form that messages have: a version, a kind, fields. What is here refuses, and survives, all else.

#[cfg(test)]
mod tests;
mod view;

use rialto_model::{
    Authentication, ByteString, Bytes, MaxForwards, Package, PresenceDocument, Presentity,
    SubscriptionId, TerminationReason,
};

pub use self::view::PresenceRecordView;
use super::{
    document::Document, presentities::Publication, rules::RulesRecord, subscription::Standing,
};
use crate::custody::{
    clock::Millis,
    record::{
        Unreadable, VERSION,
        wire::{Reader, Writer},
    },
};

/// A record, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Subscription(SubscriptionRecord),
    Document(DocumentRecord),
    Rules(RulesRecord),
    Publication(PublicationRecord),
    Fetched(FetchedRecord),
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SubscriptionRecord {
    pub(super) adapter: ByteString,
    pub(super) watcher: Presentity,
    pub(super) target: Presentity,
    pub(super) id: SubscriptionId,
    pub(super) reference: Option<ByteString>,
    pub(super) nonce: u64,
    pub(super) package: Package,
    pub(super) authentication: Authentication,
    pub(super) max_forwards: MaxForwards,
    pub(super) standing: Standing,
    pub(super) accepted_at: Millis,
    pub(super) expires_at: Millis,
    /// Up to which version none may come again.
    pub(super) versions: u32,
}

/// What was told of a presentity last; under the key of the subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DocumentRecord {
    pub(super) content: PresenceDocument,
    pub(super) at: Millis,
}

/// What one device says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicationRecord {
    pub(super) presentity: Presentity,
    pub(super) id: SubscriptionId,
    pub(super) version: u64,
    pub(super) document: PresenceDocument,
    pub(super) begins_at: Millis,
    pub(super) expires_at: Millis,
}

/// What a watcher was told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FetchedRecord {
    pub(super) watcher: Presentity,
    pub(super) presentity: Presentity,
    pub(super) document: DocumentRecord,
}

impl Record {
    /// Reads a record; texts and documents share its bytes.
    pub(super) fn read(bytes: &Bytes) -> Result<Self, Unreadable> {
        let mut from = Reader::new(bytes);
        match from.byte()? {
            VERSION => {}
            0 => return Err(Unreadable::Damaged("its version is 0")),
            later => return Err(Unreadable::Newer(later)),
        }
        let record = match from.byte()? {
            SubscriptionRecord::KIND => Self::Subscription(SubscriptionRecord::read(&mut from)?),
            DocumentRecord::KIND => Self::Document(DocumentRecord::read(&mut from)?),
            RulesRecord::KIND => Self::Rules(RulesRecord::read(&mut from)?),
            PublicationRecord::KIND => Self::Publication(PublicationRecord::read(&mut from)?),
            FetchedRecord::KIND => Self::Fetched(FetchedRecord::read(&mut from)?),
            _ => return Err(Unreadable::Damaged("its kind is unknown")),
        };
        from.end()?;
        Ok(record)
    }
}

impl SubscriptionRecord {
    const KIND: u8 = 16;

    pub(super) fn write(&self) -> Vec<u8> {
        let mut to = Writer::new(Self::KIND, 256);
        to.bytes(self.adapter.as_bytes());
        to.bytes(self.watcher.as_str().as_bytes());
        to.bytes(self.target.as_str().as_bytes());
        to.bytes(self.id.as_bytes());
        to.optional(self.reference.as_ref());
        to.number(self.nonce);
        to.byte(u8::from(self.package == Package::WatcherInformation));
        to.byte(u8::from(self.authentication.is_authenticated()));
        to.byte(self.max_forwards.hops());
        to.byte(self.standing.code());
        to.number(self.accepted_at.0);
        to.number(self.expires_at.0);
        to.number(self.versions.into());
        to.end()
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            adapter: from.text()?,
            watcher: presentity(from)?,
            target: presentity(from)?,
            id: id(from)?,
            reference: from.optional()?,
            nonce: from.number()?,
            package: match from.byte()? {
                0 => Package::Presence,
                1 => Package::WatcherInformation,
                _ => return Err(Unreadable::Damaged("what is watched is unknown")),
            },
            authentication: match from.byte()? {
                0 => Authentication::None,
                1 => Authentication::Network,
                _ => return Err(Unreadable::Damaged("who vouches is unknown")),
            },
            max_forwards: MaxForwards::new(from.byte()?),
            standing: Standing::from_code(from.byte()?)
                .ok_or(Unreadable::Damaged("its state is unknown"))?,
            accepted_at: Millis(from.number()?),
            expires_at: Millis(from.number()?),
            versions: u32::try_from(from.number()?)
                .map_err(|_| Unreadable::Damaged("its versions are too many"))?,
        })
    }
}

impl DocumentRecord {
    const KIND: u8 = 17;

    pub(super) fn of(document: &Document) -> Self {
        Self {
            content: document.content().clone(),
            at: document.at(),
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let len = self.content.payload().len() + 64;
        let mut to = Writer::new(Self::KIND, len);
        self.put(&mut to);
        to.end()
    }

    fn put(&self, to: &mut Writer) {
        to.number(self.at.0);
        put_document(to, &self.content);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            at: Millis(from.number()?),
            content: document(from)?,
        })
    }
}

impl PublicationRecord {
    const KIND: u8 = 19;

    pub(super) fn write_of(presentity: &Presentity, of: &Publication) -> Vec<u8> {
        let mut to = Writer::new(Self::KIND, of.document.payload().len() + 160);
        to.bytes(presentity.as_str().as_bytes());
        to.bytes(of.id.as_bytes());
        to.number(of.version);
        put_document(&mut to, &of.document);
        to.number(of.begins_at.0);
        to.number(of.expires_at.0);
        to.end()
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            presentity: presentity(from)?,
            id: id(from)?,
            version: from.number()?,
            document: document(from)?,
            begins_at: Millis(from.number()?),
            expires_at: Millis(from.number()?),
        })
    }
}

impl FetchedRecord {
    const KIND: u8 = 20;

    pub(super) fn write(&self) -> Vec<u8> {
        let mut to = Writer::new(Self::KIND, self.document.content.payload().len() + 160);
        to.bytes(self.watcher.as_str().as_bytes());
        to.bytes(self.presentity.as_str().as_bytes());
        self.document.put(&mut to);
        to.end()
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            watcher: presentity(from)?,
            presentity: presentity(from)?,
            document: DocumentRecord::read(from)?,
        })
    }
}

impl Standing {
    fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Active => 1,
            Self::Ended(reason) => {
                let mut all = TerminationReason::ALL.into_iter();
                2 + all.position(|of| of == reason).unwrap_or_default() as u8
            }
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Pending,
            1 => Self::Active,
            ended => Self::Ended(*TerminationReason::ALL.get(usize::from(ended) - 2)?),
        })
    }
}

fn put_document(to: &mut Writer, document: &PresenceDocument) {
    to.bytes(document.content_type().as_bytes());
    to.bytes(document.payload().as_bytes());
}

fn document(from: &mut Reader<'_>) -> Result<PresenceDocument, Unreadable> {
    let content_type = from.text()?;
    Ok(PresenceDocument::new(content_type, from.bytes()?.into()))
}

fn presentity(from: &mut Reader<'_>) -> Result<Presentity, Unreadable> {
    Presentity::parse(&from.text()?).map_err(|_| Unreadable::Damaged("an address is no presentity"))
}

fn id(from: &mut Reader<'_>) -> Result<SubscriptionId, Unreadable> {
    SubscriptionId::parse(&from.bytes()?)
        .map_err(|_| Unreadable::Damaged("a subscription's name is none"))
}
