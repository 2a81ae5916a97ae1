//! What recorders tell of an execution: which node wrote a line, and which keys were read.

use gotmpl::{
    CallError, Exec, Function, Functions, Lines, Map, Options, Origin, Parsed, Passing, Reads, Templates,
    Type, Value,
};

fn include(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let name = args[0].as_str().map(|name| name.to_text().into_owned()).unwrap_or_default();
    exec.execute(&name, args[1].clone()).map(Value::Str)
}

fn indent(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let text = args[0].as_str().map(|text| text.to_text().into_owned()).unwrap_or_default();
    Ok(Value::str(format!("\n  {}", text.trim().replace('\n', "\n  "))))
}

fn show(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    Ok(Value::str(gotmpl::fmt::display(&args[0]).to_text().into_owned()))
}

fn dict(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    Ok(Value::map([("it", args[0].clone())]))
}

const fn function(name: &'static str, params: &'static [Type], call: gotmpl::Body) -> Function {
    Function { name, params, variadic: None, returns: Type::Any, reach: gotmpl::Reach::Shallow, call }
}

const FUNCTIONS: &[Function] = &[
    function("include", &[Type::String, Type::Any], include),
    function("indent", &[Type::String], indent),
    function("show", &[Type::Any], show),
    function("dict", &[Type::Any], dict),
];

/// Runs the first of the texts with recorders; the texts are named `a`, `b` and so on.
fn run(texts: &[&str], data: Value, lines: &Lines, reads: &Reads) -> String {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    for (text, name) in texts.iter().zip(["a", "b", "c"]) {
        templates.add(&Parsed::new(name, text.as_bytes(), &functions).expect("it parses"));
    }
    let options = Options { lines: Some(lines), reads: Some(reads), ..Options::default() };
    let out = Exec::new(&templates, &functions, options).run("a", data).expect("it runs");
    String::from_utf8(out).expect("it is text")
}

fn passing(function: &str) -> Passing {
    match function {
        "include" | "dict" => Passing::Reference,
        "index" => Passing::Keys,
        "not" | "and" => Passing::Truth,
        _ => Passing::Whole,
    }
}

/// Checks which places (`file:line`) wrote each line, innermost first; the pieces of a line are parted by commas.
#[track_caller]
fn check_lines(texts: &[&str], want: &[(&str, &str)]) {
    let lines = Lines::of(["a"]);
    let out = run(texts, Value::map([("x", Value::str("1\n2"))]), &lines, &Reads::new(passing));
    let place = |origin: &Origin| format!("{}:{}", origin.position.file.to_text(), origin.position.line);
    let trail = |trail: &Vec<Origin>| trail.iter().map(place).collect::<Vec<_>>().join(" < ");
    let got: Vec<(&str, String)> = out
        .lines()
        .enumerate()
        .map(|(at, line)| (line, lines.trails("a", at + 1).iter().map(trail).collect::<Vec<_>>().join(", ")))
        .collect();
    let got: Vec<(&str, &str)> = got.iter().map(|(line, places)| (*line, places.as_str())).collect();
    assert_eq!(got, want, "texts: {texts:?}");
}

#[test]
fn text_is_traced_to_its_line() {
    check_lines(&["a\n\n  b: 1\n"], &[("a", "a:1"), ("", "a:2"), ("  b: 1", "a:3")]);
    check_lines(&["a\n{{- /* c */ -}}\n\nb"], &[("ab", "a:1, a:4")]);
}

#[test]
fn every_piece_of_a_line_is_traced() {
    check_lines(&["a: {{ .x }}!\n"], &[("a: 1", "a:1, a:1"), ("2!", "a:1, a:1")]);
    check_lines(&["{{ if true }}\n  k: {{ 1 }}\n{{ end }}"], &[("", "a:1"), ("  k: 1", "a:2, a:2")]);
}

#[test]
fn lines_of_an_include_are_traced_into_it() {
    check_lines(
        &["x:\n{{- include \"b\" . | indent }}\n", "\n- one\n- two\n- one\n"],
        &[("x:", "a:1"), ("  - one", "b:2 < a:2"), ("  - two", "b:3 < a:2"), ("  - one", "b:4 < a:2")],
    );
    check_lines(
        &["{{ include \"b\" . }}", "k: {{ include \"c\" . | indent }}", "deep"],
        &[("k: ", "b:1 < a:1"), ("  deep", "c:1 < b:1 < a:1")],
    );
}

