// Tests what reads foreign bytes: `make check`, under the address and undefined behaviour sanitizers.
#include <stdio.h>
#include <string.h>

#include "mapping.h"
#include "utf8.h"

static int failures;

#define CHECK(claim) \
    do { \
        if (!(claim)) { \
            failures++; \
            fprintf(stderr, "%s:%d: not so: %s\n", __func__, __LINE__, #claim); \
        } \
    } while (0)

// A copy that ends where it ends, so that the sanitizer sees who reads on.
static char *exactly(const char *text, size_t len) {
    char *copy = malloc(len ? len : 1);
    if (!copy) abort();
    memcpy(copy, text, len);
    return copy;
}

static const char GOOD[] = "{\"endpoint\":\"127.0.0.1:7243\",\"domain\":\"pager.example\",\"system\":\"rialto\","
                           "\"secret\":\"\\u00fc\\ud83d\\ude00\",\"max_pending\":7}";

static bool configures(const char *json, size_t len, Config *config, char problem[JSON_PROBLEM_MAX]) {
    char *copy = exactly(json, len);
    bool is_read = config_read((RialtoBytes){ (uint8_t *)copy, len }, config, problem);
    free(copy);
    return is_read;
}

static void configuration_is_read_or_refused_with_its_key(void) {
    static const char *const wrong[][2] = {
        { "", "byte 0: not an object" },
        { "[]", "byte 0: not an object" },
        { "{", "byte 1: not a text" },
        { "{}", "endpoint: missing" },
        { "{\"colour\":1}", "colour: unknown key" },
        { "{\"secret\":7}", "secret: a text is needed, in quotes" },
        { "{\"secret\":\"\"}", "secret: empty, or with a space or a control character in it" },
        { "{\"secret\":\"a b\"}", "secret: empty, or with a space or a control character in it" },
        { "{\"secret\":\"a\",\"secret\":\"b\"}", "secret: given twice" },
        { "{\"secret\":null}", "secret: byte 10: neither a text nor a whole number" },
        { "{\"secret\":\"\\u0000\"}", "secret: byte 17: a text holds no NUL" },
        { "{\"secret\":\"\\ud800\"}", "secret: byte 17: half a surrogate pair" },
        { "{\"secret\":\"\xff\"}", "secret: byte 13: a text that is not UTF-8" },
        { "{\"max_pending\":\"7\"}", "max_pending: a number is needed, without quotes" },
        { "{\"max_pending\":0}", "max_pending: too small" },
        { "{\"max_pending\":-1}", "max_pending: too small" },
        { "{\"max_pending\":1.5}", "max_pending: byte 16: neither a text nor a whole number" },
        { "{\"max_pending\":99999999999999999999}", "max_pending: byte 33: a number that is too large" },
        { "{\"max_pending\":1}x", "byte 17: something behind the object" },
        { "{\"domain\":\"d\",\"system\":\"s\",\"secret\":\"x\",\"endpoint\":\"host.example:1\"}",
            "endpoint: not an IP address and a port, like 127.0.0.1:7243 or [::1]:7243" },
    };
    Config config;
    char problem[JSON_PROBLEM_MAX];
    CHECK(configures(GOOD, sizeof GOOD - 1, &config, problem));
    CHECK(config.max_pending == 7 && config.ping_ms == 30000);
    CHECK(!strcmp(config.secret, "\xc3\xbc\xf0\x9f\x98\x80"));
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        CHECK(!configures(wrong[at][0], strlen(wrong[at][0]), &config, problem));
        CHECK(!strcmp(problem, wrong[at][1]));
        if (strcmp(problem, wrong[at][1])) fprintf(stderr, "  %s: %s\n", wrong[at][0], problem);
    }
    for (size_t len = 0; len < sizeof GOOD - 1; len++) CHECK(!configures(GOOD, len, &config, problem));
}

static LineKind kind(const char *text) {
    size_t len = strlen(text);
    char *copy = exactly(text, len);
    LineKind kind = line_read(copy, len).kind;
    free(copy);
    return kind;
}

