//! What is said of an adapter's configuration, before anything starts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use crate::support::*;
use rialto_loader::{ClaimTable, LoadError};

fn configured(config: &str) -> LoadError {
    let declared = declared("sip", faulty_plugin(), config);
    declared.load(&ClaimTable::new()).expect_err("refused")
}

#[test]
fn wrong_configuration_is_refused_by_its_key() {
    let error = configured(r#"{"listen": ["127.0.0.1:5060", "5060"]}"#);
    assert!(error.is_configuration());
    assert_eq!(
        error.to_string(),
        "adapter sip: listen[1]: invalid socket address syntax; correct its configuration"
    );
    assert_eq!(
        configured(r#"{"lisen": []}"#).to_string(),
        "adapter sip: lisen: unknown key (did you mean `listen`?); correct its configuration"
    );
    assert!(configured("{").to_string().contains("EOF"));
}

#[test]
fn all_that_the_schema_refuses_is_named_at_once_and_the_plugin_is_not_asked() {
    let error = configured(r#"{"lisen": [], "listen": 5, "fault": "panic_in_claims"}"#);
    assert!(!error.to_string().contains('\n'), "one line: {error}");
    let LoadError::Configuration { problem, .. } = error else {
        panic!("{error}");
    };
    let problems: Vec<_> = problem.lines().collect();
    assert_eq!(
        problems,
        [
            "lisen: unknown key (did you mean `listen`?)",
            "listen: must be of type array",
        ]
    );
}

#[test]
fn configuration_that_the_author_refuses_is_refused_in_his_words() {
    assert_eq!(
        configured(r#"{"listen": ["127.0.0.1:1"]}"#).to_string(),
        "adapter sip: listen[0]: port 1 is reserved; correct its configuration"
    );
}

#[test]
fn claim_that_is_none_is_refused() {
    assert_eq!(
        configured(r#"{"domain": "nodots"}"#).to_string(),
        "adapter sip: the plugin claims `nodots`, which is no claim (the domain `nodots` is not fully \
         qualified); report it to the plugin's author"
    );
}

#[test]
fn panic_in_claims_is_a_refusal() {
    let error = configured(r#"{"fault": "panic_in_claims"}"#);
    assert!(!error.is_configuration(), "it is the author's to mend");
    assert_eq!(
        error.to_string(),
        "adapter sip: the plugin does not say whether it can run with its configuration (the plugin panicked: claims: a bug); \
         report it to the plugin's author"
    );
}

#[test]
fn plugin_that_does_not_answer_over_a_configuration_is_its_authors_to_mend() {
    for (name, code, why) in [
        (
            "claims_silent",
            "return;",
            "it gave no answer within the call",
        ),
        (
            "claims_garbage",
            "yes.size = 0;",
            "malformed response: a struct has 0 bytes, at least 64 are needed",
        ),
    ] {
        assert_eq!(
            claiming(name, "", code),
            format!(
                "adapter one: the plugin does not say whether it can run with its configuration ({why}); \
                 report it to the plugin's author"
            )
        );
    }
}

#[test]
fn plugin_that_hangs_over_a_configuration_is_refused() {
    let head = "#define _DEFAULT_SOURCE\n#include <unistd.h>";
    assert_eq!(
        claiming("claims_hangs", head, "for (;;) pause();"),
        "adapter one: the plugin has not checked its configuration after 10s; report it to the plugin's author"
    );
}

/// A plugin in C that names claims as `code` says.
fn claiming(name: &str, head: &str, code: &str) -> String {
    let code = format!(
        "{head}
        #include \"rialto.h\"
        static void claims(RialtoBytes config, const RialtoClaimSink *sink, RialtoCompletion done) {{
            RialtoResponse yes = {{ .size = sizeof yes }};
            RialtoClaim c = {{ .size = sizeof c, .kind = RIALTO_CLAIM_SCHEME, .value = RIALTO_TEXT(\"c\") }};
            (void)config, (void)sink;
            {code}
            done.complete(done.ticket, &yes);
        }}
        #define CLAIMS claims"
    );
    let declared = declared("one", c_plugin(name, &code), "{}");
    match declared.load(&ClaimTable::new()) {
        Ok(loaded) => format!("{:?}", loaded.claims()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn claim_that_cannot_be_taken_is_refused_rather_than_lost() {
    assert_eq!(
        claiming("claims", "", "sink->claim(sink->ctx, &c);"),
        "[Scheme(\"c\")]"
    );
    for (name, code, why) in [
        (
            "claims_null",
            "sink->claim(sink->ctx, 0);",
            "a struct is null",
        ),
        (
            "claims_latin1",
            "c.value = (RialtoBytes){ (const uint8_t *)\"\\xff\", 1 }; sink->claim(sink->ctx, &c);",
            "a claim is not UTF-8",
        ),
        (
            "claims_many",
            "for (int i = 0; i < 1025; i++) sink->claim(sink->ctx, &c);",
            "it claims more than 1024 things",
        ),
        (
            "claims_long",
            "static uint8_t x[256] = { 'x' }; c.value = (RialtoBytes){ x, 256 }; sink->claim(sink->ctx, &c);",
            "it has more than 255 bytes",
        ),
    ] {
        assert_eq!(
            claiming(name, "", code),
            format!(
                "adapter one: the plugin claims something, which is no claim ({why}); report it to the plugin's author"
            )
        );
    }
}
