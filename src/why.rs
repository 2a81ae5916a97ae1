//! Why a line of a manifest is what it is: the lines of templates that made it, and
//! where the values come from that were read for it.
//!
//! Manifests have no marks in them. The component is rendered again, and the line is
//! found in what comes out; so it does not matter when the file was written, and a file
//! that is not up to date is told of.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use similar::{Algorithm, DiffOp};

use crate::config::{self, Environment};
use crate::definition::{Definition, Generator, place};
use crate::document::Step;
use crate::error::{Error, Failure, Place, Warning};
use crate::explain::{origins, select};
use crate::generate::pool;
use crate::hooks::Moment;
use crate::insight::near_name;
use crate::inventory::{Loaded, load, whole_run};
use crate::origin::{Origins, Setting};
use crate::project::Project;
use crate::render::{ChartSettings, LineSource, Renderer};
use crate::resolve::{ResolvedComponent, resolve};

/// Which lines to look at.
pub struct WhyOptions {
    /// The folder of the root component.
    pub directory: PathBuf,
    /// The folder that the output was written to.
    pub output: PathBuf,
    /// The manifest.
    pub file: PathBuf,
    /// The lines, from 1.
    pub lines: RangeInclusive<usize>,
    /// What charts are told, and how they are rendered.
    pub charts: ChartSettings,
}

/// Why lines are what they are.
#[derive(Debug)]
pub struct Why {
    /// The environment.
    pub environment: String,
    /// The path of the component.
    pub component: String,
    /// How it becomes manifests.
    pub generator: Generator,
    /// The folder of its chart, manifests or templates as the user would type it.
    pub input: String,
    /// How many lines of the file are other ones than would be generated.
    pub outdated: usize,
    /// The first generate hook of the component, which was not run.
    pub hook: Option<&'static str>,
    /// The lines.
    pub lines: Vec<Line>,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

/// A line of a manifest.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Its text.
    pub text: String,
    /// What would be generated in its place, if that is another text.
    pub would_be: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

/// Where a line comes from.
#[derive(Debug)]
pub enum Source {
    /// From templates.
    Template(Template),
    /// From a file, as it is.
    File(Place),
    /// From `fab`, for this reason.
    Own(&'static str),
    /// It would not be generated.
    Nowhere,
    /// That cannot be found out.
    Unknown,
}

/// What a template did to make a line.
#[derive(Debug)]
pub struct Template {
    /// The lines of templates, the last one first.
    pub trail: Vec<Place>,
    /// The values that were read for it.
    pub values: Vec<Setting>,
    /// What it depends on, the innermost `if`, `with` or `range` first, and the values that were read there.
    pub because: Vec<(Place, Vec<Setting>)>,
}

/// Finds out why lines of a manifest are what they are.
///
/// # Errors
///
/// The file is no manifest of the definition, or its component does not render.
pub fn why(options: &WhyOptions) -> Result<Why, Vec<Failure>> {
    let file = shown(&options.file);
    let of_run = |error| vec![whole_run(error)];
    let text = fs::read(&options.file).map_err(|source| of_run(unreadable(&options.file, &file, source)))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let wanted = wanted(&file, &text, &options.lines).map_err(of_run)?;
    let relative = below_output(options, &file).map_err(of_run)?;
    let project = Project::read(&options.directory, &place::typed(&options.directory)).map_err(of_run)?;
    let environment = environment_of(&project, &options.directory, &relative);
    let loaded = load(&options.directory, std::slice::from_ref(&environment))?;
    let Loaded { definition, environments, project, places, mut warnings } = loaded;
    let environment = environments.first().unwrap_or(&environment);
    let path = relative.strip_prefix(&format!("{}/", environment.folder())).unwrap_or_default();
    let (component, tree_warnings) = component_of(&definition, environment, path, &file)?;
    warnings.extend(tree_warnings);
    let renderer = Renderer::new(
        (&options.directory, &definition.shown, &places),
        &options.output,
        (&options.charts, &project.rendering),
        (false, false),
    );
    let rendered = Rendered { renderer: &renderer, component: &component, environment };
    let (lines, outdated) = pool(Some(1))?.install(|| rendered.lines(&text, &wanted))?;
    Ok(Why {
        environment: environment.to_string(),
        component: component.path.clone(),
        generator: component.own.component.generator.clone(),
        input: renderer.show(&component.input),
        outdated,
        hook: component.hooked().first(Moment::GENERATE).map(Moment::hook),
        lines,
        warnings,
    })
}

/// A component to be rendered again.
struct Rendered<'a> {
    renderer: &'a Renderer<'a>,
    component: &'a ResolvedComponent,
    environment: &'a Environment,
}

impl Rendered<'_> {
    /// Explains lines of a text, and counts those that would be other ones.
    fn lines(&self, text: &str, wanted: &[usize]) -> Result<(Vec<Line>, usize), Vec<Failure>> {
        let Rendered { renderer, component, environment } = *self;
        let failed = |errors: Vec<Arc<Error>>| {
            errors.into_iter().map(|error| Failure::of(&component.path, error)).collect::<Vec<_>>()
        };
        let one = |error: Error| failed(vec![error.into()]);
        let fresh = renderer.manifest(component, environment).map_err(failed)?;
        let fresh = String::from_utf8_lossy(&fresh).into_owned();
        let matched = match_lines(text, &fresh);
        let numbers: Vec<usize> =
            wanted.iter().filter_map(|line| matched.get(line - 1)?.0).map(|at| at + 1).collect();
        let sources = renderer.sources(component, environment, (&fresh, &numbers)).map_err(failed)?;
        let (origins, _) = origins(renderer, component).map_err(one)?;
        let settings = origins.settings().map_err(one)?;
        let mut sources = sources.into_iter();
        let line = |number: &usize| {
            let (at, is_same) = matched.get(number - 1).copied().unwrap_or((None, false));
            let source = at.and_then(|_| sources.next());
            let fresh = at.and_then(|at| fresh.lines().nth(at)).filter(|_| !is_same);
            Line {
                number: *number,
                text: text.lines().nth(number - 1).unwrap_or_default().to_owned(),
                would_be: fresh.map(str::to_owned),
                source: source.map_or(Source::Nowhere, |source| explained(source, &origins, &settings)),
            }
        };
        let outdated = matched.iter().filter(|(_, is_same)| !is_same).count();
        Ok((wanted.iter().map(line).collect(), outdated))
    }
}

