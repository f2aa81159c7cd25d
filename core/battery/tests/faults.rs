//! Planted faults: each is found by the clause that is meant, and what has none passes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rialto_battery::{Battery, Clause, Program, Tried, Verdict};
use serde_json::Map;
use tempfile::TempDir;

/// Answers what it offers, and refuses the rest; a fault is planted by other definitions.
const GOOD: &str = r#"
    #define _DEFAULT_SOURCE
    #include "rialto.h"
    #include <stdio.h>
    #include <string.h>
    #include <unistd.h>
    #include <pthread.h>
    static RialtoHost host;
    static inline void answer(RialtoCompletion done, uint32_t status, uint32_t reason) {
        RialtoResponse response = { .size = sizeof response, .status = status, .reason = reason };
        done.complete(done.ticket, &response);
    }
    #ifndef ON_START
    #define ON_START
    #endif
    #ifndef ON_MESSAGE
    #define ON_MESSAGE
    #endif
    #ifndef ON_STOP
    #define ON_STOP answer(done, RIALTO_SUCCESS, 0);
    #endif
    #ifndef ON_MAKE_WAY
    #define ON_MAKE_WAY answer(done, RIALTO_SUCCESS, 0);
    #endif
    #ifndef ON_CANCEL
    #define ON_CANCEL
    #endif
    #ifndef MORE
    #define MORE
    #endif
    #ifndef ANSWER
    #define ANSWER answer(done, RIALTO_SUCCESS, 0);
    #endif
    #ifndef UNKNOWN
    #define UNKNOWN answer(done, RIALTO_FAILURE, RIALTO_REASON_UNSUPPORTED_SERVICE);
    #endif
    #ifndef IS_GOOD
    #define IS_GOOD config.len == 2 && !memcmp(config.ptr, "{}", 2)
    #endif
    #ifndef LICENCE
    #define LICENCE "MIT"
    #endif
    #ifndef SCHEMA
    #define SCHEMA "{\"type\":\"object\",\"additionalProperties\":false}"
    #endif
    #ifndef CARRIES
    #define CARRIES "content text/plain"
    #endif
    #ifndef SERVICES
    #define SERVICES RIALTO_SERVICE_MESSAGES
    #endif
    static uint32_t heard(uint64_t ticket, const RialtoResponse *response) {
        (void)ticket, (void)response;
        return RIALTO_ACCEPTED;
    }
    MORE
    static void claims(RialtoBytes config, const RialtoClaimSink *sink, RialtoCompletion done) {
        (void)sink;
        if (IS_GOOD) answer(done, RIALTO_SUCCESS, 0);
        else answer(done, RIALTO_FAILURE, RIALTO_REASON_REFUSED);
    }
    static void *start(const RialtoStart *start, RialtoCompletion done) {
        host = *start->host;
        ON_START
        answer(done, RIALTO_SUCCESS, 0);
        return malloc(1);
    }
    static void deliver(void *adapter, const RialtoOperation *o, RialtoCompletion done) {
        (void)adapter, (void)heard;
        if (o->kind != RIALTO_KIND_MESSAGE) { UNKNOWN return; }
        ON_MESSAGE
        ANSWER
    }
    static void cancel(void *adapter, uint64_t ticket) { (void)adapter, (void)ticket; ON_CANCEL }
    static void stop(void *adapter, const RialtoStop *stop, RialtoCompletion done) {
        (void)adapter, (void)stop, (void)done;
        ON_STOP
    }
    static void make_way(void *adapter, const RialtoStop *within, RialtoCompletion done) {
        (void)adapter, (void)within, (void)done;
        ON_MAKE_WAY
    }
    static RialtoBytes schema(void) { return (RialtoBytes)RIALTO_TEXT(SCHEMA); }
    RIALTO_EXPORT const RialtoPlugin RIALTO_PLUGIN = {
        .magic = RIALTO_MAGIC, .contract = RIALTO_CONTRACT, .size = sizeof(RialtoPlugin),
        .name = RIALTO_TEXT("tried"), .version = RIALTO_TEXT("1"), .protocol = RIALTO_TEXT("tried"),
        .schemes = RIALTO_TEXT("tried"), .licence = RIALTO_TEXT(LICENCE), .services = SERVICES,
        .claims = claims, .start = start, .deliver = deliver, .cancel = cancel, .stop = stop, .release = free,
        .capabilities = RIALTO_TEXT(CARRIES), .config_schema = schema,
        .make_way = make_way,
    };
