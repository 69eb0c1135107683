//! How mail programs introduce what they quote, forward and sign, by language. A further language is further rows.

/// An attribution line: how it may begin and the words one of which is in it. All end with a colon.
#[derive(Debug)]
pub(super) struct Attribution {
    pub(super) heads: &'static [&'static str],
    pub(super) verbs: &'static [&'static str],
}

pub(super) const ATTRIBUTIONS: &[Attribution] = &[
    Attribution { heads: &["On "], verbs: &["wrote", "writes", "sent"] },
    Attribution { heads: &["Am ", "Den ", "Der "], verbs: &["schrieb", "geschrieben"] },
    Attribution { heads: &["Le ", "Em ", "En date"], verbs: &["a écrit", "écrit", "a ecrit"] },
    Attribution { heads: &["El "], verbs: &["escribió", "escribio"] },
    Attribution { heads: &["Il ", "In data "], verbs: &["ha scritto", "scrisse"] },
    Attribution { heads: &["Op ", "In "], verbs: &["schreef", "geschreven", "schreven"] },
    Attribution { heads: &["Em ", "A ", "No dia "], verbs: &["escreveu"] },
    Attribution { heads: &["Den ", "På ", "Kl. "], verbs: &["skrev"] },
    Attribution { heads: &["W dniu ", "Dnia "], verbs: &["napisał", "pisze"] },
    Attribution { heads: &["Vào "], verbs: &["đã viết"] },
];

/// The bytes that some beginnings begin with. Most lines begin with another, and are known by that not to be any of them.
#[derive(Debug)]
pub(super) struct FirstBytes([bool; 256]);

impl FirstBytes {
    const fn of(beginnings: &[&str]) -> FirstBytes {
        FirstBytes([false; 256]).and(beginnings)
    }

    const fn of_attributions(mut rows: &[Attribution]) -> FirstBytes {
        let mut bytes = FirstBytes([false; 256]);
        while let [row, rest @ ..] = rows {
            (bytes, rows) = (bytes.and(row.heads), rest);
        }
        bytes
    }

    #[expect(clippy::indexing_slicing, reason = "at compile time, where a wrong index does not compile")]
    const fn and(mut self, mut beginnings: &[&str]) -> FirstBytes {
        while let [beginning, rest @ ..] = beginnings {
            if let [first, ..] = beginning.as_bytes() {
                self.0[*first as usize] = true;
            }
            beginnings = rest;
        }
        self
    }

    /// Whether a text may begin with one of the beginnings.
    pub(super) fn fit(&self, text: &str) -> bool {
        text.bytes().next().is_some_and(|first| self.0.get(usize::from(first)).copied().unwrap_or(true))
    }
}

pub(super) static ATTRIBUTION_BYTES: FirstBytes = FirstBytes::of_attributions(ATTRIBUTIONS);
pub(super) static DEVICE_BYTES: FirstBytes = FirstBytes::of(DEVICE_SIGNATURES);

/// Words right before the colon of an attribution without a known beginning.
pub(super) const VERBS: &[&str] = &[
    "wrote",
    "writes",
    "schrieb",
    "a écrit",
    "escribió",
    "ha scritto",
    "schreef",
    "escreveu",
    "skrev",
    "napisał",
    "napisał(a)",
    "kirjoitti",
    "написал",
    "написал(а)",
    "пишет",
    "写道",
    "寫道",
    "yazdı",
    "şunu yazdı",
    "a scris",
    "napsal(a)",
    "ezt írta",
    "έγραψε",
];

/// Words of people who tell what was said; a mail program names the writer.
pub(super) const PRONOUNS: &[&str] = &[
    "I", "we", "you", "he", "she", "they", "our", "my", "your", "ich", "wir", "Sie", "er", "sie", "unser",
    "unsere", "mein", "meine", "je", "nous", "vous", "notre", "mon", "yo", "nosotros", "usted", "nuestro",
    "noi", "nostro", "wij", "ons", "onze", "mijn",
];

/// Words of the footers that list software adds, in lower case.
pub(super) const LIST_FOOTERS: &[&str] =
    &["mailing list", "mailing-list", "mailingliste", "listinfo", "unsubscribe", "list archive"];

/// Between dashes above what was quoted, in lower case.
pub(super) const ORIGINALS: &[&str] = &[
    "original message",
    "reply message",
    "antwort nachricht",
    "original appointment",
    "ursprüngliche nachricht",
    "urspr. nachricht",
    "originalnachricht",
    "original-nachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "messaggio original",
    "oorspronkelijk bericht",
    "origineel bericht",
    "mensagem original",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "ursprungligt meddelande",
    "originalmeddelande",
    "alkuperäinen viesti",
    "wiadomość oryginalna",
    "oryginalna wiadomość",
    "исходное сообщение",
    "原始邮件",
    "原始郵件",
    "original email",
];

