//! Jabber identifiers: `local@domain/resource` (RFC 7622).

use std::borrow::Cow;
use std::fmt;

use bytestring::ByteString;
use jid::{DomainPart, NodePart, ResourcePart};

use super::{escape, unescape};

/// Is a prepared XMPP address: two are equal if and only if their bytes are.
///
/// Preparation is that of the `jid` crate: stringprep profiles (RFC 6122), which agree with PRECIS
/// (RFC 7622) on what is deployed, and IDNA for the domain.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Jid {
    text: ByteString,
    at: Option<usize>,
    slash: Option<usize>,
}

/// Says why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The local part is empty or holds what it may not.
    #[error("the local part is not valid")]
    Local,
    /// The local part, escapes and all, is longer than RFC 7622 §3.3.1 permits.
    #[error("the local part has more than {MAX_PART} bytes, its escapes included")]
    LocalTooLong,
    /// The domain is empty, too long, or no domain.
    #[error("the domain is not valid")]
    Domain,
    /// The resource is empty, too long, or holds what it may not.
    #[error("the resource is not valid")]
    Resource,
    /// A local part cannot begin or end with a space, even escaped (XEP-0106 §5.1).
    #[error("a local part cannot begin or end with a space")]
    Space,
    /// The local part is not what escaping any text gives, so no text stands for it (XEP-0106).
    #[error("the local part is escaped where it need not be")]
    NotReversible,
}

impl Jid {
    /// Reads an address and prepares it (RFC 7622 §3.1).
    ///
    /// # Errors
    /// [`AddressError`] names the part that is not valid.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        Self::prepared(local, domain, resource)
    }

    /// Makes the address `text@domain`, where `text` is any text: it is escaped (XEP-0106).
    ///
    /// # Errors
    /// [`AddressError`] if the text cannot be escaped, or a part is not valid.
    pub fn from_text(text: &str, domain: &str) -> Result<Self, AddressError> {
        Self::prepared(Some(&escape(text)?), domain, None)
    }

    /// Adds or replaces the resource.
    ///
    /// # Errors
    /// [`AddressError::Resource`] if it is not valid.
    pub fn with_resource(self, resource: &str) -> Result<Self, AddressError> {
        Self::prepared(self.local(), self.domain(), Some(resource))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before `@`, as it goes over the wire.
    pub fn local(&self) -> Option<&str> {
        self.at.and_then(|at| self.text.get(..at))
    }

    /// The part between `@` and `/`.
    pub fn domain(&self) -> &str {
        let begin = self.at.map_or(0, |at| at + 1);
        self.text
            .get(begin..self.slash.unwrap_or(self.text.len()))
            .unwrap_or_default()
    }

    /// The part after `/`.
    pub fn resource(&self) -> Option<&str> {
        self.slash.and_then(|slash| self.text.get(slash + 1..))
    }

    /// The address without resource.
    pub fn bare(&self) -> &str {
        self.slash
            .and_then(|slash| self.text.get(..slash))
            .unwrap_or(&self.text)
    }

    /// The local part as people mean it: unescaped (XEP-0106).
    pub fn local_text(&self) -> Option<Cow<'_, str>> {
        self.local().map(unescape)
    }

    /// The same, only if escaping it again gives this very local part.
    ///
    /// To be used where someone will write back to what is returned: `a\5cb` and `a\b` both
    /// unescape to `a\b`, but are two users.
    ///
    /// # Errors
    /// [`AddressError::NotReversible`] if it does not.
    pub fn reversible_local_text(&self) -> Result<Option<Cow<'_, str>>, AddressError> {
        let Some(local) = self.local() else {
            return Ok(None);
        };
        let text = unescape(local);
        match escape(&text) {
            Ok(again) if again == local => Ok(Some(text)),
            _ => Err(AddressError::NotReversible),
        }
    }

    /// The address as shared text.
    pub fn into_text(self) -> ByteString {
        self.text
    }

    fn prepared(
        local: Option<&str>,
        domain: &str,
        resource: Option<&str>,
    ) -> Result<Self, AddressError> {
        // A trailing dot is stripped before anything else (RFC 7622 §3.2).
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let local = local.map(prepared_local).transpose()?;
        let domain = prepared_domain(domain)?;
        let prepare = |text: &str| Some(ResourcePart::new(text).ok()?.as_str().to_owned());
        let resource = resource
            .map(|part| settled(part, prepare).ok_or(AddressError::Resource))
            .transpose()?;

        let mut text = String::with_capacity(
            local.as_ref().map_or(0, |part| part.len() + 1)
                + domain.len()
                + resource.as_ref().map_or(0, |part| part.len() + 1),
        );
        let at = local.map(|part| {
            text.push_str(&part);
            text.push('@');
            text.len() - 1
        });
        text.push_str(&domain);
        let slash = resource.map(|part| {
            text.push('/');
            text.push_str(&part);
            text.len() - 1 - part.len()
        });
        Ok(Self {
            text: text.into(),
            at,
            slash,
        })
    }
}

