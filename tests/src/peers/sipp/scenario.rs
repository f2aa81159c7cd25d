//! What SIPp is told to do.

use std::fmt::Write;

use tempfile::TempDir;

use super::{Outgoing, Reply};
use crate::peers::{filled, with_values, write};

/// The final responses that a client understands, but 200.
const FINAL: [u16; 32] = [
    202, 302, 400, 401, 403, 404, 405, 406, 408, 410, 413, 414, 415, 416, 420, 423, 480, 481, 482,
    483, 484, 485, 486, 488, 489, 500, 501, 503, 504, 513, 600, 603,
];

/// The scenario of a server that answers like this.
pub(super) fn server_scenario(reply: &Reply) -> String {
    let (status, header) = match reply {
        Reply::Status(status) => (*status, ""),
        Reply::StatusAndHeader(status, header) => (*status, *header),
        Reply::Silent => ("", ""),
    };
    let headers = headers(&[header]);
    let scenario = filled(
        "sipp/server.xml",
        &[("STATUS", status), ("HEADERS", &headers)],
    );
    let (before, answer, after) = around(&scenario, "answer");
    if status.is_empty() {
        before + &after
    } else {
        before + &answer + &after
    }
}

/// The scenario of a client that sends these messages with the CSeq that each number has; their bodies are written
/// into the folder.
pub(super) fn client_scenario(
    folder: &TempDir,
    messages: &[Outgoing<'_>],
    cseq: fn(u32) -> u32,
) -> String {
    let (mut scenario, exchange, after) = around(&filled("sipp/client.xml", &[]), "exchange");
    for (number, message) in (1..).zip(messages) {
        let body_file = folder.path().join(format!("body-{number}"));
        write(&body_file, message.body);
        let values = [
            ("TO", message.to.to_owned()),
            ("FROM", message.from.to_owned()),
            ("NUMBER", number.to_string()),
            ("CSEQ", cseq(number).to_string()),
            ("CONTENT_TYPE", message.content_type.to_owned()),
            ("HEADERS", headers(message.headers)),
            ("BODY_FILE", body_file.display().to_string()),
            ("RESPONSES", responses(number)),
        ];
        scenario += &values.iter().fold(exchange.clone(), |text, (name, value)| {
            text.replace(&format!("@{name}@"), value)
        });
    }
    scenario + &after
}

/// One PUBLISH, and how it is to be answered.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// The header lines that make it another than the rest; `[$2]` is the entity-tag that the second was given.
    pub headers: &'a [&'a str],
    /// The body.
    pub body: &'a str,
    /// The status of its answer.
    pub status: u16,
}

/// The scenario of a client that publishes these.
pub(super) fn publisher_scenario(presentity: &str, publications: &[Publication<'_>]) -> String {
    let values = [("PRESENTITY", presentity)];
    let (mut scenario, publication, after) =
        around(&filled("sipp/publisher.xml", &values), "publication");
    for (number, of) in (1..).zip(publications) {
        let number: u32 = number;
        scenario += &with_values(
            &publication,
            &[
                ("NUMBER", &number.to_string()),
                ("HEADERS", &headers(of.headers)),
                ("BODY", of.body),
                ("STATUS", &of.status.to_string()),
            ],
        );
    }
    scenario + &after
}

/// What may come after the message with this number: any final response leads on to the next message.
fn responses(number: u32) -> String {
    let mut lines = "<recv response=\"100\" optional=\"true\"/>".to_owned();
    for status in FINAL {
        let _infallible = write!(
            lines,
            "<recv response=\"{status}\" optional=\"true\" next=\"{number}\"/>"
        );
    }
    lines + "<recv response=\"200\"/>"
}

fn headers(lines: &[&str]) -> String {
    lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| format!("\n      {line}"))
        .collect()
}

/// The scenario before, within and after the block between the marks of this name.
fn around(scenario: &str, name: &str) -> (String, String, String) {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let parts = scenario.split_once(&open).and_then(|(before, rest)| {
        rest.split_once(&close)
            .map(|(inside, after)| (before, inside, after))
    });
    let Some((before, inside, after)) = parts else {
        panic!("the scenario has no block {name}")
    };
    (before.to_owned(), inside.to_owned(), after.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_server_has_no_answer_in_its_scenario() {
        assert!(!server_scenario(&Reply::Silent).contains("<send"));
        let busy = Reply::StatusAndHeader("503 Service Unavailable", "Retry-After: 7");
        assert!(server_scenario(&busy).contains("[last_CSeq:]\n      Retry-After: 7\n"));
    }
}
