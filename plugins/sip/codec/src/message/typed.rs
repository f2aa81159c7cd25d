//! Typed values of header fields, read when they are asked for.

use std::borrow::Cow;

use super::SipMessage;
use crate::{
    Address, CSeq, Date, DecodeError, HeaderName, MediaType, RetryAfter, SubscriptionState,
    TokenValue, Values, Via, Warning,
    header::{content_length, first_via, number_up_to, read_token, read_word},
    lex::Cursor,
    limits::{MAX_LIST_ELEMENTS, MAX_VIAS},
};

/// The header fields that must be there; missing, repeated or malformed ones are errors.
impl<'a> SipMessage<'a> {
    /// The topmost Via value.
    ///
    /// # Errors
    ///
    /// Missing or malformed.
    pub fn via(&self) -> Result<Via<'a>, DecodeError> {
        let header = HeaderName::Via;
        let via = self.header(header).ok_or(DecodeError::Missing { header })?;
        first_via(via.at(), via.text()?).map(|(via, _)| via)
    }

    /// From.
    ///
    /// # Errors
    ///
    /// Missing, repeated or malformed.
    pub fn from(&self) -> Result<Address<'a>, DecodeError> {
        self.mandatory(HeaderName::From, Address::read)
    }

    /// To.
    ///
    /// # Errors
    ///
    /// Missing, repeated or malformed.
    pub fn to(&self) -> Result<Address<'a>, DecodeError> {
        self.mandatory(HeaderName::To, Address::read)
    }

    /// Call-ID.
    ///
    /// # Errors
    ///
    /// Missing, repeated or malformed.
    pub fn call_id(&self) -> Result<&'a str, DecodeError> {
        self.mandatory(HeaderName::CallId, read_word)
    }

    /// CSeq.
    ///
    /// # Errors
    ///
    /// Missing, repeated or malformed.
    pub fn cseq(&self) -> Result<CSeq<'a>, DecodeError> {
        self.mandatory(HeaderName::CSeq, CSeq::read)
    }
}

/// The header fields that may be there; `None` says that one is not.
impl<'a> SipMessage<'a> {
    /// Max-Forwards, 0 to 255.
    ///
    /// # Errors
    ///
    /// Repeated, malformed or out of range.
    pub fn max_forwards(&self) -> Result<Option<u8>, DecodeError> {
        let number = self.optional_number(HeaderName::MaxForwards, u32::from(u8::MAX))?;
        Ok(number.and_then(|number| u8::try_from(number).ok()))
    }

    /// Expires, in seconds.
    ///
    /// # Errors
    ///
    /// Repeated, malformed or out of range; RFC 4475 §3.1.2.4 lets one take the default then.
    pub fn expires(&self) -> Result<Option<u32>, DecodeError> {
        self.optional_number(HeaderName::Expires, u32::MAX)
    }

    /// Min-Expires, in seconds.
    ///
    /// # Errors
    ///
    /// Repeated, malformed or out of range.
    pub fn min_expires(&self) -> Result<Option<u32>, DecodeError> {
        self.optional_number(HeaderName::MinExpires, u32::MAX)
    }

    /// Content-Length.
    ///
    /// # Errors
    ///
    /// None, once [`SipMessage::parse`] has taken the message.
    pub fn content_length(&self) -> Result<Option<usize>, DecodeError> {
        let header = self.single(HeaderName::ContentLength)?;
        header
            .map(|header| content_length(header.value(), header.at()))
            .transpose()
    }

    /// Content-Type.
    ///
    /// # Errors
    ///
    /// Repeated or malformed.
    pub fn content_type(&self) -> Result<Option<MediaType<'a>>, DecodeError> {
        self.optional(HeaderName::ContentType, MediaType::read)
    }

    /// Content-Disposition.
    ///
    /// # Errors
    ///
    /// Repeated or malformed.
    pub fn content_disposition(&self) -> Result<Option<TokenValue<'a>>, DecodeError> {
        self.optional(HeaderName::ContentDisposition, TokenValue::read)
    }

    /// Date.
    ///
    /// # Errors
    ///
    /// Repeated or malformed; RFC 4475 §3.1.2.12 advises to go on without it.
    pub fn date(&self) -> Result<Option<Date>, DecodeError> {
        self.cursor(HeaderName::Date)?.map(Date::read).transpose()
    }

    /// Event (RFC 6665).
    ///
    /// # Errors
    ///
    /// Repeated or malformed.
    pub fn event(&self) -> Result<Option<TokenValue<'a>>, DecodeError> {
        self.optional(HeaderName::Event, TokenValue::read)
    }

    /// Subscription-State (RFC 6665).
    ///
    /// # Errors
    ///
    /// Repeated or malformed.
    pub fn subscription_state(&self) -> Result<Option<SubscriptionState<'a>>, DecodeError> {
        let value = self.optional(HeaderName::SubscriptionState, TokenValue::read)?;
        Ok(value.map(SubscriptionState::new))
    }

    /// Priority.
    ///
    /// # Errors
    ///
    /// Repeated or malformed.
    pub fn priority(&self) -> Result<Option<&'a str>, DecodeError> {
        self.optional(HeaderName::Priority, read_token)
    }

    /// Reply-To.
    ///
    /// # Errors
    ///
    /// Repeated or malformed.
    pub fn reply_to(&self) -> Result<Option<Address<'a>>, DecodeError> {
        self.optional(HeaderName::ReplyTo, Address::read)
    }

    /// Retry-After.
    ///
    /// # Errors
    ///
    /// Repeated or malformed.
    pub fn retry_after(&self) -> Result<Option<RetryAfter<'a>>, DecodeError> {
        self.optional(HeaderName::RetryAfter, RetryAfter::read)
    }

    /// The text of Subject, User-Agent and others of free form, its folding undone.
    ///
    /// # Errors
    ///
    /// Repeated or not UTF-8.
    pub fn text(&self, name: HeaderName) -> Result<Option<Cow<'a, str>>, DecodeError> {
        let Some(header) = self.single(name)? else {
            return Ok(None);
        };
        let text = header.text()?;
        if !header.is_folded() {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let lines: Vec<_> = text
            .split("\r\n")
            .map(|line| line.trim_matches([' ', '\t']))
            .collect();
        Ok(Some(Cow::Owned(lines.join(" "))))
    }
}

