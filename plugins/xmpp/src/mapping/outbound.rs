//! A message operation to a `<message/>` (RFC 7572 §5, RFC 3922 §4.2).

use rialto_sdk::model::{Failure, FailureReason, Header, InstantMessage, MessageOperation};
use rialto_xmpp_codec::{LangText, Message, Thread};

use super::OwnDomains;
use super::address::destination_jid;
use super::content::{is_language, language, text};

/// Makes the stanza that carries an operation's message.
///
/// Its id is the transaction's, so that a retry can be recognised; it has no type, which means
/// `normal`: RFC 7572 §5 allows no other.
pub(crate) fn stanza_from_operation(
    operation: &MessageOperation,
    own: &OwnDomains,
) -> Result<Message, Failure> {
    let message = operation.message();
    check_required(message)?;
    let to = destination_jid(operation.destination(), operation.destination_instance())?;
    let from = own.source_jid(operation.source(), operation.source_instance())?;
    Ok(Message {
        from: Some(from.into_text()),
        to: Some(to.into_text()),
        id: Some(operation.transaction_id().as_str().into()),
        lang: language(message),
        subjects: message.headers().subjects().map(subject).collect(),
        bodies: vec![LangText {
            lang: None,
            text: text(message)?,
        }],
        thread: message.thread().map(|id| Thread {
            id: id.clone(),
            parent: None,
        }),
        ..Message::default()
    })
}

fn subject(header: &Header) -> LangText {
    let lang = header.language.clone().filter(|lang| is_language(lang));
    LangText {
        lang,
        text: header.value.clone(),
    }
}

/// The recipient would have to understand what `Require` names, and XMPP cannot ask (RFC 3922
/// §4.2.7).
fn check_required(message: &InstantMessage) -> Result<(), Failure> {
    let required = message
        .headers()
        .iter()
        .any(|header| header.name == "Require");
    if required {
        Err(FailureReason::UnknownRequiredHeader.into())
    } else {
        Ok(())
    }
}