fn shown(file: &Path) -> String {
    place::typed(file)
}

fn unreadable(path: &Path, file: &str, source: std::io::Error) -> Error {
    let near = near_name(path).map(|name| path.with_file_name(name));
    match near {
        Some(near) if source.kind() == std::io::ErrorKind::NotFound => {
            Error::NotThere { path: file.to_owned(), suggestion: Some(shown(&near)) }
        }
        _ => Error::Unreadable { file: file.to_owned(), source },
    }
}

/// Returns the numbers of the lines that are meant.
fn wanted(file: &str, text: &str, lines: &RangeInclusive<usize>) -> Result<Vec<usize>, Error> {
    let count = text.lines().count();
    if *lines.start() == 0 || *lines.end() > count || lines.is_empty() {
        let problem = format!("it has the lines 1 to {count}");
        return Err(Error::NotGenerated { file: file.to_owned(), problem, hint: None });
    }
    Ok(lines.clone().collect())
}

/// Returns the path of the file below the output folder.
fn below_output(options: &WhyOptions, file: &str) -> Result<String, Error> {
    let real = |path: &Path| path.canonicalize().ok();
    let below = real(&options.output).zip(real(&options.file)).and_then(|(output, file)| {
        let below = file.strip_prefix(output).ok()?;
        Some(shown(below))
    });
    below.ok_or_else(|| Error::NotGenerated {
        file: file.to_owned(),
        problem: format!("it is not below the output folder `{}`", shown(&options.output)),
        hint: Some("name the definition with -C, or the folder with --output".into()),
    })
}

/// Returns the environment that a manifest is of: one whose folder it is in, as far as names are known, or else layers
/// that the name of the folder is made of.
fn environment_of(project: &Project, directory: &Path, path: &str) -> Environment {
    let is_in = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let known = project.environments(directory, &[]).into_iter();
    let known = known.filter(|known| is_in(&known.folder())).max_by_key(|known| known.folder().len());
    let folder = path.split('/').next().unwrap_or_default();
    known.unwrap_or_else(|| {
        let names = config::load::names(directory);
        Environment::new(layers(folder, &names).unwrap_or_else(|| vec![folder]))
    })
}

