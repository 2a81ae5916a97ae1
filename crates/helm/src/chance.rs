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
    let mut places: Vec<Place<'_>> = Vec::new();
    for chance in &rendered.chances {
        match places.iter_mut().find(|place| place.chance.of.is_like(&chance.of)) {
            Some(place) => place.shown = place.shown || shows(&output, &chance.of),
            None => places.push(Place { chance, shown: shows(&output, &chance.of) }),
        }
    }
    let hidden: Vec<&Use> =
        places.iter().filter(|place| !place.shown).map(|place| &place.chance.of).collect();
    let decides = |uses: &[&Use]| decides(&output, uses, (chart, values, options));
    // Mostly the answers of all of them were thrown away, which one rendering tells.
    let any_decides = hidden.len() < 2 || decides(&hidden);
    let reaches = |place: &Place<'_>| place.shown || any_decides && decides(&[&place.chance.of]);
    places.into_iter().filter(reaches).map(|place| place.chance.clone()).collect()
}

/// A place in a template, and whether what it made stands in the output.
struct Place<'a> {
    chance: &'a Chance,
    shown: bool,
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

/// Returns whether other answers make another output.
fn decides(
    output: &[u8],
    uses: &[&Use],
    (chart, values, options): (&Chart, &Mapping, &RenderOptions<'_>),
) -> bool {
    let env = options.env.differing_at(uses.iter().copied());
    // The values are those that were found valid.
    let options = RenderOptions { env: &env, skip_schema_validation: true, ..options.clone() };
    match template(chart, values, &options) {
        Ok(other) => other.to_bytes() != output,
        Err(_) => true,
    }
}
