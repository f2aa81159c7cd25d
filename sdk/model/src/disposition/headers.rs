//! The message headers of RFC 5438.

use std::iter;

use bytestring::ByteString;
use thiserror::Error;

use super::{DispositionRequest, MessageId, MessageIdError};
use crate::{
    Header, MessageHeaders, NameAddress,
    message::{IMDN_HEADERS, ResolvedHeader},
};

/// The most addresses of each kind of route that are taken.
pub const MAX_ROUTES: usize = 32;

/// What the message headers of RFC 5438 say, in a message or in a report on one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImdnHeaders {
    /// The message's name. RFC 5438 §6.3.
    pub message_id: Option<MessageId>,
    /// What its sender asks to be told; in a report it counts for nothing (§7.2.1). RFC 5438 §6.2.
    pub request: DispositionRequest,
    /// Whom the sender wrote to, where somebody on the way has changed `To`. RFC 5438 §6.4.
    pub original_to: Option<NameAddress>,
    /// Those on the way who want to see the reports, the last of them first. RFC 5438 §6.5.
    pub record_route: Vec<NameAddress>,
    /// Those whom a report still has to pass, in order. RFC 5438 §6.6.
    pub route: Vec<NameAddress>,
}

/// Why the headers of RFC 5438 in a message are malformed; `index` counts its message headers from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImdnHeaderError {
    /// The message's name is none.
    #[error("the header `Message-ID`, number {index}, is malformed: {problem}")]
    MessageId {
        /// Which header.
        index: usize,
        /// What is wrong with it.
        problem: MessageIdError,
    },
    /// An address is none.
    #[error("the header `{header}`, number {index}, is no address")]
    Address {
        /// The header's name.
        header: &'static str,
        /// Which header.
        index: usize,
    },
    /// A header that may stand once stands twice.
    #[error("the header `{header}`, number {index}, stands there a second time")]
    Repeated {
        /// The header's name.
        header: &'static str,
        /// Which header.
        index: usize,
    },
    /// A route has more addresses than are taken.
    #[error("the header `{header}`, number {index}, is one more than the {max} that are taken")]
    TooManyRoutes {
        /// The header's name.
        header: &'static str,
        /// Which header.
        index: usize,
        /// The limit.
        max: usize,
    },
}

const MESSAGE_ID: &str = "Message-ID";
const REQUEST: &str = "Disposition-Notification";
const ORIGINAL_TO: &str = "Original-To";
const RECORD_ROUTE: &str = "IMDN-Record-Route";
const ROUTE: &str = "IMDN-Route";

impl ImdnHeaders {
    /// Reads them, whatever prefix their namespace has; names that RFC 5438 does not define are passed over.
    pub fn read(headers: &MessageHeaders) -> Result<Self, ImdnHeaderError> {
        let mut read = Self::default();
        for (index, resolved) in headers.resolved().enumerate() {
            if resolved.namespace == Some(IMDN_HEADERS) {
                read.take(&resolved, index)?;
            }
        }
        Ok(read)
    }

    /// Puts them behind other headers, in place of those that they say anew.
    ///
    /// What of the old ones is not known here, like values of `Disposition-Notification`, is lost with them.
    pub fn write(&self, headers: &MessageHeaders) -> MessageHeaders {
        let others = headers.resolved().filter(|resolved| !is_known(resolved));
        let mut written: MessageHeaders = others.map(|resolved| resolved.header.clone()).collect();
        let own = self.values();
        if own.is_empty() {
            return written;
        }
        let (prefix, is_declared) = prefix_for(&written);
        if !is_declared {
            written.push(Header::new("NS", format!("{prefix} <{IMDN_HEADERS}>")));
        }
        for (name, value) in own {
            written.push(Header::new(format!("{prefix}.{name}"), value));
        }
        written
    }

    /// Names the message.
    pub fn with_message_id(mut self, message_id: MessageId) -> Self {
        self.message_id = Some(message_id);
        self
    }

    /// Says what its sender asks to be told.
    pub const fn with_request(mut self, request: DispositionRequest) -> Self {
        self.request = request;
        self
    }

