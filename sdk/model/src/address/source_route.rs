//! Source routes: a whole address inside the local part of another.

use std::fmt;

use bytestring::ByteString;
use thiserror::Error;

use crate::{AddressError, Domain, InstantInbox};

/// An inbox of another network, written into a local part at a relay domain.
///
/// As text `protocol=domain/local`, so that `im:pepp=example.com/fred@relay-domain` leads to `im:fred@example.com` by way
/// of `pepp`. Text and route stand for each other one to one, and a route may hold a route. The local part here is the
/// one that is meant; what a URI must quote or encode is [`InstantInbox`]'s. What it says in the [meta-syntax] stays as it
/// is: `im:sip=example.com/+12015550123/user=phone@relay-domain`.
///
/// [meta-syntax]: crate::MetaSyntax
/// draft-ietf-impp-cpim-03 appendix E.2, in the spirit of RFC 2846 §2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceRoute {
    protocol: ByteString,
    inbox: InstantInbox,
}

/// Why a local part is no source route.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SourceRouteError {
    /// It does not begin with the name of a protocol and `=`.
    #[error("the local part does not begin with the name of a protocol and `=`")]
    NoProtocol,
    /// No `/` ends the domain.
    #[error("the source route has no `/` after its domain")]
    NoDomain,
    /// What it holds is no address.
    #[error("the source route holds no address")]
    Address(#[source] AddressError),
}

impl SourceRoute {
    /// The longest name of a protocol, in bytes.
    pub const MAX_PROTOCOL: usize = 32;

    /// Makes a route; `protocol` is a lower-case name like `sip`.
    pub fn new(protocol: impl Into<ByteString>, inbox: InstantInbox) -> Self {
        Self {
            protocol: protocol.into(),
            inbox,
        }
    }

    /// Reads a local part as [`InstantInbox::local_part`] gives it; protocol and domain in any case.
    pub fn parse(local_part: &str) -> Result<Self, SourceRouteError> {
        let (protocol, address) = local_part
            .split_once('=')
            .ok_or(SourceRouteError::NoProtocol)?;
        let protocol = protocol.to_ascii_lowercase();
        if !is_protocol(&protocol) {
            return Err(SourceRouteError::NoProtocol);
        }
        let (domain, local) = address.split_once('/').ok_or(SourceRouteError::NoDomain)?;
        let inbox = Domain::parse(domain)
            .and_then(|domain| InstantInbox::new(local, &domain))
            .map_err(SourceRouteError::Address)?;
        Ok(Self::new(protocol, inbox))
    }

    /// Makes the address at the relay domain that leads here.
    ///
    /// Fails with [`AddressError::TooLong`] when it gets longer than an address may be, and with
    /// [`AddressError::Protocol`] when the protocol's name could not be told from the rest.
    pub fn to_inbox(&self, relay: &Domain) -> Result<InstantInbox, AddressError> {
        if !is_protocol(&self.protocol) {
            return Err(AddressError::Protocol);
        }
        let plain = InstantInbox::plain(&[
            &self.protocol,
            "=",
            self.inbox.domain(),
            "/",
            self.inbox.encoded_local_part(),
            "@",
            relay.as_str(),
        ]);
        plain.map_or_else(|| InstantInbox::new(&self.to_string(), relay), Ok)
    }

    /// The network that the inbox is reached by.
    pub const fn protocol(&self) -> &ByteString {
        &self.protocol
    }

    /// The inbox on that network.
    pub const fn inbox(&self) -> &InstantInbox {
        &self.inbox
    }

    /// Protocol and inbox, by value.
    pub fn into_parts(self) -> (ByteString, InstantInbox) {
        (self.protocol, self.inbox)
    }
}

/// Writes the local part, as it is meant: neither quoted nor encoded.
impl fmt::Display for SourceRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (domain, local) = (self.inbox.domain(), self.inbox.local_part());
        write!(f, "{}={domain}/{local}", self.protocol)
    }
}

