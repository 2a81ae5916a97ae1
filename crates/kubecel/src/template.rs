//! What `format` may be given, where text and arguments are written out: as many
//! arguments as clauses, and each of a type that its clause takes (cel-go v0.26, the
//! strings library in version 2).

use crate::ast::{Item, Kind, Node};
use crate::check::Types;
use crate::types::Type;

/// Returns what is wrong with the arguments of a text with clauses such as `%s` and `%.2f`.
pub(crate) fn complaint(text: &str, args: &[Item], types: &Types) -> Option<String> {
    let (mut rest, mut count) = (text, 0);
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            rest = after;
            continue;
        }
        let digits = rest.strip_prefix('.').unwrap_or(rest);
        let precise = rest.strip_prefix('.').map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        let clause = digits[precise.unwrap_or(0)..].chars().next();
        let (Some(clause), false) = (clause, precise == Some(0)) else {
            return Some("a `%` of the format has no clause behind it".to_owned());
        };
        rest = &digits[precise.unwrap_or(0) + clause.len_utf8()..];
        let Some(arg) = args.get(count) else {
            return Some(format!("the format has more clauses than its {} arguments", args.len()));
        };
        count += 1;
        if !"sdfebxXo".contains(clause) {
            return Some(format!("there is no clause %{clause}"));
        }
        if let Some(kind) = misfit(clause, &arg.value, types) {
            return Some(format!("%{clause} takes no {kind}"));
        }
    }
    (args.len() > count).then(|| format!("the format has {count} clauses for {} arguments", args.len()))
}

/// Returns the type of an argument, or of a part of it, that a clause does not take.
fn misfit(clause: char, arg: &Node, types: &Types) -> Option<Type> {
    let kind = types.get(&std::ptr::from_ref(arg)).cloned().unwrap_or(Type::Dyn);
    let takes = match (&kind, clause) {
        (Type::Dyn, _) => true,
        (_, 's') => !matches!(kind, Type::Object(_) | Type::Optional(_) | Type::Opaque(_)),
        (_, 'd' | 'o') => matches!(kind, Type::Int | Type::Uint),
        (_, 'f' | 'e') => matches!(kind, Type::Double | Type::String),
        (_, 'b') => matches!(kind, Type::Int | Type::Uint | Type::Bool),
        _ => matches!(kind, Type::Int | Type::Uint | Type::String | Type::Bytes),
    };
    if !takes {
        return Some(kind);
    }
    match &arg.kind {
        Kind::List(items) if clause == 's' => {
            items.iter().find_map(|item| misfit(clause, &item.value, types))
        }
        Kind::Map(entries) if clause == 's' => {
            let parts = entries.iter().flat_map(|entry| [&entry.key, &entry.value]);
            parts.into_iter().find_map(|part| misfit(clause, part, types))
        }
        _ => None,
    }
}
