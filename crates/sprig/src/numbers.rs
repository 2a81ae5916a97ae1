//! Conversions and arithmetic.
//!
//! Arguments of any type are converted first, silently: what is no number counts
//! as zero. Integers wrap on overflow, as in Go.

use gotmpl::Type::{Any, Float64, Int, Int64, String as Text};
use gotmpl::{CallError, Exec, Function, List, Type, Value, strconv};

use crate::args::{Outcome, any, bytes, float, function, int, rest, variadic};

mod cast;
mod decimal;

pub(crate) use cast::{atoi, to_float, to_int};

use decimal::Decimal;

pub(crate) const FUNCTIONS: &[Function] = &[
    function("atoi", &[Text], Int, |_, args| Ok(Value::Int(atoi(bytes(args, 0))))),
    function("int", &[Any], Int, |_, args| Ok(Value::Int(to_int(any(args, 0))))),
    function("int64", &[Any], Int64, |_, args| Ok(Value::Int64(to_int(any(args, 0))))),
    function("float64", &[Any], Float64, |_, args| Ok(Value::Float64(to_float(any(args, 0))))),
    function("toDecimal", &[Any], Int64, |_, args| {
        let text = gotmpl::fmt::sprint(&args[..1]);
        Ok(Value::Int64(strconv::parse_int(&text, 8).unwrap_or(0)))
    }),
    function("add1", &[Any], Int64, |_, args| Ok(Value::Int64(to_int(any(args, 0)).wrapping_add(1)))),
    variadic("add", (&[], Any), Int64, |_, args| {
        Ok(Value::Int64(args.iter().map(to_int).fold(0, i64::wrapping_add)))
    }),
    function("sub", &[Any, Any], Int64, |_, args| {
        Ok(Value::Int64(to_int(any(args, 0)).wrapping_sub(to_int(any(args, 1)))))
    }),
    function("div", &[Any, Any], Int64, |_, args| divide(args, i64::wrapping_div)),
    function("mod", &[Any, Any], Int64, |_, args| divide(args, i64::wrapping_rem)),
    variadic("mul", (&[Any], Any), Int64, |_, args| Ok(Value::Int64(fold(args, i64::wrapping_mul)))),
    variadic("max", (&[Any], Any), Int64, |_, args| Ok(Value::Int64(fold(args, i64::max)))),
    variadic("biggest", (&[Any], Any), Int64, |_, args| Ok(Value::Int64(fold(args, i64::max)))),
    variadic("min", (&[Any], Any), Int64, |_, args| Ok(Value::Int64(fold(args, i64::min)))),
    variadic("maxf", (&[Any], Any), Float64, |_, args| Ok(Value::Float64(fold_floats(args, larger)))),
    variadic("minf", (&[Any], Any), Float64, |_, args| Ok(Value::Float64(fold_floats(args, smaller)))),
    function("add1f", &[Any], Float64, |_, args| {
        decimal(&Value::Float64(to_float(any(args, 0))), &[Value::Int(1)], |a, b| Ok(a.add(b)))
    }),
    variadic("addf", (&[], Any), Float64, |_, args| decimal(&Value::Float64(0.0), args, |a, b| Ok(a.add(b)))),
    variadic("subf", (&[Any], Any), Float64, |_, args| {
        decimal(any(args, 0), rest(args, 1), |a, b| Ok(a.sub(b)))
    }),
    variadic("mulf", (&[Any], Any), Float64, |_, args| {
        decimal(any(args, 0), rest(args, 1), |a, b| Ok(a.mul(b)))
    }),
    variadic("divf", (&[Any], Any), Float64, |_, args| decimal(any(args, 0), rest(args, 1), Decimal::div)),
    function("floor", &[Any], Float64, |_, args| Ok(Value::Float64(to_float(any(args, 0)).floor()))),
    function("ceil", &[Any], Float64, |_, args| Ok(Value::Float64(to_float(any(args, 0)).ceil()))),
    variadic("round", (&[Any, Int], Float64), Float64, |_, args| {
        let limit = if args.len() > 2 { float(args, 2) } else { 0.5 };
        Ok(Value::Float64(round(to_float(any(args, 0)), int(args, 1), limit)))
    }),
    function("until", &[Int], Type::INTS, |exec, args| {
        let count = int(args, 0);
        until_step(exec, (0, count), if count < 0 { -1 } else { 1 })
    }),
    function("untilStep", &[Int, Int, Int], Type::INTS, |exec, args| {
        until_step(exec, (int(args, 0), int(args, 1)), int(args, 2))
    }),
    variadic("seq", (&[], Int), Text, sequence),
];

