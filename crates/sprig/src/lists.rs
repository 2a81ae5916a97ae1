//! Functions on lists.
//!
//! They take any Go slice, and most return a new `[]interface {}`; only
//! `sortAlpha` changes a `[]string` in place.

use gotmpl::Type::{Any, Bool, Int};
use gotmpl::{CallError, Exec, Function, List, Type, Value};

use crate::args::{NIL_POINTER, Outcome, any, deep, function, int, list, nil_list, rest, variadic};
use crate::defaults::is_empty;
use crate::numbers::to_int;
use crate::text::{self, strval};

const LIST: Type = Type::LIST;
/// What a list takes in memory, about.
const PER_CHUNK: usize = 128;
const LISTS: Type = Type::Slice(&Type::LIST);

pub(crate) const FUNCTIONS: &[Function] = &[
    variadic("list", (&[], Any), LIST, |_, args| Ok(list(args.to_vec()))),
    variadic("tuple", (&[], Any), LIST, |_, args| Ok(list(args.to_vec()))),
    function("append", &[Any, Any], LIST, |_, args| push(args)),
    function("push", &[Any, Any], LIST, |_, args| push(args)),
    function("mustAppend", &[Any, Any], LIST, |_, args| push(args)),
    function("mustPush", &[Any, Any], LIST, |_, args| push(args)),
    function("prepend", &[Any, Any], LIST, |_, args| prepend(args)),
    function("mustPrepend", &[Any, Any], LIST, |_, args| prepend(args)),
    function("first", &[Any], Any, |_, args| first(any(args, 0))),
    function("mustFirst", &[Any], Any, |_, args| first(any(args, 0))),
    function("last", &[Any], Any, |_, args| last(any(args, 0))),
    function("mustLast", &[Any], Any, |_, args| last(any(args, 0))),
    function("rest", &[Any], LIST, |_, args| tail(any(args, 0))),
    function("mustRest", &[Any], LIST, |_, args| tail(any(args, 0))),
    function("initial", &[Any], LIST, |_, args| initial(any(args, 0))),
    function("mustInitial", &[Any], LIST, |_, args| initial(any(args, 0))),
    function("reverse", &[Any], LIST, |_, args| reverse(any(args, 0))),
    function("mustReverse", &[Any], LIST, |_, args| reverse(any(args, 0))),
    function("compact", &[Any], LIST, |_, args| compact(any(args, 0))),
    function("mustCompact", &[Any], LIST, |_, args| compact(any(args, 0))),
    deep(function("uniq", &[Any], LIST, |exec, args| unique(exec, any(args, 0)))),
    deep(function("mustUniq", &[Any], LIST, |exec, args| unique(exec, any(args, 0)))),
    deep(variadic("without", (&[Any], Any), LIST, |exec, args| without(exec, any(args, 0), rest(args, 1)))),
    deep(variadic("mustWithout", (&[Any], Any), LIST, |exec, args| {
        without(exec, any(args, 0), rest(args, 1))
    })),
    deep(function("has", &[Any, Any], Bool, |_, args| has(any(args, 0), any(args, 1)))),
    deep(function("mustHas", &[Any, Any], Bool, |_, args| has(any(args, 0), any(args, 1)))),
    variadic("slice", (&[Any], Any), Any, |_, args| slice(any(args, 0), rest(args, 1))),
    variadic("mustSlice", (&[Any], Any), Any, |_, args| slice(any(args, 0), rest(args, 1))),
    variadic("concat", (&[], Any), Any, concat),
    function("chunk", &[Int, Any], LISTS, |exec, args| chunk(exec, int(args, 0), any(args, 1))),
    function("mustChunk", &[Int, Any], LISTS, |exec, args| chunk(exec, int(args, 0), any(args, 1))),
    deep(function("sortAlpha", &[Any], Type::STRINGS, |_, args| Ok(sort_alpha(any(args, 0))))),
];

/// Returns the slice, or the error `{doing} {kind}`; nil is a nil pointer in Go.
fn slice_of(value: &Value, doing: &str) -> Result<List, CallError> {
    match (value, value.as_list()) {
        (_, Some(list)) => Ok(list),
        (Value::Nil, None) => Err(CallError::new(NIL_POINTER)),
        (other, None) => Err(CallError::new(format!("{doing} {}", other.kind().name()))),
    }
}

fn push(args: &[Value]) -> Outcome {
    let source = slice_of(any(args, 0), "Cannot push on type")?;
    let mut items = Vec::with_capacity(source.len() + 1);
    items.extend_from_slice(&source.items());
    items.push(any(args, 1).clone());
    Ok(list(items))
}

fn prepend(args: &[Value]) -> Outcome {
    let source = slice_of(any(args, 0), "Cannot prepend on type")?;
    let mut items = Vec::with_capacity(source.len() + 1);
    items.push(any(args, 1).clone());
    items.extend_from_slice(&source.items());
    Ok(list(items))
}

