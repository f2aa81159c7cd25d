//! TLS, both ways.

use std::{io::Write as _, sync::Arc};

use rialto_sdk::{model::ResponseStatus, prelude::*};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::{MAIL, Rig, Server, operation, server::Manner};

/// A certificate for a name, and its key, in files.
struct Identity {
    certificate: tempfile::NamedTempFile,
    key: tempfile::NamedTempFile,
    der: rustls::pki_types::CertificateDer<'static>,
}

fn identity(name: &str) -> Identity {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let file = |text: String| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    };
    Identity {
        certificate: file(made.cert.pem()),
        key: file(made.signing_key.serialize_pem()),
        der: made.cert.der().clone(),
    }
}

/// A plugin that takes mail over TLS alone.
async fn secured(identity: &Identity) -> Rig {
    Rig::start(&format!(
        r#""authentication": {{"mode": "off"}}, "trusted": ["127.0.0.1"],
           "tls": {{"certificate": {:?}, "key": {:?}, "required": true}}"#,
        identity.certificate.path(),
        identity.key.path()
    ))
    .await
}

#[tokio::test]
async fn mail_is_taken_over_tls_and_nothing_that_was_slipped_in_before() {
    let identity = identity("gw.example");
    let rig = secured(&identity).await;
    let mut client = rig.smtp().await;
    assert!(client.say("EHLO c.example").await.contains("250-STARTTLS"));
    let refused = client.say("MAIL FROM:<juliet@mail.example>").await;
    assert!(refused.starts_with("530"), "{refused}");
    client
        .send(b"STARTTLS\r\nMAIL FROM:<forged@mail.example>\r\n")
        .await;
    assert!(client.reply().await.starts_with("220"));

    let mut roots = RootCertStore::empty();
    roots.add(identity.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("gw.example").unwrap();
    let stream = client.0.into_stream();
    let mut tls = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let said = format!(
        "EHLO c.example\r\nMAIL FROM:<juliet@mail.example>\r\nRCPT TO:<alice@sip.example>\r\nDATA\r\n{MAIL}.\r\nQUIT\r\n"
    );
    tls.write_all(said.as_bytes()).await.unwrap();
    let mut replies = String::new();
    // The end without a goodbye of TLS is an error, and the end all the same.
    let _end = tls.read_to_string(&mut replies).await;
    assert!(
        !replies.contains("STARTTLS") && replies.contains("250 2.6.0"),
        "{replies}"
    );
    assert_eq!(rig.gateway.submitted().len(), 1);
}

#[tokio::test]
async fn server_is_verified_as_it_is_configured() {
    let identity = identity("localhost");
    let server = secured(&identity).await;
    let port = server.email.addresses[0].port();
    let other = self::identity("localhost");
    let sent = |tls: &'static str, authority: Option<&Identity>, host: &'static str| {
        let authorities = authority.map_or_else(String::new, |authority| {
            format!(r#", "authorities": {:?}"#, authority.certificate.path())
        });
        let more = format!(
            r#""authentication": {{"mode": "off"}},
               "outgoing": {{"smart_host": "{host}:{port}", "tls": "{tls}"{authorities}}}"#
        );
        async move {
            let rig = Rig::start(&more).await;
            let to = operation("a0", "hi");
            rig.deliver(to).await
        }
    };
    // The server takes mail for its own domains from whom it trusts, whoever they are for.
    let is_sent = |status: ResponseStatus| status == ResponseStatus::Indeterminant;
    assert!(is_sent(sent("opportunistic", None, "localhost").await));
    assert!(is_sent(sent("required", None, "localhost").await));
    assert!(is_sent(
        sent("verified", Some(&identity), "localhost").await
    ));
    for status in [
        sent("verified", Some(&other), "localhost").await,
        sent("verified", Some(&identity), "127.0.0.1").await,
        // It wants TLS, and is not given any.
        sent("off", None, "localhost").await,
    ] {
        let ResponseStatus::Failure(failure) = status else {
            panic!("it was sent");
        };
        assert_ne!(
            failure.reason(),
            FailureReason::TimedOut,
            "surely not arrived"
        );
    }
}

#[tokio::test]
async fn server_whose_tls_fails_gets_the_mail_without_it_unless_it_is_required() {
    let mut server = Server::start().await;
    for (tls, manner, sessions, reason) in [
        ("opportunistic", Manner::WithoutTls, 2, None),
        (
            "required",
            Manner::WithoutTls,
            1,
            Some(FailureReason::Unreachable),
        ),
        // Who is not there at all is not asked twice.
        (
            "opportunistic",
            Manner::Gone,
            1,
            Some(FailureReason::Unreachable),
        ),
    ] {
        *server.script.manner.lock().unwrap() = manner;
        let rig = Rig::start(&format!(
            r#""outgoing": {{"smart_host": "{}", "tls": "{tls}"}}"#,
            server.address
        ))
        .await;
        let before = *server.script.sessions.lock().unwrap();
        match (rig.deliver(operation("a0", "hi")).await, reason) {
            (ResponseStatus::Indeterminant, None) => drop(server.next().await),
            (ResponseStatus::Failure(failure), Some(reason)) => {
                assert_eq!(failure.reason(), reason, "{failure}");
            }
            (status, _) => panic!("{tls}: {status:?}"),
        }
        let after = *server.script.sessions.lock().unwrap();
        assert_eq!(after - before, sessions, "{tls}");
    }
}
