//! What the name of a charset means, however it is written: the aliases of IANA and WHATWG, and the slips of programs.

use memchr::memchr;

/// Longest label that is looked at; more is no name.
const MAX_LABEL: usize = 64;

/// A charset as far as it is read in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    /// Names under which text is sent that is ASCII, Latin-1 or, by mistake, UTF-8.
    Latin1,
    /// Latin-1 with the euro sign.
    Latin9,
    /// Of either byte order, or of the one that its mark tells.
    Utf16,
    Utf7,
    /// With the extensions of Microsoft.
    Iso2022Jp,
    Iso2022Kr,
    Hz,
    /// Read with the table of this name.
    Table(&'static str),
    /// Nobody knows it, or it says that nobody does.
    Unknown,
}

/// What a label means.
pub(super) fn charset(label: &str) -> Charset {
    match label {
        "utf-8" | "UTF-8" => return Charset::Utf8,
        "us-ascii" | "US-ASCII" | "iso-8859-1" | "ISO-8859-1" => return Charset::Latin1,
        _ => {}
    }
    let mut buffer = [0; MAX_LABEL];
    let name = bare(label, &mut buffer);
    let plain = name.strip_prefix('x').filter(|rest| rest.len() > 2).unwrap_or(name);
    known(name).or_else(|| known(plain)).or_else(|| numbered(plain)).unwrap_or(Charset::Unknown)
}

/// A label without quotes, comments, language, separators and what follows it, in lower case.
fn bare<'b>(label: &str, buffer: &'b mut [u8; MAX_LABEL]) -> &'b str {
    let label = label.as_bytes();
    let label = label.get(..memchr(b'(', label).unwrap_or(label.len())).unwrap_or(label);
    let label = label.trim_ascii().trim_ascii_start();
    let start = label.iter().take_while(|b| matches!(b, b'"' | b'\'' | b'=' | b':' | b' ')).count();
    let label = label.get(start..).unwrap_or_default();
    let label = if label.get(..8).is_some_and(|l| l.eq_ignore_ascii_case(b"charset=")) {
        label.get(8..).unwrap_or_default()
    } else {
        label
    };
    let mut len = 0;
    for &byte in label {
        match byte {
            b'"' | b'\'' if len == 0 => continue,
            b'*' | b';' | b',' | b'"' | b'\'' => break,
            b' ' | b'\t' | b'\r' | b'\n' | b'-' | b'_' | b'.' => continue,
            _ => {}
        }
        let Some(place) = buffer.get_mut(len) else { break };
        *place = byte.to_ascii_lowercase();
        len += 1;
    }
    let name = buffer.get(..len).unwrap_or_default();
    std::str::from_utf8(name).unwrap_or_default()
}