/// Takes the name of a folder apart into the names of layers.
fn layers<'f>(folder: &'f str, names: &[String]) -> Option<Vec<&'f str>> {
    if names.iter().any(|name| name == folder) {
        return Some(vec![folder]);
    }
    folder.match_indices('-').find_map(|(at, _)| {
        let (first, rest) = (&folder[..at], &folder[at + 1..]);
        let rest = names.iter().any(|name| name == first).then(|| layers(rest, names))??;
        Some([&[first][..], &rest].concat())
    })
}

/// Finds the component that writes a file.
fn component_of(
    definition: &Definition,
    environment: &Environment,
    path: &str,
    file: &str,
) -> Result<(ResolvedComponent, Vec<Warning>), Vec<Failure>> {
    let mut resolution = resolve(definition, environment);
    let at = resolution.tree.components.iter().position(|component| component.output == path);
    match at {
        Some(at) => Ok((resolution.tree.components.swap_remove(at), resolution.warnings)),
        None if !resolution.failures.is_empty() => Err(resolution.failures),
        None => Err(vec![whole_run(Error::NotGenerated {
            file: file.to_owned(),
            problem: format!("no component writes it in {environment}"),
            hint: Some(format!("`fab list {environment}` names the components")),
        })]),
    }
}

/// Returns for each line of a text the line of another one that it is, or is in the place of, and whether it is the same.
fn match_lines(text: &str, fresh: &str) -> Vec<(Option<usize>, bool)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (text.lines().collect(), fresh.lines().collect());
    let mut matched = vec![(None, false); old.len()];
    for op in similar::capture_diff_slices(Algorithm::Myers, &old, &new) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                (0..len).for_each(|at| matched[old_index + at] = (Some(new_index + at), true));
            }
            // As many lines in the place of others are those with other values.
            DiffOp::Replace { old_index, old_len, new_index, new_len } if old_len == new_len => {
                (0..old_len).for_each(|at| matched[old_index + at] = (Some(new_index + at), false));
            }
            DiffOp::Replace { .. } | DiffOp::Delete { .. } | DiffOp::Insert { .. } => {}
        }
    }
    matched
}

fn explained(source: LineSource, origins: &Origins, settings: &[Setting]) -> Source {
    let values = |reads: &[Vec<Step>]| {
        reads.iter().flat_map(|steps| select_or_none(origins, settings, steps)).collect::<Vec<_>>()
    };
    match source {
        LineSource::Template(blame) => Source::Template(Template {
            values: values(&blame.reads),
            because: blame.because.iter().map(|(place, reads)| (place.clone(), values(reads))).collect(),
            trail: blame.trail,
        }),
        LineSource::File(place) => Source::File(place),
        LineSource::Own(why) => Source::Own(why),
        LineSource::Unknown => Source::Unknown,
    }
}

/// Returns the settings that were read; for one that is not set, one that says so.
fn select_or_none(origins: &Origins, settings: &[Setting], steps: &[Step]) -> Vec<Setting> {
    let found = select(origins, settings, steps);
    if found.is_empty() { vec![Setting::absent(steps)] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_layers(folder: &str, want: Option<&[&str]>) {
        let names = ["prod", "east", "us-west", "us"].map(str::to_owned);
        assert_eq!(layers(folder, &names).as_deref(), want);
    }

    #[test]
    fn the_name_of_a_folder_is_taken_apart() {
        check_layers("prod", Some(&["prod"]));
        check_layers("prod-us-west", Some(&["prod", "us-west"]));
        check_layers("us-east", Some(&["us", "east"]));
        check_layers("prod-", None);
        check_layers("test", None);
    }

    #[test]
    fn lines_are_found_again_in_what_would_be_generated() {
        let same = |at| (Some(at), true);
        assert_eq!(match_lines("a\nb\n", "a\nb\n"), [same(0), same(1)]);
        assert_eq!(match_lines("a\nb\n", "x\na\nb\n"), [same(1), same(2)]);
        assert_eq!(match_lines("a\nb\nc\n", "a\nB\nc\n"), [same(0), (Some(1), false), same(2)]);
        assert_eq!(match_lines("a\nb\nc\n", "a\nc\n"), [same(0), (None, false), same(1)]);
    }
}
