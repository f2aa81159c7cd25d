//! The `sip:` and `sips:` URIs.

use std::{borrow::Cow, fmt};

use super::{
    compare::{same, same_escaped, same_option},
    escape,
};
use crate::{Host, error::UriError, lex};

/// A `sip:` or `sips:` URI, its parts as they were written (RFC 3261 §19.1).
#[derive(Clone, Copy, Debug)]
pub struct SipUri<'a> {
    security: Security,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: Host<'a>,
    port: Option<u16>,
    params: &'a str,
    headers: &'a str,
}

/// Says which of the two schemes a URI has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// `sip:`.
    Sip,
    /// `sips:`: TLS at every hop.
    Sips,
}

impl<'a> SipUri<'a> {
    /// Makes the URI of a user at a host; `user` has to be escaped already.
    ///
    /// # Errors
    ///
    /// The first byte of `user` that needs an escape.
    pub fn new(user: Option<&'a str>, host: Host<'a>, port: Option<u16>) -> Result<Self, UriError> {
        if let Some(user) = user {
            check_user(user)?;
        }
        let (params, headers) = ("", "");
        Ok(Self {
            security: Security::Sip,
            user,
            password: None,
            host,
            port,
            params,
            headers,
        })
    }

    /// Reads what follows the scheme's colon.
    pub(crate) fn parse_rest(security: Security, rest: &'a str) -> Result<Self, UriError> {
        let (userinfo, place, offset) = match lex::split_once(rest, b'@') {
            Some((userinfo, place)) => (Some(userinfo), place, userinfo.len() + 1),
            None => (None, rest, 0),
        };
        let (user, password) = userinfo.map(read_userinfo).transpose()?.unwrap_or_default();
        let later = |error: UriError| UriError {
            at: error.at + offset,
            ..error
        };
        let (host, length) = Host::parse_prefix(place).map_err(later)?;
        let tail = Tail::read(place.get(length..).unwrap_or_default()).map_err(|error| {
            later(UriError {
                at: error.at + length,
                ..error
            })
        })?;
        let Tail {
            port,
            params,
            headers,
        } = tail;
        Ok(Self {
            security,
            user,
            password,
            host,
            port,
            params,
            headers,
        })
    }

    /// Which scheme it has.
    #[must_use]
    pub const fn security(&self) -> Security {
        self.security
    }

    /// The user part, escapes as they stand.
    #[must_use]
    pub const fn user(&self) -> Option<&'a str> {
        self.user
    }

    /// The user part without escapes; `None` when there is none, or when it is not UTF-8.
    #[must_use]
    pub fn user_text(&self) -> Option<Cow<'a, str>> {
        self.user.and_then(escape::unescape_text)
    }

    /// The password, escapes as they stand.
    #[must_use]
    pub const fn password(&self) -> Option<&'a str> {
        self.password
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> Host<'a> {
        self.host
    }

    /// The port, when one is written.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The parameters as `name` and `value`, escapes as they stand.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        self.params
            .split(';')
            .skip(1)
            .map(|param| match param.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (param, None),
            })
    }

    /// Finds a parameter by its name, in any case; the inner `None` is one without a value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Option<&'a str>> {
        self.params()
            .find(|(other, _)| same(other, name))
            .map(|(_, value)| value)
    }

    /// The headers as `name` and `value`, escapes as they stand.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let headers = self.headers.strip_prefix('?').unwrap_or_default();
        headers
            .split('&')
            .filter_map(|header| header.split_once('='))
    }

    /// Whether there are headers.
    #[must_use]
    pub const fn has_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    fn same_params(&self, other: &Self) -> bool {
        // Some parameters count when only one side has them (RFC 3261 §19.1.4).
        let counts = |name: &str| {
            ["user", "ttl", "method", "maddr", "transport"]
                .iter()
                .any(|one| same(one, name))
        };
        self.params().all(|(name, value)| {
            let value = value.unwrap_or_default();
            match other.param(name).map(Option::unwrap_or_default) {
                // Methods differ by their case (RFC 3261 §7.1).
                Some(theirs) if same(name, "method") => same_escaped(value, theirs),
                Some(theirs) => same(value, theirs),
                None => !counts(name),
            }
        })
    }

    fn has_headers_of(&self, other: &Self) -> bool {
        other.headers().all(|(name, value)| {
            self.headers()
                .any(|(mine, its)| same(mine, name) && same_escaped(its, value))
        })
    }
}

impl PartialEq for SipUri<'_> {
    /// Compares as RFC 3261 §19.1.4 says, which is not transitive: so there is no `Eq`.
    fn eq(&self, other: &Self) -> bool {
        self.security == other.security
            && same_option(self.user, other.user)
            && same_option(self.password, other.password)
            && self.host == other.host
            && self.port == other.port
            && self.same_params(other)
            && other.same_params(self)
            && self.has_headers_of(other)
            && other.has_headers_of(self)
    }
}

