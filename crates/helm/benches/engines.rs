//! The engines below this crate, each on its own: parsing and executing templates,
//! reading values, writing YAML.
//!
//! `benches/peers` does the same steps over the same inputs in Go, under the same
//! names. The inputs are ours (`benches/inputs`) and, where `FAB_BENCH_CHARTS` lists
//! archives between colons, those charts.

#![expect(
    clippy::disallowed_methods,
    reason = "criterion owns the arguments, so charts are named by the environment"
)]

use std::fs;
use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use gotmpl::{Exec, Function, Functions, Options, Parsed, Reach, Templates, Type, Value};
use helm::Chart;
use helm::values::from_yaml;

/// As in `fab` itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut criterion = Criterion::default().without_plots().configure_from_args();
    ours(&mut criterion);
    let charts = std::env::var("FAB_BENCH_CHARTS").unwrap_or_default();
    for path in charts.split(':').filter(|path| !path.is_empty()) {
        let chart = helm::load(Path::new(path)).expect("a chart that can be loaded");
        let mut group = group(&mut criterion, chart.name());
        parse(&mut group, &templates(&chart));
        read_and_write(&mut group, &values_file(Path::new(path)));
    }
}

fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group
}

fn ours(criterion: &mut Criterion) {
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/inputs");
    let text = fs::read(inputs.join("app.tmpl")).expect("the template is in the repository");
    let values = fs::read(inputs.join("values.yaml")).expect("the values are in the repository");
    let mut group = group(criterion, "ours");
    parse(&mut group, &[&text]);
    execute(&mut group, &text, &values);
    read_and_write(&mut group, &values);
}

/// The functions that charts call; of Helm's own only `toYaml` does anything.
fn functions() -> Functions {
    const NAMES: [&str; 13] = [
        "include",
        "tpl",
        "required",
        "lookup",
        "fromYaml",
        "fromYamlArray",
        "toToml",
        "mustToToml",
        "fromToml",
        "fromJson",
        "fromJsonArray",
        "toYamlPretty",
        "mustToYaml",
    ];
    let nothing = |name| Function {
        name,
        params: &[],
        variadic: Some(Type::Any),
        returns: Type::String,
        reach: Reach::Shallow,
        call: |_, _| Ok(Value::str("")),
    };
    let to_yaml = Function {
        name: "toYaml",
        params: &[Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: |_, args| {
            let mut text = goyaml::to_string(&args[0]).unwrap_or_default();
            text.truncate(text.trim_end_matches('\n').len());
            Ok(Value::str(text))
        },
    };
    Functions::new(&[sprig::FUNCTIONS, &NAMES.map(nothing), &[to_yaml]])
}

/// Returns the texts below `templates/` of a chart and of those in it.
fn templates(chart: &Chart) -> Vec<&[u8]> {
    let mut texts: Vec<&[u8]> = chart.templates.iter().map(|file| &*file.data).collect();
    texts.extend(chart.dependencies.iter().flat_map(templates));
    texts
}

/// Returns the values of the chart itself.
fn values_file(archive: &Path) -> Vec<u8> {
    let archive = fs::File::open(archive).expect("it was loaded");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut text = Vec::new();
    for entry in archive.entries().expect("it was loaded") {
        let mut entry = entry.expect("it was loaded");
        let path = entry.path().expect("it was loaded");
        if path.ends_with("values.yaml") && path.components().count() == 2 {
            entry.read_to_end(&mut text).expect("it was loaded");
            break;
        }
    }
    text
}

fn parse(group: &mut BenchmarkGroup<'_, WallTime>, texts: &[impl AsRef<[u8]>]) {
    let functions = functions();
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            let mut set = Templates::new("root");
            for (number, text) in texts.iter().enumerate() {
                let parsed = Parsed::new(number.to_string(), text.as_ref(), &functions);
                set.add(&parsed.expect("a text that can be parsed"));
            }
            set
        });
    });
}

fn execute(group: &mut BenchmarkGroup<'_, WallTime>, text: &[u8], values: &[u8]) {
    let functions = functions();
    let mut set = Templates::new("root");
    set.add(&Parsed::new("app", text, &functions).expect("a text that can be parsed"));
    let values = from_yaml(values).expect("values that can be read");
    let data = Value::map(values.iter().map(|(key, value)| (key.as_str(), to_value(value))));
    let run = || {
        let options = Options { missing_key: gotmpl::MissingKey::Zero, ..Options::default() };
        Exec::new(&set, &functions, options).run("app", data.clone()).expect("a template that runs")
    };
    if let Some(path) = std::env::var_os("FAB_BENCH_OUTPUT") {
        fs::write(path, run()).expect("the path can be written");
    }
    group.bench_function("execute", |bencher| bencher.iter(run));
}

fn to_value(value: &goyaml::Value) -> Value {
    let text = goyaml::to_string(value).expect("values that were read can be written");
    goyaml::from_str(&text).expect("YAML that was written can be read")
}

fn read_and_write(group: &mut BenchmarkGroup<'_, WallTime>, text: &[u8]) {
    group.bench_function("values", |bencher| bencher.iter(|| from_yaml(black_box(text))));
    let values = from_yaml(text).expect("values that can be read");
    group.bench_function("toYaml", |bencher| bencher.iter(|| goyaml::to_string(black_box(&values))));
}
