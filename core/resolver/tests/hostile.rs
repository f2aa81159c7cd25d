//! A server that lies, or is broken: nothing of it is believed that was not asked, and nothing of it is without end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hickory_resolver::proto::{
    op::ResponseCode,
    rr::{RData, Record, RecordType, rdata::AAAA},
};
use rialto_model::{FailureReason, Retry};
use rialto_resolver::{Config, Resolver};
use rialto_tests::{
    dns::{DnsProxy, Plan},
    ports::Transport,
};
use support::{
    addresses, asking, failure,
    lies::{a, address, cname, lie, lie_over, name, plain, question, refusal, reply, srv},
    resolve, sip, xmpp,
};

fn resolver(proxy: &DnsProxy) -> Resolver {
    Resolver::new(asking(proxy.address()), vec![sip(), xmpp()]).unwrap()
}

/// For those who get no answer.
fn impatient(proxy: &DnsProxy) -> Resolver {
    let config = asking(proxy.address()).with_timeout(Duration::from_millis(150), 1);
    Resolver::new(config, vec![sip()]).unwrap()
}

#[tokio::test]
async fn garbage_is_a_temporary_failure() {
    for garbage in [&b""[..], b"\0", &[0xff; 40], &[0; 12], &[0xc0; 600]] {
        let proxy = DnsProxy::start(Plan::Lie(Arc::new(move |_, query: &[u8]| {
            vec![[&query[..2], garbage].concat(), garbage.to_vec()]
        })));
        let resolution = resolve(&impatient(&proxy), "example.com").await;
        assert_eq!(
            failure(&resolution).0,
            FailureReason::Unreachable,
            "{garbage:?}"
        );
    }
}

#[tokio::test]
async fn silence_is_a_temporary_failure_that_may_be_retried_soon() {
    let proxy = DnsProxy::start(Plan::Silent);
    let resolution = resolve(&impatient(&proxy), "example.com").await;
    let failure = resolution.failure().unwrap();
    assert_eq!(failure.reason(), FailureReason::Unreachable);
    assert_eq!(failure.retry(), Retry::After(Config::TEMPORARY));
    assert!(
        failure.detail().contains("SRV _im._sip.example.com"),
        "{failure}"
    );
}

#[tokio::test]
async fn cpim_2_2_2_no_a_record_is_used_while_it_is_unknown_whether_there_are_srv_records() {
    for code in [
        ResponseCode::ServFail,
        ResponseCode::Refused,
        ResponseCode::NotImp,
    ] {
        let proxy = DnsProxy::start(lie(move |query| match query.query_type() {
            RecordType::SRV => refusal(query, code),
            _ => plain(query),
        }));
        let (reason, detail) = failure(&*resolve(&resolver(&proxy), "example.com").await);
        assert_eq!(reason, FailureReason::Unreachable, "{detail}");
        assert!(
            proxy.asked().iter().all(|a| a.kind == "SRV"),
            "{:?}",
            proxy.asked()
        );
    }
}

#[tokio::test]
async fn wrong_id_and_wrong_question_are_passed_over() {
    let proxy = DnsProxy::start(Plan::Lie(Arc::new(|_, message: &[u8]| {
        let (query, id) = question(message);
        let with_id = |mut message: hickory_resolver::proto::op::Message, id| {
            message.metadata.id = id;
            message.to_vec().unwrap()
        };
        let false_one = || reply(&query, [srv(query.name(), 6666, "evil.example.")]);
        let mut other = query.clone();
        other.set_name(name("_im._sip.evil.example."));
        vec![
            with_id(false_one(), id.wrapping_add(1)),
            with_id(
                reply(&other, [srv(other.name(), 6666, "evil.example.")]),
                id,
            ),
            with_id(plain(&query), id),
        ]
    })));
    let resolution = resolve(&resolver(&proxy), "example.com").await;
    assert_eq!(addresses(&resolution), ["sip 192.0.2.1:5060"]);
}

