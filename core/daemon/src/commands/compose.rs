//! A message out of what an operator gives and what an `im:` URI fills in.

use rialto_model::{AddressUri, InstantInbox};

use crate::{control::Message, exit::Exit};

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    pub(crate) source: &'a str,
    /// A whole URI, as a link may have it.
    pub(crate) destination: &'a str,
    pub(crate) text: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
}

/// Composes the message; what the command line says goes before what the URI says.
///
/// The headers of a URI are for whoever writes the message: `subject`, and `body` for its text. Any other one is
/// refused, because to leave it out would send something else than the link means. RFC 3860 §A, RFC 6068 §2.
pub(crate) fn compose(given: &Given<'_>) -> Result<Message, Exit> {
    let wrong = |what: &str, why: &dyn std::fmt::Display| Exit::Usage(format!("`{what}`: {why}"));
    let source = InstantInbox::parse(given.source).map_err(|error| wrong(given.source, &error))?;
    let uri = AddressUri::<InstantInbox>::parse(given.destination)
        .map_err(|error| wrong(given.destination, &error))?;
    let destination = uri
        .single()
        .map_err(|error| wrong(given.destination, &error))?;
    let mut headers = uri.headers().iter().map(|header| &*header.name);
    let is_known = |name: &str| {
        ["subject", "body"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    };
    if let Some(unknown) = headers.find(|name| !is_known(name)) {
        let why = format!(
            "its header {unknown:?} is none that a message can be given; `subject` and `body` are"
        );
        return Err(wrong(given.destination, &why));
    }
    let text = given.text.or_else(|| uri.header("body"));
    let Some(text) = text else {
        return Err(Exit::Usage(
            "there is no text: give one behind the destination".into(),
        ));
    };
    Ok(Message {
        source: source.to_string(),
        destination: destination.to_string(),
        text: text.to_owned(),
        subject: given
            .subject
            .or_else(|| uri.header("subject"))
            .map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given<'a>(destination: &'a str, text: Option<&'a str>) -> Given<'a> {
        Given {
            source: "im:operator@relay.example",
            destination,
            text,
            subject: None,
        }
    }

    fn composed(given: &Given<'_>) -> (String, Option<String>, String) {
        let message = compose(given).unwrap();
        (message.destination, message.subject, message.text)
    }

    fn refused(given: &Given<'_>) -> String {
        compose(given).unwrap_err().to_string()
    }

    #[test]
    fn cpim_c_subject_and_body_of_a_uri_are_those_of_the_message() {
        let link = "IM:Fr%C3%A9d@Example.COM?Subject=caf%C3%A9%20%26%20bar&body=one+1%0D%0Atwo";
        let (destination, subject, text) = composed(&given(link, None));
        assert_eq!(destination, "im:Fr%C3%A9d@example.com");
        assert_eq!(subject.as_deref(), Some("café & bar"));
        assert_eq!(text, "one+1\r\ntwo");
    }

    #[test]
    fn command_line_goes_before_the_uri() {
        let link = "im:fred@example.com?subject=theirs&body=theirs";
        let ours = Given {
            subject: Some("ours"),
            ..given(link, Some("ours"))
        };
        let (_, subject, text) = composed(&ours);
        assert_eq!((subject.as_deref(), &*text), (Some("ours"), "ours"));
    }

    #[test]
    fn uri_that_no_message_can_be_made_of_is_refused_with_the_reason() {
        let why = refused(&given(
            "im:fred@example.com?cc=im%3Aspy@example.com",
            Some("hi"),
        ));
        assert!(why.contains("\"cc\""), "{why}");
        let why = refused(&given("im:a@example.com,b@example.com", Some("hi")));
        assert!(why.contains("2 mailboxes"), "{why}");
        let why = refused(&given("im:?subject=hi", Some("hi")));
        assert!(why.contains("no mailbox"), "{why}");
        let why = refused(&given("im:fred@example.com?subject=hi", None));
        assert!(why.contains("no text"), "{why}");
    }
}