/// Lower-case letters, digits and `-`, beginning with a letter.
fn is_protocol(name: &str) -> bool {
    name.len() <= SourceRoute::MAX_PROTOCOL
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{MetaSyntax, QualifiedUser};

    fn relay() -> Domain {
        Domain::parse("relay.example").unwrap()
    }

    #[test]
    fn cpim_e_2_map_example_of_the_draft_is_unwrapped_and_wrapped() {
        let address = InstantInbox::parse("im:pepp=example.com/fred@relay.example").unwrap();
        let route = SourceRoute::parse(&address.local_part()).unwrap();
        assert_eq!(route.protocol(), "pepp");
        assert_eq!(route.inbox().as_str(), "im:fred@example.com");
        assert_eq!(route.to_inbox(&relay()), Ok(address));
    }

    #[test]
    fn cpim_e_1_special_characters_of_an_address_come_back_from_its_source_route() {
        for local in [
            "fred",
            "a=b.example/c",
            "a b",
            "\"",
            "a@b",
            "grün",
            "50%",
            "/",
            "=",
        ] {
            let inbox =
                InstantInbox::new(local, &Domain::parse("xn--fsq.example.com").unwrap()).unwrap();
            let route = SourceRoute::new("sip", inbox);
            let at_relay = route.to_inbox(&relay()).unwrap();
            assert_eq!(at_relay.domain(), "relay.example");
            let again = InstantInbox::parse(at_relay.as_str()).unwrap();
            assert_eq!(
                SourceRoute::parse(&again.local_part()),
                Ok(route),
                "{local}"
            );
        }
    }

    #[test]
    fn cpim_e_2_map_route_may_hold_a_route() {
        let inner = SourceRoute::new("sip", InstantInbox::parse("im:fred@example.com").unwrap());
        let outer = SourceRoute::new("xmpp", inner.to_inbox(&relay()).unwrap());
        let parsed = SourceRoute::parse(&outer.to_string()).unwrap();
        assert_eq!(SourceRoute::parse(&parsed.inbox().local_part()), Ok(inner));
    }

    #[test]
    fn cpim_e_2_map_each_kind_of_native_address_has_its_route() {
        for (native, at_relay) in [
            (
                "im:+12015550123/user=phone@sip.example",
                "im:sip=sip.example/+12015550123/user=phone@relay.example",
            ),
            (
                "im:+12015550123/ext=22/user=phone@sip.example",
                "im:sip=sip.example/+12015550123/ext=22/user=phone@relay.example",
            ),
            (
                "im:%22fred%20smith%22@example.com",
                "im:%22sip=example.com/fred%20smith%22@relay.example",
            ),
            (
                "im:%22fred@home%22@example.com",
                "im:%22sip=example.com/fred%40home%22@relay.example",
            ),
            (
                "im:xmpp=a.example/fred@b.example",
                "im:sip=b.example/xmpp=a.example/fred@relay.example",
            ),
        ] {
            let native = InstantInbox::parse(native).unwrap();
            let shown = SourceRoute::new("sip", native.clone()).to_inbox(&relay());
            let shown = shown.unwrap();
            assert_eq!(shown, InstantInbox::parse(at_relay).unwrap());
            let route = SourceRoute::parse(&shown.local_part()).unwrap();
            assert_eq!(route.inbox(), &native);
        }
    }

    #[test]
    fn cpim_e_2_map_route_in_any_case_is_written_in_one() {
        let read = SourceRoute::parse("SIP=Example.COM./Fred").unwrap();
        assert_eq!(read.to_string(), "sip=example.com/Fred");
    }

    #[test]
    fn local_part_that_is_no_route_is_refused_with_its_own_reason() {
        let refused = |local| SourceRoute::parse(local).unwrap_err();
        assert_eq!(refused("fred"), SourceRouteError::NoProtocol);
        assert_eq!(refused("=example.com/fred"), SourceRouteError::NoProtocol);
        assert_eq!(
            refused("s ip=example.com/fred"),
            SourceRouteError::NoProtocol
        );
        assert_eq!(refused("sip=example.com"), SourceRouteError::NoDomain);
        let inner = |error| SourceRouteError::Address(error);
        assert_eq!(
            refused("sip=example.com/"),
            inner(AddressError::NoLocalPart)
        );
        assert_eq!(
            refused("sip=192.0.2.1/fred"),
            inner(AddressError::IpAddress)
        );
    }

    #[test]
    fn route_longer_than_an_address_is_refused_when_it_is_wrapped() {
        let inbox = InstantInbox::parse(&format!("im:{}@example.com", "a".repeat(2000))).unwrap();
        let once = SourceRoute::new("sip", inbox).to_inbox(&relay()).unwrap();
        let twice = SourceRoute::new("sip", once).to_inbox(&relay());
        let too_long = AddressError::TooLong {
            len: 2051,
            max: 2048,
        };
        assert_eq!(twice, Err(too_long));
    }

    #[test]
    fn name_that_is_no_protocol_is_refused_when_it_is_wrapped() {
        let inbox = InstantInbox::parse("im:fred@example.com").unwrap();
        for name in ["", "SIP", "a=b", "a/b"] {
            let route = SourceRoute::new(name, inbox.clone());
            assert_eq!(
                route.to_inbox(&relay()),
                Err(AddressError::Protocol),
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn cpim_e_1_route_and_text_stand_for_each_other(
            protocol in "[a-z][a-z0-9-]{0,8}", local in "[^\\p{Cc}]{1,30}",
            domain in "[a-z]{1,5}(\\.[a-z]{2,5}){1,2}"
        ) {
            let domain = Domain::parse(&domain).unwrap();
            let route = SourceRoute::new(protocol, InstantInbox::new(&local, &domain).unwrap());
            let text = route.to_string();
            let read = SourceRoute::parse(&text);
            prop_assert_eq!(read.as_ref(), Ok(&route));
            let at_relay = route.to_inbox(&relay()).unwrap();
            prop_assert_eq!(at_relay.local_part(), text);
        }

        #[test]
        fn cpim_e_2_map_short_way_to_an_address_agrees_with_the_long_one(
            local in "[a-c.%@ \"=/ü]{1,8}", domain in "[a-z]{1,5}\\.[a-z]{2,5}"
        ) {
            let inbox = InstantInbox::new(&local, &Domain::parse(&domain).unwrap()).unwrap();
            let route = SourceRoute::new("sip", inbox);
            prop_assert_eq!(route.to_inbox(&relay()), InstantInbox::new(&route.to_string(), &relay()));
        }

        #[test]
        fn cpim_e_2_map_routes_in_one_another_come_back_one_by_one(
            name in "[^\\p{Cc}]{1,20}", kind in "[^\\p{Cc}]{0,8}", depth in 1_usize..=8
        ) {
            let syntax = MetaSyntax::new(&["user"]);
            let local_part = syntax.write(&QualifiedUser::new(name).with("user", kind));
            let native = InstantInbox::new(&local_part, &Domain::parse("a.example").unwrap()).unwrap();
            let mut shown = vec![native];
            for _ in 0..depth {
                let route = SourceRoute::new("sip", shown.last().unwrap().clone());
                shown.push(route.to_inbox(&relay()).unwrap());
            }
            while let Some(outer) = shown.pop() {
                if let Some(inner) = shown.last() {
                    let route = SourceRoute::parse(&outer.local_part()).unwrap();
                    prop_assert_eq!(route.inbox(), inner);
                }
            }
        }

        #[test]
        fn cpim_e_1_text_that_is_a_route_is_that_route_s_text(
            text in "[a-c-]{1,3}=?[a-c]{1,2}(\\.[a-c]{1,2}){0,2}(/[^\\p{Cc}]{0,8})?"
        ) {
            if let Ok(route) = SourceRoute::parse(&text) {
                prop_assert_eq!(route.to_string(), text);
            }
        }
    }
}