/// Between dashes above what is forwarded, in lower case.
pub(super) const FORWARDS: &[&str] = &[
    "forwarded message",
    "forwarded mail",
    "weitergeleitete nachricht",
    "message transféré",
    "message transmis",
    "mensaje reenviado",
    "messaggio inoltrato",
    "doorgestuurd bericht",
    "mensagem encaminhada",
    "mensagem reencaminhada",
    "vidarebefordrat meddelande",
    "videresendt melding",
    "videresendt meddelelse",
    "välitetty viesti",
    "przekazana wiadomość",
    "пересылаемое сообщение",
    "转发的消息",
    "转发邮件",
    "転送メッセージ",
];

/// Lines without dashes above what is forwarded, in lower case, without their colon.
pub(super) const FORWARD_LINES: &[&str] = &[
    "begin forwarded message",
    "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail",
    "début du message réexpédié",
    "début du message transféré",
    "inicio del mensaje reenviado",
    "inizio messaggio inoltrato",
    "begin doorgestuurd bericht",
    "início da mensagem reencaminhada",
    "início da mensagem encaminhada",
    "vidarebefordrat brev",
    "start på videresendt meddelelse",
];

/// What a line of a copied header block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    From,
    Sent,
    To,
    Subject,
}

/// Labels of copied header blocks, in lower case; the same word may stand for one role only.
pub(super) const LABELS: &[(&str, Role)] = &[
    ("from", Role::From),
    ("sent", Role::Sent),
    ("date", Role::Sent),
    ("to", Role::To),
    ("cc", Role::To),
    ("subject", Role::Subject),
    ("reply-to", Role::To),
    ("von", Role::From),
    ("gesendet", Role::Sent),
    ("datum", Role::Sent),
    ("an", Role::To),
    ("betreff", Role::Subject),
    ("de", Role::From),
    ("envoyé", Role::Sent),
    ("envoyé le", Role::Sent),
    ("à", Role::To),
    ("objet", Role::Subject),
    ("enviado", Role::Sent),
    ("enviado el", Role::Sent),
    ("fecha", Role::Sent),
    ("para", Role::To),
    ("asunto", Role::Subject),
    ("da", Role::From),
    ("inviato", Role::Sent),
    ("data", Role::Sent),
    ("a", Role::To),
    ("oggetto", Role::Subject),
    ("van", Role::From),
    ("verzonden", Role::Sent),
    ("aan", Role::To),
    ("onderwerp", Role::Subject),
    ("enviada em", Role::Sent),
    ("enviado em", Role::Sent),
    ("assunto", Role::Subject),
    ("från", Role::From),
    ("skickat", Role::Sent),
    ("till", Role::To),
    ("ämne", Role::Subject),
    ("fra", Role::From),
    ("sendt", Role::Sent),
    ("dato", Role::Sent),
    ("til", Role::To),
    ("emne", Role::Subject),
    ("lähettäjä", Role::From),
    ("lähetetty", Role::Sent),
    ("vastaanottaja", Role::To),
    ("aihe", Role::Subject),
    ("od", Role::From),
    ("wysłano", Role::Sent),
    ("do", Role::To),
    ("temat", Role::Subject),
    ("от", Role::From),
    ("отправлено", Role::Sent),
    ("кому", Role::To),
    ("тема", Role::Subject),
    ("发件人", Role::From),
    ("发送时间", Role::Sent),
    ("收件人", Role::To),
    ("主题", Role::Subject),
];

/// Beginnings of lines that phones and mail programs sign with.
pub(super) const DEVICE_SIGNATURES: &[&str] = &[
    "Sent from my ",
    "Sent from Mail for ",
    "Sent from mail",
    "Sent from Samsung",
    "Sent from Yahoo",
    "Sent from AOL",
    "Sent from mobile",
    "Get Outlook for ",
    "Sent with Proton",
    "Von meinem iPhone gesendet",
    "Von meinem iPad gesendet",
    "Gesendet von ",
    "Gesendet mit der ",
    "Envoyé de mon ",
    "Envoyé depuis mon ",
    "Enviado desde mi ",
    "Enviado do meu ",
    "Enviado de mi ",
    "Envoyé à partir de ",
    "Envoyé depuis ",
    "Inviato da iPhone",
    "Inviato dal mio ",
    "Verstuurd vanaf mijn ",
    "Verzonden vanaf mijn ",
    "Skickat från min ",
    "Sendt fra min ",
    "发自我的",
];
