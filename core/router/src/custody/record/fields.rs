//! What several kinds of record have.

use std::time::Duration;

use rialto_model::{
    ByteString, Disposition, DispositionRequest, Failure, FailureReason, InstantInbox, MessageId,
    Notify, Origin, Retry, TransactionId,
};

use super::{Reader, Unreadable, Writer};
use crate::custody::clock::Millis;

impl Writer {
    pub(crate) fn id(&mut self, id: &TransactionId) {
        self.bytes(id.as_bytes());
    }

    pub(crate) fn inbox(&mut self, inbox: &InstantInbox) {
        self.bytes(inbox.as_str().as_bytes());
    }

    pub(crate) fn message_id(&mut self, id: Option<&MessageId>) {
        self.optional(id.map(MessageId::as_text));
    }

    pub(crate) fn millis(&mut self, millis: Millis) {
        self.number(millis.0);
    }

    pub(crate) fn request(&mut self, request: DispositionRequest) {
        let bits = Notify::ALL.into_iter().enumerate();
        self.byte(bits.fold(0, |bits, (bit, notify)| {
            bits | u8::from(request.contains(notify)) << bit
        }));
    }

    pub(crate) fn disposition(&mut self, disposition: Disposition) {
        let position = Disposition::ALL.iter().position(|of| *of == disposition);
        self.byte(position.unwrap_or_default() as u8);
    }

    pub(crate) fn failure(&mut self, failure: &Failure) {
        self.number(failure.reason().code().into());
        self.byte(match failure.origin() {
            Origin::Sender => 0,
            Origin::Peer => 1,
            Origin::Plugin => 2,
            Origin::Operator => 4,
            _ => 3,
        });
        match failure.retry() {
            Retry::Never => self.byte(0),
            Retry::After(time) => {
                self.byte(1);
                self.number(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            }
            _ => self.byte(2),
        }
        self.bytes(failure.detail().as_bytes());
    }
}

impl Reader<'_> {
    pub(crate) fn id(&mut self) -> Result<TransactionId, Unreadable> {
        TransactionId::parse(&self.bytes()?)
            .map_err(|_| Unreadable::Damaged("a transaction identifier is none"))
    }

    pub(crate) fn inbox(&mut self) -> Result<InstantInbox, Unreadable> {
        InstantInbox::parse(&self.text()?)
            .map_err(|_| Unreadable::Damaged("an address is no instant inbox"))
    }

    pub(crate) fn message_id(&mut self) -> Result<Option<MessageId>, Unreadable> {
        let text: Option<ByteString> = self.optional()?;
        text.map(MessageId::parse)
            .transpose()
            .map_err(|_| Unreadable::Damaged("a message's id is none"))
    }

    pub(crate) fn millis(&mut self) -> Result<Millis, Unreadable> {
        self.number().map(Millis)
    }

    pub(crate) fn request(&mut self) -> Result<DispositionRequest, Unreadable> {
        let bits = self.byte()?;
        if usize::from(bits) >= 1 << Notify::ALL.len() {
            return Err(Unreadable::Damaged("something unknown is asked for"));
        }
        let asked = Notify::ALL.into_iter().enumerate();
        Ok(asked
            .filter(|(bit, _)| bits & 1 << bit != 0)
            .map(|(_, notify)| notify)
            .collect())
    }

    pub(crate) fn disposition(&mut self) -> Result<Disposition, Unreadable> {
        let all = Disposition::ALL.get(usize::from(self.byte()?));
        all.copied()
            .ok_or(Unreadable::Damaged("a disposition is unknown"))
    }

    pub(crate) fn failure(&mut self) -> Result<Failure, Unreadable> {
        let code = u32::try_from(self.number()?)
            .map_err(|_| Unreadable::Damaged("a reason is unknown"))?;
        let origin = match self.byte()? {
            0 => Origin::Sender,
            1 => Origin::Peer,
            2 => Origin::Plugin,
            3 => Origin::Host,
            4 => Origin::Operator,
            _ => return Err(Unreadable::Damaged("an origin is unknown")),
        };
        let retry = match self.byte()? {
            0 => Retry::Never,
            1 => Retry::After(Duration::from_millis(self.number()?)),
            2 => Retry::Backoff,
            _ => return Err(Unreadable::Damaged("a retry is unknown")),
        };
        let detail = String::from(&*self.text()?);
        Ok(Failure::new(FailureReason::from_code(code))
            .with_origin(origin)
            .with_retry(retry)
            .with_detail(detail))
    }
}
