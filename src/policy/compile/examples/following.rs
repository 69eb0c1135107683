//! `[[test.then]]`: what happens after the mail. Only what a case can take is allowed; what escalations are to do later
//! on cannot be expected yet.

use jiff::Timestamp;

use super::super::super::files::TextFiles;
use super::super::super::{AddressRule, Event, ExampleMail, Following, Origin, written};
use super::expectations::ONLY_THE_FIRST_STEP;
use super::{About, Reader};
use crate::base::diagnostic::{Diagnostic, Location, suggest};
use crate::base::document::{At, Problems, clip, list};
use crate::mail::NAMELESS_SERVER;

const EVENTS: [&str; 5] = ["mail", "answer", "ack", "close", "nothing"];

/// What a later version may do.
const LATER_EVENTS: [&str; 7] = ["step", "repeat", "reminder", "remind", "escalate", "snooze", "reopen"];

/// Where a server that receives mail writes down whether it believes the sender (RFC 8601).
const AUTHENTICATION_RESULTS: &str = "Authentication-Results";

impl Reader<'_> {
    /// The steps of a timeline, as far as they can happen after `mail_at`, each not before the last.
    pub(super) fn following(
        &self,
        written: &[written::Following],
        mail_at: Timestamp,
        texts: &mut TextFiles<'_>,
        problems: &mut Problems,
    ) -> Vec<Following> {
        let mut last = mail_at;
        let mut steps = Vec::new();
        for step in written {
            let Some(following) = self.step(step, texts, problems) else { continue };
            if following.at < last {
                problems.push_with(|| {
                    let at = step.mail.at.as_ref().map(|at| clip(&at.value)).unwrap_or_default();
                    Diagnostic::error(
                        step.mail.place.location(self.file),
                        "what follows is not in the order of time",
                    )
                    .found(format!("\"{at}\""))
                    .allowed("a time not before the mail, nor before the step above")
                });
            }
            last = last.max(following.at);
            steps.push(following);
        }
        steps
    }

    fn step(
        &self,
        written: &written::Following,
        texts: &mut TextFiles<'_>,
        problems: &mut Problems,
    ) -> Option<Following> {
        let word = written.event.as_ref()?;
        let mail = self.mail(&written.mail, texts, problems)?;
        let at = mail.at;
        let event = match word.value.as_str() {
            "mail" => Event::Mail(mail),
            "answer" => Event::Answer(self.answer(mail, word, problems)),
            "ack" => Event::Acknowledged,
            "close" => Event::Closed,
            "nothing" => Event::Nothing,
            _ => {
                self.unknown_event(word, problems);
                return None;
            }
        };
        let about = match event {
            Event::Mail(_) | Event::Answer(_) => About::Mail,
            Event::Acknowledged | Event::Closed | Event::Nothing => {
                self.without_mail(&written.mail, problems);
                About::Case
            }
        };
        self.expects_something(&written.expect, &written.mail.place, problems);
        if matches!(event, Event::Nothing) && !written.expect.written {
            problems.push_with(|| {
                Diagnostic::error(
                    written.mail.place.location(self.file),
                    "this step does nothing and expects nothing",
                )
                .allowed("an `expect`, or another event")
            });
        }
        let expect = self.expectations(&written.expect, about, problems);
        let origin = Origin { file: self.file_index, span: word.span.clone() };
        Some(Following { at, event, expect, origin })
    }

    fn unknown_event(&self, word: &At<String>, problems: &mut Problems) {
        let hint = if LATER_EVENTS.contains(&word.value.as_str()) {
            Some(ONLY_THE_FIRST_STEP.to_owned())
        } else {
            suggest(&word.value, EVENTS)
        };
        problems.push_with(|| {
            Diagnostic::error(word.location(self.file), "there is no event of this name")
                .found(format!("\"{}\"", clip(&word.value)))
                .allowed(list(&EVENTS))
                .hint_if(hint)
        });
    }

    /// Only mails and answers have fields.
    fn without_mail(&self, written: &written::ExampleMail, problems: &mut Problems) {
        let fields = [
            &written.mailbox,
            &written.from,
            &written.to,
            &written.subject,
            &written.body,
            &written.html,
            &written.file,
        ];
        let field = fields.into_iter().flatten().map(|field| field.span.clone()).next();
        if let Some(span) = field.or_else(|| written.headers.first().map(|(name, _)| name.span.clone())) {
            problems.push(
                Diagnostic::error(
                    Location::new(self.file, span),
                    "this step is no mail, so it has no such field",
                )
                .allowed("`at`, `event`, `expect`; or the event \"mail\" or \"answer\""),
            );
        }
    }

    /// An answer comes from an agent, and a server of ours says that it truly does, unless it is written otherwise.
    fn answer(&self, mut mail: ExampleMail, word: &At<String>, problems: &mut Problems) -> ExampleMail {
        if mail.file.is_some() {
            return mail;
        }
        let identity = self.context.identity;
        let vouched = |(name, _): &(String, String)| name.eq_ignore_ascii_case(AUTHENTICATION_RESULTS);
        let vouched = mail.headers.iter().any(vouched);
        let agent = identity.agents.first().map(|rule| match rule {
            AddressRule::Address(address) => address.clone(),
            AddressRule::Domain(domain) => format!("agent@{domain}"),
        });
        let missing = [
            (mail.from.is_none() && agent.is_none(), "agents"),
            (!vouched && identity.authserv_ids.is_empty(), "authserv_ids"),
        ];
        let missing: Vec<&str> = missing.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
        if !missing.is_empty() {
            problems.push_with(|| {
                Diagnostic::error(
                    word.location(self.file),
                    "nobody's mail counts as an answer in this policy",
                )
                .found(format!("[identity] without {}", list(&missing)))
                .allowed("`agents` and `authserv_ids` in [identity], or this mail's own `from` and `headers`")
            });
        }
        mail.from = mail.from.or(agent);
        let host = mail.from.as_deref().and_then(|from| from.trim_end_matches('>').rsplit_once('@'));
        if let (false, Some(server), Some((_, host))) = (vouched, identity.authserv_ids.first(), host) {
            let said = format!("dkim=pass header.d={host}; dmarc=pass header.from={host}");
            let verdict = if server == NAMELESS_SERVER { said } else { format!("{server}; {said}") };
            mail.headers.push((AUTHENTICATION_RESULTS.to_owned(), verdict));
        }
        mail
    }
}
