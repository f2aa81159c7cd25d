//! Attachments: what a message carries besides its text.

use mail_parser::{MessagePart, MimeHeaders};

use super::Mail;

/// A part that is not the shown text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment<'a> {
    /// The file name, decoded; as it was sent, so not to be trusted as a path.
    pub name: Option<String>,
    /// `type/subtype` in lower case; `application/octet-stream` where nothing is said.
    pub content_type: String,
    /// Octets of the content, its transfer encoding undone.
    pub size: usize,
    /// The part with its header, as it stands there.
    pub entity: &'a [u8],
}

impl<'a> Mail<'a> {
    /// What the message carries besides its text, in its order. Nothing is decoded.
    pub fn attachments(&self) -> impl Iterator<Item = Attachment<'a>> {
        let ids = self.parsed.attachments.iter();
        ids.filter_map(|id| self.parsed.parts.get(*id as usize))
            .map(|part| self.attachment(part))
    }

    fn attachment(&self, part: &MessagePart<'_>) -> Attachment<'a> {
        Attachment {
            name: part.attachment_name().map(str::to_owned),
            content_type: content_type_of(part),
            size: self.decoded_size(part),
            entity: self.raw_part(part).unwrap_or_default(),
        }
    }

    fn decoded_size(&self, part: &MessagePart<'_>) -> usize {
        let body = self.raw_body(part);
        match self.transfer_encoding(part).as_deref() {
            Some("base64") => {
                let is_digit =
                    |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'/');
                body.iter().filter(is_digit).count() * 3 / 4
            }
            Some("quoted-printable") => self.decoded(part).len(),
            _ => body.len(),
        }
    }
}

fn content_type_of(part: &MessagePart<'_>) -> String {
    let Some(content_type) = part.content_type() else {
        return "application/octet-stream".into();
    };
    let subtype = content_type.subtype().unwrap_or("octet-stream");
    format!("{}/{subtype}", content_type.ctype()).to_ascii_lowercase()
}
