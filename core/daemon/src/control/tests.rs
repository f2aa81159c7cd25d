//! The socket against whoever may come, and against what may lie in its place.

use std::num::NonZeroUsize;

use rialto_loader::ClaimTable;
use rialto_router::{CustodySettings, Limits, RoutingTable};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, task::JoinSet};

use super::*;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("control")
    }
}

fn gateway() -> Arc<Gateway> {
    let table = RoutingTable::builder().build().unwrap();
    let (limits, settings) = (Limits::default(), CustodySettings::default());
    Gateway::new(table, NonZeroUsize::MIN, limits, &settings, None, None)
}

/// Over no adapters.
fn supervisor() -> Arc<Supervisor> {
    let config = crate::config::of("");
    Supervisor::new(gateway(), Arc::new(config), ClaimTable::new())
}

/// Everything that the gateway says to `asked` before the connection ends.
async fn ask(asked: &[u8]) -> String {
    let place = Place::new();
    let mut serving = JoinSet::new();
    serving.spawn(
        Control::bind(&place.socket())
            .unwrap()
            .serve(gateway(), supervisor()),
    );
    let mut stream = UnixStream::connect(place.socket()).await.unwrap();
    let (mut from, mut to) = stream.split();
    let ask = async {
        // The gateway may have hung up before it has read all.
        drop(to.write_all(asked).await);
        drop(to.shutdown().await);
    };
    let mut answer = Vec::new();
    let (_, read) = tokio::join!(ask, from.read_to_end(&mut answer));
    drop(read); // a reset, when not all was read
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn socket_is_for_its_own_user_and_gone_when_it_is_dropped() {
    let place = Place::new();
    let control = Control::bind(&place.socket()).unwrap();
    let mode = fs::metadata(place.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (ours, _theirs) = UnixStream::pair().unwrap();
    assert!(control.is_allowed(&ours));
    drop(control);
    assert!(!place.socket().exists());
}

#[tokio::test]
async fn socket_of_another_user_is_refused() {
    let place = Place::new();
    let mut control = Control::bind(&place.socket()).unwrap();
    let (ours, _theirs) = UnixStream::pair().unwrap();
    control.owner = control.owner.wrapping_add(1);
    let is_root = ours.peer_cred().unwrap().uid() == 0;
    assert_eq!(control.is_allowed(&ours), is_root);
}

#[tokio::test]
async fn file_in_the_place_of_the_socket_is_not_removed() {
    let place = Place::new();
    fs::write(place.socket(), "precious").unwrap();
    let error = Control::bind(&place.socket()).unwrap_err();
    assert!(error.to_string().contains("cannot be opened"), "{error}");
    assert_eq!(fs::read_to_string(place.socket()).unwrap(), "precious");
}

#[tokio::test]
async fn link_in_the_place_of_the_socket_is_not_followed() {
    let place = Place::new();
    let elsewhere = place.0.path().join("elsewhere");
    drop(net::UnixListener::bind(&elsewhere).unwrap());
    std::os::unix::fs::symlink(&elsewhere, place.socket()).unwrap();
    assert!(Control::bind(&place.socket()).is_err());
    assert!(elsewhere.exists() && place.socket().is_symlink());
}

#[tokio::test]
async fn socket_that_nobody_listens_to_is_replaced_and_one_in_use_is_not() {
    let place = Place::new();
    drop(net::UnixListener::bind(place.socket()).unwrap());
    let control = Control::bind(&place.socket()).unwrap();
    assert!(Control::bind(&place.socket()).is_err());
    assert!(net::UnixStream::connect(place.socket()).is_ok());
    drop(control);
}

#[tokio::test]
async fn socket_that_another_gateway_has_put_there_stays() {
    let place = Place::new();
    let first = Control::bind(&place.socket()).unwrap();
    fs::remove_file(place.socket()).unwrap();
    let _second = Control::bind(&place.socket()).unwrap();
    drop(first);
    assert!(place.socket().exists());
}

#[tokio::test]
async fn hostile_lines_are_answered_and_the_connection_goes_on() {
    let answer = ask(b"\xFF\xFE\n{}\n[[[[\n{\"verb\":\"send\"}\n{\"verb\":\"status\"}").await;
    let lines: Vec<_> = answer.lines().collect();
    assert_eq!(lines.len(), 5, "{answer}");
    assert!(
        lines[..4].iter().all(|line| line.contains("malformed")),
        "{answer}"
    );
    assert!(lines[4].contains("\"operations\":0"), "{answer}");
}

#[tokio::test]
async fn line_without_an_end_is_refused_once_and_ends_the_connection() {
    let answer = ask(&vec![b'{'; 3 << 20]).await;
    assert_eq!(answer.lines().count(), 1, "{answer}");
    assert!(answer.contains("the line is too long"), "{answer}");
}

#[tokio::test]
async fn message_without_a_way_fails_and_one_without_addresses_is_none() {
    let sent =
        br#"{"verb":"send","source":"im:a@b.example","destination":"im:c@d.example","text":"t"}"#;
    assert!(ask(sent).await.contains("Unresolvable"));
    let sent = br#"{"verb":"send","source":"a","destination":"im:c@d.example","text":"t"}"#;
    assert!(ask(sent).await.contains("invalid_address"));
}
