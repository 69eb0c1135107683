//! What mail programs write above the words of others.

use std::sync::LazyLock;

use super::{FirstBytes, is_joined};

/// An attribution line of a language.
#[derive(Debug)]
pub(in crate::mail) struct Attribution {
    /// How it may begin.
    pub(in crate::mail) heads: &'static [&'static str],
    /// Words one of which is in it.
    pub(in crate::mail) verbs: &'static [&'static str],
    /// Words of people who tell what was said; a mail program names the writer.
    pub(in crate::mail) tellers: &'static [&'static str],
}

/// A row for each language, or for several that share their words.
pub(in crate::mail) static ATTRIBUTIONS: &[Attribution] = &[
    // English
    Attribution {
        heads: &["On ", "At "],
        verbs: &["wrote", "writes", "sent"],
        tellers: &[
            "I", "we", "We", "you", "he", "she", "they", "our", "my", "your", "his", "her", "their", "us",
            "me",
        ],
    },
    // German
    Attribution {
        heads: &["Am ", "Den ", "Der "],
        verbs: &["schrieb", "geschrieben"],
        tellers: &[
            "ich", "wir", "Sie", "er", "sie", "unser", "unsere", "unserer", "mein", "meine", "uns", "mir",
            "mich", "Ihr", "Ihre",
        ],
    },
    // French
    Attribution {
        heads: &["Le ", "En date"],
        verbs: &["a écrit", "écrit", "a ecrit", "envoyé"],
        tellers: &[
            "je", "nous", "vous", "notre", "nos", "mon", "ma", "il", "elle", "ils", "votre", "j'ai", "j’ai",
            "m'a", "m’a", "qui",
        ],
    },
    // Spanish
    Attribution {
        heads: &["El "],
        verbs: &["escribió", "escribio"],
        tellers: &[
            "yo", "nosotros", "usted", "ustedes", "nuestro", "nuestra", "mi", "nos", "me", "les", "le", "que",
        ],
    },
    // Catalan
    Attribution {
        heads: &["El ", "Missatge de "],
        verbs: &["va escriure", "ha escrit", "del dia"],
        tellers: &["jo", "nosaltres", "nostre", "nostra", "ens", "que"],
    },
    // Italian
    Attribution {
        heads: &["Il ", "In data "],
        verbs: &["ha scritto", "scrisse", "scrive"],
        tellers: &["io", "noi", "nostro", "nostra", "mio", "mia", "ci", "mi", "Lei", "che"],
    },
    // Portuguese
    Attribution {
        heads: &["Em ", "A ", "No dia ", "Na "],
        verbs: &["escreveu"],
        tellers: &["eu", "nosso", "nossa", "meu", "minha", "nos", "me", "você", "que"],
    },
    // Romanian
    Attribution {
        heads: &["În ", "In ", "Pe ", "La "],
        verbs: &["a scris"],
        tellers: &["eu", "noi", "nostru", "noastră", "meu", "mea", "ne", "mi", "care"],
    },
    // Dutch
    Attribution {
        heads: &["Op ", "In "],
        verbs: &["schreef", "geschreven", "schreven"],
        tellers: &["ik", "wij", "we", "ons", "onze", "mijn", "mij", "hij", "zij", "u"],
    },
    // Danish, Norwegian, Swedish
    Attribution {
        heads: &["Den ", "På ", "Kl. "],
        verbs: &["skrev", "skriver"],
        tellers: &[
            "jeg", "vi", "vores", "min", "mig", "os", "vår", "våre", "meg", "oss", "jag", "vårt", "våra",
            "han", "hun", "hon",
        ],
    },
    // Finnish
    Attribution {
        heads: &[],
        verbs: &["kirjoitti"],
        tellers: &["minä", "me", "meidän", "minun", "minulle", "meille", "joka"],
    },
    // Estonian
    Attribution {
        heads: &["Kontakt "],
        verbs: &["kirjutas"],
        tellers: &["mina", "ma", "meie", "me", "minu", "kes"],
    },
    // Latvian
    Attribution {
        heads: &["Lietotājs "],
        verbs: &["rakstīja"],
        tellers: &["es", "mēs", "mūsu", "mans", "mana", "man", "mums"],
    },
    // Lithuanian
    Attribution {
        heads: &[],
        verbs: &["rašė", "parašė"],
        tellers: &["aš", "mes", "mūsų", "mano", "man", "mums"],
    },
    // Polish
    Attribution {
        heads: &["W dniu ", "Dnia ", "Wiadomość napisana przez "],
        verbs: &["napisał", "napisała", "napisał(a)", "pisze", "napisana przez"],
        tellers: &["ja", "my", "nasz", "nasza", "mój", "moja", "nam", "mi", "mnie", "który", "która"],
    },
    // Czech, Slovak
    Attribution {
        heads: &["Dne ", "Dňa ", "Dna "],
        verbs: &[
            "napsal",
            "napsala",
            "napsal(a)",
            "napsal/a",
            "napísal",
            "napísala",
            "napísal(a)",
            "píše",
            "odesílatel",
        ],
        tellers: &[
            "já", "jsem", "jsme", "náš", "naše", "můj", "moje", "nám", "mi", "ja", "som", "sme", "môj",
            "který",
        ],
    },
    // Hungarian
    Attribution {
        heads: &[],
        verbs: &["ezt írta", "írta", "a következőt írta"],
        tellers: &["én", "mi", "nekem", "nekünk", "aki"],
    },
    // Croatian, Serbian, Bosnian, Slovene
    Attribution {
        heads: &["Dana ", "Dne ", "V "],
        verbs: &[
            "napisao je",
            "napisala je",
            "napisao/la je",
            "je napisao/la",
            "je napisao",
            "je napisala",
            "je napisal",
            "je napisal/a",
            "napisal",
            "napisala",
            "je pisao",
            "је написао",
            "је написала",
            "је написао/ла",
        ],
        tellers: &[
            "ja", "mi", "naš", "naša", "moj", "moja", "nam", "jaz", "sem", "smo", "koji", "ја", "наш", "нам",
        ],
    },
    // Greek
    Attribution {
        heads: &["Στις ", "Την ", "Στις: "],
        verbs: &["έγραψε", "έγραψα", "γράφει"],
        tellers: &["εγώ", "εμείς", "μας", "μου", "που"],
    },
    // Turkish
    Attribution {
        heads: &[],
        verbs: &["yazdı", "şunu yazdı", "şunları yazdı", "yazmış"],
        tellers: &["ben", "biz", "bizim", "benim", "bize", "bana"],
    },
    // Russian
    Attribution {
        heads: &[],
        verbs: &["написал", "написала", "написал(а)", "пишет", "писал", "писал(а)"],
        tellers: &["я", "мы", "наш", "наша", "мой", "моя", "нам", "мне", "который", "которая"],
    },
    // Ukrainian
    Attribution {
        heads: &[],
        verbs: &["пише", "написав", "написала", "написав(ла)", "написав(-ла)"],
        tellers: &["я", "ми", "наш", "наша", "мій", "моя", "нам", "мені", "який", "яка"],
    },
    // Bulgarian
    Attribution {
        heads: &["На ", "В "],
        verbs: &["написа", "пише"],
        tellers: &["аз", "ние", "нашият", "нашата", "ми", "ни", "който", "която"],
    },
    // Hebrew
    Attribution {
        heads: &["בתאריך ", "ב-", "ביום "],
        verbs: &["מאת", "כתב", "כתבה", "כתב/ה", "כתב(ה)"],
        tellers: &["אני", "אנחנו", "שלנו", "שלי", "לנו", "לי"],
    },
    // Arabic
    Attribution {
        heads: &["في ", "بتاريخ "],
        verbs: &["كتب", "كتبت", "كتابة ما يلي بواسطة"],
        tellers: &["أنا", "نحن", "لنا", "لي", "الذي", "التي"],
    },
    // Chinese
    Attribution {
        heads: &["在", "于", "於"],
        verbs: &["写道", "寫道", "写到", "寫到", "提到"],
        tellers: &["我", "他", "她", "你", "您"],
    },
    // Japanese
    Attribution {
        heads: &[],
        verbs: &["のメール", "書きました", "書き込みました"],
        tellers: &["私", "弊社", "当社"],
    },
    // Korean
    Attribution {
        heads: &[],
        verbs: &["님이 작성", "작성", "님이 쓴 글", "썼습니다"],
        tellers: &["저는", "우리", "저희"],
    },
    // Vietnamese
    Attribution {
        heads: &["Vào ", "Lúc "],
        verbs: &["đã viết", "viết"],
        tellers: &["tôi", "chúng tôi", "của tôi"],
    },
    // Indonesian, Malay
    Attribution {
        heads: &["Pada ", "Pada tanggal "],
        verbs: &["menulis"],
        tellers: &["saya", "kami", "kita", "yang"],
    },
    // Thai
    Attribution {
        heads: &["ในวันที่ ", "เมื่อ", "เมื่อวันที่ ", "วันที่ "],
        verbs: &["เขียนว่า", "เขียน"],
        tellers: &["ผม", "ฉัน", "เรา", "ดิฉัน"],
    },
];

