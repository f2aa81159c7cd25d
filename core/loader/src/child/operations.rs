//! Operations and responses in frames: the same data as on the boundary, so that what is read from a frame is what the contract lends.
#![expect(unsafe_code, reason = "reads what a view lends")]

use std::{marker::PhantomData, ptr};

use rialto_abi as abi;
use rialto_bridge::{
    Malformed, Outcome, operation,
    read::{self, NONE, lend},
    response,
};
use rialto_model::TransactionId;

use super::frame::{self, Frame, FrameError, Kind, Writer};

/// Appends an operation that this process lends. False: it is too long for a frame.
///
/// # Safety
/// `raw` follows the contract.
pub(crate) unsafe fn put_operation(
    out: &mut Vec<u8>,
    kind: Kind,
    ticket: u64,
    raw: &abi::Operation,
) -> bool {
    let mut malformed = Ok(());
    let fits = frame::put(out, kind, ticket, |frame| {
        // SAFETY: the caller's promise.
        malformed = unsafe { write(frame, raw) };
    });
    // A view is sound; nothing is sent of one that is not.
    fits && malformed.is_ok()
}

/// # Safety
/// As [`put_operation`].
unsafe fn write(frame: &mut Writer<'_>, raw: &abi::Operation) -> Result<(), Malformed> {
    let numbers = [
        raw.kind.into(),
        raw.deadline_ms,
        raw.max_forwards.into(),
        raw.flags.into(),
        raw.time_to_live_ms,
        raw.disposition.into(),
        raw.asked.into(),
        raw.sent_at_ms,
    ];
    for number in numbers {
        frame.number(number);
    }
    // SAFETY: the caller's promise, for all of these.
    unsafe {
        for text in [
            raw.transaction_id,
            raw.source,
            raw.destination,
            raw.source_instance,
            raw.destination_instance,
            raw.next_hop,
            raw.thread,
            raw.content_type,
            raw.identity,
            raw.reference,
            raw.concerning,
            raw.message_id,
            raw.payload,
        ] {
            slice(frame, text)?;
        }
        let headers = read::list("the list of headers", raw.headers, raw.headers_len)?;
        frame.number(headers.len() as u64);
        for header in headers {
            for text in [
                header.name,
                header.language,
                header.parameters,
                header.value,
            ] {
                slice(frame, text)?;
            }
        }
        let (first, len) = (raw.content_headers, raw.content_headers_len);
        let headers = read::list("the list of content headers", first, len)?;
        frame.number(headers.len() as u64);
        for header in headers {
            slice(frame, header.name)?;
            slice(frame, header.value)?;
        }
        match raw.failure.as_ref() {
            Some(failure) => write_response(frame.number(1), failure)?,
            None => drop(frame.number(0)),
        }
        match raw.presence.as_ref() {
            Some(presence) => write_presence(frame.number(1), presence)?,
            None => drop(frame.number(0)),
        }
    }
    Ok(())
}

/// # Safety
/// As [`put_operation`].
unsafe fn slice(frame: &mut Writer<'_>, slice: abi::Bytes) -> Result<(), Malformed> {
    if slice.ptr.is_null() {
        frame.optional(None);
    } else {
        // SAFETY: the caller's promise.
        frame.bytes(unsafe { read::bytes("a slice", slice) }?);
    }
    Ok(())
}

/// Where the lists of an operation lie that a frame holds; used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    headers: Vec<abi::Header>,
    content_headers: Vec<abi::ContentHeader>,
    failure: Option<abi::Response>,
    presence: Option<abi::Presence>,
}

/// An operation as the contract lends it, out of a frame.
#[derive(Debug)]
pub(crate) struct LentOperation<'a> {
    raw: abi::Operation,
    _frame: PhantomData<&'a [u8]>,
}

impl<'l> LentOperation<'l> {
    /// Reads an operation; of what it holds, only that it is within the frame is sure.
    pub(crate) fn read<'a: 'l>(
        frame: &mut Frame<'a>,
        lists: &'l mut Lists,
    ) -> Result<Self, FrameError> {
        let mut raw = operation::EMPTY;
        raw.kind = frame.code()?;
        raw.deadline_ms = frame.number()?;
        raw.max_forwards = frame.code()?;
        raw.flags = frame.code()?;
        raw.time_to_live_ms = frame.number()?;
        raw.disposition = frame.code()?;
        raw.asked = frame.code()?;
        raw.sent_at_ms = frame.number()?;
        for text in [
            &mut raw.transaction_id,
            &mut raw.source,
            &mut raw.destination,
            &mut raw.source_instance,
            &mut raw.destination_instance,
            &mut raw.next_hop,
            &mut raw.thread,
            &mut raw.content_type,
            &mut raw.identity,
            &mut raw.reference,
            &mut raw.concerning,
            &mut raw.message_id,
            &mut raw.payload,
        ] {
            *text = lent(frame)?;
        }
        lists.read(frame)?;
        (raw.headers, raw.headers_len) = (lists.headers.as_ptr(), lists.headers.len());
        raw.content_headers = lists.content_headers.as_ptr();
        raw.content_headers_len = lists.content_headers.len();
        raw.failure = lists.failure.as_ref().map_or(ptr::null(), ptr::from_ref);
        raw.presence = lists.presence.as_ref().map_or(ptr::null(), ptr::from_ref);
        Ok(Self {
            raw,
            _frame: PhantomData,
        })
    }

