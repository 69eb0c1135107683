//! As written: `[[coverage]]`, `[[also]]`, `[[escalation]]`, `[conversation]`, `[auto_reply]`, `[[accept]]`.

use super::When;
use crate::base::document::{At, Problems, Table};

#[derive(Debug)]
pub(in crate::policy) struct Coverage {
    pub(in crate::policy) name: Option<At<String>>,
    pub(in crate::policy) when: Option<When>,
    pub(in crate::policy) alert: Vec<At<String>>,
    pub(in crate::policy) defer: Option<At<String>>,
    pub(in crate::policy) reply: Option<At<String>>,
    pub(in crate::policy) respond_within: Option<At<String>>,
    pub(in crate::policy) place: At<()>,
}

#[derive(Debug)]
pub(in crate::policy) struct Also {
    pub(in crate::policy) name: Option<At<String>>,
    pub(in crate::policy) when: Option<When>,
    pub(in crate::policy) alert: Vec<At<String>>,
    pub(in crate::policy) place: At<()>,
}

#[derive(Debug)]
pub(in crate::policy) struct Escalation {
    pub(in crate::policy) name: Option<At<String>>,
    pub(in crate::policy) pages: Option<At<bool>>,
    pub(in crate::policy) steps: Vec<Step>,
    /// It has a list of steps, and nothing was wrong with its form.
    pub(in crate::policy) steps_written: bool,
    pub(in crate::policy) repeat_every: Option<At<String>>,
    pub(in crate::policy) remind_before: Option<At<String>>,
    pub(in crate::policy) group_by: Vec<At<String>>,
    pub(in crate::policy) give_up_after: Option<At<String>>,
    pub(in crate::policy) place: At<()>,
}

#[derive(Debug)]
pub(in crate::policy) struct Step {
    pub(in crate::policy) after: Option<At<String>>,
    pub(in crate::policy) notify: Vec<At<String>>,
    /// Something in it is wrong, and was said.
    pub(in crate::policy) is_broken: bool,
    pub(in crate::policy) place: At<()>,
}

#[derive(Debug, Default)]
pub(in crate::policy) struct Conversation {
    pub(in crate::policy) inherit: Vec<At<String>>,
    pub(in crate::policy) raise_clock: Option<At<String>>,
    pub(in crate::policy) reopen_within: Option<At<String>>,
}

#[derive(Debug, Default)]
pub(in crate::policy) struct AutoReply {
    pub(in crate::policy) from: Option<At<String>>,
    pub(in crate::policy) subject: Option<At<String>>,
    pub(in crate::policy) once_per: Option<At<String>>,
    pub(in crate::policy) per_domain: Option<At<String>>,
    pub(in crate::policy) per_mailbox: Option<At<String>>,
    pub(in crate::policy) max_age: Option<At<String>>,
}

#[derive(Debug)]
pub(in crate::policy) struct Accept {
    pub(in crate::policy) lint: Option<At<String>>,
    pub(in crate::policy) reason: Option<At<String>>,
}

pub(super) fn coverage(root: &Table<'_>, problems: &mut Problems) -> Vec<Coverage> {
    let tables = root.tables("coverage", problems);
    tables
        .iter()
        .map(|table| {
            table.only(&["name", "when", "alert", "defer", "reply", "respond_within"], problems);
            Coverage {
                name: table.required_string("name", "a name that explanations and tests show", problems),
                when: super::when(table, problems),
                alert: table.string_or_strings("alert", problems),
                defer: table.string("defer", problems),
                reply: table.string("reply", problems),
                respond_within: table.string("respond_within", problems),
                place: At::new((), table.span()),
            }
        })
        .collect()
}

