//! Remarks: the `<status/>` of a presence and the `<note/>` of a document (RFC 8048 §6.2, RFC 6121 §4.7.2.2).

use rialto_sdk::model::{ByteString, presence::Note};
use rialto_xmpp_codec::{LangText, Presence};

use crate::mapping::content::is_language;

/// The most languages that a remark is told in.
const MAX_LANGUAGES: usize = 8;

/// The longest remark that is told, in bytes of all languages; what does not fit is left out whole.
const MAX_LEN: usize = 4096;

/// The remarks in a presence, each in its language or the stanza's.
pub(super) fn of(presence: &Presence) -> Vec<LangText> {
    let lang = |status: &LangText| {
        let lang = status.lang.as_ref().or(presence.lang.as_ref());
        lang.filter(|lang| is_language(lang)).cloned()
    };
    let statuses = presence.statuses.iter().map(|status| LangText {
        lang: lang(status),
        text: status.text.clone(),
    });
    one_for_each_language(statuses)
}

/// The remarks that notes make. Notes in the same language become one, a line for each: XMPP has no place for two.
pub(super) fn of_notes<'a>(notes: impl Iterator<Item = &'a Note>) -> Vec<LangText> {
    one_for_each_language(notes.map(|note| LangText {
        lang: note.language().cloned(),
        text: note.text().clone(),
    }))
}

/// The notes that say what the remarks do.
pub(super) fn notes(statuses: &[LangText]) -> impl Iterator<Item = Note> {
    statuses.iter().map(|status| {
        let lang = status.lang.clone();
        let note = lang.and_then(|lang| Note::in_language(status.text.clone(), lang));
        note.unwrap_or_else(|| Note::new(status.text.clone()))
    })
}

fn one_for_each_language(texts: impl Iterator<Item = LangText>) -> Vec<LangText> {
    let mut all: Vec<LangText> = Vec::new();
    let mut len = 0;
    for status in texts {
        let text = status.text.trim();
        let room = MAX_LEN.saturating_sub(len);
        if text.is_empty() || text.len() >= room {
            continue;
        }
        let is_full = all.len() >= MAX_LANGUAGES;
        match all.iter_mut().find(|known| known.lang == status.lang) {
            Some(known) if known.text.lines().any(|line| line == text) => continue,
            Some(known) => known.text = joined(&known.text, text),
            None if is_full => continue,
            None => all.push(LangText {
                lang: status.lang,
                text: status.text.slice_ref(text),
            }),
        }
        len += text.len() + 1;
    }
    all
}

fn joined(first: &str, second: &str) -> ByteString {
    [first, "\n", second].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lang: Option<&str>, text: &str) -> LangText {
        LangText {
            lang: lang.map(Into::into),
            text: text.into(),
        }
    }

    #[test]
    fn notes_of_one_language_become_lines_of_one_status_and_none_stands_twice() {
        let notes = [
            Note::new("in the orchard"),
            Note::in_language("v sadu", "cs").unwrap(),
            Note::new(" back at ten "),
            Note::new("in the orchard"),
            Note::new("  "),
        ];
        assert_eq!(
            of_notes(notes.iter()),
            [
                text(None, "in the orchard\nback at ten"),
                text(Some("cs"), "v sadu")
            ]
        );
    }

    #[test]
    fn remark_is_in_the_language_of_its_stanza_unless_it_says_another() {
        let presence = Presence {
            lang: Some("en".into()),
            statuses: vec![
                text(None, "away"),
                text(Some("cs"), "pryč"),
                text(Some("!"), "x"),
            ],
            ..Presence::default()
        };
        let statuses = of(&presence);
        assert_eq!(statuses[0], text(Some("en"), "away"));
        assert_eq!(statuses[1], text(Some("cs"), "pryč"));
        assert_eq!(statuses[2], text(None, "x"), "what is no language is none");
    }

    #[test]
    fn what_is_too_long_is_left_out_whole_and_the_rest_is_told() {
        let long = "x".repeat(MAX_LEN);
        let presence = Presence {
            statuses: vec![text(Some("en"), &long), text(Some("de"), "kurz")],
            ..Presence::default()
        };
        assert_eq!(of(&presence), [text(Some("de"), "kurz")]);
    }
}
