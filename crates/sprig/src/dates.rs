//! Functions on moments and durations. A moment is a [`Time`]; what is none
//! counts as now, as in Sprig.

use gotmpl::Type::{Any, String as Text};
use gotmpl::{CallError, Exec, Function, Value};

use crate::args::{Outcome, any, bytes, function, string};
use crate::env::{Env, env};
use crate::time::{self, Duration, TIME, Time, Zone};

pub(crate) const FUNCTIONS: &[Function] = &[
    function("now", &[], TIME, |exec, _| Ok(Time::now(env(exec)?, exec, "now").into_value())),
    function("date", &[Text, Any], Text, |exec, args| in_zone(exec, "date", &args[..2], b"Local")),
    function("dateInZone", &[Text, Any, Text], Text, |exec, args| {
        in_zone(exec, "dateInZone", &args[..2], bytes(args, 2))
    }),
    function("date_in_zone", &[Text, Any, Text], Text, |exec, args| {
        in_zone(exec, "date_in_zone", &args[..2], bytes(args, 2))
    }),
    function("htmlDate", &[Any], Text, |exec, args| {
        in_zone(exec, "htmlDate", &[Value::str("2006-01-02"), any(args, 0).clone()], b"Local")
    }),
    function("htmlDateInZone", &[Any, Text], Text, |exec, args| {
        in_zone(exec, "htmlDateInZone", &[Value::str("2006-01-02"), any(args, 0).clone()], bytes(args, 1))
    }),
    function("dateModify", &[Text, TIME], TIME, |_, args| {
        Ok(modify(args).unwrap_or_else(|_| any(args, 1).clone()))
    }),
    function("date_modify", &[Text, TIME], TIME, |_, args| {
        Ok(modify(args).unwrap_or_else(|_| any(args, 1).clone()))
    }),
    function("mustDateModify", &[Text, TIME], TIME, |_, args| modify(args)),
    function("must_date_modify", &[Text, TIME], TIME, |_, args| modify(args)),
    function("ago", &[Any], Text, |exec, args| ago(exec, any(args, 0))),
    function("duration", &[Any], Text, |_, args| Ok(duration(any(args, 0)))),
    function("durationRound", &[Any], Text, |exec, args| duration_round(exec, any(args, 0))),
    function("toDate", &[Text, Text], TIME, |exec, args| {
        let zero = Time::ZERO.knowing(&Zone::local(env(exec)?));
        Ok(parse(exec, args)?.unwrap_or(zero).into_value())
    }),
    function("mustToDate", &[Text, Text], TIME, |exec, args| Ok(parse(exec, args)??.into_value())),
    function("unixEpoch", &[TIME], Text, |_, args| {
        Ok(Value::str(any(args, 0).as_object::<Time>().map_or(0, Time::unix).to_string()))
    }),
];

/// Returns the moment that a value stands for: a time, seconds since 1970, or now.
fn moment(env: &Env, exec: &Exec<'_>, function: &'static str, value: &Value) -> Time {
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => Time::at(*seconds, 0, Zone::local(env)),
        other => other.as_object::<Time>().cloned().unwrap_or_else(|| Time::now(env, exec, function)),
    }
}

fn in_zone(exec: &Exec<'_>, function: &'static str, args: &[Value], zone: &[u8]) -> Outcome {
    let env = env(exec)?;
    let zone = Zone::load(env, zone).unwrap_or(Zone::Utc);
    let moment = moment(env, exec, function, any(args, 1)).in_zone(zone);
    Ok(Value::str(moment.format(bytes(args, 0))))
}

fn modify(args: &[Value]) -> Outcome {
    let duration = Duration::parse(bytes(args, 0)).map_err(CallError::new)?;
    let time = any(args, 1).as_object::<Time>().cloned().unwrap_or(Time::ZERO);
    Ok(time.add(duration).into_value())
}

fn ago(exec: &Exec<'_>, value: &Value) -> Outcome {
    let env = env(exec)?;
    let since = Time::now(env, exec, "ago").since(&moment(env, exec, "ago", value));
    Ok(Value::str(since.round(Duration::SECOND).to_string()))
}

/// Prints seconds as a duration. An `int` is none of the types that Sprig takes.
fn duration(value: &Value) -> Value {
    let seconds = match value {
        Value::Int64(seconds) => *seconds,
        Value::Str(text) => time::parse_integer(text.as_bytes()),
        _ => 0,
    };
    Value::str(Duration(seconds.wrapping_mul(Duration::SECOND.0)).to_string())
}

/// Prints a duration in its largest unit alone. One of exactly a unit is printed
/// in the next smaller one, as Sprig compares with `>`.
fn duration_round(exec: &Exec<'_>, value: &Value) -> Outcome {
    let duration = match value {
        Value::Str(text) => Duration::parse(text.as_bytes()).unwrap_or(Duration(0)),
        Value::Int64(nanos) => Duration(*nanos),
        other => match other.as_object::<Time>() {
            Some(time) => Time::now(env(exec)?, exec, "durationRound").since(time),
            None => Duration(0),
        },
    };
    const HOUR: u64 = 3_600_000_000_000;
    const UNITS: [(u64, &str); 6] = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (HOUR / 60, "m"),
        (HOUR / 3600, "s"),
    ];
    let nanos = duration.0.unsigned_abs();
    let unit = UNITS.iter().find(|(size, _)| nanos > *size);
    Ok(Value::str(unit.map_or_else(|| "0s".to_owned(), |(size, name)| format!("{}{name}", nanos / size))))
}

/// Parses a date; the outer error is that there is no environment.
fn parse(exec: &Exec<'_>, args: &[Value]) -> Result<Result<Time, String>, CallError> {
    let local = Zone::local(env(exec)?);
    Ok(time::parse(&string(args, 0).to_text(), &string(args, 1).to_text(), &local))
}