impl fmt::Display for SipUri<'_> {
    /// Writes the URI with scheme and host in their canonical form.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.security {
            Security::Sip => "sip:",
            Security::Sips => "sips:",
        })?;
        if let Some(user) = self.user {
            formatter.write_str(user)?;
            if let Some(password) = self.password {
                write!(formatter, ":{password}")?;
            }
            formatter.write_str("@")?;
        }
        write!(formatter, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(formatter, ":{port}")?;
        }
        write!(formatter, "{}{}", self.params, self.headers)
    }
}

/// What follows the host.
struct Tail<'a> {
    port: Option<u16>,
    params: &'a str,
    headers: &'a str,
}

impl<'a> Tail<'a> {
    fn read(text: &'a str) -> Result<Self, UriError> {
        let port_length = match text.strip_prefix(':') {
            Some(rest) => 1 + rest.bytes().take_while(u8::is_ascii_digit).count(),
            None => 0,
        };
        let port = match text.get(1..port_length) {
            Some(digits) => Some(digits.parse().map_err(|_| UriError {
                at: 1,
                expected: "port of 0 to 65535",
            })?),
            None => None,
        };
        let rest = text.get(port_length..).unwrap_or_default();
        if rest.is_empty() {
            let (params, headers) = ("", "");
            return Ok(Self {
                port,
                params,
                headers,
            });
        }
        let (params, headers) = rest
            .split_at_checked(rest.find('?').unwrap_or(rest.len()))
            .unwrap_or_default();
        let tail = Self {
            port,
            params,
            headers,
        };
        tail.check(port_length)?;
        Ok(tail)
    }

    fn check(&self, offset: usize) -> Result<(), UriError> {
        if !self.params.is_empty() && !self.params.starts_with(';') {
            return Err(UriError {
                at: offset,
                expected: "port, parameter or header",
            });
        }
        let is_param = |byte| lex::is_uri_param_byte(byte) || matches!(byte, b';' | b'=');
        if let Some(at) = escape::first_foreign(self.params, is_param) {
            return Err(UriError {
                at: offset + at,
                expected: "parameter",
            });
        }
        if let Some(expected) = self.misplaced_param() {
            let at = offset;
            return Err(UriError { at, expected });
        }
        let is_header = |byte| lex::is_uri_header_byte(byte) || matches!(byte, b'&' | b'=');
        if let Some(at) = escape::first_foreign(self.headers, is_header) {
            return Err(UriError {
                at: offset + self.params.len() + at,
                expected: "header",
            });
        }
        let mut headers = self
            .headers
            .strip_prefix('?')
            .into_iter()
            .flat_map(|all| all.split('&'));
        let is_pair = |header: &str| {
            matches!(header.split_once('='), Some((name, value))
            if !name.is_empty() && !value.contains('='))
        };
        if !headers.all(is_pair) {
            let at = offset + self.params.len();
            return Err(UriError {
                at,
                expected: "header with a value",
            });
        }
        Ok(())
    }
}

impl Tail<'_> {
    /// What a parameter should have been: `name[=value]`, and once if it is one of RFC 3261's.
    fn misplaced_param(&self) -> Option<&'static str> {
        let mut seen = 0_u8;
        for param in self.params.split(';').skip(1) {
            let (name, value) = match param.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (param, None),
            };
            if name.is_empty() || value.is_some_and(|value| value.is_empty() || value.contains('='))
            {
                return Some("parameter name, and value if any");
            }
            if let Some(known) = PARAMS.iter().position(|known| same(known, name)) {
                if seen & 1 << known != 0 {
                    return Some("parameter that may stand once");
                }
                seen |= 1 << known;
            }
        }
        None
    }
}

/// The parameters that say something to those who route (RFC 3261 §19.1.1, RFC 5627 for `gr`).
const PARAMS: [&str; 7] = ["transport", "user", "method", "ttl", "maddr", "lr", "gr"];

fn read_userinfo(userinfo: &str) -> Result<(Option<&str>, Option<&str>), UriError> {
    let (user, password) = match lex::split_once(userinfo, b':') {
        Some((user, password)) => (user, Some(password)),
        None => (userinfo, None),
    };
    check_user(user)?;
    if let Some(at) =
        password.and_then(|password| escape::first_foreign(password, lex::is_password_byte))
    {
        return Err(UriError {
            at: user.len() + 1 + at,
            expected: "password",
        });
    }
    Ok((Some(user), password))
}

fn check_user(user: &str) -> Result<(), UriError> {
    let foreign = escape::first_foreign(user, lex::is_user_byte);
    match foreign.or_else(|| user.is_empty().then_some(0)) {
        Some(at) => Err(UriError {
            at,
            expected: "user",
        }),
        None => Ok(()),
    }
}
