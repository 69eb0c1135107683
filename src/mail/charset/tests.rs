//! Labels and bytes as mail programs send them.

use super::*;

#[test]
fn labels_are_understood_however_they_are_written() {
    for (labels, bytes, expected) in [
        (
            &[
                "utf-8",
                "UTF8",
                "uft-8",
                "\"utf-8\"",
                "'utf-8'",
                " utf-8 ",
                "utf-8 (Unicode)",
                "charset=utf-8",
                "utf_8",
                "unicode-1-1-utf-8",
                "utf-8;",
            ][..],
            "gr\u{f6}\u{df}er".as_bytes(),
            "gr\u{f6}\u{df}er",
        ),
        (
            &[
                "iso8859-1",
                "ISO_8859-1:1987",
                "latin1",
                "iso-8859-1\"",
                "ascii",
                "us-ascii",
                "windows1252",
                "cp-1252",
                "cp1252",
                "ansi",
                "x-unknown",
                "default",
                "8bit",
                "unknown-8bit",
                "none",
                "",
                "iso-8859",
            ],
            b"gr\xf6\xdfer",
            "gr\u{f6}\u{df}er",
        ),
        (&["iso-8859-15", "latin-9", "iso8859-15", "iso-8859-15*en"], b"5 \xa4", "5 \u{20ac}"),
        (&["windows-1252", "iso-8859-1", "us-ascii"], b"5 \x80 \x93x\x94", "5 \u{20ac} \u{201c}x\u{201d}"),
        (
            &["windows-1251", "cp1251", "win-1251", "windows1251", "x-cp1251", "cp-1251"],
            b"\xd1\xf0\xee\xf7\xed\xee",
            "\u{421}\u{440}\u{43e}\u{447}\u{43d}\u{43e}",
        ),
        (
            &["koi8-r", "KOI8R", "x-koi8-r"],
            b"\xf3\xd2\xcf\xde\xce\xcf",
            "\u{421}\u{440}\u{43e}\u{447}\u{43d}\u{43e}",
        ),
        (&["koi8-u", "koi8-ru"], b"\xa4", "\u{454}"),
        (&["cp-850", "ibm850", "cp437"], b"gr\x94\xe1er", "gr\u{f6}\u{df}er"),
        (&["macintosh", "x-mac-roman", "mac"], b"gr\x9a\xa7er", "gr\u{f6}\u{df}er"),
        (
            &["iso-8859-8-i", "ISO-8859-8", "windows-1255", "iso-8859-8-e"],
            b"\xe3\xe7\xe5\xf3",
            "\u{5d3}\u{5d7}\u{5d5}\u{5e3}",
        ),
        (
            &["tis-620", "windows-874", "iso-8859-11", "tis620"],
            b"\xb4\xe8\xc7\xb9",
            "\u{e14}\u{e48}\u{e27}\u{e19}",
        ),
        (&["windows-1258", "cp1258"], b"kh\xe2\xcc", "kh\u{e2}\u{300}"),
    ] {
        for label in labels {
            assert_eq!(text(bytes, Some(label)), expected, "{label:?}");
        }
    }
}

#[test]
fn labels_of_charsets_with_long_characters_are_understood() {
    for (labels, bytes, expected) in [
        (
            &["gb2312", "GBK", "gb18030", "x-gbk", "gb_2312-80", "euc-cn", "cp936"][..],
            &b"\xbd\xf4\xbc\xb1"[..],
            "\u{7d27}\u{6025}",
        ),
        (&["gb2312"], b"\xe9F", "\u{9555}"),
        (&["big5", "Big5-HKSCS", "cn-big5", "x-x-big5", "cp950"], b"\xba\xf2\xab\xe6", "\u{7dca}\u{6025}"),
        (
            &["shift_jis", "x-sjis", "Shift-JIS", "cp932", "windows-31j", "sjis"],
            b"\x8b\xd9\x8b}",
            "\u{7dca}\u{6025}",
        ),
        (&["euc-jp", "x-euc-jp", "eucjp"], b"\xb6\xdb\xb5\xde", "\u{7dca}\u{6025}"),
        (
            &["iso-2022-jp", "ISO-2022-JP-MS", "cp50220", "us-ascii", "utf-8"],
            b"\x1b$B6[5^\x1b(B now",
            "\u{7dca}\u{6025} now",
        ),
        (&["ks_c_5601-1987", "euc-kr", "ksc5601", "cp949", "uhc"], b"\xb1\xe4\xb1\xde", "\u{ae34}\u{ae09}"),
        (&["iso-2022-kr", "us-ascii"], b"\x1b$)C\x0e1d1^\x0f Urgent", "\u{ae34}\u{ae09} Urgent"),
        (&["hz-gb-2312", "HZ"], b"~{=t<1~} Urgent ~~", "\u{7d27}\u{6025} Urgent ~"),
        (
            &["utf-7", "unicode-1-1-utf-7"],
            b"gr+APYA3w-er, 1 +- 1, +urgent C++ now +ZeVnLIqe down +ZeVnLIqe",
            "gr\u{f6}\u{df}er, 1 + 1, +urgent C++ now \u{65e5}\u{672c}\u{8a9e} down \u{65e5}\u{672c}\u{8a9e}",
        ),
        (&["utf-16le", "utf-16", "ucs-2"], b"p\0l\0", "pl"),
        (&["utf-16be", "utf-16", "unicode"], b"\0p\0l", "pl"),
        (&["utf-16", "x-unknown", "utf-8", "us-ascii"], b"\xff\xfep\0l\0\xf6\0", "pl\u{f6}"),
    ] {
        for label in labels {
            assert_eq!(text(bytes, Some(label)), expected, "{label:?}");
        }
    }
}

