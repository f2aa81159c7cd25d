//! What Juliet's server writes.
//!
//! The codec's own writer is for the component's end of a stream. These elements name no namespace,
//! and so are in the stream's: `jabber:component:accept`.

use rialto_xmpp_codec::{Condition, Element, Iq, IqPayload, Message, Node, WriteError, namespace};

/// A chat message.
pub(crate) fn message(from: &str, to: &str, id: &str, text: &str) -> Result<String, WriteError> {
    let body = Element::new(namespace::NONE, "body")?.with_node(Node::Text(text.into()));
    addressed("message", "chat", [from, to, id])?
        .with_node(Node::Element(body))
        .to_xml()
}

/// The error stanza that answers a message.
pub(crate) fn refusal(message: &Message, condition: &Condition) -> Result<String, WriteError> {
    let addresses = turned([&message.from, &message.to, &message.id]);
    let refusal = addressed("message", "error", addresses)?;
    refusal.with_node(Node::Element(error(condition)?)).to_xml()
}

/// The answer to a question: pong (XEP-0199), what a server is (XEP-0030), or that it knows nothing.
///
/// `None` if it was no question.
pub(crate) fn answer(iq: &Iq) -> Result<Option<String>, WriteError> {
    let addresses = turned([&iq.from, &iq.to, &iq.id]);
    let answer = match (iq.type_.as_str(), &iq.payload) {
        ("get", IqPayload::Ping) => addressed("iq", "result", addresses)?,
        ("get", IqPayload::DiscoInfo(_)) => {
            addressed("iq", "result", addresses)?.with_node(Node::Element(identity()?))
        }
        ("get" | "set", _) => {
            let error = error(&Condition::ServiceUnavailable)?;
            addressed("iq", "error", addresses)?.with_node(Node::Element(error))
        }
        _ => return Ok(None),
    };
    answer.to_xml().map(Some)
}

/// From whom, to whom and under which id: for an answer, the other way round.
fn turned<T: AsRef<str>>([from, to, id]: [&Option<T>; 3]) -> [&str; 3] {
    [to, from, id].map(|text| text.as_ref().map_or("", AsRef::as_ref))
}

fn addressed(name: &str, type_: &str, [from, to, id]: [&str; 3]) -> Result<Element, WriteError> {
    Element::new(namespace::NONE, name)?
        .with_attribute("from", from)?
        .with_attribute("to", to)?
        .with_attribute("id", id)?
        .with_attribute("type", type_)
}

fn error(condition: &Condition) -> Result<Element, WriteError> {
    let defined = Element::new(namespace::STANZA_ERRORS, condition.name())?;
    let error = Element::new(namespace::NONE, "error")?;
    let error = error.with_attribute("type", condition.usual_type().as_str())?;
    Ok(error.with_node(Node::Element(defined)))
}

fn identity() -> Result<Element, WriteError> {
    let identity = Element::new(namespace::DISCO_INFO, "identity")?
        .with_attribute("category", "server")?
        .with_attribute("type", "im")?;
    let query = Element::new(namespace::DISCO_INFO, "query")?;
    Ok(query.with_node(Node::Element(identity)))
}