pub(super) fn also(root: &Table<'_>, problems: &mut Problems) -> Vec<Also> {
    let tables = root.tables("also", problems);
    tables
        .iter()
        .map(|table| {
            let before = problems.count();
            let defers = |key: &str| {
                (key == "defer")
                    .then(|| "an `also` rule alerts at once; deferring is for [[coverage]]".to_owned())
            };
            table.only_or(&["name", "when", "alert"], defers, problems);
            if table.get("alert").is_none() && problems.count() == before {
                table.missing("alert", "the name of an [[escalation]]", problems);
            }
            Also {
                name: table.required_string("name", "a name that explanations and tests show", problems),
                when: super::when(table, problems),
                alert: table.string_or_strings("alert", problems),
                place: At::new((), table.span()),
            }
        })
        .collect()
}

pub(super) fn escalations(root: &Table<'_>, problems: &mut Problems) -> Vec<Escalation> {
    let tables = root.tables("escalation", problems);
    tables
        .iter()
        .map(|table| {
            const KEYS: &[&str] =
                &["name", "pages", "steps", "repeat_every", "remind_before", "group_by", "give_up_after"];
            table.only(KEYS, problems);
            if table.get("steps").is_none() {
                table.missing(
                    "steps",
                    "at least one step, such as [{ after = \"0m\", notify = [\"pager\"] }]",
                    problems,
                );
            }
            let before = problems.count();
            let steps = table.tables("steps", problems);
            let steps_written = table.get("steps").is_some() && problems.count() == before;
            Escalation {
                name: table.required_string("name", "a name that rules refer to", problems),
                pages: table.boolean("pages", problems),
                steps: steps.iter().map(|step| self::step(step, problems)).collect(),
                steps_written,
                repeat_every: table.string("repeat_every", problems),
                remind_before: table.string("remind_before", problems),
                group_by: table.strings("group_by", problems),
                give_up_after: table.string("give_up_after", problems),
                place: At::new((), table.span()),
            }
        })
        .collect()
}

fn step(table: &Table<'_>, problems: &mut Problems) -> Step {
    let before = problems.count();
    let recipients = |key: &str| {
        let is_like = ["to", "channel", "channels", "who", "alert"].contains(&key);
        is_like.then(|| "channels stand in `notify`".to_owned())
    };
    table.only_or(&["after", "notify"], recipients, problems);
    if table.get("notify").is_none() && problems.count() == before {
        table.missing("notify", "the names of channels, such as [\"pager\"]", problems);
    }
    let after = table.required_string("after", "how long after the start, such as \"15m\"", problems);
    let notify = table.strings("notify", problems);
    Step { after, notify, is_broken: problems.count() > before, place: At::new((), table.span()) }
}

pub(super) fn conversation(root: &Table<'_>, problems: &mut Problems) -> Conversation {
    let Some(table) = root.table("conversation", problems) else { return Conversation::default() };
    table.only(&["inherit", "raise_clock", "reopen_within"], problems);
    Conversation {
        inherit: table.strings("inherit", problems),
        raise_clock: table.string("raise_clock", problems),
        reopen_within: table.string("reopen_within", problems),
    }
}

pub(super) fn auto_reply(root: &Table<'_>, problems: &mut Problems) -> AutoReply {
    let Some(table) = root.table("auto_reply", problems) else { return AutoReply::default() };
    table.only(&["from", "subject", "once_per", "per_domain", "per_mailbox", "max_age"], problems);
    AutoReply {
        from: table.string("from", problems),
        subject: table.string("subject", problems),
        once_per: table.string("once_per", problems),
        per_domain: table.string("per_domain", problems),
        per_mailbox: table.string("per_mailbox", problems),
        max_age: table.string("max_age", problems),
    }
}

pub(super) fn accepts(root: &Table<'_>, problems: &mut Problems) -> Vec<Accept> {
    let tables = root.tables("accept", problems);
    tables
        .iter()
        .map(|table| {
            table.only(&["lint", "reason"], problems);
            Accept {
                lint: table.required_string("lint", "the code of a lint, such as \"ND012\"", problems),
                reason: table.required_string("reason", "why this is meant", problems),
            }
        })
        .collect()
}
