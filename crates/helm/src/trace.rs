//! From a line of a chart's output back to the lines of templates that made it and the
//! values that these read, and from a value to the lines that read it.
//!
//! Nothing is recorded while charts render. Whoever asks has the chart rendered again
//! with recorders: the same values, moment and seed lead to the same text.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gotmpl::{Lines, Map, Origin, Passing, Reads, Value};
use goyaml::Mapping;

use crate::chart::Chart;
use crate::engine::{self, Recorders};
use crate::error::Error;
use crate::prepare::prepare;
use crate::render::{RenderOptions, Rendered, finish};
use crate::site::{Site, origin_site, position_site};

/// A line of a document that a chart was rendered to.
#[derive(Debug, Clone, Copy)]
pub struct RenderedLine<'a> {
    /// The template, as the comment `# Source:` names it.
    pub path: &'a str,
    /// The lines of the document below that comment.
    pub document: &'a [&'a str],
    /// Which of them, from zero.
    pub line: usize,
}

/// What is known of a line of output.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The lines of templates that made it, the last one first.
    pub sites: Vec<Site>,
    /// The values that were read for it, in order.
    pub reads: Vec<ValuePath>,
    /// What it depends on: the lines of the `if`, `with` and `range` around it, the innermost first, with what was
    /// read there.
    pub because: Vec<(Site, Vec<ValuePath>)>,
}

/// The way to a value in the values of a release; those of a subchart are below its name.
pub type ValuePath = Vec<Step>;

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list, from zero.
    Index(usize),
}

/// Returns the lines of templates that made each of these lines, the last one first; none for a line
/// that cannot be found again.
///
/// The chart is rendered again, as for [`diagnose`](crate::diagnose), once for all of them.
pub fn blame(
    wanted: &[RenderedLine<'_>],
    chart: &Chart,
    values: &Mapping,
    options: &RenderOptions<'_>,
) -> Vec<Trace> {
    let mut found = vec![Trace::default(); wanted.len()];
    let Ok(prepared) = prepare(chart, values, &options.prepare()) else { return found };
    let paths: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.path).collect();
    let (lines, reads) = (Lines::of(paths.iter().copied()), Reads::in_order(looking_up));
    let ways = Ways::of(&prepared.values);
    let recorders = Recorders { lines: Some(&lines), reads: Some(&reads) };
    let Ok(output) = engine::render(&prepared, options, recorders) else { return found };
    let tracing = Tracing { chart, reads: &reads, ways: &ways };
    for path in paths {
        let Some(text) = output.files.get(path) else { continue };
        let text = String::from_utf8_lossy(text);
        let rendered: Vec<&str> = text.lines().collect();
        for (wanted, trace) in wanted.iter().zip(&mut found).filter(|(wanted, _)| wanted.path == path) {
            if let Some(line) = wanted.find_in(&rendered) {
                *trace = tracing.trace(&lines.trail(path, line + 1));
            }
        }
    }
    found
}

/// What functions read of a table by its keys; what else they do with it is not told line by line.
fn looking_up(function: &str) -> Passing {
    match function {
        "get" | "hasKey" | "index" | "dig" | "pluck" => Passing::Keys,
        _ => Passing::Reference,
    }
}

/// What a trail is turned into words with.
struct Tracing<'a> {
    chart: &'a Chart,
    reads: &'a Reads,
    ways: &'a Ways,
}

impl Tracing<'_> {
    fn trace(&self, trail: &[Origin]) -> Trace {
        // Text reads nothing. An expression that only prints what it was given read where that was given.
        let expressions = trail.iter().take_while(|origin| origin.node.is_some());
        let own = trail.first().into_iter().chain(expressions.skip(1));
        let reads = own.map(|origin| self.reads(origin)).find(|reads| !reads.is_empty());
        let because = trail.iter().flat_map(|origin| &origin.because);
        let because =
            because.filter_map(|origin| Some((origin_site(self.chart, origin)?, self.reads(origin))));
        Trace {
            sites: sites(self.chart, trail),
            reads: reads.unwrap_or_default(),
            because: because.collect(),
        }
    }

    /// Returns the values that were read; not the tables on the way to them.
    fn reads(&self, origin: &Origin) -> Vec<ValuePath> {
        let mut all: Vec<ValuePath> = Vec::new();
        for (map, key) in origin.reads.iter().flat_map(|part| self.reads.part(part.clone())) {
            let Some(above) = self.ways.to(&map) else { continue };
            let path = [above, &[Step::Key(key.to_text().into_owned())]].concat();
            all.retain(|known| !path.starts_with(known));
            if !all.iter().any(|known| known.starts_with(&path)) {
                all.push(path);
            }
        }
        all
    }
}

