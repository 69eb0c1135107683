//! Policies that are too large, too many or endless: made here, since nobody should have to keep them. Each gets its
//! answer, and the answer stays readable.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::program::{nightdesk, root};

/// How many mistakes are told at most; the rest is counted.
const MOST_TOLD: usize = 100;
/// More than this nobody reads.
const MOST_BYTES: usize = 256 * 1024;

/// A policy folder that is sound but for what is appended to `policy.toml` and what the files say.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(appended: &str) -> Self {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        let sound = fs::read_to_string(root().join("fixtures/bad-policies/toml-syntax/policy.toml"));
        let sound = sound.expect("a policy").replacen("name = desk", "name = \"desk\"", 1);
        folder.with("policy.toml", &format!("{sound}\n{appended}"))
    }

    fn with(self, name: &str, text: &str) -> Self {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
        self
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// What `check` says, and its exit code.
    fn check(&self) -> (String, Option<i32>) {
        let output =
            nightdesk().arg("check").arg("--policy").arg(self.path()).output().expect("the program runs");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "stderr");
        (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
    }

    /// What `check` says when it refuses.
    fn refusal(&self) -> String {
        let (text, code) = self.check();
        assert_eq!(code, Some(1), "{}", start(&text));
        assert!(text.len() < MOST_BYTES, "{} bytes of mistakes", text.len());
        let told = text.lines().filter(|line| line.starts_with("error")).count();
        assert!((1..=MOST_TOLD).contains(&told), "{told} mistakes told");
        text
    }
}

fn start(text: &str) -> String {
    text.chars().take(2000).collect()
}

