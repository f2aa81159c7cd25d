//! Everything that one end reads of what the other writes, without a process: for the fuzzer.

use std::{path::Path, sync::Arc};

use rialto_bridge::{Malformed, operation::Operation};

use super::{
    frame::{Frame, FrameError, Kind},
    inbox::Inbox,
    operations::{LentOperation, Lists, put_answer, put_operation, read_answer},
    refusals,
};

/// Reads frames until one makes no sense; how many did. What is an operation or an answer must be the same when it is written again.
#[doc(hidden)]
pub fn read_frames(bytes: &[u8]) -> usize {
    let (mut inbox, mut lists, mut read) = (Inbox::new(bytes), Lists::default(), 0);
    loop {
        match inbox.next() {
            Ok(Some(frame)) => match read_frame(frame, &mut lists) {
                Ok(()) => read += 1,
                Err(_) => return read,
            },
            Ok(None) => match inbox.fill() {
                Ok(1..) => {}
                Ok(0) | Err(_) => return read,
            },
            Err(_) => return read,
        }
    }
}

fn read_frame(mut frame: Frame<'_>, lists: &mut Lists) -> Result<(), FrameError> {
    let (adapter, library) = (Arc::from("fuzzed"), Path::new("/fuzzed.so"));
    match frame.kind {
        Kind::Opened => drop(refusals::read_opened(&mut frame)?),
        Kind::Loaded => drop(refusals::read_claims(&adapter, &mut frame)?),
        Kind::Refused => drop(refusals::read_refused(&adapter, library, &mut frame)?),
        Kind::Answer => {
            let outcome = read_answer(&mut frame)?;
            let mut written = Vec::new();
            assert!(put_answer(&mut written, 1, &outcome));
            let again = read_again(&written, |frame, _| read_answer(frame));
            assert_eq!(again, Ok(outcome));
        }
        Kind::Deliver | Kind::Submit => {
            let operation = LentOperation::read(&mut frame, lists)?.own();
            if let Ok(operation) = operation {
                let again = read_again(&written(&operation), |frame, lists| {
                    Ok(LentOperation::read(frame, lists)?.own())
                });
                assert_eq!(again, Ok(Ok::<_, Malformed>(operation)));
            }
        }
        _ => {
            frame.number()?;
            while frame.len() > 0 {
                frame.text()?;
            }
        }
    }
    Ok(())
}

fn written(operation: &Operation) -> Vec<u8> {
    let mut written = Vec::new();
    operation.lend(|raw| {
        // SAFETY: it is lent.
        #[expect(unsafe_code, reason = "writes what is lent")]
        let fits = unsafe { put_operation(&mut written, Kind::Submit, 1, raw) };
        assert!(fits, "no longer than what was read");
    });
    written
}

fn read_again<T>(
    written: &[u8],
    read: impl FnOnce(&mut Frame<'_>, &mut Lists) -> Result<T, FrameError>,
) -> Result<T, FrameError> {
    let (mut frame, len) = Frame::first(written)?.ok_or(FrameError::Short)?;
    assert_eq!(len, written.len(), "one frame");
    read(&mut frame, &mut Lists::default())
}
