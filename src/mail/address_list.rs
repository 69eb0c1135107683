//! The grammar of address fields: From, Sender, Reply-To, To, Cc and their kin (RFC 5322 sections 3.4 and 4.4).
//!
//! Mailboxes with and without names, quoted local parts, comments anywhere, groups, routes of the old days, and the usual
//! breakage, which is read but said to be unsound. Not here: what an address may be; what stands in its place is handed on
//! as it is written, and [`Address::parse`](super::Address::parse) judges it. One pass, linear in the field.

use super::encoded_words;

/// An address as written, which may be no [`Address`](super::Address).
#[derive(Debug)]
pub(super) struct Written {
    /// The display name, decoded.
    pub(super) name: Option<String>,
    /// What stands where the address should.
    pub(super) address: String,
    /// Whether the grammar leaves no doubt that this is the address. Another reader of the same field, such as the server
    /// that authenticates the sender, may have seen another one where it does.
    pub(super) is_sound: bool,
}

/// The mailboxes of a field, groups flattened; at most `limit`.
pub(super) fn read(field: &str, limit: usize) -> Vec<Written> {
    let mut list = List { rest: field, limit, found: Vec::new(), entry: Entry::default() };
    while list.found.len() < limit && list.step() {}
    list.finish();
    list.found
}

/// A run of characters without blanks around it, in which nothing but quotes can hold blanks.
#[derive(Debug, Default)]
struct Word {
    text: String,
    /// Whether there is an `@` outside quotes.
    is_address: bool,
}

/// What was read since the last comma.
#[derive(Debug, Default)]
struct Entry {
    words: Vec<Word>,
    /// The words as a name: quotes undone, blanks kept.
    name: String,
    /// The last comment: the old place of a name.
    comment: String,
    /// What stood between angle brackets.
    angles: Vec<String>,
    has_gap: bool,
    is_broken: bool,
}

impl Entry {
    fn add(&mut self, written: &str, shown: &str, is_address: bool) {
        if self.has_gap && !self.name.is_empty() {
            self.name.push(' ');
        }
        self.name.push_str(shown);
        // Blanks may stand around the `@` (section 4.4, obs-addr-spec).
        let joins = |last: &Word| {
            !self.has_gap
                || last.text.ends_with('@') && last.is_address
                || is_address && written.starts_with('@')
        };
        match self.words.last_mut().filter(|last| joins(last)) {
            Some(last) => {
                last.text.push_str(written);
                last.is_address |= is_address;
            }
            None => self.words.push(Word { text: written.to_owned(), is_address }),
        }
        self.has_gap = false;
        self.is_broken |= !self.angles.is_empty();
    }

    fn name(&self) -> Option<String> {
        let name = if self.name.is_empty() { &self.comment } else { &self.name };
        (!name.is_empty()).then(|| encoded_words::decode(name.as_bytes()))
    }

    /// Its mailboxes: one, or several where a comma was forgotten.
    fn mailboxes(self) -> Vec<Written> {
        if !self.angles.is_empty() {
            let (name, is_sound) = (self.name(), !self.is_broken && self.angles.len() == 1);
            let of =
                |angle: &String| Written { name: name.clone(), address: bare(angle).to_owned(), is_sound };
            return self.angles.iter().map(of).collect();
        }
        let addresses: Vec<&Word> = self.words.iter().filter(|word| word.is_address).collect();
        match addresses.as_slice() {
            [] if self.name.is_empty() => Vec::new(),
            // Such as `MAILER-DAEMON`.
            [] => vec![Written { name: None, address: self.name, is_sound: false }],
            [only] if self.words.len() == 1 => {
                let comment =
                    (!self.comment.is_empty()).then(|| encoded_words::decode(self.comment.as_bytes()));
                vec![Written { name: comment, address: only.text.clone(), is_sound: !self.is_broken }]
            }
            // Angle brackets or a comma are missing.
            several => several
                .iter()
                .map(|word| Written { name: None, address: word.text.clone(), is_sound: false })
                .collect(),
        }
    }
}

struct List<'f> {
    rest: &'f str,
    limit: usize,
    found: Vec<Written>,
    entry: Entry,
}

