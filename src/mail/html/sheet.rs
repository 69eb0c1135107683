//! The style sheets that a mail carries: which of its rules hide text, and which paint it.
//!
//! A rule hides when its selector is a class, an id, or a tag with either, and when nothing else in the sheets shows what
//! it hides, not even on small screens or on paper. Rules that paint are only known by whom they may touch; their colours
//! are not worked out. What is too much to be read hides nothing.

use std::collections::BTreeMap;

use memchr::memmem;

use super::style::{Hiding, style};

/// Bytes of style sheets that are read.
const MAX_BYTES: usize = 64 * 1024;
/// Selectors that are kept.
const MAX_SELECTORS: usize = 256;
/// At-rules in at-rules.
const MAX_DEPTH: usize = 8;

/// What the rules for an element do; several at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Effects(u8);

impl Effects {
    pub(super) const HIDES: Effects = Effects(1);
    pub(super) const SHOWS: Effects = Effects(2);
    pub(super) const INKS: Effects = Effects(4);
    pub(super) const GROUNDS: Effects = Effects(8);

    pub(super) fn has(self, other: Effects) -> bool {
        self.0 & other.0 != 0
    }

    fn and(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }

    fn and_if(self, condition: bool, other: Effects) -> Effects {
        if condition { self.and(other) } else { self }
    }

    fn without_hiding(self) -> Effects {
        Effects(self.0 & !Self::HIDES.0)
    }
}

/// All style sheets of a mail.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// The text of each `style` element.
    texts: Vec<String>,
    bytes: usize,
    /// How many of the texts were read.
    read: usize,
    /// By selector, in lower case: `td`, `.note`, `td.note`, `#top`.
    rules: BTreeMap<String, Effects>,
    /// What is done to any element at all.
    any: Effects,
    /// A selector that is being looked up.
    key: String,
}

impl Sheet {
    /// Adds the text of a `style` element.
    pub(super) fn push(&mut self, text: &str) {
        self.bytes += text.len();
        if self.bytes > MAX_BYTES || self.texts.len() >= MAX_SELECTORS {
            self.overflow();
        } else {
            self.texts.push(text.to_owned());
        }
    }

    /// Whether the mail has any style sheet.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Reads the rules of a text that was added and may hide something; most set fonts and margins.
    pub(super) fn read_hiding(&mut self) {
        let is_new = self.texts.len() > self.read;
        if is_new && self.texts.last().is_some_and(|text| may_hide(text.as_bytes())) {
            self.read_last();
        }
        self.read = self.texts.len();
    }

    /// Reads all rules.
    pub(super) fn read_all(&mut self) {
        for text in std::mem::take(&mut self.texts) {
            self.rules_of(&without_comments(&text));
        }
    }

    fn read_last(&mut self) {
        let text = self.texts.last().map(|text| without_comments(text)).unwrap_or_default();
        self.rules_of(&text);
    }

    /// There is more than is kept: anything may be shown and painted by what is not known.
    fn overflow(&mut self) {
        self.any = Effects::SHOWS.and(Effects::INKS).and(Effects::GROUNDS);
    }

    /// Whether any rule was read.
    pub(super) fn has_rules(&self) -> bool {
        !self.rules.is_empty() || self.any != Effects::default()
    }

    /// What the rules do to an element.
    pub(super) fn effects(&mut self, tag: &[u8], class: &str, id: &str) -> Effects {
        let tag = str::from_utf8(tag).unwrap_or_default();
        let mut effects = self.any.and(self.look_up(&[tag]));
        for class in class.split_ascii_whitespace() {
            effects = effects.and(self.look_up(&[".", class])).and(self.look_up(&[tag, ".", class]));
        }
        if !id.is_empty() {
            effects = effects.and(self.look_up(&["#", id])).and(self.look_up(&[tag, "#", id]));
        }
        effects
    }

    fn look_up(&mut self, selector: &[&str]) -> Effects {
        self.key.clear();
        self.key.extend(selector.iter().copied());
        self.key.make_ascii_lowercase();
        self.rules.get(self.key.as_str()).copied().unwrap_or_default()
    }

    /// Reads rules until the text ends; a block that belongs to a condition is entered, and its end passed over.
    fn rules_of(&mut self, text: &str) {
        let (mut rest, mut conditions) = (text, 0_usize);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let is_end = after.starts_with('}');
            rest = after.get(1..).unwrap_or_default();
            if is_end {
                conditions = conditions.saturating_sub(1);
                continue;
            }
            // `@import` and its like end with a semicolon.
            let selectors = before.rsplit(';').next().unwrap_or_default().trim();
            if selectors.starts_with('@') {
                if is_condition(selectors) && conditions < MAX_DEPTH {
                    conditions += 1;
                } else {
                    rest = after_block(rest);
                }
                continue;
            }
            let (body, next) = rest.split_once('}').unwrap_or((rest, ""));
            self.rule(selectors, body, conditions > 0);
            rest = next;
        }
    }

    fn rule(&mut self, selectors: &str, body: &str, conditional: bool) {
        let style = style(body);
        let unseen = style.unseen == Some(true) || style.tiny == Some(true);
        let effects = Effects::default()
            .and_if(style.hiding != Hiding::Nothing || unseen, Effects::HIDES)
            .and_if(style.shows, Effects::SHOWS)
            .and_if(style.ink.is_some(), Effects::INKS)
            .and_if(style.ground.is_some(), Effects::GROUNDS);
        if effects == Effects::default() {
            return;
        }
        for selector in selectors.split(',') {
            let selector = selector.trim();
            let effects =
                if conditional || !is_simple(selector) { effects.without_hiding() } else { effects };
            if effects == Effects::default() {
                continue;
            }
            if effects.has(Effects::HIDES) {
                self.keep(selector, effects);
            } else {
                match subject(selector) {
                    Some(subject) => self.keep(subject, effects),
                    None => self.any = self.any.and(effects),
                }
            }
        }
    }

    fn keep(&mut self, selector: &str, effects: Effects) {
        if self.rules.len() >= MAX_SELECTORS {
            return self.overflow();
        }
        let known = self.rules.entry(selector.to_ascii_lowercase()).or_default();
        *known = known.and(effects);
    }
}

