//! Clients that smuggle, inject, flood or never end.

use rialto_email_codec::smtp::{Event, Protocol, Session, StartTls};

use crate::{options, reply, run};

/// Each of these is the end of a message to some server, and a line of it to another.
#[test]
fn smuggling_only_crlf_dot_crlf_ends_data() {
    for end in [
        "\n.\n",
        "\n.\r\n",
        "\r.\r",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\r\n\0.\r\n",
        "\r\n.\0\r\n",
        "\n\n.\r\n",
        "\r\r\n.\r\n",
    ] {
        for piece in [1, 3, usize::MAX] {
            let input = format!(
                "EHLO a.example\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nfirst{end}\
                 MAIL FROM:<admin@b.example>\r\nRCPT TO:<c@b.example>\r\nDATA\r\nsecond\r\n.\r\n"
            );
            let outcome = run(
                Session::new(options(Protocol::Smtp)),
                input.as_bytes(),
                piece,
            );
            assert_eq!(outcome.codes, [220, 250, 250, 250, 354, 521], "{end:?}");
            assert_eq!(outcome.messages, [], "{end:?}");
            assert!(outcome.closed);
        }
    }
}

#[test]
fn smuggling_by_chunks_is_refused_as_well() {
    for (text, last) in [
        ("first\n.\r\n", "1 LAST"),
        ("first\r", "1 LAST"),
        ("a\0bcde", "0 LAST"),
    ] {
        let input = format!(
            "EHLO a.example\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nBDAT {}\r\n{text}BDAT {last}\r\nx",
            text.len()
        );
        let outcome = run(Session::new(options(Protocol::Smtp)), input.as_bytes(), 4);
        assert_eq!(outcome.codes.last(), Some(&521), "{text:?}");
        assert_eq!(outcome.messages, []);
    }
}

#[test]
fn a_bare_line_feed_in_a_command_ends_the_session() {
    for input in ["NOOP\nQUIT\r\n", "NO\rOP\r\n", "NOOP x\0\r\n"] {
        let outcome = run(Session::new(options(Protocol::Smtp)), input.as_bytes(), 2);
        assert_eq!(outcome.codes, [220, 521], "{input:?}");
    }
}

#[test]
fn what_is_pipelined_behind_starttls_is_dropped() {
    let options = options(Protocol::Smtp).with_starttls(StartTls::Required);
    let mut session = Session::new(options);
    let mut input: &[u8] = b"EHLO a.example\r\nMAIL FROM:<a@a.example>\r\nSTARTTLS\r\n\
        EHLO evil.example\r\nMAIL FROM:<evil@a.example>\r\n";
    assert_eq!(session.handle_bytes(&mut input), Some(Event::StartTls));
    assert_eq!(input, b"");
    let output = String::from_utf8(session.take_output().to_vec()).expect("text");
    assert!(
        output.contains("250-STARTTLS") && output.contains("530 5.7.0"),
        "{output}"
    );
    let mut early: &[u8] = b"EHLO evil.example\r\n";
    assert_eq!(session.handle_bytes(&mut early), None);
    assert_eq!(early.len(), 19, "nothing is read before the handshake");

    session.tls_started();
    assert_eq!(session.client(), None);
    let mut input: &[u8] = b"MAIL FROM:<a@a.example>\r\nEHLO a.example\r\nSTARTTLS\r\n";
    assert_eq!(session.handle_bytes(&mut input), None);
    let output = String::from_utf8(session.take_output().to_vec()).expect("text");
    assert!(
        output.starts_with("503 "),
        "what was said before is forgotten: {output}"
    );
    assert!(
        !output.contains("250-STARTTLS") && output.ends_with("503 5.5.1 TLS is on already\r\n")
    );
}

#[test]
fn a_message_beyond_the_size_is_read_to_its_end_and_refused() {
    let options = || options(Protocol::Lmtp).with_max_message(20);
    let head =
        "LHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<c@b.example>\r\n";
    let long = "0123456789\r\n".repeat(3);
    let input = format!("{head}DATA\r\n{long}.\r\nNOOP\r\n");
    let outcome = run(Session::new(options()), input.as_bytes(), 10);
    assert_eq!(outcome.codes, [220, 250, 250, 250, 250, 354, 552, 552, 250]);
    let input = format!("{head}BDAT 36\r\n{long}BDAT 0 LAST\r\nNOOP\r\n");
    let outcome = run(Session::new(options()), input.as_bytes(), 10);
    assert_eq!(outcome.codes, [220, 250, 250, 250, 250, 552, 552, 552, 250]);
    let outcome = run(
        Session::new(options()),
        b"LHLO a\r\nMAIL FROM:<> SIZE=21\r\n",
        10,
    );
    assert_eq!(outcome.codes, [220, 250, 552]);
}

#[test]
fn a_chunk_of_absurd_size_ends_the_session() {
    let input = format!("EHLO a\r\nBDAT {}\r\nx", u64::MAX / 2);
    let outcome = run(
        Session::new(options(Protocol::Smtp)),
        input.as_bytes(),
        usize::MAX,
    );
    assert_eq!(outcome.codes, [220, 250, 552]);
    assert!(outcome.closed);
}

#[test]
fn endless_errors_and_endless_idling_end_the_session() {
    let outcome = run(
        Session::new(options(Protocol::Smtp)),
        "XYZZY\r\n".repeat(1000).as_bytes(),
        64,
    );
    assert_eq!(outcome.codes.len(), 1 + 21 + 1);
    assert_eq!(outcome.codes.last(), Some(&421));
    let outcome = run(
        Session::new(options(Protocol::Smtp)),
        "NOOP\r\n".repeat(1000).as_bytes(),
        64,
    );
    assert_eq!(outcome.codes.len(), 1 + 101 + 1);
    assert_eq!(outcome.codes.last(), Some(&421));
    let outcome = run(Session::new(options(Protocol::Smtp)), &[b'x'; 100_000], 64);
    assert_eq!(outcome.codes, [220, 500], "a line without an end");
}

#[test]
fn recipients_beyond_the_bound_are_refused_for_now() {
    let session = Session::new(options(Protocol::Smtp).with_max_recipients(2));
    let input = "EHLO a\r\nMAIL FROM:<>\r\n".to_owned() + &"RCPT TO:<a@b.example>\r\n".repeat(3);
    assert_eq!(
        run(session, input.as_bytes(), 50).codes,
        [220, 250, 250, 250, 250, 452]
    );
}

#[test]
fn recipients_who_are_told_to_come_again_do_not_end_the_session_of_a_mail_server() {
    let serve = |recipients: usize| {
        let mut session = Session::new(options(Protocol::Smtp).with_max_recipients(50));
        let input = "EHLO a\r\nMAIL FROM:<>\r\n".to_owned()
            + &"RCPT TO:<a@b.example>\r\n".repeat(recipients)
            + "DATA\r\nhi\r\n.\r\n";
        let (mut input, mut taken, mut served) = (input.as_bytes(), 0, 0);
        while let Some(event) = session.handle_bytes(&mut input) {
            let code = match event {
                Event::Recipient(_) if served > 0 => 452,
                Event::Recipient(_) => {
                    served += 1;
                    250
                }
                Event::Closed => break,
                Event::Message { .. } => {
                    taken += 1;
                    250
                }
                _ => 250,
            };
            session.answer(&reply(code)).expect("due");
        }
        taken
    };
    assert_eq!(serve(50), 1, "the first has the mail");
    assert_eq!(serve(200), 0, "who never hears has no end");
}