impl<'f> List<'f> {
    /// Takes the next piece; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        match first {
            ',' | ';' => {
                self.take(1);
                self.finish();
            }
            '(' => self.comment(),
            '"' => {
                let (written, shown) = self.quoted();
                self.entry.add(&written, &shown, false);
            }
            '<' => self.angle(),
            '>' => {
                self.take(1);
                self.entry.is_broken = true;
            }
            ':' => {
                self.take(1);
                // What stands before is the name of a group, or `mailto`.
                self.entry = Entry::default();
            }
            _ if first.is_whitespace() => {
                self.take(first.len_utf8());
                self.entry.has_gap = true;
            }
            _ => {
                let atom = self.atom();
                self.entry.add(atom, atom, atom.contains('@'));
            }
        }
        true
    }

    fn finish(&mut self) {
        let room = self.limit.saturating_sub(self.found.len());
        self.found.extend(std::mem::take(&mut self.entry).mailboxes().into_iter().take(room));
    }

    fn take(&mut self, length: usize) -> &'f str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Up to the next special character or blank; an address literal whole.
    fn atom(&mut self) -> &'f str {
        let mut is_literal = false;
        let ends = |c: char| {
            is_literal = c == '[' || is_literal && c != ']';
            c.is_whitespace() || matches!(c, ',' | ';' | '(' | '"' | '<' | '>') || c == ':' && !is_literal
        };
        let length = self.rest.find(ends).unwrap_or(self.rest.len());
        self.take(length)
    }

    /// A comment, which may hold others (section 3.2.2); it parts words like a blank.
    fn comment(&mut self) {
        let mut depth = 0_usize;
        let mut escaped = false;
        let mut text = String::new();
        let mut length = self.rest.len();
        for (at, c) in self.rest.char_indices() {
            let was_escaped = std::mem::replace(&mut escaped, false);
            match c {
                '\\' if !was_escaped => {
                    escaped = true;
                    continue;
                }
                '(' if !was_escaped => depth += 1,
                ')' if !was_escaped => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                length = at + 1;
                break;
            }
            if at > 0 {
                text.push(c);
            }
        }
        self.entry.is_broken |= depth > 0;
        self.take(length);
        text.trim().clone_into(&mut self.entry.comment);
        self.entry.has_gap = true;
    }

    /// A quoted string as written, in one line, and what it says (section 3.2.4).
    fn quoted(&mut self) -> (String, String) {
        let (mut written, mut shown) = (String::from("\""), String::new());
        let mut escaped = false;
        let mut chars = self.rest.char_indices().skip(1);
        let end = loop {
            let Some((at, c)) = chars.next() else { break None };
            let was_escaped = std::mem::replace(&mut escaped, false);
            match c {
                '\r' | '\n' => continue,
                '"' if !was_escaped => break Some(at + 1),
                '\\' if !was_escaped => escaped = true,
                _ => shown.push(c),
            }
            written.push(if c == '\t' { ' ' } else { c });
        };
        self.entry.is_broken |= end.is_none();
        self.take(end.unwrap_or(self.rest.len()));
        written.push('"');
        (written, shown)
    }

    /// What stands between angle brackets, without comments and without blanks where the grammar lets them stand. One that
    /// is not closed ends with its entry.
    fn angle(&mut self) {
        self.take(1);
        let outer = std::mem::take(&mut self.entry);
        let mut content = String::new();
        let mut is_closed = false;
        while let Some(c) = self.rest.chars().next() {
            match c {
                '>' => {
                    self.take(1);
                    is_closed = true;
                    break;
                }
                // The comma of a route is the only one.
                ',' | ';' if !content.starts_with('@') => break,
                ',' | ';' | ':' => content.push_str(self.take(1)),
                '<' => {
                    self.take(1);
                    self.entry.is_broken = true;
                    content.clear();
                }
                '(' => self.comment(),
                '"' => {
                    let (written, _) = self.quoted();
                    self.push(&mut content, &written);
                }
                _ if c.is_whitespace() => {
                    self.take(c.len_utf8());
                    self.entry.has_gap = true;
                }
                _ => {
                    let atom = self.atom();
                    self.push(&mut content, atom);
                }
            }
        }
        let is_broken = outer.is_broken || self.entry.is_broken || !is_closed;
        self.entry = Entry { is_broken, has_gap: true, ..outer };
        self.entry.angles.push(content);
    }

    fn push(&mut self, content: &mut String, piece: &str) {
        let glue = ['@', '.', ':', ','];
        let joins = content.is_empty() || content.ends_with(glue) || piece.starts_with(glue);
        if std::mem::take(&mut self.entry.has_gap) && !joins {
            content.push(' ');
        }
        content.push_str(piece);
    }
}

