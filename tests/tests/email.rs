//! Email users and those of other networks converse through the gateway, with real mail servers.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    mail_world::{MailWorld, MailWorldUser, RELAY},
    peers::{
        Entity, Gpg, MailServer, Openssl,
        mail::{self, Aiosmtpd, Swaks, raw_mail},
    },
    ports::Port,
    raw_sip::RawSip,
    texts::{self, with_line_feeds},
    world::ALICE,
};

#[test]
fn rfc2779_4_1_6_texts_of_every_script_in_mails_arrive_on_all_other_networks() {
    texts_cross(|writer, _| writer.has_mailbox());
}

#[test]
fn rfc2779_4_1_6_texts_of_every_script_on_other_networks_arrive_in_mails() {
    texts_cross(|writer, reader| !writer.has_mailbox() && reader.has_mailbox());
}

fn texts_cross(is_meant: impl Fn(&MailWorldUser, &MailWorldUser) -> bool) {
    if !mail::are_wanted() {
        return;
    }
    let mut world = MailWorld::start();
    world.for_every_ordered_pair(|writer, reader, to| {
        if !is_meant(writer, reader) {
            return;
        }
        for text in texts::all() {
            writer.send(to, &text.text);
            let shown = reader.receive();
            let between = format!("{} from {} to {}", text.name, writer.inbox, reader.inbox);
            // Mail keeps no white space at the end of a text.
            let sent = with_line_feeds(&text.text);
            let received = with_line_feeds(&shown.text);
            assert_eq!(received.trim_end(), sent.trim_end(), "{between}");
        }
    });
}

#[test]
fn rfc2779_4_1_3_answer_to_the_shown_address_comes_home_over_every_ordered_pair_with_mail() {
    if !mail::are_wanted() {
        return;
    }
    let mut world = MailWorld::start();
    world.for_every_ordered_pair(|writer, reader, to| {
        let between = format!("from {} to {}", writer.inbox, reader.inbox);
        writer.send(to, &between);
        let question = reader.receive();
        assert_eq!(question.text, between);
        reader.send(&question.from, "It is, 今.");
        let answer = writer.receive();
        assert_eq!(answer.text, "It is, 今.", "{between}");
        assert!(answer.from.starts_with(to), "{} is not {to}", answer.from);
    });
}

fn bob_writes(world: &MailWorld, to: &[&str], mail: &str) -> String {
    let swaks = Swaks {
        server: world.postfix.address(),
        from: "bob@mail.example",
        to,
        mail,
        options: &[],
    };
    swaks.send()
}

#[test]
fn answers_of_sip_and_xmpp_users_stand_in_the_thread_of_the_mail() {
    if !mail::are_wanted() {
        return;
    }
    let mut world = MailWorld::start();
    for reader in [0, 1] {
        let mut mailbox = world.postfix.mailbox("bob");
        while !mailbox.is_empty() {
            mailbox.receive();
        }
        let writer = &world.users[2];
        let to = world.address(writer, &world.users[reader]);
        let id = format!("Message-ID: <question-{reader}@mail.example>\n");
        let mail =
            format!("From: Bob <bob@mail.example>\nTo: {to}\nSubject: Dinner\n{id}\nTonight?\n");
        bob_writes(&world, &[&to], &mail);
        let asked = world.users[reader].receive();
        assert_eq!(asked.text, "Tonight?");
        for (round, said) in ["Yes.", "At eight."].into_iter().enumerate() {
            world.users[reader].send(&asked.from, said);
            let mail = mailbox.receive();
            assert_eq!(mail.text(), said);
            let question = format!("<question-{reader}@mail.example>");
            assert_eq!(mail.references()[0], question, "round {round}");
            if round == 0 {
                assert_eq!(mail.get("in_reply_to"), question);
            }
        }
    }
}

#[test]
fn recipient_that_cannot_be_is_refused_at_rcpt_and_one_that_is_not_there_after_the_mail() {
    if !mail::are_wanted() {
        return;
    }
    let world = MailWorld::start();
    let mail = raw_mail("x@far.example", "y@sip.example", "", "hi");
    let to_gateway = |to: &str| {
        let swaks = Swaks {
            server: world.smtp,
            from: "x@far.example",
            to: &[to],
            mail: &mail,
            options: &[],
        };
        swaks.send()
    };
    let transcript = to_gateway("alice@[192.0.2.1]");
    assert!(transcript.contains("<** 553 5.1.3"), "{transcript}");
    let transcript = to_gateway("nobody@xmpp.example");
    assert!(transcript.contains("<** 550 5.7.1"), "{transcript}");
    assert!(
        transcript.contains("<-  354"),
        "after the mail: {transcript}"
    );
}

#[test]
fn rfc2779_4_2_1_mail_server_tells_its_user_which_recipient_did_not_get_the_mail() {
    if !mail::are_wanted() {
        return;
    }
    let mut world = MailWorld::start();
    let mail = raw_mail("bob@mail.example", "both", "Subject: two\n", "To both.");
    bob_writes(&world, &["alice@sip.example", "nobody@xmpp.example"], &mail);
    assert_eq!(world.users[0].receive().text, "To both.");
    let bounce = world.postfix.mailbox("bob").receive();
    let status = bounce.get("status");
    assert!(
        status.contains("nobody@xmpp.example") && status.contains("5.7.1"),
        "{status}"
    );
    assert!(!status.contains("alice"), "{status}");
}

