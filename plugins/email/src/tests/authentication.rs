//! Who vouches for a sender, as DNS says it.

use std::{collections::HashMap, net::SocketAddr};

use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{RData, Record, RecordType, rdata::TXT},
};
use rialto_sdk::prelude::*;
use tokio::{net::UdpSocket, task::JoinSet};

use super::{MAIL, Rig, Server, inbox, operation};

/// A name server that knows texts.
struct Names {
    address: SocketAddr,
    _answering: JoinSet<()>,
}

impl Names {
    async fn start(texts: &[(&str, &str)]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let texts: HashMap<String, String> = texts
            .iter()
            .map(|(name, text)| (format!("{name}."), (*text).to_owned()))
            .collect();
        let mut answering = JoinSet::new();
        answering.spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((count, peer)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..count]).unwrap();
                let answer = answer(&question, &texts).to_vec().unwrap();
                socket.send_to(&answer, peer).await.unwrap();
            }
        });
        Self {
            address,
            _answering: answering,
        }
    }
}

fn answer(question: &Message, texts: &HashMap<String, String>) -> Message {
    let asked = question.queries[0].clone();
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_available = true;
    let name = asked.name().to_lowercase().to_string();
    match texts.get(&name) {
        Some(text) if asked.query_type() == RecordType::TXT => {
            let pieces = text.as_bytes().chunks(200);
            let pieces = pieces.map(|piece| String::from_utf8(piece.to_vec()).unwrap());
            let data = RData::TXT(TXT::new(pieces.collect()));
            answer.add_answer(Record::from_rdata(asked.name().clone(), 60, data));
        }
        Some(_) => {}
        None => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    answer.add_query(asked);
    answer
}

async fn checking(names: &Names, mode: &str, more: &str) -> Rig {
    let comma = if more.is_empty() { "" } else { "," };
    Rig::start(&format!(
        r#""authentication": {{"mode": "{mode}", "name_servers": ["{}"]}}{comma} {more}"#,
        names.address
    ))
    .await
}

const HERE: &str = "v=spf1 ip4:127.0.0.1 -all";
const ELSEWHERE: &str = "v=spf1 ip4:192.0.2.1 -all";

#[tokio::test]
async fn host_that_may_send_for_the_authors_domain_vouches_for_the_author() {
    let names = Names::start(&[("mail.example", HERE), ("other.example", HERE)]).await;
    let rig = checking(&names, "enforce", "").await;
    for (from, authentication) in [
        ("juliet@mail.example", Authentication::Network),
        // The reverse-path is true, and says nothing of the author.
        ("juliet@other.example", Authentication::None),
    ] {
        let to = ["alice@sip.example", "bob@sip.example"];
        let mail = MAIL.replace("<1@", &format!("<{authentication:?}@"));
        let (replies, reply) = rig.smtp().await.mail(from, &to, &mail).await;
        assert!(reply.starts_with("250"), "{reply}");
        assert!(
            replies[1].starts_with("250"),
            "a true path may have reports: {replies:?}"
        );
        let submitted = rig.gateway.submitted();
        assert_eq!(submitted[0].authentication(), authentication, "{from}");
    }
}

#[tokio::test]
async fn host_that_may_not_send_for_the_reverse_path_is_refused_unless_it_is_only_checked() {
    let names = Names::start(&[("mail.example", ELSEWHERE)]).await;
    let rig = checking(&names, "enforce", "").await;
    let mut client = rig.smtp().await;
    client.say("EHLO client.example").await;
    let reply = client.say("MAIL FROM:<juliet@mail.example>").await;
    assert!(reply.starts_with("550 5.7.23"), "{reply}");

    let rig = checking(&names, "check", "").await;
    let to = ["alice@sip.example"];
    let (_, reply) = rig
        .smtp()
        .await
        .mail("juliet@mail.example", &to, MAIL)
        .await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(
        rig.gateway.submitted()[0].authentication(),
        Authentication::None
    );

    // What SPF says of a relay's own address means nothing.
    let rig = checking(&names, "enforce", r#""relays": ["127.0.0.1"]"#).await;
    let (_, reply) = rig
        .smtp()
        .await
        .mail("juliet@mail.example", &to, MAIL)
        .await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(
        rig.gateway.submitted()[0].authentication(),
        Authentication::None
    );
}

#[tokio::test]
async fn mail_that_the_authors_domain_wants_refused_is_refused() {
    let policy = "v=DMARC1; p=reject";
    let names = Names::start(&[
        ("mail.example", ELSEWHERE),
        ("_dmarc.mail.example", policy),
        ("other.example", HERE),
    ])
    .await;
    let to = ["alice@sip.example"];
    let rig = checking(&names, "enforce", "").await;
    let (_, reply) = rig.smtp().await.mail("x@other.example", &to, MAIL).await;
    assert!(reply.starts_with("550 5.7.26"), "{reply}");
    assert!(rig.gateway.submitted().is_empty());
    let rig = checking(&names, "check", "").await;
    let (_, reply) = rig.smtp().await.mail("x@other.example", &to, MAIL).await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(
        rig.gateway.submitted()[0].authentication(),
        Authentication::None
    );
}

/// A key in a file, and what DNS says of it.
fn key() -> (tempfile::NamedTempFile, String) {
    use std::io::Write as _;
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pair.serialize_pem().as_bytes()).unwrap();
    let public = data_encoding::BASE64.encode(pair.public_key_raw());
    (file, format!("v=DKIM1; k=ed25519; p={public}"))
}

#[tokio::test]
async fn signature_of_a_gateway_vouches_for_its_users_until_somebody_changes_the_mail() {
    let (file, record) = key();
    let names = Names::start(&[("rialto._domainkey.sip.example", &record)]).await;
    let mut server = Server::start().await;
    let more = format!(
        r#""authentication": {{"mode": "off"}}, "outgoing": {{"smart_host": "{}", "tls": "off"}},
           "dkim": {{"domain": "sip.example", "selector": "rialto", "key": {:?}}}"#,
        server.address,
        file.path()
    );
    let signing = Rig::start(&more).await;
    signing.deliver(operation("a0", "Wherefore?")).await;
    let (_, signed) = server.next().await;
    assert!(signed.starts_with("DKIM-Signature: "), "{signed}");

    let rig = checking(&names, "enforce", "").await;
    for (mail, authentication) in [
        (signed.clone(), Authentication::Network),
        (
            signed.replace("Wherefore", "Therefore"),
            Authentication::None,
        ),
        (
            signed.replace("alice@sip", "mallory@sip"),
            Authentication::None,
        ),
    ] {
        let (_, reply) = rig
            .smtp()
            .await
            .mail("x@far.example", &["alice@sip.example"], &mail)
            .await;
        assert!(reply.starts_with("250"), "{reply}");
        let submitted = rig.gateway.submitted().pop().unwrap();
        assert_eq!(submitted.authentication(), authentication);
    }
}

/// Mail of mallory, who has a domain where all is in order, under a name of a domain that wants forgeries refused.
#[tokio::test]
async fn nobody_is_vouched_for_by_another_domain_that_stands_beside_theirs() {
    let names = Names::start(&[
        ("evil.example", HERE),
        ("_dmarc.evil.example", "v=DMARC1; p=reject"),
        ("bank.example", ELSEWHERE),
        ("_dmarc.bank.example", "v=DMARC1; p=reject"),
    ])
    .await;
    let rig = checking(&names, "enforce", "").await;
    let to = ["alice@sip.example"];
    for (header, submitted) in [
        (
            "From: m@evil.example, n@evil.example\r\nSender: boss@bank.example",
            Some("im:m@evil.example"),
        ),
        (
            "From: m@evil.example, n@evil.example\r\nSender: o@evil.example",
            Some("im:o@evil.example"),
        ),
        ("From: m@evil.example, boss@bank.example", None),
        ("From: boss@bank.example, m@evil.example", None),
        ("From: m@evil.example\r\nFrom: boss@bank.example", None),
        ("From: boss@bank.example\r\nFrom: m@evil.example", None),
    ] {
        let mail = format!("{header}\r\nMessage-ID: <1@evil.example>\r\n\r\nPay.\r\n");
        let (_, reply) = rig.smtp().await.mail("m@evil.example", &to, &mail).await;
        let operation = rig.gateway.submitted().pop();
        let Some(source) = submitted else {
            assert!(reply.starts_with("550 5.7.26"), "{header}: {reply}");
            assert!(operation.is_none(), "{header}");
            continue;
        };
        let operation = operation.unwrap();
        assert_eq!(operation.source(), &inbox(source), "{header}");
        assert_eq!(operation.authentication(), Authentication::Network);
    }
}

#[tokio::test]
async fn silent_name_server_is_no_reason_to_refuse_and_none_to_vouch() {
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let names = Names {
        address: nobody.local_addr().unwrap(),
        _answering: JoinSet::new(),
    };
    let rig = checking(&names, "enforce", "").await;
    let to = ["alice@sip.example"];
    let (_, reply) = rig
        .smtp()
        .await
        .mail("juliet@mail.example", &to, MAIL)
        .await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(
        rig.gateway.submitted()[0].authentication(),
        Authentication::None
    );
}
