//! The compression of RTF in Outlook's properties ([MS-OXRTFCP]): runs of a dictionary of 4 KiB that goes round.

/// What the dictionary begins with (section 2.1.2.1).
const BEGINNING: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const DICTIONARY: usize = 4096;
/// Compressed, and not (section 2.1.3.1.1).
const COMPRESSED: &[u8] = b"LZFu";
const STORED: &[u8] = b"MELA";
/// Sizes, kind and checksum.
const HEADER: usize = 16;

/// The document in a compressed property, at most `max` bytes of it; `None` when it is no such property. Checksums are
/// not looked at: a document with a hole still has words.
pub(in crate::mail) fn decompress(bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    let (header, content) = bytes.split_at_checked(HEADER)?;
    let raw = u32::from_le_bytes(header.get(4..8)?.try_into().ok()?);
    let max = usize::try_from(raw).unwrap_or(max).min(max);
    match header.get(8..12)? {
        kind if kind == COMPRESSED => Some(inflated(content, max)),
        kind if kind == STORED => Some(content.get(..max).unwrap_or(content).to_vec()),
        _ => None,
    }
}

fn inflated(content: &[u8], max: usize) -> Vec<u8> {
    let mut window = Window::new();
    // Seventeen bytes come of two at the most.
    let mut out = Vec::with_capacity(max.min(content.len().saturating_mul(9)));
    let mut rest = content;
    while let [control, after @ ..] = rest {
        rest = after;
        for bit in 0..8 {
            if out.len() >= max {
                return out;
            }
            if control >> bit & 1 == 0 {
                let [literal, after @ ..] = rest else { return out };
                window.put(*literal, &mut out);
                rest = after;
                continue;
            }
            let [high, low, after @ ..] = rest else { return out };
            rest = after;
            let from = usize::from(*high) << 4 | usize::from(*low >> 4);
            if from == window.at {
                return out;
            }
            for step in 0..usize::from(*low & 0x0f) + 2 {
                let byte = window.get(from + step);
                window.put(byte, &mut out);
            }
        }
    }
    out
}

struct Window {
    bytes: [u8; DICTIONARY],
    at: usize,
}

impl Window {
    fn new() -> Self {
        let mut bytes = [0; DICTIONARY];
        for (place, byte) in bytes.iter_mut().zip(BEGINNING) {
            *place = *byte;
        }
        Window { bytes, at: BEGINNING.len() }
    }

    fn get(&self, at: usize) -> u8 {
        self.bytes.get(at % DICTIONARY).copied().unwrap_or_default()
    }

    fn put(&mut self, byte: u8, out: &mut Vec<u8>) {
        if let Some(place) = self.bytes.get_mut(self.at) {
            *place = byte;
        }
        self.at = (self.at + 1) % DICTIONARY;
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(kind: &[u8], raw: u32, content: &[u8]) -> Vec<u8> {
        [&0_u32.to_le_bytes()[..], &raw.to_le_bytes(), kind, &[0; 4], content].concat()
    }

    #[test]
    fn runs_of_the_dictionary_are_written_out() {
        assert_eq!(BEGINNING.len(), 207, "as long as the specification says");
        // `{\rtf1\ansi` of the beginning, `x`, a run that reads what it writes, the end.
        let run = |from: usize, len: usize| u16::try_from(from << 4 | (len - 2)).unwrap().to_be_bytes();
        let content = [&[0b1101][..], &run(0, 11), b"x", &run(207 + 11, 6), &run(207 + 18, 2)].concat();
        let property_of = property(COMPRESSED, 100, &content);
        assert_eq!(decompress(&property_of, 1 << 20).as_deref(), Some(&b"{\\rtf1\\ansixxxxxxx"[..]));
        assert_eq!(decompress(&property_of, 4).map(|out| out.len() < 4 + 17), Some(true));
        assert_eq!(decompress(&property(STORED, 5, b"{\\rtf1"), 9).as_deref(), Some(&b"{\\rtf"[..]));
        assert_eq!(decompress(&property(b"NONE", 5, b"x"), 9), None);
        assert_eq!(decompress(b"short", 9), None);
        for end in 0..property_of.len() {
            decompress(property_of.get(..end).unwrap(), 1 << 20);
        }
    }
}
