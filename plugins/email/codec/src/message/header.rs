//! What the header of a message says.

use mail_parser::{Address, HeaderName, HeaderValue};

use super::{Mail, MessageId};
use crate::{
    limits::{MAX_ADDRESSES, MAX_REFERENCES},
    mailbox::{LocalPart, Mailbox},
};

/// A mailbox with the name that a header gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedMailbox {
    /// The display name, decoded.
    pub name: Option<String>,
    /// The mailbox.
    pub mailbox: Mailbox,
}

impl NamedMailbox {
    /// A mailbox with or without a name.
    #[must_use]
    pub fn new(name: Option<&str>, mailbox: Mailbox) -> Self {
        Self {
            name: name.map(str::to_owned),
            mailbox,
        }
    }
}

/// Auto-Submitted, RFC 3834 §5.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AutoSubmitted {
    /// Not said, or `no`: a person sent it.
    No,
    /// `auto-generated`.
    Generated,
    /// `auto-replied`.
    Replied,
    /// Another keyword, in lower case; as automatic as the two.
    Other(String),
}

/// Precedence: no standard says it, all lists do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precedence {
    /// `bulk`.
    Bulk,
    /// `junk`.
    Junk,
    /// `list`.
    List,
}

impl Mail<'_> {
    /// The authors.
    #[must_use]
    pub fn from(&self) -> Vec<NamedMailbox> {
        self.addresses(&HeaderName::From)
    }

    /// Who sent it, where that is not the author.
    #[must_use]
    pub fn sender(&self) -> Option<NamedMailbox> {
        self.addresses(&HeaderName::Sender).into_iter().next()
    }

    /// Where answers shall go, where that is not the author.
    #[must_use]
    pub fn reply_to(&self) -> Vec<NamedMailbox> {
        self.addresses(&HeaderName::ReplyTo)
    }

    /// Whom it names as its recipients; the envelope knows who they are.
    #[must_use]
    pub fn to(&self) -> Vec<NamedMailbox> {
        self.addresses(&HeaderName::To)
    }

    /// The subject, decoded.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.value(&HeaderName::Subject)?.as_text()
    }

    /// When it was written, in seconds since 1970.
    #[must_use]
    pub fn date(&self) -> Option<i64> {
        let date = self.value(&HeaderName::Date)?.as_datetime()?;
        date.is_valid().then(|| date.to_timestamp())
    }

    /// Its identifier.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        self.ids(&HeaderName::MessageId).into_iter().next()
    }

    /// What it answers.
    #[must_use]
    pub fn in_reply_to(&self) -> Vec<MessageId> {
        self.ids(&HeaderName::InReplyTo)
    }

    /// The thread that it stands in, eldest first.
    #[must_use]
    pub fn references(&self) -> Vec<MessageId> {
        self.ids(&HeaderName::References)
    }

    /// Whether a program sent it, as far as it says so.
    #[must_use]
    pub fn auto_submitted(&self) -> AutoSubmitted {
        let keyword = self
            .raw_field("Auto-Submitted")
            .map(first_word)
            .unwrap_or_default();
        match keyword.as_str() {
            "" | "no" => AutoSubmitted::No,
            "auto-generated" => AutoSubmitted::Generated,
            "auto-replied" => AutoSubmitted::Replied,
            _ => AutoSubmitted::Other(keyword),
        }
    }

    /// What Precedence says, if it is one of the three that matter.
    #[must_use]
    pub fn precedence(&self) -> Option<Precedence> {
        match self.raw_field("Precedence").map(first_word)?.as_str() {
            "bulk" => Some(Precedence::Bulk),
            "junk" => Some(Precedence::Junk),
            "list" => Some(Precedence::List),
            _ => None,
        }
    }

    /// Whether it came by a list (RFC 2369, RFC 2919).
    #[must_use]
    pub fn is_from_list(&self) -> bool {
        self.fields().any(|header| {
            let name = header.name().as_bytes();
            name.split_at_checked(5)
                .is_some_and(|(list, _)| list.eq_ignore_ascii_case(b"List-"))
        })
    }

    /// How many servers it has passed: its Received fields (RFC 5321 §6.3).
    #[must_use]
    pub fn received_count(&self) -> usize {
        self.fields()
            .filter(|header| header.name == HeaderName::Received)
            .count()
    }

    /// The language of Content-Language, the first if it names several (RFC 3282).
    #[must_use]
    pub fn language(&self) -> Option<String> {
        let tags = self.raw_field("Content-Language")?;
        let tag = tags.split(',').next()?.trim();
        let well_formed = tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (!tag.is_empty() && tag.len() <= 35 && well_formed).then(|| tag.to_owned())
    }

    /// The first field of that name, as it stands there, without the space around it; nothing if it is no UTF-8.
    #[must_use]
    pub fn raw_field(&self, name: &str) -> Option<&str> {
        let header = self
            .fields()
            .find(|header| header.name().eq_ignore_ascii_case(name))?;
        let value = self
            .raw
            .get(header.offset_start as usize..header.offset_end as usize)?;
        std::str::from_utf8(value).ok().map(str::trim)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &mail_parser::Header<'_>> {
        self.root().into_iter().flat_map(|root| &root.headers)
    }

    fn value(&self, name: &HeaderName<'_>) -> Option<&HeaderValue<'_>> {
        self.fields()
            .find(|header| header.name == *name)
            .map(|header| &header.value)
    }

    fn addresses(&self, name: &HeaderName<'_>) -> Vec<NamedMailbox> {
        let Some(HeaderValue::Address(addresses)) = self.value(name) else {
            return Vec::new();
        };
        let found: Box<dyn Iterator<Item = &mail_parser::Addr<'_>>> = match addresses {
            Address::List(list) => Box::new(list.iter()),
            Address::Group(groups) => Box::new(groups.iter().flat_map(|group| &group.addresses)),
        };
        found
            .filter_map(named_mailbox)
            .take(MAX_ADDRESSES)
            .collect()
    }

    fn ids(&self, name: &HeaderName<'_>) -> Vec<MessageId> {
        match self.value(name) {
            Some(HeaderValue::Text(id)) => id.parse().ok().into_iter().collect(),
            Some(HeaderValue::TextList(ids)) => ids
                .iter()
                .filter_map(|id| id.parse().ok())
                .take(MAX_REFERENCES)
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The parser takes quotes off local parts: one that is no mailbox as it stands is put in the form of one.
fn named_mailbox(address: &mail_parser::Addr<'_>) -> Option<NamedMailbox> {
    let text = address.address()?.trim();
    let name = address.name();
    if let Ok(mailbox) = text.parse() {
        return Some(NamedMailbox::new(name, mailbox));
    }
    let (local_part, host) = text.rsplit_once('@')?;
    // What is quoted before an `@` is taken for a name.
    let (name, local_part) = match name {
        Some(quoted) if local_part.is_empty() || local_part == quoted => (None, quoted),
        _ => (name, local_part),
    };
    let mailbox = Mailbox::new(LocalPart::new(local_part).ok()?, host.parse().ok()?).ok()?;
    Some(NamedMailbox::new(name, mailbox))
}

/// The first word in lower case, what follows it (comments, parameters) left out.
fn first_word(value: &str) -> String {
    let end = |char: char| char.is_whitespace() || char == ';' || char == '(';
    value
        .split(end)
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}
