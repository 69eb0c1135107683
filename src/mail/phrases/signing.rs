//! What people and mail systems write below their words: closings, contacts, disclaimers, footers.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::FirstBytes;
use super::quoting::REPLY_ABOVE;

/// What a beginning of a line announces. All but [`Announced::Closing`] are sure only with what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mail) enum Announced {
    /// "Kind regards": perhaps a signature follows.
    Closing,
    /// "For urgent matters": perhaps who to call then.
    Contact,
    /// "This e-mail and": perhaps a disclaimer.
    Disclaimer,
    /// The title of a disclaimer, alone on its line.
    Title,
    /// A sentence that mail systems add, which ends with its line.
    Notice,
    /// A sentence of a list's footer, which ends with its line.
    Footer,
    /// A ticket system's line above what was said before.
    ReplyAbove,
}

/// What is known of a word, several things at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::mail) struct Known(u8);

impl Known {
    /// It says or names how to call somebody.
    pub(in crate::mail) const CALL: Known = Known(1);
    /// A person tells with it what happened.
    pub(in crate::mail) const TOLD: Known = Known(2);
    /// It cries for help.
    pub(in crate::mail) const ALARM: Known = Known(4);
    /// It is part of a title, or of the name of a firm.
    pub(in crate::mail) const TITLE: Known = Known(8);
    /// It joins others in names, titles and addresses.
    pub(in crate::mail) const SMALL: Known = Known(16);
    /// A person means themselves with it, or asks.
    pub(in crate::mail) const PERSON: Known = Known(32);

    /// What is known of a word in lower case.
    pub(in crate::mail) fn of(word: &str) -> Known {
        WORDS.get(word).copied().unwrap_or_default()
    }

    pub(in crate::mail) fn is(self, other: Known) -> bool {
        self.0 & other.0 != 0
    }
}

static WORDS: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, Known> = HashMap::new();
    for (known, rows) in [
        (Known::CALL, CALL_WORDS),
        (Known::TOLD, TOLD_WORDS),
        (Known::ALARM, ALARM_WORDS),
        (Known::TITLE, TITLE_WORDS),
        (Known::SMALL, SMALL_WORDS),
        (Known::PERSON, PERSONS),
    ] {
        for row in rows {
            words.entry(row).or_default().0 |= known.0;
        }
    }
    words
});

