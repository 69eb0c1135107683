//! What a person sees of HTML, written by hand: each trick that hides beside its twin that shows, each mail program's marks.

use super::super::quotation::divide;
use super::super::subject::Purpose;
use super::super::text::RegionKind;
use super::render;

fn visible(html: &str) -> String {
    render(html, 1 << 20).visible
}

#[test]
fn words_are_never_glued_and_blocks_are_told_apart() {
    for (html, expected) in [
        ("<table><tr><td>A</td><td>B</td></tr><tr><td>C", "A\tB\u{2029}C"),
        ("<ul><li>one<li>two</ul>three", "one\u{2029}two\u{2029}three"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<div>a<br></div><div>b</div>", "a\u{2029}b"),
        ("<p>a</p><p>b", "a\n\nb"),
        ("<b>ur</b>gent\n  now", "urgent now"),
        ("a < b &amp; c&nbsp;d &eacute;", "a < b & c\u{a0}d é"),
        ("<style>p{color:red}</style><script>urgent</script><title>t</title>x", "x"),
        ("x<!-- urgent -->y", "xy"),
        ("<img alt='System down'>now", "System down now"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<unknown>b</unknown>c", "abc"),
        ("caf\u{e9} \u{4e1c}", "caf\u{e9} \u{4e1c}"),
    ] {
        assert_eq!(visible(html), expected, "{html}");
    }
}

#[test]
fn what_a_reader_does_not_see_is_set_apart() {
    for html in [
        "ab<span style='display: none'>X</span>",
        "ab<div STYLE='Display:none!important'>X</div>",
        "ab<div hidden>X</div>",
        "ab<span style='visibility:hidden'>X</span>",
        "ab<span style='font-size:0px'>X</span>",
        "ab<div style='max-height:0;overflow:hidden'>X</div>",
        "ab<span style='display:none;mso-hide:all'>X</span>",
        "ab<span style='display:block;DISPLAY: none !important;display:block'>X</span>",
    ] {
        let rendered = render(html, 1 << 20);
        assert_eq!((rendered.visible.as_str(), rendered.hidden.as_str()), ("ab", "X"), "{html}");
    }
    let layout = "<table style='font-size:0'><tr><td style='font-size:14px'>seen</td></tr></table>";
    assert_eq!(visible(layout), "seen");
    assert_eq!(visible("<p hidden>x<p>seen"), "seen");
    assert_eq!(visible("<div><span style='display:none'>x</div>seen"), "seen");
    for style in [
        "mso-hide:all",
        "display:none;display:block",
        "display:block!important;display:none",
        "max-height:0;overflow:hidden;max-height:none",
        "width:0;min-width:100%;overflow:hidden",
        "overflow:hidden;height:0.5em",
    ] {
        assert_eq!(visible(&format!("<div style='{style}'>seen")), "seen", "{style}");
    }
}

#[test]
fn markup_that_is_left_open_hides_nothing() {
    for html in [
        "<html><head><meta charset=utf-8><title>t</title><body>seen",
        "<head><style>p{}</style><p>seen",
        "<table><tr><td><span style='display:none'>x<td>seen",
        "<table><tr style='display:none'><td>x<tr><td>seen",
        "<p hidden><b>x<div>seen",
        "<ul><li hidden><b>x<li>seen",
        "<svg width=1/>seen",
        "<xml>seen",
        "<object data=x>seen",
        "<noscript>seen</noscript>",
    ] {
        assert_eq!(visible(html), "seen", "{html}");
    }
}

#[test]
fn a_long_run_of_text_is_cut_and_not_dropped() {
    let rendered = render("<p>urgent words", 6);
    assert_eq!((rendered.visible.as_str(), rendered.cut), ("urgent", 6));
}

#[test]
fn markup_says_what_is_quoted() {
    let classes = |html: &str| -> Vec<String> {
        let rendered = render(html, 1 << 20);
        rendered.runs.iter().map(|(_, class)| class.because().to_owned()).collect()
    };
    assert_eq!(classes("new<blockquote type=cite>old</blockquote>more"), ["new", "cite-blockquote", "new"]);
    assert_eq!(
        classes(
            "a<div class='gmail_quote'>On … wrote:<blockquote class='gmail_quote'>q</blockquote>inline</div>"
        ),
        ["new", "new", "gmail-quote", "new"]
    );
    let unmarked = "a<div class='gmail_quote'><div class='gmail_attr'>On … wrote:</div>q</div>";
    assert_eq!(classes(unmarked), ["new", "gmail-quote", "gmail-quote"]);
    assert_eq!(classes("a<div class='x yahoo_quoted'>q</div>"), ["new", "yahoo-quote"]);
}

#[test]
fn a_tag_with_a_hundred_thousand_attributes_hides_nothing() {
    // Test threads have the 2 MiB of stack that workers have.
    for tag in ["<a ", "</a "] {
        let html = format!("<p>before</p>{tag}{}>after<p>end</p>", "b=\"c\" ".repeat(100_000));
        let rendered = render(&html, 1 << 20);
        for word in ["before", "after", "end"] {
            assert!(rendered.visible.contains(word), "{word} behind {tag}");
        }
    }
}

/// What counts as the sender's own words when the mail answers another.
fn own(html: &str) -> String {
    let rendered = render(html, 1 << 20);
    let division = divide(&rendered.visible, &rendered.runs, Purpose::Reply, 0);
    let new = division.regions.iter().filter(|region| region.kind == RegionKind::New);
    let words = new.flat_map(|region| {
        rendered.visible.get(region.start..region.end).unwrap_or_default().split_whitespace()
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_trick_hides_and_its_twin_shows() {
    for (trick, twin) in [
        ("<div style='text-indent:-9999px'>X</div>", "<div style='text-indent:-12px'>X</div>"),
        (
            "<div style='position:absolute;left:-10000px'>X</div>",
            "<div style='position:absolute;left:10px'>X</div>",
        ),
        ("<div style='margin-left:-5000px'>X</div>", "<div style='left:-10000px'>X</div>"),
        (
            "<div style='position:absolute;clip:rect(0, 0, 0, 0)'>X</div>",
            "<div style='clip:rect(0,0,0,0)'>X</div>",
        ),
        ("<div style='clip-path:inset(50%)'>X</div>", "<div style='clip-path:inset(5px)'>X</div>"),
        ("<div style='transform:scale(0)'>X</div>", "<div style='transform:scale(0.5)'>X</div>"),
        ("<div style='line-height:0;overflow:hidden'>X</div>", "<div style='line-height:0'>X</div>"),
        (
            "<div style='height:1px;overflow:hidden'>X</div>",
            "<div style='height:10px;overflow:hidden'>X</div>",
        ),
        (
            "<div style='max-height:0;overflow:hidden'>X</div>",
            "<span style='height:0;overflow:hidden'>X</span>",
        ),
        (
            "<div style='width:0;overflow:hidden'>X</div>",
            "<table style='width:0;overflow:hidden'><td>X</table>",
        ),
        ("<span style='font-size:1px'>X</span>", "<span style='font-size:6px'>X</span>"),
        ("<span style='font-size:0.5pt'>X</span>", "<span style='font-size:1'>X</span>"),
        ("<span style='font-size:1%'>X</span>", "<span style='font-size:60%'>X</span>"),
        ("<span style='font-size:0'>X</span>", "<span style='font-size:0'><font size=1>X</font></span>"),
        (
            "<span style='visibility:hidden'>X</span>",
            "<span style='visibility:hidden'><b style='visibility:visible'>X</b></span>",
        ),
        ("<span style='opacity:.01'>X</span>", "<span style='opacity:.6'>X</span>"),
        ("<span hidden>X</span>", "<span hidden style='display:block'>X</span>"),
        ("<datalist>X</datalist>", "<details>X</details>"),
        (
            "<style>.pre{display:none}</style><p class=pre>X</p>",
            "<style>.pre .x{display:none}</style><p class=pre>X</p>",
        ),
        (
            "<style>#top{max-height:0;overflow:hidden}</style><div id=top>X</div>",
            "<style>@media print{#top{display:none}}</style><div id=top>X</div>",
        ),
        (
            "<style>td.n{display:none!important}</style><table><td class=n>X</table>",
            "<style>.n{display:none}</style><p class=n style='display:block'>X</p>",
        ),
    ] {
        let seen = |html: &str| render(&format!("seen {html}"), 1 << 20).visible.contains('X');
        assert!(!seen(trick), "{trick}");
        assert!(seen(twin), "{twin}");
    }
    // What is set apart is kept: an explanation shows it.
    assert_eq!(render("ab<div style='position:absolute;left:-9999px'>X</div>", 99).hidden, "X");
}

#[test]
fn ink_on_its_own_colour_is_hidden_and_any_other_is_seen() {
    for (trick, twin) in [
        ("<font color=white>X</font>", "<font color=gray>X</font>"),
        ("<span style='color:#FFF'>X</span>", "<span style='color:#fff;background:#c00'>X</span>"),
        ("<span style='color:#fefefe'>X</span>", "<span style='color:#ddd'>X</span>"),
        (
            "<table bgcolor='#003366'><td><font color='#003366'>X</font></table>",
            "<table bgcolor='#003366'><td><font color=white>X</font></table>",
        ),
        (
            "<table><tr bgcolor=white><td style='color:#ffffff'>X</table>",
            "<table><tr><td bgcolor=black style='color:#ffffff'>X</table>",
        ),
        (
            "<body text='#ffffff' bgcolor='#ffffff'>X</body>",
            "<body text='#ffffff' bgcolor='#000080'>X</body>",
        ),
        ("<span style='color:transparent'>X</span>", "<span style='color:rgba(0,0,0,.6)'>X</span>"),
        (
            "<div style='background:#222;color:#eee'><p style='color:#222'>X</div>",
            "<div style='background:#222;color:#eee'><p>X</div>",
        ),
        (
            "<p style='color:rgb(255,255,255)'>X",
            "<p style='color:rgb(255,255,255);background-image:url(a.png)'>X",
        ),
        ("<p style='color:#fff'>X", "<table background='a.png'><td style='color:#fff'>X</table>"),
        ("<p style='color:#fff'>X", "<p style='color:#fff;text-shadow:1px 1px #000'>X"),
        ("<p style='color:#fff'>X", "<p style='color:#fff'><a href='/'>X</a>"),
        (
            "<p style='color:#fff'>X",
            "<style>.dark{background:#000}</style><p class=dark style='color:#fff'>X",
        ),
        (
            "<p style='color:#fff'>X",
            "<p class=dark style='color:#fff'>X</p><style>p{color:#000!important}</style>",
        ),
        ("<p style='color:#fff'>X", "<p style='color:light-dark(#fff, #000)'>X"),
        // Dark mode: nobody declared what ink stands on the dark ground.
        ("<p style='color:#fff'>X", "<p style='background:#000'>X"),
    ] {
        let seen = |html: &str| render(&format!("<p>seen</p> {html}"), 1 << 20).visible.contains('X');
        assert!(!seen(trick), "{trick}");
        assert!(seen(twin), "{twin}");
    }
    // A phone in dark mode that sends everything in white still asks for help.
    assert_eq!(visible("<div style='color:#fff'>nothing works</div>"), "nothing works");
    // Gaps that letters of the colour of their ground leave are gaps.
    assert_eq!(visible("a<font color=white>x</font>b"), "a b");
    assert_eq!(visible("ur<span style='font-size:0'>x</span>gent"), "urgent");
}

#[test]
fn words_stay_whole_and_apart() {
    for (html, expected) in [
        ("it&#146;s &#8220;down&#8221;", "it\u{2019}s \u{201c}down\u{201d}"),
        ("urgent<sup>1</sup> on the 3<sup>rd</sup>", "urgent 1 on the 3rd"),
        ("<ruby>緊<rt>kin</rt>急<rt>kyu</rt></ruby>です", "緊急 kinkyu です"),
        ("<ruby>緊<rp>(</rp><rt>kin</rt><rp>)</rp></ruby>", "緊 kin"),
        ("long<wbr>word", "longword"),
        ("<span style='display:block'>one</span><span style='display:block'>two</span>", "one\u{2029}two"),
        ("<a style='display:inline-block'>Yes</a><a style='display:inline-block'>No</a>", "Yes No"),
        ("<div style='white-space:pre-wrap'>a\n&gt; b</div>", "a\n> b"),
        ("<img width=1 height=1 alt='open'>x", "x"),
        ("<!--[if mso]><p>for Outlook</p><![endif]-->x", "x"),
        ("<![if !mso]>x<![endif]>", "x"),
        ("<!--[if !mso]><!-->x<!--<![endif]-->", "x"),
        ("<?xml version='1.0'?><p>x", "x"),
        ("<noscript><p>no <b>scripts</b> here</p></noscript>", "no scripts here"),
        ("if a <b then", "if a"),
    ] {
        assert_eq!(visible(html), expected, "{html}");
    }
}

#[test]
fn broken_markup_loses_no_words() {
    for html in [
        "a<p style=\"color:red>help us</p>",
        "a<a href='x>help us</a> now",
        "a<!-- never closed <p>help us",
        "<title>Hello<body>a help us",
        "a<style>p{} <p>help us",
        "a<template><p>help us",
        "a<script>x <div>help us",
    ] {
        let text = visible(html);
        assert!(text.contains("help us") && text.contains('a'), "{html}: {text}");
    }
    // Outlook's own comment, cut off with its mail.
    assert_eq!(visible("a<!--[if mso]><p>for Outlook"), "a");
    // However often it is broken, it is read in a bounded time.
    for piece in
        ["<!--a><p>", "<a b='><c d=\">", "<template><p>", "<noscript>", "<title>", "<hr tabindex=-1>"]
    {
        render(&piece.repeat(20_000), 1 << 20);
    }
}

#[test]
fn each_mail_program_marks_what_it_quotes() {
    let header = "<b>From:</b> Ann &lt;a@x.example&gt;<br><b>Sent:</b> Monday<br><b>To:</b> us<br>\
                  <b>Subject:</b> old<br>";
    for html in [
        "<div class=gmail_quote><div class=gmail_attr>Am Montag schrieb Ann:</div><blockquote class=gmail_quote>old</blockquote></div>",
        "<div class='gmail_quote gmail_quote_container'>On 5 Jan 2026 at 10:00, Ann &lt;a@x.example&gt; wrote:<blockquote class=gmail_quote>old</blockquote></div>",
        "<div class=m_-31gmail_quote>old</div>",
        "<div class='x_gmail_quote'>old</div>",
        "<div class=nylas-quote>old</div>",
        "<div id=yahoo_quoted_12345 class=yahoo_quoted>old</div>",
        "<div id=ydp12abyahoo_quoted_77 class=ydp12abyahoo_quoted>old</div>",
        "<p class=yahoo-quoted-begin>On Monday, Ann wrote:</p><blockquote class=iosymail>old</blockquote>",
        "<div class=moz-cite-prefix>Ann said:</div><blockquote type=cite>old</blockquote>",
        "<blockquote type=cite>old</blockquote>",
        "<div class=protonmail_quote>old</div>",
        "<blockquote class=tutanota_quote>old</blockquote>",
        "<div class=zmail_extra>old</div>",
        "<div name=quote>old</div>",
        "<div name=messageReplySection>old</div>",
        "<div data-marker=__HEADERS__>From Ann</div><div data-marker=__QUOTED_TEXT__>old</div>",
        "<div id=isReplyContent>old</div>",
        "<p id=reply-intro>Ann said</p><blockquote type=cite>old</blockquote>",
        "<div class=freshdesk_quote>old</div>",
        "<div class=missive_quote>old</div>",
        "<blockquote class=front-blockquote>old</blockquote>",
        "<div class=OutlookMessageHeader>From: Ann</div><div>old</div>",
        "<div id=appendonsend></div><hr tabindex=-1><div id=divRplyFwdMsg>From: Ann</div><div>old</div>",
        "<div id=x_divRplyFwdMsg>From: Ann</div><div>old</div>",
        "<div class=ms-outlook-mobile-reference-message>From: Ann</div>old",
        "<div id=mail-editor-reference-message-container>old</div>",
        "<span id=OLK_SRC_BODY_SECTION>old</span>",
    ] {
        assert_eq!(own(&format!("<div>mine</div>{html}")), "mine", "{html}");
    }
    for before in [
        "<hr id=stopSpelling>",
        "<hr tabindex=-1>",
        "<hr id=zwchr data-marker=__DIVIDER__>",
        "<div id=appendonsend></div>",
        "<a name='_MailOriginal'></a>",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'>",
        "<div style='border:none;border-top:solid #B5C4DF 1.0pt'>",
        "<div style='border-width:1pt medium medium;border-style:solid none none'>",
        "<div style='border-top-color:#e5e5e5;border-top-width:1px;border-top-style:solid'>",
    ] {
        let html = format!("<p>mine</p>{before}{header}</div><p>old");
        assert_eq!(own(&html), "mine", "{before}");
        // A rule is a rule: people draw them too.
        assert_eq!(own(&format!("<p>mine</p>{before}more</div><p>words")), "mine more words", "{before}");
    }
}

#[test]
fn answers_between_quotations_are_new() {
    for html in [
        "<div class=gmail_quote><blockquote class=gmail_quote>q</blockquote>mine<blockquote class=gmail_quote>q</blockquote></div>",
        "<div class=yahoo_quoted><blockquote>q</blockquote><div>mine</div><blockquote>q</blockquote></div>",
        "<div data-marker=__QUOTED_TEXT__><blockquote>q</blockquote><div>mine</div><blockquote>q</blockquote></div>",
        "<blockquote type=cite>q</blockquote><div>mine</div><blockquote type=cite>q</blockquote>",
    ] {
        assert_eq!(own(html), "mine", "{html}");
    }
    // An element around everything was copied with the mail that served as a template.
    assert_eq!(own("<div data-marker=__QUOTED_TEXT__><p>please help</div>"), "please help");
    assert_eq!(own("<div class=gmail_extra><div class=gmail_quote>please help</div></div>"), "please help");
}

#[test]
fn each_mail_program_marks_its_signature() {
    for html in [
        "<div class=gmail_signature>sig</div>",
        "<div data-smartmail=gmail_signature>sig</div>",
        "<div class=moz-signature>sig</div>",
        "<div class=protonmail_signature_block>sig</div>",
        "<div id=Signature>sig</div>",
        "<div id=x_x_Signature>sig</div>",
        "<div id=ms-outlook-mobile-signature>sig</div>",
        "<div id=1F2E-AppleMailSignature>sig</div>",
        "<div id=ymail_android_signature>sig</div>",
        "<div id=composer_signature>sig</div>",
        "<div id=spnEditorSign>sig</div>",
        "<div name=messageSignatureSection>sig</div>",
        "<div data-marker=__SIG_POST__>sig</div>",
        "<div class=sh-signature>sig</div>",
        "<div id=bloop_sign_1234>sig</div>",
        "<div id=_rc_sig>sig</div>",
        "<div class=sig>sig</div>",
    ] {
        assert_eq!(own(&format!("<p>mine</p>{html}")), "mine", "{html}");
    }
    // Nobody signs what was not written: whoever writes in the place of the signature is heard.
    assert_eq!(own("<div id=Signature>nothing works</div>"), "nothing works");
    assert_eq!(
        own("<div id=AppleMailSignature>nothing works</div><blockquote type=cite>q</blockquote>"),
        "nothing works"
    );
    for words in ["<p class=signature>mine</p>", "<p id=mySignature>mine</p>", "<p class=design>mine</p>"] {
        assert_eq!(own(words), "mine", "{words}");
    }
}
