//! What is known of a rendering beyond its text: why it failed, what it read, what differs in the next run.

use helm::{
    Capabilities, Chart, Diagnosis, Engine, Env, Found, Missing, Mode, Release, RenderOptions, Rendered,
    Source, diagnose, reached, template, usage,
};

const CHART: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
const SUBCHART: (&str, &str) = ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n");

fn chart(files: &[(&str, &str)]) -> Chart {
    let files = [CHART].iter().chain(files);
    let file = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
    // A chart may bring a Chart.yaml of its own.
    let mut all: Vec<(String, Vec<u8>)> = files.map(file).collect();
    if all.iter().filter(|(path, _)| path == "Chart.yaml").count() > 1 {
        all.remove(0);
    }
    helm::load_files(all).expect("it can be loaded")
}

fn env() -> Env {
    Env::new(std::time::UNIX_EPOCH, [7; 32])
}

/// Calls `ask` with the values and the options of a rendering.
fn with<T>(values: &str, env: &Env, ask: impl FnOnce(&goyaml::Mapping, &RenderOptions<'_>) -> T) -> T {
    let values = helm::values::from_yaml(values.as_bytes()).expect("the values are fine");
    let options = RenderOptions {
        engine: &Engine::new(),
        env,
        release: Release::new("rel", "ns"),
        capabilities: Capabilities::default(),
        include_crds: false,
        skip_schema_validation: false,
        mode: Mode::Normal,
    };
    ask(&values, &options)
}

fn failure(files: &[(&str, &str)], values: &str) -> Diagnosis {
    let chart = chart(files);
    with(values, &env(), |values, options| {
        let error = template(&chart, values, options).expect_err("it fails");
        diagnose(&error, &chart, values, options)
    })
}

/// Checks which lines of templates made the line that is no YAML, innermost first.
#[track_caller]
fn check_trail(files: &[(&str, &str)], site: &str, want: &[&str]) {
    let diagnosis = failure(files, "");
    let shown = |site: &helm::Site| format!("{}:{}", site.path, site.line);
    assert_eq!(diagnosis.site.as_ref().map(shown).as_deref(), Some(site));
    assert_eq!(diagnosis.trail.iter().map(shown).collect::<Vec<_>>(), want);
}

#[test]
fn text_that_is_no_yaml_is_traced_to_its_template() {
    check_trail(
        &[("templates/t.yaml", "{{/* c\n */}}\na: b\n---\n{{ if true }}\nk: {\n{{ end }}\n")],
        "templates/t.yaml (rendered):7",
        &["templates/t.yaml:6"],
    );
    check_trail(
        &[
            ("templates/t.yaml", "a:\n  {{- include \"h\" . | nindent 2 }}\n"),
            ("templates/_h.tpl", "{{ define \"h\" }}\nb: 1\n{{ include \"i\" . }}\n{{ end }}"),
            ("templates/_i.tpl", "\n\n{{ define \"i\" }}c: d: e{{ end }}"),
        ],
        "templates/t.yaml (rendered):4",
        &["templates/_i.tpl:3", "templates/_h.tpl:3", "templates/t.yaml:2"],
    );
}

#[test]
fn a_line_of_a_subchart_is_traced_into_it() {
    check_trail(
        &[SUBCHART, ("charts/s/templates/t.yaml", "a: 1\n b: 2\n"), ("templates/t.yaml", "a: 1\n")],
        "charts/s/templates/t.yaml (rendered):2",
        &["charts/s/templates/t.yaml:2"],
    );
}

/// Checks which value a template misses: its keys, and what is there.
#[track_caller]
fn check_missing(template: &str, values: &str, want: Option<(&[&str], Found)>) {
    let diagnosis = failure(&[("templates/t.yaml", template)], values);
    let got = diagnosis
        .missing
        .as_ref()
        .map(|missing| (missing.keys.iter().map(String::as_str).collect::<Vec<_>>(), missing.found));
    let got = got.as_ref().map(|(keys, found)| (keys.as_slice(), *found));
    assert_eq!(got, want, "template: {template}");
}

#[test]
fn the_value_that_is_nil_is_named() {
    fn nothing<'a>(keys: &'a [&'a str]) -> Option<(&'a [&'a str], Found)> {
        Some((keys, Found::Nothing))
    }
    check_missing("{{ .Values.a.b }}", "", nothing(&["a"]));
    check_missing("{{ .Values.a.b.c.d }}", "a: {b: {x: 1}}", nothing(&["a", "b", "c"]));
    check_missing(
        "{{ $v := .Values.a }}{{ with 1 }}{{ $v.b.c }}{{ end }}",
        "a: {x: 1}",
        nothing(&["a", "b"]),
    );
    check_missing("{{ range $i, $x := .Values.l }}{{ $.Values.a.b }}{{ end }}", "l: [1]", nothing(&["a"]));
    check_missing("{{ tpl \"{{ .Values.a.b }}\" . }}", "", nothing(&["a"]));
}

#[test]
fn a_value_of_another_kind_is_named() {
    check_missing("{{ .Values.a.b }}", "a: text", Some((&["a"], Found::Other("text"))));
    check_missing(
        "{{ range .Values.a.b }}{{ end }}",
        "a: {b: 1}",
        Some((&["a", "b"], Found::Other("a number"))),
    );
    check_missing("{{ upper .Values.a }}", "a: [1]", Some((&["a"], Found::Other("a list"))));
    check_missing("{{ .Values.a | b64enc }}", "a: {}", Some((&["a"], Found::Other("a map"))));
    check_missing("{{ required \"it\" .Values.a }}", "a: ''", Some((&["a"], Found::EmptyText)));
    check_missing("{{ index .Values.a \"b\" }}", "", Some((&["a"], Found::Nothing)));
}

#[test]
fn what_is_no_value_is_not_named() {
    check_missing("{{ fail .Values.a }}", "a: x", None);
    check_missing("{{ (fromYaml \"a: 1\").b.c }}", "", None);
    check_missing("{{ .Values.a.b }}{{ upper (list) }}", "a: {b: 1}", None);
}

#[test]
fn a_value_of_a_subchart_is_named_below_it() {
    let files = [
        SUBCHART,
        ("charts/s/values.yaml", "x: {w: 1}\n"),
        ("charts/s/templates/t.yaml", "{{ .Values.x.z.q }}"),
    ];
    let diagnosis = failure(&files, "");
    let want = Missing {
        keys: ["s", "x", "z"].map(str::to_owned).to_vec(),
        found: Found::Nothing,
        siblings: vec!["w".to_owned()],
    };
    assert_eq!(diagnosis.missing, Some(want));
}

#[test]
fn a_default_is_found_in_the_chart_that_counts() {
    let files = [
        SUBCHART,
        ("values.yaml", "# c\na: 1\ns:\n  x: {w: 2}\nglobal:\n  g: 1\n"),
        ("charts/s/values.yaml", "\nx:\n  w: 1\n  z: 1\nglobal: {g: 2, h: 3}\n"),
    ];
    let chart = chart(&files);
    let place = |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        chart.default_site(&keys).map(|site| format!("{}:{}:{}", site.path, site.line, site.column))
    };
    assert_eq!(place(&["a"]).as_deref(), Some("values.yaml:2:1"));
    assert_eq!(place(&["s", "x", "w"]).as_deref(), Some("values.yaml:4:7"));
    assert_eq!(place(&["s", "x", "z"]).as_deref(), Some("charts/s/values.yaml:4:3"));
    assert_eq!(place(&["s", "global", "g"]).as_deref(), Some("values.yaml:6:3"));
    assert_eq!(place(&["s", "global", "h"]).as_deref(), Some("charts/s/values.yaml:5:16"));
    assert_eq!(place(&["b"]), None);
}

fn rendered(chart: &Chart, values: &str, env: &Env) -> (Rendered, Vec<String>) {
    with(values, env, |values, options| {
        let rendered = template(chart, values, options).expect("it renders");
        let reached = reached(chart, values, options, &rendered);
        let line = |chance: &helm::Chance| chance.of.position.as_ref().map_or(0, |position| position.line);
        let shown = reached.iter().map(|chance| format!("{}:{}", chance.of.function, line(chance)));
        (rendered, shown.collect())
    })
}

/// Checks the functions, with their lines, that make the output differ from run to run.
#[track_caller]
fn check_chances(template: &str, values: &str, want: &[&str]) {
    let chart = chart(&[("templates/t.yaml", template)]);
    assert_eq!(rendered(&chart, values, &env()).1, want, "template: {template}");
}

#[test]
fn randomness_that_reaches_the_output_is_told() {
    check_chances("a: {{ randAlphaNum 9 }}\nb: {{ uuidv4 | b64enc }}\n", "", &["randAlphaNum:1", "uuidv4:2"]);
    check_chances("{{ $p := randAlpha 9 }}\na: {{ $p | sha256sum }}\n", "", &["randAlpha:1"]);
    check_chances("a: {{ randInt 0 1000000 }}\n", "", &["randInt:1"]);
    check_chances("a: {{ htpasswd \"u\" \"p\" }}\n", "", &["htpasswd:1"]);
    check_chances(
        "{{ $k := genPrivateKey \"ed25519\" }}\na: {{ (genSelfSignedCertWithKey \"a\" nil nil 1 $k).Cert | b64enc }}\n",
        "",
        &["genPrivateKey:1", "genSelfSignedCertWithKey:2"],
    );
}

#[test]
fn the_moment_that_reaches_the_output_is_told() {
    check_chances("a: {{ now | date \"2006\" }}\nb: {{ now | unixEpoch }}\n", "", &["now:1", "now:2"]);
    check_chances("a: {{ date \"2006\" .Values.when }}\n", "", &["date:1"]);
}

#[test]
fn what_does_not_reach_the_output_is_not_told() {
    check_chances("a: {{ default (randAlphaNum 9) .Values.p }}\n", "p: given", &[]);
    check_chances("a: {{ default (randAlphaNum 9) .Values.p }}\n", "", &["randAlphaNum:1"]);
    check_chances("{{ $now := now }}\na: 1\n", "", &[]);
    let chart = chart(&[("templates/t.yaml", "a: 1\n"), ("templates/NOTES.txt", "{{ randAlpha 9 }}")]);
    assert!(rendered(&chart, "", &env()).1.is_empty(), "notes are no output");
}

#[test]
fn what_is_repeatable_is_not_told() {
    let chart = chart(&[("templates/t.yaml", "a: {{ randAlphaNum 9 }}\nb: {{ now }}\n")]);
    assert_eq!(rendered(&chart, "", &env().with_fixed(Source::Randomness)).1, ["now:2"]);
    assert_eq!(rendered(&chart, "", &env().with_fixed(Source::Clock)).1, ["randAlphaNum:1"]);
}

/// Checks what is read (`*` behind a table that is read as a whole, `?` behind what is not set) and what of the
/// given values nobody reads.
#[track_caller]
fn check_usage(files: &[(&str, &str)], values: &str, read: &[&str], unread: &[&str]) {
    let chart = chart(files);
    let usage = with(values, &env(), |values, options| usage(&chart, values, options).expect("it renders"));
    let shown = |value: &helm::ReadValue| {
        let path = value.keys.join(".");
        if value.whole {
            format!("{path}.*")
        } else {
            format!("{path}{}", if value.is_set { "" } else { "?" })
        }
    };
    assert_eq!(usage.read.iter().map(shown).collect::<Vec<_>>(), read, "read");
    assert_eq!(usage.unread.iter().map(|keys| keys.join(".")).collect::<Vec<_>>(), unread, "unread");
}

#[test]
fn given_values_that_nobody_reads_are_told() {
    check_usage(
        &[
            ("values.yaml", "image: {tag: 1}\n"),
            ("templates/t.yaml", "a: {{ .Values.image.tag }}\nb: {{ .Values.x }}\n"),
        ],
        "image: {tga: 2}\nlist: [1]\n",
        &["image.tag", "x?"],
        &["image.tga", "list"],
    );
}

#[test]
fn who_takes_a_table_as_a_whole_reads_all_of_it() {
    let template = "a: {{ toYaml .Values.a | nindent 2 }}\n{{ range .Values.r }}r: {{ . }}{{ end }}\n";
    check_usage(&[("templates/t.yaml", template)], "a: {b: {c: 1}}\nr: {d: x}\n", &["a.*", "r.*"], &[]);
    let template = "{{ with .Values.a }}b: {{ .b }}{{ end }}\n{{ if .Values.e }}e: 1{{ end }}\n";
    check_usage(&[("templates/t.yaml", template)], "a: {b: 1, c: 2}\ne: {f: 1}\n", &["a.b", "e.*"], &["a.c"]);
}

#[test]
fn values_are_followed_through_includes_and_variables() {
    let files = [
        (
            "templates/t.yaml",
            "{{ include \"h\" (dict \"v\" .Values.a \"ctx\" $) }}\n{{ tpl \"x: {{ .Values.t }}\" . }}\n",
        ),
        ("templates/_h.tpl", "{{ define \"h\" }}a: {{ .v.b }}\nk: {{ get .ctx.Values.m \"k\" }}{{ end }}"),
    ];
    check_usage(&files, "a: {b: 1, c: 2}\nm: {k: 1, l: 2}\nt: 1\n", &["a.b", "m.k", "t"], &["a.c", "m.l"]);
}

#[test]
fn values_of_subcharts_are_those_below_their_names() {
    let files = [
        (
            "Chart.yaml",
            "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: s, version: 1.0.0, alias: one, condition: one.enabled, tags: [t]}\n",
        ),
        SUBCHART,
        ("charts/s/templates/t.yaml", "a: {{ .Values.x }}\ng: {{ .Values.global.g }}\n"),
    ];
    check_usage(
        &files,
        "one: {enabled: true, x: 1, z: 2}\ns: {x: 1}\nglobal: {g: 1, h: 2}\ntags: {t: false, u: true}\n",
        &["one.global.g", "one.x"],
        &["global.h", "one.z", "s.x", "tags.u"],
    );
}

#[test]
fn a_value_of_a_subchart_is_read_though_it_is_the_default() {
    let files =
        [SUBCHART, ("charts/s/values.yaml", "x: 1\n"), ("charts/s/templates/t.yaml", "a: {{ .Values.x }}\n")];
    check_usage(&files, "s: {x: 1, z: 1}\n", &["s.x"], &["s.z"]);
}

#[test]
fn a_value_that_a_schema_asks_for_has_an_effect() {
    let files =
        [("values.schema.json", "{\"required\": [\"a\"]}"), ("templates/t.yaml", "b: {{ .Values.b }}\n")];
    check_usage(&files, "a: 1\nb: 1\nc: 1\n", &["b"], &["c"]);
}
