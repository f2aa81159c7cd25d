//! The lines that announce a quote, in the languages of the mail programs that write them.

/// Whether a line says whose words follow: a verb of writing, and a colon at the end.
pub(super) fn is_attribution(line: &str) -> bool {
    let line = line.trim();
    if line.len() > MAX_ATTRIBUTION || !line.ends_with([':', '\u{ff1a}']) {
        return false;
    }
    let line = line.to_lowercase();
    VERBS.iter().any(|verb| line.contains(verb))
}

/// Whether everything below this line is an earlier message.
pub(super) fn is_separator(line: &str, next: &str) -> bool {
    let line = line.trim();
    let dashes = line.trim_matches(['-', '_', ' ']);
    if line.starts_with("--") && line.ends_with("--") {
        let title = dashes.to_lowercase();
        return TITLES.contains(&title.as_str());
    }
    // Outlook's rule, with the old header below it.
    line.len() >= 20 && line.bytes().all(|byte| byte == b'_') && is_from(next)
}

fn is_from(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    FROM.iter().any(|word| {
        line.strip_prefix(word)
            .is_some_and(|rest| rest.trim_start().starts_with(':'))
    })
}

/// Octets of an attribution.
const MAX_ATTRIBUTION: usize = 500;

const VERBS: [&str; 25] = [
    "wrote",
    "writes",
    "said", // English
    "schrieb",
    "schreibt",      // German
    "a \u{e9}crit",  // French
    "escribi\u{f3}", // Spanish
    "ha scritto",    // Italian
    "escreveu",      // Portuguese
    "schreef",
    "geschreven", // Dutch
    "skrev",
    "skreiv",    // Swedish, Danish, Norwegian
    "kirjoitti", // Finnish
    "napisa\u{142}",
    "pisze",                                             // Polish
    "napsal",                                            // Czech
    "nap\u{ed}sal",                                      // Slovak
    "\u{43d}\u{430}\u{43f}\u{438}\u{441}\u{430}\u{43b}", // Russian
    "\u{43f}\u{438}\u{448}\u{435}\u{442}",
    "\u{3ad}\u{3b3}\u{3c1}\u{3b1}\u{3c8}\u{3b5}", // Greek
    "yazd\u{131}",                                // Turkish
    "\u{5199}\u{9053}",                           // Chinese
    "\u{66f8}\u{304d}\u{307e}\u{3057}\u{305f}",   // Japanese
    "\u{c791}\u{c131}",                           // Korean
];

const TITLES: [&str; 10] = [
    "original message",
    "forwarded message",
    "original-nachricht",
    "urspr\u{fc}ngliche nachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "mensagem original",
    "oorspronkelijk bericht",
];

const FROM: [&str; 6] = ["from", "von", "de", "da", "van", "fr\u{e5}n"];
