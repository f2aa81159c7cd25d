//! Operations as the other side of the contract may write them: what is taken is bounded, and crosses again unchanged.

#![no_main]

use std::ptr;

use libfuzzer_sys::fuzz_target;
use rialto_abi as abi;
use rialto_bridge::{
    operation::{Operation, own},
    read::{NONE, lend},
    response::MAX_DETAIL,
};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let failure = input.response();
    let headers: Vec<_> = (0..input.byte() % 4).map(|_| input.header()).collect();
    let mut raw = input.operation(&failure, &headers);
    let presence = input.presence();
    raw.presence = match input.byte() {
        0 => ptr::null(),
        _ => &raw const presence,
    };
    // SAFETY: all memory that is named is there; what is not is null, or longer than anything that is read.
    match unsafe { own(&raw const raw) } {
        Ok(operation) => {
            bounds(&operation);
            // SAFETY: what is lent follows the contract.
            let again = operation.lend(|raw| unsafe { own(raw) });
            assert_eq!(again, Ok(operation));
        }
        Err(error) => drop(error.to_string()),
    }
});

fn bounds(operation: &Operation) {
    let kept = match operation {
        Operation::Message(message) => [message.identity(), message.reference()],
        Operation::Disposition(disposition) => {
            let failure = disposition.failure();
            assert!(failure.is_none_or(|failure| failure.detail().len() <= MAX_DETAIL));
            [disposition.reference(), None]
        }
        Operation::Subscribe(subscription) => [subscription.reference(), None],
        Operation::Notify(notification) => [notification.reference(), None],
        Operation::Publish(_) => [None, None],
    };
    let mut kept = kept.into_iter().flatten();
    assert!(kept.all(|kept| kept.len() <= abi::MAX_KEPT));
}

/// What is left of the input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, left) = self.0.split_at(len.min(self.0.len()));
        self.0 = left;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    fn number(&mut self) -> u64 {
        let mut bytes = [0; 8];
        let taken = self.take(8);
        bytes[..taken.len()].copy_from_slice(taken);
        u64::from_le_bytes(bytes)
    }

    /// A kind, or a size in steps that reach beyond what is known.
    fn small(&mut self, step: u32) -> u32 {
        u32::from(self.byte()) * step
    }

    fn bytes(&mut self) -> abi::Bytes {
        match self.byte() {
            0 => NONE,
            1 => abi::Bytes {
                ptr: ptr::null(),
                len: 1,
            },
            2 => abi::Bytes {
                ptr: self.0.as_ptr(),
                len: usize::MAX,
            },
            3 => {
                let len = usize::from(self.byte()) * 32;
                lend(self.take(len))
            }
            _ => {
                let len = usize::from(self.byte());
                lend(self.take(len))
            }
        }
    }

    fn header(&mut self) -> abi::Header {
        abi::Header {
            name: self.bytes(),
            language: self.bytes(),
            parameters: self.bytes(),
            value: self.bytes(),
        }
    }

    fn response(&mut self) -> abi::Response {
        abi::Response {
            size: self.small(1),
            status: self.small(1),
            reason: self.small(1),
            origin: self.small(1),
            retry: self.small(1),
            reserved: 0,
            retry_after_ms: self.number(),
            transaction_id: self.bytes(),
            detail: self.bytes(),
            duration_ms: 0,
        }
    }

    fn presence(&mut self) -> abi::Presence {
        abi::Presence {
            size: self.small(1),
            package: self.small(1),
            subscription_id: self.bytes(),
            duration_ms: self.number(),
            state: self.small(1),
            reason: self.small(1),
            retry_after_ms: self.number(),
            version: self.number(),
            expected_version: self.number(),
        }
    }

    fn operation(&mut self, failure: &abi::Response, headers: &[abi::Header]) -> abi::Operation {
        abi::Operation {
            size: self.small(2),
            kind: self.small(1),
            deadline_ms: self.number(),
            max_forwards: self.small(2),
            flags: self.small(1),
            transaction_id: self.bytes(),
            source: self.bytes(),
            destination: self.bytes(),
            source_instance: self.bytes(),
            destination_instance: self.bytes(),
            next_hop: self.bytes(),
            thread: self.bytes(),
            content_type: self.bytes(),
            headers: headers.as_ptr(),
            headers_len: headers.len(),
            content_headers: ptr::null(),
            content_headers_len: usize::from(self.byte() == 1),
            payload: self.bytes(),
            owner: ptr::null_mut(),
            retain: None,
            release: None,
            identity: self.bytes(),
            reference: self.bytes(),
            time_to_live_ms: self.number(),
            concerning: self.bytes(),
            disposition: self.small(1),
            asked: self.small(1),
            message_id: self.bytes(),
            sent_at_ms: self.number(),
            failure: match self.byte() {
                0 => ptr::null(),
                _ => failure,
            },
            presence: ptr::null(),
        }
    }
}
