//! Where messages are written to.

use bytes::BytesMut;

/// A buffer that grows at its end, and that can be cut back after a failure.
pub trait Output: sealed::Sealed {
    /// How many bytes it holds.
    fn length(&self) -> usize;
    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]);
    /// Cuts it back to a length.
    fn shorten(&mut self, length: usize);
}

impl Output for Vec<u8> {
    fn length(&self) -> usize {
        self.len()
    }

    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn shorten(&mut self, length: usize) {
        self.truncate(length);
    }
}

impl Output for BytesMut {
    fn length(&self) -> usize {
        self.len()
    }

    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn shorten(&mut self, length: usize) {
        self.truncate(length);
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "that is what seals it")]
    pub trait Sealed {}
    impl Sealed for Vec<u8> {}
    impl Sealed for bytes::BytesMut {}
}