#[test]
fn an_include_may_be_printed_later() {
    check_lines(
        &["{{ $v := include \"b\" . }}\n\n{{ $v }}", "k: 1"],
        &[("", "a:1"), ("", "a:2"), ("k: 1", "b:1 < a:3")],
    );
}

#[test]
fn what_no_include_wrote_is_of_the_action() {
    check_lines(
        &["\n{{ include \"b\" . | show | indent }}", "k: 1"],
        &[("", "a:1"), ("", "a:2"), ("  k: 1", "b:1 < a:2")],
    );
    check_lines(&["{{ include \"b\" . | len }}", "k"], &[("1", "a:1")]);
}

#[test]
fn a_called_template_writes_into_the_same_output() {
    check_lines(
        &["{{ template \"b\" . }}\nend", "k: 1\nl: {{ template \"c\" }}", "{{ 2 }}"],
        &[("k: 1", "b:1 < a:1"), ("l: 2", "b:2 < a:1, c:1 < b:2 < a:1"), ("end", "a:2")],
    );
}

#[test]
fn each_of_several_templates_has_lines_of_its_own() {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    for (name, text) in [("a", "1\n{{ include \"b\" . }}"), ("b", "2"), ("c", "\n3")] {
        templates.add(&Parsed::new(name, text.as_bytes(), &functions).expect("it parses"));
    }
    let lines = Lines::of(["a", "c"]);
    for name in ["a", "b", "c"] {
        let options = Options { lines: Some(&lines), ..Options::default() };
        Exec::new(&templates, &functions, options).run(name, Value::Nil).expect("it runs");
    }
    let deepest = |template: &str, line: usize| {
        let trails = lines.trails(template, line);
        trails.first().map(|trail| (trail[0].template.to_text().into_owned(), trail[0].position.line))
    };
    assert_eq!(deepest("a", 1), Some(("a".to_owned(), 1)));
    assert_eq!(deepest("a", 2), Some(("b".to_owned(), 1)));
    assert_eq!(deepest("b", 1), None);
    assert_eq!(deepest("c", 2), Some(("c".to_owned(), 2)));
}

/// Checks what is read of the map `{m: {k: {l: 1}, n: 2}}`: keys by path, `*` for all of a map, `?` for its being empty.
#[track_caller]
fn check_reads(template: &str, want: &[&str]) {
    let k = Map::new();
    k.insert("l", Value::Int(1));
    let m = Map::new();
    m.insert("k", Value::Map(k.clone()));
    m.insert("n", Value::Int(2));
    let data = Value::map([("m", Value::Map(m.clone()))]);
    let reads = Reads::new(passing);
    run(&[template, "{{ .it.k }}"], data, &Lines::of(["a"]), &reads);
    let mut got = Vec::new();
    for (path, map) in [("m", m), ("m.k", k)] {
        let Some(read) = reads.of(&map) else { continue };
        got.extend(read.keys.iter().map(|key| format!("{path}.{}", key.to_text())));
        got.extend(read.whole.then(|| format!("{path}.*")));
        got.extend(read.truth.then(|| format!("{path}?")));
    }
    assert_eq!(got, want, "template: {template}");
}

#[test]
fn fields_are_read_by_key() {
    check_reads("{{ .m.k.l }}{{ .m.absent }}", &["m.absent", "m.k", "m.k.l"]);
    check_reads("{{ $x := .m }}{{ with $x.k }}{{ .l }}{{ end }}", &["m.k", "m.k.l", "m.k?"]);
    check_reads("{{ index .m \"k\" \"l\" }}", &["m.k", "m.k.l"]);
}

#[test]
fn a_map_that_is_handed_on_is_not_read() {
    check_reads("{{ $x := dict .m }}", &[]);
    check_reads("{{ include \"b\" (dict .m) }}", &["m.k", "m.k.*"]);
    check_reads("{{ if and .m.k true }}{{ end }}", &["m.k", "m.k?"]);
}

