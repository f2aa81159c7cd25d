//! The client's side of a session, against the server's and against servers that are odd.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use proptest::prelude::*;
use rialto_email_codec::{
    ReversePath,
    message::Written,
    smtp::{
        CannotCarry, Client, ClientEvent, Delivery, Event, Notify, Protocol, Reply, Session,
        SessionOptions, sasl_plain,
    },
};

fn client(protocol: Protocol) -> Client {
    Client::new(protocol, "gw.example".parse().unwrap())
}

fn delivery(mail: &str) -> Delivery {
    let message = Written::as_it_is(mail.as_bytes().to_vec());
    let from = ReversePath::Mailbox("juliet@gw.example".parse().unwrap());
    Delivery::new(from, "romeo@mx.example".parse().unwrap(), message)
}

/// A client that has been greeted by a server with these extensions.
fn greeted(extensions: &str) -> Client {
    let mut client = client(Protocol::Smtp);
    client.handle_bytes(b"220 mx.example ESMTP\r\n").unwrap();
    let hello = format!("250-mx.example\r\n{extensions}250 HELP\r\n");
    client.handle_bytes(hello.as_bytes()).unwrap();
    assert_eq!(client.poll_event(), Some(ClientEvent::Ready));
    assert_eq!(client.take_output(), "EHLO gw.example\r\n");
    client
}

fn said(client: &mut Client, reply: &str) -> String {
    client.handle_bytes(reply.as_bytes()).unwrap();
    String::from_utf8(client.take_output().to_vec()).unwrap()
}

const MAIL: &str = "Subject: hi\r\n\r\nhi\r\n.\r\n..\r\nend\r\n";

#[test]
fn mail_arrives_at_our_own_server_as_it_was_whatever_the_pieces() {
    for protocol in [Protocol::Smtp, Protocol::Lmtp] {
        for piece in [1, 2, 7, 100_000] {
            let options = SessionOptions::new(protocol, "mx.example".parse().unwrap());
            let mut server = Session::new(options);
            let mut client = client(protocol);
            let mut arrived = None;
            let mut is_sent = false;
            for _ in 0..10_000 {
                let output = server.take_output();
                for part in output.chunks(piece) {
                    client.handle_bytes(part).unwrap();
                }
                match client.poll_event() {
                    Some(ClientEvent::Ready) => client.deliver(delivery(MAIL)),
                    Some(ClientEvent::Taken(reply)) => {
                        is_sent = reply.code() == 250;
                        break;
                    }
                    Some(other) => panic!("{other:?}"),
                    None => {}
                }
                let output = client.take_output();
                for part in output.chunks(piece) {
                    let mut input = part;
                    while let Some(event) = server.handle_bytes(&mut input) {
                        if let Event::Message { content, envelope } = event {
                            arrived = Some((content, envelope));
                        }
                        server
                            .answer(&Reply::new(250, None, "ok").unwrap())
                            .unwrap();
                    }
                }
            }
            let (content, envelope) = arrived.unwrap();
            assert!(is_sent);
            assert_eq!(content, MAIL, "in pieces of {piece}");
            assert_eq!(envelope.mail_from.size, Some(MAIL.len()));
            assert_eq!(envelope.recipients.len(), 1);
        }
    }
}

#[test]
fn commands_leave_together_where_the_server_allows_it_and_else_one_by_one() {
    let mut client = greeted("250-PIPELINING\r\n250-SIZE 1000\r\n250-DSN\r\n");
    let notify = Notify::On {
        success: true,
        failure: true,
        delay: false,
    };
    client.deliver(delivery(MAIL).with_reports("e+1", notify));
    assert_eq!(
        client.take_output(),
        "MAIL FROM:<juliet@gw.example> SIZE=31 RET=HDRS ENVID=e+2B1\r\n\
         RCPT TO:<romeo@mx.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;romeo@mx.example\r\nDATA\r\n"
    );
    let content = said(&mut client, "250 ok\r\n250 ok\r\n354 go on\r\n");
    assert_eq!(
        content,
        "Subject: hi\r\n\r\nhi\r\n..\r\n...\r\nend\r\n.\r\n"
    );
    assert!(client.may_have_arrived());

    let mut client = greeted("");
    client.deliver(delivery(MAIL));
    assert_eq!(client.take_output(), "MAIL FROM:<juliet@gw.example>\r\n");
    assert_eq!(
        said(&mut client, "250 ok\r\n"),
        "RCPT TO:<romeo@mx.example>\r\n"
    );
    assert_eq!(said(&mut client, "250 ok\r\n"), "DATA\r\n");
    assert!(!client.may_have_arrived());
    assert!(said(&mut client, "354 go on\r\n").ends_with("\r\n.\r\n"));
    said(&mut client, "250 taken\r\n");
    assert!(matches!(client.poll_event(), Some(ClientEvent::Taken(_))));
}

