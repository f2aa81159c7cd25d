use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use socket2::{Domain, Socket, Type};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use tokio_rustls::client::TlsStream;

use super::{IN_FLIGHT, Kind, Line, Outgoing, Queued};
use crate::{
    tests::authority::Authority,
    transport::wire::{Inlet, Outlet, plain},
};

#[tokio::test]
async fn message_is_written_by_the_thread_that_flushes() {
    let (mut peer, stream) = pair().await;
    let (line, _writer) = Line::new();
    let (_inlet, outlet) = plain(stream);
    outlet.writable().await.unwrap();
    line.lock().stream = Some(Arc::new(outlet));
    let in_flight = Arc::new(Semaphore::new(1));
    let permit = Arc::clone(&in_flight).try_acquire_owned().ok();
    let bytes = Bytes::from_static(b"one");
    assert_eq!(line.queue(response(bytes, permit)), Queued::First);
    assert_eq!(line.queue(outgoing("two")), Queued::Behind);
    assert_eq!(in_flight.available_permits(), 0);
    line.flush();
    assert_eq!(in_flight.available_permits(), 1);
    let mut read = [0; 6];
    peer.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"onetwo");
}

#[tokio::test]
async fn message_waits_until_there_is_a_stream() {
    let (line, writer) = Line::new();
    assert_eq!(line.queue(outgoing("early")), Queued::First);
    line.flush();
    let (mut peer, stream) = pair().await;
    let (_inlet, outlet) = plain(stream);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { drop(writer.write(outlet, LIMIT).await) });
    let mut read = [0; 5];
    peer.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"early");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_stay_whole_and_in_order_when_the_peer_reads_slowly() {
    let (peer, stream) = pair().await;
    stay_whole(peer, plain(stream)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_over_tls_stay_whole_and_in_order_when_the_peer_reads_slowly() {
    let (peer, halves) = secured_pair().await;
    stay_whole(peer, halves).await;
}

/// Many write at once, to a peer whose buffers hold little.
async fn stay_whole(mut peer: impl AsyncRead + Unpin, (_inlet, outlet): (Inlet, Outlet)) {
    let (line, writer) = Line::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { drop(writer.write(outlet, LIMIT).await) });
    let in_flight = Arc::new(Semaphore::new(ROOM));
    for sender in 0..SENDERS {
        let (line, in_flight) = (Arc::clone(&line), Arc::clone(&in_flight));
        tasks.spawn(async move {
            for number in 0..MESSAGES {
                let permit = Arc::clone(&in_flight).acquire_owned().await.ok();
                let bytes = Bytes::from(message(sender, number));
                match line.queue(response(bytes, permit)) {
                    Queued::First => line.flush(),
                    queued => assert_eq!(queued, Queued::Behind),
                }
            }
        });
    }
    let mut next = [0; SENDERS as usize];
    let mut read = [0; SIZE];
    for _ in 0..u32::from(SENDERS) * MESSAGES {
        peer.read_exact(&mut read).await.unwrap();
        let number = &mut next[usize::from(read[0])];
        assert!(read[..] == message(read[0], *number));
        *number += 1;
    }
    // The peer may read the last bytes before their permit is given back.
    let all = in_flight.acquire_many(ROOM as u32).await;
    assert!(all.is_ok());
}

#[tokio::test(start_paused = true)]
async fn line_is_closed_and_gives_permits_back_when_the_peer_takes_nothing() {
    let (_peer, stream) = pair().await;
    is_closed_when_nothing_is_taken(plain(stream)).await;
}

#[tokio::test(start_paused = true)]
async fn line_over_tls_is_closed_and_gives_permits_back_when_the_peer_takes_nothing() {
    let (_peer, halves) = secured_pair().await;
    is_closed_when_nothing_is_taken(halves).await;
}

async fn is_closed_when_nothing_is_taken((_inlet, outlet): (Inlet, Outlet)) {
    let (line, writer) = Line::new();
    let in_flight = Arc::new(Semaphore::new(1));
    let permit = Arc::clone(&in_flight).try_acquire_owned().ok();
    let bytes = Bytes::from(vec![0; 64 * 1024 * 1024]);
    assert_eq!(line.queue(response(bytes, permit)), Queued::First);
    line.flush();
    assert!(writer.write(outlet, LIMIT).await.is_err());
    assert!(line.is_closed());
    assert_eq!(in_flight.available_permits(), 1);
    assert_eq!(line.queue(outgoing("late")), Queued::Refused);
}

#[test]
fn message_is_refused_when_its_kind_has_no_room_or_there_is_no_writer() {
    let (line, writer) = Line::new();
    let request = || Outgoing {
        kind: Kind::Request,
        ..outgoing("request")
    };
    assert_eq!(line.queue(request()), Queued::First);
    for _ in 1..IN_FLIGHT {
        assert_eq!(line.queue(request()), Queued::Behind);
    }
    assert_eq!(line.queue(request()), Queued::Refused);
    drop(writer);
    assert!(line.is_closed());
    assert_eq!(line.queue(outgoing("late")), Queued::Refused);
}

#[test]
fn pings_of_a_peer_that_reads_nothing_leave_room_for_all_its_responses() {
    let (line, _writer) = Line::new();
    let pong = || Outgoing {
        kind: Kind::Pong,
        ..outgoing("\r\n")
    };
    assert_eq!(line.queue(pong()), Queued::First);
    for _ in 0..10 * IN_FLIGHT {
        assert_eq!(line.queue(pong()), Queued::Refused);
    }
    // A 100 and a final response to each request that is read.
    for _ in 0..2 * IN_FLIGHT {
        assert_eq!(line.queue(outgoing("response")), Queued::Behind);
    }
}

#[tokio::test]
async fn pong_has_room_again_when_the_one_before_is_written() {
    let (mut peer, stream) = pair().await;
    let (line, _writer) = Line::new();
    let (_inlet, outlet) = plain(stream);
    outlet.writable().await.unwrap();
    line.lock().stream = Some(Arc::new(outlet));
    for _ in 0..3 {
        let pong = Outgoing {
            kind: Kind::Pong,
            ..outgoing("\r\n")
        };
        assert_eq!(line.queue(pong), Queued::First);
        line.flush();
    }
    let mut read = [0; 6];
    peer.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"\r\n\r\n\r\n");
}

