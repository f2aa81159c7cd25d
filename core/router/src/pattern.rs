//! Patterns of addresses, as operators write them.

use std::{fmt, str::FromStr};

use rialto_model::{AddressError, Domain, InstantInbox};
use thiserror::Error;

/// Which addresses are meant: one, all of a domain, or all below a domain.
///
/// Written `user@domain`, `*@domain` and `*@*.domain`. The local part is written as in an `im:` URI, so that a user whose
/// name is an asterisk is `%2A@domain`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressPattern {
    /// This address.
    One(InstantInbox),
    /// All addresses of this domain, none of its subdomains.
    At(Domain),
    /// All addresses of all subdomains of this domain, none of its own.
    Below(Domain),
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressPatternError {
    /// An asterisk stands where it means nothing.
    #[error(
        "an asterisk stands for a whole local part or for all first labels: write `user@domain`, `*@domain` or `*@*.domain`"
    )]
    Asterisk,
    /// What is left is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
}

impl AddressPattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, AddressPatternError> {
        let text = text.strip_prefix("im:").unwrap_or(text);
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(AddressError::NoDomain.into());
        };
        if local != "*" {
            return match [local, domain].map(|part| part.contains('*')) {
                [false, false] => Ok(Self::One(InstantInbox::parse(&format!("im:{text}"))?)),
                _ => Err(AddressPatternError::Asterisk),
            };
        }
        let (below, domain) = match domain.strip_prefix("*.") {
            Some(parent) => (true, parent),
            None => (false, domain),
        };
        if domain.contains('*') {
            return Err(AddressPatternError::Asterisk);
        }
        let domain = Domain::parse(domain)?;
        Ok(if below {
            Self::Below(domain)
        } else {
            Self::At(domain)
        })
    }

    /// Whether it means this address.
    pub fn matches(&self, inbox: &InstantInbox) -> bool {
        match self {
            Self::One(one) => one == inbox,
            Self::At(domain) => inbox.domain() == domain.as_str(),
            Self::Below(domain) => is_below(inbox.domain(), domain),
        }
    }

    /// Whether it means every address that the other one means.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::One(one)) => self.matches(one),
            (Self::At(domain), Self::At(other)) => domain == other,
            (Self::Below(domain), Self::At(other)) => is_below(other.as_str(), domain),
            (Self::Below(domain), Self::Below(other)) => {
                domain == other || is_below(other.as_str(), domain)
            }
            (Self::One(_), _) | (Self::At(_), Self::Below(_)) => false,
        }
    }

    /// How long the address or domain is that it names, in bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(one) => one.mailbox().len(),
            Self::At(domain) | Self::Below(domain) => domain.as_str().len(),
        }
    }

    /// The domain that it names.
    pub(crate) fn domain(&self) -> &str {
        match self {
            Self::One(one) => one.domain(),
            Self::At(domain) | Self::Below(domain) => domain.as_str(),
        }
    }
}

fn is_below(name: &str, domain: &Domain) -> bool {
    let labels = name.strip_suffix(domain.as_str());
    labels.is_some_and(|labels| labels.ends_with('.'))
}

impl FromStr for AddressPattern {
    type Err = AddressPatternError;

    fn from_str(text: &str) -> Result<Self, AddressPatternError> {
        Self::parse(text)
    }
}

/// Writes what [`parse`](AddressPattern::parse) reads.
impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(one) => f.write_str(&one.mailbox().replace('*', "%2A")),
            Self::At(domain) => write!(f, "*@{domain}"),
            Self::Below(domain) => write!(f, "*@*.{domain}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> AddressPattern {
        AddressPattern::parse(text).unwrap()
    }

    fn matches(text: &str, inbox: &str) -> bool {
        pattern(text).matches(&inbox.parse().unwrap())
    }

    #[test]
    fn pattern_means_one_address_a_domain_or_what_is_below_a_domain() {
        let cases = [
            ("bob@a.example", [true, false, false, false]),
            ("im:bob@A.example", [true, false, false, false]),
            ("*@a.example", [true, true, false, false]),
            ("*@*.a.example", [false, false, true, false]),
            ("%2A@a.example", [false, false, false, false]),
        ];
        let inboxes = [
            "im:bob@a.example",
            "im:eve@a.example",
            "im:bob@b.a.example",
            "im:bob@ba.example",
        ];
        for (text, expected) in cases {
            assert_eq!(
                inboxes.map(|inbox| matches(text, inbox)),
                expected,
                "{text}"
            );
        }
        assert!(matches("%2A@a.example", "im:*@a.example"));
    }

    #[test]
    fn text_that_is_no_pattern_is_refused_with_its_own_reason() {
        for text in [
            "b*b@a.example",
            "*@a.*",
            "*@*",
            "bob@*.example",
            "**@a.example",
            "*@*.*.example",
        ] {
            assert_eq!(
                AddressPattern::parse(text),
                Err(AddressPatternError::Asterisk),
                "{text}"
            );
        }
        let refused = |text| match AddressPattern::parse(text) {
            Err(AddressPatternError::Address(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused("bob"), AddressError::NoDomain);
        assert_eq!(refused("@a.example"), AddressError::NoLocalPart);
        assert_eq!(refused("*@10.0.0.1"), AddressError::IpAddress);
    }

    proptest! {
        #[test]
        fn pattern_is_read_as_it_is_written(
            local in "[^\\p{Cc}]{1,12}", domain in "[a-c]{1,2}\\.[a-c]{2}", kind in 0..3
        ) {
            let domain = Domain::parse(&domain).unwrap();
            let pattern = match kind {
                0 => AddressPattern::One(InstantInbox::new(&local, &domain).unwrap()),
                1 => AddressPattern::At(domain),
                _ => AddressPattern::Below(domain),
            };
            prop_assert_eq!(AddressPattern::parse(&pattern.to_string()), Ok(pattern));
        }

        #[test]
        fn pattern_that_covers_another_means_all_that_the_other_means(
            one in "([ab]|\\*)@(\\*\\.)?([ab]\\.){1,3}a", other in "([ab]|\\*)@(\\*\\.)?([ab]\\.){1,3}a",
            inbox in "im:[ab]@([ab]\\.){1,4}a"
        ) {
            if let (Ok(one), Ok(other)) = (AddressPattern::parse(&one), AddressPattern::parse(&other)) {
                let inbox = inbox.parse().unwrap();
                prop_assert!(!(one.covers(&other) && other.matches(&inbox)) || one.matches(&inbox));
                prop_assert!(one.covers(&one));
            }
        }
    }
}
