//! Another version takes the place of the one that runs.

use std::{pin::pin, time::Duration};

use rialto_sdk::prelude::*;
use rialto_testkit::run;

use super::{MAIL, OPEN, Rig};

#[test]
fn version_that_makes_way_ends_what_clients_have_begun_and_then_their_sessions() {
    run(async |clock| {
        let rig = Rig::start(OPEN).await;
        let (mut idle, mut busy) = (rig.smtp().await, rig.up_to_data().await);
        let mut making_way = pin!(rig.email.make_way());
        let idles = clock.until(idle.reply());
        let reply = tokio::select! {
            () = &mut making_way => panic!("a mail is under way"),
            reply = idles => reply,
        };
        assert!(reply.starts_with("421 4.3.2"), "{reply}");
        assert_eq!(
            clock.elapsed().as_secs(),
            1,
            "it may have been about to begin"
        );
        busy.send(MAIL.as_bytes()).await;
        clock.pass(Duration::from_secs(60)).await;
        assert!(busy.say(".").await.starts_with("250 2.6.0"));
        let next = busy.say("MAIL FROM:<juliet@mail.example>").await;
        assert!(next.starts_with("250"), "who goes on at once may: {next}");
        busy.say("RSET").await;
        assert!(clock.until(busy.reply()).await.starts_with("421 4.3.2"));
        clock.until(making_way).await;
        assert_eq!(rig.gateway.submitted().len(), 1);
    });
}
