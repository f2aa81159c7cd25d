//! The text of HTML. The library takes tags and entities away; it ends lines at `br` and `p` alone.

use mail_parser::decoders::html::html_to_text;

/// The text of a document, with a new line for each block and at most one empty line between.
pub(super) fn text_of_html(html: &str) -> String {
    let text = html_to_text(&with_marks(html));
    let mut output = String::with_capacity(text.len());
    let mut gap = Gap::default();
    for char in text.chars() {
        match char {
            BLOCK => gap.blocks = true,
            '\n' => gap.lines += 1,
            char if char.is_whitespace() && gap != Gap::default() => {}
            char => {
                if !output.is_empty() {
                    output.push_str(gap.as_str());
                }
                gap = Gap::default();
                output.push(char);
            }
        }
    }
    output
}

/// What stands between two words.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Gap {
    blocks: bool,
    lines: usize,
}

impl Gap {
    fn as_str(self) -> &'static str {
        match (self.blocks, self.lines) {
            (false, 0) => "",
            (true, 0) | (false, 1) => "\n",
            _ => "\n\n",
        }
    }
}

/// Puts a mark before each tag that begins or ends a block.
fn with_marks(html: &str) -> String {
    let mut output = String::with_capacity(html.len() + html.len() / 8);
    for (index, piece) in html.split('<').enumerate() {
        if index > 0 {
            if is_block(piece) {
                output.push(BLOCK);
            }
            output.push('<');
        }
        output.push_str(piece);
    }
    output
}

/// Whether a tag, its `<` taken off, is of a block.
fn is_block(tag: &str) -> bool {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    let end = tag
        .find(|char: char| !char.is_ascii_alphanumeric())
        .unwrap_or(tag.len());
    let name = tag.get(..end).unwrap_or_default();
    BLOCKS.iter().any(|block| name.eq_ignore_ascii_case(block))
}

/// Stands for the edge of a block while tags are taken away. HTML has no such character.
const BLOCK: char = '\u{1e}';

const BLOCKS: [&str; 19] = [
    "address",
    "article",
    "blockquote",
    "dd",
    "div",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "p",
    "pre",
    "section",
    "table",
    "tr",
];
