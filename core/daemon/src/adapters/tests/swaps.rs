//! Versions that follow each other while messages are sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::task::JoinSet;

use super::*;

/// Swaps versions of a plugin while messages are sent to it; how often.
async fn swap_under_load(before: &str, after: &str) -> (Arc<Place>, usize) {
    const VERSIONS: usize = 5;
    const SENDERS: usize = 4;
    const ENOUGH: usize = 20_000;
    let place = Arc::new(Place::with("0", before, after).await);
    let libraries: Vec<_> = (1..=VERSIONS)
        .map(|n| place.library(&format!("libc{n}.so"), &n.to_string(), before, after))
        .collect();
    let is_over = Arc::new(AtomicBool::new(false));
    let sent = Arc::new(AtomicUsize::new(0));
    let (begun, mut sending) = (now(), JoinSet::new());
    for _ in 0..SENDERS {
        let (place, is_over) = (Arc::clone(&place), Arc::clone(&is_over));
        let sent = Arc::clone(&sent);
        sending.spawn(async move {
            let mut waits = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let before = now();
                assert!(place.send().await.is_success());
                waits.push(before.elapsed());
                sent.fetch_add(1, Ordering::Relaxed);
            }
            waits
        });
    }
    let mut swaps = 0;
    for library in libraries.iter().cycle() {
        place
            .order(Order::Upgrade(Some(library.clone())))
            .await
            .unwrap();
        swaps += 1;
        // Before the end, who sends ends by a panic only.
        if let Some(ended) = sending.try_join_next() {
            ended.unwrap();
        }
        // Ends with the last of them.
        if swaps % VERSIONS == 0 && sent.load(Ordering::Relaxed) >= ENOUGH {
            break;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let mut waits = sending.join_all().await.concat();
    let rate = waits.len() as f64 / begun.elapsed().as_secs_f64();
    assert_eq!(place.counted("delivered"), waits.len() as u64, "each once");
    assert_eq!(place.adapter().plugin.as_deref(), Some("c 5"));
    waits.sort_unstable();
    let (sent, p99) = (waits.len(), waits.get(waits.len() * 99 / 100));
    println!("{swaps} swaps, {sent} messages, {rate:.0} a second, p99 {p99:?}");
    (place, swaps)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_message_is_lost_or_doubled_while_versions_are_swapped_under_load() {
    swap_under_load(COUNTS, COUNTING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_wait_for_the_version_that_can_start_only_when_the_old_one_has_ended() {
    let before = format!("{CLAIMS}{COUNTS}");
    swap_under_load(&before, COUNTING).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_wait_while_one_version_hands_over_to_the_next() {
    let before = format!("{CLAIMS}{COUNTS}{HANDS_OVER}");
    let after = format!("{COUNTING}{HANDING_OVER}");
    let (place, swaps) = swap_under_load(&before, &after).await;
    assert_eq!(place.counted("beside"), swaps as u64);
    let fails = format!(
        "{CLAIMS}#define SERVICES (RIALTO_SERVICE_MESSAGES | RIALTO_CAN_HAND_OVER)\n{FAILS}"
    );
    let fails = place.library("libfails.so", "9", &fails, FAILING);
    let why = place.order(Order::Upgrade(Some(fails))).await.unwrap_err();
    assert!(why.contains("nothing has changed"), "{why}");
    assert_eq!(place.adapter().plugin.as_deref(), Some("c 5"));
    assert!(place.send().await.is_success());
}

/// Ends with a message that its network had begun.
const MAKES_WAY: &str = r#"
    static void makes_way(void *adapter, const RialtoStop *within, RialtoCompletion done);
    #define MAKE_WAY makes_way
"#;
const MAKING_WAY: &str = r#"
    static RialtoCompletion made;
    static uint32_t heard(uint64_t ticket, const RialtoResponse *response) {
        (void)ticket;
        host.count(host.ctx, (RialtoBytes){ (const uint8_t *)"ended", 5 }, response->status == RIALTO_SUCCESS);
        succeed(made);
        return RIALTO_ACCEPTED;
    }
    static void makes_way(void *adapter, const RialtoStop *within, RialtoCompletion done) {
        RialtoOperation last = { .size = sizeof last, .kind = RIALTO_KIND_MESSAGE, .max_forwards = 70,
            .transaction_id = RIALTO_TEXT("last-1"),
            .source = RIALTO_TEXT("im:carol@far.example"), .destination = RIALTO_TEXT("im:bob@far.example"),
            .content_type = RIALTO_TEXT("text/plain"), .payload = RIALTO_TEXT("last") };
        (void)adapter, (void)within;
        made = done;
        host.submit(host.ctx, &last, (RialtoCompletion){ 1, heard });
    }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn version_that_makes_way_ends_what_its_network_had_begun() {
    let before = format!("{CLAIMS}{COUNTS}{HANDS_OVER}{MAKES_WAY}");
    let after = format!("{COUNTING}{HANDING_OVER}{MAKING_WAY}");
    let place = Place::with("1", &before, &after).await;
    let next = place.library("libnext.so", "2", &before, &after);
    place.order(Order::Upgrade(Some(next))).await.unwrap();
    assert_eq!(place.counted("ended"), 1);
    assert_eq!(place.counted("delivered"), 1, "by the one that came");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a figure is printed, and nothing decided"
)]
fn now() -> Instant {
    Instant::now()
}
