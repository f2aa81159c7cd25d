//! Content: MIME of a mail, payload of a message.

use rialto_email_codec::message::{Attachment, Body, Mail, Protection};
use rialto_sdk::model::{
    ByteString, Bytes, ContentHeader, ContentType, Failure, FailureReason, InstantMessage,
};

use super::unsupported;
use crate::config::{AttachmentRule, BodyRule, ContentRule};

/// What of a mail goes to another network: a text that it can show, or the entity as it stands.
///
/// What is signed or encrypted goes whole, or not at all.
pub(crate) fn of_mail(
    mail: &Mail<'_>,
    octets: &Bytes,
    rule: &ContentRule,
) -> Result<InstantMessage, Failure> {
    match (mail.protection(), rule.body) {
        (Protection::None, BodyRule::Text) => text(mail, rule),
        _ => entity(mail, octets),
    }
}

fn text(mail: &Mail<'_>, rule: &ContentRule) -> Result<InstantMessage, Failure> {
    let shown = mail
        .shown_text()
        .filter(|shown| !shown.text.trim().is_empty())
        .ok_or_else(|| unsupported("email: the message has no text to show"))?;
    if shown.is_cut {
        return Err(Failure::new(FailureReason::TooLarge)
            .with_detail("email: the message has more text than a chat is shown"));
    }
    let mut text = rule.cut().apply(&shown).text;
    let attachments: Vec<_> = mail.attachments().take(MAX_MENTIONED + 1).collect();
    if !attachments.is_empty() {
        match rule.attachments {
            AttachmentRule::Refuse => {
                return Err(unsupported(
                    "email: attachments cannot be delivered; send the text alone",
                ));
            }
            AttachmentRule::Mention => mention(&mut text, &attachments),
        }
    }
    let message = InstantMessage::text(text);
    Ok(match mail.language() {
        Some(tag) => message.with_content_headers(vec![ContentHeader::new(LANGUAGE, tag)]),
        None => message,
    })
}

/// Says for each attachment that it was left out.
fn mention(text: &mut String, attachments: &[Attachment<'_>]) {
    text.push('\n');
    for attachment in attachments.iter().take(MAX_MENTIONED) {
        let name = attachment.name.as_deref().unwrap_or("without a name");
        let name: String = name
            .chars()
            .filter(|char| !char.is_control())
            .take(MAX_NAME)
            .collect();
        let kib = attachment.size.div_ceil(1024);
        let kind = &attachment.content_type;
        text.push_str(&format!("\n[not delivered: {name}, {kind}, {kib} KiB]"));
    }
    if attachments.len() > MAX_MENTIONED {
        text.push_str("\n[not delivered: more attachments]");
    }
}

/// Attachments that are named.
const MAX_MENTIONED: usize = 20;
/// Characters of an attachment's name.
const MAX_NAME: usize = 100;

const LANGUAGE: &str = "Content-Language";

/// The MIME entity, byte for byte: its body is the payload, its fields are the content's.
fn entity(mail: &Mail<'_>, octets: &Bytes) -> Result<InstantMessage, Failure> {
    let entity = mail.entity();
    let mut content_type = None;
    let mut headers = Vec::new();
    for field in &entity.fields {
        let (name, value) = unfolded(field)
            .ok_or_else(|| unsupported("email: a Content- field of the message is no UTF-8"))?;
        if name.eq_ignore_ascii_case("Content-Type") {
            content_type.get_or_insert(value);
        } else {
            headers.push(ContentHeader::new(name, value));
        }
    }
    // RFC 2045 §5.2.
    let content_type = content_type.unwrap_or_else(|| "text/plain; charset=us-ascii".into());
    let payload = octets.slice_ref(entity.body);
    Ok(InstantMessage::new(content_type, payload).with_content_headers(headers))
}

fn unfolded(field: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(field).ok()?;
    let (name, value) = text.split_once(':')?;
    // A fold is a line end before white space, which stays (RFC 5322 §2.2.3).
    let value: String = value
        .chars()
        .filter(|char| !matches!(char, '\r' | '\n'))
        .collect();
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

/// The content of a message, as a mail holds it.
#[derive(Debug)]
pub(crate) enum MailContent<'m> {
    /// Text.
    Text(&'m str),
    /// An entity whose octets may not change.
    Entity(Vec<u8>),
    /// Content of which only the octets matter: it may be encoded on its way.
    Octets { fields: String, octets: &'m [u8] },
}

impl MailContent<'_> {
    /// As the codec writes it.
    pub(crate) fn body(&self) -> Body<'_> {
        match self {
            Self::Text(text) => Body::Text(text),
            Self::Entity(entity) => Body::Entity(entity),
            Self::Octets { fields, octets } => Body::Octets { fields, octets },
        }
    }
}

/// What a message is in a mail.
pub(crate) fn to_mail(message: &InstantMessage) -> Result<MailContent<'_>, Failure> {
    let kind = ContentType::parse(message.content_type())
        .map_err(|error| unsupported(format!("email: {error}")))?;
    let octets = message.payload().as_bytes();
    let is_encoded = has_header(message, ENCODING);
    if is_plain_text(&kind) && !is_encoded && !has_header(message, "Content-Encoding") {
        return match std::str::from_utf8(octets) {
            Ok(text) => Ok(MailContent::Text(text)),
            Err(_) => Err(unsupported(
                "email: the text is not in the charset that it names",
            )),
        };
    }
    let is_composite = ["multipart", "message"]
        .iter()
        .any(|composite| kind.top_level().eq_ignore_ascii_case(composite));
    if is_composite || is_encoded {
        let mut entity = fields(message, |_| true)?.into_bytes();
        entity.extend_from_slice(b"\r\n");
        entity.extend_from_slice(octets);
        return Ok(MailContent::Entity(entity));
    }
    // How it is encoded is said by who encodes it: one field, not two.
    let fields = fields(message, |name| !name.eq_ignore_ascii_case(ENCODING))?;
    Ok(MailContent::Octets { fields, octets })
}

