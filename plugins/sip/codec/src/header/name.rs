//! Names of header fields.

use std::fmt;

/// Names a header field; compact and long forms are one (RFC 3261 §7.3.3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
#[repr(u8)]
pub enum HeaderName {
    /// Accept.
    Accept,
    /// Accept-Encoding.
    AcceptEncoding,
    /// Accept-Language.
    AcceptLanguage,
    /// Allow.
    Allow,
    /// Allow-Events, compact form u.
    AllowEvents,
    /// Authorization.
    Authorization,
    /// Call-ID, compact form i.
    CallId,
    /// Contact, compact form m.
    Contact,
    /// Content-Disposition.
    ContentDisposition,
    /// Content-Encoding, compact form e.
    ContentEncoding,
    /// Content-Language.
    ContentLanguage,
    /// Content-Length, compact form l.
    ContentLength,
    /// Content-Transfer-Encoding.
    ContentTransferEncoding,
    /// Content-Type, compact form c.
    ContentType,
    /// CSeq.
    CSeq,
    /// Date.
    Date,
    /// Event, compact form o.
    Event,
    /// Expires.
    Expires,
    /// From, compact form f.
    From,
    /// In-Reply-To.
    InReplyTo,
    /// Max-Forwards.
    MaxForwards,
    /// MIME-Version.
    MimeVersion,
    /// Min-Expires.
    MinExpires,
    /// Organization.
    Organization,
    /// P-Asserted-Identity.
    PAssertedIdentity,
    /// Priority.
    Priority,
    /// Privacy.
    Privacy,
    /// Proxy-Authenticate.
    ProxyAuthenticate,
    /// Proxy-Authorization.
    ProxyAuthorization,
    /// Proxy-Require.
    ProxyRequire,
    /// Record-Route.
    RecordRoute,
    /// Refer-To, compact form r.
    ReferTo,
    /// Reply-To.
    ReplyTo,
    /// Require.
    Require,
    /// Retry-After.
    RetryAfter,
    /// Route.
    Route,
    /// Server.
    Server,
    /// SIP-ETag.
    SipETag,
    /// SIP-If-Match.
    SipIfMatch,
    /// Subject, compact form s.
    Subject,
    /// Subscription-State.
    SubscriptionState,
    /// Supported, compact form k.
    Supported,
    /// Timestamp.
    Timestamp,
    /// To, compact form t.
    To,
    /// Unsupported.
    Unsupported,
    /// User-Agent.
    UserAgent,
    /// Via, compact form v.
    Via,
    /// Warning.
    Warning,
    /// WWW-Authenticate.
    WwwAuthenticate,
    /// Any other; its text stands in [`Header::name_text`](crate::Header::name_text).
    Other,
}

impl HeaderName {
    /// How many variants there are.
    pub(crate) const COUNT: usize = Self::Other as usize + 1;