/// The header fields that are lists.
impl<'a> SipMessage<'a> {
    /// All Via values, topmost first.
    #[must_use]
    pub const fn vias(&self) -> Values<'_, 'a, Via<'a>> {
        Values::new(self, HeaderName::Via, MAX_VIAS, Via::read)
    }

    /// Contact.
    ///
    /// # Errors
    ///
    /// A star beside other values.
    pub fn contacts(&self) -> Result<Contacts<'_, 'a>, DecodeError> {
        let name = HeaderName::Contact;
        if self
            .header(name)
            .is_some_and(|header| header.value() == b"*")
        {
            self.single(name)?;
            return Ok(Contacts::Star);
        }
        Ok(Contacts::List(self.addresses(name)))
    }

    /// Route, Record-Route and others that hold addresses.
    #[must_use]
    pub const fn addresses(&self, name: HeaderName) -> Values<'_, 'a, Address<'a>> {
        Values::new(self, name, MAX_LIST_ELEMENTS, Address::read)
    }

    /// Require, Proxy-Require, Supported, Unsupported, Allow, Allow-Events, Content-Encoding and
    /// Content-Language.
    #[must_use]
    pub const fn tokens(&self, name: HeaderName) -> Values<'_, 'a, &'a str> {
        Values::new(self, name, MAX_LIST_ELEMENTS, read_token)
    }

    /// Accept.
    #[must_use]
    pub const fn accept(&self) -> Values<'_, 'a, MediaType<'a>> {
        Values::new(self, HeaderName::Accept, MAX_LIST_ELEMENTS, MediaType::read)
    }

    /// In-Reply-To: Call-IDs.
    #[must_use]
    pub const fn in_reply_to(&self) -> Values<'_, 'a, &'a str> {
        Values::new(self, HeaderName::InReplyTo, MAX_LIST_ELEMENTS, read_word)
    }

    /// Warning.
    #[must_use]
    pub const fn warnings(&self) -> Values<'_, 'a, Warning<'a>> {
        Values::new(self, HeaderName::Warning, MAX_LIST_ELEMENTS, Warning::read)
    }
}

impl<'a> SipMessage<'a> {
    /// The only value of a name; an error when there are more.
    fn cursor(&self, name: HeaderName) -> Result<Option<Cursor<'a>>, DecodeError> {
        let Some(entry) = self.only(name)? else {
            return Ok(None);
        };
        let text = match entry.text(self.head) {
            Some(text) => text,
            None => entry.header(self.bytes, self.head).text()?,
        };
        Ok(Some(Cursor::new(name, entry.at(), text)))
    }

    fn optional<T>(
        &self,
        name: HeaderName,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        let Some(mut cursor) = self.cursor(name)? else {
            return Ok(None);
        };
        let value = read(&mut cursor)?;
        cursor.finish()?;
        Ok(Some(value))
    }

    fn mandatory<T>(
        &self,
        header: HeaderName,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let cursor = self.cursor(header)?;
        let mut cursor = cursor.ok_or(DecodeError::Missing { header })?;
        let value = read(&mut cursor)?;
        cursor.finish()?;
        Ok(value)
    }

    fn optional_number(&self, name: HeaderName, limit: u32) -> Result<Option<u32>, DecodeError> {
        self.optional(name, |cursor| number_up_to(cursor, name, limit))
    }
}

/// What Contact holds (RFC 3261 §20.10).
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the grammar has these two")]
pub enum Contacts<'m, 'a> {
    /// A star: all bindings.
    Star,
    /// Addresses; none when there is no such header field.
    List(Values<'m, 'a, Address<'a>>),
}
