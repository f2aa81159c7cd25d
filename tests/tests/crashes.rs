//! The gateway is killed at random instants under load, or one of its adapters' processes: what it has answered for arrives all the same.
//!
//! `RIALTO_CRASHES=100` has them killed a hundred times instead of a few, and `--no-capture` shows the figures that `README.md` quotes.

use std::{
    env,
    time::{Duration, Instant},
};

use nix::sys::signal::{Signal, kill};
use rialto_tests::{
    peers::{self, Prosody},
    storm::{Ledger, Storm, WINDOW},
    world::{World, WorldSettings},
};
use serde_json::Value;

/// How often the gateway is killed between the same peers.
const ROUNDS: usize = 10;

const EACH_KEPT: &[&str] = &["[adapters.sip.custody]", "patience = \"0s\""];
const EACH_KEPT_XMPP: &[&str] = &[
    "reconnect_min = \"50ms\"",
    "reconnect_max = \"500ms\"",
    "[adapters.xmpp.custody]",
    "patience = \"0s\"",
];

#[test]
fn cpim_3_4_persist_nothing_acknowledged_is_lost_when_the_gateway_dies_and_keeps_every_message() {
    survive(|next_hop| WorldSettings {
        next_hop: Some(next_hop),
        sip_lines: EACH_KEPT,
        xmpp_lines: EACH_KEPT_XMPP,
        ..WorldSettings::default()
    });
}

#[test]
fn rfc2779_5_4_1_nothing_acknowledged_is_lost_when_the_gateway_dies_and_keeps_what_takes_long() {
    survive(|next_hop| WorldSettings {
        next_hop: Some(next_hop),
        ..WorldSettings::default()
    });
}

#[test]
fn rfc2779_5_4_1_nothing_acknowledged_is_lost_when_the_processes_of_adapters_die() {
    let mut away = Vec::new();
    let mut victims = ["sip", "xmpp"].into_iter().cycle();
    let settings = |next_hop| WorldSettings {
        next_hop: Some(next_hop),
        is_isolated: true,
        ..WorldSettings::default()
    };
    survive_what(settings, |world| {
        away.extend(victims.next().map(|victim| kill_process(world, victim)));
    });
    show_times(away);
}

fn survive(settings: impl Fn(String) -> WorldSettings) {
    survive_what(settings, |world| {
        world.gateway.kill();
        world.gateway.start_again();
    });
}

#[expect(clippy::print_stdout, reason = "the figures are what one runs it for")]
fn survive_what(
    settings: impl Fn(String) -> WorldSettings,
    mut strike: impl FnMut(&mut World<Prosody>),
) {
    if !peers::are_wanted() {
        return;
    }
    let given = env::var("RIALTO_CRASHES").ok().and_then(|n| n.parse().ok());
    let crashes: usize = given.unwrap_or(4);
    let mut ledger = Ledger::default();
    for first in (0..crashes).step_by(ROUNDS) {
        let storm = Storm::start(&settings, first as u64);
        ledger.add(&storm.rage(ROUNDS.min(crashes - first), &mut strike));
    }
    println!("{ledger:#?}");
    assert!(ledger.lost.is_empty(), "{ledger:#?}");
    assert_eq!(ledger.out_of_order, 0, "{ledger:#?}");
    let strange = [
        ledger.copies_under_another,
        ledger.copies_at_sip_under_another,
    ];
    assert_eq!(strange, [0, 0], "no receiver could tell these: {ledger:#?}");
    assert!(ledger.acknowledged > crashes, "no load: {ledger:#?}");
    // Nobody acknowledges what a server hands to its component: what was on its way when the gateway died is lost, and no more.
    let most = (crashes + 1) * WINDOW + ledger.waited_for_no_longer;
    assert!(ledger.in_doubt_from_xmpp <= most, "{ledger:#?}");
}

/// Kills the process of an adapter, and waits until the next one is up; how long that took, as `rialto adapters` shows it.
fn kill_process(world: &World<Prosody>, adapter: &str) -> Duration {
    let process = world.gateway.process_of(adapter);
    let begin = now();
    if let Some(process) = process {
        kill(process, Signal::SIGKILL).expect("it is there");
    }
    let is_back = |adapters: &Value| {
        let mut adapters = adapters.as_array().into_iter().flatten();
        adapters.any(|one| {
            let is_another = one["process"]
                .as_i64()
                .is_some_and(|id| process.is_none_or(|was| id != i64::from(was.as_raw())));
            one["name"] == adapter && one["state"] == "up" && is_another
        })
    };
    world
        .gateway
        .process()
        .await_state("process of an adapter", || {
            is_back(&world.gateway.ask(&["adapters"]))
        });
    begin.elapsed()
}

#[expect(clippy::print_stdout, reason = "the figures are what one runs it for")]
fn show_times(mut away: Vec<Duration>) {
    away.sort_unstable();
    if let (Some(median), Some(longest)) = (away.get(away.len() / 2), away.last()) {
        println!("processes were back after {median:?} (median), {longest:?} (longest)");
    }
}

#[expect(clippy::disallowed_methods, reason = "is printed, and asserts nothing")]
fn now() -> Instant {
    Instant::now()
}
