//! What is cut from a text before a chat shows it.

use proptest::prelude::*;
use rialto_email_codec::message::{Cut, CutRule, CutText, Mail, QuoteRule, SignatureRule};

fn cut(rule: CutRule, text: &str) -> CutText {
    let octets =
        format!("From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}");
    let mail = Mail::parse(octets.as_bytes()).expect("a message");
    rule.apply(&mail.shown_text().expect("text"))
}

fn all() -> CutRule {
    CutRule::new(SignatureRule::Cut, QuoteRule::All)
}

fn trailing() -> CutRule {
    CutRule::new(SignatureRule::Keep, QuoteRule::Trailing)
}

#[test]
fn nothing_is_cut_unless_asked_for() {
    let text = "hi\n> quote\n-- \nme";
    assert_eq!(cut(CutRule::default(), text).text, text);
    assert_eq!(cut(CutRule::default(), text).cuts, []);
}

#[test]
fn an_answer_on_top_stays_and_what_it_answers_goes() {
    let text = "Yes.\n\nOn Mon, 1 Jan 2024 at 10:00, Romeo <romeo@montague.example>\nwrote:\n\n> Shall we?\n>\n> R.\n";
    let found = cut(trailing(), text);
    assert_eq!(found.text, "Yes.");
    let [Cut::Quote(quote)] = found.cuts.as_slice() else {
        panic!("{found:?}")
    };
    assert!(
        quote.starts_with("On Mon,") && quote.contains("> R."),
        "{quote}"
    );
}

#[test]
fn answers_below_and_between_are_kept_by_the_rule_for_trailing_quotes() {
    let text = "Am 1.1.2024 schrieb Julia:\n> eins\nja\n> zwei\nnein\n> drei\n";
    assert_eq!(
        cut(trailing(), text).text,
        "Am 1.1.2024 schrieb Julia:\n> eins\nja\n> zwei\nnein"
    );
    let found = cut(all(), text);
    assert_eq!(found.text, "ja\nnein");
    assert_eq!(found.cuts.len(), 3);
}

#[test]
fn attributions_are_known_in_several_languages() {
    for line in [
        "On 1 Jan 2024, at 10:00, X <x@y.example> wrote:",
        "Am Mo., 1. Jan. 2024 um 10:00 Uhr schrieb X <x@y.example>:",
        "Le lun. 1 janv. 2024 \u{e0} 10:00, X <x@y.example> a \u{e9}crit :",
        "El lun, 1 ene 2024 a las 10:00, X (<x@y.example>) escribi\u{f3}:",
        "Il giorno lun 1 gen 2024 alle ore 10:00 X <x@y.example> ha scritto:",
        "Em seg., 1 de jan. de 2024 \u{e0}s 10:00, X <x@y.example> escreveu:",
        "Op ma 1 jan 2024 om 10:00 schreef X <x@y.example>:",
        "Den m\u{e5}n 1 jan. 2024 kl 10:00 skrev X <x@y.example>:",
        "pon., 1 sty 2024 o 10:00 X <x@y.example> napisa\u{142}(a):",
        "\u{43f}\u{43d}, 1 \u{44f}\u{43d}\u{432}. 2024 \u{433}., X <x@y.example> \u{43d}\u{430}\u{43f}\u{438}\u{441}\u{430}\u{43b}:",
        "X <x@y.example> \u{4e8e}2024\u{5e74}1\u{6708}1\u{65e5}\u{5199}\u{9053}\u{ff1a}",
    ] {
        assert_eq!(
            cut(all(), &format!("ok\n\n{line}\n> x\n")).text,
            "ok",
            "{line}"
        );
    }
    let said = "She wrote:\nno quote follows";
    assert_eq!(cut(all(), said).text, said);
}

#[test]
fn an_original_message_below_a_line_is_a_quote() {
    for separator in [
        "-----Original Message-----",
        "-------- Urspr\u{fc}ngliche Nachricht --------",
        "________________________________\nFrom: X <x@y.example>",
    ] {
        assert_eq!(
            cut(
                trailing(),
                &format!("ok\n\n{separator}\nSubject: x\n\nold\n")
            )
            .text,
            "ok"
        );
    }
    let rule = "ok\n____________________________\nno header";
    assert_eq!(cut(trailing(), rule).text, rule);
}

#[test]
fn a_signature_goes_and_the_quote_below_it_has_its_own_rule() {
    let text = "ok\n-- \nme\nhttps://me.example\n\n> quote";
    let found = cut(CutRule::new(SignatureRule::Cut, QuoteRule::Keep), text);
    assert_eq!(found.text, "ok\n> quote");
    let [Cut::Signature(signature)] = found.cuts.as_slice() else {
        panic!("{found:?}")
    };
    assert!(signature.starts_with("-- \nme"));
    assert_eq!(cut(all(), text).text, "ok");
}

#[test]
fn a_text_of_which_nothing_would_be_left_stays_whole() {
    let text = "> only\n> a quote";
    assert_eq!(cut(all(), text).text, text);
    assert_eq!(cut(all(), text).cuts, []);
}

#[test]
fn a_quote_in_html_ends_the_text_though_it_has_no_mark() {
    let octets = "From: a@b.example\r\nContent-Type: text/html\r\n\r\n<div>ok</div><div>On 1 Jan 2024, X wrote:<br>\
        <blockquote>old</blockquote></div>";
    let mail = Mail::parse(octets.as_bytes()).expect("a message");
    assert_eq!(all().apply(&mail.shown_text().expect("text")).text, "ok");
}

proptest! {
    #[test]
    fn every_line_is_either_kept_or_reported(lines in prop::collection::vec(
        prop_oneof![
            "[a-z]{1,5}", Just("> q".to_owned()), Just(String::new()), Just("-- ".to_owned()),
            Just("On 1 Jan x wrote:".to_owned()), Just("-----Original Message-----".to_owned()),
        ],
        1..20,
    )) {
        let text = format!("a{}", lines.iter().map(|line| format!("\n{line}")).collect::<String>());
        let found = cut(all(), &text);
        let mut after: Vec<&str> = found.text.lines().collect();
        for cut in &found.cuts {
            match cut {
                Cut::Signature(text) | Cut::Quote(text) => after.extend(text.lines()),
                _ => prop_assert!(false, "a third kind"),
            }
        }
        let mut before: Vec<&str> = text.lines().collect();
        for lines in [&mut before, &mut after] {
            lines.retain(|line| !line.trim().is_empty());
            for line in lines.iter_mut() {
                *line = line.trim_end();
            }
            lines.sort_unstable();
        }
        prop_assert_eq!(before, after);
    }
}
