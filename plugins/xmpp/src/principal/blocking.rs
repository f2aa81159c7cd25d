//! The blocking command (XEP-0191), in the words of the gateway's inbox.
//!
//! Who is blocked sees the user offline, and what it writes is refused: a polite block, and no messages. A JID of a domain means all of its users.

use rialto_sdk::model::Presentity;
use rialto_xmpp_codec::{Condition, Element, IqPayload, IqType, Jid, Node, WriteError};

use crate::mapping::{OwnDomains, contact, contact_jid, presentity};

pub(super) const NAMESPACE: &str = "urn:xmpp:blocking";

/// Most JIDs of one question.
const MOST_ITEMS: usize = 500;

/// What is asked, as the commands that do it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blocking {
    List,
    Block(String),
    Unblock(String),
    UnblockAll,
}

impl Blocking {
    pub(super) fn of(
        type_: &IqType,
        element: &Element,
        own: &OwnDomains,
    ) -> Result<Self, Condition> {
        let subjects = || subjects(element, own);
        match (type_, element.name()) {
            (IqType::Get, "blocklist") => Ok(Self::List),
            (IqType::Set, "block") => match &*subjects()? {
                [] => Err(Condition::BadRequest),
                all => Ok(Self::Block(all.iter().map(|who| block(who)).collect())),
            },
            (IqType::Set, "unblock") => Ok(match &*subjects()? {
                [] => Self::UnblockAll,
                all => Self::Unblock(all.iter().map(|who| forget(who)).collect()),
            }),
            _ => Err(Condition::BadRequest),
        }
    }
}

fn block(who: &str) -> String {
    format!("polite-block {who}\nrefuse messages from {who}\n")
}

fn forget(who: &str) -> String {
    format!("forget {who}\n")
}

/// Whom the items of a question mean, in the words of rules.
fn subjects(element: &Element, own: &OwnDomains) -> Result<Vec<String>, Condition> {
    let items = element
        .children()
        .filter(|child| child.is(NAMESPACE, "item"));
    let jids = items.map(|item| item.attribute("jid").ok_or(Condition::BadRequest));
    let subjects: Vec<_> = jids
        .take(MOST_ITEMS + 1)
        .map(|jid| subject(jid?, own))
        .collect::<Result<_, _>>()?;
    if subjects.len() > MOST_ITEMS {
        return Err(Condition::PolicyViolation);
    }
    Ok(subjects)
}

fn subject(jid: &str, own: &OwnDomains) -> Result<String, Condition> {
    let jid = Jid::parse(jid).map_err(|_| Condition::JidMalformed)?;
    // Rules know users, and not their devices: to block all of them would be more than was asked.
    if jid.resource().is_some() {
        return Err(Condition::NotAcceptable);
    }
    if jid.local().is_none() {
        return Ok(format!("*@{}", jid.domain()));
    }
    let user = match own.speak_as(jid.as_str()) {
        true => presentity(&jid),
        false => contact(&jid),
    };
    let user = user.map_err(|_| Condition::JidMalformed)?;
    // A user who is called `*` is not all users.
    Ok(user.mailbox().replace('*', "%2A"))
}

/// Who is blocked politely and may not write, of these rules.
fn blocked(rules: &str) -> impl Iterator<Item = &str> {
    let polite = rules
        .lines()
        .filter_map(|line| line.strip_prefix("polite-block "));
    let polite = polite.filter(|who| !who.contains(' '));
    polite.filter(|who| {
        let mut lines = rules.lines();
        lines.any(|line| line.strip_prefix("refuse messages from ") == Some(*who))
    })
}

/// The answer to who is blocked.
pub(super) fn list(rules: &str, own: &OwnDomains) -> Result<IqPayload, WriteError> {
    let jids = blocked(rules).filter_map(|who| jid_of(who, own));
    let list =
        jids.take(MOST_ITEMS)
            .try_fold(Element::new(NAMESPACE, "blocklist")?, |list, jid| {
                let item = Element::new(NAMESPACE, "item")?.with_attribute("jid", jid)?;
                Ok(list.with_node(Node::Element(item)))
            })?;
    Ok(IqPayload::Other(list))
}

/// The command that unblocks all; none, if nobody is blocked.
pub(super) fn unblock_all(rules: &str) -> Option<String> {
    let command: String = blocked(rules).map(forget).collect();
    (!command.is_empty()).then_some(command)
}

