//! Versions as templates see them: `*semver.Version`, and the plain struct that
//! `IncMinor` and its like return.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use gotmpl::{CallError, Kind, List, Object, Type, Value};

use super::{Version, check_prerelease, fail, take_identifiers};
use crate::args::{Outcome, string};
use crate::method::{Method, find, method, object_methods};

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

    fn find_method(&self, name: &str) -> Option<&'static Method<Pointed>> {
        let of_pointers = match self {
            Pointed::Pointer(_) => find(POINTER_METHODS, name),
            Pointed::Struct(_) => None,
        };
        of_pointers.or_else(|| find(METHODS, name))
    }
}

const NONE: &[Type] = &[];
const TEXT: &[Type] = &[Type::String];
const OTHER: &[Type] = &[POINTER];

const METHODS: &[Method<Pointed>] = &[
    method("IncMajor", NONE, STRUCT, |this, _| increment(this.version(), "IncMajor")),
    method("IncMinor", NONE, STRUCT, |this, _| increment(this.version(), "IncMinor")),
    method("IncPatch", NONE, STRUCT, |this, _| increment(this.version(), "IncPatch")),
    method("Major", NONE, Type::Uint64, |this, _| Ok(Value::Uint64(this.version().major))),
    method("MarshalJSON", NONE, Type::BYTES, |this, _| {
        // Go's JSON leaves nothing of a version to be escaped.
        Ok(Value::List(List::bytes(format!("\"{}\"", this.version()))))
    }),
    method("MarshalText", NONE, Type::BYTES, |this, _| {
        Ok(Value::List(List::bytes(this.version().to_string())))
    }),
    method("Metadata", NONE, Type::String, |this, _| Ok(Value::str(this.version().metadata.as_str()))),
    method("Minor", NONE, Type::Uint64, |this, _| Ok(Value::Uint64(this.version().minor))),
    method("Patch", NONE, Type::Uint64, |this, _| Ok(Value::Uint64(this.version().patch))),
    method("Prerelease", NONE, Type::String, |this, _| Ok(Value::str(this.version().prerelease.as_str()))),
    method("SetMetadata", TEXT, STRUCT, |this, args| {
        replace(this.version(), "SetMetadata", &string(args, 0).to_text())
    }),
    method("SetPrerelease", TEXT, STRUCT, |this, args| {
        replace(this.version(), "SetPrerelease", &string(args, 0).to_text())
    }),
    method("String", NONE, Type::String, |this, _| Ok(Value::str(this.version().to_string()))),
    method("Value", NONE, Type::Any, |this, _| Ok(Value::str(this.version().to_string()))),
];

const POINTER_METHODS: &[Method<Pointed>] = &[
    method("Compare", OTHER, Type::Int, |this, args| Ok(Value::Int(compare(this, args)? as i64))),
    method("Equal", OTHER, Type::Bool, |this, args| Ok(Value::Bool(compare(this, args)?.is_eq()))),
    method("GreaterThan", OTHER, Type::Bool, |this, args| Ok(Value::Bool(compare(this, args)?.is_gt()))),
    method("GreaterThanEqual", OTHER, Type::Bool, |this, args| Ok(Value::Bool(compare(this, args)?.is_ge()))),
    method("LessThan", OTHER, Type::Bool, |this, args| Ok(Value::Bool(compare(this, args)?.is_lt()))),
    method("LessThanEqual", OTHER, Type::Bool, |this, args| Ok(Value::Bool(compare(this, args)?.is_le()))),
    method("Original", NONE, Type::String, |this, _| Ok(Value::str(this.version().original.as_str()))),
];

impl Object for Pointed {
    object_methods!();

    fn go_type(&self) -> Type {
        match self {
            Pointed::Pointer(_) => POINTER,
            Pointed::Struct(_) => STRUCT,
        }
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

fn compare(this: &Pointed, args: &[Value]) -> Result<Ordering, CallError> {
    let other = args.first().and_then(Value::as_object::<Pointed>);
    let other = other.ok_or_else(|| CallError::new(crate::args::NIL_POINTER))?;
    Ok(this.version().cmp(other.version()))
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
