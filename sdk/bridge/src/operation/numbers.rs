//! The numbers that stand for dispositions and for what is asked of them.

use rialto_abi as abi;
use rialto_model::{Disposition, DispositionRequest, DispositionType, Notify};

use crate::read::Malformed;

const DISPOSITIONS: [(Disposition, u32); Disposition::ALL.len()] = {
    use DispositionType::{Delivery, Display, Processing};
    [
        (Disposition::Delivered, abi::DISPOSITION_DELIVERED),
        (Disposition::Failed, abi::DISPOSITION_FAILED),
        (Disposition::Processed, abi::DISPOSITION_PROCESSED),
        (Disposition::Stored, abi::DISPOSITION_STORED),
        (Disposition::Displayed, abi::DISPOSITION_DISPLAYED),
        (
            Disposition::Forbidden(Delivery),
            abi::DISPOSITION_DELIVERY_FORBIDDEN,
        ),
        (
            Disposition::Forbidden(Processing),
            abi::DISPOSITION_PROCESSING_FORBIDDEN,
        ),
        (
            Disposition::Forbidden(Display),
            abi::DISPOSITION_DISPLAY_FORBIDDEN,
        ),
        (
            Disposition::Error(Delivery),
            abi::DISPOSITION_DELIVERY_ERROR,
        ),
        (
            Disposition::Error(Processing),
            abi::DISPOSITION_PROCESSING_ERROR,
        ),
        (Disposition::Error(Display), abi::DISPOSITION_DISPLAY_ERROR),
    ]
};

const ASKED: [(Notify, u32); Notify::ALL.len()] = [
    (Notify::PositiveDelivery, abi::ASKED_POSITIVE_DELIVERY),
    (Notify::NegativeDelivery, abi::ASKED_NEGATIVE_DELIVERY),
    (Notify::Processing, abi::ASKED_PROCESSING),
    (Notify::Display, abi::ASKED_DISPLAY),
];

pub(super) fn disposition_number(disposition: Disposition) -> u32 {
    DISPOSITIONS
        .iter()
        .find(|(known, _)| *known == disposition)
        .map_or(abi::DISPOSITION_NONE, |(_, number)| *number)
}

pub(super) fn disposition(number: u32) -> Result<Disposition, Malformed> {
    DISPOSITIONS
        .iter()
        .find(|(_, known)| *known == number)
        .map(|(disposition, _)| *disposition)
        .ok_or(Malformed::Unknown {
            what: "the disposition",
            number,
        })
}

pub(super) fn asked_bits(request: DispositionRequest) -> u32 {
    ASKED
        .iter()
        .filter(|(notify, _)| request.contains(*notify))
        .fold(0, |bits, (_, bit)| bits | bit)
}

/// What is not known is passed over. RFC 5438 §7.2.1.
pub(super) fn request(bits: u32) -> DispositionRequest {
    ASKED
        .iter()
        .filter(|(_, bit)| bits & bit != 0)
        .map(|(notify, _)| *notify)
        .collect()
}
