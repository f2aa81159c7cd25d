//! Adapters of real libraries, stopped, started and replaced while messages go on.

mod health;
mod swaps;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use rand::{SeedableRng, rngs::StdRng};
use rialto_loader::{ClaimTable, Health};
use rialto_model::{
    FailureReason, InstantInbox, InstantMessage, MessageOperation, ResponseStatus, TransactionId,
};
use tempfile::TempDir;
use tokio::{task::yield_now, time::timeout};

use super::*;
use crate::{
    config::{self, ConfigErrors, Draft},
    control::Status,
    gateway::Gateway,
    measures::Figure,
    run,
};

/// How long anything is waited for; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers each message with success, and counts it.
const COUNTS: &str = r#"
    #include "rialto.h"
    static void counts(void *adapter, const RialtoOperation *operation, RialtoCompletion done);
    #define DELIVER counts
"#;
const COUNTING: &str = r#"
    static void counts(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
        (void)adapter, (void)operation;
        host.count(host.ctx, (RialtoBytes){ (const uint8_t *)"delivered", 9 }, 1);
        succeed(done);
    }
"#;
/// Fails to start.
const FAILS: &str = r#"
    #include "rialto.h"
    static void *fails(const RialtoStart *start, RialtoCompletion done);
    #define START fails
"#;
const FAILING: &str = r#"
    static void *fails(const RialtoStart *start, RialtoCompletion done) {
        RialtoResponse no = { .size = sizeof no, .status = RIALTO_FAILURE, .reason = RIALTO_REASON_UNREACHABLE };
        (void)start;
        done.complete(done.ticket, &no);
        return 0;
    }
"#;
/// Has a port to itself.
const CLAIMS: &str = r#"
    #include "rialto.h"
    static inline void claims(RialtoBytes config, const RialtoClaimSink *sink, RialtoCompletion done) {
        RialtoClaim claim = { .size = sizeof claim, .kind = RIALTO_CLAIM_UDP,
            .value = { (const uint8_t *)"127.0.0.1:5060", 14 } };
        RialtoResponse yes = { .size = sizeof yes };
        (void)config;
        sink->claim(sink->ctx, &claim);
        done.complete(done.ticket, &yes);
    }
    #define CLAIMS claims
"#;

/// Hands over what it claims, and counts how often it began beside another.
const HANDS_OVER: &str = r#"
    #define SERVICES (RIALTO_SERVICE_MESSAGES | RIALTO_CAN_HAND_OVER)
    static void *begins(const RialtoStart *start, RialtoCompletion done);
    #define START begins
"#;
const HANDING_OVER: &str = r#"
    static void *begins(const RialtoStart *begin, RialtoCompletion done) {
        void *adapter = start(begin, done);
        host.count(host.ctx, (RialtoBytes){ (const uint8_t *)"beside", 6 }, begin->flags & RIALTO_START_BESIDE);
        return adapter;
    }
"#;

/// A gateway with one adapter, of a library in a folder of its own.
struct Place {
    folder: TempDir,
    gateway: Arc<Gateway>,
    supervisor: Arc<Supervisor>,
}

impl Place {
    async fn with(version: &str, before: &str, after: &str) -> Self {
        Self::watched("", version, before, after).await
    }

    /// With the section that says what is expected of the adapter.
    async fn watched(watch: &str, version: &str, before: &str, after: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let plugin = folder.path().join("libc.so");
        build(folder.path(), &plugin, version, before, after);
        let config = config::of(&format!(
            "[gateway]\nrelay_domains = [\"relay.example\"]\n[store]\nenabled = false\n[adapters.c]\nplugin = {plugin:?}\n{watch}\n\
             [[routes]]\ndomain = \"far.example\"\nadapter = \"c\"\n"
        ));
        let claims = ClaimTable::new();
        let errors = ConfigErrors(Vec::new());
        let (config, loaded) = run::load_with(Draft { config, errors }, &claims).unwrap();
        let gateway = run::build(&config, &loaded).unwrap();
        let supervisor = Supervisor::new(Arc::clone(&gateway), Arc::new(config), claims);
        for plugin in loaded {
            supervisor.begin(plugin).await.unwrap();
        }
        Self {
            folder,
            gateway,
            supervisor,
        }
    }

    /// Another library, beside the first.
    fn library(&self, name: &str, version: &str, before: &str, after: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        build(self.folder.path(), &path, version, before, after);
        path
    }

    async fn order(&self, order: Order) -> Result<(), String> {
        let carried_out = self.supervisor.carry_out("c", order);
        timeout(PATIENCE, carried_out).await.unwrap()
    }

    fn adapter(&self) -> Of {
        self.supervisor.standings().pop().unwrap()
    }

    async fn send(&self) -> ResponseStatus {
        let inbox = |address| InstantInbox::parse(address).unwrap();
        let operation = MessageOperation::new(
            TransactionId::random(&mut StdRng::from_os_rng()),
            inbox("im:operator@relay.example"),
            inbox("im:bob@far.example"),
            InstantMessage::text("hello"),
        );
        let response = timeout(PATIENCE, self.gateway.submit_own(operation)).await;
        response.unwrap().unwrap().into_status()
    }

    async fn reason(&self) -> FailureReason {
        match self.send().await {
            ResponseStatus::Failure(failure) => failure.reason(),
            other => panic!("{other:?} is no failure"),
        }
    }

    async fn until(&self, state: Standing) -> Of {
        let comes = async {
            while self.adapter().state != state {
                yield_now().await;
            }
        };
        timeout(PATIENCE, comes).await.unwrap();
        self.adapter()
    }

