//! Versions as templates see them: `*semver.Version`, and the plain struct that
//! `IncMinor` and its like return.

use std::any::Any;
use std::rc::Rc;

use gotmpl::{CallError, Kind, Object, Type, Value};

use super::{Version, check_prerelease, fail, take_identifiers};
use crate::args::{Outcome, string};

/// `*semver.Version`
pub(super) const POINTER: Type = Type::Opaque("*semver.Version", Kind::Ptr);
/// `semver.Version`
const STRUCT: Type = Type::Opaque("semver.Version", Kind::Struct);

/// A version, by pointer or by value; the latter has fewer methods.
#[derive(Debug)]
pub(super) enum Pointed {
    Pointer(Version),
    Struct(Version),
}

impl Pointed {
    fn version(&self) -> &Version {
        match self {
            Pointed::Pointer(version) | Pointed::Struct(version) => version,
        }
    }
}

impl Object for Pointed {
    fn go_type(&self) -> Type {
        match self {
            Pointed::Pointer(_) => POINTER,
            Pointed::Struct(_) => STRUCT,
        }
    }

    fn has_method(&self, name: &str) -> bool {
        self.method_signature(name).is_some()
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        Some(match name {
            "Major" | "Minor" | "Patch" => (&[], false, Type::Uint64),
            "Prerelease" | "Metadata" | "String" => (&[], false, Type::String),
            "IncMajor" | "IncMinor" | "IncPatch" => (&[], false, STRUCT),
            "SetPrerelease" | "SetMetadata" => (&[Type::String], false, STRUCT),
            _ if matches!(self, Pointed::Struct(_)) => return None,
            "Original" => (&[], false, Type::String),
            "Compare" => (&[POINTER], false, Type::Int),
            "Equal" | "LessThan" | "LessThanEqual" | "GreaterThan" | "GreaterThanEqual" => {
                (&[POINTER], false, Type::Bool)
            }
            _ => return None,
        })
    }

    fn call_method(&self, name: &str, args: &[Value]) -> Outcome {
        let version = self.version();
        Ok(match name {
            "Major" => Value::Uint64(version.major),
            "Minor" => Value::Uint64(version.minor),
            "Patch" => Value::Uint64(version.patch),
            "Prerelease" => Value::str(version.prerelease.as_str()),
            "Metadata" => Value::str(version.metadata.as_str()),
            "String" => Value::str(version.to_string()),
            "Original" => Value::str(version.original.as_str()),
            "IncMajor" | "IncMinor" | "IncPatch" => return increment(version, name),
            "SetPrerelease" | "SetMetadata" => return replace(version, name, &string(args, 0).to_text()),
            _ => return compare(version, name, args),
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let version = self.version();
        vec![
            ("major", Value::Uint64(version.major)),
            ("minor", Value::Uint64(version.minor)),
            ("patch", Value::Uint64(version.patch)),
            ("pre", Value::str(version.prerelease.as_str())),
            ("metadata", Value::str(version.metadata.as_str())),
            ("original", Value::str(version.original.as_str())),
        ]
    }

    fn stringer(&self) -> Option<String> {
        Some(self.version().to_string())
    }

    fn json(&self) -> Result<Value, String> {
        Ok(Value::str(self.version().to_string()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let Some(other) = other.as_any().downcast_ref::<Pointed>() else { return false };
        let (a, b) = (self.version(), other.version());
        self.go_type() == other.go_type() && a.original == b.original && a.to_string() == b.to_string()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Returns the zero version of the same Go type, for a version.
pub(crate) fn zero_like(value: &Value) -> Option<Value> {
    let zero = Version {
        major: 0,
        minor: 0,
        patch: 0,
        prerelease: String::new(),
        metadata: String::new(),
        original: String::new(),
    };
    let copy = match value.as_object::<Pointed>()? {
        Pointed::Pointer(_) => Pointed::Pointer(zero),
        Pointed::Struct(_) => Pointed::Struct(zero),
    };
    Some(Value::Object(Rc::new(copy)))
}

fn compare(version: &Version, name: &str, args: &[Value]) -> Outcome {
    let other = args.first().and_then(Value::as_object::<Pointed>).map(Pointed::version);
    let other = other.ok_or_else(|| CallError::new(crate::args::NIL_POINTER))?;
    let order = version.cmp(other);
    Ok(match name {
        "Equal" => Value::Bool(order.is_eq()),
        "LessThan" => Value::Bool(order.is_lt()),
        "LessThanEqual" => Value::Bool(order.is_le()),
        "GreaterThan" => Value::Bool(order.is_gt()),
        "GreaterThanEqual" => Value::Bool(order.is_ge()),
        _ => Value::Int(order as i64),
    })
}

fn increment(version: &Version, name: &str) -> Outcome {
    let overflow = |part: &str| CallError::new(format!("{part} version increment would overflow uint64"));
    let next = |number: u64, part: &str| number.checked_add(1).ok_or_else(|| overflow(part));
    let (major, minor, patch) = match name {
        "IncMajor" => (next(version.major, "major")?, 0, 0),
        "IncMinor" => (version.major, next(version.minor, "minor")?, 0),
        // A prerelease comes before its version, which is therefore the next patch.
        _ if !version.prerelease.is_empty() => (version.major, version.minor, version.patch),
        _ => (version.major, version.minor, next(version.patch, "patch")?),
    };
    let (prerelease, metadata) = (String::new(), String::new());
    Ok(spelled_like(version, Version { major, minor, patch, prerelease, metadata, original: String::new() }))
}

fn replace(version: &Version, name: &str, text: &str) -> Outcome {
    let marked = format!("-{text}");
    let mut rest = marked.as_bytes();
    take_identifiers(&mut rest, b'-');
    let well_formed = text.is_empty() || rest.is_empty();
    let mut next = version.clone();
    if name == "SetMetadata" {
        if !well_formed {
            return Err(fail("invalid metadata string").into());
        }
        next.metadata = text.to_owned();
    } else {
        if !well_formed {
            return Err(fail("invalid prerelease string").into());
        }
        check_prerelease(text)?;
        next.prerelease = text.to_owned();
    }
    Ok(spelled_like(version, next))
}

/// Returns the version as a struct, with a `v` if the old one was written with it.
fn spelled_like(old: &Version, mut next: Version) -> Value {
    let prefix = if old.original.starts_with('v') { "v" } else { "" };
    next.original = format!("{prefix}{next}");
    Value::Object(Rc::new(Pointed::Struct(next)))
}
