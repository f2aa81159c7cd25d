//! Writes messages.

use mail_builder::{
    MessageBuilder,
    encoders::base64::Base64Encoder,
    headers::{address::Address, date::Date, message_id::MessageId as Ids, raw::Raw, text::Text},
    mime::{BodyPart, MimePart},
};

use super::{AutoSubmitted, MessageId, NamedMailbox};
use crate::{
    limits::MAX_REFERENCES,
    mailbox::{Domain, Mailbox},
};

/// A message to be written. What is not given is not written; the clock and the identifier are the caller's.
#[derive(Debug, Clone)]
pub struct NewMail<'a> {
    from: NamedMailbox,
    to: Vec<NamedMailbox>,
    message_id: MessageId,
    date: i64,
    body: Body<'a>,
    subject: Option<String>,
    language: Option<String>,
    in_reply_to: Option<MessageId>,
    references: Vec<MessageId>,
    auto_submitted: AutoSubmitted,
    max_forwards: Option<u8>,
    receipt_to: Option<Mailbox>,
    trace: Option<Trace>,
}

/// That a message passed this server: the line that each puts on top (RFC 5321 §4.4).
#[derive(Debug, Clone)]
pub struct Trace {
    from: Domain,
    by: Domain,
    id: String,
    date: i64,
}

impl Trace {
    /// It came from `from` and was given the name `id` by `by`, at `date` in seconds since 1970.
    #[must_use]
    pub fn new(from: Domain, by: Domain, id: &str, date: i64) -> Self {
        Self {
            from,
            by,
            id: one_line(id),
            date,
        }
    }

    fn line(&self) -> String {
        let Self { from, by, id, date } = self;
        format!(
            "from {from} by {by} id {id}; {}",
            Date::new(*date).to_rfc822()
        )
    }
}

/// What a message holds.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Body<'a> {
    /// Text, written as `text/plain` in UTF-8.
    Text(&'a str),
    /// A MIME entity: its `Content-…` fields, an empty line, its body. Written as it is, or not at all.
    Entity(&'a [u8]),
    /// Content of one part, which may be encoded on its way: its `Content-…` fields, each with its CRLF, and its octets.
    Octets {
        /// The fields; none says how it is encoded.
        fields: &'a str,
        /// The content.
        octets: &'a [u8],
    },
}

/// A message as octets, every line with its CRLF.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Header and body.
    pub octets: Vec<u8>,
    /// Whether the next server must have 8BITMIME.
    pub needs_8bitmime: bool,
    /// Whether it must have SMTPUTF8, for what stands in the header.
    pub needs_smtputf8: bool,
}

impl Written {
    /// A message that is written already: what is put before it (a signature, a trace) is put there by the caller.
    #[must_use]
    pub fn as_it_is(octets: Vec<u8>) -> Self {
        let end = memchr::memmem::find(&octets, b"\r\n\r\n").unwrap_or(octets.len());
        let (header, body) = octets.split_at_checked(end).unwrap_or((&octets, &[]));
        let (needs_smtputf8, needs_8bitmime) = (!header.is_ascii(), !body.is_ascii());
        Self {
            octets,
            needs_8bitmime,
            needs_smtputf8,
        }
    }
}

/// Why an entity is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A field that is not about content: it would become the message's.
    #[error("the entity's header has a field that does not begin with Content- (RFC 2045, 3)")]
    ForeignField,
    /// No empty line behind the fields.
    #[error("the entity has no empty line behind its header")]
    NoBody,
    /// A bare CR, a bare LF or a NUL, which no mail carries; to change it could break a signature.
    #[error("the entity has a bare CR, a bare LF or a NUL (RFC 2045, 2.8)")]
    BareLineEnd,
}

impl<'a> NewMail<'a> {
    /// A message from someone to someone. `date` is in seconds since 1970.
    #[must_use]
    pub fn new(
        from: NamedMailbox,
        to: NamedMailbox,
        message_id: MessageId,
        date: i64,
        body: Body<'a>,
    ) -> Self {
        Self {
            from,
            to: vec![to],
            message_id,
            date,
            body,
            subject: None,
            language: None,
            in_reply_to: None,
            references: Vec::new(),
            auto_submitted: AutoSubmitted::No,
            max_forwards: None,
            receipt_to: None,
            trace: None,
        }
    }

