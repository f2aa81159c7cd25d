//! Header fields and their typed values.

mod address;
mod cseq;
mod date;
mod name;
mod params;
mod subscription_state;
mod value;
mod values;
mod via;

pub use self::{
    address::Address,
    cseq::CSeq,
    date::Date,
    name::HeaderName,
    params::{Param, ParamValue, Params},
    subscription_state::SubscriptionState,
    value::{MediaType, RetryAfter, TokenValue, Warning},
    values::Values,
    via::{BRANCH_COOKIE, Rport, Transport, Via},
};

pub(crate) use self::{
    value::{content_length, number_up_to, read_token, read_word},
    via::first_via,
};
