//! Sessions of the RFCs, word by word.

use rialto_email_codec::smtp::{BodyType, Notify, Protocol, Return, Session};

use crate::{options, paths, replay, run};

#[test]
fn rfc_5321_d_1_takes_mail_for_the_two_who_are_known() {
    let outcome = replay(
        Protocol::Smtp,
        include_str!("../fixtures/smtp/rfc5321-d1.txt"),
    );
    let [(envelope, content)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        envelope.mail_from.reverse_path.to_string(),
        "<Smith@bar.com>"
    );
    assert_eq!(paths(envelope), ["<Jones@foo.com>", "<Brown@foo.com>"]);
    // The RFC shows the line before its dot is doubled; as it stands there, one dot is taken off.
    assert_eq!(content, "Blah blah blah...\r\n..etc. etc. etc.\r\n");
}

#[test]
fn rfc_5321_d_2_forgets_an_aborted_message() {
    let outcome = replay(
        Protocol::Smtp,
        include_str!("../fixtures/smtp/rfc5321-d2.txt"),
    );
    assert_eq!(outcome.messages, []);
}

#[test]
fn rfc_5321_d_3_relays_in_two_steps() {
    let first = replay(
        Protocol::Smtp,
        include_str!("../fixtures/smtp/rfc5321-d3-step1.txt"),
    );
    let second = replay(
        Protocol::Smtp,
        include_str!("../fixtures/smtp/rfc5321-d3-step2.txt"),
    );
    for outcome in [first, second] {
        let [(envelope, content)] = outcome.messages.as_slice() else {
            panic!("{outcome:?}")
        };
        assert_eq!(paths(envelope), ["<Jones@xyz.com>"]);
        assert!(content.contains("Subject:") && content.contains("\r\n\r\nBill:\r\n"));
    }
}

#[test]
fn rfc_2033_4_answers_for_each_recipient() {
    let outcome = replay(
        Protocol::Lmtp,
        include_str!("../fixtures/smtp/rfc2033-4.txt"),
    );
    let [(envelope, _)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(paths(envelope), ["<pat@foo.edu>", "<green@foo.edu>"]);
}

#[test]
fn rfc_3030_4_1_takes_a_message_in_one_chunk() {
    let outcome = replay(
        Protocol::Smtp,
        include_str!("../fixtures/smtp/rfc3030-4.1.txt"),
    );
    let [(_, content)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(content.len(), 86);
    assert!(content.starts_with("To: Susan@random.com\r\n"));
}

#[test]
fn rfc_3030_4_2_answers_each_chunk_and_keeps_dots() {
    let input = "EHLO ymir.claremont.edu\r\nMAIL FROM:<ned@ymir.claremont.edu> BODY=8BITMIME\r\n\
        RCPT TO:<gvaudre@cnri.reston.va.us>\r\nBDAT 9\r\nSubject: \
        BDAT 8\r\nx\r\n\r\n.\r\nBDAT 0 LAST\r\nQUIT\r\n";
    let outcome = run(Session::new(options(Protocol::Smtp)), input.as_bytes(), 3);
    assert_eq!(outcome.codes, [220, 250, 250, 250, 250, 250, 250, 221]);
    let [(envelope, content)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(content, "Subject: x\r\n\r\n.\r\n");
    assert_eq!(envelope.mail_from.body, BodyType::EightBitMime);
}

#[test]
fn rfc_3030_2_takes_a_refused_chunk_off_the_wire() {
    let input = b"EHLO a.example\r\nBDAT 13 LAST\r\nRCPT TO:<x>\r\nNOOP\r\n";
    let outcome = run(Session::new(options(Protocol::Smtp)), input, 5);
    assert_eq!(outcome.codes, [220, 250, 503, 250]);
}

#[test]
fn rfc_2920_pipelining_keeps_replies_in_order() {
    let transcript = include_str!("../fixtures/smtp/rfc2920-pipelined.txt");
    let outcome = replay(Protocol::Smtp, transcript);
    let [(envelope, content)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(envelope.recipients.len(), 3);
    assert_eq!(content, "");
    replay(
        Protocol::Smtp,
        include_str!("../fixtures/smtp/rfc2920-no-recipient.txt"),
    );
}

#[test]
fn rfc_2033_4_2_data_without_recipients_is_503() {
    let input = b"LHLO a.example\r\nMAIL FROM:<>\r\nDATA\r\nEHLO a.example\r\n";
    let outcome = run(Session::new(options(Protocol::Lmtp)), input, 9);
    assert_eq!(
        outcome.codes,
        [220, 250, 250, 503, 500],
        "and LMTP knows no EHLO"
    );
}

#[test]
fn rfc_3461_10_submission_and_relay_keep_what_was_asked() {
    let mut transcript = include_str!("../fixtures/smtp/rfc3461-10.1.txt").to_owned();
    // Carol is unknown to the next server only; here one table decides for both.
    transcript = transcript.replace("Carol@", "Karol@");
    let outcome = replay(Protocol::Smtp, &transcript);
    let [(envelope, _)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    let notify: Vec<_> = envelope
        .recipients
        .iter()
        .map(|recipient| recipient.notify)
        .collect();
    let on = |success, failure| {
        Some(Notify::On {
            success,
            failure,
            delay: false,
        })
    };
    let expected = [
        on(true, false),
        on(false, true),
        on(true, true),
        on(false, true),
        Some(Notify::Never),
        on(false, true),
    ];
    assert_eq!(notify, expected);

    let outcome = replay(
        Protocol::Smtp,
        include_str!("../fixtures/smtp/rfc3461-10.3.txt"),
    );
    let [(envelope, _)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(paths(envelope), ["<Dana@ivory.edu>"]);
}

#[test]
fn rfc_3461_parameters_reach_the_envelope() {
    let input = b"EHLO a.example\r\n\
        MAIL FROM:<Alice@Example.ORG> RET=HDRS ENVID=QQ314159 SIZE=1000\r\n\
        RCPT TO:<Bob@Example.COM> NOTIFY=SUCCESS,delay ORCPT=rfc822;Bob+2Bx@Example.COM\r\n\
        RCPT TO:<Karol@Ivory.EDU> NOTIFY=NEVER\r\nRCPT TO:<Dana@Ivory.EDU>\r\n\
        RCPT TO:<e@x.example> NOTIFY=NEVER,SUCCESS\r\nDATA\r\n.\r\n";
    let outcome = run(Session::new(options(Protocol::Smtp)), input, 11);
    assert_eq!(outcome.codes, [220, 250, 250, 250, 250, 250, 501, 354, 250]);
    let [(envelope, _)] = outcome.messages.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(envelope.mail_from.ret, Some(Return::Headers));
    assert_eq!(envelope.mail_from.envid.as_deref(), Some("QQ314159"));
    assert_eq!(envelope.mail_from.size, Some(1000));
    let [bob, karol, dana] = envelope.recipients.as_slice() else {
        panic!("{envelope:?}")
    };
    assert_eq!(
        bob.notify,
        Some(Notify::On {
            success: true,
            failure: false,
            delay: true
        })
    );
    let orcpt = bob.orcpt.as_ref().expect("said");
    assert_eq!(
        (orcpt.address_type.as_str(), orcpt.address.as_str()),
        ("rfc822", "Bob+x@Example.COM")
    );
    assert_eq!((karol.notify, dana.notify), (Some(Notify::Never), None));
}
