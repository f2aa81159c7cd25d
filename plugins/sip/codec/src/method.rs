//! Methods of requests.

use std::fmt;

use crate::lex;

/// Names what a request asks for; case matters (RFC 3261 §7.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Method<'a> {
    /// RFC 3261.
    Ack,
    /// RFC 3261.
    Bye,
    /// RFC 3261.
    Cancel,
    /// RFC 6086.
    Info,
    /// RFC 3261.
    Invite,
    /// RFC 3428.
    Message,
    /// RFC 6665.
    Notify,
    /// RFC 3261.
    Options,
    /// RFC 3262.
    Prack,
    /// RFC 3903.
    Publish,
    /// RFC 3515.
    Refer,
    /// RFC 3261.
    Register,
    /// RFC 6665.
    Subscribe,
    /// RFC 3311.
    Update,
    /// Any other token.
    Other(OtherMethod<'a>),
}

impl<'a> Method<'a> {
    /// Reads a method; `None` unless it is a token.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        Some(match text {
            "MESSAGE" => Self::Message,
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "OPTIONS" => Self::Options,
            "REGISTER" => Self::Register,
            "SUBSCRIBE" => Self::Subscribe,
            "NOTIFY" => Self::Notify,
            "PUBLISH" => Self::Publish,
            "INFO" => Self::Info,
            "PRACK" => Self::Prack,
            "REFER" => Self::Refer,
            "UPDATE" => Self::Update,
            other if lex::is_token(other) => Self::Other(OtherMethod(other)),
            _ => return None,
        })
    }

    /// The method as it stands on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Info => "INFO",
            Self::Invite => "INVITE",
            Self::Message => "MESSAGE",
            Self::Notify => "NOTIFY",
            Self::Options => "OPTIONS",
            Self::Prack => "PRACK",
            Self::Publish => "PUBLISH",
            Self::Refer => "REFER",
            Self::Register => "REGISTER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Update => "UPDATE",
            Self::Other(OtherMethod(text)) => text,
        }
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A method that this crate has no name for.
///
/// It is never one of the named ones: only [`Method::parse`] makes it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct OtherMethod<'a>(&'a str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_differs_from_its_lower_case() {
        assert_eq!(Method::parse("MESSAGE"), Some(Method::Message));
        assert_eq!(
            Method::parse("message").map(|method| method.as_str()),
            Some("message")
        );
        assert_ne!(Method::parse("message"), Some(Method::Message));
    }

    #[test]
    fn method_is_refused_when_it_is_no_token() {
        assert_eq!(Method::parse(""), None);
        assert_eq!(Method::parse("A B"), None);
        assert_eq!(Method::parse("A\r\nB"), None);
    }
}
