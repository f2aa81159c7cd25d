//! What the component itself answers: pings, discovery, subscriptions to itself (XEP-0199, XEP-0030,
//! XEP-0100).

use rialto_sdk::model::ByteString;
use rialto_xmpp_codec::{
    Condition, DiscoInfo, Identity, Iq, IqPayload, IqType, Presence, PresenceType, namespace,
};

use crate::presence::Pair;

/// The answer to an iq; `None` if it is an answer itself.
///
/// Nothing is known here of users and their devices but what those who watch them were told: `is_shown` says whether this one was shown that resource. To
/// all others, and to all other questions, they are as users who are not there (RFC 6121 §8.5.1): a pong would say that they are.
pub(crate) fn answer(
    iq: &Iq,
    network: &ByteString,
    is_shown: impl FnOnce(&Pair, &str) -> bool,
) -> Option<Iq> {
    match (&iq.type_, &iq.payload) {
        (IqType::Get | IqType::Set, IqPayload::None) => {
            iq.error_reply(Condition::BadRequest.into())
        }
        (IqType::Get, IqPayload::DiscoInfo(DiscoInfo { node: None, .. }))
            if is_to_one_who_is_shown(iq, is_shown) =>
        {
            iq.result(IqPayload::DiscoInfo(device()))
        }
        (IqType::Get | IqType::Set, _) if is_to_user(iq) => {
            iq.error_reply(Condition::ServiceUnavailable.into())
        }
        (IqType::Get, IqPayload::Ping) => iq.result(IqPayload::None),
        (IqType::Get, IqPayload::DiscoInfo(DiscoInfo { node: None, .. })) => {
            iq.result(IqPayload::DiscoInfo(info(network)))
        }
        (IqType::Get, IqPayload::DiscoItems { node: None }) => iq.result(iq.payload.clone()),
        (IqType::Get, IqPayload::DiscoInfo(_) | IqPayload::DiscoItems { .. }) => {
            iq.error_reply(Condition::ItemNotFound.into())
        }
        (IqType::Get | IqType::Set, _) => iq.error_reply(Condition::ServiceUnavailable.into()),
        _ => iq.error_reply(Condition::BadRequest.into()),
    }
}

/// The answer to a presence to the component itself, which has none: who asks for it is told so (RFC 6121 §3.1.4, §4.3.2).
pub(crate) fn answer_presence(presence: &Presence) -> Option<Presence> {
    if !matches!(
        presence.type_,
        PresenceType::Subscribe | PresenceType::Probe
    ) {
        return None;
    }
    let mut answer = presence.reply(PresenceType::Unsubscribed)?;
    // A resource would say that there is such a device.
    answer.from = answer.from.map(|from| match from.split_once('/') {
        Some((bare, _)) => from.slice_ref(bare),
        None => from,
    });
    Some(answer)
}

fn is_to_user(iq: &Iq) -> bool {
    let to = iq.to.as_deref().unwrap_or_default();
    let bare = to.split_once('/').map_or(to, |(bare, _)| bare);
    bare.contains('@')
}

fn is_to_one_who_is_shown(iq: &Iq, is_shown: impl FnOnce(&Pair, &str) -> bool) -> bool {
    let resource = iq.to.as_deref().and_then(|to| to.split_once('/'));
    let pair = Pair::of(iq.from.as_ref(), iq.to.as_ref());
    pair.zip(resource)
        .is_some_and(|(pair, (_, resource))| is_shown(&pair, resource))
}

/// What a device behind the gateway can do: what is carried.
fn device() -> DiscoInfo {
    DiscoInfo {
        node: None,
        identities: vec![Identity {
            category: "client".into(),
            type_: "phone".into(),
            name: None,
        }],
        features: CARRIED.map(ByteString::from_static).into(),
    }
}

const CARRIED: [&str; 4] = [
    namespace::DISCO_INFO,
    namespace::RECEIPTS,
    namespace::CHAT_MARKERS,
    namespace::CHAT_STATES,
];

fn info(network: &ByteString) -> DiscoInfo {
    DiscoInfo {
        node: None,
        identities: vec![Identity {
            category: "gateway".into(),
            type_: network.clone(),
            name: Some("Rialto".into()),
        }],
        features: FEATURES.map(ByteString::from_static).into(),
    }
}

