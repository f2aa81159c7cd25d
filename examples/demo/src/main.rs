//! One conversation between users of SIP, XMPP and email, as a readable trace.
//!
//! Starts the gateway with its plugins and plays all users over real sockets on loopback: Romeo is a
//! SIP user agent, Juliet lives on an XMPP server that has the gateway as its component, Rosaline has a
//! mailbox. All are made of the codec crates; nothing else is needed. Then it stays up, for clients of one's own.
//!
//! | file | what it does |
//! |---|---|
//! | `conversation.rs` | the story: what happens in which order, and what must come of it |
//! | `sip_user.rs` | Romeo: sends and answers MESSAGE over UDP (RFC 3428) |
//! | `xmpp_user.rs`, `xmpp_session.rs` | Juliet and her server: the other end of a component (XEP-0114) |
//! | `mail_user.rs` | Rosaline and her mail server (RFC 5321) |
//! | `gateway.rs` | the daemon as a process: configuration, readiness, end |
//! | `flow.rs` | what the gateway's log says about one operation |
//! | `trace.rs` | how it looks in the terminal |

#![forbid(unsafe_code)]

mod conversation;
mod error;
mod events;
mod flow;
mod gateway;
mod invitation;
mod mail_user;
mod ports;
mod sip_user;
mod stanza;
mod trace;
mod xmpp_session;
mod xmpp_user;

use std::{
    future::poll_fn,
    io::{self, Write},
    process::ExitCode,
    task::Poll,
};

use tokio::signal::unix::{SignalKind, signal};

use self::{
    conversation::Conversation,
    error::DemoError,
    events::{Event, EventSender},
    gateway::{Addresses, Gateway},
    mail_user::MailUser,
    sip_user::SipUser,
    trace::Trace,
    xmpp_user::XmppUser,
};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let ended = match (arguments.next().as_deref(), arguments.next()) {
        (None, None) => run(Ending::Interrupt),
        (Some("--once"), None) => run(Ending::Once),
        _ => {
            report("usage: rialto-demo [--once]");
            return ExitCode::from(64);
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("the demo failed: {}", error.with_causes()));
            ExitCode::FAILURE
        }
    }
}

/// What ends the demo.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The end of the conversation.
    Once,
    /// The user.
    Interrupt,
}

fn run(ending: Ending) -> Result<(), DemoError> {
    let (sender, mut events) = events::channel();
    watch_signals(sender.clone())?;

    let ports = ports::FreePorts::find()?;
    let romeo = SipUser::start(ports.sip, sender.clone())?;
    let juliet = XmppUser::start(sender.clone())?;
    let rosaline = MailUser::start(ports.mail, sender.clone())?;
    let addresses = Addresses {
        ports,
        romeo: romeo.local_address(),
        xmpp_server: juliet.local_address(),
        mail_server: rosaline.local_address(),
    };
    let gateway = Gateway::start(addresses, sender, &mut events)?;

    let mut conversation = Conversation {
        romeo,
        juliet,
        rosaline,
        events,
        trace: Trace::new(),
    };
    let held = hold(&mut conversation, &gateway, ending).map_err(|error| gateway.explain(error));
    let stopped = gateway.stop(&mut conversation.events);
    held.and(stopped)
}

fn hold(
    conversation: &mut Conversation,
    gateway: &Gateway,
    ending: Ending,
) -> Result<(), DemoError> {
    conversation.hold()?;
    if ending == Ending::Once {
        return Ok(());
    }
    invitation::print(&mut conversation.trace, gateway)?;
    match conversation.follow() {
        Err(DemoError::Interrupted) => Ok(()),
        ended => ended,
    }
}

/// Turns INT and TERM into events, so that the gateway is ended in order and its folder removed.
fn watch_signals(events: EventSender) -> Result<(), DemoError> {
    let failed = || DemoError::io("cannot watch for signals");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(failed())?;
    let _entered = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed())?;
    events::thread("signals", move || {
        let mut either = || {
            runtime.block_on(poll_fn(|context| {
                let interrupted = interrupt.poll_recv(context).is_ready();
                let terminated = terminate.poll_recv(context).is_ready();
                if interrupted || terminated {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }));
        };
        loop {
            either();
            if events.send(Event::Interrupted).is_err() {
                return;
            }
        }
    })
}

fn report(line: &str) {
    // Nobody is left to be told when this fails.
    let _unheard = writeln!(io::stderr(), "{line}");
}
