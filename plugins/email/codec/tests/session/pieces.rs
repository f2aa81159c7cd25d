//! Whatever is sent, in whatever pieces.

use proptest::prelude::*;
use rialto_email_codec::smtp::{Protocol, Session};

use crate::{options, run};

/// The client's side of transparency, RFC 5321 §4.5.2.
fn stuffed(text: &str) -> String {
    let text = text
        .strip_prefix('.')
        .map_or_else(|| text.to_owned(), |rest| format!("..{rest}"));
    text.replace("\r\n.", "\r\n..")
}

proptest! {
    #[test]
    fn whatever_lines_are_sent_arrive(
        lines in prop::collection::vec("[.]{0,3}[ -~äß€]{0,40}", 0..20),
        piece in 1usize..50,
    ) {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect();
        let head = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@b.example>\r\n";
        let by_data = format!("{head}DATA\r\n{}.\r\nNOOP\r\n", stuffed(&text));
        let outcome = run(Session::new(options(Protocol::Smtp)), by_data.as_bytes(), piece);
        prop_assert_eq!(&outcome.messages[0].1, &text);
        prop_assert_eq!(outcome.codes, [220, 250, 250, 250, 354, 250, 250]);
        let by_chunk = format!("{head}BDAT {} LAST\r\n{text}NOOP\r\n", text.len());
        let outcome = run(Session::new(options(Protocol::Smtp)), by_chunk.as_bytes(), piece);
        prop_assert_eq!(&outcome.messages[0].1, &text);
    }

    #[test]
    fn how_the_bytes_are_cut_changes_nothing(
        lines in prop::collection::vec(
            prop_oneof![
                Just("EHLO a\r\n"), Just("MAIL FROM:<a@b.example>\r\n"), Just("RCPT TO:<a@b.example>\r\n"),
                Just("DATA\r\n"), Just(".\r\n"), Just("..x\r\n"), Just("BDAT 4\r\n"), Just("BDAT 2 LAST\r\n"),
                Just("RSET\r\n"), Just("x\n"), Just("\r\n"), Just("QUIT\r\n"), Just("STARTTLS\r\n"),
            ],
            0..30,
        ),
        piece in 1usize..20,
        protocol in prop_oneof![Just(Protocol::Smtp), Just(Protocol::Lmtp)],
    ) {
        let input = lines.concat();
        let whole = run(Session::new(options(protocol)), input.as_bytes(), usize::MAX);
        prop_assert_eq!(run(Session::new(options(protocol)), input.as_bytes(), piece), whole);
    }
}
