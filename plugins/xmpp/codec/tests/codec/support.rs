//! What the tests of this crate share.

use std::path::{Path, PathBuf};

use rialto_xmpp_codec::{
    ComponentStream, ContentNamespace, Handshake, HandshakeProgress, Limits, ReadError, Stanza,
    StanzaWriter, StreamEvent, StreamReader,
};

pub(crate) const HEADER: &str = "<stream:stream xmlns='jabber:component:accept' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1' from='sip.example.net'>";

/// A stream after its handshake.
pub(crate) fn component_stream() -> ComponentStream {
    let mut out = Vec::new();
    let handshake = Handshake::start("sip.example.net", "s", Limits::default(), &mut out).unwrap();
    let begin = format!("{HEADER}<handshake/>");
    match handshake.read(&mut begin.as_bytes(), &mut out).unwrap() {
        HandshakeProgress::Done(stream) => stream,
        HandshakeProgress::Pending(_) => panic!("the handshake is not done"),
    }
}

pub(crate) fn writer() -> StanzaWriter {
    component_stream().writer()
}

/// Reads `text` after a component's stream header, in one piece.
pub(crate) fn read(text: &str) -> Result<Vec<StreamEvent>, ReadError> {
    read_limited(text, Limits::default())
}

pub(crate) fn read_limited(text: &str, limits: Limits) -> Result<Vec<StreamEvent>, ReadError> {
    let mut reader = StreamReader::new(ContentNamespace::Component, limits);
    reader
        .read(&mut HEADER.as_bytes())?
        .expect("the header is whole");
    read_all(&mut reader, &mut text.as_bytes())
}

pub(crate) fn read_all(
    reader: &mut StreamReader,
    input: &mut &[u8],
) -> Result<Vec<StreamEvent>, ReadError> {
    let mut events = Vec::new();
    while let Some(event) = reader.read(input)? {
        events.push(event);
    }
    Ok(events)
}

pub(crate) fn read_stanza(text: &str) -> Stanza {
    match read(text).expect(text).pop() {
        Some(StreamEvent::Stanza(stanza)) => stanza,
        other => panic!("no stanza: {other:?}"),
    }
}

pub(crate) fn written(stanza: &Stanza) -> String {
    let mut out = Vec::new();
    writer().write(stanza, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The folder that the environment names; `None`, with a printed line, if it names none.
pub(crate) fn reference() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("skipped: RIALTO_REFERENCE is not set");
        return None;
    };
    let folder = PathBuf::from(folder);
    assert!(
        folder.is_dir(),
        "RIALTO_REFERENCE names no folder: {}",
        folder.display()
    );
    Some(folder)
}

/// All files below `folder`, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
