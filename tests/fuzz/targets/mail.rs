//! A message. It can be asked for everything, and what is taken of it can be written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_email_codec::{
    Mailbox,
    message::{Body, CutRule, Mail, MessageId, NamedMailbox, NewMail, QuoteRule, SignatureRule},
    report::{NewDeliveryReport, Report},
};

fuzz_target!(|input: &[u8]| {
    let Ok(mail) = Mail::parse(input) else { return };
    let _ = (
        mail.sender(),
        mail.reply_to(),
        mail.to(),
        mail.date(),
        mail.in_reply_to(),
    );
    let _ = (
        mail.auto_submitted(),
        mail.precedence(),
        mail.is_from_list(),
        mail.language(),
    );
    let _ = (mail.multipart(), mail.protection(), mail.max_forwards());
    assert!(input.ends_with(mail.entity().body));
    if let Some(signed) = mail.signed_entity() {
        assert!(
            input
                .windows(signed.len().max(1))
                .any(|window| window == signed)
                || signed.is_empty()
        );
    }
    for attachment in mail.attachments() {
        assert!(attachment.size <= input.len());
    }
    if let Some(Report::Delivery(report)) = mail.report() {
        assert!(!report.recipients.is_empty());
    }
    if let Some(shown) = mail.shown_text() {
        let cut = CutRule::new(SignatureRule::Cut, QuoteRule::All).apply(&shown);
        assert!(cut.text.len() <= shown.text.len());
        write_again(&mail, &cut.text);
    }
    let entity = mail.entity().to_bytes();
    if let Ok(written) = new_mail(Body::Entity(&entity)).write() {
        assert!(
            written
                .octets
                .windows(entity.len())
                .any(|window| window == entity)
        );
    }
    let (to, id) = (mailbox("a@b.example"), id("1@b.example"));
    let mta = "b.example".parse().expect("a name");
    let report = NewDeliveryReport::new(mta, to, id, 0, input).write();
    assert!(Mail::parse(&report.octets).is_ok() || input.len() > 4096);
});

fn write_again(mail: &Mail<'_>, text: &str) {
    let mut new = new_mail(Body::Text(text)).with_subject(mail.subject().unwrap_or_default());
    if let Some(parent) = mail.message_id() {
        new = new.with_parent(parent, mail.references());
    }
    for to in mail.from() {
        new = new.with_recipient(to);
    }
    let written = new.write().expect("text can always be written");
    let octets = &written.octets;
    let lines = octets.windows(2).filter(|pair| pair == b"\r\n").count();
    assert_eq!(
        octets.iter().filter(|octet| **octet == b'\n').count(),
        lines
    );
    let again = Mail::parse(octets).expect("what is written is a message");
    assert_eq!(again.message_id(), Some(id("1@b.example")));
    assert_eq!(
        again.in_reply_to(),
        mail.message_id().into_iter().collect::<Vec<_>>()
    );
    assert_eq!(again.raw_field("Bcc"), None);
}

fn new_mail(body: Body<'_>) -> NewMail<'_> {
    let from = NamedMailbox::new(None, mailbox("a@b.example"));
    NewMail::new(from.clone(), from, id("1@b.example"), 0, body)
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().expect("a mailbox")
}

fn id(text: &str) -> MessageId {
    text.parse().expect("an identifier")
}