    /// Says whom the sender wrote to.
    pub fn with_original_to(mut self, original_to: NameAddress) -> Self {
        self.original_to = Some(original_to);
        self
    }

    /// Sets who on the way wants to see the reports.
    pub fn with_record_route(mut self, record_route: Vec<NameAddress>) -> Self {
        self.record_route = record_route;
        self
    }

    /// Sets whom a report has to pass.
    pub fn with_route(mut self, route: Vec<NameAddress>) -> Self {
        self.route = route;
        self
    }

    fn take(&mut self, resolved: &ResolvedHeader<'_>, index: usize) -> Result<(), ImdnHeaderError> {
        let value = &resolved.header.value;
        match resolved.name {
            MESSAGE_ID => {
                let id = MessageId::parse(value.slice_ref(value.trim()))
                    .map_err(|problem| ImdnHeaderError::MessageId { index, problem })?;
                once(&mut self.message_id, id, MESSAGE_ID, index)
            }
            REQUEST => {
                let asked = DispositionRequest::read(value);
                self.request = asked.iter().fold(self.request, DispositionRequest::with);
                Ok(())
            }
            ORIGINAL_TO => {
                let address = address(value, ORIGINAL_TO, index)?;
                once(&mut self.original_to, address, ORIGINAL_TO, index)
            }
            RECORD_ROUTE => add(&mut self.record_route, value, RECORD_ROUTE, index),
            ROUTE => add(&mut self.route, value, ROUTE, index),
            _ => Ok(()),
        }
    }

    /// The headers to write, without their prefix.
    fn values(&self) -> Vec<(&'static str, ByteString)> {
        let text = |address: &NameAddress| ByteString::from(address.to_string());
        let mut values = Vec::new();
        if let Some(id) = &self.message_id {
            values.push((MESSAGE_ID, id.as_text().clone()));
        }
        if !self.request.is_empty() {
            values.push((REQUEST, self.request.to_string().into()));
        }
        values.extend(self.original_to.iter().map(|to| (ORIGINAL_TO, text(to))));
        values.extend(
            self.record_route
                .iter()
                .map(|hop| (RECORD_ROUTE, text(hop))),
        );
        values.extend(self.route.iter().map(|hop| (ROUTE, text(hop))));
        values
    }
}

fn is_known(resolved: &ResolvedHeader<'_>) -> bool {
    let known = [MESSAGE_ID, REQUEST, ORIGINAL_TO, RECORD_ROUTE, ROUTE];
    resolved.namespace == Some(IMDN_HEADERS) && known.contains(&resolved.name)
}

/// A prefix that stands for the namespace behind all headers, or for none; and whether it does.
fn prefix_for(headers: &MessageHeaders) -> (String, bool) {
    let mut resolved = headers.resolved();
    resolved.by_ref().for_each(drop);
    // One more than there can be declarations, so that one of them is free.
    let numbered = (1..=headers.len()).map(|number| format!("imdn{number}"));
    let mut prefixes = iter::once("imdn".to_owned()).chain(numbered);
    let found = prefixes.find_map(|prefix| {
        let (namespace, _) = resolved.resolve(&format!("{prefix}.x"));
        match namespace {
            None => Some((prefix, false)),
            Some(IMDN_HEADERS) => Some((prefix, true)),
            Some(_) => None,
        }
    });
    found.unwrap_or_default()
}

fn once<T>(
    place: &mut Option<T>,
    value: T,
    header: &'static str,
    index: usize,
) -> Result<(), ImdnHeaderError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ImdnHeaderError::Repeated { header, index }),
    }
}

fn add(
    route: &mut Vec<NameAddress>,
    value: &ByteString,
    header: &'static str,
    index: usize,
) -> Result<(), ImdnHeaderError> {
    if route.len() >= MAX_ROUTES {
        let max = MAX_ROUTES;
        return Err(ImdnHeaderError::TooManyRoutes { header, index, max });
    }
    route.push(address(value, header, index)?);
    Ok(())
}

fn address(
    value: &ByteString,
    header: &'static str,
    index: usize,
) -> Result<NameAddress, ImdnHeaderError> {
    NameAddress::parse(value).ok_or(ImdnHeaderError::Address { header, index })
}