/// The verbs of all rows by their first byte, each with its row.
static VERBS: LazyLock<Vec<Vec<(&'static str, &'static Attribution)>>> = LazyLock::new(|| {
    let mut by_first = vec![Vec::new(); 256];
    for row in ATTRIBUTIONS {
        for verb in row.verbs {
            let first = verb.bytes().next().map(usize::from);
            if let Some(bucket) = first.and_then(|first| by_first.get_mut(first)) {
                bucket.push((*verb, row));
            }
        }
    }
    by_first
});

/// The rows one of whose verbs stands in a text as words of their own, and where each verb ends.
pub(in crate::mail) fn spoken(text: &str) -> Vec<(&'static Attribution, usize)> {
    let mut rows = Vec::new();
    let mut before = None;
    for (at, c) in text.char_indices() {
        let begins = !before.is_some_and(is_joined) || !is_joined(c);
        before = Some(c);
        let (true, Some(rest)) = (begins, text.get(at..)) else { continue };
        let first = rest.bytes().next().map(usize::from);
        for (verb, row) in first.and_then(|first| VERBS.get(first)).into_iter().flatten() {
            if let Some(after) = rest.strip_prefix(verb)
                && !(verb.ends_with(is_joined) && after.starts_with(is_joined))
            {
                rows.push((*row, at + verb.len()));
            }
        }
    }
    rows
}