const FEATURES: [&str; 4] = [
    namespace::DISCO_INFO,
    namespace::DISCO_ITEMS,
    namespace::PING,
    "jid\\20escaping",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn iq(type_: IqType, payload: IqPayload) -> Iq {
        Iq {
            from: Some("juliet@example.com/balcony".into()),
            to: Some("sip.example.com".into()),
            id: Some("1".into()),
            type_,
            payload,
            error: None,
        }
    }

    fn answered(type_: IqType, payload: IqPayload) -> Option<Iq> {
        answer(&iq(type_, payload), &"sip".into(), |_, _| false)
    }

    fn condition(answer: Option<Iq>) -> Condition {
        answer.unwrap().error.unwrap().condition
    }

    #[test]
    fn ping_is_answered() {
        let pong = answered(IqType::Get, IqPayload::Ping).unwrap();
        assert_eq!(pong.type_, IqType::Result);
        assert_eq!(pong.to.unwrap(), "juliet@example.com/balcony");
        assert_eq!(pong.payload, IqPayload::None);
    }

    #[test]
    fn discovery_finds_a_gateway_with_its_features_and_no_items() {
        let asked = IqPayload::DiscoInfo(DiscoInfo::default());
        let Some(IqPayload::DiscoInfo(info)) = answered(IqType::Get, asked).map(|iq| iq.payload)
        else {
            panic!("no information")
        };
        assert_eq!(info.identities[0].category, "gateway");
        assert!(
            info.features.contains(&"jid\\20escaping".into()),
            "XEP-0106 §8"
        );
        let items = IqPayload::DiscoItems { node: None };
        assert_eq!(answered(IqType::Get, items.clone()).unwrap().payload, items);
        let node = IqPayload::DiscoItems {
            node: Some("n".into()),
        };
        assert_eq!(
            condition(answered(IqType::Get, node)),
            Condition::ItemNotFound
        );
    }

    #[test]
    fn other_questions_are_refused_and_answers_are_not_answered() {
        assert_eq!(
            condition(answered(IqType::Set, IqPayload::Ping)),
            Condition::ServiceUnavailable
        );
        for type_ in [IqType::Get, IqType::Set] {
            assert_eq!(
                condition(answered(type_, IqPayload::None)),
                Condition::BadRequest,
                "RFC 6120 §8.2.3: there must be a question"
            );
        }
        assert_eq!(
            condition(answered(IqType::Other("".into()), IqPayload::None)),
            Condition::BadRequest
        );
        for type_ in [IqType::Result, IqType::Error] {
            assert_eq!(answered(type_, IqPayload::None), None);
        }
    }

    #[test]
    fn questions_to_users_are_answered_as_if_they_were_not_there() {
        for to in ["alice@sip.example.com", "alice@sip.example.com/phone"] {
            for payload in [
                IqPayload::Ping,
                IqPayload::DiscoInfo(DiscoInfo::default()),
                IqPayload::DiscoItems { node: None },
            ] {
                let question = Iq {
                    to: Some(to.into()),
                    ..iq(IqType::Get, payload)
                };
                let answer = answer(&question, &"sip".into(), |_, _| false);
                assert_eq!(answer.as_ref().unwrap().from.as_deref(), Some(to));
                assert_eq!(condition(answer), Condition::ServiceUnavailable);
            }
        }
        let own = Iq {
            to: Some("sip.example.com/a@b".into()),
            ..iq(IqType::Get, IqPayload::Ping)
        };
        let pong = answer(&own, &"sip".into(), |_, _| false).unwrap();
        assert_eq!(pong.type_, IqType::Result);
    }

    #[test]
    fn device_says_what_it_can_do_to_those_alone_who_were_shown_it() {
        let question = Iq {
            to: Some("alice@sip.example.com/phone".into()),
            ..iq(IqType::Get, IqPayload::DiscoInfo(DiscoInfo::default()))
        };
        let shown = |pair: &Pair, resource: &str| {
            assert_eq!(
                (&*pair.contact, &*pair.user),
                ("juliet@example.com", "alice@sip.example.com")
            );
            resource == "phone"
        };
        let told = answer(&question, &"sip".into(), shown).unwrap();
        let IqPayload::DiscoInfo(info) = told.payload else {
            panic!("no information")
        };
        assert!(info.features.contains(&namespace::RECEIPTS.into()));
        let other = Iq {
            to: Some("alice@sip.example.com/desk".into()),
            ..question
        };
        let refused = answer(&other, &"sip".into(), shown);
        assert_eq!(condition(refused), Condition::ServiceUnavailable);
    }

    #[test]
    fn subscription_is_refused_and_other_presence_is_not_answered() {
        let presence = |type_, to: &'static str| Presence {
            to: Some(to.into()),
            type_,
            ..Presence::default()
        };
        for type_ in [PresenceType::Subscribe, PresenceType::Probe] {
            for to in ["alice@sip.example.com", "alice@sip.example.com/phone"] {
                let refused = answer_presence(&presence(type_.clone(), to)).unwrap();
                assert_eq!(refused.type_, PresenceType::Unsubscribed);
                assert_eq!(refused.from.as_deref(), Some("alice@sip.example.com"));
            }
        }
        for type_ in [
            PresenceType::Available,
            PresenceType::Unavailable,
            PresenceType::Unsubscribe,
            PresenceType::Unsubscribed,
            PresenceType::Error,
        ] {
            assert_eq!(answer_presence(&presence(type_, "a@sip.example.com")), None);
        }
    }
}