fn divide(args: &[Value], with: fn(i64, i64) -> i64) -> Outcome {
    match to_int(any(args, 1)) {
        0 => Err(CallError::new("runtime error: integer divide by zero")),
        divisor => Ok(Value::Int64(with(to_int(any(args, 0)), divisor))),
    }
}

fn fold(args: &[Value], with: fn(i64, i64) -> i64) -> i64 {
    rest(args, 1).iter().map(to_int).fold(to_int(any(args, 0)), with)
}

fn fold_floats(args: &[Value], with: fn(f64, f64) -> f64) -> f64 {
    rest(args, 1).iter().map(to_float).fold(to_float(any(args, 0)), with)
}

/// Returns what `math.Max` does: infinity wins over NaN, NaN over numbers.
fn larger(a: f64, b: f64) -> f64 {
    match (a, b) {
        _ if a == f64::INFINITY || b == f64::INFINITY => f64::INFINITY,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        _ if a == 0.0 && b == 0.0 => {
            if a.is_sign_negative() {
                b
            } else {
                a
            }
        }
        _ => a.max(b),
    }
}

/// Returns what `math.Min` does: minus infinity wins over NaN, NaN over numbers.
fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

/// Applies an exact decimal operation from left to right and returns the nearest float.
fn decimal(
    first: &Value,
    others: &[Value],
    with: fn(&Decimal, &Decimal) -> Result<Decimal, CallError>,
) -> Outcome {
    let mut total = Decimal::from_float(to_float(first))?;
    for other in others {
        total = with(&total, &Decimal::from_float(to_float(other))?)?;
    }
    Ok(Value::Float64(total.to_float()))
}

/// Rounds to decimal places as Sprig does: by the fraction of the shifted number,
/// so that negative numbers, whose fraction is negative, always go down.
fn round(number: f64, places: i64, limit: f64) -> f64 {
    let power = cast::power_of_ten(places);
    let digits = power * number;
    let fraction = if digits.is_infinite() { f64::NAN } else { digits.fract() };
    let rounded = if fraction >= limit { digits.ceil() } else { digits.floor() };
    rounded / power
}

fn until_step(exec: &mut Exec<'_>, range: (i64, i64), step: i64) -> Outcome {
    let numbers = stepped(exec, range, step)?;
    Ok(Value::List(List::new(Type::INTS, numbers.into_iter().map(Value::Int).collect())))
}

fn stepped(exec: &mut Exec<'_>, (start, stop): (i64, i64), step: i64) -> Result<Vec<i64>, CallError> {
    let towards = if stop < start { step < 0 } else { step > 0 };
    if !towards {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(stop).div_ceil(step.unsigned_abs());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    exec.reserve(count.saturating_mul(size_of::<Value>()))?;
    Ok(std::iter::successors(Some(start), |at| at.checked_add(step)).take(count).collect())
}

/// Returns a sequence as text, as the `seq` command prints it but with blanks.
fn sequence(exec: &mut Exec<'_>, args: &[Value]) -> Outcome {
    let (start, step, end) = match args.len() {
        1 => (1, None, int(args, 0)),
        2 => (int(args, 0), None, int(args, 1)),
        3 => (int(args, 0), Some(int(args, 1)), int(args, 2)),
        _ => return Ok(Value::str("")),
    };
    let direction = if end < start { -1 } else { 1 };
    if direction < 0 && step.is_some_and(|step| step > 0) {
        return Ok(Value::str(""));
    }
    let numbers = stepped(exec, (start, end.wrapping_add(direction)), step.unwrap_or(direction))?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(Value::str(texts.join(" ")))
}
