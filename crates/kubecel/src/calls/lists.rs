//! Lists, and lists as sets.

use std::cmp::Ordering;

use super::{Called, done, numbers, wrong};
use crate::eval::{Ran, Run, RunError};
use crate::value::Value;

pub(super) fn call(run: &Run<'_>, name: &str, args: &[Value]) -> Called {
    match args {
        [Value::Map(map)] if name == "size" => done(count(map.len())),
        [Value::List(one), Value::List(other)] if name.starts_with("sets.") => set(run, name, one, other),
        [Value::List(list), rest @ ..] => {
            run.pay(list.len())?;
            on_list(run, name, list, rest)
        }
        [Value::Int(most)] if name == "lists.range" => {
            let length = usize::try_from(*most).unwrap_or(0);
            run.pay(length)?;
            done(Value::list((0..*most).map(Value::Int).collect()))
        }
        _ => Ok(None),
    }
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn on_list(run: &Run<'_>, name: &str, list: &[Value], args: &[Value]) -> Called {
    let value = match (name, args) {
        ("size", []) => count(list.len()),
        ("isSorted", []) => {
            let mut is_sorted = true;
            for pair in list.windows(2) {
                is_sorted &= order(&pair[0], &pair[1])? != Ordering::Greater;
            }
            Value::Bool(is_sorted)
        }
        ("sum", []) => sum(run, list)?,
        ("min", []) => extreme(list, Ordering::Less)?,
        ("max", []) => extreme(list, Ordering::Greater)?,
        ("indexOf" | "lastIndexOf", [wanted]) => {
            let mut places = Vec::new();
            for (at, item) in (0..).zip(list) {
                if run.equal(item, wanted)? {
                    places.push(at);
                }
            }
            let place = if name == "indexOf" { places.first() } else { places.last() };
            Value::Int(place.copied().unwrap_or(-1))
        }
        ("slice", [Value::Int(from), Value::Int(to)]) => {
            let range = usize::try_from(*from).ok().zip(usize::try_from(*to).ok());
            let part = range.and_then(|(from, to)| list.get(from..to));
            Value::list(
                part.ok_or_else(|| wrong(format!("{from} to {to} is not a part of the list")))?.to_vec(),
            )
        }
        ("flatten", []) => flatten(run, list, 1)?,
        ("flatten", [Value::Int(depth)]) => flatten(run, list, *depth)?,
        ("sort", []) => sorted(list.iter().map(|item| (item.clone(), item.clone())).collect())?,
        ("distinct", []) => distinct(run, list)?,
        ("reverse", []) => Value::list(list.iter().rev().cloned().collect()),
        ("first", []) => list.first().map_or(Value::Optional(None), |value| Value::some(value.clone())),
        ("last", []) => list.last().map_or(Value::Optional(None), |value| Value::some(value.clone())),
        ("unwrapOpt" | "optional.unwrap", []) => {
            let values = list.iter().filter_map(|item| match item {
                Value::Optional(inner) => inner.as_ref().map(|value| (**value).clone()),
                other => Some(other.clone()),
            });
            Value::list(values.collect())
        }
        _ => return Ok(None),
    };
    done(value)
}

fn order(one: &Value, other: &Value) -> Result<Ordering, RunError> {
    let wrong = || wrong(format!("{} and {} have no order", one.type_name(), other.type_name()));
    one.order(other).ok_or_else(wrong)
}

fn sum(run: &Run<'_>, list: &[Value]) -> Ran {
    let Some((first, rest)) = list.split_first() else { return Ok(Value::Int(0)) };
    rest.iter().try_fold(first.clone(), |sum, item| {
        let next = numbers::arithmetic(run, "_+_", &[sum, item.clone()])?;
        next.ok_or_else(|| wrong("sum() takes numbers and durations"))
    })
}

fn extreme(list: &[Value], wanted: Ordering) -> Ran {
    let (first, rest) = list.split_first().ok_or_else(|| wrong("the list is empty"))?;
    let mut best = first;
    for item in rest {
        if order(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

fn flatten(run: &Run<'_>, list: &[Value], depth: i64) -> Ran {
    if depth < 0 {
        return Err(wrong("a depth is not negative"));
    }
    let mut flat = Vec::new();
    flatten_into(run, list, depth, &mut flat)?;
    Ok(Value::list(flat))
}

fn flatten_into(run: &Run<'_>, list: &[Value], depth: i64, flat: &mut Vec<Value>) -> Result<(), RunError> {
    for item in list {
        run.pay(1)?;
        match item {
            Value::List(inner) if depth > 0 => flatten_into(run, inner, depth - 1, flat)?,
            other => flat.push(other.clone()),
        }
    }
    Ok(())
}

fn distinct(run: &Run<'_>, list: &[Value]) -> Ran {
    let mut known: Vec<Value> = Vec::new();
    for item in list {
        if !contains(run, &known, item)? {
            known.push(item.clone());
        }
    }
    Ok(Value::list(known))
}

fn contains(run: &Run<'_>, list: &[Value], wanted: &Value) -> Result<bool, RunError> {
    for item in list {
        if run.equal(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sorts items by their keys.
pub(crate) fn sorted(mut keyed: Vec<(Value, Value)>) -> Ran {
    for pair in keyed.windows(2) {
        order(&pair[0].0, &pair[1].0)?;
    }
    keyed.sort_by(|one, other| one.0.order(&other.0).unwrap_or(Ordering::Equal));
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn set(run: &Run<'_>, name: &str, one: &[Value], other: &[Value]) -> Called {
    let mut missing = 0;
    for item in other {
        missing += usize::from(!contains(run, one, item)?);
    }
    let is_true = match name {
        "sets.contains" => missing == 0,
        "sets.intersects" => missing < other.len(),
        "sets.equivalent" => {
            let mut is_same = missing == 0;
            for item in one {
                is_same = is_same && contains(run, other, item)?;
            }
            is_same
        }
        _ => return Ok(None),
    };
    done(Value::Bool(is_true))
}