impl FirstBytes {
    const fn of_attributions(mut rows: &[Attribution]) -> FirstBytes {
        let mut bytes = FirstBytes([false; 256]);
        while let [row, rest @ ..] = rows {
            (bytes, rows) = (bytes.and(row.heads), rest);
        }
        bytes
    }

    #[expect(clippy::indexing_slicing, reason = "at compile time, where a wrong index does not compile")]
    const fn of_labels(mut rows: &[(&str, Role)]) -> FirstBytes {
        let mut bytes = FirstBytes([false; 256]);
        while let [(label, _), rest @ ..] = rows {
            if let [first, ..] = label.as_bytes() {
                bytes.0[*first as usize] = true;
                bytes.0[first.to_ascii_uppercase() as usize] = true;
            }
            rows = rest;
        }
        // Capitals of other scripts begin with other bytes.
        let mut byte = 0x80;
        while byte < 256 {
            bytes.0[byte] = true;
            byte += 1;
        }
        bytes
    }
}

pub(in crate::mail) static ATTRIBUTION_BYTES: FirstBytes = FirstBytes::of_attributions(ATTRIBUTIONS);
pub(in crate::mail) static LABEL_BYTES: FirstBytes = FirstBytes::of_labels(LABELS);

/// Between dashes above what was quoted, in lower case.
#[rustfmt::skip]
pub(in crate::mail) const ORIGINALS: &[&str] = &[
    "original message", "original email", "original e-mail", "original appointment", "reply message",
    "antwort nachricht", "ursprüngliche nachricht", "ursprüngliche mail", "urspr. nachricht",
    "originalnachricht", "original-nachricht", "original nachricht", "ursprünglicher termin",
    "message d'origine", "message d’origine", "message original", "message initial", "courriel original",
    "rendez-vous d'origine", "mensaje original", "missatge original", "messaggio originale",
    "messaggio original", "oorspronkelijk bericht", "oorspronkelijke bericht", "origineel bericht",
    "mensagem original", "mesaj original", "mesajul original", "oprindelig meddelelse", "oprindelig besked",
    "original besked", "opprinnelig melding", "original melding", "ursprungligt meddelande",
    "originalmeddelande", "alkuperäinen viesti", "algne sõnum", "algne teade", "sākotnējais ziņojums",
    "oriģinālais ziņojums", "pradinis laiškas", "originalus laiškas", "wiadomość oryginalna",
    "oryginalna wiadomość", "původní zpráva", "pôvodná správa", "eredeti üzenet", "izvorna poruka",
    "originalna poruka", "izvirno sporočilo", "оригинална порука", "αρχικό μήνυμα", "orijinal mesaj",
    "orijinal ileti", "özgün ileti", "исходное сообщение", "оригинальное сообщение", "вихідне повідомлення",
    "оригінальне повідомлення", "оригинално съобщение", "הודעה מקורית", "الرسالة الأصلية", "رسالة أصلية",
    "原始邮件", "原始郵件", "原始信件", "原邮件", "回复的原邮件", "元のメッセージ", "オリジナルメッセージ", "오리지널 메시지", "원본 메시지", "원본 메일", "thư gốc",
    "tin nhắn gốc", "pesan asli", "mesej asal", "ข้อความเดิม", "ข้อความต้นฉบับ",
];