/// Prepares a local part; most are prepared already, and cheap to recognise.
fn prepared_local(local: &str) -> Result<Cow<'_, str>, AddressError> {
    let plain = |byte: u8| {
        byte.is_ascii_graphic()
            && !byte.is_ascii_uppercase()
            && !matches!(byte, b'"' | b'&' | b'\'' | b'/' | b':' | b'<' | b'>' | b'@')
    };
    if (1..=MAX_PART).contains(&local.len()) && local.bytes().all(plain) {
        return Ok(Cow::Borrowed(local));
    }
    if local.len() > MAX_PART {
        return Err(AddressError::LocalTooLong);
    }
    let prepare = |text: &str| Some(NodePart::new(text).ok()?.as_str().to_owned());
    settled(local, prepare)
        .map(Cow::Owned)
        .ok_or(AddressError::Local)
}

/// Prepares a domain: letters, digits and hyphens are plain, other scripts are left to IDNA, other ASCII is refused, which
/// `jid` would let pass. An IPv6 address stands in brackets (RFC 7622 §3.2).
fn prepared_domain(domain: &str) -> Result<Cow<'_, str>, AddressError> {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_')
    };
    let labels_are_sound = !domain
        .split('.')
        .any(|label| label.is_empty() || label.len() > MAX_LABEL);
    if labels_are_sound && domain.len() <= MAX_DOMAIN && domain.bytes().all(plain) {
        return Ok(Cow::Borrowed(domain));
    }
    let prepare = |text: &str| Some(DomainPart::new(text).ok()?.as_str().to_owned());
    let prepared = settled(domain, prepare).ok_or(AddressError::Domain)?;
    let bracketed = prepared.starts_with('[') && prepared.ends_with(']');
    let permitted =
        |byte: u8| !byte.is_ascii() || plain(byte) || bracketed && b"[]:".contains(&byte);
    if prepared.bytes().all(permitted) {
        Ok(Cow::Owned(prepared))
    } else {
        Err(AddressError::Domain)
    }
}

/// Prepares a part and makes sure that preparing it again changes nothing: else two spellings of one address would differ.
fn settled(text: &str, prepare: impl Fn(&str) -> Option<String>) -> Option<String> {
    let once = prepare(text)?;
    (prepare(&once)? == once).then_some(once)
}

/// Bytes that a label of a domain may have (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;
/// Bytes that a domain may have in ASCII (RFC 1035 §2.3.4).
const MAX_DOMAIN: usize = 253;

/// Bytes that a local part or a resource may have (RFC 7622 §3.3.1).
const MAX_PART: usize = 1023;