    /// Names one more recipient in the header.
    #[must_use]
    pub fn with_recipient(mut self, to: NamedMailbox) -> Self {
        self.to.push(to);
        self
    }

    /// Gives it a subject.
    #[must_use]
    pub fn with_subject(mut self, subject: &str) -> Self {
        self.subject = Some(one_line(subject));
        self
    }

    /// Says what language it is in (RFC 3282); a text that is no language tag is passed over.
    #[must_use]
    pub fn with_language(mut self, tag: &str) -> Self {
        let well_formed = tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        self.language = (!tag.is_empty() && well_formed).then(|| tag.to_owned());
        self
    }

    /// Puts it behind a message, in that one's thread (RFC 5322 §3.6.4): its identifier, and its own References.
    ///
    /// Of a long thread the first and the latest are kept.
    #[must_use]
    pub fn with_parent(mut self, parent: MessageId, mut references: Vec<MessageId>) -> Self {
        references.retain(|id| *id != parent);
        references.push(parent.clone());
        if references.len() > MAX_REFERENCES {
            references.drain(1..=references.len() - MAX_REFERENCES);
        }
        self.in_reply_to = Some(parent);
        self.references = references;
        self
    }

    /// Says that a program sent it (RFC 3834).
    #[must_use]
    pub fn with_auto_submitted(mut self, auto_submitted: AutoSubmitted) -> Self {
        self.auto_submitted = auto_submitted;
        self
    }

    /// Says how many more hops the message has, so that a loop through gateways ends.
    #[must_use]
    pub fn with_max_forwards(mut self, hops: u8) -> Self {
        self.max_forwards = Some(hops);
        self
    }

    /// Asks the recipient's program to say when it was shown (RFC 8098 §2.1).
    #[must_use]
    pub fn with_receipt_to(mut self, mailbox: Mailbox) -> Self {
        self.receipt_to = Some(mailbox);
        self
    }

    /// Says that it passed this server.
    #[must_use]
    pub fn with_trace(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Writes it.
    ///
    /// # Errors
    /// The entity cannot be carried as it is.
    pub fn write(self) -> Result<Written, WriteError> {
        let body = self.body;
        let builder = self.builder();
        match body {
            Body::Text(text) if has_foreign_octets(text) => {
                let entity = encoded(
                    "Content-Type: text/plain; charset=utf-8\r\n",
                    text.as_bytes(),
                );
                let whole = MimePart {
                    headers: Vec::new(),
                    contents: BodyPart::Binary(entity.into()),
                };
                Ok(written(builder.body(whole)))
            }
            Body::Text(text) => Ok(written(builder.text_body(text))),
            Body::Entity(entity) => {
                check(entity)?;
                let whole = MimePart {
                    headers: Vec::new(),
                    contents: BodyPart::Binary(entity.into()),
                };
                Ok(written(builder.body(whole)))
            }
            Body::Octets { fields, octets } => {
                let entity = encoded(fields, octets);
                check(&entity)?;
                let whole = MimePart {
                    headers: Vec::new(),
                    contents: BodyPart::Binary(entity.into()),
                };
                Ok(written(builder.body(whole)))
            }
        }
    }

    fn builder(self) -> MessageBuilder<'a> {
        let mut builder = MessageBuilder::new();
        if let Some(trace) = &self.trace {
            builder = builder.header("Received", Raw::new(trace.line()));
        }
        builder = builder
            .from(address(&self.from))
            .to(Address::new_list(self.to.iter().map(address).collect()))
            .message_id(Ids::new(self.message_id.as_str().to_owned()))
            .date(Date::new(self.date));
        if let Some(parent) = self.in_reply_to {
            builder = builder.in_reply_to(Ids::new(parent.as_str().to_owned()));
            let ids = self.references.iter().map(|id| id.as_str().to_owned());
            builder = builder.references(Ids::new_list(ids));
        }
        if let Some(subject) = self.subject {
            builder = builder.subject(Text::new(subject));
        }
        if let Some(keyword) = keyword(&self.auto_submitted) {
            builder = builder.header("Auto-Submitted", Raw::new(keyword));
        }
        if let Some(hops) = self.max_forwards {
            builder = builder.header(MAX_FORWARDS, Raw::new(hops.to_string()));
        }
        if let Some(mailbox) = self.receipt_to {
            let address = Raw::new(format!("<{mailbox}>"));
            builder = builder.header("Disposition-Notification-To", address);
        }
        // An entity says its own.
        if let (Some(tag), Body::Text(_)) = (self.language, self.body) {
            builder = builder.header("Content-Language", Raw::new(tag));
        }
        builder
    }
}

