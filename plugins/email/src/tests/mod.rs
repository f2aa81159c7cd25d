//! The whole plugin, between a gateway that plays and servers and clients that speak real SMTP over loopback.

mod authentication;
mod corpora;
mod hostile;
mod inbound;
mod outbound;
mod reports;
mod server;
mod tls;
mod upgrades;

use std::net::SocketAddr;

use rialto_sdk::{
    model::{ResponseStatus, TransactionId},
    prelude::*,
};
use rialto_testkit::{Conversation, Gateway};

use self::server::Server;
use crate::Email;

/// A plugin with its gateway.
struct Rig {
    gateway: Gateway,
    email: Email,
}

impl Rig {
    /// Starts it with these lines of JSON beside the least that it needs.
    async fn start(more: &str) -> Self {
        let gateway = Gateway::new();
        let comma = if more.is_empty() { "" } else { "," };
        let configuration = format!(
            r#"{{"hostname": "gw.example", "listen": ["smtp:127.0.0.1:0", "lmtp:127.0.0.1:0"],
                "domains": ["sip.example", "relay.example"]{comma} {more}}}"#
        );
        let email = gateway.start::<Email>(&configuration).await.unwrap();
        Self { gateway, email }
    }

    /// One whose word about senders is taken, and that sends to this server.
    async fn trusting(server: &Server) -> Self {
        Self::start(&format!(
            r#""trusted": ["127.0.0.1"], "authentication": {{"mode": "off"}},
               "outgoing": {{"smart_host": "{}", "tls": "off"}}"#,
            server.hop
        ))
        .await
    }

    async fn smtp(&self) -> Dialogue {
        Dialogue::open(self.email.addresses[0]).await
    }

    async fn lmtp(&self) -> Dialogue {
        Dialogue::open(self.email.addresses[1]).await
    }

    /// A session that waits for the content of a mail.
    async fn up_to_data(&self) -> Dialogue {
        let mut client = self.smtp().await;
        client.say("EHLO client.example").await;
        client.say("MAIL FROM:<juliet@mail.example>").await;
        client.say("RCPT TO:<alice@sip.example>").await;
        client.say("DATA").await;
        client
    }

    async fn deliver(&self, operation: MessageOperation) -> ResponseStatus {
        self.email.deliver(operation).await.unwrap().into_status()
    }
}

/// A client that says what it is told to.
struct Dialogue(Conversation);

impl Dialogue {
    async fn open(address: SocketAddr) -> Self {
        let mut dialogue = Self(Conversation::connect(address).await);
        assert!(dialogue.reply().await.starts_with("220 gw.example "));
        dialogue
    }

    async fn send(&mut self, octets: &[u8]) {
        self.0.send(octets).await;
    }

    /// Reads a whole reply; empty at the end of the session.
    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        while let Some(line) = self.0.line().await {
            reply += &format!("{line}\r\n");
            if line.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
        reply
    }

    async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Sends a mail and gives the replies to RCPT, and to the message.
    async fn mail(&mut self, from: &str, to: &[&str], mail: &str) -> (Vec<String>, String) {
        self.say("EHLO client.example").await;
        let sender = self.say(&format!("MAIL FROM:<{from}>")).await;
        assert!(sender.starts_with("250"), "{sender}");
        let mut recipients = Vec::new();
        for to in to {
            recipients.push(self.say(&format!("RCPT TO:<{to}>")).await);
        }
        (recipients, self.content(mail).await)
    }

    async fn content(&mut self, mail: &str) -> String {
        let go_on = self.say("DATA").await;
        if !go_on.starts_with("354") {
            return go_on;
        }
        self.send(mail.as_bytes()).await;
        self.say(".").await
    }
}

/// Mail is taken from everybody.
const OPEN: &str = r#""authentication": {"mode": "off"}"#;

const MAIL: &str = "From: Juliet <juliet@mail.example>\r\nTo: alice@sip.example\r\n\
    Subject: Wherefore\r\nMessage-ID: <1@mail.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n\
    Art thou not Romeo?\r\n";

fn inbox(uri: &str) -> InstantInbox {
    InstantInbox::parse(uri).unwrap()
}

/// An operation from a SIP user to a mail user; `id` is two hexadecimal digits.
fn operation(id: &str, text: &str) -> MessageOperation {
    MessageOperation::new(
        transaction(id),
        inbox("im:alice@sip.example"),
        inbox("im:juliet@mail.example"),
        InstantMessage::text(text.to_owned()),
    )
}

fn transaction(id: &str) -> TransactionId {
    TransactionId::parse(id.repeat(16).as_bytes()).unwrap()
}