fn jid_of(who: &str, own: &OwnDomains) -> Option<String> {
    if let Some(domain) = who.strip_prefix("*@") {
        return (!domain.starts_with("*.")).then(|| domain.to_owned());
    }
    let user = Presentity::parse(&format!("pres:{who}")).ok()?;
    let jid = match own.speak_as(user.domain()) {
        true => own.presentity_jid(&user),
        false => contact_jid(&user),
    };
    jid.ok().map(|jid| jid.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use rialto_sdk::model::Domain;

    use super::*;

    fn own() -> OwnDomains {
        OwnDomains::new(Domain::parse("sip.example.com").unwrap(), [])
    }

    fn asked(type_: IqType, name: &str, jids: &[&'static str]) -> Result<Blocking, Condition> {
        let element = jids
            .iter()
            .fold(Element::new(NAMESPACE, name).unwrap(), |element, jid| {
                let item = Element::new(NAMESPACE, "item").unwrap();
                let item = item.with_attribute("jid", *jid).unwrap();
                element.with_node(Node::Element(item))
            });
        Blocking::of(&type_, &element, &own())
    }

    #[test]
    fn blocking_is_a_polite_block_and_no_messages() {
        let jids = [
            "Mallory@sip.example.com",
            "spam.example",
            "d\\27artagnan@sip.example.com",
        ];
        let Ok(Blocking::Block(command)) = asked(IqType::Set, "block", &jids) else {
            panic!("no block");
        };
        assert_eq!(
            command,
            "polite-block mallory@sip.example.com\nrefuse messages from mallory@sip.example.com\n\
             polite-block *@spam.example\nrefuse messages from *@spam.example\n\
             polite-block d'artagnan@sip.example.com\nrefuse messages from d'artagnan@sip.example.com\n"
        );
        let unblock = asked(IqType::Set, "unblock", &["spam.example"]);
        assert_eq!(
            unblock,
            Ok(Blocking::Unblock("forget *@spam.example\n".into()))
        );
        assert_eq!(asked(IqType::Set, "unblock", &[]), Ok(Blocking::UnblockAll));
        assert_eq!(asked(IqType::Get, "blocklist", &[]), Ok(Blocking::List));
    }

    #[test]
    fn what_cannot_be_blocked_is_refused_and_nothing_wider_is_blocked() {
        for (jids, condition) in [
            (&["a@sip.example.com/phone"][..], Condition::NotAcceptable),
            (&["a@b@c"], Condition::JidMalformed),
            (&[], Condition::BadRequest),
        ] {
            assert_eq!(
                asked(IqType::Set, "block", jids),
                Err(condition),
                "{jids:?}"
            );
        }
        assert_eq!(
            asked(IqType::Get, "block", &["a@b.example"]),
            Err(Condition::BadRequest)
        );
        assert_eq!(
            asked(IqType::Set, "blocklist", &[]),
            Err(Condition::BadRequest)
        );
        let Ok(Blocking::Block(command)) = asked(IqType::Set, "block", &["*@sip.example.com"])
        else {
            panic!("no block");
        };
        assert!(
            command.starts_with("polite-block %2A@sip.example.com\n"),
            "{command}"
        );
    }

    #[test]
    fn list_has_those_who_neither_see_nor_write_and_all_of_them_are_unblocked() {
        let rules = "These rules hold:\npolite-block mallory@sip.example.com\npolite-block eve@sip.example.com\n\
                     polite-block *@*.a.example\npolite-block *@spam.example\npolite-block x@y.example when fetching\n\
                     refuse messages from *@spam.example\nrefuse messages from mallory@sip.example.com\n\
                     refuse messages from *@*.a.example\nrefuse messages from x@y.example";
        let Ok(IqPayload::Other(list)) = list(rules, &own()) else {
            panic!("no list");
        };
        let jids: Vec<_> = list
            .children()
            .filter_map(|item| item.attribute("jid").map(ToString::to_string))
            .collect();
        assert_eq!(jids, ["mallory@sip.example.com", "spam.example"]);
        assert_eq!(
            unblock_all(rules).unwrap(),
            "forget mallory@sip.example.com\nforget *@*.a.example\nforget *@spam.example\n"
        );
        assert_eq!(unblock_all("You have no such rules: others hold."), None);
    }
}
