//! Why bytes are no message/cpim, and why a message cannot be written as one.

use thiserror::Error;

/// Why bytes are no message/cpim; `at` is an offset in bytes from their start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CpimError {
    /// The whole is larger than is taken.
    #[error("the message has {len} bytes, at most {max} are taken")]
    TooLong {
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// The headers together are larger than is taken.
    #[error("the headers are longer than the {max} bytes that are taken")]
    HeadTooLong {
        /// The limit.
        max: usize,
    },
    /// A header is larger than is taken.
    #[error("the header at byte {at} is longer than the {max} bytes that are taken")]
    HeaderTooLong {
        /// Where it begins.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// There are more headers than are taken.
    #[error("the header at byte {at} is one more than the {max} that are taken")]
    TooManyHeaders {
        /// Where the first one too many begins.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// It ends before the empty line that ends the headers.
    #[error("the message ends at byte {at}, before the empty line after its headers")]
    Truncated {
        /// Its length.
        at: usize,
    },
    /// A header is not UTF-8.
    #[error("the headers are not UTF-8 from byte {at} on")]
    Encoding {
        /// The first byte that is wrong.
        at: usize,
    },
    /// A control character stands in a header, not escaped.
    #[error("a control character stands in a header at byte {at}")]
    Control {
        /// Where.
        at: usize,
    },
    /// A line has no colon after a name.
    #[error("the line at byte {at} is no header: no colon follows its name")]
    NoColon {
        /// Where it begins.
        at: usize,
    },
    /// The name of a header holds a character that none may hold.
    #[error("the name of the header at byte {at} is malformed")]
    HeaderName {
        /// Where it begins.
        at: usize,
    },
    /// A message header goes over more than one line.
    #[error("the line at byte {at} begins with white space: message headers are not folded")]
    Folded {
        /// Where the second line begins.
        at: usize,
    },
    /// A parameter of a header is malformed.
    #[error("a parameter of the header `{header}` at byte {at} is malformed")]
    Parameter {
        /// The header's name.
        header: String,
        /// Where the header begins.
        at: usize,
    },
    /// The value of a header is not what RFC 3862 §4 says.
    #[error("the value of the header `{header}` at byte {at} is malformed")]
    Value {
        /// The header's name.
        header: String,
        /// Where the header begins.
        at: usize,
    },
    /// A header that may stand once stands twice.
    #[error("the header `{header}` at byte {at} stands there a second time")]
    Repeated {
        /// The header's name.
        header: String,
        /// Where the second one begins.
        at: usize,
    },
    /// The MIME headers before the message say that it is something else.
    #[error("the content type is not message/cpim")]
    NotCpim,
    /// The whole is behind a transfer encoding, which must be taken off before.
    #[error("the message is in the transfer encoding `{encoding}`")]
    TransferEncoding {
        /// Its name.
        encoding: String,
    },
}

/// Why a message cannot be written as message/cpim.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CpimWriteError {
    /// A header's name cannot be written.
    #[error("`{name}` is no name of a header that can be written")]
    HeaderName {
        /// The name, made visible.
        name: String,
    },
    /// A language tag cannot be written.
    #[error("the language of the header `{header}` is no language tag")]
    Language {
        /// The header's name.
        header: String,
    },
    /// Parameters cannot be written.
    #[error("the parameters of the header `{header}` are malformed")]
    Parameters {
        /// The header's name.
        header: String,
    },
    /// A value cannot be written.
    #[error("the value of the header `{header}` cannot be written")]
    Value {
        /// The header's name.
        header: String,
    },
    /// The time is before the year 0 or after 9999, or its offset has seconds.
    #[error("the time cannot be written in the form of RFC 3339")]
    DateTime,
    /// The result would be larger than any reader here takes.
    #[error("the message would have more than {max} {what}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}