impl RenderedLine<'_> {
    /// Finds the line in the file that its document was cut from: the same text, with the most lines above it alike.
    /// Lines may have been put into the document meanwhile.
    pub fn find_in(&self, file: &[&str]) -> Option<usize> {
        let text = self.document.get(self.line)?;
        let alike_above = |line: usize| {
            let mut above = file[..line].iter().rev().peekable();
            let own = self.document[..self.line].iter().rev();
            own.filter(|own| above.next_if(|line| line == own).is_some()).count()
        };
        let candidates = (0..file.len()).filter(|line| file[*line] == *text);
        // Of two that are alike, the first.
        candidates.rev().max_by_key(|line| alike_above(*line))
    }
}

/// Renders a chart as [`crate::template`] does, with everything recorded that [`blame`] and [`reads`] ask for; to see
/// what that costs, and that it changes nothing.
///
/// # Errors
///
/// Whatever makes Helm fail.
pub fn template_tracked(
    chart: &Chart,
    values: &Mapping,
    options: &RenderOptions<'_>,
) -> Result<Rendered, Error> {
    options.release.check_name()?;
    let prepared = prepare(chart, values, &options.prepare())?;
    let (lines, reads) = (Lines::of_all(), Reads::in_order(looking_up));
    finish(&prepared, options, Recorders { lines: Some(&lines), reads: Some(&reads) })
}

/// Returns all that templates look up in the values of a release and where, until rendering fails if it does.
pub fn reads(chart: &Chart, values: &Mapping, options: &RenderOptions<'_>) -> Vec<(ValuePath, Site)> {
    let Ok(prepared) = prepare(chart, values, &options.prepare()) else { return Vec::new() };
    let (ways, reads) = (Ways::of(&prepared.values), Reads::in_order(looking_up));
    // What was read before a failure was read.
    let _ = engine::render(&prepared, options, Recorders { reads: Some(&reads), ..Recorders::default() });
    let read = |(map, key, position): (Map, gotmpl::Str, gotmpl::Position)| {
        let path = [ways.to(&map)?, &[Step::Key(key.to_text().into_owned())]].concat();
        Some((path, position_site(chart, &position)?))
    };
    reads.all().into_iter().filter_map(read).collect()
}

/// Returns the lines of templates of a trail.
pub(crate) fn sites(chart: &Chart, trail: &[Origin]) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    for site in trail.iter().filter_map(|origin| origin_site(chart, origin)) {
        if sites.last().is_none_or(|last| (&last.path, last.line) != (&site.path, site.line)) {
            sites.push(site);
        }
    }
    sites
}

/// The tables of the values, those in lists too, each with the shortest way to it.
struct Ways(BTreeMap<usize, ValuePath>);

impl Ways {
    fn of(values: &Map) -> Self {
        let mut ways = BTreeMap::new();
        let mut waiting = VecDeque::from([(Vec::new(), Value::Map(values.clone()))]);
        while let Some((way, value)) = waiting.pop_front() {
            let step = |step: Step| [way.as_slice(), &[step]].concat();
            match &value {
                // A table that is shared was met on a shorter way.
                Value::Map(map) if !ways.contains_key(&map.address()) => {
                    for (key, value) in map.entries().iter() {
                        waiting.push_back((step(Step::Key(key.to_text().into_owned())), value.clone()));
                    }
                    ways.insert(map.address(), way);
                }
                Value::List(list) => {
                    let items = list.items();
                    let items = items.iter().enumerate();
                    waiting.extend(items.map(|(at, value)| (step(Step::Index(at)), value.clone())));
                }
                _ => {}
            }
        }
        Ways(ways)
    }

    fn to(&self, map: &Map) -> Option<&[Step]> {
        self.0.get(&map.address()).map(Vec::as_slice)
    }
}