/// Between dashes above what is forwarded, in lower case.
#[rustfmt::skip]
pub(in crate::mail) const FORWARDS: &[&str] = &[
    "forwarded message", "forwarded mail", "weitergeleitete nachricht", "message transféré", "message transmis",
    "message réexpédié", "mensaje reenviado", "missatge reenviat", "messaggio inoltrato",
    "doorgestuurd bericht", "mensagem encaminhada", "mensagem reencaminhada", "mesaj redirecționat",
    "mesaj redirecţionat", "mesaj retrimis", "vidarebefordrat meddelande", "videresendt melding",
    "videresendt meddelelse", "videresendt besked", "välitetty viesti", "edastatud kiri", "edastatud sõnum",
    "pārsūtītā vēstule", "pārsūtīts ziņojums", "persiųstas laiškas", "przekazana wiadomość",
    "treść przekazanej wiadomości", "přeposlaná zpráva", "preposlaná správa", "továbbított üzenet",
    "továbbított levél", "proslijeđena poruka", "prosleđena poruka", "posredovano sporočilo",
    "прослеђена порука", "προωθημένο μήνυμα", "iletilmiş mesaj", "iletilmiş ileti", "yönlendirilmiş ileti",
    "пересылаемое сообщение", "перенаправленное сообщение", "пересланное сообщение", "переслане повідомлення",
    "перенаправлене повідомлення", "препратено съобщение", "הודעה שהועברה", "الرسالة المعاد توجيهها",
    "رسالة معاد توجيهها", "转发的消息", "转发的邮件", "转发邮件", "转发邮件信息", "轉寄郵件", "轉寄的郵件", "轉寄訊息", "転送メッセージ", "転送された",
    "전달된 메시지", "전달된 메일", "thư chuyển tiếp", "thư được chuyển tiếp", "tin nhắn được chuyển tiếp",
    "pesan terusan", "pesan diteruskan", "pesan yang diteruskan", "ข้อความที่ส่งต่อ",
];

/// Lines without dashes above what is forwarded, in lower case, without their colon.
#[rustfmt::skip]
pub(in crate::mail) const FORWARD_LINES: &[&str] = &[
    "begin forwarded message", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail",
    "début du message réexpédié", "début du message transféré", "début du courriel réexpédié",
    "inicio del mensaje reenviado", "inici del missatge reenviat", "inizio messaggio inoltrato",
    "begin doorgestuurd bericht", "início da mensagem reencaminhada", "início da mensagem encaminhada",
    "începutul mesajului redirecționat", "vidarebefordrat brev", "vidarebefordrat meddelande",
    "start på videresendt meddelelse", "start på videresendt besked", "start på videresendt melding",
    "videresendt melding", "välitetty viesti alkaa", "początek przekazywanej wiadomości",
    "początek przekazanej wiadomości", "začátek přeposílané zprávy", "začátek přeposlané zprávy",
    "začiatok preposlanej správy", "továbbított levél kezdete", "továbbított üzenet kezdete",
    "početak proslijeđene poruke", "začetek posredovanega sporočila", "αρχή προωθημένου μηνύματος",
    "iletilen ileti başlangıcı", "iletilen mesajın başlangıcı", "начало переадресованного сообщения",
    "начало пересылаемого сообщения", "початок листа, що пересилається", "початок пересланого повідомлення",
    "начало на препратеното съобщение", "תחילת ההודעה שהועברה", "بداية الرسالة المعاد توجيهها",
    "بدء الرسالة المعاد توجيهها", "下面是被转发的邮件", "以下是轉寄的郵件", "以下為轉寄的郵件", "転送されたメッセージ", "전달된 메시지", "전달받은 메시지 시작",
    "bắt đầu thư được chuyển tiếp", "mulai pesan yang diteruskan", "เริ่มข้อความที่ส่งต่อ",
];

