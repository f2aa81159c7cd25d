//! SIP URIs and inboxes (RFC 7247 §6).
//!
//! What a reply must name again to reach the same user is the user part, the domain and the `user` parameter: of all that
//! may stand in a From, this alone makes another URI of it (RFC 3261 §19.1.1 table 1, §19.1.4). It stands in the local part in
//! the meta-syntax, and so do the parameters of a number. URIs and inboxes stand for each other one to one:
//!
//! ```text
//! sip:fred@sip.example                           im:fred@sip.example
//! sip:+12015550123@sip.example;user=phone        im:+12015550123/user=phone@sip.example
//! sip:7042;ext=5@sip.example;user=phone          im:7042/ext=5/user=phone@sip.example
//! sip:a/user=b@sip.example                       im:a%252fuser=b@sip.example
//! ```
//!
//! Port, transport and the like say how to get there, a password is for no one else, and the `gr` parameter is the instance.

use std::{borrow::Cow, fmt};

use rialto_sdk::{
    model::{AddressError, MetaSyntax, QualifiedUser},
    prelude::{ByteString, Domain, InstantInbox, Presentity},
};
use rialto_sip_codec::{Host, SipUri, TelephoneSubscriber, Uri, uri::escape};

/// An inbox and the device that the URI named.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) inbox: InstantInbox,
    pub(super) instance: Option<ByteString>,
}

/// Why a URI names no inbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum NoInbox {
    /// Nothing before the `@`.
    User,
    /// An escape of its user part is no text.
    Escape,
    /// An IP address after the `@`.
    IpAddress,
    /// No telephone number, or one that is known in one place only.
    Number,
    /// Numbers have no domain here.
    NumberDomain,
    /// Another scheme.
    Scheme,
    /// What an address of an inbox may not be.
    Address(AddressError),
}

/// Takes a `sip:`, `sips:` or `im:` URI, and a `tel:` URI where numbers have a domain.
pub(super) fn party(uri: Uri<'_>, number_domain: Option<&Domain>) -> Result<Party, NoInbox> {
    match uri {
        Uri::Sip(uri) => sip_party(&uri),
        Uri::Im(uri) => Ok(Party {
            inbox: InstantInbox::parse(&format!("im:{}", uri.rest()))?,
            instance: None,
        }),
        Uri::Tel(uri) => tel_party(uri.rest(), number_domain),
        _ => Err(NoInbox::Scheme),
    }
}

/// Takes a `pres:` URI, or what names an inbox: on this network a user is both, under one address (RFC 3856 §4).
pub(super) fn presentity(
    uri: Uri<'_>,
    number_domain: Option<&Domain>,
) -> Result<Presentity, NoInbox> {
    if let Uri::Pres(uri) = uri {
        return Ok(Presentity::parse(&format!("pres:{}", uri.rest()))?);
    }
    let inbox = party(uri, number_domain)?.inbox;
    Ok(Presentity::parse(&format!("pres:{}", inbox.mailbox()))?)
}

fn sip_party(uri: &SipUri<'_>) -> Result<Party, NoInbox> {
    let Host::Name(host) = uri.host() else {
        return Err(NoInbox::IpAddress);
    };
    let user = uri.user().ok_or(NoInbox::User)?;
    let kind = uri.param(USER).flatten();
    let plain = match kind {
        None => plain_inbox(user, host),
        Some(_) => None,
    };
    let inbox = match plain {
        Some(inbox) => inbox,
        None => {
            let domain = Domain::parse(host)?;
            let local_part = local_part(user, kind).ok_or(NoInbox::Escape)?;
            InstantInbox::new(&local_part, &domain)?
        }
    };
    // A `gr` without a value marks a temporary GRUU, which names no device (RFC 7247 §6.3).
    let instance = uri.param("gr").flatten().and_then(escape::unescape_text);
    Ok(Party {
        inbox,
        instance: instance.map(|instance| instance.as_ref().into()),
    })
}

/// The inbox of the `sip:` URI that a number has at the domain of numbers (RFC 3261 §19.1.6).
fn tel_party(number: &str, domain: Option<&Domain>) -> Result<Party, NoInbox> {
    let number = TelephoneSubscriber::parse(number).map_err(|_| NoInbox::Number)?;
    let domain = domain.ok_or(NoInbox::NumberDomain)?;
    let local_part = local_part(number.as_str(), Some(PHONE)).ok_or(NoInbox::Escape)?;
    Ok(Party {
        inbox: InstantInbox::new(&local_part, domain)?,
        instance: None,
    })
}

/// The inbox of a user part that stands for itself in an `im:` URI, as most do.
fn plain_inbox(user: &str, host: &str) -> Option<InstantInbox> {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'*+=/".contains(&byte);
    if !user.bytes().all(stands) || user.contains("/user=") {
        return None;
    }
    InstantInbox::from_shared(["im:", user, "@", host].concat().into()).ok()
}

/// The parameter of a URI that makes another address of it, and its value for telephone numbers.
const USER: &str = "user";
const PHONE: &str = "phone";