static void lines_are_what_they_say_or_malformed(void) {
    CHECK(kind("PING") == LINE_PING);
    CHECK(kind("SEND 1 a@x b@y 70 dr hello there") == LINE_SEND);
    CHECK(kind("SEND 1 a@x b@y 70 - ") == LINE_SEND);
    CHECK(kind("TELL 2 a@x b@y read 1") == LINE_TELL);
    CHECK(kind("WATCH 3 w1 a@x b@y 600") == LINE_WATCH);
    CHECK(kind("GRANT 3 600") == LINE_GRANT);
    CHECK(kind("STATUS 4 w1 b@y a@x live on at lunch") == LINE_STATUS);
    CHECK(kind("STATUS 4 w1 b@y a@x over - ") == LINE_STATUS);
    CHECK(kind("FROB whatever  it is") == LINE_UNKNOWN);
    CHECK(kind("ACK 0123456789012345678901234567890123456789 done") == LINE_ACK);
    static const char *const malformed[] = { "", " PING", "PING now", "SEND", "SEND 1 a@x b@y 70", "SEND  a@x b@y 70 - x",
        "ACK 1", "ACK 1 done more", "GRANT 3", "WATCH 3 w1 a@x b@y", "STATUS 4 w1 b@y a@x live", "ACK 01234567890123456789012345678901234567890 done", "NAK \xc3\xbc refused",
        "BYE\t1", "BYE \r" };
    for (size_t at = 0; at < sizeof malformed / sizeof *malformed; at++) CHECK(kind(malformed[at]) == LINE_MALFORMED);
}

static void text_comes_back_as_it_went(void) {
    static const char text[] = "a\\b\nc\r\n\\n \xe4\xbb\x8a";
    Draft draft;
    char back[PAGER_LINE_MAX];
    draft_begin(&draft, LINE_SEND);
    for (int word = 0; word < 5; word++) draft_word(&draft, word_of("1"));
    draft_text(&draft, word_of(text));
    Line line = line_read(draft.bytes, draft.len);
    CHECK(line.kind == LINE_SEND);
    CHECK(text_read(line.words[5], back) == (long)strlen(text) && !memcmp(back, text, strlen(text)));
    CHECK(text_read(word_of("\\"), back) == -1 && text_read(word_of("\\x"), back) == -1);
}

static void line_that_is_too_long_is_refused_and_not_cut(void) {
    static uint8_t text[PAGER_LINE_MAX + 10];
    memset(text, 'x', sizeof text);
    RialtoOperation operation = { .size = sizeof operation, .kind = RIALTO_KIND_MESSAGE, .transaction_id = RIALTO_TEXT("1"),
        .source = RIALTO_TEXT("im:a@x"), .destination = RIALTO_TEXT("im:b@y"), .max_forwards = 70,
        .content_type = RIALTO_TEXT("text/plain"), .payload = { text, 0 } };
    static const char around[] = "SEND 1 a@x b@y 70 - \n";
    Draft draft;
    const char *detail;
    operation.payload.len = PAGER_LINE_MAX - (sizeof around - 1);
    CHECK(outgoing(&operation, &draft, &detail) == 0 && draft.len == PAGER_LINE_MAX);
    operation.payload.len++;
    CHECK(outgoing(&operation, &draft, &detail) == RIALTO_REASON_TOO_LARGE);
}

static uint32_t refusal(const char *type, const char *payload, const RialtoHeader *header) {
    RialtoOperation operation = { .size = sizeof operation, .kind = RIALTO_KIND_MESSAGE, .transaction_id = RIALTO_TEXT("1"),
        .source = RIALTO_TEXT("im:a@x"), .destination = RIALTO_TEXT("im:b@y"), .content_type = word_of(type),
        .payload = word_of(payload), .headers = header, .headers_len = header ? 1 : 0 };
    Draft draft;
    const char *detail;
    return outgoing(&operation, &draft, &detail);
}

static void what_a_pager_cannot_show_is_refused(void) {
    RialtoHeader require = { .name = RIALTO_TEXT("Require"), .value = RIALTO_TEXT("X.Y") };
    CHECK(refusal("text/plain", "x", 0) == 0);
    CHECK(refusal("Text/Plain ; format=flowed; Charset=\"UTF-8\"", "x", 0) == 0);
    CHECK(refusal("text/plainer", "x", 0) == RIALTO_REASON_UNSUPPORTED_CONTENT);
    CHECK(refusal("text/plain; charset=latin1", "x", 0) == RIALTO_REASON_UNSUPPORTED_CONTENT);
    CHECK(refusal("multipart/encrypted", "x", 0) == RIALTO_REASON_UNSUPPORTED_CONTENT);
    CHECK(refusal("text/plain", "\xff", 0) == RIALTO_REASON_UNSUPPORTED_CONTENT);
    CHECK(refusal("text/plain", "x", &require) == RIALTO_REASON_UNKNOWN_REQUIRED_HEADER);
}

static void text_with_a_nul_is_refused_from_the_server_too(void) {
    Config config = { .domain = "pager.example" };
    static const char text[] = "SEND 1 a@pager.example b@y 70 - x\0y";
    Line line = line_read(text, sizeof text - 1);
    Incoming in;
    const char *word = incoming(&line, &config, &in);
    CHECK(word && !strcmp(word, "content"));
}

