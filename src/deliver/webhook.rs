//! A JSON object is posted, signed when there is a key. The receiver's side stands in `deploy/WEBHOOK.md`.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::{Deadlines, Outcome, Secrets};
use crate::base::text::one_line;
use crate::net::{Answer, HttpClient, HttpError};
use crate::settings::SecretSource;

/// How much of an answer is told.
const SHOWN: usize = 120;
/// How much of an answer is looked through for something to tell.
const LONGEST_LOOK: usize = 1024;
/// What stands for words that are not told.
const LEFT_OUT: &str = "(…)";
/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// A receiver.
pub(super) struct Webhook {
    url: String,
    key: Option<SecretSource>,
    client: HttpClient,
    secrets: Secrets,
    deadlines: Deadlines,
}

impl Webhook {
    pub(super) fn new(
        url: String,
        key: Option<SecretSource>,
        ca_file: Option<PathBuf>,
        secrets: &Secrets,
        deadlines: Deadlines,
    ) -> Self {
        Self { url, key, client: HttpClient::new(ca_file), secrets: Secrets::clone(secrets), deadlines }
    }

    pub(super) async fn send(&self, body: String, dedup_key: &str, now: Timestamp) -> Outcome {
        let timestamp = now.as_second().to_string();
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("X-Nightdesk-Dedup-Key", in_a_header(dedup_key)),
            ("X-Nightdesk-Timestamp", timestamp.clone()),
        ];
        if let Some(source) = &self.key {
            let key = match (self.secrets)(source.clone()).await {
                Ok(key) => key,
                Err(error) => return temporary(format!("the key of the signature cannot be had: {error}")),
            };
            let Some(signature) = signature(key.expose().as_bytes(), &[&timestamp, ".", &body]) else {
                return Outcome::Permanent("the body cannot be signed".to_owned());
            };
            headers.push(("X-Nightdesk-Signature", format!("v1={signature}")));
        }
        match self.client.post(&self.url, &headers, body.clone(), self.deadlines.http).await {
            Ok(answer) => judge(&answer, &body, now),
            Err(error @ HttpError::Url(_)) => Outcome::Permanent(error.to_string()),
            Err(error) => temporary(one_line(&error.to_string())),
        }
    }
}

fn temporary(reason: String) -> Outcome {
    Outcome::Temporary { reason, retry_after: None }
}

/// What the receiver says, without addresses and without words that it has from us: some repeat what they were sent,
/// and mail text has no place in a log.
fn said(answer: &str, body: &str) -> String {
    let line = one_line(&answer.chars().take(LONGEST_LOOK).collect::<String>());
    let ours: HashSet<&str> = pieces(body).collect();
    let is_ours = |word: &str| word.contains('@') || pieces(word).any(|piece| ours.contains(piece));
    let mut words: Vec<&str> =
        line.split(' ').map(|word| if is_ours(word) { LEFT_OUT } else { word }).collect();
    words.dedup_by(|word, before| *word == LEFT_OUT && word == before);
    words.join(" ").chars().take(SHOWN).collect()
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty())
}

/// What a status means for us (RFC 9110 section 15, RFC 6585 section 4).
fn judge(answer: &Answer, body: &str, now: Timestamp) -> Outcome {
    let said = said(&answer.text, body);
    let reason = format!("the receiver answers {}", answer.status);
    let reason = if said.is_empty() { reason } else { format!("{reason}: {said}") };
    match answer.status {
        200..=299 => Outcome::Sent,
        408 | 425 | 429 | 500.. => Outcome::Temporary { reason, retry_after: retry_after(answer, now) },
        // These speak of the receiver or of who we are, not of this alert. Somebody deploys or mends it meanwhile, and
        // an alert is worth asking again.
        300..=399 => temporary(format!("{reason} (redirects are not followed)")),
        401 | 403 | 404 | 407 => temporary(reason),
        _ => Outcome::Permanent(reason),
    }
}

/// Seconds or a date (RFC 9110 section 10.2.3).
fn retry_after(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let text = answer.retry_after.as_deref()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    let wait = seconds.or_else(|| {
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
    })?;
    Some(wait.min(LONGEST_WAIT))
}

/// HMAC-SHA-256 (RFC 2104) over the pieces, in hexadecimal; `None` for a key that it cannot use, which none is.
fn signature(key: &[u8], pieces: &[&str]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for piece in pieces {
        mac.update(piece.as_bytes());
    }
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        write!(hex, "{byte:02x}").ok()?;
    }
    Some(hex)
}

/// What may stand in a header (RFC 9110 section 5.5).
fn in_a_header(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256() {
        // RFC 4231 section 4.3.
        assert_eq!(
            signature(b"Jefe", &["what do ya want ", "for nothing?"]).unwrap(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        // printf '1.{}' | openssl dgst -sha256 -hmac Jefe
        assert_eq!(
            signature(b"Jefe", &["1", ".", "{}"]).unwrap(),
            "dc7943cccf20f64327d263db5e2aca27c2b8175e8e6e7ea04f482091bf456b0f"
        );
    }

    #[test]
    fn a_status_says_whether_to_come_back() {
        let now: Timestamp = "2026-01-09T22:00:00Z".parse().unwrap();
        let answer = |status, after: Option<&str>| Answer {
            status,
            retry_after: after.map(str::to_owned),
            text: "a\r\nb".to_owned(),
        };
        let wait = |status, after| {
            let outcome = judge(&answer(status, after), "", now);
            let Outcome::Temporary { retry_after, .. } = outcome else { panic!("{outcome:?}") };
            retry_after
        };
        assert_eq!(judge(&answer(204, None), "", now), Outcome::Sent);
        assert_eq!(wait(429, Some("17")), Some(Duration::from_secs(17)));
        assert_eq!(wait(503, Some("Fri, 09 Jan 2026 22:01:00 GMT")), Some(Duration::from_mins(1)));
        assert_eq!(wait(503, Some("Fri, 09 Jan 2026 21:01:00 GMT")), Some(Duration::ZERO));
        assert_eq!(wait(500, Some("99999999")), Some(LONGEST_WAIT));
        for after in [None, Some(""), Some("soon"), Some("-1")] {
            assert_eq!(wait(408, after), None);
        }
        for status in [301, 401, 403, 404] {
            assert_eq!(wait(status, None), None);
        }
        for status in [400, 405, 410, 413, 422] {
            assert!(matches!(judge(&answer(status, None), "", now), Outcome::Permanent(_)), "{status}");
        }
        assert!(
            matches!(judge(&answer(400, None), "", now), Outcome::Permanent(why) if why.ends_with("400: a b"))
        );
    }

    #[test]
    fn an_answer_that_repeats_what_it_got_is_told_without_it() {
        let body = r#"{"subject":"Checkout broken for Käthe","sender":"mia@customer.example"}"#;
        assert_eq!(said("invalid_token: no such hook", body), "invalid_token: no such hook");
        let echo = format!("cannot take {body} now, mia@x.example");
        assert_eq!(said(&echo, body), "cannot take (…) now, (…)");
    }
}