fn first(value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot find first on type")?;
    let first = source.items().first().cloned();
    Ok(first.unwrap_or(Value::Nil))
}

fn last(value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot find last on type")?;
    let last = source.items().last().cloned();
    Ok(last.unwrap_or(Value::Nil))
}

fn tail(value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot find rest on type")?;
    let items = source.items();
    Ok(items.split_first().map_or_else(nil_list, |(_, tail)| list(tail.to_vec())))
}

fn initial(value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot find initial on type")?;
    let items = source.items();
    Ok(items.split_last().map_or_else(nil_list, |(_, head)| list(head.to_vec())))
}

fn reverse(value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot find reverse on type")?;
    Ok(list(source.items().iter().rev().cloned().collect()))
}

fn compact(value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot compact on type")?;
    Ok(list(source.items().iter().filter(|item| !is_empty(item)).cloned().collect()))
}

fn unique(exec: &mut Exec<'_>, value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot find uniq on type")?;
    let mut kept: Vec<Value> = Vec::new();
    for item in source.items().iter() {
        compared(exec, std::slice::from_ref(item), kept.len())?;
        if !kept.iter().any(|other| other.deep_equal(item)) {
            kept.push(item.clone());
        }
    }
    Ok(list(kept))
}

/// Charges for comparing each item with so many others, which is far less work than
/// copying or writing it.
fn compared(exec: &mut Exec<'_>, items: &[Value], times: usize) -> Result<(), CallError> {
    let once = exec.look_into(items)?;
    exec.work(once.saturating_mul(times as u64) / 8)
}

fn without(exec: &mut Exec<'_>, value: &Value, dropped: &[Value]) -> Outcome {
    let source = slice_of(value, "Cannot find without on type")?;
    let items = source.items();
    compared(exec, &items, dropped.len())?;
    let kept = items.iter().filter(|item| !dropped.iter().any(|other| other.deep_equal(item)));
    Ok(list(kept.cloned().collect()))
}

fn has(needle: &Value, haystack: &Value) -> Outcome {
    if matches!(haystack, Value::Nil) {
        return Ok(Value::Bool(false));
    }
    let source = slice_of(haystack, "Cannot find has on type")?;
    let found = source.items().iter().any(|item| item.deep_equal(needle));
    Ok(Value::Bool(found))
}

fn slice(value: &Value, bounds: &[Value]) -> Outcome {
    let source = slice_of(value, "list should be type of slice or array but")?;
    let items = source.items();
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = bounds.first().map_or(0, to_int);
    let end = bounds.get(1).map(to_int);
    let range =
        usize::try_from(start).ok().zip(end.map_or(Some(items.len()), |end| usize::try_from(end).ok()));
    match range.and_then(|(start, end)| items.get(start..end)) {
        Some(part) => Ok(Value::List(List::new(source.go_type(), part.to_vec()))),
        None => Err(CallError::new("reflect.Value.Slice: slice index out of bounds")),
    }
}

fn concat(exec: &mut Exec<'_>, lists: &[Value]) -> Outcome {
    let mut items = Vec::new();
    for value in lists {
        let source = match (value, value.as_list()) {
            (_, Some(source)) => source,
            (Value::Nil, None) => return Err(CallError::new(NIL_POINTER)),
            (other, None) => {
                return Err(CallError::new(format!("Cannot concat type {} as list", other.kind().name())));
            }
        };
        exec.reserve((items.len() + source.len()) * size_of::<Value>())?;
        items.extend_from_slice(&source.items());
    }
    Ok(if items.is_empty() { nil_list() } else { list(items) })
}

/// Cuts a list into lists of one size. Sizes that are not positive make Go allocate
/// a negative length, unless there is nothing to allocate.
fn chunk(exec: &mut Exec<'_>, size: i64, value: &Value) -> Outcome {
    let source = slice_of(value, "Cannot chunk type")?;
    let items = source.items();
    let count = usize::try_from(size).map_or(0, |size| items.len() / size.max(1));
    exec.reserve(count.saturating_mul(PER_CHUNK))?;
    let chunks = match usize::try_from(size) {
        Ok(size) if size > 0 => items.chunks(size).map(|chunk| list(chunk.to_vec())).collect(),
        // By Go's formula there are (len - 1) / size + 1 chunks, rounded down.
        Err(_) if items.len() == 1 && size < -1 => vec![list(items.to_vec())],
        Err(_) if items.len() > 1 && size.unsigned_abs() >= items.len() as u64 - 1 => Vec::new(),
        _ => return Err(CallError::new("runtime error: makeslice: len out of range")),
    };
    Ok(Value::List(List::new(LISTS, chunks)))
}

/// Sorts a list as text; a `[]string` in place.
fn sort_alpha(value: &Value) -> Value {
    if value.as_list().is_none() {
        return Value::strings([strval(value)]);
    }
    let sorted = text::strings(value);
    sorted.items_mut().sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Value::List(sorted)
}
