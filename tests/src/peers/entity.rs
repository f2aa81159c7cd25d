//! MIME entities, as far as signing and encrypting need them (RFC 1847).

const BOUNDARY: &str = "between-the-parts";

/// A content type, and the content that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// The Content-Type.
    pub content_type: String,
    /// The content, as it is on the wire.
    pub body: Vec<u8>,
}

impl Entity {
    /// Two entities in one, of this kind of multipart.
    pub(super) fn multipart(kind: &str, [first, second]: [&str; 2]) -> Self {
        let body =
            format!("--{BOUNDARY}\r\n{first}\r\n--{BOUNDARY}\r\n{second}\r\n--{BOUNDARY}--\r\n");
        Self {
            content_type: format!("multipart/{kind}; boundary={BOUNDARY}"),
            body: body.into_bytes(),
        }
    }

    /// The two entities again.
    ///
    /// # Panics
    /// When it holds anything else.
    pub(super) fn parts(&self) -> [String; 2] {
        let text = String::from_utf8_lossy(&self.body);
        let end = format!("\r\n--{BOUNDARY}");
        let inside = text.strip_prefix(&format!("--{BOUNDARY}\r\n"));
        let parts = inside.and_then(|inside| {
            let (first, rest) = inside.split_once(&end)?;
            let (second, _) = rest.strip_prefix("\r\n")?.split_once(&end)?;
            Some([first.to_owned(), second.to_owned()])
        });
        parts.unwrap_or_else(|| panic!("this has not two parts: {text:?}"))
    }
}

/// What follows the header of an entity.
pub(super) fn content(entity: &str) -> &str {
    let split = entity.split_once("\r\n\r\n");
    split.map_or("", |(_header, content)| content)
}
