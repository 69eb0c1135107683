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