    fn counted(&self, metric: &str) -> u64 {
        let status = Status::of(&self.gateway);
        match status.adapters["c"].figures.get(metric) {
            Some(Figure::Count(count)) => *count,
            _ => 0,
        }
    }
}

/// Replaces what is there, as a package manager does: what is open stays as it is.
fn build(folder: &Path, library: &Path, version: &str, before: &str, after: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let base = root.join("core/loader/tests/c/base.h");
    let (source, building) = (folder.join("plugin.c"), folder.join("building.so"));
    let code = format!("#define VERSION {version:?}\n{before}\n#include {base:?}\n{after}\n");
    fs::write(&source, code).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O1", "-shared", "-fPIC", "-I"]);
    cc.arg(root.join("sdk/include")).arg("-o").arg(&building);
    let output = cc.arg(&source).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::rename(building, library).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn adapter_that_is_stopped_says_so_to_senders_until_it_is_started() {
    let place = Place::with("1", COUNTS, COUNTING).await;
    assert!(place.send().await.is_success());
    assert_eq!(place.adapter().state, Standing::Up);
    for order in [Order::Stop, Order::Drain] {
        place.order(order).await.unwrap();
        assert_eq!(place.adapter().state, Standing::Stopped);
        assert_eq!(place.reason().await, FailureReason::Unreachable);
        assert!(place.order(Order::Stop).await.is_err(), "it does not run");
        place.order(Order::Start).await.unwrap();
        assert!(place.order(Order::Start).await.is_err(), "it runs");
        assert!(place.send().await.is_success());
    }
    place.order(Order::Restart).await.unwrap();
    assert!(place.send().await.is_success());
    assert!(place.adapter().quiet_seconds.is_some());
    let unknown = place.supervisor.carry_out("d", Order::Stop).await;
    assert!(unknown.unwrap_err().contains("there is no adapter `d`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn adapter_whose_process_failed_too_often_is_started_by_an_order() {
    let place = Place::with("1", COUNTS, COUNTING).await;
    let (adapter, _) = place.gateway.table().adapters().next().unwrap();
    let disabled = Health::Disabled("too often".to_owned());
    place.gateway.measures.set_health(adapter, disabled);
    assert_eq!(place.adapter().state, Standing::Failed);
    place.order(Order::Start).await.unwrap();
    assert_eq!(place.adapter().state, Standing::Up);
    assert!(place.send().await.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn adapter_that_cannot_start_is_started_again_as_soon_as_it_can() {
    let place = Place::with("1", COUNTS, COUNTING).await;
    place.order(Order::Stop).await.unwrap();
    place.library("libc.so", "2", FAILS, FAILING);
    let why = place.order(Order::Start).await.unwrap_err();
    assert!(
        why.contains("did not start") && why.contains("tried again"),
        "{why}"
    );
    let failed = place.adapter();
    assert_eq!(failed.state, Standing::Failed);
    assert!(failed.why.is_some() && failed.starts_in_seconds.is_some());
    place.library("libc.so", "3", COUNTS, COUNTING);
    let keeping = place.supervisor.clone().keep_up();
    let comes_up = async {
        while place.adapter().state != Standing::Up {
            yield_now().await;
        }
    };
    tokio::select! {
        () = keeping => {}
        up = timeout(PATIENCE, comes_up) => up.unwrap(),
    }
    assert_eq!(place.adapter().plugin.as_deref(), Some("c 3"));
    assert!(place.send().await.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn new_version_that_does_not_load_or_start_changes_nothing() {
    let place = Place::with("1", COUNTS, COUNTING).await;
    let fails = place.library("libfails.so", "2", FAILS, FAILING);
    let other = place.library("libother.so", "2", "#define CONTRACT 99", "");
    let nothing = place.folder.path().join("plugin.c");
    for (path, words) in [
        (fails, "nothing has changed"),
        (other, "contract 99"),
        (nothing, "not a complete shared library"),
    ] {
        let why = place.order(Order::Upgrade(Some(path))).await.unwrap_err();
        assert!(why.contains(words), "{why}");
        let adapter = place.adapter();
        assert_eq!(
            (adapter.state, adapter.plugin.as_deref()),
            (Standing::Up, Some("c 1"))
        );
        assert!(place.send().await.is_success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn version_that_needs_the_same_port_follows_the_old_one_and_gives_way_to_it_again() {
    let (claims, fails) = (format!("{CLAIMS}{COUNTS}"), format!("{CLAIMS}{FAILS}"));
    let place = Place::with("1", &claims, COUNTING).await;
    place.library("libc.so", "2", &fails, FAILING);
    let why = place.order(Order::Upgrade(None)).await.unwrap_err();
    assert!(why.contains("the old version runs again"), "{why}");
    assert_eq!(place.adapter().plugin.as_deref(), Some("c 1"));
    assert!(place.send().await.is_success());
    place.library("libc.so", "3", &claims, COUNTING);
    place.order(Order::Upgrade(None)).await.unwrap();
    assert_eq!(place.adapter().plugin.as_deref(), Some("c 3"));
    assert!(place.send().await.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_adapter_that_does_not_start_again_is_told_to_its_sender() {
    let place = Place::with("1", COUNTS, COUNTING).await;
    let (adapter, _) = place.gateway.table().adapters().next().unwrap();
    let former = place.gateway.slot(adapter).unwrap().clear();
    let waiting = async {
        while place.gateway.in_progress() == 0 {
            yield_now().await;
        }
        place.gateway.detach(adapter)
    };
    let (reason, nobody) = tokio::join!(place.reason(), waiting);
    assert_eq!(reason, FailureReason::Unreachable);
    assert!(nobody.is_none());
    drop(former);
}
