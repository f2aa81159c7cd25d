//! The disk beneath the store is full, or may not be written, while messages come.

#![expect(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rialto_tests::{
    gateway,
    peers::{self, Prosody, XmppServer},
    raw_xmpp::RawXmpp,
    sip_callers::{Pace, SipCallers, out_of_order},
    world::{JULIET_SEEN, World, WorldSettings},
};

const EACH_KEPT: &[&str] = &["[adapters.sip.custody]", "patience = \"0s\""];
/// How many SIP users write at the same time, each one message after the other.
const CALLERS: usize = 12;

/// A small file system in the place of a store, or nothing where we may not have one.
struct Disk(PathBuf);

impl Disk {
    fn beneath_the_store_of(world: &mut World<Prosody>) -> Option<Self> {
        world.gateway.terminate();
        let store = world.gateway.folder().join("store");
        let options = ["mount", "-t", "tmpfs", "-o", "size=24m", "rialto"];
        let disk = run(&options, &store).then_some(Self(store));
        if disk.is_none() {
            println!("skipped: only root may mount");
        }
        disk
    }

    /// Has another program take all that is left of it.
    fn fill(&self) {
        drop(fs::write(self.ballast(), vec![1; 32 << 20]));
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("the other program's file is there");
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("of another program")
    }

    fn mount_again(&self, how: &str) {
        assert!(run(&["mount", "-o", how], &self.0), "{how}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(&["umount", "--lazy"], &self.0);
    }
}

fn run(command: &[&str], path: &Path) -> bool {
    let mut program = Command::new(command[0]);
    let ended = program.args(&command[1..]).arg(path).status();
    ended.is_ok_and(|status| status.success())
}

fn start() -> World<Prosody> {
    World::start(&WorldSettings {
        sip_lines: EACH_KEPT,
        keeps_offline: true,
        ..WorldSettings::default()
    })
}

#[test]
fn rfc2779_5_4_1_full_disk_is_told_to_senders_under_load_and_loses_nothing_by_a_crash() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = start();
    let Some(disk) = Disk::beneath_the_store_of(&mut world) else {
        return;
    };
    world.gateway.start_again();
    world.xmpp.kill();
    let callers = SipCallers::start(world.gateway_sip(), JULIET_SEEN, CALLERS, Pace::Steady);
    callers.await_status(202, CALLERS);
    disk.fill();
    callers.await_status(503, 2 * CALLERS);
    world.gateway.kill();
    disk.make_room();
    world.gateway.start_again();
    callers.await_status(202, callers.count(202) + CALLERS);
    let written = callers.stop();

    world.xmpp.start_again();
    world.gateway.await_nothing_kept();
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    world.send_from_sip(JULIET_SEEN, "last");
    juliet.await_messages("last message", |messages| {
        messages.iter().any(|one| one.body == "last").then_some(())
    });
    let arrived = juliet.messages();
    let arrived: BTreeSet<&str> = arrived.iter().map(|one| &*one.body).collect();
    for one in &written {
        match one.status {
            Some(202) => assert!(arrived.contains(&*one.text), "{one:?} is lost"),
            Some(503) => {}
            other => panic!("{other:?}: {one:?}"),
        }
    }
    assert_eq!(
        out_of_order(juliet.messages().iter().map(|one| &*one.body)),
        0
    );
}

#[test]
fn cpim_3_4_persist_read_only_disk_ends_the_start_and_what_is_kept_stays() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = start();
    let Some(disk) = Disk::beneath_the_store_of(&mut world) else {
        return;
    };
    world.gateway.start_again();
    world.xmpp.stop();
    assert_eq!(world.send_from_sip(JULIET_SEEN, "kept").status(), Some(202));
    world.gateway.kill();
    disk.mount_again("remount,ro");
    let mut refused = Command::new(gateway::binary());
    refused.arg("run").arg("--config");
    refused.arg(world.gateway.folder().join("rialto.toml"));
    let refused = refused.output().expect("the gateway can be run");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(69), "{why}");
    assert!(why.contains("cannot be written"), "{why}");

    disk.mount_again("remount,rw");
    world.gateway.start_again();
    world.xmpp.start_again();
    world.gateway.await_nothing_kept();
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    juliet.await_messages("kept message", |messages| {
        messages.iter().any(|one| one.body == "kept").then_some(())
    });
}
