//! `[[channel]]`: who can be told, and how.

use super::super::node::{Content, Node, Section, note};
use super::super::values::{Values, wrong_with_url};
use super::super::{Channel, ChannelKind, Recipient};
use super::{Accounts, name_of};
use crate::base::diagnostic::suggest;
use crate::base::document::clip;

/// The types there are, and those that are still to come.
const TYPES: [&str; 3] = ["log", "webhook", "smtp"];
const TYPES_LATER: [&str; 4] = ["pagerduty", "slack", "teams", "ntfy"];

pub(super) fn channel(
    row: &Section<'_>,
    accounts: &Accounts<'_>,
    values: &mut Values<'_>,
) -> Option<Channel> {
    let name = name_of(row, "a name for the channel, such as \"on-call-pager\"", values.problems);
    let kind = row.required("type", "\"log\", \"webhook\" or \"smtp\"", values.problems);
    let word = kind.and_then(|node| node.text(values.problems).map(|word| (node, word)));
    let kind = word.and_then(|(node, word)| match word.as_str() {
        "log" => {
            row.only(&["name", "type"], &[], values.problems);
            Some(ChannelKind::Log)
        }
        "webhook" => webhook(row, values),
        "smtp" => smtp(row, accounts, values),
        _ => {
            unknown_type(node, &word, values);
            None
        }
    });
    Some(Channel { name: name?, kind: kind? })
}

fn unknown_type(node: &Node, word: &str, values: &mut Values<'_>) {
    let is_later = TYPES_LATER.contains(&word);
    let message = if is_later {
        format!("channels of type \"{word}\" are not yet in this version")
    } else {
        "there is no such type of channel".to_owned()
    };
    note(&node.place, &message, values.problems, |diagnostic| {
        diagnostic.found(format!("\"{}\"", clip(word))).allowed("\"log\", \"webhook\", \"smtp\"").hint_if(
            if is_later {
                Some("a webhook gets the same as a JSON object".to_owned())
            } else {
                suggest(word, TYPES)
            },
        )
    });
}

fn webhook(row: &Section<'_>, values: &mut Values<'_>) -> Option<ChannelKind> {
    const FORM: &str = "\"https://…\", or \"http://…\" on this machine itself";
    row.only(&["name", "type", "url", "hmac", "ca_file"], &["template", "body", "preset"], values.problems);
    let node = row.required("url", FORM, values.problems);
    let url = node.and_then(|node| {
        let url = node.text(values.problems)?;
        match wrong_with_url(&url) {
            Some(wrong) => {
                node.malformed(wrong, FORM, values.problems);
                None
            }
            None => Some(url),
        }
    });
    let hmac = row.get("hmac").map(|node| values.secret(node, "the key of `hmac`"));
    let ca_file = values.optional_path(row, "ca_file");
    let hmac = match hmac {
        Some(hmac) => Some(hmac?),
        None => None,
    };
    Some(ChannelKind::Webhook { url: url?, hmac, ca_file })
}

fn smtp(row: &Section<'_>, accounts: &Accounts<'_>, values: &mut Values<'_>) -> Option<ChannelKind> {
    row.only(&["name", "type", "account", "from", "to"], &["subject", "template"], values.problems);
    let account = accounts.find(row, values.problems);
    if let Some(Some(found)) = account.and_then(|index| accounts.rows.get(index))
        && found.smtp.is_none()
        && let Some(node) = row.get("account")
    {
        node.malformed("this account cannot send mail", "an account with `smtp`", values.problems);
    }
    let form = "whom the mail comes from, such as \"nightdesk <nightdesk@example.com>\"";
    let from = row.required_text("from", form, values.problems);
    let to = recipients(row, values);
    Some(ChannelKind::Smtp { account: account?, from: from?.value, to: to? })
}

fn recipients(row: &Section<'_>, values: &mut Values<'_>) -> Option<Vec<Recipient>> {
    const FORM: &str = "a list of addresses and files of addresses, such as [\"on-call@example.com\", { file = \"on-call.txt\" }]";
    /// A mail to more has its own list server.
    const MOST: usize = 100;
    let node = row.required("to", FORM, values.problems)?;
    let elements = node.elements(FORM, values.problems);
    if matches!(&node.content, Content::List(list) if list.is_empty() || list.len() > MOST) {
        node.malformed(&format!("a mail goes to 1 to {MOST} recipients"), FORM, values.problems);
        return None;
    }
    let recipients: Vec<Recipient> =
        elements.iter().filter_map(|element| recipient(element, values)).collect();
    (!recipients.is_empty() && recipients.len() == elements.len()).then_some(recipients)
}

fn recipient(element: &Node, values: &mut Values<'_>) -> Option<Recipient> {
    if let Content::Table(_) = element.content {
        let section = element.section("a recipient", values.problems);
        section.only(&["file"], &[], values.problems);
        let node = section.required("file", "{ file = \"on-call.txt\" }", values.problems)?;
        return values.path(node).map(Recipient::File);
    }
    element.text(values.problems).map(Recipient::Address)
}