#[test]
fn signed_and_encrypted_mail_verifies_and_decrypts_on_sip_and_is_refused_by_xmpp() {
    if !mail::are_wanted() {
        return;
    }
    const LETTER: &str =
        "Content-Type: text/plain; charset=utf-8\r\n\r\nDear Alice,\r\n  tonight.\r\n";
    let (openssl, gpg) = (Openssl::new(), Gpg::new());
    let mut world = MailWorld::start();
    let mut cross = |entity: &Entity| -> Entity {
        let body = String::from_utf8(entity.body.clone()).expect("signed mail is text");
        let content_type = &entity.content_type;
        let mail = format!(
            "From: bob@mail.example\nTo: alice@sip.example\nMIME-Version: 1.0\n\
             Content-Type: {content_type}\n\n{body}"
        );
        bob_writes(&world, &["alice@sip.example"], &mail);
        let message = world.users[0].receive_sip();
        Entity {
            content_type: message
                .header("Content-Type")
                .unwrap_or_default()
                .to_owned(),
            body: message.body().to_vec(),
        }
    };
    let signed = cross(&openssl.sign(LETTER.as_bytes()));
    assert_eq!(openssl.verified(&signed), LETTER.as_bytes());
    assert_eq!(gpg.verified(&cross(&gpg.sign(LETTER))), LETTER);
    assert_eq!(gpg.decrypted(&cross(&gpg.encrypt(LETTER))), LETTER);

    // It crosses as it is: what was base64 in the mail is in the message.
    let encrypted = openssl.encrypt(LETTER.as_bytes());
    let mail = format!(
        "From: bob@mail.example\nTo: alice@sip.example\nMIME-Version: 1.0\nContent-Type: {}\n\
         Content-Transfer-Encoding: base64\n\n{}",
        encrypted.content_type,
        base64_lines(&encrypted.body),
    );
    bob_writes(&world, &["alice@sip.example"], &mail);
    let message = world.users[0].receive_sip();
    let encoding = message.header("Content-Transfer-Encoding");
    assert_eq!(encoding, Some("base64"), "{}", message.head());
    let arrived = Entity {
        content_type: encrypted.content_type,
        body: from_base64(message.body()),
    };
    assert_eq!(openssl.decrypted(&arrived), LETTER.as_bytes());

    let entity = gpg.sign(LETTER);
    let body = String::from_utf8_lossy(&entity.body).into_owned();
    let mail = format!(
        "From: x@far.example\nMIME-Version: 1.0\nContent-Type: {}\n\n{body}",
        entity.content_type
    );
    let swaks = Swaks {
        server: world.smtp,
        from: "x@far.example",
        to: &["juliet@xmpp.example"],
        mail: &mail,
        options: &[],
    };
    let transcript = swaks.send();
    assert!(transcript.contains("<** 554 5.6.1"), "{transcript}");
}

#[test]
fn signed_and_encrypted_message_of_sip_verifies_and_decrypts_in_a_mailbox() {
    if !mail::are_wanted() {
        return;
    }
    const LETTER: &str =
        "Content-Type: text/plain; charset=utf-8\r\n\r\nDear Bob,\r\n  tonight.\r\n";
    let (openssl, gpg) = (Openssl::new(), Gpg::new());
    let mut world = MailWorld::start();
    let mut mailbox = world.postfix.mailbox("bob");
    let mut cross = |entity: &Entity| -> Entity {
        // Both tools write some lines with LF alone, which no mail carries.
        let sent = Entity {
            body: with_line_ends(entity.body.clone()),
            ..entity.clone()
        };
        world.users[0].send_entity("sip:bob@mail.example", &sent);
        let mail = mailbox.receive();
        let (_, body) = mail
            .get("raw")
            .split_once("\n\n")
            .expect("a mail has a body");
        Entity {
            content_type: mail.get("content_type").to_owned(),
            body: with_line_ends(body.as_bytes().to_vec()),
        }
    };
    let signed = cross(&openssl.sign(LETTER.as_bytes()));
    assert_eq!(openssl.verified(&signed), LETTER.as_bytes());
    assert_eq!(gpg.verified(&cross(&gpg.sign(LETTER))), LETTER);
    let decrypted = gpg.decrypted(&cross(&gpg.encrypt(LETTER)));
    assert_eq!(decrypted, LETTER);

    let sent = openssl.encrypt(LETTER.as_bytes());
    world.users[0].send_entity("sip:bob@mail.example", &sent);
    let mail = mailbox.receive();
    let (head, body) = mail
        .get("raw")
        .split_once("\n\n")
        .expect("a mail has a body");
    assert!(head.contains("Content-Transfer-Encoding: base64"), "{head}");
    let arrived = Entity {
        content_type: mail.get("content_type").to_owned(),
        body: from_base64(body.as_bytes()),
    };
    let kind = &arrived.content_type;
    assert!(kind.contains("enveloped-data"), "{kind}");
    assert_eq!(openssl.decrypted(&arrived), LETTER.as_bytes());
}

