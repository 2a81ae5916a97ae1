//! The order of keys that go-yaml writes: as people sort, numbers by value.
//!
//! The comparison is not transitive for sets like `x1 x01 x1y x10`; go-yaml
//! itself then prints a random order. So the sort here must not rely on it.

use crate::emit::Dialect;
use crate::letters::{is_digit, is_letter};

/// Whether `a` comes before `b`.
pub(crate) fn is_before(a: &str, b: &str, dialect: Dialect) -> bool {
    let mut common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(common) || !b.is_char_boundary(common) {
        common -= 1;
    }
    let (Some(ac), Some(bc)) = (a[common..].chars().next(), b[common..].chars().next()) else {
        return a.len() < b.len();
    };
    let prefix = &a[..common];
    match (is_letter(ac), is_letter(bc)) {
        (true, true) => return ac < bc,
        (false, false) => {}
        // yaml.v3 has `a1b` before `a12`, go-yaml v2 after.
        (a_is_letter, b_is_letter) => {
            let in_number = dialect == Dialect::V3 && prefix.chars().next_back().is_some_and(is_digit);
            return if in_number { a_is_letter } else { b_is_letter };
        }
    }
    // A zero counts only behind another digit.
    let is_inner =
        (ac == '0' || bc == '0') && prefix.chars().rev().take_while(|&c| is_digit(c)).any(|c| c != '0');
    let (a_value, a_len) = leading_number(&a[common..], is_inner);
    let (b_value, b_len) = leading_number(&b[common..], is_inner);
    if a_value != b_value {
        return a_value < b_value;
    }
    if a_len != b_len {
        return a_len < b_len;
    }
    ac < bc
}

fn leading_number(text: &str, is_inner: bool) -> (i64, usize) {
    text.chars().take_while(|&c| is_digit(c)).fold((i64::from(is_inner), 0), |(value, len), c| {
        // Go's arithmetic wraps.
        (value.wrapping_mul(10).wrapping_add(i64::from(c as u32) - i64::from(b'0')), len + 1)
    })
}

/// Sorts by `is_before`, which need not be an order.
pub(crate) fn sort_by<T: Copy>(items: &mut Vec<T>, is_before: impl Fn(T, T) -> bool + Copy) {
    if items.len() < 2 {
        return;
    }
    let mut right = items.split_off(items.len() / 2);
    sort_by(items, is_before);
    sort_by(&mut right, is_before);
    let mut merged = Vec::with_capacity(items.len() + right.len());
    let (mut left, mut right) = (items.iter().copied().peekable(), right.into_iter().peekable());
    while let (Some(&l), Some(&r)) = (left.peek(), right.peek()) {
        if is_before(r, l) {
            merged.extend(right.next());
        } else {
            merged.extend(left.next());
        }
    }
    merged.extend(left);
    merged.extend(right);
    *items = merged;
}