fn known(name: &str) -> Option<Charset> {
    Some(match name {
        "utf8" | "uft8" | "utf8mb4" | "utf8bom" | "uff8" | "ut8" | "utf" | "utf08" | "utf88" | "untf8"
        | "unicode11utf8" | "unicode20utf8" | "csutf8" | "cp65001" | "65001" | "utf8imap" | "wtf8" => {
            Charset::Utf8
        }
        "utf7" | "unicode11utf7" | "unicode20utf7" | "csutf7" | "cp65000" | "unicode11" => Charset::Utf7,
        "utf16" | "utf16le" | "utf16be" | "ucs2" | "ucs2le" | "ucs2be" | "unicode" | "csunicode"
        | "iso10646ucs2" | "csutf16" | "unicodefeff" | "unicodefffe" | "cp1200" | "cp1201" => Charset::Utf16,
        "ascii" | "usascii" | "asci" | "usasci" | "ansix341968" | "ansix341986" | "iso646us" | "646"
        | "us" | "latin" | "isolatin1" | "csisolatin1" | "csascii" | "cp367" | "ibm367" | "cp819"
        | "ibm819" | "ansi" | "winlatin1" | "western" | "westerneuropean" => Charset::Latin1,
        "iso2022jp" | "csiso2022jp" | "iso2022jpms" | "iso2022jp1" | "iso2022jp2" | "iso2022jp3"
        | "iso2022jp2004" | "cp50220" | "cp50221" | "cp50222" | "jis" | "jis7" | "jisencoding" => {
            Charset::Iso2022Jp
        }
        "iso2022kr" | "csiso2022kr" => Charset::Iso2022Kr,
        "hz" | "hzgb2312" | "hzgb" => Charset::Hz,
        "shiftjis" | "sjis" | "csshiftjis" | "mskanji" | "windows31j" | "cswindows31j" | "ms932"
        | "cp932" | "mscp932" | "windows932" | "win32j" | "shiftjis2004" | "shiftjisx0213" => {
            Charset::Table("shift_jis")
        }
        "eucjp" | "eucjpms" | "ujis" | "cp51932" | "eucjis2004" | "cseucpkdfmtjapanese" => {
            Charset::Table("euc-jp")
        }
        // All that is called GB2312 is read as its latest extension.
        "gb2312" | "gbk" | "gb18030" | "gb180302000" | "gb231280" | "csgb2312" | "csgbk" | "csgb18030"
        | "cp936" | "ms936" | "windows936" | "euccn" | "eucchina" | "chinese" | "iso2022cn" | "isoir58"
        | "gb" | "cngb" | "mscp936" | "csiso58gb231280" => Charset::Table("gb18030"),
        "big5" | "big5hkscs" | "big5hkscs2004" | "csbig5" | "cnbig5" | "xbig5" | "big5eten" | "cp950"
        | "ms950" | "windows950" | "euctw" => Charset::Table("big5"),
        "euckr" | "cseuckr" | "ksc56011987" | "ksc56011989" | "ksc56011992" | "ksc5601" | "ksx1001"
        | "isoir149" | "korean" | "uhc" | "cp949" | "ms949" | "windows949" | "csksc56011987" | "cp51949"
        | "johab" => Charset::Table("euc-kr"),
        "tis620" | "cstis620" | "iso885911" | "windows874" | "cp874" | "ms874" | "dos874" | "thai" => {
            Charset::Table("windows-874")
        }
        "koi8r" | "koi8" | "koi" | "cskoi8r" | "koi8rb" => Charset::Table("koi8-r"),
        "koi8u" | "koi8ru" | "cskoi8u" => Charset::Table("koi8-u"),
        "macintosh" | "mac" | "macroman" | "csmacintosh" | "applemacintosh" | "maccentraleurope"
        | "macce" | "macgreek" | "macturkish" | "maccroatian" | "macromania" | "macicelandic" => {
            Charset::Table("macintosh")
        }
        "maccyrillic" | "macukrainian" => Charset::Table("x-mac-cyrillic"),
        "cp866" | "ibm866" | "866" | "csibm866" => Charset::Table("ibm866"),
        // Near enough for the letters of western Europe.
        "cp850"
        | "ibm850"
        | "850"
        | "cp858"
        | "ibm858"
        | "cp437"
        | "ibm437"
        | "cp00858"
        | "cp860"
        | "cp863"
        | "cp865"
        | "cp852"
        | "ibm852"
        | "cspc850multilingual" => Charset::Table("ibm850"),
        _ => return None,
    })
}

/// The families whose members have numbers: ISO-8859 and the code pages of Windows.
fn numbered(name: &str) -> Option<Charset> {
    const WINDOWS: [&str; 9] =
        ["windows", "window", "windws", "win", "cp", "cswindows", "ms", "wincp", "ansi"];
    const ISO: [&str; 6] = ["iso8859", "iso88859", "8859", "is08859", "csiso8859", "isoiec8859"];
    let digits = |prefix: &&str| name.strip_prefix(prefix);
    if let Some(number) = WINDOWS.iter().find_map(digits).or(Some(name)).and_then(|rest| rest.get(..4)) {
        let table = match number {
            "1250" => Some("windows-1250"),
            "1251" => Some("windows-1251"),
            "1253" => Some("windows-1253"),
            "1254" => Some("windows-1254"),
            "1255" => Some("windows-1255"),
            "1256" => Some("windows-1256"),
            "1257" => Some("windows-1257"),
            "1258" => Some("windows-1258"),
            "1252" => return Some(Charset::Latin1),
            _ => None,
        };
        if table.is_some() {
            return table.map(Charset::Table);
        }
    }
    if let Some(rest) = ISO.iter().find_map(digits) {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        return iso_8859(rest.get(..end.min(2)).unwrap_or_default());
    }
    let latin = ["latin", "csisolatin", "isolatin", "l"].iter().find_map(digits)?;
    iso_8859(match latin {
        "1" => "1",
        "2" | "3" | "4" | "10" => return iso_8859(if latin == "10" { "16" } else { latin }),
        "5" => "9",
        "6" => "10",
        "7" => "13",
        "8" => "14",
        "9" | "0" => "15",
        "greek" => "7",
        "cyrillic" => "5",
        "hebrew" => "8",
        "arabic" => "6",
        _ => return None,
    })
}

fn iso_8859(part: &str) -> Option<Charset> {
    Some(Charset::Table(match part {
        // A name without a number, too.
        "1" | "" => return Some(Charset::Latin1),
        "15" => return Some(Charset::Latin9),
        "2" => "iso-8859-2",
        "3" => "iso-8859-3",
        "4" => "iso-8859-4",
        "5" => "iso-8859-5",
        "6" => "iso-8859-6",
        "7" => "iso-8859-7",
        "8" => "iso-8859-8",
        // Turkish as it is sent.
        "9" => "windows-1254",
        "10" => "iso-8859-10",
        "11" => "windows-874",
        "13" => "iso-8859-13",
        "14" => "iso-8859-14",
        "16" => "iso-8859-16",
        _ => return None,
    }))
}
