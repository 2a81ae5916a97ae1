//! What templates see at the top level: `.Values`, `.Chart`, `.Files` and so on.
//!
//! Charts share the objects as in Helm: `.Release` and `.Capabilities` are the
//! same for all, and a subchart's `.Values` is the table of its name in its
//! parent's, so that what one template sets every later one can see.

mod capabilities;
mod chart;
mod files;
mod glob;
mod values;

use std::rc::Rc;

use gotmpl::{Map, Value};

use crate::chart::Chart;
use crate::release::Release;
use crate::{Capabilities, Prepared};

pub(crate) use values::Values;

/// A template with what it is rendered over.
#[derive(Debug)]
pub(crate) struct Renderable<'a> {
    /// The path below the root chart's name, which is the template's name as well.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: &'a [u8],
    /// The chart's objects, shared by all of its templates.
    pub(crate) scope: Map,
    /// `.Template.BasePath`
    pub(crate) base_path: Rc<str>,
}

/// Returns the templates of a chart and of its subcharts, each with its scope.
pub(crate) fn renderables<'a>(
    prepared: &'a Prepared,
    release: &Release,
    capabilities: &Capabilities,
) -> Vec<Renderable<'a>> {
    let mut scopes = Scopes {
        release: release_map(release),
        capabilities: capabilities::object(capabilities),
        found: Vec::new(),
    };
    scopes.add(&prepared.chart, prepared.chart.name(), true, prepared.values.clone());
    scopes.found
}

/// Gives each chart its scope: what all charts of a release have in common, and
/// the templates found so far.
struct Scopes<'a> {
    release: Value,
    capabilities: Value,
    found: Vec<Renderable<'a>>,
}

impl<'a> Scopes<'a> {
    /// Adds the templates of a chart, after those of its subcharts, and returns its scope.
    fn add(&mut self, chart: &'a Chart, path: &str, is_root: bool, values: Map) -> Map {
        let subcharts = Map::new();
        let scope = Map::new();
        scope.insert("Chart", chart::metadata_map(&chart.metadata, is_root));
        scope.insert("Files", files::object(&chart.files));
        scope.insert("Release", self.release.clone());
        scope.insert("Capabilities", self.capabilities.clone());
        scope.insert("Subcharts", Value::Map(subcharts.clone()));
        for child in &chart.dependencies {
            let name = child.name();
            let table = values::table(&values, name).unwrap_or_default();
            let child_scope = self.add(child, &format!("{path}/charts/{name}"), false, table);
            subcharts.insert(name, Value::Map(child_scope));
        }
        scope.insert("Values", Values::value(values));
        self.add_templates(chart, path, &scope);
        scope
    }

    fn add_templates(&mut self, chart: &'a Chart, path: &str, scope: &Map) {
        let base_path: Rc<str> = format!("{path}/templates").into();
        let usable = |name: &str| !chart.is_library() || crate::manifest::base_name(name).starts_with('_');
        for file in chart.templates.iter().filter(|file| usable(&file.path)) {
            self.found.push(Renderable {
                path: format!("{path}/{}", file.path),
                text: &file.data,
                scope: scope.clone(),
                base_path: base_path.clone(),
            });
        }
    }
}

/// Returns `.Template` of a file.
pub(crate) fn template_object(path: &str, base_path: &str) -> Value {
    let map = Map::new();
    map.insert("Name", Value::str(path));
    map.insert("BasePath", Value::str(base_path));
    Values::value(map)
}

fn release_map(release: &Release) -> Value {
    Value::map([
        ("Name", Value::str(release.name.as_str())),
        ("Namespace", Value::str(release.namespace.as_str())),
        ("IsUpgrade", Value::Bool(release.is_upgrade)),
        ("IsInstall", Value::Bool(!release.is_upgrade)),
        ("Revision", Value::Int(release.revision)),
        ("Service", Value::str("Helm")),
    ])
}
