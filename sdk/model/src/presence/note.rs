//! Human-readable remarks.

use std::fmt;

use bytestring::ByteString;

/// A remark for people, in the language that it names: the `<note>` of a tuple, a person, a device, a characteristic or
/// the whole document.
///
/// RFC 3863 §4.1.6, RFC 4479 §3.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Note {
    text: ByteString,
    language: Option<ByteString>,
}

impl Note {
    /// Makes one without a language.
    pub fn new(text: impl Into<ByteString>) -> Self {
        Self {
            text: text.into(),
            language: None,
        }
    }

    /// Makes one in a language, like `en` or `zh-Hans`; `None` when `language` is no tag (RFC 5646).
    pub fn in_language(
        text: impl Into<ByteString>,
        language: impl Into<ByteString>,
    ) -> Option<Self> {
        let language = language.into();
        is_language(&language).then(|| Self {
            text: text.into(),
            language: Some(language),
        })
    }

    /// What it says.
    pub const fn text(&self) -> &ByteString {
        &self.text
    }

    /// The tag of its language, as written.
    pub const fn language(&self) -> Option<&ByteString> {
        self.language.as_ref()
    }
}

/// Shows the length of the text only.
impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Note({} bytes, {:?})", self.text.len(), self.language)
    }
}

/// Whether a text is a language tag as `xs:language` has it.
pub(super) fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    let is_subtag = |subtag: &str| matches!(subtag.len(), 1..=8);
    subtags.next().is_some_and(|first| {
        is_subtag(first) && first.bytes().all(|byte| byte.is_ascii_alphabetic())
    }) && subtags
        .all(|subtag| is_subtag(subtag) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