fn base64_lines(octets: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(octets);
    let lines = text.as_bytes().chunks(76);
    let lines = lines.map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    lines.collect()
}

fn from_base64(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text
        .iter()
        .copied()
        .filter(|octet| !octet.is_ascii_whitespace())
        .collect();
    data_encoding::BASE64
        .decode(&digits)
        .expect("what is encoded is base64")
}

/// Text with CRLF between lines: mailboxes have LF.
fn with_line_ends(text: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(text).expect("signed and encrypted mail is text");
    text.replace("\r\n", "\n")
        .replace('\n', "\r\n")
        .into_bytes()
}

#[test]
fn source_route_brings_mail_to_a_user_and_the_answer_back() {
    if !mail::are_wanted() {
        return;
    }
    let mut world = MailWorld::start();
    let to = format!("sip=sip.example/alice@{RELAY}");
    let mail = raw_mail("bob@mail.example", &to, "", "By the long way.");
    bob_writes(&world, &[&to], &mail);
    assert_eq!(world.users[0].receive().text, "By the long way.");
}

#[test]
fn rfc2779_5_4_1_far_side_that_stays_dead_ends_in_a_report_to_the_sender_of_a_mail() {
    if !mail::are_wanted() {
        return;
    }
    let world = MailWorld::start_with(&[
        "[adapters.mail.custody]",
        "patience = \"0s\"",
        "time_to_live = \"1s\"",
    ]);
    let mail = raw_mail(
        "bob@mail.example",
        "a@dead.example",
        "Subject: late\n",
        "Hello?",
    );
    let swaks = Swaks {
        server: world.smtp,
        from: "bob@mail.example",
        to: &["romeo@dead.sip.example"],
        mail: &mail,
        options: &[],
    };
    swaks.send_well();
    let report = world.postfix.mailbox("bob").receive();
    let status = report.get("status");
    assert!(status.contains("Action: failed"), "{status}");
    assert!(status.contains("romeo@dead.sip.example"), "{status}");
    assert_eq!(report.get("auto_submitted"), "auto-replied");
}

#[test]
fn server_that_offers_little_gets_the_mail_all_the_same_by_smtp_and_by_lmtp() {
    if !mail::are_wanted() {
        return;
    }
    for (protocol, status) in [("smtp", 202), ("lmtp", 200)] {
        let mut server = Aiosmtpd::start(protocol);
        let alice = RawSip::new();
        let port = Port::take();
        let listen = gateway::address(&port);
        let hop = format!("{protocol}:{}", server.address());
        let config = GatewayConfig::new()
            .with_sip("sip", &[listen], &["mail.example"])
            .with_email("mail", &[], &["sip.example"], &hop)
            .with_route("sip.example", "sip", Some("127.0.0.1:1"))
            .with_route("mail.example", "mail", None);
        let _gateway = Gateway::start(&config);
        let text = "Wherefore? 今\r\n.\r\n..dots";
        let to = "sip:juliet@mail.example";
        let kind = "text/plain;charset=utf-8";
        alice.send(listen, ALICE, to, kind, text.as_bytes());
        assert_eq!(alice.receive().status(), Some(status), "{protocol}");
        let mail = server.receive();
        assert_eq!(mail["from"], "alice@sip.example");
        assert_eq!(mail["to"][0], "juliet@mail.example");
    }
}

/// Peak of a process's memory, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(u64::MAX)
}

#[test]
fn mails_of_fifty_mebibytes_from_many_clients_take_no_more_memory_than_is_configured() {
    let port = Port::take();
    let listen = gateway::address(&port);
    let domains = ["sip.example"];
    let config = GatewayConfig::new()
        .with_email("mail", &[format!("smtp:{listen}")], &domains, "127.0.0.1:1")
        .with_settings(&["limits = { memory = \"64MiB\" }"]);
    let gateway = Gateway::start(&config);
    let before = peak(gateway.process().id());
    let line = "x".repeat(998) + "\r\n";
    let mebibyte = line.repeat(1049);
    let flood = || {
        let stream = TcpStream::connect(listen).and_then(|mut stream| {
            stream.write_all(
                b"EHLO c.example\r\nMAIL FROM:<x@far.example>\r\nRCPT TO:<alice@sip.example>\r\nDATA\r\n",
            )?;
            for _ in 0..60 {
                stream.write_all(mebibyte.as_bytes())?;
            }
            Ok(stream)
        });
        // It is sent away before the end, or hears that this was too much.
        drop(stream);
    };
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(flood);
        }
    });
    let grown = peak(gateway.process().id()) - before;
    // Buffers double while they grow, and the last of them is copied once.
    assert!(grown < 4 * 64 * 1024, "it has grown by {grown} KiB");
    let greeting = TcpStream::connect(listen).and_then(|mut stream| {
        let mut greeting = [0; 4];
        stream.read_exact(&mut greeting).map(|()| greeting)
    });
    assert_eq!(greeting.ok().as_ref(), Some(b"220 "), "others are served");
}
