//! Lines of a head, with the place of each.

/// Walks lines; an end is LF, or CR LF.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    /// `at` is where `text` begins in the whole.
    pub(super) const fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// What follows, white space at its front: the rest of a folded header.
    pub(super) fn next_if_folded(&mut self) -> Option<(usize, &'a str)> {
        self.text
            .starts_with([' ', '\t'])
            .then(|| self.next())
            .flatten()
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.text.is_empty() {
            return None;
        }
        let at = self.at;
        let len = memchr::memchr(b'\n', self.text.as_bytes()).map_or(self.text.len(), |lf| lf + 1);
        let (line, rest) = self.text.split_at_checked(len)?;
        self.text = rest;
        self.at += len;
        let line = line.strip_suffix('\n').unwrap_or(line);
        Some((at, line.strip_suffix('\r').unwrap_or(line)))
    }
}
