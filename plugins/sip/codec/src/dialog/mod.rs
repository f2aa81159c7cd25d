//! Dialogs, without sockets and without a clock: what requests within one are written from (RFC 3261 §12).
//!
//! [`Dialog`] is the part that stays the same, as text too, so that it can be kept elsewhere and outlive the process that made it. Sequence
//! numbers are the caller's.

mod error;
mod text;

pub use self::error::DialogError;

use crate::{
    Address, Contacts, DecodeError, HeaderName, MessageWriter, Method, Output, Request, Response,
    SipMessage, Transport, Uri, uri::Security,
};

/// One end of a dialog: who talks to whom, under which name, and by which way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dialog {
    call_id: String,
    local: End,
    remote: End,
    /// Where the other end takes requests.
    target: String,
    /// What requests pass on their way there, the nearest first.
    routes: Vec<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct End {
    uri: String,
    tag: String,
}

/// How a request within a dialog leaves.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the caller has to name all of it"
)]
pub struct Leaving<'a> {
    /// Via's transport.
    pub transport: Transport<'a>,
    /// Via's sent-by.
    pub sent_by: &'a str,
    /// Via's branch.
    pub branch: &'a str,
    /// The number of CSeq, larger than that of the request before.
    pub sequence: u32,
    /// Max-Forwards.
    pub max_forwards: u8,
}

impl Dialog {
    /// The most routes.
    pub const MAX_ROUTES: usize = 16;

    /// The most bytes of all texts together.
    pub const MAX_LENGTH: usize = 2048;

    /// The dialog that a request begins, as the one who got it sees it; within a dialog, the request has our tag.
    ///
    /// # Errors
    ///
    /// What the request lacks for it, or has too much of. RFC 3261 §12.1.1.
    pub fn of_server(request: &Request<'_, '_>, local_tag: &str) -> Result<Self, DialogError> {
        let message = request.message();
        let local_tag = request.to().tag().unwrap_or(local_tag);
        let (local, remote) = (request.to(), request.from());
        let dialog = Self {
            call_id: request.call_id().to_owned(),
            local: End::new(local, Some(local_tag))?,
            remote: End::new(remote, remote.tag())?,
            target: target(message)?.ok_or(DialogError::NoContact)?,
            routes: routes(message)?,
        };
        dialog.bounded()
    }

    /// The dialog that a response to a request of ours begins, as we see it.
    ///
    /// # Errors
    ///
    /// As [`of_server`](Self::of_server). RFC 3261 §12.1.2.
    pub fn of_client(response: &Response<'_, '_>) -> Result<Self, DialogError> {
        let message = response.message();
        let (local, remote) = (response.from(), response.to());
        let mut routes = routes(message)?;
        routes.reverse();
        let dialog = Self {
            call_id: response.call_id().to_owned(),
            local: End::new(local, local.tag())?,
            remote: End::new(remote, remote.tag())?,
            target: target(message)?.ok_or(DialogError::NoContact)?,
            routes,
        };
        dialog.bounded()
    }

    /// Takes the other end's new address from a request or a response within the dialog, if that has one.
    ///
    /// # Errors
    ///
    /// The address is malformed or too long; the dialog is as it was. RFC 3261 §12.2.1.2, §12.2.2.
    pub fn refresh_target(&mut self, message: &SipMessage<'_>) -> Result<(), DialogError> {
        let Some(target) = target(message)? else {
            return Ok(());
        };
        let before = std::mem::replace(&mut self.target, target);
        if self.length() > Self::MAX_LENGTH {
            self.target = before;
            return Err(DialogError::TooLong);
        }
        Ok(())
    }

    /// The dialog with these routes, the nearest first, where they are kept elsewhere.
    ///
    /// # Errors
    ///
    /// One of them is no SIP URI, or there are too many.
    pub fn with_routes(mut self, routes: Vec<String>) -> Result<Self, DialogError> {
        let is_route = |route: &String| Uri::parse(route).is_ok_and(is_route);
        if !routes.iter().all(is_route) {
            return Err(DialogError::RouteUri);
        }
        if routes.len() > Self::MAX_ROUTES {
            return Err(DialogError::TooManyRoutes);
        }
        self.routes = routes;
        self.bounded()
    }

    /// What requests pass on their way, the nearest first.
    pub fn routes(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(String::as_str)
    }

