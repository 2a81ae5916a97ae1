//! Which parts of the output would be different in another run.
//!
//! Functions of Sprig record that they asked for the moment or for randomness. Most
//! answers reach the output, but not all: `default (randAlphaNum 8) .Values.password`
//! asks and throws away. A text that was made and stands in the output is proof; else
//! the chart is rendered once more with another answer at that place alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::Mapping;
use sprig::Use;

use crate::chart::Chart;
use crate::render::{RenderOptions, Rendered, template};

/// A place in a template that asked for the moment or for randomness.
#[derive(Debug, Clone)]
pub struct Chance {
    /// The template that was being rendered, below the chart's name.
    pub path: String,
    /// The function, and its place in a template.
    pub of: Use,
}

/// Returns those of the places that the output depends on, once each. `rendered` is what the chart rendered to
/// with the same values and options; hooks that nobody wants may be gone from it.
pub fn reached(
    chart: &Chart,
    values: &Mapping,
    options: &RenderOptions<'_>,
    rendered: &Rendered,
) -> Vec<Chance> {
    if rendered.chances.is_empty() {
        return Vec::new();
    }
    let output = rendered.to_bytes();
    let mut reached: Vec<Chance> = Vec::new();
    for chance in &rendered.chances {
        let known = reached.iter().any(|known| known.of.is_like(&chance.of));
        if !known && (shows(&output, &chance.of) || decides(&output, &chance.of, (chart, values, options))) {
            reached.push(chance.clone());
        }
    }
    reached
}

/// Texts shorter than this may stand in any output.
const MIN_PROOF: usize = 8;

/// Returns whether a text that was made stands in the output, plain or in base64.
fn shows(output: &[u8], of: &Use) -> bool {
    let contains = |text: &[u8]| text.len() >= MIN_PROOF && memchr::memmem::find(output, text).is_some();
    of.made.iter().map(gotmpl::Str::as_bytes).any(|text| {
        // Lines may be indented, so one has to do for all.
        let line = text.split(|byte| *byte == b'\n').max_by_key(|line| line.len()).unwrap_or_default();
        contains(line) || contains(STANDARD.encode(text).as_bytes())
    })
}

/// Returns whether another answer makes another output.
fn decides(
    output: &[u8],
    of: &Use,
    (chart, values, options): (&Chart, &Mapping, &RenderOptions<'_>),
) -> bool {
    let env = options.env.differing_at(of);
    match template(chart, values, &RenderOptions { env: &env, ..options.clone() }) {
        Ok(other) => other.to_bytes() != output,
        Err(_) => true,
    }
}