/// Without what the old days and web pages put before an address and after it: `@a,@b:` (section 4.4) and `mailto:`.
fn bare(angle: &str) -> &str {
    if angle.starts_with('@') {
        return angle.split_once(':').map_or(angle, |(_, address)| address);
    }
    let Some((scheme, address)) = angle.split_once(':') else { return angle };
    if scheme.eq_ignore_ascii_case("mailto") { address.split('?').next().unwrap_or(address) } else { angle }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a field: `address` or `name|address`, with `?` where it is unsound.
    fn told(field: &str) -> String {
        let told = |written: Written| {
            let name = written.name.map(|name| name + "|").unwrap_or_default();
            format!("{name}{}{}", written.address, if written.is_sound { "" } else { "?" })
        };
        read(field, 9).into_iter().map(told).collect::<Vec<_>>().join(" & ")
    }

    #[test]
    fn the_grammar_is_read() {
        for (field, expected) in [
            ("ann@x.example", "ann@x.example"),
            (" Ann Smith <ann@x.example>\r\n", "Ann Smith|ann@x.example"),
            ("\"Smith, Ann\" <ann@x.example>", "Smith, Ann|ann@x.example"),
            ("\"Ann \\\"A\\\" Smith\" <ann@x.example>", "Ann \"A\" Smith|ann@x.example"),
            ("Ann \"the boss\" Smith <ann@x.example>", "Ann the boss Smith|ann@x.example"),
            ("John Q. Public <john@x.example>", "John Q. Public|john@x.example"),
            ("=?utf-8?q?J=C3=BCrgen?= <j@x.example>", "Jürgen|j@x.example"),
            ("\"=?utf-8?q?J=C3=BCrgen?=\" <j@x.example>", "Jürgen|j@x.example"),
            ("ann@x.example (Ann (A.) Smith)", "Ann (A.) Smith|ann@x.example"),
            ("Ann (at work) <ann(c)@(d\\)e)x.example>", "Ann|ann@x.example"),
            ("a@x.example, B <b@y.example>,, ", "a@x.example & B|b@y.example"),
            ("Team: a@x.example, B <b@y.example>; c@z.example", "a@x.example & B|b@y.example & c@z.example"),
            ("undisclosed-recipients:;", ""),
            ("\"a b\"@x.example", "\"a b\"@x.example"),
            ("Ann <\"a@b\"@x.example>", "Ann|\"a@b\"@x.example"),
            ("Ann <\"a\\\"b,c\\\\(\"@x.example>", "Ann|\"a\\\"b,c\\\\(\"@x.example"),
            ("Ann <\"a\r\n b\"@x.example>", "Ann|\"a b\"@x.example"),
            ("ann @ x.example", "ann@x.example"),
            ("Ann < ann @ x .\r\n example >", "Ann|ann@x.example"),
            ("<@a.example,@b.example:c@d.example>", "c@d.example"),
            ("<mailto:ann@x.example?subject=a>, MAILTO:b@y.example", "ann@x.example & b@y.example"),
            ("<ann@[IPv6:2001:db8::1]>, b@[192.0.2.1]", "ann@[IPv6:2001:db8::1] & b@[192.0.2.1]"),
            ("boss@big.example <ann@x.example>", "boss@big.example|ann@x.example"),
            ("\"boss@big.example\" <ann@x.example>", "boss@big.example|ann@x.example"),
            ("\"Ann <a@b.example>\" <c@d.example>", "Ann <a@b.example>|c@d.example"),
        ] {
            assert_eq!(told(field), expected, "{field}");
        }
    }

    #[test]
    fn what_breaks_the_grammar_is_read_and_said_to_be_unsound() {
        for (field, expected) in [
            ("MAILER-DAEMON (Mail System)", "MAILER-DAEMON?"),
            ("\"Mail Delivery\"", "Mail Delivery?"),
            ("Smith, Ann <ann@x.example>", "Smith? & Ann|ann@x.example"),
            ("Ann <ann@x.example", "Ann|ann@x.example?"),
            ("Ann <ann@x.example; b@y.example>", "Ann|ann@x.example? & b@y.example?"),
            ("Ann <<ann@x.example>>", "Ann|ann@x.example?"),
            ("Ann <a@x.example> <b@y.example>", "Ann|a@x.example? & Ann|b@y.example?"),
            ("a@x.example b@y.example", "a@x.example? & b@y.example?"),
            ("Ann Smith ann@x.example", "ann@x.example?"),
            ("<ann@x.example> Ann", "Ann|ann@x.example?"),
            ("Ann <ann smith@x.example>", "Ann|ann smith@x.example"),
            ("\"Ann <ann@x.example>", "Ann <ann@x.example>?"),
            ("Ann (at work <ann@x.example>", "Ann?"),
            ("<>", ""),
        ] {
            assert_eq!(told(field), expected, "{field}");
        }
    }

    #[test]
    fn no_more_is_read_than_asked_for() {
        assert_eq!(read(&"a@x.example,".repeat(50), 9).len(), 9);
        assert_eq!(read(&"a@x.example ".repeat(50), 9).len(), 9);
        assert_eq!(read(&"<a@x.example> ".repeat(50), 9).len(), 9);
    }
}
