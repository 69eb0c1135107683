//! What was seen in the mail and does not count, in words: quoted, signed, hidden, excepted, and the rule that set it apart.

use super::{Context, Line};
use crate::base::text::one_line;
use crate::decision::Why;
use crate::mail::RegionKind;

impl Context<'_> {
    /// One line for each word that does not count.
    pub(in crate::compose) fn not_counted(&self) -> Vec<Line> {
        let ignored = self.decision.ignored.iter();
        ignored
            .filter_map(|(index, why)| {
                let hit = self.reading.hits.get(*index)?;
                let term = self.policy.words.terms.get(hit.term)?;
                let (text, place) = (one_line(&hit.text), self.place_in_words(hit.place));
                let rule =
                    self.reading.set_apart_by(hit).map(|rule| format!(" ({rule})")).unwrap_or_default();
                Some(Line {
                    step: "read",
                    outcome: "not counted".to_owned(),
                    because: format!("\"{text}\" in {place}: {}{rule}", in_words(*why)),
                    source: self.policy.source(&term.origin),
                })
            })
            .collect()
    }

    /// Why text counts that looks like somebody else's, each reason once.
    pub(in crate::compose) fn in_doubt(&self) -> Vec<&'static str> {
        let mut reasons: Vec<&'static str> = self
            .reading
            .message
            .body
            .of_kind(RegionKind::New)
            .filter_map(|region| doubt(region.because))
            .collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// Why a forwarded mail does not count; `None` when it does, or there is none.
    pub(in crate::compose) fn forwarded(&self) -> Option<&'static str> {
        let first = self.reading.message.forwarded.regions.first()?;
        let said = first.kind == RegionKind::Quoted && first.because == "forwarded";
        said.then_some("it does not count, since the sender's own words say more than a forward")
    }
}

/// What a rule says in whose doubt text is new.
fn doubt(because: &str) -> Option<&'static str> {
    match because {
        "answers-inside" => Some("the quotation counts too, since the sender says that answers stand in it"),
        "nothing-else" => Some("what looks quoted counts, since the mail says nothing else and answers none"),
        _ => None,
    }
}

fn in_words(why: Why) -> &'static str {
    match why {
        Why::Quoted => "it is quoted",
        Why::Signature => "it stands in the signature",
        Why::Hidden => "nobody sees it",
        Why::Excepted => "an exception of the label covers it",
        Why::InheritedSubject => "an earlier mail of the conversation had this subject",
        Why::OwnWords => "it is a line of our own reply",
    }
}
