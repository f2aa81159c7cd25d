//! What one version of an adapter leaves to the next: a connection, and how far it is.
#![expect(unsafe_code, reason = "takes descriptors that come as numbers")]

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

use rialto_abi as abi;

use crate::{
    Malformed,
    read::{self, lend},
};

/// A connection that is open, and how far it is, in a form of the plugin's.
#[derive(Debug)]
pub struct Legacy {
    connection: OwnedFd,
    state: Vec<u8>,
}

impl Legacy {
    /// The longest state that is taken, in bytes.
    pub const MAX_STATE: usize = 4 << 20;

    /// The connection belongs to whoever takes this. `None`: the state is too long.
    pub fn new(connection: impl Into<OwnedFd>, state: Vec<u8>) -> Option<Self> {
        (state.len() <= Self::MAX_STATE).then(|| Self {
            connection: connection.into(),
            state,
        })
    }

    /// How far the connection is: not to be believed, another version may have written it.
    pub fn state(&self) -> &[u8] {
        &self.state
    }

    /// The connection.
    pub fn into_connection(self) -> OwnedFd {
        self.connection
    }

    /// Lends it to the other side, which says whether it has taken it: then the descriptor is not ours any more.
    pub fn offer(self, take: impl FnOnce(&abi::Legacy) -> bool) {
        let raw = abi::Legacy {
            size: size_of::<abi::Legacy>() as u32,
            descriptor: self.connection.as_raw_fd(),
            state: lend(&self.state),
        };
        if take(&raw) {
            let _theirs = self.connection.into_raw_fd();
        }
    }

    /// Takes what the other side lends.
    ///
    /// # Safety
    /// `raw` follows the contract, and its descriptor belongs to the caller if this succeeds.
    pub unsafe fn own(raw: *const abi::Legacy) -> Result<Self, Malformed> {
        // SAFETY: the caller's promise, for both.
        let (descriptor, state) = unsafe {
            let raw = read::prefix(raw)?;
            (raw.descriptor, read::bytes("a legacy", raw.state)?)
        };
        if state.len() > Self::MAX_STATE {
            return Err(read::too_long("a legacy", state.len(), Self::MAX_STATE));
        }
        if descriptor < 0 {
            return Err(Malformed::NoDescriptor);
        }
        // SAFETY: not negative; whether it is open is what is asked here. The copy is closed when another program is started.
        let copy = unsafe { BorrowedFd::borrow_raw(descriptor) }.try_clone_to_owned();
        let connection = copy.map_err(|_| Malformed::NoDescriptor)?;
        // SAFETY: it is open, and the caller's promise.
        drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
        Ok(Self {
            connection,
            state: state.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        os::unix::net::UnixStream,
    };

    use super::*;

    fn legacy(state: &[u8]) -> (Legacy, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Legacy::new(ours, state.to_vec()).unwrap(), theirs)
    }

    /// Whether the other end of the connection is open.
    fn is_open(mut peer: &UnixStream) -> bool {
        peer.write_all(b"x").is_ok()
    }

    #[test]
    #[cfg_attr(miri, ignore = "needs sockets")]
    fn what_is_taken_is_the_same_connection_and_state() {
        let (legacy, mut peer) = legacy(b"so far");
        let mut taken = None;
        legacy.offer(|raw| {
            // SAFETY: lent, and given up as this says that it is taken.
            taken = unsafe { Legacy::own(raw) }.ok();
            taken.is_some()
        });
        let taken = taken.unwrap();
        assert_eq!(taken.state(), b"so far");
        let mut stream = UnixStream::from(taken.into_connection());
        stream.write_all(b"hello").unwrap();
        drop(stream);
        let mut read = String::new();
        peer.read_to_string(&mut read).unwrap();
        assert_eq!(read, "hello");
    }

    #[test]
    #[cfg_attr(miri, ignore = "needs sockets")]
    fn what_nobody_takes_is_closed() {
        let (legacy, peer) = legacy(b"");
        assert!(is_open(&peer));
        legacy.offer(|_| false);
        assert!(!is_open(&peer));
    }

    #[test]
    #[cfg_attr(miri, ignore = "needs sockets")]
    fn what_is_no_descriptor_or_too_long_is_refused() {
        let long = vec![0; Legacy::MAX_STATE + 1];
        for (descriptor, state) in [(-1, &b"x"[..]), (i32::MAX, b"x"), (0, &long)] {
            let raw = abi::Legacy {
                size: size_of::<abi::Legacy>() as u32,
                descriptor,
                state: lend(state),
            };
            // SAFETY: lent; it is refused.
            assert!(unsafe { Legacy::own(&raw const raw) }.is_err());
        }
        let (ours, _theirs) = UnixStream::pair().unwrap();
        assert!(Legacy::new(ours, long).is_none());
    }
}
