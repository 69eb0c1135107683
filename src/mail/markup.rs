//! What HTML attributes of mail programs mean for the text within, as tables.
//!
//! A further mail program is a further row. Programs that quote a mail rename what they find in it, by a prefix of their
//! own; a name that nobody else would think of is therefore known with anything before it.

/// What the markup says of a stretch of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Class {
    /// Nothing.
    #[default]
    Plain,
    /// A quotation.
    Quote(&'static str),
    /// A quotation when an attribution line stands before it, else perhaps the writer's own words.
    Bare(&'static str),
    /// An element around an attribution and its quotations, perhaps with answers between them.
    Container(u16, &'static str),
    /// This and all after it was quoted or forwarded.
    Rest(&'static str),
    /// The same, when a copied header block begins here.
    RestIfHeader(&'static str),
    /// A forwarded mail.
    Forward(&'static str),
    /// The signature.
    Signature(&'static str),
}

impl Class {
    /// The slug of the rule; `new` for plain text.
    pub(super) fn because(self) -> &'static str {
        match self {
            Self::Plain => "new",
            Self::Quote(because)
            | Self::Bare(because)
            | Self::Container(_, because)
            | Self::Rest(because)
            | Self::RestIfHeader(because)
            | Self::Forward(because)
            | Self::Signature(because) => because,
        }
    }
}

/// The attributes of an element by which mail programs know their own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks<'t> {
    pub(super) tag: &'t [u8],
    pub(super) class: &'t str,
    pub(super) id: &'t str,
    pub(super) name: &'t str,
    /// `data-marker`, of Zimbra.
    pub(super) marker: &'t str,
    /// `data-smartmail`, of Gmail.
    pub(super) smartmail: &'t str,
}

impl Marks<'_> {
    /// Whether there is nothing but perhaps a class.
    pub(super) fn has_only_class(&self) -> bool {
        self.id.is_empty() && self.name.is_empty() && self.marker.is_empty() && self.smartmail.is_empty()
    }
}

/// Where a row looks.
#[derive(Debug, Clone, Copy)]
enum At {
    /// A class with anything before it.
    Class,
    /// A class that others may use too: nothing before it but what Outlook's renaming adds.
    PlainClass,
    /// An id with anything before it.
    Id,
    /// An id that others may use too.
    PlainId,
    /// An id with anything before and after it.
    IdPart,
    /// The name of an anchor or of a block.
    Name,
    /// A `data-marker`.
    Marker,
}

/// A quotation by its tag alone.
pub(super) const BARE: Class = Class::Bare("blockquote");

/// Elements around what somebody else wrote, answers perhaps between; quotations; and all the rest of a mail.
const QUOTATIONS: &[(At, &str, Class)] = &[
    (At::Class, "gmail_quote", Class::Container(0, "gmail-quote")),
    (At::Class, "gmail_quote_container", Class::Container(0, "gmail-quote")),
    (At::Class, "gmail_attr", Class::Quote("gmail-quote")),
    (At::Class, "nylas-quote", Class::Container(0, "gmail-quote")),
    (At::Class, "yahoo_quoted", Class::Container(0, "yahoo-quote")),
    (At::Class, "yahooquotedtext", Class::Quote("yahoo-quote")),
    (At::Class, "yahoo-quoted-begin", Class::Quote("yahoo-quote")),
    (At::Class, "iosymail", Class::Quote("yahoo-quote")),
    (At::IdPart, "yahoo_quoted", Class::Container(0, "yahoo-quote")),
    (At::Class, "aolmail_replyHeader", Class::Rest("aol-quote")),
    (At::Class, "device_aol_et_org_dt_dd_quote", Class::Rest("aol-quote")),
    (At::Class, "moz-cite-prefix", Class::Quote("moz-cite-prefix")),
    (At::Class, "moz-email-headers-table", Class::Quote("moz-forward-container")),
    (At::Class, "moz-forward-container", Class::Forward("moz-forward-container")),
    (At::Class, "protonmail_quote", Class::Container(0, "proton-quote")),
    (At::Class, "tutanota_quote", Class::Quote("tuta-quote")),
    (At::Class, "skiff_quote", Class::Quote("skiff-quote")),
    (At::Class, "zmail_extra", Class::Container(0, "zoho-quote")),
    (At::Id, "zmail_extra", Class::Container(0, "zoho-quote")),
    (At::Id, "blockquote_zmail", Class::Quote("zoho-quote")),
    (At::PlainClass, "replyHeader", Class::RestIfHeader("zoho-quote")),
    (At::Class, "OutlookMessageHeader", Class::Rest("outlook-header")),
    (At::IdPart, "divRplyFwdMsg", Class::Rest("outlook-reply")),
    (At::Id, "mail-editor-reference-message-container", Class::Rest("outlook-reply")),
    (At::Class, "ms-outlook-mobile-reference-message", Class::Rest("outlook-reply")),
    (At::Id, "OLK_SRC_BODY_SECTION", Class::Container(0, "outlook-reply")),
    (At::Name, "_MailOriginal", Class::RestIfHeader("outlook-reply")),
    (At::Marker, "__QUOTED_TEXT__", Class::Container(0, "zimbra-quote")),
    (At::Marker, "__HEADERS__", Class::Quote("zimbra-quote")),
    (At::Name, "messageReplySection", Class::Container(0, "spark-quote")),
    (At::Name, "quote", Class::Container(0, "gmx-quote")),
    (At::Id, "isReplyContent", Class::Container(0, "netease-quote")),
    (At::Id, "isForwardContent", Class::Forward("netease-forward")),
    (At::Id, "oriMsgHtmlSeperator", Class::Container(0, "netease-quote")),
    (At::Id, "reply139content", Class::Container(0, "netease-quote")),
    (At::Id, "composeWebView_previouse_content", Class::Container(0, "mailru-quote")),
    (At::Id, "edo-original", Class::Container(0, "edison-quote")),
    (At::PlainId, "reply-intro", Class::Quote("roundcube-quote")),
    (At::Class, "alimail-quote", Class::Quote("alimail-quote")),
    (At::Class, "ik_mail_quote", Class::Container(0, "infomaniak-quote")),
    (At::Class, "forwardContentMessage", Class::Forward("infomaniak-forward")),
    (At::Class, "missive_quote", Class::Container(0, "missive-quote")),
    (At::Class, "front-blockquote", Class::Quote("front-quote")),
    (At::Class, "freshdesk_quote", Class::Container(0, "freshdesk-quote")),
    (At::PlainClass, "quotedReply", Class::Container(0, "zendesk-quote")),
    (At::Class, "hs_reply", Class::Container(0, "hubspot-quote")),
    (At::Class, "outreach-quote", Class::Container(0, "outreach-quote")),
    (At::Class, "sh-quoted-content", Class::Container(0, "superhuman-quote")),
    (At::Class, "notion-mail-quote", Class::Quote("notion-quote")),
    (At::Id, "origbody", Class::Container(0, "original-body")),
];

const SIGNATURES: &[(At, &str, &str)] = &[
    (At::Class, "gmail_signature", "gmail-signature"),
    (At::Class, "moz-signature", "moz-signature"),
    (At::Class, "protonmail_signature_block", "proton-signature"),
    (At::Class, "zmail_signature_below", "zoho-signature"),
    (At::Id, "Zm-_Id_-Sgn", "zoho-signature"),
    (At::PlainId, "Signature", "outlook-signature"),
    (At::PlainId, "OutlookSignature", "outlook-signature"),
    (At::Id, "ms-outlook-mobile-signature", "outlook-signature"),
    (At::Class, "ms-outlook-ios-signature", "outlook-signature"),
    (At::Class, "ms-outlook-mobile-signature", "outlook-signature"),
    (At::Id, "AppleMailSignature", "apple-signature"),
    (At::Class, "x-apple-signature", "apple-signature"),
    (At::Class, "yahoo_signature", "yahoo-signature"),
    (At::Id, "ymail_android_signature", "yahoo-signature"),
    (At::Id, "__aol_mail_signature__", "aol-signature"),
    (At::Id, "composer_signature", "samsung-signature"),
    (At::Id, "spnEditorSign", "netease-signature"),
    (At::Id, "mail-app-auto-default-signature", "mailru-signature"),
    (At::Name, "messageSignatureSection", "spark-signature"),
    (At::Marker, "__SIG_PRE__", "zimbra-signature"),
    (At::Marker, "__SIG_POST__", "zimbra-signature"),
    (At::Class, "sh-signature", "superhuman-signature"),
    (At::Class, "front-signature", "front-signature"),
    (At::IdPart, "bloop_sign", "airmail-signature"),
    (At::PlainId, "_rc_sig", "roundcube-signature"),
    (At::Class, "editorUserSignature", "infomaniak-signature"),
    (At::PlainClass, "sig", "fastmail-signature"),
];

/// Elements without words of their own that stand right above what is quoted; a copied header block must follow.
const RULES: &[(At, &str, &str)] = &[
    (At::Id, "stopSpelling", "outlook-reply"),
    (At::Id, "appendonsend", "outlook-reply"),
    (At::Id, "zwchr", "zimbra-quote"),
    (At::Marker, "__DIVIDER__", "zimbra-quote"),
    (At::Id, "MESSAGE_DATA_MARKER", "outlook-reply"),
    (At::Id, "replySplit", "original-message"),
    (At::PlainClass, "zmail_extra_hr", "zoho-quote"),
];

/// What an element says of its text, or `None` when it says nothing. `kind` is its `type`.
pub(super) fn classify(marks: &Marks<'_>, kind: &str) -> Option<Class> {
    if marks.tag == b"blockquote" {
        // A quotation by its tag: what the row calls a container is, here, the quotation itself.
        return Some(match row(QUOTATIONS, marks) {
            Some(row) => Class::Quote(row.because()),
            None if kind.eq_ignore_ascii_case("cite") => Class::Quote("cite-blockquote"),
            None => BARE,
        });
    }
    if marks.smartmail == "gmail_signature" {
        return Some(Class::Signature("gmail-signature"));
    }
    row(QUOTATIONS, marks).or_else(|| row(SIGNATURES, marks).map(Class::Signature))
}

/// What is perhaps quoted below an element: `ruled` when it is one of the rules that Outlook draws.
pub(super) fn announced(marks: &Marks<'_>, ruled: bool) -> Option<Class> {
    let because = if ruled { Some("outlook-reply") } else { row(RULES, marks) };
    because.map(Class::RestIfHeader)
}

fn row<T: Copy>(rows: &[(At, &str, T)], marks: &Marks<'_>) -> Option<T> {
    if marks.class.is_empty() && marks.has_only_class() {
        return None;
    }
    let classes = || marks.class.split_ascii_whitespace();
    rows.iter()
        .find(|(at, name, _)| match at {
            At::Class | At::PlainClass if marks.class.len() < name.len() => false,
            At::Class => classes().any(|class| class.ends_with(name)),
            At::PlainClass => classes().any(|class| is_plain(class, name)),
            At::Id => marks.id.ends_with(name),
            At::PlainId => is_plain(marks.id, name),
            At::IdPart => marks.id.contains(name),
            At::Name => marks.name == *name && matches!(marks.tag, b"a" | b"div"),
            At::Marker => marks.marker == *name,
        })
        .map(|(_, _, found)| *found)
}

/// Whether a name stands there as it is, or as Outlook on the web renames it, once for each time that it is quoted.
fn is_plain(mut found: &str, name: &str) -> bool {
    while let Some(rest) = found.strip_prefix("x_") {
        found = rest;
    }
    found == name
}
