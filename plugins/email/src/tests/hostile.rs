//! Clients who mean no good.

use std::{fmt::Write as _, time::Duration};

use rialto_testkit::{Conversation, run};
use tokio::time::timeout;

use super::{Dialogue, MAIL, OPEN, Rig};

#[tokio::test]
async fn bare_line_end_cannot_smuggle_a_second_mail_in() {
    let rig = Rig::start(OPEN).await;
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r"] {
        let mut client = rig.up_to_data().await;
        let smuggled = format!(
            "{MAIL}x{end}MAIL FROM:<forged@mail.example>\r\nRCPT TO:<alice@sip.example>\r\nDATA\r\n{MAIL}.\r\n"
        );
        client.send(smuggled.as_bytes()).await;
        let reply = client.reply().await;
        assert!(reply.starts_with("521"), "{end:?}: {reply}");
        client.0.expect_end().await;
    }
    assert!(rig.gateway.submitted().is_empty());
}

#[tokio::test]
async fn mail_beyond_the_limit_is_refused_by_its_size_and_by_its_octets() {
    let rig = Rig::start(&format!(r#"{OPEN}, "limits": {{"message": "64KiB"}}"#)).await;
    let mut client = rig.smtp().await;
    client.say("EHLO client.example").await;
    let reply = client
        .say("MAIL FROM:<juliet@mail.example> SIZE=65537")
        .await;
    assert!(reply.starts_with("552 5.3.4"), "{reply}");
    let mut client = rig.up_to_data().await;
    let line = "x".repeat(998) + "\r\n";
    client.send(line.repeat(100).as_bytes()).await;
    assert!(client.say(".").await.starts_with("552 5.3.4"));
    let next = client.say("MAIL FROM:<juliet@mail.example>").await;
    assert!(next.starts_with("250"), "the session goes on: {next}");
}

#[tokio::test]
async fn mails_of_all_sessions_share_one_bound_of_memory() {
    let rig = Rig::start(&format!(r#"{OPEN}, "limits": {{"memory": "256KiB"}}"#)).await;
    let part = ("x".repeat(998) + "\r\n").repeat(150);
    let (mut first, mut second) = (rig.up_to_data().await, rig.up_to_data().await);
    first.send(part.as_bytes()).await;
    // Of the one that was there first, all has been read once the session says something.
    second.send(part.as_bytes()).await;
    let reply = tokio::select! {
        reply = first.reply() => reply,
        reply = second.reply() => reply,
    };
    assert!(reply.starts_with("421 4.3.1"), "{reply}");
    let mut third = rig.smtp().await;
    let (_, reply) = third
        .mail("juliet@mail.example", &["alice@sip.example"], MAIL)
        .await;
    assert!(reply.starts_with("250"), "there is room again: {reply}");
}

#[tokio::test]
async fn thousand_recipients_are_answered_and_one_more_is_not_taken() {
    let more = r#""trusted": ["127.0.0.1"], "authentication": {"mode": "off"}"#;
    let rig = Rig::start(more).await;
    let mut client = rig.lmtp().await;
    client.say("LHLO mta.example").await;
    client.say("MAIL FROM:<juliet@mail.example>").await;
    let mut commands = String::new();
    for number in 0..=1000 {
        write!(commands, "RCPT TO:<a{number}@sip.example>\r\n").unwrap();
    }
    client.send(commands.as_bytes()).await;
    for number in 0..1000 {
        assert!(client.reply().await.starts_with("250"), "{number}");
    }
    assert!(client.reply().await.starts_with("452 4.5.3"));
    assert!(client.content(MAIL).await.starts_with("250"));
    for _ in 1..1000 {
        assert!(client.reply().await.starts_with("250"));
    }
    assert_eq!(rig.gateway.submitted().len(), 1000);
}

#[tokio::test]
async fn garbage_ahead_of_its_answers_ends_the_session() {
    let rig = Rig::start(OPEN).await;
    let mut client = rig.smtp().await;
    let garbage = "\u{1f4a9} GARBAGE / HTTP/1.1\r\n".repeat(10_000);
    client.0.send_in_vain(garbage).await;
    let mut last = String::new();
    loop {
        let reply = client.reply().await;
        if reply.is_empty() {
            break;
        }
        last = reply;
    }
    assert!(
        last.is_empty() || last.starts_with('5') || last.starts_with("421"),
        "{last}"
    );
    let (_, reply) = rig
        .smtp()
        .await
        .mail("juliet@mail.example", &["alice@sip.example"], MAIL)
        .await;
    assert!(reply.starts_with("250"), "others are undisturbed");
}

#[test]
fn client_that_is_silent_or_slow_is_sent_away() {
    run(async |clock| {
        let limits = r#""limits": {"idle": "60s", "session": "300s"}"#;
        let rig = Rig::start(&format!("{OPEN}, {limits}")).await;
        let mut silent = rig.smtp().await;
        assert!(clock.until(silent.reply()).await.starts_with("421 4.4.2"));
        assert_eq!(clock.elapsed().as_secs(), 60);
        // An octet every half a minute is never idle.
        let mut slow = rig.up_to_data().await;
        let (begun, half_a_minute) = (clock.elapsed(), Duration::from_secs(30));
        let reply = loop {
            slow.send(b"x").await;
            if let Ok(reply) = clock.until(timeout(half_a_minute, slow.reply())).await {
                break reply;
            }
        };
        assert!(reply.starts_with("421 4.4.2"), "{reply}");
        let took = clock.elapsed() - begun;
        assert!((300..310).contains(&took.as_secs()), "{took:?}");
    });
}

#[tokio::test]
async fn address_has_so_many_sessions_and_no_more() {
    let limits = r#""limits": {"sessions_per_address": 2}"#;
    let rig = Rig::start(&format!("{OPEN}, {limits}")).await;
    let _held = (rig.smtp().await, rig.lmtp().await);
    let mut third = Dialogue(Conversation::connect(rig.email.addresses[0]).await);
    assert!(third.reply().await.starts_with("421 4.7.0"));
}