const ENCODING: &str = "Content-Transfer-Encoding";

/// The first language that the content names.
pub(crate) fn language(message: &InstantMessage) -> Option<&str> {
    let mut headers = message.content_headers().iter();
    let header = headers.find(|header| header.name.eq_ignore_ascii_case(LANGUAGE))?;
    header.value.split(',').next().map(str::trim)
}

fn is_plain_text(kind: &ContentType<'_>) -> bool {
    let is_known = |charset: &str| {
        ["utf-8", "us-ascii"]
            .iter()
            .any(|known| charset.eq_ignore_ascii_case(known))
    };
    kind.is("text", "plain") && kind.charset().is_none_or(|charset| is_known(&charset))
}

fn has_header(message: &InstantMessage, name: &str) -> bool {
    let mut headers = message.content_headers().iter();
    headers.any(|header| {
        let says_nothing = ["7bit", "8bit", "binary"]
            .iter()
            .any(|plain| header.value.trim().eq_ignore_ascii_case(plain));
        header.name.eq_ignore_ascii_case(name) && !says_nothing
    })
}

/// The content's fields that are wanted, each on a line.
fn fields(message: &InstantMessage, is_wanted: impl Fn(&str) -> bool) -> Result<String, Failure> {
    let mut fields = String::new();
    push_field(&mut fields, "Content-Type", message.content_type())?;
    let headers = message.content_headers().iter();
    for header in headers.filter(|header| is_wanted(&header.name)) {
        push_field(&mut fields, &header.name, &header.value)?;
    }
    Ok(fields)
}

/// A field that is not the content's would be one of the mail, of the sender's making.
fn push_field(fields: &mut String, name: &str, value: &ByteString) -> Result<(), Failure> {
    let is_content = name
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("Content-"));
    let is_token = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_content || !is_token || value.contains(char::is_control) || !value.is_ascii() {
        return Err(unsupported(
            "email: a header of the content cannot stand in a mail",
        ));
    }
    if value.len() > MAX_FIELD {
        return Err(unsupported(
            "email: a header of the content is too long for a mail",
        ));
    }
    fields.push_str(&format!("{name}: {value}\r\n"));
    Ok(())
}

/// Octets of a line (RFC 5322 §2.1.1), less the longest name.
const MAX_FIELD: usize = 900;
