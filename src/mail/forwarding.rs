//! Whether a sender who forwards a mail says anything beside.
//!
//! A forwarded mail speaks for the sender when their own words are none, or only hand it on. In doubt it does.

use super::phrases::UNSPACED;
use super::phrases::forwarding::{GREETINGS, HANDING};
use super::phrases::signing::{Announced, OPENINGS};

/// Words that are too few to say more, unless they ask something.
const FEW_WORDS: usize = 12;
/// Words of a sentence that only hands a mail on.
const SENTENCE_WORDS: usize = 30;
/// Bytes of the sender's own words; more than that is a mail of its own.
const MOST_BYTES: usize = 2_000;
/// Lines below a closing phrase, and words of a name.
const CLOSING_LINES: usize = 8;
const NAME_WORDS: usize = 3;

/// Whether the sender's own words say nothing more than a forward does.
pub(super) fn says_nothing_more(own: &str) -> bool {
    let own = own.trim();
    if own.len() > MOST_BYTES {
        return false;
    }
    let said = without_courtesies(own).to_lowercase();
    let sentences: Vec<&str> = said.split_inclusive(is_end).map(str::trim).filter(|s| words(s) > 0).collect();
    let hands_on = |sentence: &&str| {
        words(sentence) <= SENTENCE_WORDS && HANDING.iter().any(|phrase| sentence.contains(phrase))
    };
    let asks = |sentence: &&str| sentence.ends_with(['?', '？', '؟']) && !hands_on(sentence);
    let all: usize = sentences.iter().map(|sentence| words(sentence)).sum();
    sentences.iter().all(hands_on) || all <= FEW_WORDS && !sentences.iter().any(asks)
}

fn is_end(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '؟' | '\n' | super::text::BLOCK)
}

/// How many words; those of scripts without blanks have about two characters each.
fn words(text: &str) -> usize {
    let spaced = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
    spaced.max(text.chars().filter(|c| *c >= UNSPACED && c.is_alphanumeric()).count() / 2)
}

/// Without the greeting, the closing phrase with what follows, and a name at the end.
fn without_courtesies(own: &str) -> String {
    let mut lines: Vec<&str> = own.split(['\n', super::text::BLOCK]).map(str::trim).collect();
    if let Some(first) = lines.first_mut() {
        *first = after_greeting(first);
    }
    let is_closing = |line: &&str| {
        OPENINGS.of(line).is_some_and(|(opening, announced)| {
            let rest = line.get(opening.len()..).unwrap_or_default();
            announced == Announced::Closing
                && words(rest) <= NAME_WORDS
                && !rest.starts_with(char::is_alphanumeric)
        })
    };
    let closing = lines.iter().rposition(is_closing);
    if let Some(at) =
        closing.filter(|at| lines.iter().skip(at + 1).filter(|l| !l.is_empty()).count() <= CLOSING_LINES)
    {
        lines.truncate(at);
    }
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let is_name = |line: &str| {
        words(line) <= NAME_WORDS && !line.contains(is_end) && line.starts_with(char::is_uppercase)
    };
    let set_off = lines.iter().rev().nth(1).is_some_and(|line| line.is_empty());
    if set_off && lines.last().is_some_and(|line| is_name(line)) {
        lines.pop();
    }
    // A sentence goes on over the end of a line, and ends with a paragraph.
    let mut said = String::new();
    for line in lines {
        said.push_str(if line.is_empty() { "\n" } else { line });
        said.push(' ');
    }
    said
}

/// What follows "Hi Ann," on the same line.
fn after_greeting(line: &str) -> &str {
    let first = line.split(|c: char| !(c.is_alphanumeric() || c == '.')).next().unwrap_or_default();
    if !GREETINGS.contains(&first.to_lowercase().as_str()) {
        return line;
    }
    match line.split_once([',', '，', '!', '.', ':']) {
        Some((greeting, rest)) if words(greeting) <= FEW_WORDS / 2 => rest,
        _ if words(line) <= FEW_WORDS / 2 && !line.contains(is_end) => "",
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forward_without_words_of_its_own_speaks_for_the_sender() {
        for own in [
            "",
            "FYI",
            "Hi team,\n\nsee below.\n\nThanks,\nAnn\nSales\n+49 123 4567890",
            "Hello all, please handle this one today.",
            "Please have a look at the mail below and take care of the customer, who has called twice already.",
            "Hallo zusammen,\n\nz. K. und bitte um Bearbeitung.\n\nViele Grüße\nMax",
            "Bonjour,\nà traiter s'il vous plaît.\nMerci",
            "Por favor, ver abajo.",
            "请处理，谢谢",
            "Any idea?",
            "This came in over night.\n\nAnn",
            "from Meier",
        ] {
            assert!(says_nothing_more(own), "{own}");
        }
    }

    #[test]
    fn a_forward_with_news_or_a_question_speaks_for_itself() {
        for own in [
            "Hi, how much would ten more seats cost us?",
            "Hello, what do you make of the attached mail? It can wait until Monday, there is no hurry at all on our side.",
            "We have solved this with the customer in the meantime, and they are happy again. I only send it so that you know the story.",
            "Der Fall ist gestern schon erledigt worden. Wir brauchen davon nur noch die Rechnung für unsere Buchhaltung, bis Ende der Woche.",
        ] {
            assert!(!says_nothing_more(own), "{own}");
        }
    }

    #[test]
    fn a_long_text_is_not_looked_through() {
        assert!(!says_nothing_more(&"see below. ".repeat(100_000)));
    }
}