#[test]
fn a_lying_or_missing_label_does_not_cost_the_words() {
    for (bytes, label, expected) in [
        ("größer".as_bytes(), Some("us-ascii"), "größer"),
        ("größer".as_bytes(), Some("iso-8859-15"), "größer"),
        (b"gr\xf6\xdfer", Some("utf-8"), "größer"),
        (b"caf\xc3\xa9 gr\xf6\xdfer", Some("utf-8"), "café größer"),
        (b"gr\xf6\xdfer", None, "größer"),
        ("größer".as_bytes(), Some("x-unknown"), "größer"),
        ("größer".as_bytes(), None, "größer"),
        (b"plain", Some("utf-16"), "plain"),
        (b"\xef\xbb\xbfplain", None, "plain"),
        ("“Urgent” and “please”".as_bytes(), Some("gb2312"), "“Urgent” and “please”"),
        (b"\x1b$B6[5^\x1b(B", None, "緊急"),
        (b"\x8b\xd9\x8b} now", Some("iso-2022-jp"), "緊急 now"),
        (b"\xb6\xdb\xb5\xde now", Some("iso-2022-jp"), "緊急 now"),
        (b"\x1b[0mUrgent", None, "\u{1b}[0mUrgent"),
    ] {
        assert_eq!(text(bytes, label), expected, "{label:?}");
    }
}

#[test]
fn a_page_may_name_its_charset() {
    let page =
        b"<html><head><META http-equiv=Content-Type content='text/html; charset=windows-1251'>\xd1\xf0";
    assert!(html(page, None).ends_with("\u{421}\u{440}"));
    assert!(html(b"<meta charset=\"koi8-r\">\xf3\xd2", Some("x-unknown")).ends_with("\u{421}\u{440}"));
    assert!(
        html(b"<meta charset=koi8-r>\xe9", Some("iso-8859-1")).ends_with('\u{e9}'),
        "the header comes first"
    );
    assert_eq!(html("<meta charset=koi8-r>größer".as_bytes(), None), "<meta charset=koi8-r>größer");
}

/// Lossy or not, what a person typed in ASCII is there.
#[test]
fn an_ascii_word_survives_every_charset() {
    let labels = [
        "utf-8",
        "us-ascii",
        "iso-8859-1",
        "utf-7",
        "utf-16",
        "iso-2022-jp",
        "iso-2022-kr",
        "hz-gb-2312",
        "gb2312",
        "big5",
        "shift_jis",
        "euc-jp",
        "euc-kr",
        "tis-620",
        "koi8-r",
        "windows-1255",
        "macintosh",
        "ibm850",
        "x-nobody",
    ];
    for label in labels {
        for noise in [
            &b"\xff\xfd"[..],
            b"\x80",
            b"\xc3",
            b"+",
            b"+A",
            b"~",
            b"~{!!~}",
            b"\x1b",
            b"\x1b$",
            b"\x0e!!\x0f",
            b"\xe6\xb2",
        ] {
            for gap in [&b" "[..], b"\n", b", "] {
                let bytes = [b"is Urgent", gap, noise, gap, b"Urgent now", gap].concat();
                let read = text(&bytes, Some(label));
                assert!(
                    read.matches("Urgent").count() == 2 || label == "utf-16",
                    "{label} {noise:?}: {read:?}"
                );
                assert!(read.contains("Urgent"), "{label} {noise:?}: {read:?}");
            }
        }
    }
}
