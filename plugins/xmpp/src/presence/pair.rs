//! A user of XMPP and a user behind the gateway: there is one subscription for both, each way.

use std::hash::Hasher;

use rialto_sdk::model::{ByteString, Failure, FailureReason, Presentity, SubscriptionId};
use rialto_xmpp_codec::Jid;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::mapping::{OwnDomains, contact, contact_jid, presentity};

/// Both bare addresses, as the server writes them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    /// On XMPP.
    pub(crate) contact: ByteString,
    /// Behind the gateway.
    pub(crate) user: ByteString,
}

impl Pair {
    /// The pair of a stanza from XMPP; `None` if an address is missing or is no user's.
    pub(crate) fn of(from: Option<&ByteString>, to: Option<&ByteString>) -> Option<Self> {
        let bare = |text: Option<&ByteString>| {
            let jid = Jid::parse(text?).ok()?;
            jid.local().map(|_| jid.bare().into())
        };
        Some(Self {
            contact: bare(from)?,
            user: bare(to)?,
        })
    }

    /// The pair of a watcher elsewhere and a presentity on XMPP.
    pub(crate) fn of_watched(
        watcher: &Presentity,
        target: &Presentity,
        own: &OwnDomains,
    ) -> Result<Self, Failure> {
        Ok(Self {
            contact: contact_jid(target)?.into_text(),
            user: own.presentity_jid(watcher)?.into_text(),
        })
    }

    /// The user of XMPP as watcher, and the other as target.
    pub(crate) fn addresses(&self) -> Result<(Presentity, Presentity), Failure> {
        let invalid = |error| {
            Failure::new(FailureReason::InvalidSource).with_detail(format!("xmpp: {error}"))
        };
        let watcher = contact(&Jid::parse(&self.contact).map_err(invalid)?)?;
        let target = presentity(&Jid::parse(&self.user).map_err(invalid)?)?;
        Ok((watcher, target))
    }

    /// What the subscription of the user of XMPP is called, always: so a refresh and an end need no memory.
    ///
    /// It need be unique among those of one watcher only, and is no secret.
    pub(crate) fn name(&self) -> Option<SubscriptionId> {
        let mut digest = SipHasher24::new();
        digest.write(self.contact.as_bytes());
        digest.write(b" "); // in no address
        digest.write(self.user.as_bytes());
        let name = format!("{:032x}", digest.finish128().as_u128());
        SubscriptionId::parse(name.as_bytes()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(from: &'static str, to: &'static str) -> Option<Pair> {
        Pair::of(Some(&from.into()), Some(&to.into()))
    }

    #[test]
    fn pair_is_of_users_and_not_of_their_devices() {
        let pair = pair("Juliet@example.com/balcony", "romeo@sip.example.com/x").unwrap();
        assert_eq!(pair.contact, "juliet@example.com");
        assert_eq!(pair.user, "romeo@sip.example.com");
    }

    #[test]
    fn servers_and_what_is_no_address_make_no_pair() {
        for (from, to) in [
            ("example.com", "romeo@sip.example.com"),
            ("juliet@example.com", "sip.example.com"),
            ("@", "romeo@sip.example.com"),
        ] {
            assert_eq!(pair(from, to), None);
        }
        assert_eq!(Pair::of(None, Some(&"a@b.example".into())), None);
    }

    /// It is on disks: another would leave every subscription behind.
    #[test]
    fn name_of_a_subscription_is_the_same_in_every_release() {
        let name = |from, to| pair(from, to).unwrap().name().unwrap().to_string();
        assert_eq!(
            name("juliet@example.com", "romeo@sip.example.com"),
            "c1bcfc1c9364b61e8b4b967c5c1e3677"
        );
        assert_ne!(
            name("juliet@example.com", "romeo@sip.example.com"),
            name("juliet@example.com", "romeo@sip.example.co")
        );
    }
}
