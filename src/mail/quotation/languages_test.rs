//! The same few shapes in every language: what mail programs write is taken for it, and a person's story is not.

use super::tests::new_text;
use super::*;

/// Attributions as mail programs write them, each above a quotation that nothing else marks.
const ATTRIBUTIONS: &[&str] = &[
    "On Tue, May 5, 2026 at 10:15 AM Mia Berger <mia@client.example> wrote:",
    "On 5 May 2026, at 10:15, Mia Berger <mia@client.example> wrote:",
    "On 5/5/26 10:15, Mia Berger wrote:",
    "On Tuesday, May 5, 2026, 10:15:00 AM GMT+2, Mia Berger <mia@client.example> wrote:",
    "---- On Tue, 05 May 2026 10:15:00 +0200 Mia Berger <mia@client.example> wrote ----",
    "--- On Tue, 5/5/26, Mia Berger <mia@client.example> wrote:",
    "At 2026-05-05 10:15:00, \"Mia Berger\" <mia@client.example> wrote:",
    "Am Di., 5. Mai 2026 um 10:15 Uhr schrieb Mia Berger <mia@client.example>:",
    "Am 05.05.26 um 10:15 schrieb Mia Berger:",
    "Am Dienstag, 5. Mai 2026, 10:15:00 MESZ hat Mia Berger <mia@client.example> Folgendes geschrieben:",
    "Mia Berger <mia@client.example> schrieb am Di., 5. Mai 2026, 10:15:",
    "Le mar. 5 mai 2026 à 10:15, Mia Berger <mia@client.example> a écrit\u{a0}:",
    "Le 05/05/2026 à 10:15, Mia Berger a écrit :",
    "--- En date de : Mar 5.5.26, Mia Berger <mia@client.example> a écrit :",
    "El mar, 5 may 2026 a las 10:15, Mia Berger (<mia@client.example>) escribió:",
    "El 5/5/26 a las 10:15, Mia Berger escribió:",
    "Missatge de Mia Berger <mia@client.example> del dia dt., 5 de maig 2026 a les 10:15:",
    "El dia 5 maig 2026, a les 10:15, Mia Berger <mia@client.example> va escriure:",
    "Em ter., 5 de mai. de 2026 às 10:15, Mia Berger <mia@client.example> escreveu:",
    "Mia Berger <mia@client.example> escreveu (terça, 5/05/2026 à(s) 10:15):",
    "No dia 05/05/2026, às 10:15, Mia Berger <mia@client.example> escreveu:",
    "Il giorno mar 5 mag 2026 alle ore 10:15 Mia Berger <mia@client.example> ha scritto:",
    "Il 05/05/2026 10:15, Mia Berger ha scritto:",
    "Op di 5 mei 2026 om 10:15 schreef Mia Berger <mia@client.example>:",
    "Op 5 mei 2026, om 10:15 heeft Mia Berger <mia@client.example> het volgende geschreven:",
    "Den tirs. 5. maj 2026 kl. 10.15 skrev Mia Berger <mia@client.example>:",
    "tir. 5. mai 2026 kl. 10:15 skrev Mia Berger <mia@client.example>:",
    "Den tis 5 maj 2026 kl 10:15 skrev Mia Berger <mia@client.example>:",
    "5 maj 2026 kl. 10:15 skrev Mia Berger <mia@client.example>:",
    "ti 5. toukok. 2026 klo 10.15 Mia Berger (mia@client.example) kirjoitti:",
    "Mia Berger <mia@client.example> kirjoitti 5.5.2026 kello 10.15:",
    "wt., 5 maj 2026 o 10:15 Mia Berger <mia@client.example> napisał(a):",
    "W dniu 05.05.2026 o 10:15, Mia Berger pisze:",
    "Wiadomość napisana przez Mia Berger <mia@client.example> w dniu 5 maj 2026, o godz. 10:15:",
    "út 5. 5. 2026 v 10:15 odesílatel Mia Berger <mia@client.example> napsal:",
    "Dne 05. 05. 26 v 10:15 Mia Berger napsal(a):",
    "ut 5. 5. 2026 o 10:15 Mia Berger <mia@client.example> napísal(a):",
    "Dňa 5. 5. 2026 o 10:15 Mia Berger <mia@client.example> napísala:",
    "Mia Berger <mia@client.example> ezt írta (időpont: 2026. máj. 5., K, 10:15):",
    "2026. 05. 05. 10:15 keltezéssel, Mia Berger <mia@client.example> írta:",
    "În mar., 5 mai 2026 la 10:15, Mia Berger <mia@client.example> a scris:",
    "Pe 5 mai 2026, la 10:15, Mia Berger <mia@client.example> a scris:",
    "На вт, 5.05.2026 г. в 10:15 Mia Berger <mia@client.example> написа:",
    "Στις Τρί 5 Μαΐ 2026 στις 10:15 π.μ., ο/η Mia Berger <mia@client.example> έγραψε:",
    "Mia Berger <mia@client.example>, 5 May 2026 Sal, 10:15 tarihinde şunu yazdı:",
    "Mia Berger <mia@client.example> şunları yazdı (5 May 2026 10:15):",
    "вт, 5 мая 2026 г. в 10:15, Mia Berger <mia@client.example>:",
    "5 мая 2026 г., в 10:15, Mia Berger <mia@client.example> написал(а):",
    "Вторник, 5 мая 2026, 10:15 +03:00 от Mia Berger <mia@client.example>:",
    "05.05.2026, 10:15, \"Mia Berger\" <mia@client.example>:",
    "05.05.2026 10:15, Mia Berger пишет:",
    "вт, 5 трав. 2026 р. о 10:15 Mia Berger <mia@client.example> пише:",
    "\u{202b}בתאריך יום ג׳, 5 במאי 2026 ב-10:15 מאת \u{202a}Mia Berger\u{202c}\u{200f} <\u{202a}mia@client.example\u{202c}\u{200f}>:\u{202c}",
    "ב-5 במאי 2026, בשעה 10:15, \u{200f}Mia Berger <mia@client.example> כתב/ה:",
    "في الثلاثاء، 5 مايو 2026 في 10:15 ص تمت كتابة ما يلي بواسطة Mia Berger <mia@client.example>:",
    "في ٥ مايو ٢٠٢٦، الساعة ١٠:١٥ ص، كتب Mia Berger <mia@client.example>:",
    "Mia Berger <mia@client.example> 于2026年5月5日周二 10:15写道：",
    "在 2026年5月5日，10:15，Mia Berger <mia@client.example> 写道：",
    "Mia Berger <mia@client.example> 於 2026年5月5日 週二 上午10:15寫道：",
    "2026年5月5日(火) 10:15 Mia Berger <mia@client.example>:",
    "2026/05/05 10:15、Mia Berger <mia@client.example>のメール:",
    "2026년 5월 5일 (화) 오전 10:15, Mia Berger <mia@client.example>님이 작성:",
    "2026. 5. 5. 오전 10:15, Mia Berger <mia@client.example> 작성:",
    "Vào Th 3, 5 thg 5, 2026 vào lúc 10:15 Mia Berger <mia@client.example> đã viết:",
    "Pada tanggal Sel, 5 Mei 2026 pukul 10.15 Mia Berger <mia@client.example> menulis:",
    "ในวันที่ อ. 5 พ.ค. 2026 เวลา 10:15 Mia Berger <mia@client.example> เขียนว่า:",
    "uto, 5. svi 2026. u 10:15 Mia Berger <mia@client.example> napisao je:",
    "уто, 5. мај 2026. у 10:15 Mia Berger <mia@client.example> је написао/ла:",
    "V V tor., 5. maj 2026 ob 10:15 je oseba Mia Berger <mia@client.example> napisala:",
    "2026-05-05, an, 10:15 Mia Berger <mia@client.example> rašė:",
    "Lietotājs Mia Berger (<mia@client.example>) rakstīja (otrd., 2026. gada 5. maijs, plkst. 10:15):",
    "Kontakt Mia Berger (<mia@client.example>) kirjutas kuupäeval T, 5. mai 2026 kell 10:15:",
];

