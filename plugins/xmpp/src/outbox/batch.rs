//! Bytes that are written at once, and the messages in them.

/// What a stream takes as one piece; it need not take all of it.
#[derive(Debug)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// The messages' numbers, and where they end.
    ends: Vec<(u64, usize)>,
    /// Bytes that the stream has taken.
    taken: usize,
}

impl Batch {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::new(),
            taken: 0,
        }
    }

    /// Adds a reply, or the message of this number.
    pub(super) fn push(&mut self, bytes: &[u8], message: Option<u64>) {
        self.bytes.extend_from_slice(bytes);
        if let Some(number) = message {
            self.ends.push((number, self.bytes.len()));
        }
    }

    /// Where what belongs to no message can be written.
    pub(super) fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What the stream has still to take.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// The stream has taken so much more.
    pub(crate) fn take(&mut self, count: usize) {
        self.taken += count;
        if self.rest().is_empty() {
            self.bytes.clear();
            self.ends.clear();
            self.taken = 0;
        }
    }

    /// The first message that the stream has not taken whole: of it and those behind it, a server can make nothing.
    pub(crate) fn first_unsent(&self) -> Option<u64> {
        let mut ends = self.ends.iter();
        let unsent = ends.find(|(_, end)| *end > self.taken);
        unsent.map(|(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;

    #[test]
    fn message_is_sent_once_its_last_byte_is_taken() {
        let mut batch = Batch::with_capacity(16);
        assert_eq!(batch.first_unsent(), None);
        batch.push(b"r", None);
        batch.push(b"m07", Some(7));
        batch.push(b"m8", Some(8));
        batch.tail().extend_from_slice(b"ping");
        for (count, unsent, rest) in [
            (0, Some(7), "rm07m8ping"),
            (3, Some(7), "7m8ping"),
            (1, Some(8), "m8ping"),
            (1, Some(8), "8ping"),
            (1, None, "ping"),
            (3, None, "g"),
        ] {
            batch.take(count);
            assert_eq!(batch.first_unsent(), unsent);
            assert_eq!(batch.rest(), rest.as_bytes());
        }
        batch.take(1);
        assert!(batch.is_empty());

        batch.push(b"m9", Some(9));
        assert_eq!(batch.first_unsent(), Some(9), "nothing is left of before");
    }
}
