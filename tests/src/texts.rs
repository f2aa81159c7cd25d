//! Texts that conversations break on.

/// One text and what is special about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Names it in a failed test.
    pub name: &'static str,
    /// What is sent.
    pub text: String,
}

/// All of them; none has a character that XML forbids.
pub fn all() -> Vec<Text> {
    let texts = [
        ("plain", "Art thou not Romeo, and a Montague?".to_owned()),
        (
            "several lines",
            "first\nsecond\n\n  fourth, indented\n\tfifth".to_owned(),
        ),
        (
            "carriage returns",
            "first\r\nsecond\r\n\r\nfourth".to_owned(),
        ),
        (
            "white space around",
            "  \t two before, two after  \n".to_owned(),
        ),
        ("emoji", emoji()),
        (
            "arabic",
            "مرحبا يا روميو، كيف حالك؟ ‏(١٢٣) English وسط".to_owned(),
        ),
        ("hebrew with marks", "בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת הַשָּׁמַיִם".to_owned()),
        (
            "combining and normalised",
            "e\u{301} \u{e9} \u{1e9b}\u{323} \u{212b}".to_owned(),
        ),
        ("beyond the basic plane", "𝒽𝓮𝔩𝕝𝚘 𠜎𠜱 \u{10fffd}".to_owned()),
        (
            "xml",
            r#"<body>&amp; "quoted" 'too' ]]> <!-- --> &#x41; </body></message>"#.to_owned(),
        ),
        (
            "sip",
            "SIP/2.0 200 OK\nVia: x\n\nMESSAGE sip:a@b SIP/2.0".to_owned(),
        ),
        ("eight kibibytes", eight_kibibytes()),
    ];
    texts
        .into_iter()
        .map(|(name, text)| Text { name, text })
        .collect()
}

/// Those that a peer with a limit of this many bytes can carry.
pub fn no_longer_than(bytes: usize) -> Vec<Text> {
    let mut texts = all();
    texts.retain(|text| text.text.len() <= bytes);
    texts
}

/// The text as a reader sees it once XML has made every line end a line feed (XML 1.0 §2.11).
pub fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Joined sequences, skin tones, flags, keycaps and a tag sequence.
fn emoji() -> String {
    let parts = [
        "👩\u{200d}👩\u{200d}👧\u{200d}👦",
        "🏳\u{fe0f}\u{200d}🌈",
        "👍🏽",
        "🇨🇭",
        "1\u{fe0f}\u{20e3}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "❤\u{fe0f}\u{200d}🔥",
    ];
    parts.join(" ")
}

fn eight_kibibytes() -> String {
    let line = "O Romeo, Romeo! wherefore art thou Romeo? Ω≈ç√∫ 🎭\n";
    let mut text = line.repeat(8192 / line.len());
    text.push_str(&".".repeat(8192 - text.len()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_kibibytes_are_exactly_that() {
        assert_eq!(eight_kibibytes().len(), 8192);
    }

    #[test]
    fn texts_hold_no_character_that_xml_forbids() {
        let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        assert!(all().iter().all(|text| !text.text.contains(forbidden)));
    }
}
