//! Random text, numbers and identifiers, all from the seed of the run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gotmpl::Type::{Int, String as Text};
use gotmpl::{CallError, Exec, Function, Str, Value};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

use crate::args::{Outcome, bytes, function, int};
use crate::env::{below, env};
use crate::text::runes;

const DIGITS: &str = "0123456789";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS_AND_DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PRINTABLE: &str =
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

pub(crate) const FUNCTIONS: &[Function] = &[
    function("randAlphaNum", &[Int], Text, |exec, args| {
        pick(exec, "randAlphaNum", int(args, 0), LETTERS_AND_DIGITS)
    }),
    function("randAlpha", &[Int], Text, |exec, args| pick(exec, "randAlpha", int(args, 0), LETTERS)),
    function("randNumeric", &[Int], Text, |exec, args| pick(exec, "randNumeric", int(args, 0), DIGITS)),
    function("randAscii", &[Int], Text, |exec, args| pick(exec, "randAscii", int(args, 0), PRINTABLE)),
    function("randBytes", &[Int], Text, |exec, args| random_bytes(exec, int(args, 0))),
    function("randInt", &[Int, Int], Int, |exec, args| random_int(exec, int(args, 0), int(args, 1))),
    function("shuffle", &[Text], Text, |exec, args| shuffle(exec, bytes(args, 0))),
    function("uuidv4", &[], Text, |exec, _| uuid(exec)),
];

/// Returns so many characters of a set; none for a negative number, as in Sprig.
fn pick(exec: &mut Exec<'_>, function: &'static str, count: i64, set: &str) -> Outcome {
    let count = usize::try_from(count).unwrap_or(0);
    exec.reserve(count)?;
    exec.work(count as u64 * STEPS_PER_CHARACTER)?;
    let set = set.as_bytes();
    let mut random = generator(exec, function)?;
    let one = |_| set[below(&mut random, set.len() as u64) as usize];
    let text: Vec<u8> = (0..count).map(one).collect();
    made(exec, text)
}

fn random_bytes(exec: &mut Exec<'_>, count: i64) -> Outcome {
    let count = usize::try_from(count).ok().filter(|count| *count <= isize::MAX as usize / 2);
    let count = count.ok_or_else(|| CallError::new("runtime error: makeslice: len out of range"))?;
    exec.reserve(count.saturating_mul(3))?;
    let mut bytes = vec![0; count];
    generator(exec, "randBytes")?.fill_bytes(&mut bytes);
    made(exec, STANDARD.encode(bytes))
}

/// Returns a number that is not less than the first and less than the second.
fn random_int(exec: &mut Exec<'_>, min: i64, max: i64) -> Outcome {
    let span = u64::try_from(max.wrapping_sub(min)).ok().filter(|span| *span > 0);
    let span = span.ok_or_else(|| CallError::new("invalid argument to Intn"))?;
    let offset = below(&mut generator(exec, "randInt")?, span);
    Ok(Value::Int(min.wrapping_add_unsigned(offset)))
}

fn shuffle(exec: &mut Exec<'_>, text: &[u8]) -> Outcome {
    exec.work(text.len() as u64 * STEPS_PER_CHARACTER)?;
    let mut shuffled: Vec<char> = runes(text).map(|rune| rune.c).collect();
    let mut random = generator(exec, "shuffle")?;
    for last in (1..shuffled.len()).rev() {
        shuffled.swap(last, below(&mut random, last as u64 + 1) as usize);
    }
    made(exec, shuffled.into_iter().collect::<String>())
}

fn uuid(exec: &mut Exec<'_>) -> Outcome {
    let mut bytes = [0; 16];
    generator(exec, "uuidv4")?.fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    made(exec, parts.join("-"))
}

/// Steps of an execution that take as long as picking one of a few characters.
const STEPS_PER_CHARACTER: u64 = 8;
/// Steps of an execution that take as long as making and noting a generator.
const GENERATOR_STEPS: u64 = 150;

/// Returns a generator for a call.
fn generator(exec: &mut Exec<'_>, function: &'static str) -> Result<ChaCha20Rng, CallError> {
    let env = env(exec)?;
    exec.work(GENERATOR_STEPS + env.places() as u64)?;
    Ok(env.random(exec, function))
}

/// Returns a text that was made of randomness, and records it.
pub(crate) fn made(exec: &mut Exec<'_>, text: impl Into<Str>) -> Outcome {
    let text = text.into();
    // Others hold it too from here on.
    exec.charge(text.len())?;
    env(exec)?.made(&text);
    Ok(Value::Str(text))
}
