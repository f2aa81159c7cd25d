//! Peers say what they are told to, and notice what is said to them.

#![allow(clippy::unwrap_used, reason = "a test may")]

use rialto_testkit::{Conversation, Datagrams, Listener, Script, run};

async fn both_ends() -> (Conversation, Conversation) {
    let server = Listener::open().await;
    let client = Conversation::connect(server.address()).await;
    (client, server.accept().await)
}

#[test]
fn dialogue_is_played_as_it_is_written_down() {
    run(async |_| {
        let (mut client, mut server) = both_ends().await;
        let server_side = Script::parse("< HELLO *\n> WELCOME\n< SEND 1 hi\n> ACK 1\n! end\n");
        let client_side =
            Script::parse("> HELLO me\n< WELCOME\n> SEND 1 hi\n< ACK 1\n! half-close");
        tokio::join!(server.play(&server_side), client.play(&client_side));
        drop(server);
        client.expect_end().await;
    });
}

#[test]
#[should_panic(expected = "line 2 of the script: < SEND *, but the plugin sent `PING`")]
fn line_that_is_not_in_the_script_is_named() {
    run(async |_| {
        let (mut client, mut server) = both_ends().await;
        client.send_line("PING").await;
        server.play(&Script::parse("# waits\n< SEND *")).await;
    });
}

#[test]
#[should_panic(expected = "- expected\n+ \\x01other\\r")]
fn bytes_that_are_not_expected_are_shown() {
    run(async |_| {
        let (mut client, mut server) = both_ends().await;
        client.send("\u{1}other\r\n").await;
        client.half_close().await;
        server.expect("expected\n").await;
    });
}

#[test]
fn connection_that_is_cut_ends_without_its_last_bytes_being_read() {
    run(async |_| {
        let (mut client, mut server) = both_ends().await;
        client.send("half a li").await;
        assert_eq!(server.bytes(4).await, b"half");
        client.cut();
        // A reset may overtake what was sent before it; it is an end in any case.
        assert!(b" a li".starts_with(&server.rest().await));
        assert_eq!(server.line().await, None);
    });
}

#[test]
fn peer_that_goes_on_sending_when_nobody_listens_is_not_disturbed() {
    run(async |_| {
        let (mut client, server) = both_ends().await;
        server.cut();
        client.send_in_vain(vec![b'x'; 1 << 24]).await;
        assert_eq!(client.line().await, None);
    });
}

#[test]
fn half_closed_connection_can_still_be_answered() {
    run(async |_| {
        let (mut client, mut server) = both_ends().await;
        client.send("question").await;
        client.half_close().await;
        assert_eq!(
            server.line().await.unwrap(),
            "question",
            "a last line without its end"
        );
        server.send_line("answer").await;
        client.expect_line("answer").await;
    });
}

#[test]
fn garbage_is_the_same_for_the_same_seed() {
    run(async |_| {
        let (mut client, mut server) = both_ends().await;
        let mut twice = Vec::new();
        for seed in [7, 7, 8] {
            client.send_garbage(seed, 1000).await;
            twice.push(server.bytes(1000).await);
        }
        assert_eq!(twice[0], twice[1]);
        assert_ne!(twice[0], twice[2]);
    });
}

#[test]
fn server_that_is_away_refuses_and_comes_back_to_its_address() {
    run(async |_| {
        let address = Listener::open().await.close();
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
        let server = Listener::open_again(address).await;
        let mut client = Conversation::connect(address).await;
        server.accept().await.send_line("back").await;
        client.expect_line("back").await;
    });
}

#[test]
fn datagrams_are_taken_one_by_one_and_answered() {
    run(async |_| {
        let (one, other) = (Datagrams::open().await, Datagrams::open().await);
        one.send(other.address(), "first").await;
        one.send(other.address(), "second").await;
        assert_eq!(other.receive().await, (b"first".to_vec(), one.address()));
        let from = other.expect("second").await;
        other.send(from, [0; 9000]).await;
        assert_eq!(one.receive().await.0.len(), 9000);
    });
}
