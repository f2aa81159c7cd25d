//! Frames: what the two ends of the socket write to each other.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | the length of the whole frame |
//! | 4 | its [`Kind`] |
//! | 8 | a ticket, where the kind has one |
//! | rest | numbers of 8 bytes, and slices: 4 bytes of length, then so many |
//!
//! Both ends are one binary, so nothing here has to last. All numbers are little-endian.

use thiserror::Error;

/// The longest frame: the largest payload that the boundary takes, with texts and headers.
pub(crate) const MAX_FRAME: usize = 68 << 20;
/// What every frame has.
const HEAD: usize = 16;
/// The length that stands for a slice that is not there.
const NONE: u32 = u32::MAX;

/// What is wrong with a frame; its writer is not listened to any more.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum FrameError {
    #[error("a frame has {0} bytes")]
    Length(usize),
    #[error("a frame has the unknown kind {0}")]
    Kind(u32),
    #[error("a frame has the kind {0:?} where it has none")]
    Unexpected(Kind),
    #[error("a frame ends too early")]
    Short,
    #[error("a frame's text is not UTF-8")]
    NotUtf8,
    #[error("a frame's list has {0} entries")]
    List(u64),
    #[error("more is submitted than was agreed")]
    Credit,
    #[error("a submission has the number of an earlier one")]
    Ticket,
    #[error("the process is another one, or of another gateway")]
    Stranger,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal,)*) => {
        /// What a frame says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($(#[$doc])* $kind = $code,)* }

        impl Kind {
            fn from_code(code: u32) -> Result<Self, FrameError> {
                match code { $($code => Ok(Self::$kind),)* unknown => Err(FrameError::Kind(unknown)) }
            }
        }
    };
}

kinds! {
    /// To the child, first: who it is and what to load.
    Declare = 1,
    /// From the child, first: that it is who was started.
    Hello = 2,
    /// From the child: the library is open; its manifest.
    Opened = 3,
    /// From the child: the configuration is accepted; the claims.
    Loaded = 4,
    /// From the child: why it cannot go on.
    Refused = 5,
    /// To the child: begin.
    Start = 6,
    /// To the child: an operation.
    Deliver = 7,
    /// Either way: how the call with this ticket ended.
    Answer = 8,
    /// To the child: nobody waits for this delivery.
    Cancel = 9,
    /// To the child: which lines are wanted.
    Level = 10,
    /// To the child: end your work.
    Stop = 11,
    /// To the child: leave.
    Release = 12,
    /// To the child: are you there?
    Ping = 13,
    /// From the child: yes.
    Pong = 14,
    /// From the child: an operation.
    Submit = 15,
    /// From the child: nobody waits for this submission.
    CancelSubmit = 16,
    /// From the child: a line for the log.
    Log = 17,
    /// From the child: so many more.
    Count = 18,
    /// From the child: a value now.
    Gauge = 19,
    /// From the child: one value of a distribution.
    Observe = 20,
    /// From the child: how the adapter is.
    Health = 21,
    /// To the child: another has your place, end what your network has begun.
    MakeWay = 22,
}

/// Appends a frame; what `rest` writes is copied once, to where it is sent from. False, and nothing appended: it is too long.
pub(crate) fn put(
    out: &mut Vec<u8>,
    kind: Kind,
    ticket: u64,
    rest: impl FnOnce(&mut Writer<'_>),
) -> bool {
    let from = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(kind as u32).to_le_bytes());
    out.extend_from_slice(&ticket.to_le_bytes());
    rest(&mut Writer { out });
    let len = out.len() - from;
    if len > MAX_FRAME {
        out.truncate(from);
        return false;
    }
    if let Some(place) = out.get_mut(from..from + 4) {
        place.copy_from_slice(&(len as u32).to_le_bytes());
    }
    true
}

/// Writes the rest of a frame.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.out.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        // What does not fit into the length makes the frame too long as well.
        let len = u32::try_from(bytes.len()).unwrap_or(NONE - 1);
        self.out.extend_from_slice(&len.to_le_bytes());
        self.out.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn optional(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => {
                self.out.extend_from_slice(&NONE.to_le_bytes());
                self
            }
        }
    }
}

/// A frame, read from its beginning.
#[derive(Clone, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) ticket: u64,
    rest: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The first frame of `from` and its length; `None`: it is not all there yet.
    pub(crate) fn first(from: &'a [u8]) -> Result<Option<(Self, usize)>, FrameError> {
        let Some((len, _)) = from.split_first_chunk() else {
            return Ok(None);
        };
        let len = u32::from_le_bytes(*len) as usize;
        if !(HEAD..=MAX_FRAME).contains(&len) {
            return Err(FrameError::Length(len));
        }
        let Some(whole) = from.get(..len) else {
            return Ok(None);
        };
        let mut frame = Self {
            kind: Kind::Declare,
            ticket: 0,
            rest: whole,
        };
        frame.take::<4>()?;
        frame.kind = Kind::from_code(u32::from_le_bytes(frame.take()?))?;
        frame.ticket = frame.number()?;
        Ok(Some((frame, len)))
    }

    pub(crate) const fn len(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn number(&mut self) -> Result<u64, FrameError> {
        self.take().map(u64::from_le_bytes)
    }

    /// A number that stands for a kind; what is larger stands for none.
    pub(crate) fn code(&mut self) -> Result<u32, FrameError> {
        let number = self.number()?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// How many entries follow.
    pub(crate) fn count(&mut self, most: usize) -> Result<usize, FrameError> {
        let count = self.number()?;
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= most)
            .ok_or(FrameError::List(count))
    }

    pub(crate) fn optional(&mut self) -> Result<Option<&'a [u8]>, FrameError> {
        let len = u32::from_le_bytes(self.take()?);
        if len == NONE {
            return Ok(None);
        }
        let split = self.rest.split_at_checked(len as usize);
        let (bytes, rest) = split.ok_or(FrameError::Short)?;
        self.rest = rest;
        Ok(Some(bytes))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        self.optional()?.ok_or(FrameError::Short)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, FrameError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| FrameError::NotUtf8)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(FrameError::Short)?;
        self.rest = rest;
        Ok(*taken)
    }
}
