//! Paths, parameters and answers.

use rialto_email_codec::{
    ForwardPath,
    smtp::{Event, Protocol, Session},
};

use crate::{options, reply, run};

#[test]
fn paths_are_read_with_quotes_literals_and_routes() {
    let rcpt = |path: &str| {
        let input = format!("EHLO a\r\nMAIL FROM:<> SMTPUTF8\r\nRCPT TO:{path}\r\nDATA\r\n.\r\n");
        let outcome = run(
            Session::new(options(Protocol::Smtp)),
            input.as_bytes(),
            usize::MAX,
        );
        outcome.messages.into_iter().next().map(|(envelope, _)| {
            envelope
                .recipients
                .into_iter()
                .next()
                .expect("accepted")
                .forward_path
        })
    };
    assert_eq!(rcpt("<postMaster>"), Some(ForwardPath::Postmaster));
    for (path, shown) in [
        ("<a@[192.0.2.1]>", "<a@[192.0.2.1]>"),
        ("<a@[IPv6:2001:db8::1]>", "<a@[IPv6:2001:db8::1]>"),
        (r#"<"a > b"@c.example>"#, r#"<"a > b"@c.example>"#),
        (r#"<"plain"@c.example>"#, "<plain@c.example>"),
        ("<@one.example,@two.example:a@c.example>", "<a@c.example>"),
        (
            " <j\u{fc}rgen@m\u{fc}nchen.example>",
            "<j\u{fc}rgen@xn--mnchen-3ya.example>",
        ),
    ] {
        assert_eq!(
            rcpt(path).map(|path| path.to_string()).as_deref(),
            Some(shown),
            "{path}"
        );
    }
    for path in [
        "<>",
        "a@b.example",
        "<a@b.example",
        "<a@b.example>x",
        "<a b@c.example>",
        "<a@-b.example>",
        "<@a:>",
    ] {
        assert_eq!(rcpt(path), None, "{path}");
    }
}

#[test]
fn a_mailbox_beyond_ascii_needs_smtputf8() {
    let input = "EHLO a\r\nMAIL FROM:<j\u{fc}@a.example>\r\nMAIL FROM:<a@a.example>\r\n\
        RCPT TO:<j\u{fc}@a.example>\r\nRCPT TO:<j@\u{fc}.example>\r\n";
    let outcome = run(
        Session::new(options(Protocol::Smtp)),
        input.as_bytes(),
        usize::MAX,
    );
    assert_eq!(outcome.codes, [220, 250, 553, 250, 553, 250]);
}

#[test]
fn parameters_that_were_not_offered_are_refused() {
    for parameter in [
        "BODY=BINARYMIME",
        "AUTH=<>",
        "MT-PRIORITY=3",
        "FOO=bar",
        "REQUIRETLS",
        "BY=10;R",
    ] {
        let input = format!("EHLO a\r\nMAIL FROM:<> {parameter}\r\n");
        let outcome = run(
            Session::new(options(Protocol::Smtp)),
            input.as_bytes(),
            usize::MAX,
        );
        assert_eq!(outcome.codes, [220, 250, 555], "{parameter}");
    }
}

#[test]
fn an_answer_that_nothing_asked_for_is_not_sent() {
    let mut session = Session::new(options(Protocol::Smtp));
    session.take_output();
    assert!(session.answer(&reply(250)).is_err());
    assert!(session.take_output().is_empty());
}

#[test]
fn answering_421_or_shutting_down_ends_the_session() {
    let mut session = Session::new(options(Protocol::Smtp));
    let mut input: &[u8] = b"EHLO a\r\nMAIL FROM:<>\r\nNOOP\r\n";
    assert!(matches!(
        session.handle_bytes(&mut input),
        Some(Event::Mail(_))
    ));
    session.answer(&reply(421)).expect("due");
    assert_eq!(session.handle_bytes(&mut input), Some(Event::Closed));
    assert_eq!(session.handle_bytes(&mut input), None);
    let mut session = Session::new(options(Protocol::Smtp));
    session.shut_down(&reply(421));
    assert_eq!(session.handle_bytes(&mut input), Some(Event::Closed));
    assert!(session.take_output().ends_with(b"421 decided\r\n"));
}
