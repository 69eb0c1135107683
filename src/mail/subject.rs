//! The base subject by which mails of one conversation are compared (RFC 5256 section 2.1).
//!
//! Beyond the RFC's `Re`, `Fw` and `Fwd` the prefixes of other languages are known, as data.

/// What the outermost prefix of a subject says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Purpose {
    #[default]
    New,
    Reply,
    Forward,
}

/// Prefixes in lower case, each followed by a colon in a subject.
const PREFIXES: &[(&str, Purpose)] = &[
    ("re", Purpose::Reply),
    ("fw", Purpose::Forward),
    ("fwd", Purpose::Forward),
    ("aw", Purpose::Reply),           // German, Antwort
    ("antw", Purpose::Reply),         // Dutch and German
    ("antwort", Purpose::Reply),      // German, spelled out
    ("wg", Purpose::Forward),         // German, weitergeleitet
    ("sv", Purpose::Reply),           // Danish, Norwegian, Swedish: svar
    ("vs", Purpose::Forward), // Norwegian, videresendt; Finnish, vastaus, a reply: in doubt what stands below may count
    ("vb", Purpose::Forward), // Swedish, vidarebefordrat
    ("vl", Purpose::Forward), // Finnish, välitetty
    ("rv", Purpose::Forward), // Spanish, reenviado
    ("enc", Purpose::Forward), // Portuguese, encaminhado
    ("res", Purpose::Reply),  // Portuguese, resposta
    ("tr", Purpose::Forward), // French, transféré
    ("réf", Purpose::Reply),  // French, référence
    ("rif", Purpose::Reply),  // Italian, riferimento
    ("r", Purpose::Reply),    // Italian, risposta
    ("i", Purpose::Forward),  // Italian, inoltro
    ("odp", Purpose::Reply),  // Polish, odpowiedź
    ("pd", Purpose::Forward), // Polish, przekazane dalej
    ("ynt", Purpose::Reply),  // Turkish, yanıt
    ("ilt", Purpose::Forward), // Turkish, iletilen
    ("doorst", Purpose::Forward), // Dutch, doorgestuurd
    ("továbbítás", Purpose::Forward), // Hungarian
    ("vá", Purpose::Reply),   // Hungarian, válasz
    ("atb", Purpose::Reply),  // Welsh, ateb
    ("απ", Purpose::Reply),   // Greek, απάντηση
    ("πρθ", Purpose::Forward), // Greek, προώθηση
    ("ответ", Purpose::Reply), // Russian
    ("回复", Purpose::Reply), // Chinese, simplified
    ("回覆", Purpose::Reply), // Chinese, traditional
    ("答复", Purpose::Reply),
    ("转发", Purpose::Forward),
    ("轉寄", Purpose::Forward),
    ("antwoord", Purpose::Reply),        // Dutch, spelled out
    ("odg", Purpose::Reply),             // Croatian, Serbian, Slovene: odgovor
    ("prosl", Purpose::Forward),         // Croatian, proslijeđeno
    ("odpoveď", Purpose::Reply),         // Slovak
    ("preposl", Purpose::Forward),       // Slovak, preposlané
    ("tov", Purpose::Forward),           // Hungarian, továbbítás
    ("răspuns", Purpose::Reply),         // Romanian
    ("redirecționat", Purpose::Forward), // Romanian
    ("ats", Purpose::Reply),             // Lithuanian, atsakymas
    ("отв", Purpose::Reply),             // Russian
    ("пересл", Purpose::Forward),        // Russian and Ukrainian
    ("відп", Purpose::Reply),            // Ukrainian
    ("отг", Purpose::Reply),             // Bulgarian
    ("препр", Purpose::Forward),         // Bulgarian
    ("bls", Purpose::Reply),             // Indonesian, balas
    ("trs", Purpose::Forward),           // Indonesian, terusan
    ("ตอบกลับ", Purpose::Reply),          // Thai
    ("ส่งต่อ", Purpose::Forward),          // Thai
    ("השב", Purpose::Reply),             // Hebrew
    ("הועבר", Purpose::Forward),         // Hebrew
    ("رد", Purpose::Reply),              // Arabic
    ("회신", Purpose::Reply),            // Korean
    ("답장", Purpose::Reply),            // Korean
    ("전달", Purpose::Forward),          // Korean
    ("答覆", Purpose::Reply),            // Chinese, traditional
    ("返信", Purpose::Reply),            // Japanese
    ("転送", Purpose::Forward),
];

/// "Automatic reply: " and the like, which machines put before the subject that they answer.
fn automatic_prefix(subject: &str) -> Option<&str> {
    let known = super::markers::subjects::REPLIES.iter().filter_map(|prefix| {
        let prefix = prefix.trim_end_matches(':');
        subject.strip_prefix(prefix)?.trim_start().strip_prefix([':', '：'])
    });
    known.map(str::trim_start).find(|kept| !kept.is_empty())
}

