//! Real SIP and XMPP software, started for one test each.

pub mod baresip;
pub mod ejabberd;
pub mod entity;
pub mod gpg;
pub mod kamailio;
pub mod linphone;
pub mod mail;
pub mod openssl;
pub mod pager;
pub mod prosody;
pub mod sipp;
pub mod slixmpp;
pub mod tls;
pub mod xmpp_server;

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::Process;

pub use self::{
    baresip::Baresip,
    ejabberd::Ejabberd,
    entity::Entity,
    gpg::Gpg,
    kamailio::Kamailio,
    linphone::Linphone,
    mail::{Exim, MailServer, MailSettings, Postfix},
    openssl::Openssl,
    pager::{PagerServer, PagerUser},
    prosody::Prosody,
    sipp::{Reply, SippClient, SippServer, Transport},
    slixmpp::SlixmppClient,
    tls::TlsServer,
    xmpp_server::{XmppServer, XmppSettings},
};

/// Whether a test with real peers is to run; prints why when it is not.
///
/// # Panics
/// When a peer is missing and nobody has asked to go without: `tests/install-peers.sh` installs them all.
#[must_use]
pub fn are_wanted() -> bool {
    let programs = [
        "/usr/bin/prosody",
        "/usr/bin/erl",
        "/usr/bin/sipp",
        "/usr/bin/baresip",
        "/usr/bin/linphonec",
        "/usr/bin/openssl",
        "/usr/bin/gpg-agent",
        kamailio::TLS,
    ];
    let python = slixmpp::python();
    let programs = programs.iter().map(Path::new).chain([python.as_path()]);
    are_wanted_and_here(&programs.collect::<Vec<_>>())
}

/// Whether a test with these programs is to run.
pub(crate) fn are_wanted_and_here(programs: &[&Path]) -> bool {
    let ci = env::var_os("CI").is_some_and(|value| value == "true");
    if !ci && env::var_os("RIALTO_SKIP_PEERS").is_some_and(|value| value == "1") {
        eprintln!("skipped: RIALTO_SKIP_PEERS=1");
        return false;
    }
    let missing: Vec<_> = programs.iter().filter(|path| !path.exists()).collect();
    assert!(
        missing.is_empty(),
        "peers are missing: {missing:?}; tests/install-peers.sh installs them (RIALTO_SKIP_PEERS=1 goes without)"
    );
    true
}

/// The folder with the peers' scripts and scenarios.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// A file of a package that stands beside the others, since it excludes one of them.
fn unpacked(path: &str) -> PathBuf {
    let folder = env::var_os("PEERS_UNPACKED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/unpacked"),
        PathBuf::from,
    );
    folder.join(path)
}

/// Reads a file of the rig and puts values in place of its `@NAMES@`.
fn filled(file: &str, values: &[(&str, &str)]) -> String {
    let path = scripts().join(file);
    let template = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    with_values(&template, values)
}

/// A text with values in place of its `@NAMES@`.
fn with_values(template: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("@{name}@"), value)
        })
}

/// Writes a file that a peer reads.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .unwrap_or_else(|error| panic!("{} cannot be made: {error}", folder.display()));
    }
    std::fs::write(path, content)
        .unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
}

/// What a program makes of its input.
///
/// # Panics
/// When it fails.
fn filter(name: &str, command: Command, input: &[u8]) -> Vec<u8> {
    let mut process = Process::spawn(name, command);
    process.write(input);
    if !process.await_exit().success() {
        process.fail("it refuses");
    }
    process.stdout().bytes()
}

/// A folder that is removed with its value.
pub(crate) fn folder(name: &str) -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix(&format!("rialto-{name}-"))
        .tempdir()
        .unwrap_or_else(|error| panic!("no temporary folder for {name}: {error}"))
}
