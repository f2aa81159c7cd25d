//! Our Contact of a watcher's dialog, which says what its later requests do not.
//!
//! ```text
//! sip:juliet%40xmpp.example@192.0.2.1:5060;rr=sip:p1.example%3Blr%20sip:p2.example%3Blr
//! ```
//!
//! A request within a dialog comes to this address. Its To may be an alias of the presentity, and the routes that the first request had recorded
//! are not recorded again (RFC 3261 §12.2); so both stand here, and nothing has to be remembered. Notifications say here too that
//! other devices share the subscription (`;shared`), which a refresh after a restart must not take for one of a device alone.

use rialto_sdk::{
    model::Presentity,
    prelude::{Domain, FailureReason},
};
use rialto_sip_codec::{Dialog, HeaderName, Request, StatusCode, Uri, uri::escape};

use crate::{
    config::Hop,
    locals::Locals,
    mapping::{
        Rejection,
        address::{escaped_parameter, presentity},
    },
};

/// The parameter with the routes.
const ROUTES: &str = "rr";
/// The parameter of a subscription that devices share.
const SHARED: &str = "shared";

/// Our Contact, but for where we are.
#[derive(Debug)]
pub(crate) struct OwnContact {
    user: String,
    /// The routes, escaped; mostly none.
    routes: String,
    is_shared: bool,
}

impl OwnContact {
    /// That of the dialog that a request begins or belongs to.
    pub(crate) fn of_request(request: &Request<'_, '_>, number_domain: Option<&Domain>) -> Self {
        let target = target(request, number_domain).ok();
        let routes = match request.to().tag() {
            Some(_) => kept(request.uri()).unwrap_or_default().to_owned(),
            None => {
                let recorded = request.message().addresses(HeaderName::RecordRoute);
                let recorded = recorded.map_while(Result::ok);
                escaped(recorded.map(|route| route.uri_text()))
            }
        };
        Self {
            user: target.as_ref().map(user).unwrap_or_default(),
            routes,
            is_shared: is_shared(request),
        }
    }

    /// That of a watcher's dialog.
    pub(crate) fn of_dialog(target: &Presentity, dialog: &Dialog, is_shared: bool) -> Self {
        Self {
            user: user(target),
            routes: escaped(dialog.routes()),
            is_shared,
        }
    }

    /// That of a dialog of the gateway's own, which needs no routes kept.
    pub(crate) fn of_watcher(watcher: &Presentity) -> Self {
        Self {
            user: user(watcher),
            routes: String::new(),
            is_shared: false,
        }
    }

    /// The value of the header field, for a peer there.
    pub(crate) fn value(&self, locals: &Locals, hop: Hop) -> String {
        let address = locals.contact(&self.user, hop);
        let shared = if self.is_shared { ";shared" } else { "" };
        match self.routes.as_str() {
            "" => format!("<{address}{shared}>"),
            routes => format!("<{address}{shared};{ROUTES}={routes}>"),
        }
    }
}

/// The presentity: by the Request-URI at first; within a dialog that is our Contact, which says it too.
pub(super) fn target(
    request: &Request<'_, '_>,
    number_domain: Option<&Domain>,
) -> Result<Presentity, Rejection> {
    let uri = match request.to().tag() {
        None => request.uri(),
        Some(_) => match mailbox(request.uri()) {
            Some(target) => return Ok(target),
            None => request.to().uri(),
        },
    };
    match uri {
        Uri::Tel(_) if number_domain.is_none() => {
            Err(Rejection::Status(StatusCode::UNSUPPORTED_URI_SCHEME))
        }
        uri => {
            let target = presentity(uri, number_domain);
            target.map_err(|_| FailureReason::InvalidDestination.into())
        }
    }
}

/// The routes that were recorded when the dialog of a request began; `None` where it begins with it.
pub(super) fn routes(request: &Request<'_, '_>) -> Option<Vec<String>> {
    request.to().tag()?;
    let kept = kept(request.uri()).and_then(escape::unescape_text);
    let kept = kept.unwrap_or_default();
    let routes = kept.split(' ').filter(|route| !route.is_empty());
    Some(routes.map(str::to_owned).collect())
}

/// Whether other devices shared the subscription when this one was told last.
pub(super) fn is_shared(request: &Request<'_, '_>) -> bool {
    let is_within = request.to().tag().is_some();
    is_within && matches!(request.uri(), Uri::Sip(uri) if uri.param(SHARED).is_some())
}

fn kept(uri: Uri<'_>) -> Option<&str> {
    match uri {
        Uri::Sip(uri) => uri.param(ROUTES).flatten(),
        _ => None,
    }
}

/// No URI has a space.
fn escaped<'a>(routes: impl IntoIterator<Item = &'a str>) -> String {
    let routes: Vec<&str> = routes.into_iter().collect();
    escaped_parameter(&routes.join(" ")).into_owned()
}

/// A presentity's mailbox as a user part.
fn user(of: &Presentity) -> String {
    escape::escape_user(of.mailbox()).into_owned()
}

fn mailbox(uri: Uri<'_>) -> Option<Presentity> {
    let Uri::Sip(uri) = uri else {
        return None;
    };
    let mailbox = uri.user_text()?;
    let is_mailbox = mailbox.contains('@');
    let target = is_mailbox.then(|| Presentity::parse(&format!("pres:{mailbox}")));
    target?.ok()
}