static void server_speaks_for_its_own_users_only(void) {
    Config config = { .domain = "pager.example" };
    static const char *const senders[] = { "bob@pager.example", "bob@PAGER.example", "bob@sip.example", "@pager.example",
        "pager.example", "bob@evilpager.example" };
    for (size_t at = 0; at < sizeof senders / sizeof *senders; at++) {
        char text[100];
        int len = snprintf(text, sizeof text, "SEND 1 %s b@y 70 - x", senders[at]);
        Line line = line_read(text, (size_t)len);
        Incoming in;
        const char *word = incoming(&line, &config, &in);
        CHECK(at < 2 ? !word : word && !strcmp(word, "from"));
    }
}

static const char DOCUMENT[] =
    "<?xml version='1.0'?><!-- of > bob --><p:presence xmlns:p='urn:ietf:params:xml:ns:pidf' entity='pres:bob@y?a>b'>"
    "<p:tuple id='a'><p:status><p:basic> closed </p:basic></p:status></p:tuple>"
    "<p:tuple id='b'><p:status><p:basic>open</p:basic></p:status><p:contact/><p:note xml:lang='en'>caf&#xe9; &amp; <![CDATA[<tea>]]></p:note></p:tuple>"
    "<p:note>second</p:note></p:presence>";

static bool reads(const char *text, size_t len, Pidf *pidf) {
    char *copy = exactly(text, len);
    bool is_read = pidf_read((RialtoBytes){ (uint8_t *)copy, len }, pidf);
    free(copy);
    return is_read;
}

static void document_says_whether_somebody_is_there_and_its_first_note(void) {
    static const char note[] = "caf\xc3\xa9 & <tea>";
    Pidf pidf;
    CHECK(reads(DOCUMENT, sizeof DOCUMENT - 1, &pidf));
    CHECK(pidf.status == PIDF_OPEN);
    CHECK(pidf.note_len == sizeof note - 1 && !memcmp(pidf.note, note, pidf.note_len));
    CHECK(reads("<presence/>", 11, &pidf) && pidf.status == PIDF_UNKNOWN && !pidf.note_len);
    static const char *const wrong[] = { "", "<", "<a", "<a b='>", "<!DOCTYPE a><a/>", "<a>&what;</a>", "<a>&#0;</a>", "<a>&#x110000;</a>",
        "<a>&#xd800;</a>", "<a>&#1;</a>", "<a>&#xffff;</a>", "<a>& </a>", "<!-- a", "<![CDATA[ a", "<a \xff/>", "<>" };
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) CHECK(!reads(wrong[at], strlen(wrong[at]), &pidf));
    static const char nul[] = "<note>a\0b</note>", escape[] = "<note>a\x1b[2J</note>", noncharacter[] = "<note>\xef\xbf\xbf</note>";
    CHECK(!reads(nul, sizeof nul - 1, &pidf) && !reads(escape, sizeof escape - 1, &pidf));
    CHECK(!reads(noncharacter, sizeof noncharacter - 1, &pidf) && reads("<note>\xef\xbf\xbd</note>", 16, &pidf));
    for (size_t len = 0; len < sizeof DOCUMENT - 1; len++) reads(DOCUMENT, len, &pidf);
}

static void long_note_is_cut_at_a_character(void) {
    char text[2 * PIDF_NOTE_MAX + 20] = "<note>x";
    Pidf pidf;
    for (int count = 0; count < PIDF_NOTE_MAX / 2 + 5; count++) strcat(text, "\xc3\xa9");
    CHECK(reads(text, strlen(text), &pidf) && !pidf.note_len); // it has not ended
    strcat(text, "</note>");
    CHECK(reads(text, strlen(text), &pidf) && pidf.note_len == PIDF_NOTE_MAX - 1);
}

