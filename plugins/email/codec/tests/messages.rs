//! Messages, read and written.

use proptest::prelude::*;
use rialto_email_codec::{
    Mailbox,
    limits::{MAX_CONTENT_TYPES, MAX_DASHES, MAX_FIELD_LINES},
    message::{
        AutoSubmitted, Body, Mail, MailError, MessageId, Multipart, NamedMailbox, NewMail,
        Precedence, Protection, TextSource, WriteError,
    },
};

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().expect(text)
}

fn named(text: &str) -> NamedMailbox {
    NamedMailbox::new(None, mailbox(text))
}

fn id(text: &str) -> MessageId {
    text.parse().expect(text)
}

fn new_mail(body: Body<'_>) -> NewMail<'_> {
    let from = NamedMailbox::new(
        Some("J\u{fc}rgen \"J\" Test"),
        mailbox("juliet@capulet.example"),
    );
    NewMail::new(
        from,
        named("romeo@montague.example"),
        id("1@rialto.example"),
        1_000_000_000,
        body,
    )
}

#[test]
fn a_header_says_who_when_and_in_which_thread() {
    let octets = crlf(
        "Received: from a by b; Fri, 21 Nov 1997 10:01:22 -0600\nReceived: from b by c; x\n\
         From: =?ISO-8859-1?Q?Andr=E9?= <Andre@Example.org>, \"quoted one\"@example.org\n\
         Sender: secretary@example.org\nReply-To: Friends: a@example.org, b@example.org;\n\
         To: undisclosed-recipients:;\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\n \
         to you\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nMessage-ID: <3@machine.example>\n\
         In-Reply-To: <2@machine.example>\nReferences: <1@machine.example>\n\t<2@machine.example>\n\
         Auto-Submitted: Auto-Replied; owner=x\nPrecedence: bulk (all of it)\n\
         List-Id: <list.example>\nContent-Language: de-AT, en\n\nhi\n",
    );
    let mail = Mail::parse(&octets).expect("a message");
    let from: Vec<_> = mail
        .from()
        .into_iter()
        .map(|one| (one.name, one.mailbox.to_string()))
        .collect();
    assert_eq!(
        from,
        [
            (
                Some("Andr\u{e9}".to_owned()),
                "Andre@example.org".to_owned()
            ),
            (None, "\"quoted one\"@example.org".to_owned()),
        ]
    );
    assert_eq!(mail.sender(), Some(named("secretary@example.org")));
    assert_eq!(
        mail.reply_to(),
        [named("a@example.org"), named("b@example.org")]
    );
    assert_eq!(mail.to(), []);
    assert_eq!(mail.subject(), Some("Gr\u{fc}\u{df}e to you"));
    assert_eq!(mail.date(), Some(880_127_706));
    assert_eq!(mail.message_id(), Some(id("3@machine.example")));
    assert_eq!(mail.in_reply_to(), [id("2@machine.example")]);
    assert_eq!(
        mail.references(),
        [id("1@machine.example"), id("2@machine.example")]
    );
    assert_eq!(mail.auto_submitted(), AutoSubmitted::Replied);
    assert_eq!(mail.precedence(), Some(Precedence::Bulk));
    assert!(mail.is_from_list());
    assert_eq!(mail.received_count(), 2);
    assert_eq!(mail.language().as_deref(), Some("de-AT"));
}

#[test]
fn the_text_to_show_is_decoded_and_plain_before_html() {
    let alternative = crlf(
        "From: a@b.example\nContent-Type: multipart/alternative; boundary=x\n\n--x\n\
         Content-Type: text/plain; charset=ISO-8859-15\nContent-Transfer-Encoding: quoted-printable\n\n\
         5 =A4 f=FCr=\n alle\n--x\nContent-Type: text/html\n\n<p>5 &euro;</p>\n--x--\n",
    );
    let mail = Mail::parse(&alternative).expect("a message");
    let shown = mail.shown_text().expect("text");
    assert_eq!(
        (shown.text.as_str(), shown.source),
        ("5 \u{20ac} f\u{fc}r alle", TextSource::Plain)
    );
    assert_eq!(mail.multipart(), Some(Multipart::Alternative));
    assert_eq!(mail.attachments().count(), 0);

    let html = crlf(
        "From: a@b.example\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n\
         PHA+SGVsbG8gPGI+d29ybGQ8L2I+ICZhbXA7IGFsbDwvcD4=\n",
    );
    let mail = Mail::parse(&html).expect("a message");
    let shown = mail.shown_text().expect("text");
    assert_eq!(
        (shown.text.as_str(), shown.source),
        ("Hello world & all", TextSource::Html)
    );
}

/// RFC 3676: what a sender broke for width is one line again, quotes apart, and a signature's line is no broken one.
#[test]
fn flowed_text_is_joined() {
    let octets = crlf(
        "From: a@b.example\nContent-Type: text/plain; format=flowed\n\n\
         one \ntwo\n> quoted \n> words\n three\n-- \nme\n",
    );
    let mail = Mail::parse(&octets).expect("a message");
    let shown = mail.shown_text().expect("text");
    assert_eq!(shown.text, "one two\n> quoted words\nthree\n-- \nme");
}

#[test]
fn attachments_are_listed_and_not_decoded() {
    let octets = crlf(
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n--x\n\
         Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\nAAEC\nAwQ=\n--x\n\
         Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*=UTF-8''%E2%82%AC.pdf\n\nPDF\n--x--\n",
    );
    let mail = Mail::parse(&octets).expect("a message");
    assert_eq!(mail.multipart(), Some(Multipart::Mixed));
    let listed: Vec<_> = mail
        .attachments()
        .map(|one| (one.name.unwrap_or_default(), one.content_type, one.size))
        .collect();
    assert_eq!(
        listed,
        [
            ("a.png".to_owned(), "image/png".to_owned(), 5),
            ("\u{20ac}.pdf".to_owned(), "application/pdf".to_owned(), 3),
        ]
    );
    assert_eq!(
        mail.shown_text().map(|shown| shown.text).as_deref(),
        Some("text")
    );
}

#[test]
fn rfc_1847_what_is_signed_is_a_slice_of_what_came() {
    let signed = "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
        A line with trailing space  \r\n\r\n";
    let octets = format!(
        "From: a@b.example\r\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\";\r\n \
         micalg=pgp-sha256; boundary=\"sig\"\r\n\r\n--sig\r\n{signed}\r\n--sig\r\n\
         Content-Type: application/pgp-signature\r\n\r\nxyz\r\n--sig--\r\n"
    );
    let mail = Mail::parse(octets.as_bytes()).expect("a message");
    assert_eq!(mail.protection(), Protection::Signed);
    assert_eq!(mail.multipart(), Some(Multipart::Signed));
    let entity = mail.signed_entity().expect("signed");
    assert_eq!(std::str::from_utf8(entity), Ok(signed));
    assert!(
        octets.as_bytes().as_ptr_range().contains(&entity.as_ptr()),
        "no copy"
    );
}

#[test]
fn rfc_2046_5_1_1_only_a_line_of_the_boundary_ends_what_is_signed() {
    let signed = "Content-Type: multipart/mixed; boundary=sig-inner\r\n\r\n--sig-inner\r\n\r\n\
        see --sig and --sig\r\n--sig-inner--\r\n";
    let octets = format!(
        "From: a@b.example\r\nContent-Type: multipart/signed; boundary=sig\r\n\r\n\
         preamble --sig\r\n--sig  \r\n{signed}\r\n--sig\r\nContent-Type: application/x\r\n\r\nx\r\n--sig--\r\n"
    );
    let mail = Mail::parse(octets.as_bytes()).expect("a message");
    assert_eq!(
        mail.signed_entity().map(String::from_utf8_lossy).as_deref(),
        Some(signed)
    );
}

#[test]
fn what_is_signed_or_encrypted_is_known() {
    for (content_type, protection) in [
        (
            "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x",
            Protection::Encrypted,
        ),
        (
            "application/pkcs7-mime; smime-type=enveloped-data",
            Protection::Encrypted,
        ),
        (
            "Application/X-PKCS7-MIME; smime-type=signed-data",
            Protection::Signed,
        ),
        ("multipart/mixed; boundary=x", Protection::None),
        ("text/plain", Protection::None),
    ] {
        let octets = format!(
            "From: a@b.example\r\nContent-Type: {content_type}\r\n\r\n--x\r\n\r\na\r\n--x--\r\n"
        );
        let mail = Mail::parse(octets.as_bytes()).expect("a message");
        assert_eq!(mail.protection(), protection, "{content_type}");
    }
}

#[test]
fn rfc_4880_armour_in_a_text_is_protection() {
    let armour = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nhi\r\n";
    for (text, protection) in [
        (armour.to_owned(), Protection::Signed),
        (
            "hi\r\n-----BEGIN PGP MESSAGE-----\r\n".to_owned(),
            Protection::Encrypted,
        ),
        (
            "> -----BEGIN PGP MESSAGE-----\r\n".to_owned(),
            Protection::None,
        ),
    ] {
        let octets = format!("From: a@b.example\r\n\r\n{text}");
        let mail = Mail::parse(octets.as_bytes()).expect("a message");
        assert_eq!(mail.protection(), protection, "{text}");
    }
}

/// In at one side, out at the other: the entity is the same octets.
#[test]
fn an_entity_crosses_untouched() {
    let octets = crlf(
        "Received: x\nContent-Type: multipart/signed;\n\tboundary=sig\nFrom: a@b.example\n\
         content-description: odd \n\n--sig\n\nsigned \n\n--sig\nContent-Type: application/x\n\nx\n--sig--\n",
    );
    let mail = Mail::parse(&octets).expect("a message");
    let entity = mail.entity().to_bytes();
    let expected =
        "Content-Type: multipart/signed;\n\tboundary=sig\ncontent-description: odd \n\n--sig";
    assert!(
        entity.starts_with(&crlf(expected)),
        "{}",
        String::from_utf8_lossy(&entity)
    );
    let written = new_mail(Body::Entity(&entity))
        .with_language("de")
        .write()
        .expect("an entity");
    assert!(written.octets.ends_with(&entity));
    let again = Mail::parse(&written.octets).expect("a message");
    assert_eq!(again.entity().to_bytes(), entity);
    assert_eq!(again.signed_entity(), mail.signed_entity());
}

#[test]
fn an_entity_cannot_bring_fields_of_its_own_or_bare_line_ends() {
    for (entity, error) in [
        (
            "Content-Type: text/plain\r\nBcc: x@y.example\r\n\r\nhi",
            WriteError::ForeignField,
        ),
        (" folded\r\n\r\nhi", WriteError::ForeignField),
        ("Content-Type: text/plain\r\n", WriteError::NoBody),
        ("", WriteError::NoBody),
        (
            "Content-Type: text/plain\r\n\r\nhi\n.\r\n",
            WriteError::BareLineEnd,
        ),
        ("Content-Type: text/plain\n\nhi", WriteError::BareLineEnd),
        (
            "Content-Type: text/plain\r\n\r\nhi\0",
            WriteError::BareLineEnd,
        ),
    ] {
        assert_eq!(
            new_mail(Body::Entity(entity.as_bytes())).write(),
            Err(error),
            "{entity:?}"
        );
    }
    assert!(new_mail(Body::Entity(b"\r\nhi")).write().is_ok());
}

#[test]
fn what_is_written_can_be_read() {
    let written = new_mail(Body::Text("Gr\u{fc}\u{df}e\n.\nFrom here on"))
        .with_subject("\u{20ac}\r\nBcc: evil@example.org")
        .with_language("de")
        .with_parent(id("p@x.example"), vec![id("o@x.example")])
        .with_auto_submitted(AutoSubmitted::Generated)
        .with_max_forwards(7)
        .with_recipient(named("nurse@capulet.example"))
        .write()
        .expect("text");
    assert!(!written.needs_8bitmime && !written.needs_smtputf8);
    let mail = Mail::parse(&written.octets).expect("a message");
    assert_eq!(
        mail.from(),
        [NamedMailbox::new(
            Some("J\u{fc}rgen \"J\" Test"),
            mailbox("juliet@capulet.example")
        )]
    );
    assert_eq!(
        mail.to(),
        [
            named("romeo@montague.example"),
            named("nurse@capulet.example")
        ]
    );
    assert_eq!(mail.subject(), Some("\u{20ac}  Bcc: evil@example.org"));
    assert_eq!(mail.raw_field("Bcc"), None);
    assert_eq!(mail.date(), Some(1_000_000_000));
    assert_eq!(mail.message_id(), Some(id("1@rialto.example")));
    assert_eq!(mail.in_reply_to(), [id("p@x.example")]);
    assert_eq!(mail.references(), [id("o@x.example"), id("p@x.example")]);
    assert_eq!(mail.auto_submitted(), AutoSubmitted::Generated);
    assert_eq!(mail.max_forwards(), Some(7));
    assert_eq!(mail.language().as_deref(), Some("de"));
    let shown = mail.shown_text().expect("text");
    assert_eq!(shown.text, "Gr\u{fc}\u{df}e\n.\nFrom here on");
}

#[test]
fn a_text_with_bare_line_ends_or_nul_is_encoded_and_none_of_them_is_on_the_wire() {
    for text in ["a\r.\rMAIL FROM:<>", "a\n.\rb", "a\0b", "a\r\r\n.\r\nQUIT"] {
        let mail = new_mail(Body::Text(text)).with_language("de");
        let written = mail.write().expect("text").octets;
        let lines = String::from_utf8(written.clone()).expect("ASCII");
        let lines = lines.replace("\r\n", "");
        assert!(!lines.contains(['\r', '\n', '\0']), "{text:?}: {lines:?}");
        let mail = Mail::parse(&written).expect("a message");
        let shown = mail.shown_text().expect("text").text;
        assert_eq!(mail.language().as_deref(), Some("de"));
        assert_eq!(shown.replace('\r', ""), text.replace('\r', ""));
    }
}

#[test]
fn the_same_message_is_written_the_same_way() {
    let write = || new_mail(Body::Text("hi")).write().expect("text").octets;
    assert_eq!(write(), write());
    let expected = "Message-ID: <1@rialto.example>\r\nDate: Sun, 9 Sep 2001 01:46:40 +0000\r\n";
    assert!(
        String::from_utf8_lossy(&write()).contains(expected),
        "{}",
        String::from_utf8_lossy(&write())
    );
}

#[test]
fn a_mailbox_beyond_ascii_asks_for_smtputf8() {
    let mail = NewMail::new(
        named("a@b.example"),
        named("j\u{fc}@b.example"),
        id("1@x"),
        0,
        Body::Text("hi"),
    );
    assert!(mail.write().expect("text").needs_smtputf8);
    let entity = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\u{fc}\r\n";
    let written = new_mail(Body::Entity(entity.as_bytes()))
        .write()
        .expect("an entity");
    assert!(written.needs_8bitmime && !written.needs_smtputf8);
}

#[test]
fn what_would_cost_too_much_is_not_parsed() {
    let head = "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n";
    for (octets, what) in [
        (
            head.to_owned() + &"--x\n\n".repeat(MAX_DASHES + 1),
            "runs of dashes",
        ),
        (
            "Content-Type: message/rfc822\n\n".repeat(MAX_CONTENT_TYPES + 1),
            "Content-Type fields",
        ),
        ("a:\n".repeat(MAX_FIELD_LINES + 1), "lines with a colon"),
        (
            "Content-Type: multipart/mixed; boundary=q\n\n".repeat(9_000) + &" ".repeat(1 << 20),
            "octets times multiparts",
        ),
    ] {
        match Mail::parse(octets.as_bytes()) {
            Err(MailError::TooMany { what: found, .. }) => assert_eq!(found, what),
            other => panic!("{what}: {:?}", other.map(|_| ())),
        }
    }
    assert_eq!(Mail::parse(b"").map(|_| ()), Err(MailError::NoHeader));
}

/// The parser loses track of the parts of this one.
#[test]
fn a_message_that_confuses_the_parser_is_read_as_far_as_it_goes() {
    let octets = include_bytes!("../../../../tests/fuzz/corpus/mail/invalid-part.seed");
    let mail = Mail::parse(octets).expect("a message");
    assert!(octets.ends_with(mail.entity().body));
    let _ = (mail.shown_text(), mail.report(), mail.signed_entity());
}

/// Taken apart one by one, or this would overflow the stack of the test's thread.
#[test]
fn messages_in_messages_do_not_overflow_the_stack() {
    let octets = "Content-Type: message/rfc822\n\n".repeat(MAX_CONTENT_TYPES);
    let mail = Mail::parse(octets.as_bytes()).expect("within the bounds");
    assert_eq!(mail.attachments().count(), 1);
}

proptest! {
    #[test]
    fn a_transaction_is_found_again_by_its_message_id(transaction in "\\PC{1,40}") {
        let domain = "rialto.example".parse().expect("a name");
        let other = "other.example".parse().expect("a name");
        let id = MessageId::of_transaction(&transaction, &domain).expect("short");
        prop_assert_eq!(&MessageId::of_transaction(&transaction, &domain).expect("short"), &id);
        prop_assert_eq!(id.transaction(&domain), Some(transaction.clone()));
        prop_assert_eq!(id.transaction(&other), None);
        let written = NewMail::new(named("a@b.example"), named("c@d.example"), id.clone(), 0, Body::Text("x"));
        let octets = written.write().expect("text").octets;
        prop_assert_eq!(Mail::parse(&octets).expect("a message").message_id(), Some(id));
    }

    #[test]
    fn every_text_crosses(lines in prop::collection::vec("[^\\p{Cc}\\p{Z}]([^\\p{Cc}]{0,120}[^\\p{Cc}\\p{Z}])?", 1..10)) {
        let text = lines.join("\n");
        let written = new_mail(Body::Text(&text)).write().expect("text");
        prop_assert!(!written.needs_8bitmime);
        let longest = written.octets.split(|octet| *octet == b'\n').map(<[u8]>::len).max();
        prop_assert!(longest <= Some(999), "RFC 5322, 2.1.1: {:?}", longest);
        let mail = Mail::parse(&written.octets).expect("a message");
        prop_assert_eq!(mail.shown_text().map(|shown| shown.text), Some(text));
    }

    #[test]
    fn every_subject_and_name_crosses(subject in "[!-~äß€ ]{1,200}", name in "[A-Za-zäß€\"\\\\,;<>@]{1,60}") {
        let from = NamedMailbox::new(Some(&name), mailbox("a@b.example"));
        let mail = NewMail::new(from, named("c@d.example"), id("1@x"), 0, Body::Text("x"));
        let octets = mail.with_subject(subject.trim()).write().expect("text").octets;
        let mail = Mail::parse(&octets).expect("a message");
        let first = mail.from().into_iter().next();
        prop_assert_eq!(first.map(|one| one.mailbox), Some(mailbox("a@b.example")));
        prop_assert_eq!(mail.to(), [named("c@d.example")]);
    }
}
