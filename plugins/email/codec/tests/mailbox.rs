//! Mailboxes: the forms of SMTP, both ways, and a corpus of odd ones.

use std::{collections::BTreeMap, path::PathBuf};

use proptest::prelude::*;
use rialto_email_codec::{Domain, Host, LocalPart, Mailbox};

fn parse(text: &str) -> Option<Mailbox> {
    text.parse().ok()
}

#[test]
fn quotes_and_escapes_are_form_and_not_meaning() {
    for (form, local_part, written) in [
        ("Joe.\\\\Blow", None, ""),
        (
            r#""Joe.\\Blow"@a.example"#,
            Some(r"Joe.\Blow"),
            r#""Joe.\\Blow"@a.example"#,
        ),
        (r#""a\b"@a.example"#, Some("ab"), "ab@a.example"),
        (r#""a@b"@a.example"#, Some("a@b"), r#""a@b"@a.example"#),
        (r#""a b"@A.Example"#, Some("a b"), r#""a b"@a.example"#),
        ("A.b@a.example", Some("A.b"), "A.b@a.example"),
        (
            "sip=sip.example/alice@a.example",
            Some("sip=sip.example/alice"),
            "sip=sip.example/alice@a.example",
        ),
    ] {
        let mailbox = parse(form);
        assert_eq!(
            mailbox
                .as_ref()
                .map(|mailbox| mailbox.local_part().as_str()),
            local_part,
            "{form}"
        );
        assert_eq!(
            mailbox
                .map(|mailbox| mailbox.to_string())
                .unwrap_or_default(),
            written
        );
    }
}

#[test]
fn domains_have_one_form() {
    for (text, form) in [
        ("M\u{fc}nchen.Example", "xn--mnchen-3ya.example"),
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
        (
            "\u{4f8b}\u{3048}.\u{30c6}\u{30b9}\u{30c8}",
            "xn--r8jz45g.xn--zckzah",
        ),
        ("localhost", "localhost"),
    ] {
        let domain: Domain = text.parse().expect(text);
        assert_eq!(domain.as_str(), form);
        assert_eq!(domain.to_unicode().parse::<Domain>().as_ref(), Ok(&domain));
    }
    let longest = format!(
        "{}.{}.{}.{}",
        "a".repeat(63),
        "b".repeat(63),
        "c".repeat(63),
        "d".repeat(61)
    );
    assert!(longest.parse::<Domain>().is_ok());
    for text in [
        "",
        ".",
        "a..b",
        "a.",
        "-a.b",
        "a-.b",
        "a_b.c",
        "a b",
        "[a]",
        "xn--a.\u{0}",
    ] {
        assert!(text.parse::<Domain>().is_err(), "{text:?}");
    }
    assert!(format!("{longest}dd").parse::<Domain>().is_err());
}

#[test]
fn literals_are_addresses() {
    for (text, written) in [
        ("[192.0.2.1]", Some("[192.0.2.1]")),
        ("[ipv6:2001:DB8:0::1]", Some("[IPv6:2001:db8::1]")),
        ("[IPv6:192.0.2.1]", None),
        ("[2001:db8::1]", None),
        ("[192.0.2.1", None),
        ("[192.0.2.256]", None),
    ] {
        let host = text.parse::<Host>().ok().map(|host| host.to_string());
        assert_eq!(host.as_deref(), written, "{text}");
    }
}

#[test]
fn what_no_quotes_can_carry_is_no_local_part() {
    for text in ["", "a\r\nb", "a\0", "\u{85}"] {
        assert!(LocalPart::new(text).is_err(), "{text:?}");
    }
    for text in [
        "a@",
        "@a",
        "a",
        "\"a@b.example",
        "a b@c.example",
        ".a@b.example",
        "a..b@c.example",
        "a.@b.example",
        "\"a\"b@c.example",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
    assert_eq!(parse(&format!("{}@a.example", "x".repeat(320))), None);
}

#[test]
fn only_a_local_part_beyond_ascii_needs_smtputf8() {
    assert!(parse("j\u{fc}rgen@a.example").is_some_and(|mailbox| mailbox.needs_smtputf8()));
    assert!(parse("j@m\u{fc}nchen.example").is_some_and(|mailbox| !mailbox.needs_smtputf8()));
}

/// What is valid in SMTP is taken, what is valid nowhere is not; RFC 5322's comments, folds and old forms never stand
/// in an envelope.
#[test]
fn the_isemail_corpus_is_judged_as_smtp_would() {
    let Some(folder) = std::env::var_os("RIALTO_REFERENCE").map(PathBuf::from) else {
        println!("RIALTO_REFERENCE is not set: the corpus is not read");
        return;
    };
    let folder = folder.join("corpora/mail/isemail");
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for file in std::fs::read_dir(folder).expect("the corpus is there") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("XML");
        let field = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>"))
                .map(|(value, _)| value.to_owned())
        };
        let (Some(address), Some(category)) = (field("address"), field("category")) else {
            continue;
        };
        let address = unescaped(&address);
        let (taken, refused) = counts.entry(category).or_default();
        match parse(&address) {
            Some(mailbox) => {
                assert_eq!(mailbox.to_string().parse(), Ok(mailbox), "{address}");
                *taken += 1;
            }
            None => *refused += 1,
        }
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(name, counts)| (name.as_str(), *counts))
        .collect();
    // Taken: the backslash of a needless escape (deprecated by the corpus, not by RFC 5321), and numeric top labels and
    // lengths that only DNS would refuse.
    assert_eq!(
        counts,
        [
            ("ISEMAIL_CFWS", (0, 4)),
            ("ISEMAIL_DEPREC", (1, 10)),
            ("ISEMAIL_DNSWARN", (3, 0)),
            ("ISEMAIL_ERR", (0, 34)),
            ("ISEMAIL_RFC5321", (10, 0)),
            ("ISEMAIL_RFC5322", (4, 14)),
            ("ISEMAIL_VALID_CATEGORY", (7, 0)),
        ]
    );
}

fn unescaped(text: &str) -> String {
    let mut text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    for code in 0..0x20u8 {
        let char = char::from(code);
        // The corpus writes control characters as references to their pictures, U+2400 and on.
        let picture = format!("&#x{:X};", 0x2400 + u32::from(code));
        text = text.replace(&picture, &char.to_string());
    }
    text.replace("&amp;", "&")
}

proptest! {
    #[test]
    fn every_local_part_survives_its_written_form(
        local_part in "[^\\p{Cc}]{1,60}",
        domain in "[a-z0-9]{1,20}(\\.[a-z0-9]{1,20}){0,3}",
    ) {
        let local_part = LocalPart::new(&local_part).expect("no control character");
        let mailbox = Mailbox::new(local_part, domain.parse().expect("a name"));
        // Four octets a character and an escape each make some too long.
        if let Ok(mailbox) = mailbox {
            prop_assert_eq!(mailbox.to_string().parse(), Ok(mailbox));
        }
    }

    #[test]
    fn no_text_panics_and_what_is_read_is_stable(text in "\\PC{0,40}|[\"\\\\a.@\\[\\]:>< ]{0,20}") {
        if let Some(mailbox) = parse(&text) {
            prop_assert_eq!(parse(&mailbox.to_string()), Some(mailbox));
        }
    }
}
