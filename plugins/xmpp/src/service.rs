//! What the component itself answers: pings, discovery, subscriptions (XEP-0199, XEP-0030,
//! XEP-0100).

use rialto_sdk::model::ByteString;
use rialto_xmpp_codec::{
    Condition, DiscoInfo, Identity, Iq, IqPayload, IqType, Presence, PresenceType, namespace,
};

/// The answer to an iq; `None` if it is an answer itself.
pub(crate) fn answer(iq: &Iq, network: &ByteString) -> Option<Iq> {
    match (&iq.type_, &iq.payload) {
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

/// The answer to a presence: subscriptions are refused, since presence is not carried.
pub(crate) fn answer_presence(presence: &Presence) -> Option<Presence> {
    match presence.type_ {
        PresenceType::Subscribe => presence.reply(PresenceType::Unsubscribed),
        _ => None,
    }
}

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
        answer(&iq(type_, payload), &"sip".into())
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
        assert_eq!(
            condition(answered(IqType::Get, IqPayload::None)),
            Condition::ServiceUnavailable
        );
        assert_eq!(
            condition(answered(IqType::Other("".into()), IqPayload::None)),
            Condition::BadRequest
        );
        for type_ in [IqType::Result, IqType::Error] {
            assert_eq!(answered(type_, IqPayload::None), None);
        }
    }

    #[test]
    fn subscription_is_refused_and_other_presence_is_not_answered() {
        let presence = |type_| Presence {
            type_,
            ..Presence::default()
        };
        let refused = answer_presence(&presence(PresenceType::Subscribe)).unwrap();
        assert_eq!(refused.type_, PresenceType::Unsubscribed);
        for type_ in [
            PresenceType::Available,
            PresenceType::Probe,
            PresenceType::Error,
        ] {
            assert_eq!(answer_presence(&presence(type_)), None);
        }
    }
}