static void status_becomes_a_document_that_says_the_same(void) {
    Config config = { .domain = "pager.example" };
    static const char text[] = "STATUS 4 w1 d&ve@pager.example b@y live on <at>\\n\"lunch\"";
    Line line = line_read(text, sizeof text - 1);
    Incoming in;
    Pidf pidf;
    CHECK(!incoming(&line, &config, &in));
    CHECK(in.operation.kind == RIALTO_KIND_NOTIFY && in.presence.state == RIALTO_SUBSCRIPTION_ACTIVE);
    CHECK(word_is(in.operation.source, "pres:d&ve@pager.example") && word_is(in.operation.destination, "pres:b@y"));
    CHECK(pidf_read(in.operation.payload, &pidf) && pidf.status == PIDF_OPEN);
    CHECK(pidf.note_len == 12 && !memcmp(pidf.note, "<at>\n\"lunch\"", 12));
    static const char *const refused[][2] = {
        { "STATUS 4 w1 a@x b@y live on ", "from" },
        { "STATUS 4 w1 a@pager.example b@y dead on ", "refused" },
        { "STATUS 4 w1 a@pager.example b@y live maybe ", "refused" },
        { "STATUS 4 w1 a@pager.example b@y live on \x01", "content" },
        { "STATUS 4 w1 a@pager.example b@y live on \xef\xbf\xbf", "content" },
        { "STATUS 4 w1 a@pager.example b@y live on \\x", "content" },
        { "WATCH 3 w1 a@x b@y 600", "from" },
        { "WATCH 3 w1 a@pager.example b@y 1e3", "refused" },
        { "WATCH 3 w1 a@pager.example b@y 99999999999999999999", "refused" },
    };
    for (size_t at = 0; at < sizeof refused / sizeof *refused; at++) {
        Line wrong = line_read(refused[at][0], strlen(refused[at][0]));
        const char *word = incoming(&wrong, &config, &in);
        CHECK(word && !strcmp(word, refused[at][1]));
    }
}

static void subscriptions_cross_with_their_durations(void) {
    Config config = { .domain = "pager.example" };
    static const char text[] = "WATCH 3 w1 a@pager.example b@y 600";
    Line line = line_read(text, sizeof text - 1);
    Incoming in;
    Draft draft;
    const char *detail;
    CHECK(!incoming(&line, &config, &in) && in.presence.duration_ms == 600000);
    in.operation.transaction_id = word_of("3");
    CHECK(!outgoing(&in.operation, &draft, &detail) && draft.len == sizeof text && !memcmp(draft.bytes, text, sizeof text - 1));
    in.presence.duration_ms = RIALTO_DURATION_NONE;
    CHECK(!outgoing(&in.operation, &draft, &detail) && !memcmp(draft.bytes + draft.len - 3, " 0\n", 3));
    in.presence.package = RIALTO_PACKAGE_WATCHER_INFORMATION;
    CHECK(outgoing(&in.operation, &draft, &detail) == RIALTO_REASON_UNSUPPORTED_SERVICE);
    in.operation.presence = 0;
    CHECK(outgoing(&in.operation, &draft, &detail) == RIALTO_REASON_INTERNAL);
    CHECK(seconds_of(1) == 1 && seconds_of(RIALTO_DURATION_NONE) == 0 && duration_of(0) == RIALTO_DURATION_NONE);
}

// Whatever is changed in what is good, nothing reads or writes where it must not.
static void changed_bytes_do_no_harm(void) {
    static const char *const good[] = { GOOD, "SEND 1 a@pager.example b@y 70 dr hello\\n\\\\ there", "TELL 2 a@pager.example b@y read 1",
        "WATCH 3 w1 a@pager.example b@y 600", "STATUS 4 w1 a@pager.example b@y live on at <lunch>", DOCUMENT };
    enum { GOODS = sizeof good / sizeof *good };
    uint32_t seed = 1;
    for (int round = 0; round < 200000; round++) {
        const char *base = good[round % GOODS];
        size_t len = strlen(base);
        char *text = exactly(base, len);
        for (int change = 0; change < 3; change++) {
            seed = seed * 1664525 + 1013904223;
            text[(seed >> 8) % len] = (char)(seed >> 24);
        }
        Config config = { .domain = "pager.example" };
        char problem[JSON_PROBLEM_MAX];
        Pidf pidf;
        if (round % GOODS == 0) {
            config_read((RialtoBytes){ (uint8_t *)text, len }, &config, problem);
        } else if (round % GOODS == GOODS - 1) {
            pidf_read((RialtoBytes){ (uint8_t *)text, len }, &pidf);
        } else {
            Line line = line_read(text, len);
            Incoming in;
            bool is_operation = line.kind == LINE_SEND || line.kind == LINE_TELL || line.kind == LINE_WATCH || line.kind == LINE_STATUS;
            if (is_operation) incoming(&line, &config, &in);
        }
        free(text);
    }
}

int main(void) {
    configuration_is_read_or_refused_with_its_key();
    lines_are_what_they_say_or_malformed();
    text_comes_back_as_it_went();
    line_that_is_too_long_is_refused_and_not_cut();
    what_a_pager_cannot_show_is_refused();
    text_with_a_nul_is_refused_from_the_server_too();
    server_speaks_for_its_own_users_only();
    document_says_whether_somebody_is_there_and_its_first_note();
    long_note_is_cut_at_a_character();
    status_becomes_a_document_that_says_the_same();
    subscriptions_cross_with_their_durations();
    changed_bytes_do_no_harm();
    if (!failures) puts("all so");
    return failures != 0;
}