impl super::Mail<'_> {
    /// How many more hops the message has, if another gateway of this kind said so.
    #[must_use]
    pub fn max_forwards(&self) -> Option<u8> {
        self.raw_field(MAX_FORWARDS)?.parse().ok()
    }
}

/// The field that carries CPIM's hop count over mail (RFC 3860 §3.4.1), as Received counts servers.
const MAX_FORWARDS: &str = "Rialto-Max-Forwards";

/// An entity of content that is encoded, unless all of it can stand in a mail as it is (RFC 2045 §2.7, §6.8).
fn encoded(fields: &str, octets: &[u8]) -> Vec<u8> {
    let mut entity = fields.as_bytes().to_vec();
    if is_seven_bit(octets) {
        entity.extend_from_slice(b"\r\n");
        entity.extend_from_slice(octets);
        return entity;
    }
    entity.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
    let encoder = Base64Encoder::new().wrap_lines();
    entity.extend(encoder.encode(octets).unwrap_or_default());
    entity
}

/// Whether a text has what no mail carries as it stands: a CR that ends no line, which a server may take for the end of one, or a NUL.
fn has_foreign_octets(text: &str) -> bool {
    let octets = text.as_bytes();
    memchr::memchr2_iter(b'\r', 0, octets)
        .any(|at| octets.get(at) == Some(&0) || octets.get(at + 1) != Some(&b'\n'))
}

/// Short lines of ASCII, each with its CRLF, the last too.
fn is_seven_bit(octets: &[u8]) -> bool {
    let Some(text) = octets.strip_suffix(b"\r\n") else {
        return octets.is_empty();
    };
    text.split(|byte| *byte == b'\n').all(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() <= MAX_LINE && line.is_ascii() && memchr::memchr2(b'\r', 0, line).is_none()
    }) && memchr::memchr_iter(b'\n', text).all(|at| at > 0 && text.get(at - 1) == Some(&b'\r'))
}

/// Octets of a line without its end, RFC 5322 §2.1.1.
const MAX_LINE: usize = 998;

fn address(named: &NamedMailbox) -> Address<'static> {
    let name = named
        .name
        .as_deref()
        .map(one_line)
        .filter(|name| !name.is_empty());
    Address::new_address(name, named.mailbox.to_string())
}

fn keyword(auto_submitted: &AutoSubmitted) -> Option<&'static str> {
    match auto_submitted {
        AutoSubmitted::No => None,
        AutoSubmitted::Replied => Some("auto-replied"),
        AutoSubmitted::Generated | AutoSubmitted::Other(_) => Some("auto-generated"),
    }
}

/// The text without what could end its line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect()
}

pub(crate) fn written(builder: MessageBuilder<'_>) -> Written {
    let mut octets = Vec::new();
    builder.serialize(&mut octets);
    if !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
    Written::as_it_is(octets)
}

/// An entity may stand in a message only if all its lines are mail's and all its fields content's.
fn check(entity: &[u8]) -> Result<(), WriteError> {
    let mut rest = entity;
    loop {
        let (line, after) = match memchr::memchr3(b'\r', b'\n', 0, rest) {
            None => return Err(WriteError::NoBody),
            Some(at) => rest.split_at_checked(at).ok_or(WriteError::NoBody)?,
        };
        rest = after.strip_prefix(b"\r\n").ok_or(WriteError::BareLineEnd)?;
        if line.is_empty() {
            break;
        }
        let is_fold = line.starts_with(b" ") || line.starts_with(b"\t");
        let is_content = line
            .split_at_checked(8)
            .is_some_and(|(start, _)| start.eq_ignore_ascii_case(b"Content-"));
        if !is_content && (!is_fold || rest.len() + line.len() + 2 == entity.len()) {
            return Err(WriteError::ForeignField);
        }
    }
    while let Some(at) = memchr::memchr3(b'\r', b'\n', 0, rest) {
        let (_, after) = rest.split_at_checked(at).ok_or(WriteError::NoBody)?;
        rest = after.strip_prefix(b"\r\n").ok_or(WriteError::BareLineEnd)?;
    }
    Ok(())
}
