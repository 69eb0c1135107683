//! Rich Text Format to text, and to the HTML that Outlook hides in it.
//!
//! Reads words and their charsets and nothing of how they look ([MS-OXRTFEX] for the hidden HTML, the RTF specification
//! 1.9.1 for the rest). One pass; groups are followed to a fixed depth, and what is deeper keeps the state of that depth.

mod compressed;

use super::{charset, header};

pub(super) use compressed::decompress;

/// Groups inside each other whose state is kept.
const MAX_DEPTH: usize = 512;
/// Fonts whose charset is kept.
const MAX_FONTS: usize = 128;
/// Characters of a control word that are looked at; the longest known has half as many.
const MAX_WORD: usize = 32;

/// What is not shown, although no star says so.
const SILENT: &[&str] = &[
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "filetbl",
    "nonshppict",
    "pntext",
    "listtext",
    "object",
    "xe",
    "tc",
    "template",
    "revtbl",
    "ftnsep",
    "ftnsepc",
    "ftncn",
    "aftnsep",
    "aftnsepc",
    "aftncn",
];

/// What stands in an RTF document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Words {
    Plain(String),
    /// The page that it was made from.
    Html(String),
}

/// Whether bytes are such a document.
pub(super) fn is_rtf(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{\\rtf")
}

/// Reads a document, keeping about `max` bytes of words.
pub(super) fn words(bytes: &[u8], max: usize) -> Words {
    let mut reader = Reader { max, ..Reader::default() };
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        if reader.out.len() >= max {
            break;
        }
        rest = match byte {
            b'{' => {
                reader.open();
                after
            }
            b'}' => {
                reader.close();
                after
            }
            b'\\' => reader.control(after),
            b'\r' | b'\n' => after,
            byte => {
                reader.byte(*byte);
                after
            }
        };
    }
    reader.flush();
    if reader.is_html { Words::Html(reader.out) } else { Words::Plain(reader.out) }
}

/// What the characters of a group are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    /// Words.
    Shown,
    /// Words that the writer hid.
    Hidden,
    /// Something that is not shown.
    Silent,
    /// The list of fonts.
    Fonts,
    /// Markup of the hidden page.
    Tag,
    /// Only for those who do not read the hidden page.
    RtfOnly,
}

/// What a group inherits.
#[derive(Debug, Clone, Copy)]
struct Group {
    is: Is,
    /// Characters that stand for a Unicode one, for those who do not know it.
    fallback: usize,
    font: i32,
    /// Of that font, when it says.
    charset: Option<&'static str>,
}

impl Default for Group {
    fn default() -> Self {
        Group { is: Is::Shown, fallback: 1, font: -1, charset: None }
    }
}

#[derive(Debug, Default)]
struct Reader {
    max: usize,
    out: String,
    /// Bytes of one charset that are not decoded yet.
    pending: Vec<u8>,
    /// The first half of a pair of UTF-16.
    high: Option<u16>,
    group: Group,
    stack: Vec<Group>,
    /// Open groups beyond the depth that is kept.
    deeper: usize,
    /// A star says that who does not know what follows shall skip it.
    starred: bool,
    /// Characters to skip behind a Unicode one.
    skip: usize,
    is_html: bool,
    default_font: i32,
    /// The charset of fonts that do not say.
    code_page: Option<String>,
    fonts: Vec<(i32, Option<&'static str>)>,
}

impl Reader {
    fn open(&mut self) {
        self.flush();
        (self.skip, self.starred) = (0, false);
        if self.stack.len() < MAX_DEPTH {
            self.stack.push(self.group);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        self.flush();
        (self.skip, self.starred) = (0, false);
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.group = self.stack.pop().unwrap_or_default();
        }
    }

