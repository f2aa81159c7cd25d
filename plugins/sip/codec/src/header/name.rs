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
        let Some(first) = name.first() else {
            return Self::Other;
        };
        // Length and first letter leave one name, or two.
        let candidates: &[Self] = match (name.len(), first.to_ascii_lowercase()) {
            (1, letter) => return Self::of_compact(letter),
            (2, b't') => &[Self::To],
            (3, b'v') => &[Self::Via],
            (4, b'c') => &[Self::CSeq],
            (4, b'd') => &[Self::Date],
            (4, b'f') => &[Self::From],
            (5, b'a') => &[Self::Allow],
            (5, b'e') => &[Self::Event],
            (5, b'r') => &[Self::Route],
            (6, b'a') => &[Self::Accept],
            (6, b's') => &[Self::Server],
            (7, b'c') => &[Self::CallId, Self::Contact],
            (7, b'e') => &[Self::Expires],
            (7, b'p') => &[Self::Privacy],
            (7, b'r') => &[Self::Require],
            (7, b's') => &[Self::Subject],
            (7, b'w') => &[Self::Warning],
            (8, b'p') => &[Self::Priority],
            (8, b'r') => &[Self::ReplyTo, Self::ReferTo],
            (8, b's') => &[Self::SipETag],
            (9, b's') => &[Self::Supported],
            (9, b't') => &[Self::Timestamp],
            (10, b'u') => &[Self::UserAgent],
            (11, b'i') => &[Self::InReplyTo],
            (11, b'm') => &[Self::MinExpires],
            (11, b'r') => &[Self::RetryAfter],
            (11, b'u') => &[Self::Unsupported],
            (12, b'a') => &[Self::AllowEvents],
            (12, b'c') => &[Self::ContentType],
            (12, b'm') => &[Self::MaxForwards, Self::MimeVersion],
            (12, b'o') => &[Self::Organization],
            (12, b'r') => &[Self::RecordRoute],
            (12, b's') => &[Self::SipIfMatch],
            (13, b'a') => &[Self::Authorization],
            (13, b'p') => &[Self::ProxyRequire],
            (14, b'c') => &[Self::ContentLength],
            (15, b'a') => &[Self::AcceptEncoding, Self::AcceptLanguage],
            (16, b'c') => &[Self::ContentEncoding, Self::ContentLanguage],
            (16, b'w') => &[Self::WwwAuthenticate],
            (18, b'p') => &[Self::ProxyAuthenticate],
            (18, b's') => &[Self::SubscriptionState],
            (19, b'c') => &[Self::ContentDisposition],
            (19, b'p') => &[Self::PAssertedIdentity, Self::ProxyAuthorization],
            (25, b'c') => &[Self::ContentTransferEncoding],
            _ => &[],
        };
        candidates
            .iter()
            .copied()
            .find(|candidate| {
                let long = candidate.as_str().as_bytes();
                long == name || long.eq_ignore_ascii_case(name)
            })
            .unwrap_or(Self::Other)
    }

    const fn of_compact(letter: u8) -> Self {
        match letter {
            b'v' => Self::Via,
            b'f' => Self::From,
            b't' => Self::To,
            b'i' => Self::CallId,
            b'l' => Self::ContentLength,
            b'c' => Self::ContentType,
            b'm' => Self::Contact,
            b'u' => Self::AllowEvents,
            b'e' => Self::ContentEncoding,
            b'o' => Self::Event,
            b'r' => Self::ReferTo,
            b's' => Self::Subject,
            b'k' => Self::Supported,
            _ => Self::Other,
        }
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

    /// All names in their order, after their compact forms.
    const NAMES: &str = "Accept Accept-Encoding Accept-Language Allow u:Allow-Events Authorization \
        i:Call-ID m:Contact Content-Disposition e:Content-Encoding Content-Language l:Content-Length \
        Content-Transfer-Encoding c:Content-Type CSeq Date o:Event Expires f:From In-Reply-To Max-Forwards \
        MIME-Version Min-Expires Organization P-Asserted-Identity Priority Privacy Proxy-Authenticate \
        Proxy-Authorization Proxy-Require Record-Route r:Refer-To Reply-To Require Retry-After Route Server \
        SIP-ETag SIP-If-Match s:Subject Subscription-State k:Supported Timestamp t:To Unsupported User-Agent \
        v:Via Warning WWW-Authenticate";

    #[test]
    fn every_header_name_is_read_in_its_long_and_its_compact_form() {
        let names: Vec<_> = NAMES.split_ascii_whitespace().collect();
        assert_eq!(names.len() + 1, HeaderName::COUNT);
        for (number, text) in names.into_iter().enumerate() {
            let (compact, long) = text.split_once(':').unwrap_or((text, text));
            for text in [compact, long, &long.to_uppercase(), &compact.to_uppercase()] {
                let name = HeaderName::parse(text.as_bytes());
                assert_eq!((name.as_str(), name as usize), (long, number), "{text}");
            }
            let other = format!("{}x", long.split_at(long.len() - 1).0);
            assert_eq!(HeaderName::parse(other.as_bytes()), HeaderName::Other);
        }
    }

    #[test]
    fn header_name_reads_any_case_and_the_compact_form() {
        assert_eq!(HeaderName::parse(b"cAlL-iD"), HeaderName::CallId);
        assert_eq!(HeaderName::parse(b"I"), HeaderName::CallId);
        assert_eq!(HeaderName::parse(b"X-Call-ID"), HeaderName::Other);
        assert_eq!(HeaderName::parse(b""), HeaderName::Other);
    }
}