#[tokio::test]
async fn records_that_were_not_asked_for_are_not_believed() {
    let proxy = DnsProxy::start(lie(|query| {
        let victim = name("_im._sip.victim.example.");
        let mut message = match query.query_type() {
            // Records of another name and of another type, and only then the one that was asked for.
            RecordType::SRV => {
                let right = srv(query.name(), 5060, "host.example.");
                reply(
                    query,
                    [
                        srv(&victim, 6666, "evil.example."),
                        a(query.name(), 9),
                        right,
                    ],
                )
            }
            _ => plain(query),
        };
        let poison = RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x666));
        let poison = Record::from_rdata(name("host.example."), 300, poison);
        message.add_additionals([poison.clone()]);
        message.add_authorities([poison]);
        message
    }));
    let resolver = resolver(&proxy);
    let resolution = resolve(&resolver, "example.com").await;
    assert_eq!(
        addresses(&resolution),
        ["sip 192.0.2.1:5060", "xmpp 192.0.2.1:5060"]
    );
    proxy.forget();
    resolve(&resolver, "victim.example").await;
    assert_eq!(proxy.asked()[0].kind, "SRV");
}

#[tokio::test]
async fn cpim_2_2_2_cname_chain_without_end_is_a_failure_after_a_bounded_number_of_questions() {
    let next = Arc::new(AtomicUsize::new(0));
    let proxy = DnsProxy::start(lie(move |query| {
        let next = format!("n{}.example.com.", next.fetch_add(1, Ordering::Relaxed));
        reply(query, [cname(query.name(), &next)])
    }));
    let (reason, _) = failure(&*resolve(&resolver(&proxy), "example.com").await);
    assert_eq!(reason, FailureReason::Unresolvable);
    assert!(proxy.asked().len() <= 120, "{}", proxy.asked().len());
    // Domain after domain is an alias, and no record is.
    let next = Arc::new(AtomicUsize::new(0));
    let proxy = DnsProxy::start(lie(move |query| match query.query_type() {
        RecordType::CNAME => {
            let next = format!("n{}.example.com.", next.fetch_add(1, Ordering::Relaxed));
            reply(query, [cname(query.name(), &next)])
        }
        _ => reply(query, []),
    }));
    let (reason, detail) = failure(&*resolve(&resolver(&proxy), "example.com").await);
    assert_eq!(reason, FailureReason::Unresolvable);
    assert!(detail.contains("too many"), "{detail}");
    assert!(proxy.asked().len() < 40, "{}", proxy.asked().len());
}

#[tokio::test]
async fn hosts_whose_aliases_have_no_end_lead_to_a_bounded_number_of_questions() {
    let next = Arc::new(AtomicUsize::new(0));
    let proxy = DnsProxy::start(lie(move |query| match query.query_type() {
        RecordType::SRV => {
            let targets = (0..16).map(|n| srv(query.name(), 5060, &format!("h{n}.example.")));
            reply(query, targets)
        }
        _ => {
            let next = format!("n{}.example.", next.fetch_add(1, Ordering::Relaxed));
            reply(query, [cname(query.name(), &next)])
        }
    }));
    let (reason, _) = failure(&*resolve(&resolver(&proxy), "example.com").await);
    assert_eq!(reason, FailureReason::Unresolvable);
    assert_eq!(proxy.asked().len(), 120);
}

#[tokio::test]
async fn truncated_answer_is_asked_for_again_over_tcp() {
    let proxy = DnsProxy::start(lie_over(|transport, query| {
        match (query.query_type(), transport) {
            (RecordType::SRV, Transport::Udp) => {
                let mut message = reply(query, [srv(query.name(), 6666, "partial.example.")]);
                message.metadata.truncation = true;
                message
            }
            (RecordType::SRV, Transport::Tcp) => {
                reply(query, [srv(query.name(), 5060, "host.example.")])
            }
            _ => plain(query),
        }
    }));
    let resolution = resolve(&resolver(&proxy), "example.com").await;
    assert_eq!(addresses(&resolution)[0], "sip 192.0.2.1:5060");
    assert!(proxy.asked().iter().any(|a| a.transport == Transport::Tcp));
}