/// What people say above a quotation that they have written into, in lower case.
#[rustfmt::skip]
pub(in crate::mail) const ANSWERS_INSIDE: &[&str] = &[
    "inline", "in-line", "in red", "in blue", "in green", "in bold", "in capitals", "my answers below",
    "answers below", "my comments below", "comments below", "my replies below", "replies below", "answered below",
    "commented below", "between the lines", "within your mail", "within your email", "in your mail below",
    "in rot", "in blau", "in grün", "in fett", "meine antworten unten", "antworten unten", "antworten siehe unten",
    "kommentare unten", "anmerkungen unten", "zwischen den zeilen", "in ihrer mail unten", "im text unten",
    "en rouge", "en bleu", "en vert", "en gras", "mes réponses ci-dessous", "réponses ci-dessous", "dans le texte",
    "en rojo", "en azul", "en verde", "en negrita", "mis respuestas abajo", "respuestas abajo", "entre líneas",
    "em vermelho", "em azul", "em verde", "respostas abaixo", "in rosso", "in blu", "in verde", "risposte sotto",
    "in het rood", "in het blauw", "antwoorden hieronder", "i rødt", "i blått", "i rött", "punaisella",
    "na czerwono", "na niebiesko", "odpowiedzi poniżej", "červeně", "modře", "красным", "ответы ниже",
];

/// Lines of ticket systems above what was said before, in lower case and without what they are decorated with.
#[rustfmt::skip]
pub(in crate::mail) const REPLY_ABOVE: &[&str] = &[
    "please type your reply above this line", "type your reply above this line", "please reply above this line",
    "reply above this line", "reply above this line to add a comment", "reply above this line to respond",
    "please write your reply above this line", "write your reply above this line",
    "add your reply above this line", "enter your reply above this line", "write above this line to reply",
    "write above this line to post a reply", "in replies all text above this line is added to the ticket",
    "bitte antworten sie oberhalb dieser linie", "bitte antworten sie oberhalb dieser zeile",
    "bitte antworten sie über dieser linie", "bitte antworten sie über dieser zeile",
    "bitte geben sie ihre antwort oberhalb dieser zeile ein", "antworten sie oberhalb dieser linie",
    "répondez au-dessus de cette ligne", "veuillez répondre au-dessus de cette ligne",
    "merci de répondre au-dessus de cette ligne", "veuillez saisir votre réponse au-dessus de cette ligne",
    "responda por encima de esta línea", "por favor, responda por encima de esta línea",
    "escriba su respuesta por encima de esta línea", "responda acima desta linha",
    "por favor, responda acima desta linha", "digite sua resposta acima desta linha",
    "rispondi sopra questa riga", "si prega di rispondere sopra questa riga",
    "scrivi la tua risposta sopra questa riga", "typ uw antwoord boven deze regel", "reageer boven deze lijn",
    "antwoord boven deze regel", "skriv dit svar over denne linje", "svar over denne linje",
    "skriv svaret ditt over denne linjen", "skriv ditt svar ovanför den här raden", "svara ovanför denna rad",
    "odpowiedz powyżej tej linii", "пожалуйста, введите ответ над этой строкой", "请在此行上方回复", "この行より上に返信してください",
];

/// What a line of a copied header block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mail) enum Role {
    From,
    Sent,
    To,
    Subject,
}

use Role::{From, Sent, Subject, To};

