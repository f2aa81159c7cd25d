//! From MESSAGE requests to message operations and back (RFC 7247 §6, RFC 7572 §4 and §5).
//!
//! | MESSAGE | operation |
//! |---|---|
//! | Request-URI, its `gr` | destination, destination instance |
//! | From, its `gr` | source, source instance |
//! | their `user` parameter, parameters of a number | qualifiers in the local part |
//! | display name of From | header `From` |
//! | To, where it says more than the Request-URI | header `To` |
//! | Call-ID | thread |
//! | Subject, Date | headers `Subject`, `DateTime` |
//! | Max-Forwards | hop count |
//! | Content-Type, body | content type, payload |
//! | other Content-* | content headers |

mod address;
mod from_sip;
mod to_sip;

pub(crate) use self::{
    from_sip::{Rejection, message_from_sip, required_by_cpim, wrong_address, wrong_cpim},
    to_sip::{Identifiers, OutgoingMessage, Route},
};

/// Whether a header is one of the content by its name (RFC 2045 §9).
fn is_content(name: &str) -> bool {
    const PREFIX: &str = "content-";
    name.get(..PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}