#[tokio::test]
async fn answer_that_is_truncated_over_tcp_too_is_a_temporary_failure() {
    let proxy = DnsProxy::start(lie(|query| {
        let mut message = reply(query, [srv(query.name(), 5060, "host.example.")]);
        message.metadata.truncation = true;
        message
    }));
    let resolution = resolve(&impatient(&proxy), "example.com").await;
    assert_eq!(failure(&resolution).0, FailureReason::Unreachable);
}

#[tokio::test]
async fn answer_of_a_thousand_records_leads_to_few_questions_and_few_hops() {
    let proxy = DnsProxy::start(lie_over(|transport, query| {
        match (query.query_type(), transport) {
            (RecordType::SRV, Transport::Udp) => {
                let mut message = reply(query, []);
                message.metadata.truncation = true;
                message
            }
            (RecordType::SRV, Transport::Tcp) => {
                let targets = (0..1000).map(|n| srv(query.name(), 5060, &format!("h{n}.example.")));
                reply(query, targets)
            }
            (RecordType::A, _) => reply(query, (0..50).map(|n| address(query.name(), n))),
            _ => reply(query, []),
        }
    }));
    let resolution = resolve(&resolver(&proxy), "example.com").await;
    assert_eq!(addresses(&resolution).len(), 16);
    assert!(proxy.asked().len() <= 120, "{}", proxy.asked().len());
}

#[tokio::test]
async fn protocol_that_is_found_is_used_while_another_is_not_known() {
    let proxy = DnsProxy::start(lie(|query| match query.query_type() {
        RecordType::SRV if query.name().to_lowercase().to_ascii().contains("_xmpp") => {
            reply(query, [srv(query.name(), 5269, "host.example.")])
        }
        RecordType::SRV => refusal(query, ResponseCode::ServFail),
        _ => plain(query),
    }));
    let (resolution, lines) = resolver(&proxy)
        .explain(
            rialto_resolver::Service::InstantMessaging,
            &support::domain("example.com"),
        )
        .await;
    assert_eq!(addresses(&resolution), ["xmpp 192.0.2.1:5269"]);
    // But not for long: what is wanted more may be back soon.
    assert!(lines.contains(&"holds for 5 s".to_owned()), "{lines:#?}");
}

#[tokio::test]
async fn time_to_live_is_kept_within_the_configured_bounds() {
    for (ttl, expected) in [(0, 5), (1, 5), (77, 77), (u32::MAX >> 1, 3600)] {
        let proxy = DnsProxy::start(lie(move |query| {
            let mut record = match query.query_type() {
                RecordType::SRV => srv(query.name(), 5060, "host.example."),
                RecordType::A => a(query.name(), ttl),
                _ => Record::from_rdata(
                    query.name().clone(),
                    ttl,
                    RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
                ),
            };
            record.ttl = ttl;
            reply(query, [record])
        }));
        let (_, lines) = resolver(&proxy)
            .explain(
                rialto_resolver::Service::InstantMessaging,
                &support::domain("example.com"),
            )
            .await;
        assert!(
            lines.contains(&format!("holds for {expected} s")),
            "{ttl}: {lines:#?}"
        );
    }
}

#[tokio::test]
async fn lookup_that_takes_too_long_in_all_is_a_temporary_failure() {
    let proxy = DnsProxy::start(Plan::Hold);
    let config = asking(proxy.address()).with_deadline(Duration::from_millis(50));
    let resolver = Resolver::new(config, vec![sip()]).unwrap();
    let (reason, detail) = failure(&*resolve(&resolver, "example.com").await);
    assert_eq!(reason, FailureReason::Unreachable);
    assert!(detail.contains("took longer than"), "{detail}");
}

#[tokio::test]
async fn server_that_refers_to_others_is_named_as_the_fault() {
    let proxy = DnsProxy::start(lie(|query| {
        let mut message = reply(query, []);
        let ns = hickory_resolver::proto::rr::rdata::NS(name("ns.example."));
        message.add_authorities([Record::from_rdata(name("com."), 300, RData::NS(ns))]);
        message
    }));
    let (reason, detail) = failure(&*resolve(&resolver(&proxy), "example.com").await);
    assert_eq!(reason, FailureReason::Unreachable);
    assert!(detail.contains("recursive"), "{detail}");
}