/// Labels of copied header blocks, in lower case; the same word may stand for one role only.
#[rustfmt::skip]
pub(in crate::mail) const LABELS: &[(&str, Role)] = &[
    // English
    ("from", From), ("sent", Sent), ("date", Sent), ("to", To), ("cc", To), ("subject", Subject), ("reply-to", To),
    // German
    ("von", From), ("gesendet", Sent), ("gesendet am", Sent), ("datum", Sent), ("an", To), ("kopie", To), ("betreff", Subject),
    // French
    ("de", From), ("envoyé", Sent), ("envoyé le", Sent), ("envoyé par", From), ("message du", Sent), ("à", To),
    ("copie à", To), ("objet", Subject), ("sujet", Subject),
    // Spanish, Catalan
    ("enviado", Sent), ("enviado el", Sent), ("fecha", Sent), ("para", To), ("asunto", Subject),
    ("enviat", Sent), ("enviat el", Sent), ("per a", To), ("assumpte", Subject),
    // Italian
    ("da", From), ("inviato", Sent), ("data", Sent), ("a", To), ("oggetto", Subject),
    // Portuguese
    ("enviada em", Sent), ("enviado em", Sent), ("enviada", Sent), ("assunto", Subject),
    // Romanian
    ("de la", From), ("trimis", Sent), ("către", To), ("catre", To), ("subiect", Subject),
    // Dutch
    ("van", From), ("verzonden", Sent), ("aan", To), ("onderwerp", Subject),
    // Danish, Norwegian, Swedish
    ("fra", From), ("sendt", Sent), ("dato", Sent), ("til", To), ("emne", Subject),
    ("från", From), ("skickat", Sent), ("till", To), ("kopia", To), ("ämne", Subject),
    // Finnish, Estonian, Lithuanian, Latvian
    ("lähettäjä", From), ("lähetetty", Sent), ("päivämäärä", Sent), ("päiväys", Sent), ("vastaanottaja", To), ("aihe", Subject),
    ("saatja", From), ("kellelt", From), ("saadetud", Sent), ("kuupäev", Sent), ("adressaat", To), ("kellele", To), ("teema", Subject),
    ("nuo", From), ("išsiųsta", Sent), ("kam", To), ("tema", Subject), ("sūtītājs", From), ("nosūtīts", Sent), ("datums", Sent), ("temats", Subject),
    // Polish, Czech, Slovak
    ("od", From), ("wysłano", Sent), ("wysłane", Sent), ("do", To), ("temat", Subject),
    ("odesláno", Sent), ("komu", To), ("předmět", Subject), ("odoslané", Sent), ("dátum", Sent), ("predmet", Subject),
    // Hungarian
    ("feladó", From), ("elküldve", Sent), ("küldve", Sent), ("címzett", To), ("tárgy", Subject),
    // Croatian, Serbian, Slovene
    ("šalje", From), ("poslano", Sent), ("poslato", Sent), ("prima", To), ("za", To), ("naslov", Subject), ("zadeva", Subject),
    // Greek
    ("από", From), ("στάλθηκε", Sent), ("αποστολή", Sent), ("ημερομηνία", Sent), ("προς", To), ("κοιν", To), ("θέμα", Subject),
    // Turkish
    ("kimden", From), ("gönderen", From), ("gönderildi", Sent), ("gönderme tarihi", Sent), ("tarih", Sent), ("kime", To), ("konu", Subject),
    // Russian, Ukrainian, Bulgarian
    ("от", From), ("отправлено", Sent), ("отправлен", Sent), ("дата", Sent), ("кому", To), ("копия", To), ("тема", Subject),
    ("від", From), ("надіслано", Sent), ("изпратено", Sent), ("до", To), ("относно", Subject),
    // Hebrew, Arabic
    ("מאת", From), ("נשלח", Sent), ("תאריך", Sent), ("אל", To), ("נושא", Subject),
    ("من", From), ("تم الإرسال", Sent), ("تاريخ الإرسال", Sent), ("التاريخ", Sent), ("إلى", To), ("الموضوع", Subject),
    // Chinese
    ("发件人", From), ("发送时间", Sent), ("发送日期", Sent), ("日期", Sent), ("时间", Sent), ("收件人", To), ("抄送", To), ("主题", Subject),
    ("寄件者", From), ("寄件人", From), ("寄件日期", Sent), ("傳送時間", Sent), ("收件者", To), ("副本", To), ("主旨", Subject), ("主題", Subject),
    // Japanese, Korean
    ("差出人", From), ("送信者", From), ("送信日時", Sent), ("日時", Sent), ("日付", Sent), ("宛先", To), ("件名", Subject),
    ("보낸 사람", From), ("보낸사람", From), ("보낸 날짜", Sent), ("날짜", Sent), ("받는 사람", To), ("받는사람", To), ("참조", To), ("제목", Subject),
    // Vietnamese, Indonesian, Thai
    ("từ", From), ("đã gửi", Sent), ("ngày", Sent), ("đến", To), ("tới", To), ("chủ đề", Subject), ("tiêu đề", Subject),
    ("dari", From), ("dikirim", Sent), ("tanggal", Sent), ("kepada", To), ("untuk", To), ("subjek", Subject), ("perihal", Subject),
    ("จาก", From), ("ส่ง", Sent), ("ส่งเมื่อ", Sent), ("วันที่", Sent), ("ถึง", To), ("เรื่อง", Subject), ("หัวเรื่อง", Subject),
];