/// How many prefixes and tags are taken off; a longer chain is no subject of this world.
const MAX_PEELS: usize = 64;

/// The subject without its prefixes, in lower case, and what the outermost prefix says.
pub(super) fn base(subject: &str) -> (String, Purpose) {
    let folded = subject.to_lowercase();
    let mut rest = folded.trim();
    let mut purpose = Purpose::New;
    for _ in 0..MAX_PEELS {
        // RFC 5256 section 2.1 steps 2 to 6.
        if let Some((kept, says)) = prefix(rest) {
            rest = kept;
            purpose = or(purpose, says);
        } else if let Some(kept) = automatic_prefix(rest) {
            rest = kept;
            purpose = or(purpose, Purpose::Reply);
        } else if let Some(kept) = rest.strip_suffix("(fwd)") {
            rest = kept.trim_end();
            purpose = or(purpose, Purpose::Forward);
        } else if let Some(kept) = reference(rest).or_else(|| tag(rest)).filter(|kept| !kept.is_empty()) {
            rest = kept;
        } else if let Some(kept) = rest.strip_prefix("[fwd:").and_then(|kept| kept.strip_suffix(']')) {
            rest = kept.trim();
            purpose = or(purpose, Purpose::Forward);
        } else {
            break;
        }
    }
    (rest.to_owned(), purpose)
}

fn or(known: Purpose, found: Purpose) -> Purpose {
    if known == Purpose::New { found } else { known }
}

/// What follows `re:`, `re[2]:`, `re (2):`, `re^2:` or `re：`.
fn prefix(text: &str) -> Option<(&str, Purpose)> {
    // The vowels of some scripts are marks.
    let word = text.find(|c: char| !c.is_alphabetic() && !is_mark(c))?;
    let (word, after) = text.split_at_checked(word)?;
    let (_, says) = PREFIXES.iter().find(|(prefix, _)| *prefix == word)?;
    let mut after = after.trim_start();
    if let Some(rest) = tag(after).or_else(|| counter(after)) {
        after = rest;
    }
    let rest = after.strip_prefix(':').or_else(|| after.strip_prefix('：'))?;
    Some((rest.trim_start(), *says))
}

/// Thai tone marks, which no other prefix has.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{e47}'..='\u{e4e}')
}

/// What follows a leading `[tag]` (`subj-blob`), which the RFC takes off a base subject too.
fn tag(text: &str) -> Option<&str> {
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    (!inside.contains('[') && !inside.starts_with("fwd:")).then(|| rest.trim_start())
}

/// What stands before a reference such as `[k7q4-mx2p]`, which our replies put at the end of a subject.
fn reference(text: &str) -> Option<&str> {
    let (before, inside) = text.strip_suffix(']')?.rsplit_once('[')?;
    let (left, right) = inside.split_once('-')?;
    let is_half = |half: &str| half.len() == 4 && half.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_half(left) && is_half(right)).then(|| before.trim_end())
}

fn counter(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('^').or_else(|| text.strip_prefix('('))?;
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    Some(rest.strip_prefix(')').unwrap_or(rest).trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_keeps_its_base_subject() {
        for (subject, expected, purpose) in [
            ("Login fails", "login fails", Purpose::New),
            ("Re: Login fails", "login fails", Purpose::Reply),
            ("RE : AW: Re[2]: Login fails (fwd)", "login fails", Purpose::Reply),
            ("AW: WG: Login fails", "login fails", Purpose::Reply),
            ("WG: Login fails", "login fails", Purpose::Forward),
            ("[Fwd: Re: Login fails]", "login fails", Purpose::Forward),
            ("[desk] Re: [desk] Login fails", "login fails", Purpose::Reply),
            ("[URGENT]", "[urgent]", Purpose::New),
            ("Re: Auto: Login fails [K7Q4-MX2P]", "login fails", Purpose::Reply),
            ("Login fails [K7Q4-MX2P] again", "login fails [k7q4-mx2p] again", Purpose::New),
            ("回复：登录失败", "登录失败", Purpose::Reply),
            ("Re (3): x", "x", Purpose::Reply),
            ("Odg: Re: x", "x", Purpose::Reply),
            ("전달: x", "x", Purpose::Forward),
            ("ส่งต่อ: x", "x", Purpose::Forward),
            ("Report: all well", "report: all well", Purpose::New),
            ("Re", "re", Purpose::New),
            ("", "", Purpose::New),
        ] {
            assert_eq!(base(subject), (expected.to_owned(), purpose), "{subject}");
        }
    }
}
