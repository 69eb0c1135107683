//! The list of properties that an attribute of an envelope may hold ([MS-OXTNEF] section 2.1.3.4).

/// Properties looked at in one list.
const MAX_PROPERTIES: u32 = 5_000;
/// Values looked at of one property.
const MAX_VALUES: u32 = 1_000;

/// Several values, all of the type in the other bits.
const MANY: u16 = 0x1000;
/// From here on a property has a name of its own.
const FIRST_NAMED: u16 = 0x8000;

/// The first value of a property, as far as it can hold words or say how to read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u32),
    /// In the code page of the envelope.
    Narrow(&'a [u8]),
    /// In UTF-16.
    Wide(&'a [u8]),
    Bytes(&'a [u8]),
    /// Of no use here.
    Other,
}

/// Goes through a list as far as it is sound.
pub(super) struct Properties<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Properties<'a> {
    pub(super) fn of(data: &'a [u8]) -> Self {
        let mut rest = data;
        let left = long(&mut rest).unwrap_or_default().min(MAX_PROPERTIES);
        Properties { rest, left }
    }

    /// The id of the next property and its first value.
    fn read(&mut self) -> Option<(u16, Value<'a>)> {
        let rest = &mut self.rest;
        let kind = short(rest)?;
        let id = short(rest)?;
        if id >= FIRST_NAMED {
            skip_name(rest)?;
        }
        let plain = kind & !MANY;
        let is_list = kind & MANY != 0 || matches!(plain, 0x0d | 0x1e | 0x1f | 0x102);
        let values = if is_list { long(rest)? } else { 1 };
        if values > MAX_VALUES {
            return None;
        }
        let mut first = Value::Other;
        for at in 0..values {
            let value = value(rest, plain)?;
            if at == 0 {
                first = value;
            }
        }
        Some((id, first))
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = (u16, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.read()
    }
}

/// One value; each is filled up to four bytes.
fn value<'a>(rest: &mut &'a [u8], kind: u16) -> Option<Value<'a>> {
    let fixed = match kind {
        0x02 | 0x03 | 0x04 | 0x0a | 0x0b => 4,
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => 8,
        0x48 => 16,
        0x0d | 0x1e | 0x1f | 0x102 => {
            let bytes = sized(rest)?;
            return Some(match kind {
                0x1e => Value::Narrow(bytes),
                0x1f => Value::Wide(bytes),
                _ => Value::Bytes(bytes),
            });
        }
        // Where an unknown type ends nobody can tell.
        _ => return None,
    };
    let bytes = take(rest, fixed)?;
    let number = bytes.first_chunk().filter(|_| kind == 0x03);
    Some(number.map_or(Value::Other, |number| Value::Number(u32::from_le_bytes(*number))))
}

/// A name is a number or a text, behind the set that it belongs to.
fn skip_name(rest: &mut &[u8]) -> Option<()> {
    take(rest, 16)?;
    match long(rest)? {
        0 => long(rest).map(|_| ()),
        _ => sized(rest).map(|_| ()),
    }
}

/// Bytes behind their length, filled up to four.
fn sized<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(long(rest)?).ok()?;
    let bytes = take(rest, len)?;
    let filling = len.wrapping_neg() & 3;
    *rest = rest.get(filling..).unwrap_or_default();
    Some(bytes)
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (bytes, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(bytes)
}

fn short(rest: &mut &[u8]) -> Option<u16> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u16::from_le_bytes(*bytes))
}

fn long(rest: &mut &[u8]) -> Option<u32> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_le_bytes(*bytes))
}
