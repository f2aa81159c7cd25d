//! A plugin's word on an adapter's configuration: whether it can run with it, and what it claims.
#![expect(unsafe_code, reason = "calls the plugin, and is called back")]

use std::{
    ffi::c_void,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
};

use rialto_abi as abi;
use rialto_bridge::{
    calls::{self, Owner, Subject},
    read::{self, lend},
};
use rialto_model::{Failure, FailureReason, Origin, ResponseStatus};

use super::{LIMIT, Library};
use crate::{Claim, LoadError};

impl Library {
    /// Checks an adapter's configuration by the plugin's schema, then has the plugin check it and name what it claims.
    ///
    /// On a thread of its own, which is left behind when that takes too long.
    pub(crate) fn claims(&self, adapter: &Arc<str>, config: &str) -> Result<Vec<Claim>, LoadError> {
        let schema = self.manifest().config_schema();
        let problems = schema.map_or_else(Vec::new, |schema| schema.problems(config));
        if !problems.is_empty() {
            return Err(LoadError::Configuration {
                adapter: Arc::clone(adapter),
                problem: problems.join("\n"),
            });
        }
        let asking = Asking {
            library: self.clone(),
            config: config.to_owned(),
        };
        let (sender, receiver) = mpsc::sync_channel(1);
        let named = thread::Builder::new().name(format!("claims-{adapter}"));
        // Who does not wait any more does not hear it.
        let asked = named.spawn(move || drop(sender.send(asking.ask())));
        asked.map_err(|error| LoadError::Start {
            adapter: Arc::clone(adapter),
            failure: Failure::new(FailureReason::Internal)
                .with_origin(Origin::Host)
                .with_detail(format!("no thread to check its configuration: {error}")),
        })?;
        match receiver.recv_timeout(LIMIT) {
            Ok((status, named)) => read_answer(adapter, status, named),
            Err(RecvTimeoutError::Timeout) => Err(LoadError::ConfigurationTimedOut {
                adapter: Arc::clone(adapter),
                limit: LIMIT,
            }),
            Err(RecvTimeoutError::Disconnected) => read_answer(adapter, None, Named::default()),
        }
    }
}

/// The question, with all that the call borrows: it may outlive who asked.
struct Asking {
    library: Library,
    config: String,
}

impl Asking {
    /// What the plugin answers within the call, and what it has named by then.
    fn ask(self) -> (Option<ResponseStatus>, Named) {
        let mut named = Named::default();
        let Some(claims) = self.library.table().claims else {
            return (Some(ResponseStatus::Success), named);
        };
        let sink = abi::ClaimSink {
            size: size_of::<abi::ClaimSink>() as u32,
            reserved: 0,
            ctx: (&raw mut named).cast(),
            claim: Some(take_claim),
        };
        let mut pending = calls::open(Subject::lifecycle(Owner::unique()));
        if let Some(ticket) = pending.ticket() {
            let (config, done) = (lend(self.config.as_bytes()), ticket.completion());
            // SAFETY: the table's function, called as the contract says; all arguments outlive the call.
            unsafe { claims(config, &raw const sink, done) }
        }
        (pending.take_now().map(|outcome| outcome.status), named)
    }
}

fn read_answer(
    adapter: &Arc<str>,
    status: Option<ResponseStatus>,
    named: Named,
) -> Result<Vec<Claim>, LoadError> {
    let adapter_of = || Arc::clone(adapter);
    let unchecked = |problem: &str| LoadError::ConfigurationUnchecked {
        adapter: adapter_of(),
        problem: problem.to_owned(),
    };
    match status {
        Some(ResponseStatus::Success) => {}
        // It panicked, or its answer was none.
        Some(ResponseStatus::Failure(failure)) if failure.origin() == Origin::Plugin => {
            return Err(unchecked(failure.detail()));
        }
        Some(ResponseStatus::Failure(failure)) => {
            return Err(LoadError::Configuration {
                adapter: adapter_of(),
                problem: failure.detail().to_owned(),
            });
        }
        _ => return Err(unchecked("it gave no answer within the call")),
    }
    let none = |claim, problem| LoadError::NoClaim {
        adapter: adapter_of(),
        claim,
        problem,
    };
    if let Some(problem) = named.problem {
        return Err(none("something".to_owned(), problem));
    }
    let parse = |(kind, value): (u32, String)| {
        Claim::parse(kind, &value)
            .map_err(|problem| none(format!("`{}`", value.escape_debug()), problem))
    };
    named.claims.into_iter().map(parse).collect()
}

/// What a plugin named. None of it may be lost: what is not known to be taken is given to somebody else.
#[derive(Default)]
struct Named {
    claims: Vec<(u32, String)>,
    problem: Option<String>,
}

impl Named {
    const MAX: usize = read::MAX_LIST;
    /// The longest claim, in bytes: no domain, address or scheme has more.
    const MAX_LEN: usize = 255;

    fn take(&mut self, kind: u32, value: &str) -> Result<(), String> {
        if value.len() > Self::MAX_LEN {
            return Err(format!("it has more than {} bytes", Self::MAX_LEN));
        }
        if self.claims.len() == Self::MAX {
            return Err(format!("it claims more than {} things", Self::MAX));
        }
        self.claims.push((kind, value.to_owned()));
        Ok(())
    }
}

/// # Safety
/// `ctx` comes from [`Asking::ask`], whose call has not returned; `claim` follows the contract.
unsafe extern "C" fn take_claim(ctx: *mut c_void, claim: *const abi::Claim) {
    // SAFETY: the caller's promise, for all of these.
    unsafe {
        let named = &mut *ctx.cast::<Named>();
        let taken = read::prefix(claim)
            .and_then(|claim| Ok((claim.kind, read::text("a claim", claim.value)?)))
            .map_err(|error| error.to_string())
            .and_then(|(kind, value)| named.take(kind, value));
        if let Err(problem) = taken {
            named.problem.get_or_insert(problem);
        }
    }
}
