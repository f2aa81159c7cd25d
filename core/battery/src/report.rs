//! What came of a battery, for people and for machines.

use std::{
    fmt::{self, Write},
    path::PathBuf,
};

use serde_json::{Value, json};

use crate::{Level, Tried, Verdict};

/// What came of a battery.
#[derive(Clone, Debug)]
pub struct Report {
    library: PathBuf,
    tried: Vec<Tried>,
}

impl Report {
    pub(crate) const fn new(library: PathBuf, tried: Vec<Tried>) -> Self {
        Self { library, tried }
    }

    /// Each clause, with what came of it.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// Whether no clause failed that a plugin must keep.
    pub fn is_passed(&self) -> bool {
        self.count(|tried| is_failed(tried) && tried.clause.level() == Level::Must) == 0
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let clause = |tried: &Tried| {
            let mut value = json!({
                "clause": tried.clause.id(),
                "level": tried.clause.level().to_string(),
                "text": tried.clause.text(),
                "seconds": tried.time.as_secs_f64(),
            });
            let (verdict, why) = words(tried);
            value["verdict"] = verdict.into();
            value["why"] = why.into();
            value
        };
        json!({
            "library": self.library.display().to_string(),
            "passed": self.is_passed(),
            "clauses": self.tried.iter().map(clause).collect::<Vec<_>>(),
        })
    }

    /// As JUnit's XML: a clause that is not kept, but only should be, is a case that was skipped.
    pub fn junit(&self) -> String {
        let must = |tried: &&Tried| tried.clause.level() == Level::Must;
        let failures = self
            .tried
            .iter()
            .filter(|tried| is_failed(tried))
            .filter(must);
        let skipped = self.count(|tried| matches!(words(tried).0, "skip" | "warn"));
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"rialto plugin contract\" tests=\"{}\" failures=\"{}\" skipped=\"{skipped}\">\n",
            self.tried.len(),
            failures.count(),
        );
        for tried in &self.tried {
            let (id, text) = (tried.clause.id(), Escaped(tried.clause.text()));
            let time = tried.time.as_secs_f64();
            let (verdict, why) = words(tried);
            let inner = match verdict {
                "fail" => format!("<failure message=\"{}\"/>", Escaped(why)),
                "pass" => String::new(),
                _ => format!("<skipped message=\"{}\"/>", Escaped(why)),
            };
            xml += &format!(
                "  <testcase classname=\"contract\" name=\"{id} {text}\" time=\"{time:.3}\">{inner}</testcase>\n"
            );
        }
        xml + "</testsuite>\n"
    }

    fn count(&self, which: impl Fn(&Tried) -> bool) -> usize {
        self.tried.iter().filter(|tried| which(tried)).count()
    }
}

fn is_failed(tried: &Tried) -> bool {
    matches!(tried.verdict, Verdict::Fail(_))
}

fn words(tried: &Tried) -> (&'static str, &str) {
    match &tried.verdict {
        Verdict::Pass => ("pass", ""),
        Verdict::Skip(why) => ("skip", why),
        Verdict::Fail(why) if tried.clause.level() == Level::Should => ("warn", why),
        Verdict::Fail(why) => ("fail", why),
    }
}

/// A line for people.
impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, why) = words(self);
        let (clause, verdict) = (self.clause, verdict.to_ascii_uppercase());
        write!(
            f,
            "{verdict} {:<5}{} {}",
            clause.id(),
            clause.level(),
            clause.text()
        )?;
        match why {
            "" => Ok(()),
            why => write!(f, "\n           {why}"),
        }
    }
}

/// The last line for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |verdict| self.count(|tried| words(tried).0 == verdict);
        let result = match self.is_passed() {
            true => "keeps the contract, as far as it was tried",
            false => "does not keep the contract",
        };
        write!(
            f,
            "{} {result}: {} passed, {} failed, {} to be mended, {} not tried",
            self.library.display(),
            of("pass"),
            of("fail"),
            of("warn"),
            of("skip"),
        )
    }
}

/// A text in an attribute of XML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => f.write_char(' '),
            c => f.write_char(c),
        })
    }
}
