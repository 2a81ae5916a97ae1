//! Dependencies and coalesced values. Expected values are those of helm 4.2.4
//! (`helm template` with `{{ toJson .Values }}` in every chart).

use super::*;
use crate::load::load_files;
use crate::values::Overrides;

/// A chart's files, as path and text. The first line of a `Chart.yaml` is the name;
/// the usual fields are added.
type Files<'a> = &'a [(&'a str, &'a str)];

fn chart(files: Files<'_>) -> Chart {
    let expand = |(path, text): &(&str, &str)| {
        let text = match text.split_once('\n').unwrap_or((text, "")) {
            (name, rest) if path.ends_with("Chart.yaml") => {
                format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n{rest}\n")
            }
            _ => (*text).to_owned(),
        };
        ((*path).to_owned(), text.into_bytes())
    };
    load_files(files.iter().map(expand).collect()).unwrap()
}

fn prepare_with(files: Files<'_>, set: &str) -> Result<Prepared, String> {
    let overrides = Overrides { set: vec![set.to_owned()], ..Overrides::default() };
    let values = overrides.merge(&|_| Err(String::new())).unwrap();
    prepare(&chart(files), &values, &PrepareOptions::default()).map_err(|error| error.to_string())
}

/// Checks the values of the root chart, as JSON.
#[track_caller]
fn check(files: Files<'_>, set: &str, want: Result<&str, &str>) {
    let got = prepare_with(files, set)
        .map(|prepared| gotmpl::json::encode(&gotmpl::Value::Map(prepared.values)).unwrap());
    assert_eq!(got.as_deref().map_err(String::as_str), want);
}

/// Checks which subcharts are left, by name.
#[track_caller]
fn check_enabled(files: Files<'_>, set: &str, want: &[&str]) {
    let prepared = prepare_with(files, set).unwrap();
    let got: Vec<_> = prepared.chart.dependencies.iter().map(Chart::name).collect();
    assert_eq!(got, want);
}