    /// What follows a backslash; answers what follows that.
    fn control<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let Some((&first, after)) = rest.split_first() else { return rest };
        if first.is_ascii_alphabetic() {
            return self.word(rest);
        }
        match first {
            b'\'' => {
                let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok());
                let Some(byte) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) else { return after };
                self.byte(byte);
                return after.get(2..).unwrap_or_default();
            }
            b'\\' | b'{' | b'}' => self.byte(first),
            b'~' => self.char('\u{a0}'),
            b'_' => self.char('-'),
            b'\r' | b'\n' => self.char('\n'),
            b'*' => self.starred = true,
            _ => {}
        }
        after
    }

    fn word<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let len = rest.iter().take(MAX_WORD).take_while(|b| b.is_ascii_alphabetic()).count();
        let (name, rest) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        let minus = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.iter().skip(minus).take(12).take_while(|b| b.is_ascii_digit()).count();
        let (number, rest) = match digits {
            0 => (None, rest),
            digits => {
                let (number, rest) = rest.split_at_checked(minus + digits).unwrap_or((rest, &[]));
                (std::str::from_utf8(number).ok().and_then(|n| n.parse::<i32>().ok()), rest)
            }
        };
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let name = std::str::from_utf8(name).unwrap_or_default();
        if name == "bin" {
            let bytes = usize::try_from(number.unwrap_or_default()).unwrap_or_default();
            return rest.get(bytes..).unwrap_or_default();
        }
        self.obey(name, number);
        self.starred = false;
        rest
    }

    fn obey(&mut self, name: &str, number: Option<i32>) {
        let value = number.unwrap_or_default();
        match name {
            "par" | "line" | "sect" | "page" => self.char('\n'),
            "cell" | "row" | "nestcell" | "nestrow" => self.text("\n\n"),
            "tab" => self.char('\t'),
            "u" => self.unicode(value),
            "lquote" => self.char('\u{2018}'),
            "rquote" => self.char('\u{2019}'),
            "ldblquote" => self.char('\u{201c}'),
            "rdblquote" => self.char('\u{201d}'),
            "bullet" => self.char('\u{2022}'),
            "endash" => self.char('\u{2013}'),
            "emdash" => self.char('\u{2014}'),
            "uc" => self.group.fallback = usize::try_from(value).unwrap_or(1).min(8),
            "fromhtml" => self.is_html = value != 0,
            "htmltag" if self.is_html => self.turn(Is::Tag),
            "htmlrtf" if self.is_html && number == Some(0) => self.turn_back(Is::RtfOnly),
            "htmlrtf" if self.is_html && self.group.is == Is::Shown => self.turn(Is::RtfOnly),
            "v" if number == Some(0) => self.turn_back(Is::Hidden),
            "v" if self.group.is == Is::Shown => self.turn(Is::Hidden),
            "ansicpg" if value > 0 => self.code_page = Some(format!("cp{value}")),
            "deff" => self.default_font = value,
            "fonttbl" => self.turn(Is::Fonts),
            "f" if self.group.is == Is::Fonts => self.group.font = value,
            "f" => self.font(value),
            "plain" => self.font(self.default_font),
            "fcharset" if self.group.is == Is::Fonts && self.fonts.len() < MAX_FONTS => {
                self.fonts.push((self.group.font, font_charset(value)));
            }
            "htmlrtf" | "v" => {}
            name if self.starred || SILENT.contains(&name) => self.turn(Is::Silent),
            _ => {}
        }
    }

    fn turn(&mut self, is: Is) {
        self.flush();
        self.group.is = is;
    }

    fn turn_back(&mut self, from: Is) {
        if self.group.is == from {
            self.turn(Is::Shown);
        }
    }

    fn font(&mut self, font: i32) {
        self.flush();
        self.group.font = font;
        self.group.charset =
            self.fonts.iter().find(|(known, _)| *known == font).and_then(|(_, charset)| *charset);
    }

    fn is_shown(&self) -> bool {
        matches!(self.group.is, Is::Shown | Is::Tag)
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.is_shown() {
            self.pending.push(byte);
        }
    }

    fn char(&mut self, c: char) {
        self.flush();
        if self.is_shown() {
            self.out.push(c);
        }
    }

    fn text(&mut self, text: &str) {
        self.flush();
        if self.is_shown() {
            self.out.push_str(text);
        }
    }

    /// A unit of UTF-16, written as a signed number.
    fn unicode(&mut self, value: i32) {
        let high = self.high;
        self.flush();
        self.skip = self.group.fallback;
        let Ok(unit) = u16::try_from(value & 0xffff) else { return };
        match (high, unit) {
            (_, 0xd800..=0xdbff) => self.high = Some(unit),
            (Some(high), 0xdc00..=0xdfff) => {
                let pair = char::decode_utf16([high, unit]).next();
                self.char(pair.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (_, unit) => self.char(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// Decodes the bytes of one charset.
    fn flush(&mut self) {
        self.high = None;
        if self.pending.is_empty() {
            return;
        }
        let text = charset::text(&self.pending, self.group.charset.or(self.code_page.as_deref()));
        let room = self.max.saturating_sub(self.out.len());
        self.out.push_str(header::clip(&text, room));
        self.pending.clear();
    }
}

/// The charsets of Windows fonts.
fn font_charset(set: i32) -> Option<&'static str> {
    Some(match set {
        77 => "macintosh",
        128 => "shift_jis",
        129 | 130 => "euc-kr",
        134 => "gbk",
        136 => "big5",
        161 => "windows-1253",
        162 => "windows-1254",
        163 => "windows-1258",
        177 => "windows-1255",
        178 => "windows-1256",
        186 => "windows-1257",
        204 => "windows-1251",
        222 => "windows-874",
        238 => "windows-1250",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(document: &str) -> String {
        match words(document.as_bytes(), 1 << 20) {
            Words::Plain(text) => text,
            Words::Html(html) => panic!("{html}"),
        }
    }

    #[test]
    fn the_words_of_a_document_are_read() {
        for (document, expected) in [
            (
                r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}\f0 Urg\b ent\b0  now\par line}",
                "Urgent now\nline",
            ),
            (r"{\rtf1 a\'e9\~b\_c\{\}\\ \endash  d}", "a\u{e9}\u{a0}b-c{}\\ \u{2013} d"),
            (r"{\rtf1\ansicpg1251 \'d1\'f0\'ee\'f7\'ed\'ee}", "Срочно"),
            (r"{\rtf1{\fonttbl{\f1\fnil\fcharset128 x;}}a\f1\'8b\'d9\'8b\'7d\plain b}", "a緊急b"),
            (r"{\rtf1\uc1\u32202?\u24613? \u-10179?\u-8704? x}", "緊急 😀 x"),
            (r"{\rtf1{\*\generator Msftedit;}{\info{\title no}}{\pict\bin4 }}}}x}yes}", "yes"),
            (
                r#"{\rtf1{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt here}} a\cell b\row}"#,
                "here a\n\nb\n\n",
            ),
            (r"{\rtf1 {\v hidden}shown", "shown"),
        ] {
            assert_eq!(plain(document), expected, "{document}");
        }
    }

    #[test]
    fn the_hidden_page_is_read() {
        let document = concat!(
            r"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}",
            r"{\*\htmltag64 <p class=\{x\}>}\htmlrtf {\htmlrtf0 Urgent{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 now\htmlrtf\par}\htmlrtf0",
            r"{\*\mhtmltag64 <p>}{\*\htmltag72 </p>}}"
        );
        let Words::Html(html) = words(document.as_bytes(), 1 << 20) else { panic!("no page") };
        assert_eq!(html, "<p class={x}>Urgent&nbsp;now</p>");
    }

    #[test]
    fn broken_documents_end() {
        for text in [
            "{".repeat(1 << 20),
            "}".repeat(1 << 20),
            "\\".repeat(1 << 20),
            r"{\*\x ".repeat(1 << 18),
            r"\u9".repeat(1 << 18),
        ] {
            assert!(plain(&text).len() <= 1 << 20);
        }
        assert!(plain(&"x".repeat(4 << 20)).len() <= 4 << 20);
        assert_eq!(plain(r"{\rtf1 a\bin99999999999 b\'zz"), "ab\u{7a}\u{7a}");
    }
}