    pub(crate) const fn raw(&self) -> &abi::Operation {
        &self.raw
    }

    /// The name under which its response comes back.
    pub(crate) fn transaction_id(&self) -> Option<TransactionId> {
        // SAFETY: its slices lie in the frame.
        let id = unsafe { read::bytes("the transaction identifier", self.raw.transaction_id) };
        TransactionId::parse(id.ok()?).ok()
    }

    /// Takes it, checked as everything that a plugin says is.
    pub(crate) fn own(&self) -> Result<operation::Operation, Malformed> {
        // SAFETY: its slices lie in the frame, its lists in `Lists`; both outlive `self`.
        unsafe { operation::own(&raw const self.raw) }
    }
}

impl Lists {
    fn read(&mut self, frame: &mut Frame<'_>) -> Result<(), FrameError> {
        self.headers.clear();
        self.content_headers.clear();
        for _ in 0..frame.count(read::MAX_LIST)? {
            self.headers.push(abi::Header {
                name: lent(frame)?,
                language: lent(frame)?,
                parameters: lent(frame)?,
                value: lent(frame)?,
            });
        }
        for _ in 0..frame.count(read::MAX_LIST)? {
            self.content_headers.push(abi::ContentHeader {
                name: lent(frame)?,
                value: lent(frame)?,
            });
        }
        self.failure = match frame.count(1)? {
            0 => None,
            _ => Some(lent_response(frame)?),
        };
        self.presence = match frame.count(1)? {
            0 => None,
            _ => Some(lent_presence(frame)?),
        };
        Ok(())
    }
}

fn lent(frame: &mut Frame<'_>) -> Result<abi::Bytes, FrameError> {
    Ok(frame.optional()?.map_or(NONE, lend))
}

/// # Safety
/// As [`put_operation`].
unsafe fn write_presence(frame: &mut Writer<'_>, raw: &abi::Presence) -> Result<(), Malformed> {
    frame
        .number(raw.package.into())
        .number(raw.duration_ms)
        .number(raw.state.into())
        .number(raw.reason.into())
        .number(raw.retry_after_ms)
        .number(raw.version)
        .number(raw.expected_version);
    // SAFETY: the caller's promise.
    unsafe { slice(frame, raw.subscription_id) }
}

fn lent_presence(frame: &mut Frame<'_>) -> Result<abi::Presence, FrameError> {
    Ok(abi::Presence {
        size: size_of::<abi::Presence>() as u32,
        package: frame.code()?,
        duration_ms: frame.number()?,
        state: frame.code()?,
        reason: frame.code()?,
        retry_after_ms: frame.number()?,
        version: frame.number()?,
        expected_version: frame.number()?,
        subscription_id: lent(frame)?,
    })
}

/// Appends how a call ended.
pub(crate) fn put_answer(out: &mut Vec<u8>, ticket: u64, outcome: &Outcome) -> bool {
    let raw = response::outcome_view(outcome);
    let mut malformed = Ok(());
    let fits = frame::put(out, Kind::Answer, ticket, |frame| {
        // SAFETY: a view of what outlives this call.
        malformed = unsafe { write_response(frame, &raw) };
    });
    fits && malformed.is_ok()
}

/// # Safety
/// `raw` follows the contract.
unsafe fn write_response(frame: &mut Writer<'_>, raw: &abi::Response) -> Result<(), Malformed> {
    frame
        .number(raw.status.into())
        .number(raw.reason.into())
        .number(raw.origin.into())
        .number(raw.retry.into())
        .number(raw.retry_after_ms)
        .number(raw.duration_ms);
    // SAFETY: the caller's promise.
    unsafe { slice(frame, raw.detail) }
}

fn lent_response(frame: &mut Frame<'_>) -> Result<abi::Response, FrameError> {
    Ok(abi::Response {
        size: size_of::<abi::Response>() as u32,
        status: frame.code()?,
        reason: frame.code()?,
        origin: frame.code()?,
        retry: frame.code()?,
        reserved: 0,
        retry_after_ms: frame.number()?,
        duration_ms: frame.number()?,
        transaction_id: NONE,
        detail: lent(frame)?,
    })
}

/// Reads how a call ended; what makes no sense is a failure that says so.
pub(crate) fn read_answer(frame: &mut Frame<'_>) -> Result<Outcome, FrameError> {
    let raw = lent_response(frame)?;
    // SAFETY: its slices lie in the frame.
    let outcome = unsafe { response::outcome(&raw const raw, None) };
    Ok(outcome.unwrap_or_else(|error| response::malformed(&error).into()))
}