impl fmt::Display for Jid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Jid({:?})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::{AddressError, Jid};

    #[test]
    fn jid_has_its_parts_when_it_is_valid() {
        let parts = |text: &str| {
            let jid = Jid::parse(text).unwrap();
            let own = |part: Option<&str>| part.map(str::to_owned);
            (
                own(jid.local()),
                jid.domain().to_owned(),
                own(jid.resource()),
                jid.bare().to_owned(),
            )
        };
        let some = |text: &str| Some(text.to_owned());
        let domain = || "example.com".to_owned();
        assert_eq!(parts("example.com"), (None, domain(), None, domain()));
        assert_eq!(
            parts("juliet@example.com/foo/b@r"),
            (
                some("juliet"),
                domain(),
                some("foo/b@r"),
                "juliet@example.com".into()
            )
        );
        assert_eq!(
            parts("example.com/r"),
            (None, domain(), some("r"), domain())
        );
    }

    #[test]
    fn domain_that_preparing_twice_would_change_or_that_is_none_is_refused() {
        for domain in [
            "examplemeC\"\u{213B}h)co,,,ny",
            "ex,ample.com",
            "ex ample.com",
            "a..b",
            "[::1",
            "a\"b",
        ] {
            assert_eq!(
                Jid::parse(domain).unwrap_err(),
                AddressError::Domain,
                "{domain}"
            );
        }
        assert_eq!(Jid::parse("[::1]").unwrap().domain(), "[::1]");
    }

    /// RFC 7622 §3.5, table 1 and table 2, as far as both address formats agree.
    #[test]
    fn jid_is_taken_or_refused_as_the_rfc_lists() {
        for valid in [
            "juliet@example.com",
            "juliet@example.com/foo",
            "juliet@example.com/foo bar",
            "juliet@example.com/foo@bar",
            r"foo\20bar@example.com",
            "fussball@example.com",
            "fu\u{DF}ball@example.com",
            "\u{3C0}@example.com",
            "\u{3C3}@example.com/foo",
            "king@example.com/\u{265A}",
            "example.com",
            "example.com/foobar",
            "a.example.com/b@example.net",
        ] {
            assert!(Jid::parse(valid).is_ok(), "{valid}");
        }
        for (invalid, error) in [
            ("\"juliet\"@example.com", AddressError::Local),
            ("foo bar@example.com", AddressError::Local),
            ("@example.com", AddressError::Local),
            ("\u{2163}\u{0}@example.com", AddressError::Local),
            ("juliet@", AddressError::Domain),
            ("juliet@/foobar", AddressError::Domain),
            ("/foobar", AddressError::Domain),
            ("a@b@c", AddressError::Domain),
            ("juliet@example.com/", AddressError::Resource),
        ] {
            assert_eq!(Jid::parse(invalid), Err(error), "{invalid}");
        }
        let long = "a".repeat(1024);
        let too_long = Jid::parse(&format!("{long}@b"));
        assert_eq!(too_long, Err(AddressError::LocalTooLong));
        assert_eq!(
            Jid::parse(&format!("a@b/{long}")),
            Err(AddressError::Resource)
        );
    }

    #[test]
    fn jid_is_prepared_when_it_is_read() {
        assert_eq!(
            Jid::parse("Juliet@EXAMPLE.com/Foo").unwrap().as_str(),
            "juliet@example.com/Foo"
        );
        assert_eq!(
            Jid::parse("juliet@example.com./r").unwrap().as_str(),
            "juliet@example.com/r"
        );
        assert_eq!(Jid::parse("a@[::1]").unwrap().domain(), "[::1]");
    }

    #[test]
    fn jid_of_a_text_carries_it_there_and_back() {
        let jid = Jid::from_text("sip=example.net/o'malley", "relay.example").unwrap();
        assert_eq!(jid.as_str(), "sip=example.net\\2fo\\27malley@relay.example");
        assert_eq!(jid.local_text().unwrap(), "sip=example.net/o'malley");
        assert_eq!(jid.with_resource("r").unwrap().resource(), Some("r"));
    }

    #[test]
    fn jid_text_is_refused_when_two_users_would_share_it() {
        let text = |address: &str| {
            let jid = Jid::parse(address).unwrap();
            jid.reversible_local_text()
                .map(|text| text.unwrap().into_owned())
        };
        assert_eq!(text("a\\b@example.com"), Ok("a\\b".into()));
        assert_eq!(text("a\\5cb@example.com"), Err(AddressError::NotReversible));
        assert_eq!(text("\\20a@example.com"), Err(AddressError::NotReversible));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn jid_local_part_is_prepared_as_the_library_does(local in r"[a-zA-Z0-9!-~]{1,8}") {
            let prepared = super::prepared_local(&local).map(|part| part.into_owned());
            let expected = jid::NodePart::new(&local).map(|part| part.as_str().to_owned());
            prop_assert_eq!(prepared.ok(), expected.ok());
        }

        #[test]
        fn jid_parsing_never_panics_and_is_stable(text in r"\PC{0,12}@?[a-zA-Z.\PC]{0,12}/?\PC{0,12}") {
            if let Ok(jid) = Jid::parse(&text) {
                let again = Jid::parse(jid.as_str()).unwrap();
                prop_assert_eq!(jid.domain(), again.domain());
                prop_assert_eq!(jid.local(), again.local());
            }
        }
    }
}
