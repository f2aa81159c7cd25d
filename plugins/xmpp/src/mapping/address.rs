//! Inboxes and JIDs (RFC 7247 §6, XEP-0106).

use std::borrow::Cow;

use rialto_sdk::model::{
    AddressError, ByteString, Domain, Failure, FailureReason, InstantInbox, MetaSyntax, Origin,
    Presentity, QualifiedUser,
};
use rialto_xmpp_codec::Jid;

use super::capitals::{protect, restore};

/// The domains this component speaks for; anything sent from another would end the stream.
#[derive(Clone, Debug)]
pub(crate) struct OwnDomains {
    domains: Vec<Domain>,
}

impl OwnDomains {
    /// `first` is the component's own, which always counts.
    pub(crate) fn new(first: Domain, further: impl IntoIterator<Item = Domain>) -> Self {
        let mut domains = vec![first];
        for domain in further {
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        Self { domains }
    }

    /// All of them, the component's own first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Domain> {
        self.domains.iter()
    }

    /// The component's own.
    pub(super) fn first(&self) -> &str {
        self.domains.first().map_or("", Domain::as_str)
    }

    /// Whether this component may speak as `jid`.
    pub(crate) fn speak_as(&self, jid: &str) -> bool {
        let jid = Jid::parse(jid).ok();
        let domain = jid.and_then(|jid| Domain::parse(jid.domain()).ok());
        domain.is_some_and(|domain| self.contain(domain.as_str()))
    }

    fn contain(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| own.as_str() == domain)
    }

    /// The JID that stands for `source` on XMPP: a reply to it comes back to `source` itself, whose
    /// network may tell its users apart by case.
    ///
    /// Of what servers change, only capitals of ASCII have another form: the rest is refused.
    pub(super) fn source_jid(
        &self,
        source: &InstantInbox,
        instance: Option<&ByteString>,
    ) -> Result<Jid, Failure> {
        self.shown(&source.local_part(), source.domain(), instance)
    }

    /// The JID that stands on XMPP for a watcher or a presentity elsewhere.
    pub(crate) fn presentity_jid(&self, presentity: &Presentity) -> Result<Jid, Failure> {
        self.shown(&presentity.local_part(), presentity.domain(), None)
    }

    fn shown(
        &self,
        text: &str,
        domain: &str,
        instance: Option<&ByteString>,
    ) -> Result<Jid, Failure> {
        if !self.contain(domain) {
            return Err(Failure::new(FailureReason::InvalidSource)
                .with_origin(Origin::Operator)
                .with_detail("xmpp: the source's domain is none of this component's"));
        }
        let invalid = FailureReason::InvalidSource;
        let protected = protect(text);
        let jid = jid(&protected, domain, instance, invalid)?;
        if jid.local_text().as_deref() == Some(&*protected) {
            Ok(jid)
        } else {
            Err(Failure::new(invalid)
                .with_detail("xmpp: servers would change the source's local part"))
        }
    }
}

/// What other networks say of a user and XMPP does not: whether `+12015550123` is a telephone number.
const SYNTAX: MetaSyntax = MetaSyntax::new(&["user"]);

/// The JID of an inbox on XMPP, where the case of local parts is folded (`Juliet` is `juliet`), and a number is a name like
/// any other: `+12015550123/user=phone` is `+12015550123`.
pub(super) fn destination_jid(
    destination: &InstantInbox,
    instance: Option<&ByteString>,
) -> Result<Jid, Failure> {
    native(&destination.local_part(), destination.domain(), instance)
}

/// The JID of a presentity on XMPP.
pub(crate) fn contact_jid(presentity: &Presentity) -> Result<Jid, Failure> {
    native(&presentity.local_part(), presentity.domain(), None)
}

fn native(text: &str, domain: &str, instance: Option<&ByteString>) -> Result<Jid, Failure> {
    let user = SYNTAX.read(text);
    jid(
        user.user(),
        domain,
        instance,
        FailureReason::InvalidDestination,
    )
}

/// The inbox of a sender on XMPP, such that a reply to it finds the sender again.
pub(crate) fn source_inbox(jid: &Jid) -> Result<InstantInbox, Failure> {
    from_native(jid, InstantInbox::new)
}

/// A user on XMPP as a watcher, or as a presentity.
pub(crate) fn contact(jid: &Jid) -> Result<Presentity, Failure> {
    from_native(jid, Presentity::new)
}

/// The inbox that a sender on XMPP means: one behind the gateway, as [`OwnDomains::source_jid`] shows it.
pub(super) fn destination_inbox(jid: &Jid) -> Result<InstantInbox, Failure> {
    from_shown(jid, FailureReason::NoSuchInbox, InstantInbox::new)
}

/// The presentity that a user on XMPP means: one behind the gateway, as [`OwnDomains::presentity_jid`] shows it.
pub(crate) fn presentity(jid: &Jid) -> Result<Presentity, Failure> {
    from_shown(jid, FailureReason::NoPresentity, Presentity::new)
}

fn from_native<A>(
    jid: &Jid,
    address: impl FnOnce(&str, &Domain) -> Result<A, AddressError>,
) -> Result<A, Failure> {
    let invalid = || Failure::new(FailureReason::InvalidSource);
    let text = jid
        .reversible_local_text()
        .map_err(|_| {
            invalid().with_detail("xmpp: the sender's local part cannot be written back to")
        })?
        .ok_or_else(|| invalid().with_detail("xmpp: the sender has no local part"))?;
    let local_part = SYNTAX.write(&QualifiedUser::new(text));
    of_parts(&local_part, jid, address)
        .map_err(|error| invalid().with_detail(format!("xmpp: {error}")))
}

fn from_shown<A>(
    jid: &Jid,
    nobody: FailureReason,
    address: impl FnOnce(&str, &Domain) -> Result<A, AddressError>,
) -> Result<A, Failure> {
    let text = jid.local_text().ok_or(nobody)?;
    of_parts(&restore(&text), jid, address).map_err(|error| {
        Failure::new(FailureReason::InvalidDestination).with_detail(format!("xmpp: {error}"))
    })
}

fn of_parts<A>(
    local: &str,
    jid: &Jid,
    address: impl FnOnce(&str, &Domain) -> Result<A, AddressError>,
) -> Result<A, AddressError> {
    address(local, &Domain::parse(jid.domain())?)
}

fn jid(
    local: &str,
    domain: &str,
    instance: Option<&ByteString>,
    invalid: FailureReason,
) -> Result<Jid, Failure> {
    let bare = Jid::from_text(local, &domain_text(domain))
        .map_err(|error| Failure::new(invalid).with_detail(format!("xmpp: {error}")))?;
    match instance {
        // An instance that is no resource names no device here: the bare address reaches the user.
        Some(instance) => Ok(bare.clone().with_resource(instance).unwrap_or(bare)),
        None => Ok(bare),
    }
}

/// A domain as JIDs have it: in Unicode (RFC 7622 §3.2).
fn domain_text(domain: &str) -> Cow<'_, str> {
    if !domain.contains("xn--") {
        return Cow::Borrowed(domain);
    }
    Domain::parse(domain).map_or(Cow::Borrowed(domain), |domain| {
        Cow::Owned(domain.to_unicode())
    })
}

#[cfg(test)]
mod tests;
