//! The demo does what it shows.

use rialto_tests::{
    gateway,
    process::{Process, tethered},
};

#[test]
fn demo_shows_all_three_networks_and_a_failure_each_way_and_ends_well() {
    let binary = gateway::built().join("rialto-demo");
    assert!(
        binary.exists(),
        "{} is not there: cargo build --workspace",
        binary.display()
    );
    let mut command = tethered(&binary.display().to_string());
    command.arg("--once");
    let mut demo = Process::spawn("demo", command);
    let status = demo.await_exit();
    if !status.success() {
        demo.fail(&format!("it ended with {status}"));
    }
    let bytes = demo.stdout().bytes();
    let trace = String::from_utf8(bytes).expect("the trace is text");
    let said = [
        "Good morrow, Juliet! 🌹",
        "Art thou not Romeo? שלום ❤",
        "MESSAGE sip:juliet@xmpp.example",
        "<message",
        "SIP/2.0 200",
        "SIP/2.0 40",
        "type='error'",
        "Fair Rosaline, wilt thou be at the feast?",
        "I have sworn to live chaste.",
        "250 2.6.0",
        "550 5.1.1",
    ];
    for said in said {
        assert!(trace.contains(said), "no {said} in\n{trace}");
    }
}