"#;

/// Finds a fault by a clause.
fn finds(clause: &str, planted: &str) -> String {
    let folder = TempDir::new().unwrap();
    let library = built(folder.path(), planted);
    match tried(&library, clause).verdict {
        Verdict::Fail(why) => why,
        other => panic!("{clause} has not found it: {other:?}"),
    }
}

fn built(folder: &Path, planted: &str) -> PathBuf {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/include");
    let (source, library) = (folder.join("tried.c"), folder.join("tried.so"));
    fs::write(&source, format!("{planted}\n{GOOD}")).unwrap();
    let mut cc = Command::new("cc");
    cc.args([
        "-std=gnu11",
        "-O1",
        "-shared",
        "-fPIC",
        "-pthread",
        "-w",
        "-I",
    ]);
    let output = cc
        .arg(include)
        .arg("-o")
        .arg(&library)
        .arg(&source)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    library
}

fn tried(library: &Path, clause: &str) -> Tried {
    battery(library).try_clause(Clause::find(clause).unwrap())
}

fn battery(library: &Path) -> Battery {
    let arguments = [
        "process_of_the_battery",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    Battery::new(
        Program::new(std::env::current_exe().unwrap(), arguments),
        library,
        Map::new(),
    )
}

#[test]
#[ignore = "is started by other tests, to try a clause"]
fn process_of_the_battery() {
    rialto_battery::child::run().unwrap();
}

#[test]
fn plugin_without_a_fault_fails_no_clause() {
    let folder = TempDir::new().unwrap();
    let library = built(folder.path(), "");
    let report = battery(&library).run(|_| {});
    let failed: Vec<_> = report
        .tried()
        .iter()
        .filter(|tried| matches!(tried.verdict, Verdict::Fail(_)) && tried.clause.id() != "2.6")
        .map(ToString::to_string)
        .collect();
    assert_eq!(failed, Vec::<String>::new());
    assert!(report.is_passed());
}

#[test]
fn file_that_is_no_library_is_refused_and_nothing_else_is_tried() {
    let folder = TempDir::new().unwrap();
    let library = folder.path().join("x.so");
    fs::write(&library, "no library").unwrap();
    let report = battery(&library).run(|_| {});
    let (first, rest) = report.tried().split_first().unwrap();
    assert!(matches!(first.verdict, Verdict::Fail(_)), "{first}");
    assert!(
        rest.iter()
            .all(|tried| matches!(tried.verdict, Verdict::Skip(_)))
    );
    assert!(!report.is_passed());
    assert!(report.junit().contains("failures=\"1\""));
    assert_eq!(report.json()["passed"], false);
}

macro_rules! planted {
    ($($name:ident: $clause:literal $code:literal $words:literal;)*) => {$(
        #[test]
        fn $name() {
            let why = finds($clause, $code);
            assert!(why.contains($words), "{why}");
        }
    )*};
}

planted! {
    missing_licence_is_found: "1.2" "#define LICENCE \"\"" "licence";
    thread_of_a_constructor_is_found: "1.3"
        "#define MORE static void *idle(void *x) { for (;;) pause(); return x; } \
         __attribute__((constructor)) static void begin(void) { pthread_t t; pthread_create(&t, 0, idle, 0); }"
        "1 threads";
    silence_about_what_is_carried_is_found: "1.4" "#define CARRIES \"\"" "can carry";
    missing_schema_is_found: "1.4" "#define SCHEMA \"\"" "JSON Schema";
    unknown_key_that_is_accepted_is_found: "2.2" "#define SCHEMA \"\"\n#define IS_GOOD 1" "misspelt";
    schema_that_takes_anything_is_found: "2.7" "#define SCHEMA \"{}\"" "no problem";
    configuration_that_is_no_object_is_found: "2.3" "#define IS_GOOD 1" "was accepted";
    crash_over_a_configuration_is_found: "2.3" "#define IS_GOOD config.len < 1000 ? 0 : (abort(), 1)" "signal 6";
    start_that_fails_is_found: "3.1" "#define ON_START answer(done, RIALTO_FAILURE, 9); return 0;" "does not start";
    start_that_crashes_is_found: "3.1" "#define ON_START abort();" "signal 6";
    stop_that_fails_is_found: "3.2" "#define ON_STOP answer(done, RIALTO_FAILURE, 17);" "failure";
    stop_that_ends_the_process_is_found: "3.2" "#define ON_STOP exit(0);" "the process ended";
    second_answer_to_make_way_is_found: "3.10"
        "#define ON_MAKE_WAY answer(done, RIALTO_SUCCESS, 0); answer(done, RIALTO_SUCCESS, 0);" "2 times";
    stop_that_is_not_answered_after_make_way_is_found: "3.10"
        "#define ON_STOP abort();" "signal 6";
    second_start_that_fails_is_found: "3.3"
        "#define ON_START static int n; if (n++) { answer(done, RIALTO_FAILURE, 9); return 0; }" "start 1 after a stop";
    second_adapter_that_does_not_start_is_found: "3.4"
        "#define ON_START static int n; if (n++) { answer(done, RIALTO_FAILURE, 9); return 0; }" "beside";
    thread_that_is_left_is_found: "3.6"
        "#define MORE static void *idle(void *x) { for (;;) pause(); return x; }\n\
         #define ON_START pthread_t t; pthread_create(&t, 0, idle, 0);" "1 threads run on";
    thread_that_is_left_without_stop_is_found: "3.8"
        "#define MORE static void *idle(void *x) { for (;;) pause(); return x; }\n\
         #define ON_START pthread_t t; pthread_create(&t, 0, idle, 0);" "1 threads run on";
    file_that_is_left_open_is_found: "3.7" "#define ON_START dup(0);" "are open";
    start_that_wants_its_own_size_is_found: "3.9"
        "#define ON_START if (start->size != sizeof *start) { answer(done, RIALTO_FAILURE, 17); return 0; }" "longer";
    second_answer_is_found: "4.1" "#define ON_MESSAGE answer(done, RIALTO_SUCCESS, 0);" "2 times";
    missing_answer_is_found: "4.1" "#define ANSWER" "not answered";
    crash_in_a_delivery_is_found: "4.1" "#define ON_MESSAGE *(volatile int *)8 = 1;" "signal 11";
    end_of_the_process_in_a_delivery_is_found: "4.1" "#define ON_MESSAGE exit(3);" "exit code 3";
    garbage_answer_is_found: "4.2" "#define ANSWER answer(done, 4711, 0);" "4711";
    answer_for_another_operation_is_found: "4.2"
        "#define ANSWER RialtoResponse r = { .size = sizeof r, .transaction_id = RIALTO_TEXT(\"x\") }; done.complete(done.ticket, &r);"
        "another operation";
    delivery_that_blocks_is_found: "4.3" "#define ON_MESSAGE sleep(2);" "took";
    unknown_kind_that_is_taken_is_found: "4.5" "#define UNKNOWN answer(done, RIALTO_SUCCESS, 0);" "success";
    service_that_is_not_offered_but_taken_is_found: "4.6"
        "#define UNKNOWN answer(done, o->kind < 6 && o->kind ? RIALTO_SUCCESS : RIALTO_FAILURE, RIALTO_REASON_UNSUPPORTED_SERVICE);"
        "success";
    operation_that_must_have_its_own_size_is_found: "4.7"
        "#define ON_MESSAGE if (o->size > sizeof *o) { answer(done, RIALTO_FAILURE, 17); return; }" "Internal";
    reading_beyond_a_short_operation_is_found: "4.8"
        "#define ON_MESSAGE if (o->identity.len) *(volatile uint8_t *)o->identity.ptr;" "signal 11";
    crash_in_cancel_is_found: "4.9" "#define ON_CANCEL abort();" "signal 6";
    malformed_submission_is_found: "4.13"
        "#define ON_MESSAGE RialtoOperation x = *o; x.transaction_id.len = 0; host.submit(host.ctx, &x, (RialtoCompletion){ 0, heard });"
        "transaction";
    message_that_is_handed_back_is_found: "4.14"
        "#define ON_MESSAGE host.submit(host.ctx, o, (RialtoCompletion){ 0, heard });" "submitted again";
    reply_to_another_address_is_found: "4.15"
        "#define ON_MESSAGE RialtoOperation x = *o; uint8_t to[2000]; memcpy(to, o->source.ptr, o->source.len); \
         for (size_t i = 0; i < o->source.len; i++) if (to[i] >= 'A' && to[i] <= 'Z') to[i] += 32; \
         x.source = o->destination; x.destination = (RialtoBytes){ to, o->source.len }; \
         host.submit(host.ctx, &x, (RialtoCompletion){ 0, heard });"
        "went to";
    success_for_what_the_gateway_failed_is_found: "4.12"
        "#define ON_MESSAGE RialtoOperation x = *o; x.source = o->destination; x.destination = o->source; \
         host.submit(host.ctx, &x, (RialtoCompletion){ 0, heard });" "although";
    crash_over_a_body_is_found: "5.1"
        "#define ON_MESSAGE if (o->payload.len && memchr(o->payload.ptr, 0, o->payload.len)) abort();" "signal 6";
    crash_over_headers_is_found: "5.2" "#define ON_MESSAGE if (o->headers_len > 100) abort();" "signal 6";
    crash_over_an_address_is_found: "5.3" "#define ON_MESSAGE if (o->source.len > 500) abort();" "signal 6";
    crash_over_many_megabytes_is_found: "5.4" "#define ON_MESSAGE if (o->payload.len > 1 << 25) abort();" "signal 6";
    text_on_a_standard_stream_is_found: "5.5"
        "#define ON_MESSAGE fwrite(o->payload.ptr, 1, o->payload.len, stderr);" "standard stream";
    text_in_the_log_is_found: "5.5"
        "#define ON_MESSAGE RialtoLogRecord l = { .size = sizeof l, .level = 3, .target = RIALTO_TEXT(\"x\"), .message = o->payload }; \
         host.log(host.ctx, &l);" "logged";
    memory_that_grows_with_messages_is_found: "6.1" "#define ON_MESSAGE static char *volatile kept; kept = malloc(4096); memset(kept, 1, 4096);" "KiB";
    memory_that_grows_with_lives_is_found: "6.2" "#define ON_START static char *volatile kept; kept = malloc(1 << 20); memset(kept, 1, 1 << 20);" "KiB";
    disposition_without_an_answer_is_found: "7.1"
        "#define SERVICES 3\n#define UNKNOWN answer(done, 4711, 0);" "garbage";
    subscription_that_crashes_is_found: "7.2"
        "#define SERVICES 5\n#define UNKNOWN if (o->kind == 3) abort(); answer(done, RIALTO_SUCCESS, 0);" "signal 6";
    refresh_that_is_not_answered_is_found: "7.3"
        "#define SERVICES 5\n#define UNKNOWN static int n; if (o->kind != 3 || n++ != 1) answer(done, RIALTO_SUCCESS, 0);" "its refresh was not answered";
    second_answer_to_what_was_cancelled_is_found: "7.4"
        "#define SERVICES 5\n#define UNKNOWN answer(done, RIALTO_SUCCESS, 0); if (o->kind == 3) answer(done, RIALTO_SUCCESS, 0);" "more than once";
    crash_over_a_document_is_found: "7.5"
        "#define SERVICES 5\n#define UNKNOWN if (o->kind == 4 && o->payload.len > 1000) abort(); answer(done, RIALTO_SUCCESS, 0);" "signal 6";
}