    /// Reads a name in any case, long or compact.
    #[must_use]
    pub fn parse(name: &[u8]) -> Self {
        let candidates: &[(&[u8], Self)] = match name.len() {
            1 => &[
                (b"v", Self::Via),
                (b"f", Self::From),
                (b"t", Self::To),
                (b"i", Self::CallId),
                (b"l", Self::ContentLength),
                (b"c", Self::ContentType),
                (b"m", Self::Contact),
                (b"u", Self::AllowEvents),
                (b"e", Self::ContentEncoding),
                (b"o", Self::Event),
                (b"r", Self::ReferTo),
                (b"s", Self::Subject),
                (b"k", Self::Supported),
            ],
            2 => &[(b"To", Self::To)],
            3 => &[(b"Via", Self::Via)],
            4 => &[
                (b"From", Self::From),
                (b"CSeq", Self::CSeq),
                (b"Date", Self::Date),
            ],
            5 => &[
                (b"Route", Self::Route),
                (b"Allow", Self::Allow),
                (b"Event", Self::Event),
            ],
            6 => &[(b"Accept", Self::Accept), (b"Server", Self::Server)],
            7 => &[
                (b"Call-ID", Self::CallId),
                (b"Contact", Self::Contact),
                (b"Expires", Self::Expires),
                (b"Privacy", Self::Privacy),
                (b"Require", Self::Require),
                (b"Subject", Self::Subject),
                (b"Warning", Self::Warning),
            ],
            8 => &[
                (b"Priority", Self::Priority),
                (b"Refer-To", Self::ReferTo),
                (b"Reply-To", Self::ReplyTo),
                (b"SIP-ETag", Self::SipETag),
            ],
            9 => &[
                (b"Supported", Self::Supported),
                (b"Timestamp", Self::Timestamp),
            ],
            10 => &[(b"User-Agent", Self::UserAgent)],
            11 => &[
                (b"In-Reply-To", Self::InReplyTo),
                (b"Min-Expires", Self::MinExpires),
                (b"Retry-After", Self::RetryAfter),
                (b"Unsupported", Self::Unsupported),
            ],
            12 => &[
                (b"Max-Forwards", Self::MaxForwards),
                (b"Content-Type", Self::ContentType),
                (b"Allow-Events", Self::AllowEvents),
                (b"MIME-Version", Self::MimeVersion),
                (b"Organization", Self::Organization),
                (b"Record-Route", Self::RecordRoute),
                (b"SIP-If-Match", Self::SipIfMatch),
            ],
            13 => &[
                (b"Authorization", Self::Authorization),
                (b"Proxy-Require", Self::ProxyRequire),
            ],
            14 => &[(b"Content-Length", Self::ContentLength)],
            15 => &[
                (b"Accept-Encoding", Self::AcceptEncoding),
                (b"Accept-Language", Self::AcceptLanguage),
            ],
            16 => &[
                (b"Content-Encoding", Self::ContentEncoding),
                (b"Content-Language", Self::ContentLanguage),
                (b"WWW-Authenticate", Self::WwwAuthenticate),
            ],
            18 => &[
                (b"Proxy-Authenticate", Self::ProxyAuthenticate),
                (b"Subscription-State", Self::SubscriptionState),
            ],
            19 => &[
                (b"Content-Disposition", Self::ContentDisposition),
                (b"P-Asserted-Identity", Self::PAssertedIdentity),
                (b"Proxy-Authorization", Self::ProxyAuthorization),
            ],
            25 => &[(b"Content-Transfer-Encoding", Self::ContentTransferEncoding)],
            _ => &[],
        };
        candidates
            .iter()
            .find(|(text, _)| text.eq_ignore_ascii_case(name))
            .map_or(Self::Other, |(_, name)| *name)
    }

    /// The long form; `extension` for [`HeaderName::Other`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::AcceptEncoding => "Accept-Encoding",
            Self::AcceptLanguage => "Accept-Language",
            Self::Allow => "Allow",
            Self::AllowEvents => "Allow-Events",
            Self::Authorization => "Authorization",
            Self::CallId => "Call-ID",
            Self::Contact => "Contact",
            Self::ContentDisposition => "Content-Disposition",
            Self::ContentEncoding => "Content-Encoding",
            Self::ContentLanguage => "Content-Language",
            Self::ContentLength => "Content-Length",
            Self::ContentTransferEncoding => "Content-Transfer-Encoding",
            Self::ContentType => "Content-Type",
            Self::CSeq => "CSeq",
            Self::Date => "Date",
            Self::Event => "Event",
            Self::Expires => "Expires",
            Self::From => "From",
            Self::InReplyTo => "In-Reply-To",
            Self::MaxForwards => "Max-Forwards",
            Self::MimeVersion => "MIME-Version",
            Self::MinExpires => "Min-Expires",
            Self::Organization => "Organization",
            Self::PAssertedIdentity => "P-Asserted-Identity",
            Self::Priority => "Priority",
            Self::Privacy => "Privacy",
            Self::ProxyAuthenticate => "Proxy-Authenticate",
            Self::ProxyAuthorization => "Proxy-Authorization",
            Self::ProxyRequire => "Proxy-Require",
            Self::RecordRoute => "Record-Route",
            Self::ReferTo => "Refer-To",
            Self::ReplyTo => "Reply-To",
            Self::Require => "Require",
            Self::RetryAfter => "Retry-After",
            Self::Route => "Route",
            Self::Server => "Server",
            Self::SipETag => "SIP-ETag",
            Self::SipIfMatch => "SIP-If-Match",
            Self::Subject => "Subject",
            Self::SubscriptionState => "Subscription-State",
            Self::Supported => "Supported",
            Self::Timestamp => "Timestamp",
            Self::To => "To",
            Self::Unsupported => "Unsupported",
            Self::UserAgent => "User-Agent",
            Self::Via => "Via",
            Self::Warning => "Warning",
            Self::WwwAuthenticate => "WWW-Authenticate",
            Self::Other => "extension",
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_name_reads_any_case_and_the_compact_form() {
        assert_eq!(HeaderName::parse(b"cAlL-iD"), HeaderName::CallId);
        assert_eq!(HeaderName::parse(b"I"), HeaderName::CallId);
        assert_eq!(HeaderName::parse(b"X-Call-ID"), HeaderName::Other);
        assert_eq!(HeaderName::parse(b""), HeaderName::Other);
    }
}