/// Whether a style sheet speaks of anything that hides.
fn may_hide(text: &[u8]) -> bool {
    // Without the first letter, which may be a capital one.
    ["isplay", "isibility", "pacity", "ax-height", "ont-size:0", "ont-size: 0", "ont-size:1px"]
        .iter()
        .any(|words| memmem::find(text, words.as_bytes()).is_some())
}

/// `.note`, `#top`, `td.note`: nothing before it, nothing after it, no state.
fn is_simple(selector: &str) -> bool {
    let names = selector.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    let name = names.strip_prefix(['.', '#']).unwrap_or_default();
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

/// Some class, id or tag that all elements have which a selector touches; `None` when there is none.
fn subject(selector: &str) -> Option<&str> {
    let last = selector.rsplit([' ', '>', '+', '~', '\n', '\t']).next().unwrap_or_default();
    let last = last.split([':', '[']).next().unwrap_or_default();
    let end = |from: usize| {
        let name = last.get(from + 1..).unwrap_or_default();
        name.find(['.', '#']).map_or(last.len(), |at| from + 1 + at)
    };
    let found = match last.find(['.', '#']) {
        Some(at) => last.get(at..end(at)),
        None => Some(last),
    };
    found.filter(|name| !name.is_empty() && *name != "*" && !name.contains(['"', '\'', ']', ')', '\\']))
}

fn is_condition(rule: &str) -> bool {
    ["@media", "@supports", "@layer", "@container", "@document", "@-moz-document", "@scope"]
        .iter()
        .any(|name| rule.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

/// What follows the block that `text` is inside of.
fn after_block(text: &str) -> &str {
    let mut depth = 1_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

/// Without the comments of CSS, and without the marks with which HTML once hid style sheets.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    if out.contains("<!--") || out.contains("-->") {
        out = out.replace("<!--", " ").replace("-->", " ");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        let mut sheet = Sheet::default();
        sheet.push(text);
        sheet.read_all();
        sheet
    }

    fn hides(text: &str, tag: &[u8], class: &str, id: &str) -> bool {
        let effects = sheet(text).effects(tag, class, id);
        effects.has(Effects::HIDES) && !effects.has(Effects::SHOWS)
    }

    #[test]
    fn only_plain_rules_hide() {
        for text in [
            ".note{display:none}",
            "<!-- .note { display : none !important } -->",
            "/* x */ td.big, .NOTE {visibility:hidden}",
            "@import url(x.css);.note{font-size:0}",
            "@font-face{font-family:x}.note{max-height:0;overflow:hidden}",
            "@media print{p{margin:0}}.note{opacity:0}",
            "#top{display:none}",
            "div.note{display:none}",
        ] {
            assert!(hides(text, b"div", "a note b", "top"), "{text}");
        }
        for text in [
            "@media (max-width:600px){.note{display:none}}",
            ".note{display:none}@media print{.note{display:block}}",
            ".note{display:none}table .note{display:block}",
            "p .note{display:none}",
            ".note:hover{display:none}",
            ".note.other{display:none}",
            "div{display:none}",
            "*{display:none}",
            "[class=note]{display:none}",
            "span.note{display:none}",
            ".note{color:red",
            "@keyframes x{from{opacity:0}to{opacity:1}}",
        ] {
            assert!(!hides(text, b"div", "note", ""), "{text}");
        }
    }

    #[test]
    fn whom_a_rule_paints_is_known_widely() {
        for (text, inks, grounds) in [
            (".b{background:#000}", false, true),
            ("table td.b:hover{color:#fff}", true, false),
            ("@media screen{.b{background-image:url(x)}}", false, true),
            ("td{color:red;background:blue}", true, true),
            ("u + .x .b[a=\"c d\"]{color:red}", true, false),
            ("*{color:red}", true, false),
            (".c{color:red}", false, false),
        ] {
            let effects = sheet(text).effects(b"td", "b", "");
            let found = (effects.has(Effects::INKS), effects.has(Effects::GROUNDS));
            assert_eq!(found, (inks, grounds), "{text}");
        }
    }

    #[test]
    fn too_much_to_be_read_hides_nothing() {
        use std::fmt::Write as _;
        let mut many = String::new();
        for n in 0..300 {
            write!(many, ".n{n}{{display:none}}").unwrap();
        }
        assert!(!hides(&many, b"p", "n1", ""));
        let mut sheet = Sheet::default();
        sheet.push(".note{display:none}");
        sheet.push(&" ".repeat(MAX_BYTES));
        sheet.read_all();
        let effects = sheet.effects(b"p", "note", "");
        assert!(effects.has(Effects::SHOWS));
        // Braces that are never closed, and many of them.
        for text in ["@media x{".repeat(10_000), "}".repeat(10_000), "a{".repeat(10_000), "/*".repeat(10_000)]
        {
            let mut sheet = Sheet::default();
            sheet.push(&text);
            sheet.read_all();
            assert!(!sheet.effects(b"p", "note", "").has(Effects::HIDES));
        }
    }
}