    /// Begins a request within the dialog: all that it must have but Contact, which the caller adds (RFC 3261 §12.2.1.1).
    pub fn request<'o, O: Output>(
        &self,
        output: &'o mut O,
        method: Method<'_>,
        leaving: &Leaving<'_>,
    ) -> MessageWriter<'o, O> {
        let (uri, routes, last) = self.way();
        let writer = MessageWriter::request(output, method, uri)
            .via(leaving.transport, leaving.sent_by, leaving.branch)
            .max_forwards(leaving.max_forwards);
        let routes = routes.iter().map(String::as_str).chain(last);
        let writer = routes.fold(writer, |writer, route| {
            writer.header(HeaderName::Route, &format!("<{route}>"))
        });
        writer
            .from("", &self.local.uri, &self.local.tag)
            .to("", &self.remote.uri, &self.remote.tag)
            .call_id(&self.call_id)
            .cseq(leaving.sequence, method)
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Our tag.
    #[must_use]
    pub fn local_tag(&self) -> &str {
        &self.local.tag
    }

    /// The other end's tag.
    #[must_use]
    pub fn remote_tag(&self) -> &str {
        &self.remote.tag
    }

    /// Where the other end takes requests.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Where the next request goes first: the nearest route, else the target (RFC 3261 §12.2.1.1).
    #[must_use]
    pub fn next(&self) -> &str {
        self.routes.first().unwrap_or(&self.target)
    }

    /// The Request-URI, the routes, and the target where that stands behind them: a first route without `lr` takes its place.
    fn way(&self) -> (&str, &[String], Option<&str>) {
        match self.routes.split_first() {
            Some((first, rest)) if !is_loose(first) => (first, rest, Some(&self.target)),
            _ => (&self.target, &self.routes, None),
        }
    }

    fn length(&self) -> usize {
        let routes: usize = self.routes.iter().map(String::len).sum();
        let ends = [&self.local, &self.remote].map(|end| end.uri.len() + end.tag.len());
        self.call_id.len() + ends.iter().sum::<usize>() + self.target.len() + routes
    }

    fn bounded(self) -> Result<Self, DialogError> {
        match self.length() <= Self::MAX_LENGTH {
            true => Ok(self),
            false => Err(DialogError::TooLong),
        }
    }
}

impl End {
    fn new(address: &Address<'_>, tag: Option<&str>) -> Result<Self, DialogError> {
        Ok(Self {
            uri: address.uri_text().to_owned(),
            tag: tag.ok_or(DialogError::NoTag)?.to_owned(),
        })
    }
}

/// The one address of Contact.
fn target(message: &SipMessage<'_>) -> Result<Option<String>, DialogError> {
    let Contacts::List(mut contacts) = message.contacts()? else {
        return Err(DialogError::ContactUri);
    };
    let Some(contact) = contacts.next().transpose()? else {
        return Ok(None);
    };
    if contacts.next().is_some() {
        let header = HeaderName::Contact;
        return Err(DecodeError::Repeated { header }.into());
    }
    is_target(contact.uri())
        .then(|| Some(contact.uri_text().to_owned()))
        .ok_or(DialogError::ContactUri)
}

/// Whether requests can go to a URI from here.
const fn is_target(uri: Uri<'_>) -> bool {
    matches!(uri, Uri::Sip(uri) if matches!(uri.security(), Security::Sip) && !uri.has_headers())
}

/// What Record-Route lists, in its order.
fn routes(message: &SipMessage<'_>) -> Result<Vec<String>, DialogError> {
    let mut routes = Vec::new();
    for route in message.addresses(HeaderName::RecordRoute) {
        let route = route?;
        if !is_route(route.uri()) {
            return Err(DialogError::RouteUri);
        }
        if routes.len() == Dialog::MAX_ROUTES {
            return Err(DialogError::TooManyRoutes);
        }
        routes.push(route.uri_text().to_owned());
    }
    Ok(routes)
}

/// Whether requests can be sent by way of a URI.
const fn is_route(uri: Uri<'_>) -> bool {
    matches!(uri, Uri::Sip(uri) if !uri.has_headers())
}

fn is_loose(route: &str) -> bool {
    matches!(Uri::parse(route), Ok(Uri::Sip(uri)) if uri.param("lr").is_some())
}

#[cfg(test)]
mod tests;
