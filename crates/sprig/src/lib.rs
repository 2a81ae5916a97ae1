//! Sprig's functions for [`gotmpl`]: those that Helm lets charts call.
//!
//! [`FUNCTIONS`] is the table of Sprig 3.3.0 with its Go signatures, without
//! `env` and `expandenv`: 204 functions, and five that Helm replaces by its own
//! (`fail`, `fromJson`, `toJson`, `mustToJson`, `getHostByName`).
//!
//! What Go's functions read from the process (the clock, the local time zone,
//! randomness) comes from an [`Env`] among the extensions of an execution, so that
//! a seed makes a run repeatable, and every such use is recorded for callers who
//! want to report it. [`Patterns`], another extension, keeps regular expressions
//! from being compiled twice.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use gotmpl::{Exec, Functions, Options, Parsed, Templates, Value};
//!
//! let functions = Functions::new(&[sprig::FUNCTIONS]);
//! let mut templates = Templates::new("example");
//! templates.add(&Parsed::new("greeting", b"{{ .name | upper | repeat 2 }} {{ now | date `2006` }}", &functions)?);
//! let env = sprig::Env::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), [0; 32]);
//! let options = Options { extensions: &[&env], ..Options::default() };
//! let data = Value::map([("name", Value::str("ho"))]);
//! let text = Exec::new(&templates, &functions, options).run("greeting", data)?;
//! assert_eq!(text, b"HOHO 2023");
//! assert_eq!(env.take_uses()[0].function, "now");
//! # Ok::<(), gotmpl::Error>(())
//! ```
//!
//! Invariant: no function reads a file, the environment, the network, the clock
//! or the system's randomness, and none panics, whatever its arguments.

mod args;
mod cases;
mod crypto;
mod dates;
mod defaults;
mod dicts;
mod encoding;
mod env;
mod lists;
mod method;
mod numbers;
mod paths;
mod random;
mod reflection;
mod regexes;
pub mod semver;
mod strings;
mod text;
pub mod time;
mod urls;

pub use env::{Env, Seed, Source, Use};
pub use regexes::{Patterns, matcher, pattern_error};

use gotmpl::Function;

/// Every function of this crate, to be given to [`gotmpl::Functions::new`].
pub const FUNCTIONS: &[Function] = &joined::<{ count(GROUPS) }>(GROUPS);

const GROUPS: &[&[Function]] = &[
    strings::FUNCTIONS,
    lists::FUNCTIONS,
    dicts::FUNCTIONS,
    defaults::FUNCTIONS,
    numbers::FUNCTIONS,
    encoding::FUNCTIONS,
    paths::FUNCTIONS,
    urls::FUNCTIONS,
    reflection::FUNCTIONS,
    regexes::FUNCTIONS,
    semver::FUNCTIONS,
    dates::FUNCTIONS,
    random::FUNCTIONS,
    crypto::FUNCTIONS,
    crypto::CERTIFICATE_FUNCTIONS,
];

const fn count(groups: &[&[Function]]) -> usize {
    let mut total = 0;
    let mut group = 0;
    while group < groups.len() {
        total += groups[group].len();
        group += 1;
    }
    total
}

const fn joined<const N: usize>(groups: &[&[Function]]) -> [Function; N] {
    let mut all = [groups[0][0]; N];
    let (mut group, mut at) = (0, 0);
    while group < groups.len() {
        let mut row = 0;
        while row < groups[group].len() {
            all[at] = groups[group][row];
            at += 1;
            row += 1;
        }
        group += 1;
    }
    all
}

/// The example of the README, so that it compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
