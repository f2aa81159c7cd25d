//! How a run is set up.

use super::*;

pub(super) fn settings(dice: &mut SmallRng) -> CustodySettings {
    let retries = RetryLimits::default()
        .with_waits(Duration::from_secs(1), Duration::from_secs(60))
        .with_max_per_destination(dice.random_range(1..8));
    let limits = CustodyLimits::default()
        .with_max_kept(dice.random_range(1..60))
        .with_retries(retries)
        .with_max_in_flight(dice.random_range(1..20));
    let mut policy = || {
        let mut policy = match dice.random_range(0..4) {
            0 => CustodyPolicy::NEVER,
            1 => CustodyPolicy::NEVER.with_patience(Duration::ZERO),
            _ => {
                let patience = Duration::from_millis(dice.random_range(1..20_000));
                CustodyPolicy::NEVER.with_patience(patience)
            }
        };
        if dice.random() {
            policy = policy.keeping_temporary_failures();
        }
        policy.with_time_to_live(Duration::from_secs(dice.random_range(5..3_600)))
    };
    CustodySettings::new(limits)
        .with_policy(SIP, policy())
        .with_policy(XMPP, policy())
}

pub(super) fn custodian(
    settings: &CustodySettings,
    seed: u64,
    now: Instant,
    skew: i64,
) -> Custodian<StdRng> {
    let limits = Limits::new(40).with_attempt_time(Duration::from_secs(3));
    let router = Router::new(
        Arc::clone(stage::table()),
        limits,
        StdRng::seed_from_u64(seed),
    );
    let wall = wall() + now.duration_since(start());
    let skewed = Duration::from_secs(skew.unsigned_abs());
    let wall = if skew < 0 {
        wall - skewed
    } else {
        wall + skewed
    };
    let clock = WallClock::new(now, wall);
    Custodian::new(router, settings.clone(), JournalKeys::default(), clock)
}
