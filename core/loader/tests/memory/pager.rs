//! The example of a vendor, with a server that does what a test wants.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use rialto_loader::{Adapter, ClaimTable, Health};
use rialto_model::{
    Bytes, Disposition, FailureReason, ImdnHeaders, InstantInbox, InstantMessage, MessageOperation,
    Notify, NotifyOperation, PresenceDocument, Presentity, ResponseStatus, Retry,
    SubscribeOperation, SubscriptionId, SubscriptionState, TerminationReason, TransactionId,
    presence::{PresenceInformation, Status},
};

use crate::support::*;

/// What the server does with a line of the gateway's.
enum Reply {
    Nothing,
    Line(String),
    HangUp,
}

/// Starts a server and an adapter that has logged in to it.
async fn logged_in(
    gateway: &std::sync::Arc<Recorder>,
    answer: impl Fn(&[&str]) -> Reply + Send + 'static,
) -> Adapter {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = configuration(&listener.local_addr().unwrap().to_string());
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve(&stream.unwrap(), &answer);
        }
    });
    let adapter = started(pager_plugin(), &config, gateway).await;
    gateway
        .until(|seen| seen.health.contains(&Health::Up))
        .await;
    adapter
}

fn configuration(endpoint: &str) -> String {
    format!(
        r#"{{"endpoint":"{endpoint}","domain":"pager.example","system":"rialto","secret":"s",
            "reconnect_ms":10}}"#
    )
}

fn serve(mut stream: &TcpStream, answer: &impl Fn(&[&str]) -> Reply) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let words: Vec<_> = line.splitn(7, ' ').collect();
        let reply = match words[0] {
            "HELLO" => Reply::Line("WELCOME 1".to_owned()),
            _ => answer(&words),
        };
        match reply {
            Reply::Nothing => {}
            Reply::Line(line) => stream.write_all(format!("{line}\n").as_bytes()).unwrap(),
            Reply::HangUp => return,
        }
    }
}

/// Acknowledges everything.
fn done(words: &[&str]) -> Reply {
    match words {
        ["SEND" | "TELL", id, ..] => Reply::Line(format!("ACK {id} done")),
        _ => Reply::Nothing,
    }
}