/// Beginnings of lines, found by their first byte.
#[derive(Debug)]
pub(in crate::mail) struct Openings(Vec<Vec<(u8, &'static str, Announced)>>);

/// All beginnings that announce something.
pub(in crate::mail) static OPENINGS: LazyLock<Openings> = LazyLock::new(|| {
    let mut by_first = vec![Vec::new(); 256];
    for (announced, rows) in [
        (Announced::Closing, CLOSINGS),
        (Announced::Contact, CONTACTS),
        (Announced::Disclaimer, DISCLAIMERS),
        (Announced::Title, DISCLAIMER_TITLES),
        (Announced::Notice, NOTICES),
        (Announced::Footer, LIST_SENTENCES),
        (Announced::ReplyAbove, REPLY_ABOVE),
    ] {
        for row in rows {
            let [first, second, ..] = row.as_bytes() else { continue };
            if let Some(bucket) = by_first.get_mut(usize::from(first.to_ascii_lowercase())) {
                bucket.push((*second, *row, announced));
            }
        }
    }
    Openings(by_first)
});

impl Openings {
    /// The longest known beginning of a text, and what it announces.
    pub(in crate::mail) fn of(&self, text: &str) -> Option<(&'static str, Announced)> {
        let [first, second, ..] = text.as_bytes() else { return None };
        let (first, second) = (usize::from(first.to_ascii_lowercase()), second.to_ascii_lowercase());
        let rows = self.0.get(first)?.iter().filter(|(byte, row, _)| {
            let start = text.as_bytes().get(..row.len());
            *byte == second && start.is_some_and(|start| start.eq_ignore_ascii_case(row.as_bytes()))
        });
        rows.max_by_key(|(_, row, _)| row.len()).map(|(_, row, announced)| (*row, *announced))
    }
}

/// Phrases that close a mail, in lower case.
#[rustfmt::skip]
const CLOSINGS: &[&str] = &[
    "regards", "best regards", "kind regards", "kindest regards", "warm regards", "many regards",
    "with best regards", "with kind regards", "best wishes", "with best wishes", "best", "all the best",
    "sincerely", "yours sincerely", "sincerely yours", "yours faithfully", "yours truly", "respectfully",
    "cheers", "thanks", "many thanks", "thank you", "thanks and regards", "thanks & regards",
    "thanks in advance", "thank you and best regards", "br", "kr", "rgds", "mit freundlichen grüßen",
    "mit freundlichen gruessen", "mit freundlichem gruß", "mit freundlichem gruss", "freundliche grüße",
    "freundliche grüsse", "mit besten grüßen", "beste grüße", "beste grüsse", "viele grüße", "viele grüsse",
    "liebe grüße", "herzliche grüße", "schöne grüße", "mfg", "vg", "lg", "gruß", "grüße", "danke",
    "vielen dank", "cordialement", "bien cordialement", "bien à vous", "bien à toi", "sincères salutations",
    "salutations", "meilleures salutations", "salutations distinguées", "merci", "merci d'avance",
    "merci beaucoup", "saludos", "un saludo", "saludos cordiales", "atentamente", "un cordial saludo",
    "cordialmente", "gracias", "muchas gracias", "atenciosamente", "cumprimentos", "melhores cumprimentos",
    "com os melhores cumprimentos", "abraços", "obrigado", "obrigada", "cordiali saluti", "distinti saluti",
    "saluti", "un saluto", "grazie", "grazie mille", "met vriendelijke groet", "met vriendelijke groeten",
    "vriendelijke groet", "vriendelijke groeten", "groeten", "hartelijke groet", "mvg", "bedankt",
    "med venlig hilsen", "venlig hilsen", "mvh", "vh", "med vennlig hilsen", "vennlig hilsen", "hilsen", "tak",
    "takk", "med vänliga hälsningar", "vänliga hälsningar", "med vänlig hälsning", "hälsningar", "tack",
    "ystävällisin terveisin", "terveisin", "kiitos", "lugupidamisega", "parimate soovidega", "ar cieņu",
    "pagarbiai", "pozdrawiam", "z poważaniem", "z wyrazami szacunku", "dziękuję", "s pozdravem", "s pozdravom",
    "děkuji", "ďakujem", "üdvözlettel", "tisztelettel", "köszönöm", "cu stimă", "cu respect", "mulțumesc", "lp",
    "lep pozdrav", "srdačan pozdrav", "pozdrav", "saygılarımla", "iyi çalışmalar", "teşekkürler", "с уважением",
    "с уважение", "з повагою", "спасибо", "με εκτίμηση", "ευχαριστώ", "trân trọng", "salam", "hormat kami",
    "terima kasih", "Mit freundlichen Grüßen", "С уважением", "З повагою", "С уважение", "Με εκτίμηση",
];

/// How a sentence begins that names who to call when it is urgent, in lower case.
#[rustfmt::skip]
const CONTACTS: &[&str] = &[
    "for urgent matters", "for urgent issues", "for urgent requests", "for urgent inquiries",
    "for urgent enquiries", "for urgent questions", "for urgent cases", "for urgent support",
    "for urgent assistance", "for urgent queries", "for urgent concerns", "for urgent problems",
    "for anything urgent", "for all urgent", "for any urgent", "for more urgent", "for emergencies",
    "for emergency", "for immediate assistance", "for immediate help", "for immediate support",
    "for time-sensitive", "for time sensitive", "in case of emergency", "in case of an emergency",
    "in case of urgency", "in case of urgent", "in an emergency", "in emergencies", "in urgent cases",
    "in urgent matters", "if urgent", "if it is urgent", "if it's urgent", "if your matter is urgent",
    "if your request is urgent", "if you need immediate assistance", "if you require immediate assistance",
    "if you need urgent assistance", "if you require urgent assistance", "if this is an emergency",
    "urgent matters", "emergency contact", "emergency hotline", "in dringenden fällen",
    "in dringenden angelegenheiten", "in dringenden notfällen", "in eiligen fällen", "in notfällen",
    "im notfall", "für dringende", "bei dringenden", "bei notfällen", "für notfälle", "für eilige",
    "wenn es dringend ist", "sollte es dringend sein", "notfallnummer", "notfall-hotline", "notfallhotline",
    "pour toute urgence", "pour les urgences", "pour toute demande urgente", "pour toute question urgente",
    "en cas d'urgence", "en cas d’urgence", "si urgent", "si c'est urgent", "numéro d'urgence",
    "para urgencias", "para asuntos urgentes", "para emergencias", "para cualquier urgencia",
    "para temas urgentes", "en caso de urgencia", "en caso de emergencia", "si es urgente",
    "teléfono de urgencias", "teléfono de emergencias", "em caso de urgência", "em caso de emergência",
    "para assuntos urgentes", "para urgências", "para emergências", "se for urgente", "in caso di urgenza",
    "in caso di emergenza", "in caso di urgenze", "per urgenze", "per emergenze", "per questioni urgenti",
    "per richieste urgenti", "se urgente", "voor dringende", "voor spoedeisende", "voor spoed", "bij spoed",
    "bij dringende", "in geval van nood", "in noodgevallen", "bij noodgevallen", "i hastetilfælde",
    "ved hastesager", "i akutte tilfælde", "ved akutte", "i nødstilfælde", "for hastesaker", "ved haster",
    "vid brådskande", "i brådskande fall", "vid akuta", "vid nödfall", "kiireellisissä asioissa",
    "kiireellisissä tapauksissa", "w pilnych sprawach", "w sprawach pilnych", "w nagłych przypadkach",
    "w przypadku pilnych", "v naléhavých případech", "v naliehavých prípadoch", "sürgős esetben",
    "în caz de urgență", "pentru urgențe", "u hitnim slučajevima", "v nujnih primerih", "acil durumlarda",
    "acil durumda", "в срочных случаях", "в экстренных случаях", "В срочных случаях", "В экстренных случаях",
    "у термінових випадках", "για επείγοντα", "Για επείγοντα",
];

/// Verbs and nouns of a sentence that says whom to call.
#[rustfmt::skip]
const CALL_WORDS: &[&str] = &[
    "call", "contact", "phone", "dial", "reach", "ring", "text", "mail", "email", "e-mail", "write", "use",
    "hotline", "number", "line", "helpdesk", "desk", "telephone", "tel", "mobile", "anrufen", "rufen", "wenden",
    "kontaktieren", "erreichen", "erreichbar", "schreiben", "nummer", "telefon", "telefonisch", "mobil",
    "wählen", "appeler", "appelez", "contacter", "contactez", "joindre", "joignable", "composez", "numéro",
    "téléphone", "llame", "llamar", "llámenos", "contacte", "contactar", "teléfono", "ligue", "ligar",
    "contate", "contatar", "telefone", "chiamare", "chiamate", "chiami", "contattare", "contattate", "numero",
    "telefono", "bel", "bellen", "neem", "kontakt", "kontakte", "ring", "ringe", "kontakta", "soita",
    "soittakaa", "yhteyttä", "proszę", "dzwonić", "zadzwoń", "kontaktować", "volejte", "kontaktujte", "volajte",
    "hívja", "sunați", "nazovite", "pokličite", "arayın", "arayınız", "звоните", "обращайтесь", "телефонуйте",
    "καλέστε",
];

/// Words with which a person tells what happened; a contact sentence has none.
#[rustfmt::skip]
const TOLD_WORDS: &[&str] = &[
    "i", "we", "i'm", "we're", "i've", "we've", "but", "nobody", "noone", "no-one", "nothing", "not", "never",
    "please help", "did", "was", "were", "tried", "failed", "dead", "down", "broken", "ich", "wir", "aber",
    "niemand", "nicht", "nichts", "keiner", "je", "nous", "mais", "personne", "rien", "pas", "yo", "nosotros",
    "pero", "nadie", "nada", "eu", "nós", "mas", "ninguém", "não", "io", "noi", "ma", "nessuno", "non", "ik",
    "wij", "maar", "niet", "niemand", "jeg", "vi", "jag", "men", "ikke", "inte", "ingen", "ale", "nikt",
    "nikdo", "nie", "но", "никто", "не", "мы", "я",
];

/// Words of a person who speaks of themselves, or asks for something.
#[rustfmt::skip]
const PERSONS: &[&str] = &[
    "me", "my", "us", "our", "mich", "mir", "uns", "unser", "unsere", "moi", "mij", "mig", "meg", "nos", "back",
    "please", "bitte",
];

/// Words of a cry for help. No line that is one of these, or begins with one as a headline does, is ever part of a signature.
#[rustfmt::skip]
const ALARM_WORDS: &[&str] = &[
    "urgent", "urgently", "urgency", "asap", "emergency", "help", "down", "outage", "critical", "important",
    "immediately", "sos", "time-sensitive", "attention", "alert", "incident", "hacked", "fire", "stop", "now",
    "broken", "offline", "dringend", "eilt", "eilig", "notfall", "sofort", "hilfe", "ausfall", "wichtig",
    "kritisch", "störung", "achtung", "urgence", "secours", "aide", "panne", "immédiat", "critique",
    "importante", "urgente", "urgentes", "urgencia", "emergencia", "ayuda", "socorro", "caído", "crítico",
    "urgência", "emergência", "ajuda", "urgenza", "emergenza", "aiuto", "guasto", "spoed", "hulp", "noodgeval",
    "belangrijk", "haster", "akut", "brådskande", "hjälp", "hjælp", "hjelp", "kiireellinen", "pilne", "pilny",
    "pomoc", "naléhavé", "naliehavé", "sürgős", "urgență", "hitno", "nujno", "acil", "срочно", "помогите",
    "терміново", "спешно", "επείγον", "紧急", "緊急", "至急", "긴급", "khẩn", "mendesak", "ด่วน",
];

/// Words of people's roles and of their firms' forms, which only signatures have on lines of their own.
#[rustfmt::skip]
const TITLE_WORDS: &[&str] = &[
    "manager", "engineer", "director", "developer", "consultant", "officer", "ceo", "cto", "cfo", "coo", "ciso",
    "president", "administrator", "analyst", "architect", "specialist", "coordinator", "assistant", "founder",
    "co-founder", "partner", "owner", "inc", "inc.", "ltd", "ltd.", "llc", "corp", "corp.", "gmbh", "ag", "kg",
    "ug", "e.v.", "s.a.", "sarl", "sas", "s.r.l.", "srl", "s.p.a.", "spa", "b.v.", "bv", "n.v.", "oy", "ab",
    "aps", "a/s", "sp.", "s.r.o.", "kft.", "geschäftsführer", "geschäftsführerin", "leiter", "leiterin",
    "entwickler", "entwicklerin", "berater", "beraterin", "directeur", "directrice", "responsable", "ingénieur",
    "directora", "gerente", "ingeniero", "direttore", "responsabile", "consulente", "diretor", "diretora",
    "engenheiro", "ph.d.", "phd", "m.sc.", "dipl.-ing.", "dr.", "prof.",
];

/// Small words inside names, titles and addresses.
#[rustfmt::skip]
const SMALL_WORDS: &[&str] = &[
    "of", "and", "the", "for", "in", "at", "von", "van", "de", "den", "der", "des", "di", "da", "do", "dos",
    "du", "del", "della", "la", "le", "les", "el", "und", "et", "e", "y", "en", "für", "im", "am", "zu", "i.a.",
    "i.v.", "ppa.", "p.p.", "c/o", "a", "et", "og", "och", "on", "behalf", "f:", "m:", "p:", "t:", "o:", "d:",
    "w:",
];

/// How a disclaimer begins, in lower case.
#[rustfmt::skip]
const DISCLAIMERS: &[&str] = &[
    "this e-mail", "this email", "this message", "this mail", "this communication", "this transmission",
    "this electronic", "the information contained in", "the information in this", "the information transmitted",
    "the content of this", "the contents of this", "the information and any", "any unauthorized",
    "any unauthorised", "any disclosure", "if you are not the", "if you have received this",
    "if you received this", "confidentiality notice", "confidentiality:", "confidential:",
    "confidentiality note", "legal notice", "legal disclaimer", "disclaimer:", "notice:", "privileged",
    "important notice", "important:", "e-mail confidentiality", "email confidentiality", "privacy notice",
    "e-mails are", "email is not", "e-mail is not", "emails are not", "e-mails are not", "please do not use e",
    "do not use e-mail", "please note that e", "please be aware that e", "internet communications", "warning:",
    "caution:", "diese e-mail", "diese email", "diese mail", "diese nachricht", "der inhalt dieser",
    "die information in dieser", "die informationen in dieser", "die in dieser e-mail",
    "die in dieser nachricht", "haftungsausschluss:", "vertraulichkeitshinweis:", "wichtiger hinweis:",
    "wenn sie nicht der", "sollten sie nicht der", "falls sie nicht der", "dieses e-mail", "ce message",
    "ce courriel", "cet e-mail", "ce mail", "cet email", "le contenu de ce", "les informations contenues",
    "l'information contenue", "avis de confidentialité", "este mensaje", "este correo", "esta comunicación",
    "la información contenida", "este e-mail", "el contenido de este", "aviso legal",
    "aviso de confidencialidad", "esta mensagem", "este e-mail", "este email", "a informação contida",
    "as informações contidas", "esta comunicação", "aviso de confidencialidade", "questo messaggio",
    "questa e-mail", "questa email", "le informazioni contenute", "il presente messaggio", "la presente e-mail",
    "il contenuto di questa", "il contenuto del presente", "dit bericht", "deze e-mail", "deze email",
    "dit e-mailbericht", "de informatie in dit", "de inhoud van dit", "denne e-mail", "denne mail",
    "denne e-post", "denne meddelelse", "denne meldingen", "denna e-post", "detta e-post", "detta meddelande",
    "detta mail", "tämä viesti", "tämä sähköposti", "see e-kiri", "niniejsza wiadomość", "ta wiadomość",
    "ta wiadomość e-mail", "wiadomość ta", "treść tej wiadomości", "tato zpráva", "tento e-mail", "obsah této",
    "táto správa", "ez az e-mail", "ez az üzenet", "jelen e-mail", "acest mesaj", "acest e-mail", "ova poruka",
    "ovaj e-mail", "to sporočilo", "bu e-posta", "bu mesaj", "bu ileti", "это сообщение", "Это сообщение",
    "данное сообщение", "Данное сообщение", "це повідомлення", "Це повідомлення", "настоящее сообщение",
    "Настоящее сообщение", "това съобщение", "Това съобщение", "το παρόν μήνυμα", "Το παρόν μήνυμα",
];

/// Titles of disclaimers, in lower case, alone on a line.
#[rustfmt::skip]
const DISCLAIMER_TITLES: &[&str] = &[
    "disclaimer", "legal disclaimer", "confidentiality notice", "confidentiality note", "legal notice",
    "e-mail disclaimer", "email disclaimer", "haftungsausschluss", "vertraulichkeitshinweis",
    "rechtlicher hinweis", "avis de confidentialité", "avertissement", "aviso legal",
    "aviso de confidencialidad", "aviso de confidencialidade", "avvertenza", "important notice",
];

/// For whom a disclaimer says that a mail is.
#[rustfmt::skip]
pub(in crate::mail) const ADDRESSED: &[&str] = &[
    "intended", "recipient", "addressee", "privileged", "empfänger", "adressat", "bestimmt", "destinataire",
    "destinatari", "destinatár", "geadresseerde", "bestemd", "modtager", "mottaker", "mottagare",
    "vastaanottaj", "adresat", "adresát", "címzett", "primatelj", "prejemnik", "alıcı", "адресат", "получател",
    "одержувач", "παραλήπτη",
];

/// How secret a disclaimer says that a mail is.
#[rustfmt::skip]
pub(in crate::mail) const SECRET: &[&str] = &[
    "confidential", "proprietary", "vertraulich", "confidentiel", "confidencia", "riservat", "vertrouwelijk",
    "fortrolig", "konfident", "konfidenc", "luottamuksel", "poufn", "důvěrn", "dôvern", "bizalmas",
    "povjerljiv", "zaupn", "gizli", "конфиденциальн", "конфіденційн", "поверителн", "εμπιστευτικ",
];

/// What a disclaimer forbids or asks of others.
#[rustfmt::skip]
pub(in crate::mail) const FORBIDDEN: &[&str] = &[
    "prohibited", "unauthorized", "unauthorised", "notify the sender", "notify us", "delete", "destroy",
    "disclos", "in error", "dissemination", "liab", "not permitted", "not accept", "strictly",
    "contact the sender", "nicht gestattet", "unbefugt", "untersagt", "irrtümlich", "vernichten", "löschen",
    "informieren sie", "benachrichtigen", "haftung", "interdit", "par erreur", "détruire", "supprimer",
    "divulgation", "responsabilité", "prohibid", "por error", "eliminar", "elimine", "notifique", "borrar",
    "proibid", "por engano", "por erro", "apague", "vietat", "proibit", "per errore", "cancellar", "eliminar",
    "distrugger", "verboden", "abusievelijk", "vernietig", "te verwijderen", "aansprakelijk", "slette",
    "ved en feil", "ved en fejl", "radera", "av misstag", "erehdyksessä", "poista", "zabronion", "omyłkow",
    "usun", "zakázán", "omylem", "smaž", "vymaž", "omylom", "tilos", "tévedés", "törölje", "interzis",
    "ștergeți", "din greșeală", "greškom", "obrišite", "pomoto", "izbriš", "yasak", "siliniz", "запрещен",
    "ошибочно", "по ошибке", "удалит", "заборонен", "помилково", "видаліт", "забранен", "по погрешка",
    "διαγράψ", "do not send urgent", "not monitored", "do not act on", "not secure",
    "time-sensitive instructions", "time sensitive instructions", "not be acted",
];

/// Sentences that mail systems add, by their beginnings in lower case.
#[rustfmt::skip]
const NOTICES: &[&str] = &[
    "please consider the environment", "please consider your environment", "please think about the environment",
    "please think of the environment", "consider the environment before", "think before you print",
    "save paper", "please don't print this", "please do not print this", "p please consider the environment",
    "bitte denken sie an die umwelt", "bitte prüfen sie, ob diese mail wirklich", "bitte prüfen sie der umwelt",
    "der umwelt zuliebe", "denken sie an die umwelt", "bitte berücksichtigen sie die umwelt",
    "pensez à l'environnement", "pensez à l’environnement", "avant d'imprimer", "avant d’imprimer",
    "préservons l'environnement", "afin de préserver l'environnement", "antes de imprimir",
    "piense en el medio ambiente", "por favor, considere el medio ambiente", "pense no meio ambiente",
    "prima di stampare", "pensa all'ambiente", "rispetta l'ambiente", "denk aan het milieu",
    "denk om het milieu", "tænk på miljøet", "tenk på miljøet", "tänk på miljön", "zanim wydrukujesz",
    "pomyśl o środowisku", "this email has been checked for viruses",
    "this e-mail has been checked for viruses", "this email has been scanned", "this e-mail has been scanned",
    "this message has been scanned", "this email was scanned", "this email is free from viruses", "virus-free.",
    "virus-free ", "no virus found in this message", "checked by avg", "scanned by",
    "diese e-mail wurde von avast", "diese e-mail wurde auf viren", "virenfrei.", "virenfrei www",
    "garanti sans virus", "l'absence de virus dans ce courrier", "cet e-mail a été vérifié", "sans virus.",
    "libre de virus", "este correo electrónico ha sido comprobado", "este e-mail foi verificado",
    "livre de vírus", "sem vírus.", "virus gratis", "privo di virus", "questa e-mail è stata controllata",
    "virusvrij.", "deze e-mail is gecontroleerd", "wolny od wirusów", "без вирусов", "Без вирусов",
    "you don't often get email from", "you don’t often get email from", "[you don't often get email from",
    "[you don’t often get email from", "some people who received this message don't often get email from",
    "some people who received this message don’t often get email from", "sie erhalten nicht oft e-mails von",
    "sie erhalten nicht häufig e-mails von", "[sie erhalten nicht oft", "[sie erhalten nicht häufig",
    "vous n’obtenez pas souvent d’e-mail", "vous n'obtenez pas souvent d'e-mail",
    "vous ne recevez pas souvent de courriers", "[vous ne recevez pas souvent", "[vous n’obtenez pas souvent",
    "no suele recibir correo", "no suele recibir correos", "[no suele recibir correo",
    "non si ricevono spesso messaggi", "u ontvangt niet vaak e-mail",
    "caution: this email originated from outside", "caution: this e-mail originated from outside",
    "caution: this message originated from outside", "caution: external", "external email:", "[external email]",
    "warning: this email originated from outside", "this email originated from outside",
    "this message originated from outside", "[caution: external", "external sender:",
    "achtung: diese e-mail kommt von außerhalb", "achtung: externe e-mail", "diese e-mail kommt von außerhalb",
    "attention: ce courriel provient de l'extérieur", "attention : ce courriel provient",
];

/// Sentences of list footers, by their beginnings in lower case.
#[rustfmt::skip]
const LIST_SENTENCES: &[&str] = &[
    "you received this message because you are subscribed to",
    "you are receiving this email because you are subscribed",
    "you received this email because you are subscribed", "you are receiving this because you are subscribed",
    "to unsubscribe from this group and stop receiving emails", "to unsubscribe from this list",
    "to unsubscribe, send", "to unsubscribe send", "you received this bug notification because",
];

/// Words of the footers that list software adds, in lower case.
#[rustfmt::skip]
pub(in crate::mail) const LIST_FOOTERS: &[&str] =
    &[
    "mailing list", "mailing-list", "mailingliste", "listinfo", "unsubscribe", "list archive",
];

pub(in crate::mail) static DEVICE_BYTES: FirstBytes = FirstBytes::of(DEVICE_SIGNATURES);

/// Beginnings of lines that phones and mail programs sign with.
#[rustfmt::skip]
pub(in crate::mail) const DEVICE_SIGNATURES: &[&str] = &[
    "Sent from my ", "Sent from Mail for ", "Sent from mail", "Sent from Samsung", "Sent from Yahoo",
    "Sent from AOL", "Sent from mobile", "Sent via the Samsung", "Sent using ", "Get Outlook for ",
    "Sent with Proton", "Sent with ", "Von meinem iPhone gesendet", "Von meinem iPad gesendet",
    "Von meinem Samsung", "Von meinem Mobiltelefon gesendet", "Gesendet von ", "Gesendet mit der ",
    "Gesendet mit ", "Diese Nachricht wurde von meinem Android", "Outlook für Android", "Outlook für iOS",
    "Envoyé de mon ", "Envoyé depuis mon ", "Envoyé à partir de ", "Envoyé depuis ",
    "Télécharger Outlook pour ", "Obtenir Outlook pour ", "Obtenez Outlook pour ", "Enviado desde mi ",
    "Enviado desde ", "Enviado de mi ", "Obtener Outlook para ", "Enviado do meu ", "Enviado a partir do meu ",
    "Enviado via ", "Obter Outlook para ", "Obter o Outlook para ", "Inviato da iPhone", "Inviato da iPad",
    "Inviato dal mio ", "Inviato da Outlook", "Ottieni Outlook per ", "Scarica Outlook per ",
    "Verstuurd vanaf mijn ", "Verzonden vanaf mijn ", "Verzonden vanuit ", "Verstuurd vanuit ", "Outlook voor ",
    "Download Outlook voor ", "Skickat från min ", "Skickat från ", "Hämta Outlook för ", "Skaffa Outlook för ",
    "Sendt fra min ", "Sendt fra ", "Hent Outlook til ", "Få Outlook for ", "Lähetetty iPhonesta",
    "Lähetetty iPadista", "Lähetetty laitteesta", "Hanki Outlook", "Saadetud minu ", "Wysłane z ", "Wysłano z ",
    "Pobierz aplikację Outlook", "Pobierz Outlook", "Odesláno z ", "Získat Outlook pro ", "Odoslané z ",
    "Získajte Outlook pre ", "Elküldve az ", "iPhone-ról küldve", "Trimis de pe ", "Trimis din ", "Poslano s ",
    "Poslano z ", "Poslato sa ", "Στάλθηκε από το ", "iPhone'umdan gönderildi", "iPhone’umdan gönderildi",
    "iPad'imden gönderildi", "Отправлено с ", "Отправлено из ", "Надіслано з ", "Изпратено от ", "נשלח מה-",
    "נשלח מה", "أرسلت من ", "تم الإرسال من ", "发自我的", "发自 ", "來自我的", "從我的", "傳送自", "iPhoneから送信", "iPadから送信",
    "나의 iPhone에서 보냄", "내 iPhone에서 보냄", "Đã gửi từ ", "Được gửi từ ", "Dikirim dari ", "ส่งจาก ",
    "Enviat des de ", "Enviat del meu ", "Išsiųsta iš ", "Nosūtīts no ",
];