#[test]
fn refusal_is_the_first_one_and_the_session_goes_on() {
    for extensions in ["", "250-PIPELINING\r\n"] {
        for (replies, code) in [
            (
                vec!["450 4.7.1 later\r\n", "503 no MAIL\r\n", "503 no RCPT\r\n"],
                450,
            ),
            (
                vec!["250 ok\r\n", "550 5.1.1 who?\r\n", "554 no recipient\r\n"],
                550,
            ),
            (vec!["250 ok\r\n", "250 ok\r\n", "452 4.3.1 full\r\n"], 452),
            (
                vec![
                    "250 ok\r\n",
                    "250 ok\r\n",
                    "354 go on\r\n",
                    "552 5.3.4 too much\r\n",
                ],
                552,
            ),
        ] {
            let mut client = greeted(extensions);
            client.deliver(delivery(MAIL));
            client.take_output();
            let mut event = None;
            for reply in &replies {
                said(&mut client, reply);
                event = client.poll_event();
                if event.is_some() {
                    break;
                }
            }
            let Some(ClientEvent::Refused(reply)) = event else {
                panic!("{replies:?}: {event:?}");
            };
            assert_eq!(reply.code(), code);
            assert!(!client.may_have_arrived());
            if code != 552 {
                said(&mut client, "250 reset\r\n");
            }
            client.deliver(delivery(MAIL));
            assert!(said(&mut client, "").starts_with("MAIL FROM"));
        }
    }
}

#[test]
fn server_that_wants_content_for_nobody_gets_none() {
    let mut client = greeted("250-PIPELINING\r\n");
    client.deliver(delivery(MAIL));
    client.take_output();
    assert_eq!(
        said(&mut client, "250 ok\r\n550 who?\r\n354 go on\r\n"),
        ".\r\n"
    );
    assert!(!client.may_have_arrived());
    said(&mut client, "554 nothing\r\n");
    assert!(
        matches!(client.poll_event(), Some(ClientEvent::Refused(reply)) if reply.code() == 550)
    );
}

#[test]
fn what_a_server_does_not_offer_is_not_asked_of_it() {
    let plain = greeted("250-SIZE 10\r\n");
    assert_eq!(
        delivery(MAIL).check(plain.capabilities()),
        Err(CannotCarry::Size { limit: 10 })
    );
    let plain = greeted("");
    let body = delivery("Subject: hi\r\n\r\nh\u{e9}\r\n");
    assert_eq!(body.check(plain.capabilities()), Err(CannotCarry::EightBit));
    let header = delivery("Subject: h\u{e9}\r\n\r\nhi\r\n");
    assert_eq!(header.check(plain.capabilities()), Err(CannotCarry::Utf8));
    let able = greeted("250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE\r\n");
    assert_eq!(body.check(able.capabilities()), Ok(()));
    assert_eq!(header.check(able.capabilities()), Ok(()));
}

#[test]
fn goodbye_of_the_server_is_heard_wherever_it_comes() {
    for replies in [
        "421 go away\r\n",
        "554 no service here\r\n",
        "220 hi\r\n421 go away\r\n",
        "220 hi\r\n250 ok\r\n421 idle\r\n",
        "220 hi\r\n500 what?\r\n500 what?\r\n",
    ] {
        let mut client = client(Protocol::Smtp);
        client.handle_bytes(replies.as_bytes()).unwrap();
        let mut last = None;
        while let Some(event) = client.poll_event() {
            last = Some(event);
        }
        assert!(
            matches!(last, Some(ClientEvent::Closed(_))),
            "{replies}: {last:?}"
        );
    }
}

#[test]
fn tls_forgets_what_was_offered_before_it() {
    let mut client = greeted("250-STARTTLS\r\n250-PIPELINING\r\n");
    client.start_tls();
    assert_eq!(client.take_output(), "STARTTLS\r\n");
    assert_eq!(said(&mut client, "220 go ahead\r\n"), "");
    assert_eq!(client.poll_event(), Some(ClientEvent::StartTls));
    client.tls_started();
    assert_eq!(client.take_output(), "EHLO gw.example\r\n");
    said(&mut client, "250-mx.example\r\n250 AUTH LOGIN PLAIN\r\n");
    assert_eq!(client.poll_event(), Some(ClientEvent::Ready));
    assert!(client.capabilities().auth_plain && !client.capabilities().pipelining);
    client.authenticate(&sasl_plain("juliet", "s3cret"));
    assert_eq!(client.take_output(), "AUTH PLAIN AGp1bGlldABzM2NyZXQ=\r\n");
    said(&mut client, "235 ok\r\n");
    assert_eq!(client.poll_event(), Some(ClientEvent::Ready));
}

#[test]
fn flood_of_reply_lines_is_not_kept() {
    let mut client = client(Protocol::Smtp);
    assert!(
        client
            .handle_bytes("220-x\r\n".repeat(101).as_bytes())
            .is_err()
    );
    let mut client = self::client(Protocol::Smtp);
    assert!(client.handle_bytes(&vec![b'2'; 300_000]).is_err());
}

proptest! {
    #[test]
    fn server_that_says_anything_breaks_nothing(
        replies in prop::collection::vec(
            prop::sample::select(vec![
                "220 hi\r\n", "250 ok\r\n", "250-PIPELINING\r\n", "354 go\r\n", "450 no\r\n", "550 no\r\n",
                "421 bye\r\n", "25", "0 x\r\n", "\r\n", "999 x\r\n", "250 STARTTLS\r\n",
            ]),
            0..20,
        ),
    ) {
        let mut client = client(Protocol::Smtp);
        for reply in replies {
            if client.handle_bytes(reply.as_bytes()).is_err() {
                break;
            }
            while let Some(event) = client.poll_event() {
                match event {
                    ClientEvent::Ready => client.deliver(delivery(MAIL)),
                    ClientEvent::Taken(reply) => prop_assert!(reply.is_success()),
                    ClientEvent::Refused(reply) => prop_assert!(!reply.is_success()),
                    _ => {}
                }
            }
            client.take_output();
        }
    }
}