#[test]
fn what_stands_below_an_attribution_is_quoted() {
    let mut missed = Vec::new();
    for attribution in ATTRIBUTIONS {
        let mut check = |attribution: &str| {
            let text = format!("Understood.\n\n{attribution}\n\nIt was urgent last week.");
            if new_text(&text) != "Understood." {
                missed.push(attribution.to_owned());
            }
        };
        check(attribution);
        // As mail programs break it at the address.
        if let Some((before, after)) = attribution.split_once(" <mia@")
            && before.contains(char::is_numeric)
        {
            check(&format!("{before}\n<mia@{after}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// People who tell what was written, in lines that begin and end as attributions do.
const STORIES: &[&str] = &[
    "On 5 May 2026 at 10:15 we wrote to mia@client.example the following:",
    "On Tuesday 5 May 2026 at 10:15 our monitor sent us this:",
    "Am 5. Mai 2026 um 10:15 schrieb uns die Überwachung:",
    "Am Dienstag um 10:15 hat unser Kunde geschrieben:",
    "Le 5 mai 2026 à 10:15 nous vous avons écrit ceci :",
    "Le client qui nous a écrit ce 5 mai 2026 dit :",
    "El 5 de mayo de 2026 a las 10:15 nuestro cliente escribió:",
    "Em 5 de maio de 2026 às 10:15 nosso cliente escreveu:",
    "Il 5 maggio 2026 alle 10:15 il nostro cliente ha scritto:",
    "Op 5 mei 2026 om 10:15 schreef onze klant:",
    "Den 5. maj 2026 kl. 10.15 skrev vi til jer:",
    "5.5.2026 klo 10.15 meidän asiakas kirjoitti:",
    "W dniu 5 maja 2026 o 10:15 nasz klient napisał:",
    "Dne 5. 5. 2026 v 10:15 náš zákazník napsal:",
    "2026. 05. 05. 10:15-kor aki nekem írta:",
    "În 5 mai 2026 la 10:15 clientul nostru a scris:",
    "На 5.05.2026 г. в 10:15 нашата фирма написа:",
    "Στις 5/5/2026 στις 10:15 ο πελάτης μας έγραψε:",
    "5 Mayıs 2026 10:15 saatinde bizim müşteri yazdı:",
    "5 мая 2026 г. в 10:15 наш клиент написал:",
    "5 травня 2026 р. о 10:15 наш клієнт написав:",
    "בתאריך 5 במאי 2026 ב-10:15 הלקוח שלנו כתב:",
    "في 5 مايو 2026 الساعة 10:15 نحن كتبت:",
    "在 2026年5月5日 10:15 我 写道：",
    "2026年5月5日 10:15 私 書きました:",
    "2026년 5월 5일 10:15 우리 썼습니다:",
    "Vào 5 thg 5 2026 lúc 10:15 khách hàng của tôi đã viết:",
    "Pada 5 Mei 2026 pukul 10.15 pelanggan kami menulis:",
    "Dana 5.5.2026. u 10:15 naš klijent je napisao:",
    "The log of 2026-05-05 10:15 says:",
    "Steps to see it, on 5 May 2026 at 10:15:",
];

#[test]
fn a_story_in_the_same_words_is_new() {
    let text = |story: &&&str| format!("Hello\n{story}\n\nnothing works any more");
    let hidden: Vec<_> = STORIES.iter().filter(|story| new_text(&text(story)) != text(story)).collect();
    assert!(hidden.is_empty(), "{hidden:#?}");
}

/// Labels of sender, date, recipient and subject.
const HEADERS: &[[&str; 4]] = &[
    ["From:", "Sent:", "To:", "Subject:"],
    ["*From:*", "*Date:*", "*To:*", "*Subject:*"],
    ["Von:", "Gesendet:", "An:", "Betreff:"],
    ["De :", "Envoyé :", "À :", "Objet :"],
    ["De:", "Enviado el:", "Para:", "Asunto:"],
    ["De:", "Enviat el:", "Per a:", "Assumpte:"],
    ["De:", "Enviada em:", "Para:", "Assunto:"],
    ["Da:", "Inviato:", "A:", "Oggetto:"],
    ["Van:", "Verzonden:", "Aan:", "Onderwerp:"],
    ["Fra:", "Sendt:", "Til:", "Emne:"],
    ["Från:", "Skickat:", "Till:", "Ämne:"],
    ["Lähettäjä:", "Lähetetty:", "Vastaanottaja:", "Aihe:"],
    ["Saatja:", "Saadetud:", "Adressaat:", "Teema:"],
    ["Nuo:", "Išsiųsta:", "Kam:", "Tema:"],
    ["Od:", "Wysłano:", "Do:", "Temat:"],
    ["Od:", "Odesláno:", "Komu:", "Předmět:"],
    ["Od:", "Odoslané:", "Komu:", "Predmet:"],
    ["Feladó:", "Elküldve:", "Címzett:", "Tárgy:"],
    ["De la:", "Trimis:", "Către:", "Subiect:"],
    ["От:", "Отправлено:", "Кому:", "Тема:"],
    ["Від:", "Надіслано:", "Кому:", "Тема:"],
    ["От:", "Изпратено:", "До:", "Относно:"],
    ["Από:", "Στάλθηκε:", "Προς:", "Θέμα:"],
    ["Kimden:", "Gönderildi:", "Kime:", "Konu:"],
    ["\u{200f}מאת:", "נשלח:", "אל:", "נושא:"],
    ["من:", "تم الإرسال:", "إلى:", "الموضوع:"],
    ["发件人：", "发送时间：", "收件人：", "主题："],
    ["寄件者:", "寄件日期:", "收件者:", "主旨:"],
    ["差出人:", "送信日時:", "宛先:", "件名:"],
    ["보낸 사람:", "보낸 날짜:", "받는 사람:", "제목:"],
    ["Từ:", "Đã gửi:", "Đến:", "Chủ đề:"],
    ["Dari:", "Dikirim:", "Kepada:", "Subjek:"],
    ["จาก:", "ส่ง:", "ถึง:", "เรื่อง:"],
    ["Šalje:", "Poslano:", "Prima:", "Predmet:"],
    ["Od:", "Poslano:", "Za:", "Zadeva:"],
];

#[test]
fn what_stands_below_a_copied_header_is_quoted() {
    for [from, sent, to, subject] in HEADERS {
        let block = format!("{from} Mia Berger\n{sent} 5.5.2026 10:15\n{to} us\n{subject} help");
        let text = format!("Understood.\n\n{block}\n\nIt was urgent last week.");
        assert_eq!(new_text(&text), "Understood.", "{from}");
        // A word alone, or two, are a list of somebody's own.
        let list = format!("Hello\n{from} Mia Berger\n{subject} help\n\nnothing works any more");
        assert_eq!(new_text(&list), list, "{from}");
    }
}

const FORWARDS: &[&str] = &[
    "---------- Forwarded message ---------",
    "-------- Forwarded Message --------",
    "-------- Weitergeleitete Nachricht --------",
    "-------- Message transféré --------",
    "-------- Mensaje reenviado --------",
    "-------- Messaggio Inoltrato --------",
    "-------- Doorgestuurd bericht --------",
    "-------- Mensagem encaminhada --------",
    "-------- Videresendt besked --------",
    "-------- Vidarebefordrat meddelande --------",
    "-------- Välitetty viesti --------",
    "-------- Przekazana wiadomość --------",
    "-------- Přeposlaná zpráva --------",
    "-------- Továbbított üzenet --------",
    "-------- Mesaj redirecționat --------",
    "-------- Пересылаемое сообщение --------",
    "-------- Переслане повідомлення --------",
    "-------- Προωθημένο μήνυμα --------",
    "-------- 转发的消息 --------",
    "-------- 転送メッセージ --------",
    "-------- 전달된 메시지 --------",
    "Begin forwarded message:",
    "Anfang der weitergeleiteten Nachricht:",
    "Début du message transféré :",
    "Inicio del mensaje reenviado:",
    "Inizio messaggio inoltrato:",
    "Begin doorgestuurd bericht:",
    "Início da mensagem encaminhada:",
    "Vidarebefordrat brev:",
    "Start på videresendt besked:",
    "Początek przekazywanej wiadomości:",
    "Začátek přeposílané zprávy:",
    "Начало переадресованного сообщения:",
    "下面是被转发的邮件：",
    "転送されたメッセージ：",
    "전달된 메시지:",
];

#[test]
fn what_stands_below_a_forward_rule_is_forwarded() {
    for rule in FORWARDS {
        let text = format!("Hello\n\n{rule}\nold words");
        assert_eq!(divide(&text, &[], Purpose::Forward, 0).forwarded, "Hello\n\n".len(), "{rule}");
        let words = rule.trim_matches(['-', ' ', ':', '：']);
        let told = format!("Hello\n\nthe {words} that came today says\nold words");
        assert_eq!(divide(&told, &[], Purpose::New, 0).forwarded, told.len(), "{rule}");
    }
}

#[test]
fn original_messages_are_quoted_and_devices_sign() {
    for rule in [
        "-----Original Message-----",
        "-------- Ursprüngliche Nachricht --------",
        "-------- Message d'origine --------",
        "-----Mensaje original-----",
        "-----Messaggio originale-----",
        "-----Oorspronkelijk bericht-----",
        "-----Mensagem original-----",
        "-----Oprindelig meddelelse-----",
        "-----Původní zpráva-----",
        "-----Eredeti üzenet-----",
        "-----Исходное сообщение-----",
        "------------------ 原始邮件 ------------------",
        "-----원본 메시지-----",
    ] {
        assert_eq!(new_text(&format!("Understood.\n\n{rule}\nurgent")), "Understood.", "{rule}");
    }
    for device in [
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Enviado do meu iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Wysłane z iPhone'a",
        "Odesláno z iPhonu",
        "Отправлено с iPhone",
        "发自我的iPhone",
        "iPhoneから送信",
        "나의 iPhone에서 보냄",
        "Get Outlook for iOS<https://aka.example/x>",
    ] {
        assert_eq!(new_text(&format!("Nothing works.\n\n{device}\n")), "Nothing works.", "{device}");
    }
}
