//! An operation, lent.
#![expect(unsafe_code, reason = "hands a payload to the other side's keeping")]

use std::{ffi::c_void, marker::PhantomData, ptr};

use bytestring::ByteString;
use rialto_abi as abi;
use rialto_model::{Authentication, ContentHeader, Header, MessageOperation, Payload};

use crate::{
    durations::limit_ms,
    read::{NONE, lend},
};

/// An operation, lent to the other side for the time of a call.
#[derive(Debug)]
pub struct View<'a> {
    raw: abi::Operation,
    _headers: Vec<abi::Header>,
    _content_headers: Vec<abi::ContentHeader>,
    _operation: PhantomData<&'a MessageOperation>,
}

impl<'a> View<'a> {
    /// Lends the operation.
    pub fn of(operation: &'a MessageOperation) -> Self {
        let message = operation.message();
        let headers: Vec<_> = message.headers().iter().map(header_view).collect();
        let content_headers: Vec<_> = message
            .content_headers()
            .iter()
            .map(content_header_view)
            .collect();
        let raw = abi::Operation {
            kind: abi::KIND_MESSAGE,
            deadline_ms: limit_ms(operation.deadline()),
            max_forwards: operation.max_forwards().hops().into(),
            flags: flags(operation),
            transaction_id: lend(operation.transaction_id().as_bytes()),
            source: text_view(operation.source().uri()),
            destination: text_view(operation.destination().uri()),
            source_instance: optional_view(operation.source_instance()),
            destination_instance: optional_view(operation.destination_instance()),
            next_hop: optional_view(operation.next_hop()),
            thread: optional_view(message.thread()),
            content_type: text_view(message.content_type()),
            headers: headers.as_ptr(),
            headers_len: headers.len(),
            content_headers: content_headers.as_ptr(),
            content_headers_len: content_headers.len(),
            payload: lend(message.payload().as_bytes()),
            owner: ptr::from_ref(message.payload()).cast_mut().cast(),
            retain: Some(retain),
            release: Some(release),
            identity: optional_view(operation.identity()),
            reference: optional_view(operation.reference()),
            time_to_live_ms: limit_ms(operation.time_to_live()),
            ..EMPTY
        };
        Self {
            raw,
            _headers: headers,
            _content_headers: content_headers,
            _operation: PhantomData,
        }
    }

    /// What to hand to the other side; valid as long as the view.
    pub const fn raw(&self) -> &abi::Operation {
        &self.raw
    }
}

/// An operation of which nothing is said.
pub const EMPTY: abi::Operation = abi::Operation {
    size: size_of::<abi::Operation>() as u32,
    kind: 0,
    deadline_ms: 0,
    max_forwards: 0,
    flags: 0,
    transaction_id: NONE,
    source: NONE,
    destination: NONE,
    source_instance: NONE,
    destination_instance: NONE,
    next_hop: NONE,
    thread: NONE,
    content_type: NONE,
    headers: ptr::null(),
    headers_len: 0,
    content_headers: ptr::null(),
    content_headers_len: 0,
    payload: NONE,
    owner: ptr::null_mut(),
    retain: None,
    release: None,
    identity: NONE,
    reference: NONE,
    time_to_live_ms: 0,
    concerning: NONE,
    disposition: abi::DISPOSITION_NONE,
    asked: 0,
    message_id: NONE,
    sent_at_ms: 0,
    failure: ptr::null(),
    presence: ptr::null(),
};

fn flags(operation: &MessageOperation) -> u32 {
    let mut flags = authentication_flag(operation.authentication());
    if operation.is_ephemeral() {
        flags |= abi::FLAG_EPHEMERAL;
    }
    flags
}

#[inline]
pub(super) const fn authentication_flag(authentication: Authentication) -> u32 {
    match authentication.is_authenticated() {
        true => abi::FLAG_AUTHENTICATED,
        false => 0,
    }
}

pub(super) fn text_view(text: &ByteString) -> abi::Bytes {
    lend(text.as_bytes())
}

pub(super) fn optional_view(text: Option<&ByteString>) -> abi::Bytes {
    text.map_or(NONE, text_view)
}

fn header_view(header: &Header) -> abi::Header {
    abi::Header {
        name: text_view(&header.name),
        language: optional_view(header.language.as_ref()),
        parameters: text_view(&header.parameters),
        value: text_view(&header.value),
    }
}

fn content_header_view(header: &ContentHeader) -> abi::ContentHeader {
    abi::ContentHeader {
        name: text_view(&header.name),
        value: text_view(&header.value),
    }
}

/// # Safety
/// `owner` comes from a view whose call has not returned.
pub(super) unsafe extern "C" fn retain(owner: *mut c_void) -> *mut c_void {
    // SAFETY: the caller's promise.
    let payload = unsafe { &*owner.cast::<Payload>() };
    Box::into_raw(Box::new(payload.clone())).cast()
}

/// # Safety
/// `retained` comes from [`retain`] and is used for the last time.
pub(super) unsafe extern "C" fn release(retained: *mut c_void) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(retained.cast::<Payload>()) });
}