/// Two ends of a connection, of which the first takes little at once.
async fn pair() -> (TcpStream, TcpStream) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.set_nonblocking(true).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).unwrap();
    socket.listen(1).unwrap();
    let listener = TcpListener::from_std(socket.into()).unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap());
    let (stream, accepted) = tokio::join!(stream, listener.accept());
    (accepted.unwrap().0, stream.unwrap())
}

/// The same behind a handshake.
async fn secured_pair() -> (TlsStream<TcpStream>, (Inlet, Outlet)) {
    let authority = Authority::new();
    let tls = authority.certify("gw.example").tls(&authority);
    let (peer, stream) = pair().await;
    let secured = authority.secure(peer, "gw.example", None);
    let (peer, accepted) = tokio::join!(secured, tls.accept(stream));
    (peer, accepted.unwrap().1)
}

fn outgoing(text: &'static str) -> Outgoing {
    response(Bytes::from_static(text.as_bytes()), None)
}

fn response(bytes: Bytes, permit: Option<OwnedSemaphorePermit>) -> Outgoing {
    Outgoing {
        kind: Kind::Response,
        bytes,
        permit,
    }
}

/// The sender, then bytes that only this message of its has.
fn message(sender: u8, number: u32) -> Vec<u8> {
    let mut bytes = vec![sender];
    bytes.extend(number.to_be_bytes().iter().cycle().take(SIZE - 1));
    bytes
}

const SENDERS: u8 = 4;
const MESSAGES: u32 = 500;
const SIZE: usize = 5001;
const ROOM: usize = 512;
const LIMIT: Duration = Duration::from_secs(30);