#[test]
fn the_base_of_these_tests_is_sound() {
    let (text, code) = Folder::new("").check();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn of_ten_megabytes_of_mistakes_a_hundred_are_told_and_the_rest_counted() {
    let count = 200_000;
    let mut wrong = String::new();
    for number in 0..count {
        writeln!(wrong, "[[accept]]\nlint = \"X{number:06}\"\nreason = \"meant so\"").expect("text");
    }
    assert!(wrong.len() > 9_000_000, "{} bytes", wrong.len());
    let text = Folder::new(&wrong).refusal();
    assert!(text.contains(&format!("… and {} more", count - MOST_TOLD)), "{}", start(&text));
    assert!(text.ends_with(&format!("\n{count} mistakes\n")), "the count of all");
}

#[test]
fn unknown_keys_by_the_hundred_thousand_are_counted() {
    let mut wrong = String::from("[[accept]]\nlint = \"ND012\"\nreason = \"meant so\"\n");
    for number in 0..100_000 {
        writeln!(wrong, "unknown{number} = {number}").expect("text");
    }
    let text = Folder::new(&wrong).refusal();
    assert!(text.contains("… and 99900 more"), "{}", start(&text));
}

#[test]
fn a_file_beyond_the_limit_is_named_with_its_limit() {
    let text = Folder::new(&"# nothing\n".repeat(2_000_000)).refusal();
    assert!(text.contains("policy.toml is too large"), "{text}");
    assert!(text.contains("allowed: at most"), "{text}");
}

#[test]
fn customers_that_stand_a_hundred_thousand_times_are_told_once_a_line_up_to_a_hundred() {
    let mut customers = String::from("sender,customer,plan,desk\n");
    customers.push_str(&"@client.example,Client Ltd,gold,main\n".repeat(100_000));
    let folder = Folder::new("[customers]\nfile = \"customers.csv\"\n").with("customers.csv", &customers);
    let text = folder.refusal();
    assert!(text.contains("customers.csv:3:1"), "{}", start(&text));
    assert!(text.contains("… and 99899 more"), "{}", start(&text));
}

#[test]
fn a_hundred_thousand_customers_are_welcome() {
    let mut customers = String::from("sender,customer,plan,desk\n");
    for number in 0..100_000 {
        writeln!(customers, "@client{number}.example,Client {number},gold,main").expect("text");
    }
    let folder = Folder::new("[customers]\nfile = \"customers.csv\"\n").with("customers.csv", &customers);
    let (text, code) = folder.check();
    assert_eq!(code, Some(0), "{}", start(&text));
}

/// A calendar with these lines in each of its events.
fn holidays(events: usize, rule: &str) -> String {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Days//EN\r\n");
    for number in 0..events {
        write!(
            text,
            "BEGIN:VEVENT\r\nUID:{number}@example.com\r\nSUMMARY:Day {number}\r\n\
             DTSTART;VALUE=DATE:19000101\r\n{rule}\r\nEND:VEVENT\r\n"
        )
        .expect("text");
    }
    text.push_str("END:VCALENDAR\r\n");
    text
}

fn with_holidays(ics: &str) -> Folder {
    let folder = Folder::new("").with("holidays/days.ics", ics);
    let policy = fs::read_to_string(folder.path().join("policy.toml")).expect("a policy");
    let policy = policy.replacen("week = ", "holidays = [\"holidays/days.ics\"]\nweek = ", 1);
    folder.with("policy.toml", &policy)
}

#[test]
fn rules_that_never_end_get_an_answer() {
    // 30 February never comes; every second of a year comes too often; a hundred thousand days a year are no holidays.
    for rule in [
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=DAILY;COUNT=2147483647",
        "RRULE:FREQ=DAILY;INTERVAL=4294967295",
        "RRULE:FREQ=MONTHLY;BYDAY=-53SU;BYSETPOS=-366",
        "RRULE:FREQ=YEARLY;UNTIL=99991231",
    ] {
        let (text, code) = with_holidays(&holidays(1, rule)).check();
        assert!(matches!(code, Some(0 | 1)), "{rule}: {code:?} {}", start(&text));
        assert!(text.len() < MOST_BYTES, "{rule}");
    }
    let (text, code) = with_holidays(&holidays(5_000, "RRULE:FREQ=DAILY")).check();
    assert!(matches!(code, Some(0 | 1)), "{code:?} {}", start(&text));
    assert!(text.len() < MOST_BYTES, "{}", text.len());
}

#[test]
fn thousands_of_patterns_get_an_answer() {
    let label = |count: usize, pattern: &dyn Fn(usize) -> String| {
        let mut text = String::from("[[label.topic]]\nvalue = \"incident\"\npatterns = [\n");
        for number in 0..count {
            writeln!(text, "  '{}',", pattern(number)).expect("text");
        }
        text.push_str("]\n");
        text
    };
    Folder::new(&label(5_000, &|number| format!("({number}"))).refusal();
    let (text, code) =
        Folder::new(&label(3_000, &|number| format!("\\bword{number}\\b.{{0,40}}\\bdown\\b"))).check();
    assert!(matches!(code, Some(0 | 1)), "{code:?} {}", start(&text));
    assert!(text.len() < MOST_BYTES, "{}", text.len());
}

#[test]
fn a_hundred_thousand_keywords_are_welcome() {
    let mut text = String::from("[[label.topic]]\nvalue = \"incident\"\nkeywords = [\n");
    for number in 0..100_000 {
        writeln!(text, "  \"word {number}\",").expect("text");
    }
    text.push_str("]\n");
    let (text, code) = Folder::new(&text).check();
    assert_eq!(code, Some(0), "{}", start(&text));
}

/// A list of that many words in one label.
fn topic(key: &str, words: impl Iterator<Item = String>) -> String {
    let mut text = format!("[[label.topic]]\nvalue = \"incident\"\n{key} = [\n");
    words.for_each(|word| writeln!(text, "  '{word}',").expect("text"));
    text.push_str("]\n");
    text
}

#[test]
fn keywords_that_all_begin_with_each_other_are_welcome_too() {
    let (text, code) =
        Folder::new(&topic("keywords", (0..200_000).map(|number| format!("w{number}")))).check();
    assert_eq!(code, Some(0), "{}", start(&text));
}

#[test]
fn more_words_than_load_at_once_are_refused_where_they_begin() {
    let text = Folder::new(&topic("keywords", (0..500_001).map(|number| format!("w{number}")))).refusal();
    assert!(text.contains("too many keywords, patterns and exceptions"), "{}", start(&text));
    assert!(text.contains("at most 500000"), "{}", start(&text));
}

#[test]
fn every_bad_keyword_and_pattern_is_named_or_counted() {
    let long = |number| format!("{}{number}", "x".repeat(260));
    let text = Folder::new(&topic("keywords", (0..150).map(long))).refusal();
    assert!(text.contains("x149") || text.contains("… and 50 more"), "{}", start(&text));
    let text = Folder::new(&topic("patterns", (0..60).map(|number| format!("({number}")))).refusal();
    assert!(text.ends_with("\n60 mistakes\n"), "{}", start(&text));
}

#[test]
fn patterns_that_are_too_large_together_are_told_once() {
    let text =
        Folder::new(&topic("patterns", (0..200_000).map(|number| format!("a.{{9}}b{number}")))).refusal();
    assert!(text.contains("this policy has too many patterns"), "{}", start(&text));
}

#[test]
fn a_thousand_rules_about_a_hundred_thousand_customers_are_welcome_and_their_slips_told() {
    let mut customers = String::from("sender,customer\n");
    for number in 0..100_000 {
        writeln!(customers, "@client{number}.example,Client {number}").expect("text");
    }
    let rules = |name: &str| {
        let mut text = String::from("[customers]\nfile = \"customers.csv\"\n");
        for number in 0..900 {
            let rule =
                format!("name = \"{number}\"\nalert = []\nwhen = {{ customer = \"{name} {number}\" }}");
            writeln!(text, "[[also]]\n{rule}").expect("text");
        }
        Folder::new(&text).with("customers.csv", &customers)
    };
    let (text, code) = rules("Client").check();
    assert_eq!(code, Some(0), "{}", start(&text));
    let text = rules("Klient").refusal();
    assert!(text.contains("did you mean `Client 7`?"), "{}", start(&text));
    assert!(text.ends_with("\n900 mistakes\n"), "{}", start(&text));
}

#[test]
fn a_matrix_of_more_cells_than_anybody_writes_is_refused() {
    let label = |name: &str, count: usize| {
        (0..count).fold(String::new(), |text, number| {
            format!("{text}[[label.{name}]]\nvalue = \"{name}{number}\"\nkeywords = [\"{name}{number}\"]\n")
        })
    };
    let matrix = |rows: usize| {
        let mut text = label("row", rows)
            + &label("column", 100)
            + "[matrix.both]\nrows = \"row\"\ncolumns = \"column\"\n";
        for row in 0..rows {
            let cells: Vec<String> =
                (0..100).map(|column| format!("column{column} = \"v{column}\"")).collect();
            writeln!(text, "cells.row{row} = {{ {} }}", cells.join(", ")).expect("text");
        }
        Folder::new(&text)
    };
    let (text, code) = matrix(100).check();
    assert_eq!(code, Some(0), "{}", start(&text));
    assert!(matrix(101).refusal().contains("this policy has too many cells in one matrix"));
}

#[test]
fn a_template_with_more_outcomes_than_are_tried_says_so() {
    let mut text = String::from("[[coverage]]\nname = \"answered\"\nreply = \"a\"\n");
    for number in 0..900 {
        writeln!(text, "[[label.topic]]\nvalue = \"v{number}\"\nkeywords = [\"v{number}\"]").expect("text");
    }
    let folder = Folder::new(&text).with("replies/a.txt", "Subject: a\n\nHello.\n");
    let (text, code) = folder.check();
    assert_eq!(code, Some(0), "{}", start(&text));
    assert!(text.contains("this reply template was not tried for every outcome"), "{}", start(&text));
}

#[cfg(unix)]
#[test]
fn a_file_whose_name_would_steer_a_terminal_is_refused_with_the_name_escaped() {
    use std::os::unix::ffi::OsStrExt as _;
    for (name, shown) in [(&b"a\x1b[2J.txt"[..], r"a\x1b[2J.txt"), (b"\xff.txt", r"\xff.txt")] {
        let folder = Folder::new("").with("replies/a.txt", "Subject: a\n\nb\n");
        let path = folder.path().join("replies").join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, "Subject: a\n\nb\n").expect("a file");
        let output = nightdesk().arg("check").arg("--policy").arg(folder.path()).output().expect("it runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(shown) && !complaint.contains('\u{1b}'), "{complaint:?}");
    }
}

#[test]
fn folders_with_more_files_than_a_policy_can_have_are_refused() {
    let folder = Folder::new("");
    let replies = folder.path().join("replies");
    fs::create_dir(&replies).expect("a folder");
    for number in 0..10_001 {
        fs::write(replies.join(format!("{number}.txt")), "Subject: a\n\nb\n").expect("a file");
    }
    let output =
        nightdesk().arg("check").arg("--policy").arg(folder.path()).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("more than 10000 files"), "{complaint}");
}