async fn end(adapter: Adapter) {
    adapter.stop(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn message_is_what_its_ack_says() {
    for (word, status) in [
        ("ACK {id} done", ResponseStatus::Success),
        ("ACK {id} kept", ResponseStatus::Indeterminant),
    ] {
        let gateway = Recorder::new();
        let adapter = logged_in(&gateway, move |words| {
            Reply::Line(word.replace("{id}", words[1]))
        });
        let adapter = adapter.await;
        assert_eq!(delivered(&adapter, "hello").await, status);
        end(adapter).await;
    }
    let gateway = Recorder::new();
    let adapter = logged_in(&gateway, |words| {
        Reply::Line(format!("NAK {} nouser", words[1]))
    });
    let adapter = adapter.await;
    let (reason, _) = failed(delivered(&adapter, "hello").await);
    assert_eq!(reason, FailureReason::NoSuchInbox);
    end(adapter).await;
}

#[tokio::test]
async fn message_behind_which_the_connection_breaks_is_in_doubt() {
    let gateway = Recorder::new();
    let adapter = logged_in(&gateway, |_| Reply::HangUp).await;
    let ResponseStatus::Failure(failure) = delivered(&adapter, "hello").await else {
        panic!("it was acknowledged");
    };
    assert_eq!(failure.reason(), FailureReason::TimedOut);
    assert_eq!(failure.retry(), Retry::Never);
    assert!(failure.detail().ends_with("it may have arrived"));
    end(adapter).await;
}

#[tokio::test]
async fn message_without_a_connection_is_surely_not_on_its_way() {
    // Nobody listens there any more.
    let endpoint = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let config = configuration(&endpoint.unwrap().to_string());
    let gateway = Recorder::new();
    let adapter = started(pager_plugin(), &config, &gateway).await;
    let (reason, _) = failed(delivered(&adapter, "hello").await);
    assert_eq!(reason, FailureReason::Unreachable);
    end(adapter).await;
}

#[tokio::test]
async fn delivery_that_is_cancelled_or_late_is_forgotten() {
    let gateway = Recorder::new();
    let adapter = logged_in(&gateway, |words| match words {
        [.., "the last one"] => done(words),
        _ => Reply::Nothing,
    });
    let adapter = adapter.await;
    drop(adapter.deliver(operation("cancelled")));
    let late = operation("late").with_deadline(Duration::from_millis(20));
    let (reason, _) = failed(ended(adapter.deliver(late)).await.into_status());
    assert_eq!(reason, FailureReason::TimedOut);
    assert!(delivered(&adapter, "the last one").await.is_success());
    end(adapter).await;
}

#[tokio::test]
async fn more_than_max_pending_is_refused_with_a_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    thread::spawn(move || serve(&listener.accept().unwrap().0, &|_| Reply::Nothing));
    let config = configuration(&endpoint).replace("{", "{\"max_pending\":2,");
    let gateway = Recorder::new();
    let adapter = started(pager_plugin(), &config, &gateway).await;
    gateway
        .until(|seen| seen.health.contains(&Health::Up))
        .await;
    let waiting = [(); 2].map(|()| adapter.deliver(operation("hello")));
    let ResponseStatus::Failure(failure) = delivered(&adapter, "hello").await else {
        panic!("it was acknowledged");
    };
    assert_eq!(failure.reason(), FailureReason::Overloaded);
    assert_eq!(failure.retry(), Retry::After(Duration::from_secs(1)));
    drop(waiting);
    end(adapter).await;
}

#[tokio::test]
async fn line_of_the_server_becomes_an_operation_and_its_response_an_ack() {
    let gateway = Recorder::new();
    let adapter = logged_in(&gateway, |words| match words {
        ["SEND", ..] => Reply::Line(
            "SEND p1 bob@pager.example alice@example.org 9 dr two\\nlines\n\
             TELL p2 bob@pager.example alice@example.org read t1"
                .to_owned(),
        ),
        // What the gateway answered, told to it again as something that it can see.
        ["ACK", id, word] => Reply::Line(format!(
            "SEND q-{id} bob@pager.example alice@example.org 9 - {id}-{word}"
        )),
        _ => Reply::Nothing,
    });
    let adapter = adapter.await;
    drop(adapter.deliver(operation("begin")));
    let seen = gateway.until(|seen| seen.submitted.len() >= 3).await;
    let first = &seen.submitted[0];
    assert_eq!(first.source().as_str(), "im:bob@pager.example");
    assert_eq!(first.message().payload().as_bytes(), b"two\nlines");
    assert_eq!(first.max_forwards(), rialto_model::MaxForwards::new(9));
    assert_eq!(first.identity().map(|name| &**name), Some("p1"));
    let asked = ImdnHeaders::read(first.message().headers()).unwrap();
    let wanted = [
        Notify::PositiveDelivery,
        Notify::NegativeDelivery,
        Notify::Display,
    ];
    assert_eq!(asked.request, wanted.into_iter().collect());
    let told = &seen.dispositions[0];
    assert_eq!(told.disposition(), Disposition::Displayed);
    assert_eq!(told.concerning().as_str(), "t1");
    let answers: Vec<_> = seen.submitted[1..3]
        .iter()
        .map(|answer| answer.message().payload().as_bytes())
        .collect();
    assert_eq!(answers, [b"p1-done", b"p2-done"]);
    end(adapter).await;
}

fn presentity(address: &str) -> Presentity {
    Presentity::parse(&format!("pres:{address}")).unwrap()
}

#[tokio::test]
async fn presence_crosses_both_ways() {
    let gateway = Recorder::new();
    let adapter = logged_in(&gateway, |words| match words {
        ["WATCH", id, name, watcher, target, "600"] => Reply::Line(format!(
            "GRANT {id} 300\nSTATUS s1 {name} {target} {watcher} live on at <lunch>\n\
             WATCH w1 n1 bob@pager.example alice@example.org 60"
        )),
        ["WATCH", id, ..] => Reply::Line(format!("NAK {id} nouser")),
        [
            "STATUS",
            id,
            "n1",
            "alice@example.org",
            "bob@pager.example",
            "over",
            "on gone & back",
        ] => Reply::Line(format!("ACK {id} done")),
        _ => Reply::Nothing,
    });
    let adapter = adapter.await;
    let subscribe = |name: &[u8], seconds| {
        let id = TransactionId::random(&mut rand::rng());
        let (alice, bob) = (
            presentity("alice@example.org"),
            presentity("bob@pager.example"),
        );
        let name = SubscriptionId::parse(name).unwrap();
        let operation = SubscribeOperation::new(id, name, alice, bob);
        adapter.subscribe(operation.with_duration(Duration::from_secs(seconds)))
    };
    let granted = ended(subscribe(b"n0", 600)).await;
    assert_eq!(granted.duration(), Some(Duration::from_secs(300)));
    let (reason, _) = failed(ended(subscribe(b"n2", 5)).await.into_status());
    assert_eq!(reason, FailureReason::NoPresentity);

    let seen = gateway
        .until(|seen| seen.notifications.len() + seen.subscriptions.len() >= 2)
        .await;
    let told = &seen.notifications[0];
    assert_eq!(told.subscription_id().as_str(), "n0");
    let document = told.document().unwrap().payload().as_bytes();
    let information = PresenceInformation::parse(document)
        .unwrap()
        .into_information();
    assert_eq!(information.tuples()[0].status(), Some(Status::Open));
    assert!(String::from_utf8_lossy(document).contains("at &lt;lunch&gt;"));
    let asked = &seen.subscriptions[0];
    assert_eq!(asked.watcher().as_str(), "pres:bob@pager.example");
    assert_eq!(asked.duration(), Some(Duration::from_secs(60)));

    let document = "<presence><tuple><status><basic>open</basic></status><note>gone &amp; back</note></tuple></presence>";
    let told = NotifyOperation::new(
        TransactionId::random(&mut rand::rng()),
        SubscriptionId::parse(b"n1").unwrap(),
        presentity("bob@pager.example"),
        presentity("alice@example.org"),
        SubscriptionState::terminated(TerminationReason::NoResource),
    );
    let told = told.with_document(PresenceDocument::pidf(Bytes::from_static(
        document.as_bytes(),
    )));
    let garbage = told
        .clone()
        .with_document(PresenceDocument::pidf(Bytes::from_static(b"<presence")));
    assert!(ended(adapter.notify(told)).await.status().is_success());
    let (reason, _) = failed(ended(adapter.notify(garbage)).await.into_status());
    assert_eq!(reason, FailureReason::UnsupportedContent);
    end(adapter).await;
}

#[tokio::test]
async fn submissions_that_the_gateway_answers_after_the_end_are_freed_then() {
    let gateway = Recorder::holding();
    let adapter = logged_in(&gateway, |_| {
        Reply::Line("SEND p1 bob@pager.example alice@example.org 9 - hello".to_owned())
    });
    let adapter = adapter.await;
    drop(adapter.deliver(operation("begin")));
    gateway.until(|seen| seen.submitted.len() == 1).await;
    let stopped = adapter.stop(Duration::from_millis(100)).await;
    drop(adapter);
    stopped.unwrap();
    for answer in gateway.held() {
        answer.send(&ResponseStatus::Success);
    }
}

#[tokio::test]
async fn request_for_reports_is_the_words_of_a_send() {
    let gateway = Recorder::new();
    let adapter = logged_in(&gateway, |words| match words {
        ["SEND", id, _, _, "7", "dr", "hello"] => Reply::Line(format!("ACK {id} done")),
        ["SEND", id, ..] => Reply::Line(format!("NAK {id} refused")),
        _ => Reply::Nothing,
    });
    let adapter = adapter.await;
    let asked = ImdnHeaders::default().with_request(
        [Notify::PositiveDelivery, Notify::Display]
            .into_iter()
            .collect(),
    );
    let message = InstantMessage::text("hello");
    let headers = asked.write(message.headers());
    let operation = MessageOperation::new(
        TransactionId::random(&mut rand::rng()),
        InstantInbox::parse("im:alice@example.org").unwrap(),
        InstantInbox::parse("im:bob@pager.example").unwrap(),
        message.with_headers(headers),
    )
    .with_max_forwards(rialto_model::MaxForwards::new(7));
    assert!(
        ended(adapter.deliver(operation))
            .await
            .status()
            .is_success()
    );
    end(adapter).await;
}

#[test]
fn configuration_that_is_wrong_is_refused_with_its_key() {
    // The first by its schema, the others by its own reader.
    for (config, problem) in [
        (r#"{"colour":1}"#, "colour: unknown key"),
        (
            r#"{"endpoint":"nowhere","domain":"d","system":"s","secret":"x"}"#,
            "endpoint: not an IP address and a port",
        ),
        (
            r#"{"endpoint":"127.0.0.1:1","domain":"d","system":"s","secret":"a b"}"#,
            "secret: empty, or with a space",
        ),
        (
            r#"{"endpoint":"127.0.0.1:1","domain":"d","system":"s","secret":"x","secret":"y"}"#,
            "secret: given twice",
        ),
    ] {
        let declared = declared("one", pager_plugin(), config);
        let error = declared.load(&ClaimTable::new()).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