const SYNTAX: MetaSyntax = MetaSyntax::new(&[USER]);

/// What the user part of a number says behind the number, as RFC 3966 §3 orders it, and RFC 3261 §19.1.6 names it.
const PARAMETERS: [&str; 4] = ["isub", "ext", "phone-context", "postd"];
const NUMBER: MetaSyntax = MetaSyntax::new(&PARAMETERS);

/// The local part of a user part and the value of the `user` parameter, escapes as they stood.
fn local_part(user: &str, kind: Option<&str>) -> Option<String> {
    let kind = escape::unescape_text(kind.unwrap_or_default())?;
    let user = match is_phone(&kind) {
        true => NUMBER.write(&read_number(user)?).into(),
        false => escape::unescape_text(user)?,
    };
    Some(SYNTAX.write(&QualifiedUser::new(user).with(USER, kind)))
}

fn is_phone(kind: &str) -> bool {
    kind.eq_ignore_ascii_case(PHONE)
}

/// Reads the user part of a number.
fn read_number(mut user: &str) -> Option<QualifiedUser<'_>> {
    let mut values = [None; PARAMETERS.len()];
    for (name, value) in PARAMETERS.iter().zip(&mut values).rev() {
        if let Some((rest, text)) = last_parameter(user, name) {
            (user, *value) = (rest, Some(text));
        }
    }
    let mut number = QualifiedUser::new(escape::unescape_text(user)?);
    for (name, value) in PARAMETERS.into_iter().zip(values) {
        number = number.with(name, escape::unescape_text(value.unwrap_or_default())?);
    }
    Some(number)
}

fn last_parameter<'a>(user: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let (rest, parameter) = user.rsplit_once(';')?;
    let value = parameter.strip_prefix(name)?.strip_prefix('=')?;
    (!rest.is_empty() && !value.is_empty()).then_some((rest, value))
}

/// Writes the user part of a number, so that reading it gives the number again.
fn number_user(number: &QualifiedUser<'_>) -> String {
    let mut parameters = String::new();
    for name in PARAMETERS {
        if let Some(value) = number.qualifier(name) {
            parameters.extend([";", name, "=", &data(value)]);
        }
    }
    let user = escape::escape_user(number.user()) + &*parameters;
    match read_number(&user) {
        Some(read) if read == *number => user.into_owned(),
        _ => data(number.user()) + &parameters,
    }
}

/// Escapes a text so that no part of it is taken for a parameter.
fn data(text: &str) -> String {
    escape::escape_user(text).replace(';', "%3B")
}

/// The `sip:` URI of an inbox.
pub(crate) fn sip_uri(inbox: &InstantInbox) -> String {
    let mut uri = String::new();
    push_sip_uri(&mut uri, inbox, None);
    uri
}

/// The `sip:` URI of a presentity.
pub(crate) fn presentity_uri(presentity: &Presentity) -> String {
    let mut uri = String::new();
    push_uri(&mut uri, &presentity.local_part(), presentity.domain());
    uri
}

/// Appends the `sip:` URI of an inbox, with `gr` when it names a device.
pub(super) fn push_sip_uri(out: &mut String, inbox: &InstantInbox, instance: Option<&ByteString>) {
    push_uri(out, &inbox.local_part(), inbox.domain());
    if let Some(instance) = instance {
        out.push_str(";gr=");
        out.push_str(&escaped_parameter(instance));
    }
}

fn push_uri(out: &mut String, local_part: &str, domain: &str) {
    let user = SYNTAX.read(local_part);
    let kind = user.qualifier(USER);
    out.push_str("sip:");
    match kind {
        Some(kind) if is_phone(kind) => out.push_str(&number_user(&NUMBER.read(user.user()))),
        _ => out.push_str(&escape::escape_user(user.user())),
    }
    out.push('@');
    out.push_str(domain);
    if let Some(kind) = kind {
        out.extend([";", USER, "=", &escaped_parameter(kind)]);
    }
}

/// Escapes what may not stand in the value of a URI parameter (RFC 3261 §25.1, `pvalue`).
pub(super) fn escaped_parameter(value: &str) -> Cow<'_, str> {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()[]/:&+$".contains(&byte);
    if value.bytes().all(stands) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if stands(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for nibble in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                escaped.push(digit.to_ascii_uppercase());
            }
        }
    }
    Cow::Owned(escaped)
}

impl From<AddressError> for NoInbox {
    fn from(error: AddressError) -> Self {
        Self::Address(error)
    }
}

impl fmt::Display for NoInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "the address has nothing before the `@`",
            Self::Escape => "the percent-encoded text is not UTF-8",
            Self::Number => "the number is no telephone number, or known in one place only",
            Self::NumberDomain => "telephone numbers have no domain here",
            Self::Scheme => "a URI of this scheme names no inbox",
            Self::IpAddress => return AddressError::IpAddress.fmt(f),
            Self::Address(error) => return error.fmt(f),
        })
    }
}

#[cfg(test)]
mod tests;