#[test]
fn who_prints_or_walks_over_a_map_reads_all_of_it() {
    check_reads("{{ .m }}", &["m.*", "m.k.*"]);
    check_reads("{{ range .m }}{{ end }}", &["m.*", "m.k.*"]);
    check_reads("{{ show (dict .m.k) }}", &["m.k", "m.k.*"]);
}

#[test]
fn the_last_field_that_was_looked_up_is_known() {
    let reads = Reads::new(passing);
    let m = Map::new();
    m.insert("k", Value::Nil);
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    templates.add(&Parsed::new("a", b"{{ .m.n }}{{ .m.k.l }}", &functions).expect("it parses"));
    let data = Value::map([("m", Value::Map(m.clone()))]);
    let options = Options { reads: Some(&reads), ..Options::default() };
    Exec::new(&templates, &functions, options).run("a", data).expect_err("nil has no fields");
    let (map, key) = reads.last().expect("a field was looked up");
    assert!(map.is_same(&m));
    assert_eq!(key.as_text(), Some("k"));
}

/// Checks which keys were read for each line, and behind a bar those that decided whether it is there.
#[track_caller]
fn check_reads_of_lines(texts: &[&str], want: &[(&str, &str)]) {
    let inner = Value::map([("k", Value::str("v")), ("on", Value::Bool(true))]);
    let data = Value::map([("m", inner), ("x", Value::str("1")), ("l", Value::list(vec![Value::str("i")]))]);
    let (lines, reads) = (Lines::of(["a"]), Reads::in_order(passing));
    let out = run(texts, data, &lines, &reads);
    let keys = |origin: &Origin| {
        let parts = origin.reads.iter().flat_map(|part| reads.part(part.clone()));
        parts.map(|(_, key)| key.to_text().into_owned()).collect::<Vec<_>>().join(" ")
    };
    let line = |number: usize| {
        let trail = lines.trail("a", number);
        let own: Vec<String> = trail.iter().map(keys).collect();
        let because: Vec<String> = trail.iter().flat_map(|origin| origin.because.iter().map(keys)).collect();
        format!("{} | {}", own.join(" < "), because.join(", "))
    };
    let got: Vec<(&str, String)> = out.lines().enumerate().map(|(at, text)| (text, line(at + 1))).collect();
    let got: Vec<(&str, &str)> = got.iter().map(|(text, keys)| (*text, keys.trim())).collect();
    assert_eq!(got, want, "texts: {texts:?}");
}

#[test]
fn what_a_line_reads_is_known() {
    check_reads_of_lines(&["a: b\nc: {{ .m.k }}\n"], &[("a: b", "|"), ("c: v", "m k |")]);
    check_reads_of_lines(&["{{ with .m }}c: {{ .k }}{{ end }}"], &[("c: v", "k | m")]);
    check_reads_of_lines(
        &["{{ if .m.on }}\n{{- range .l }}\n- {{ . }}{{ end }}{{ end }}"],
        &[("", "| l, m on"), ("- i", "l | l, m on")],
    );
}

#[test]
fn what_a_variable_was_made_of_is_read_with_it() {
    check_reads_of_lines(&["{{ $v := .m.k }}{{ .x }}\n{{ $v }}"], &[("1", "x |"), ("v", "m k |")]);
    check_reads_of_lines(&["{{ $v := 1 }}{{ $v = .x }}\n{{ $v }}"], &[("", "|"), ("1", "x |")]);
}

#[test]
fn what_an_include_reads_is_not_read_by_the_line_that_includes() {
    check_reads_of_lines(
        &["{{ include \"b\" . | indent }}", "a: 1\nb: {{ .m.k }}"],
        &[("", "|"), ("  a: 1", "<  |"), ("  b: v", "m k <  |")],
    );
    check_reads_of_lines(
        &["{{ if .x }}{{ template \"b\" .m }}{{ end }}", "b: {{ .k }}"],
        &[("b: v", "k < m | x")],
    );
}

#[test]
fn a_value_that_looks_like_an_include_is_none() {
    check_lines(
        &["{{ include \"b\" . | indent }}\n{{ 1 }}\n", "1"],
        &[("", "a:1"), ("  1", "b:1 < a:1"), ("1", "a:2")],
    );
}