#[test]
fn subcharts_get_a_table_and_globals() {
    let files = [("Chart.yaml", "c"), ("values.yaml", "a: 1"), ("charts/s/Chart.yaml", "s")];
    check(&files, "s.b=2", Ok(r#"{"a":1,"s":{"b":2,"global":{}}}"#));
}

#[test]
fn defaults_of_a_subchart_reach_tables_of_the_parents_globals() {
    let files = [
        ("Chart.yaml", "c"),
        ("values.yaml", "global: {a: {b: {c: 1}}}"),
        ("charts/s/Chart.yaml", "s"),
        ("charts/s/values.yaml", "global: {a: {b: {d: 2}, e: 3}}"),
    ];
    let want = r#"{"global":{"a":{"b":{"c":1,"d":2}}},"s":{"global":{"a":{"b":{"c":1,"d":2},"e":3}}}}"#;
    check(&files, "", Ok(want));
}

#[test]
fn globals_that_do_not_fit_are_left_alone() {
    let files = [
        ("Chart.yaml", "c"),
        ("values.yaml", "global: {a: {x: 1}, b: 2, n: ~}"),
        ("charts/s/Chart.yaml", "s"),
        ("charts/s/values.yaml", "global: {a: 5, b: {w: 1}, k: {l: 1}}"),
    ];
    let sub = r#"{"a":7,"b":{"w":1,"z":1},"k":{"l":1,"m":1}}"#;
    let want = format!(r#"{{"global":{{"a":{{"x":1}},"b":2}},"s":{{"global":{sub}}}}}"#);
    check(&files, "s.global.a=7,s.global.b.z=1,s.global.k.m=1", Ok(&want));
    let warnings = prepare_with(&files, "s.global.a=7,s.global.b.z=1").unwrap().warnings;
    assert!(warnings.contains(&"key b is table. Skipping".to_owned()), "{warnings:?}");
    let conflict = r#"Conflict: cannot merge map onto non-map for "a". Skipping."#;
    assert!(warnings.contains(&conflict.to_owned()), "{warnings:?}");
}

#[test]
fn nulls_delete_defaults_and_stay_where_there_are_none() {
    for root in ["c", "c\ndependencies: [{name: s, version: 1.0.0}]"] {
        let files = [
            ("Chart.yaml", root),
            ("values.yaml", "a: ~\nb: {c: ~, d: 1}\ne: 1\nf: {g: 1}\ns: {x: ~, t: {z: ~}}"),
            ("charts/s/Chart.yaml", "s"),
            ("charts/s/values.yaml", "x: 1\nt: {z: 1, w: 2}\nv: 5"),
        ];
        let want = r#"{"b":{"d":1},"f":{},"new":null,"s":{"global":{},"new":null,"t":{"w":2}}}"#;
        check(&files, "e=null,f.g=null,new=null,s.v=null,s.new=null", Ok(want));
    }
}

#[test]
fn conditions_win_over_tags_and_the_first_bool_counts() {
    let files = [
        (
            "Chart.yaml",
            "c\ndependencies:\n\
             - {name: s, version: 1.x, alias: one, condition: one.enabled}\n\
             - {name: s, version: '>=1', alias: two, tags: [t], condition: 'nope,two.text,two.enabled'}\n\
             - {name: s, version: '1', alias: three, tags: [t, u]}",
        ),
        ("values.yaml", "one: {enabled: false}\ntwo: {text: x, enabled: true}\ntags: {t: false}"),
        ("charts/s/Chart.yaml", "s"),
    ];
    check_enabled(&files, "", &["two"]);
    check_enabled(&files, "tags.u=true,one.enabled=true", &["one", "two", "three"]);
    check_enabled(&files, "tags.t=true,two.enabled=false", &["three"]);
    let warnings = prepare_with(&files, "").unwrap().warnings;
    assert!(warnings.contains(&"condition two.text of chart two is ignored: it is no bool".to_owned()));
}

#[test]
fn dependencies_of_dependencies_look_below_their_own_path() {
    let dependencies = "s\ndependencies: [{name: t, version: 1.0.0, condition: t.enabled}]";
    let below = [
        ("charts/s/values.yaml", "t: {enabled: false}"),
        ("charts/s/Chart.yaml", dependencies),
        ("charts/s/charts/t/Chart.yaml", "t"),
    ];
    let enabled = |root: &str| {
        let mut files = below.to_vec();
        files.push(("Chart.yaml", root));
        prepare_with(&files, "").unwrap().chart.dependencies[0].dependencies.len()
    };
    assert_eq!(enabled("c\ndependencies: [{name: s, version: 1.0.0}]"), 0);
    assert_eq!(enabled("c\ndependencies: []"), 0);
    assert_eq!(enabled("c"), 1, "a chart without dependencies is left alone");
}

#[test]
fn dependencies_of_the_first_format_are_in_a_file_of_their_own() {
    let files = vec![
        ("Chart.yaml", "name: c\nversion: 0.1.0"),
        ("requirements.yaml", "dependencies: [{name: s, version: 1.0.0, condition: s.enabled}]"),
        ("values.yaml", "s: {enabled: false}"),
        ("charts/s/Chart.yaml", "name: s\nversion: 1.0.0"),
    ];
    let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    let chart = load_files(files.collect()).unwrap();
    assert!(chart.files.iter().any(|file| file.path == "requirements.yaml"));
    let prepared = prepare(&chart, &Mapping::new(), &PrepareOptions::default()).unwrap();
    assert!(prepared.chart.dependencies.is_empty());
}

#[test]
fn other_versions_than_the_declared_are_used_as_they_are() {
    let declared = "c\ndependencies: [{name: s, version: ^2, alias: other, condition: s.enabled}]";
    let files = [("Chart.yaml", declared), ("charts/s/Chart.yaml", "s")];
    check_enabled(&files, "s.enabled=false", &["s"]);
}

#[test]
fn imported_values_share_what_they_overlap() {
    let imports = "[{child: data, parent: x}, {child: more, parent: x}, data]";
    let declared = format!("c\ndependencies: [{{name: s, version: 1.0.0, import-values: {imports}}}]");
    let files = [
        ("Chart.yaml", declared.as_str()),
        ("values.yaml", "nn: ~\nx: {p: ~, q: {r: ~}}\ns: {m: ~, k: ~}"),
        ("charts/s/Chart.yaml", "s"),
        (
            "charts/s/values.yaml",
            "m: 1\nk: {l: 1}\ndata: {q: {r: 1, s: 2}, t: ~, p: 5}\n\
             more: {q: {z: 9}, t: 1}\nexports: {data: {fromexp: 1}}",
        ),
    ];
    let sub = r#"{"data":{"p":5,"q":{"r":1,"s":2,"z":9}},"exports":{"data":{"fromexp":1}},"global":{},"k":{"l":1},"m":1,"more":{"q":{"z":9},"t":1}}"#;
    let want = format!(r#"{{"fromexp":1,"s":{sub},"x":{{"q":{{"s":2,"z":9}}}}}}"#);
    check(&files, "", Ok(&want));
}

#[test]
fn imports_of_what_is_no_table_are_remarked() {
    let declared = "c\ndependencies: [{name: s, version: 1.0.0, import-values: [gone]}]";
    let files = [("Chart.yaml", declared), ("charts/s/Chart.yaml", "s")];
    let warnings = prepare_with(&files, "").unwrap().warnings;
    let want = "import-values of chart s are ignored: s.exports.gone: \"exports\" is not a table";
    assert_eq!(warnings, [want]);
}

#[test]
fn err_imports_that_hold_themselves() {
    let imports = "[{child: data, parent: x}, {child: data, parent: x.z}]";
    let declared = format!("c\ndependencies: [{{name: s, version: 1.0.0, import-values: {imports}}}]");
    let files = [
        ("Chart.yaml", declared.as_str()),
        ("charts/s/Chart.yaml", "s"),
        ("charts/s/values.yaml", "data: {q: 1}"),
    ];
    let want = "chart dependencies processing failed: values nest deeper than 1000 levels";
    check(&files, "", Err(want));
}

#[test]
fn err_values_of_a_subchart_that_are_no_table() {
    let declared = "c\ndependencies: [{name: s, version: 1.0.0}]";
    let files = [("Chart.yaml", declared), ("charts/s/Chart.yaml", "s")];
    let want = "chart dependencies processing failed: type mismatch on s: [%!t(int64=1) %!t(string=x)]";
    check(&files, "s={1,x}", Err(want));
    let files = [("Chart.yaml", "c"), ("charts/s/Chart.yaml", "s")];
    check(&files, "s=null", Err("type mismatch on s: %!t(<nil>)"));
}

#[test]
fn err_dependencies_that_are_not_there() {
    let declared =
        "c\ndependencies: [{name: s, version: '1'}, {name: t, version: '1', condition: t.enabled}]";
    let want = "an error occurred while checking for chart dependencies. You may need to run \
                'helm dependency build' to fetch missing dependencies: found in Chart.yaml, \
                but missing in charts/ directory: s, t";
    check(&[("Chart.yaml", declared)], "t.enabled=false", Err(want));
}

#[test]
fn err_charts_that_cannot_be_installed() {
    check(&[("Chart.yaml", "c\ntype: library")], "", Err("library charts are not installable"));
    let want = "chart requires kubeVersion: >=9 which is incompatible with Kubernetes v1.36.0";
    check(&[("Chart.yaml", "c\nkubeVersion: '>=9'")], "", Err(want));
}
