//! Templates as their authors see them: output, or the error. Expected texts are those of Go 1.26.

use gotmpl::{
    CallError, Exec, Function, Functions, MissingKey, Options, Parsed, Reach, Templates, Type, Value,
};

fn list(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    Ok(Value::list(args.to_vec()))
}

fn upper(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let text = args[0].as_str().map(|text| text.to_text().to_uppercase()).unwrap_or_default();
    Ok(Value::str(text))
}

fn add(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    match args {
        [Value::Int(a), Value::Int(b)] => Ok(Value::Int(a.wrapping_add(*b))),
        _ => Err(CallError::new("add takes integers")),
    }
}

fn fail(_: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    Err(CallError::new(gotmpl::fmt::display(&args[0]).to_text()))
}

fn include(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let name = args[0].as_str().map(|name| name.to_text().into_owned()).unwrap_or_default();
    exec.execute(&name, args[1].clone()).map(Value::Str)
}

fn tpl(exec: &mut Exec<'_>, args: &[Value]) -> Result<Value, CallError> {
    let text = args[0].as_str().cloned().unwrap_or_else(|| "".into());
    let parsed = Parsed::new("inner", text.as_bytes(), exec.functions()).map_err(CallError::from_error)?;
    exec.execute_text(&parsed, args[1].clone()).map(Value::Str)
}

const FUNCTIONS: &[Function] = &[
    Function {
        name: "list",
        params: &[],
        variadic: Some(Type::Any),
        returns: Type::LIST,
        reach: Reach::Shallow,
        call: list,
    },
    Function {
        name: "upper",
        params: &[Type::String],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: upper,
    },
    Function {
        name: "add",
        params: &[Type::Int, Type::Int],
        variadic: None,
        returns: Type::Int,
        reach: Reach::Shallow,
        call: add,
    },
    Function {
        name: "fail",
        params: &[Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: fail,
    },
    Function {
        name: "include",
        params: &[Type::String, Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: include,
    },
    Function {
        name: "tpl",
        params: &[Type::String, Type::Any],
        variadic: None,
        returns: Type::String,
        reach: Reach::Shallow,
        call: tpl,
    },
];

fn data() -> Value {
    Value::map([
        ("i", Value::Int(3)),
        ("f", Value::Float64(3.0)),
        ("s", Value::str("text")),
        ("nul", Value::Nil),
        ("l", Value::list(vec![Value::str("a"), Value::Int(1), Value::Nil])),
        ("m", Value::map([("b", Value::Int(2)), ("a", Value::Int(1))])),
    ])
}

fn render(template: &str, missing_key: MissingKey) -> Result<String, String> {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    let parsed = Parsed::new("t", template.as_bytes(), &functions).map_err(|err| err.to_string())?;
    templates.add(&parsed);
    let options = Options { missing_key, ..Options::default() };
    let output = Exec::new(&templates, &functions, options).run("t", data());
    output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|err| err.to_string())
}

#[track_caller]
fn check(template: &str, want: Result<&str, &str>) {
    let got = render(template, MissingKey::Zero);
    assert_eq!(got.as_deref().map_err(String::as_str), want, "template: {template:?}");
}

#[test]
fn text_and_trim_markers() {
    check("plain }} text", Ok("plain }} text"));
    check("a {{- 3}} b", Ok("a3 b"));
    check("a {{-3}} b", Ok("a -3 b"));
    check("a {{- /* c */ -}} b", Ok("ab"));
    check("{{ `{{` }}", Ok("{{"));
}

#[test]
fn parse_errors_have_gos_texts() {
    check("{{", Err("template: t:1: unclosed action"));
    check("{{\n\n.x", Err("template: t:3: unclosed action started at t:1"));
    check("{{ nope }}", Err("template: t:1: function \"nope\" not defined"));
    check("{{ $x }}", Err("template: t:1: undefined variable \"$x\""));
    check("{{ if }}{{ end }}", Err("template: t:1: missing value for if"));
    check("{{ end }}", Err("template: t:1: unexpected {{end}}"));
    check("{{ if true }}", Err("template: t:1: unexpected EOF"));
    check("{{ 08 }}", Err("template: t:1: integer overflow: \"08\""));
    check("{{ break }}", Err("template: t:1: {{break}} outside {{range}}"));
    check("{{ 1 | 2 }}", Err("template: t:1: non executable command in pipeline stage 2"));
    check("{{ define }}", Err("template: t:1: unexpected \"}}\" in define clause"));
    check("{{ .a.b!c }}", Err("template: t:1: bad character U+0021 '!'"));
}

#[test]
fn a_field_chain_is_found_at_its_second_dot() {
    check(
        "{{ .nope.b.c }}",
        Err("template: t:1:8: executing \"t\" at <.nope.b.c>: nil pointer evaluating interface {}.b"),
    );
    check(
        "{{ .s.x }}",
        Err("template: t:1:5: executing \"t\" at <.s.x>: can't evaluate field x in type interface {}"),
    );
    check(
        "{{ (.s).x }}",
        Err("template: t:1:4: executing \"t\" at <.s>: can't evaluate field x in type string"),
    );
    check("{{ (.nope).b.c }}", Ok("<no value>"));
}

#[test]
fn arguments_are_checked_and_converted() {
    check("{{ upper 5 }}", Err("template: t:1:9: executing \"t\" at <5>: expected string; found 5"));
    check(
        "{{ .nope | upper }}",
        Err("template: t:1:11: executing \"t\" at <upper>: invalid value; expected string"),
    );
    check(
        "{{ upper .nope }}",
        Err(
            "template: t:1:9: executing \"t\" at <.nope>: wrong type for value; expected string; got interface {}",
        ),
    );
    check("{{ add 3.0 1e1 }}", Ok("13"));
    check("{{ add 2.5 1 }}", Err("template: t:1:7: executing \"t\" at <2.5>: expected integer; found 2.5"));
    check(
        "{{ add 1 }}",
        Err("template: t:1:3: executing \"t\" at <add>: wrong number of args for add: want 2 got 1"),
    );
    check(
        "{{ fail \"no\" }}",
        Err("template: t:1:3: executing \"t\" at <fail \"no\">: error calling fail: no"),
    );
    check(
        "{{ len 1 2 }}",
        Err("template: t:1:3: executing \"t\" at <len>: wrong number of args for len: want 1 got 2"),
    );
}

#[test]
fn variables_have_go_scopes() {
    check("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", Ok("2"));
    check("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", Ok("1"));
    check("{{ $x = 1 }}", Err("template: t:1:8: executing \"t\" at <1>: undefined variable: $x"));
    check("{{ $x := 0 }}{{ and false ($x := 1) }}{{ $x }}", Ok("false0"));
    check(
        "{{ range $i, $v := .l }}{{ else }}{{ end }}{{ range $i, $v := list }}{{ else }}{{ $i }}{{ $v }}{{ end }}",
        Ok("[][]"),
    );
}

#[test]
fn range_iterates_over_lists_maps_and_integers() {
    check("{{ range $i, $v := .l }}{{ $i }}={{ $v }},{{ end }}", Ok("0=a,1=1,2=<no value>,"));
    check("{{ range $k, $v := .m }}{{ $k }}={{ $v }},{{ end }}", Ok("a=1,b=2,"));
    check("{{ range 3 }}{{ . }}{{ end }}", Ok("012"));
    check("{{ range .i }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", Ok("02"));
    check("{{ range .nope }}x{{ else }}none{{ end }}", Ok("none"));
    check(
        "{{ range .f }}{{ end }}",
        Err("template: t:1:9: executing \"t\" at <.f>: range can't iterate over 3"),
    );
}

#[test]
fn templates_call_each_other() {
    check("{{ define \"a\" }}[{{ . }}]{{ end }}{{ template \"a\" .i }}", Ok("[3]"));
    check("{{ block \"b\" .i }}({{ . }}){{ end }}", Ok("(3)"));
    check(
        "{{ template \"x\" . }}",
        Err("template: t:1:12: executing \"t\" at <{{template \"x\" .}}>: template \"x\" not defined"),
    );
    check(
        "{{ define \"a\" }}{{ .x.y }}{{ end }}{{ include \"a\" . }}",
        Err(
            "template: t:1:38: executing \"t\" at <include \"a\" .>: error calling include: template: t:1:21: executing \"a\" at <.x.y>: nil pointer evaluating interface {}.y",
        ),
    );
    check(
        "{{ include \"no\" . }}",
        Err(
            "template: t:1:3: executing \"t\" at <include \"no\" .>: error calling include: template: no template \"no\" associated with template \"set\"",
        ),
    );
    check(
        "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
        Err(
            "template: t:1:28: executing \"a\" at <{{template \"a\"}}>: exceeded maximum template depth (100000)",
        ),
    );
}

#[test]
fn defines_of_a_tpl_are_gone_after_it() {
    check(
        "{{ define \"a\" }}old{{ end }}{{ tpl \"{{ define `a` }}new{{ end }}{{ include `a` . }}\" . }}{{ include \"a\" . }}",
        Ok("newold"),
    );
}

#[test]
fn missing_keys_follow_the_mode() {
    assert_eq!(render("{{ .nope }}", MissingKey::Invalid).as_deref(), Ok("<no value>"));
    assert_eq!(render("{{ .nope.x }}", MissingKey::Invalid).as_deref(), Ok("<no value>"));
    assert_eq!(
        render("{{ .nope }}", MissingKey::Error).unwrap_err(),
        "template: t:1:3: executing \"t\" at <.nope>: map has no entry for key \"nope\""
    );
}

#[test]
fn comparisons_take_basic_kinds() {
    check(
        "{{ eq .f 3 }}",
        Err(
            "template: t:1:3: executing \"t\" at <eq .f 3>: error calling eq: incompatible types for comparison: float64 and int",
        ),
    );
    check("{{ eq 1 2 1 }} {{ lt 1 2 }} {{ ne .s \"x\" }} {{ eq .nul nil }}", Ok("true true true true"));
    check(
        "{{ lt .nul 1 }}",
        Err("template: t:1:3: executing \"t\" at <lt .nul 1>: error calling lt: invalid type for comparison"),
    );
    check(
        "{{ eq .m .m }}",
        Err(
            "template: t:1:3: executing \"t\" at <eq .m .m>: error calling eq: non-comparable type map[a:%!s(int=1) b:%!s(int=2)]: map[string]interface {}",
        ),
    );
}

#[test]
fn an_excerpt_shows_the_place() {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    let text = b"{{ define \"a\" }}\n\tx: {{ .s.y }}\n{{ end }}\n{{ include \"a\" . }}";
    templates.add(&Parsed::new("file.yaml", text, &functions).expect("it parses"));
    let error = Exec::new(&templates, &functions, Options::default()).run("file.yaml", data()).unwrap_err();
    let want = "template: file.yaml:4:3: executing \"file.yaml\" at <include \"a\" .>: error calling include: \
        template: file.yaml:2:9: executing \"a\" at <.s.y>: can't evaluate field y in type interface {}\n \
        --> file.yaml:2:10\n  |\n2 | \tx: {{ .s.y }}\n  | \t        ^";
    assert_eq!(format!("{error:#}"), want);
    let error = Parsed::new("p", b"a\n{{ if .x }}{{ nope }}\nb", &functions).unwrap_err();
    let want = "template: p:2: function \"nope\" not defined\n --> p:2:15\n  |\n2 | {{ if .x }}{{ nope }}\n  |               ^";
    assert_eq!(format!("{error:#}"), want);
    let error = Parsed::new("p", b"{{ if .x }}\n", &functions).unwrap_err();
    assert_eq!(format!("{error:#}"), "template: p:2: unexpected EOF\n --> p:2:1\n  |\n2 | \n  | ^");
}

#[test]
fn an_error_leads_to_where_it_began() {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    let text = b"{{ define \"a\" }}{{ .s.y }}{{ end }}{{ include \"a\" . }}";
    templates.add(&Parsed::new("t", text, &functions).expect("it parses"));
    let error = Exec::new(&templates, &functions, Options::default()).run("t", data()).unwrap_err();
    assert_eq!(error.innermost().template().map(|name| name.to_text().into_owned()).as_deref(), Some("a"));
}

#[test]
fn a_text_serves_under_several_names() {
    let functions = Functions::new(&[FUNCTIONS]);
    let one = Parsed::new("one", b"{{ .s.x }}", &functions).expect("it parses");
    let mut templates = Templates::new("set");
    templates.add(&one);
    templates.add(&one.named("two").expect("it defines nothing"));
    let error = Exec::new(&templates, &functions, Options::default()).run("two", data()).unwrap_err();
    assert!(error.to_string().starts_with("template: two:1:5: executing \"two\" at <.s.x>"), "{error}");
    let clash =
        Parsed::new("x", b"{{ define \"d\" }}1{{ end }}text", &functions).expect("it parses").named("d");
    assert_eq!(
        clash.unwrap_err().to_string(),
        "template: d:1: template: multiple definition of template \"d\""
    );
}

#[test]
fn blank_definitions_replace_nothing() {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    for (name, text) in [
        ("1", "{{ define \"a\" }}one{{ end }}"),
        ("2", "{{ define \"a\" }}two{{ end }}"),
        ("3", "{{ define \"a\" }} \n{{/* nothing */}}{{ end }}"),
        ("t", "{{ template \"a\" }}"),
    ] {
        templates.add(&Parsed::new(name, text.as_bytes(), &functions).expect("it parses"));
    }
    let output = Exec::new(&templates, &functions, Options::default()).run("t", Value::Nil).expect("it runs");
    assert_eq!(output, b"two");
}

#[track_caller]
fn check_limited(template: &str, want: &str) {
    let functions = Functions::new(&[FUNCTIONS]);
    let mut templates = Templates::new("set");
    templates.add(&Parsed::new("t", template.as_bytes(), &functions).expect("it parses"));
    let limits =
        gotmpl::Limits { steps: 300_000, depth: 200, bytes: 1_000_000, largest: 500_000, output: 400_000 };
    let options = Options { limits, ..Options::default() };
    let error =
        Exec::new(&templates, &functions, options).run("t", data()).expect_err("it is stopped").to_string();
    assert!(error.contains(want), "template: {template:?}, error: {error}");
}

#[test]
fn templates_without_end_are_stopped() {
    check_limited("{{ range 1000000000 }}{{ end }}", "exceeded maximum steps (300000)");
    check_limited(
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "exceeded maximum depth of executions (200)",
    );
}

#[test]
fn templates_that_make_too_much_are_stopped() {
    check_limited(
        "{{ range 100000 }}0123456789012345678901234{{ end }}",
        "exceeded maximum output (400000 bytes)",
    );
    check_limited("{{ printf \"%900000d\" 1 }}", "exceeded maximum size (500000 bytes)");
    check_limited("{{ printf \"%300000d%300000d\" 1 1 }}", "exceeded maximum size (500000 bytes)");
    check_limited(
        "{{ $x := print `0123456789` }}{{ range 20 }}{{ $x = print $x $x }}{{ end }}",
        "<print $x $x>: error calling print: exceeded maximum size (500000 bytes)",
    );
    check_limited(
        "{{ range 10 }}{{ $x := printf \"%300000d\" 1 }}{{ end }}",
        "exceeded maximum memory (1000000 bytes)",
    );
    check_limited(
        "{{ range 10000 }}{{ $x := list 1 2 3 4 }}{{ end }}",
        "exceeded maximum memory (1000000 bytes)",
    );
}

#[test]
fn what_a_function_looks_at_is_work() {
    check_limited(
        "{{ $x := printf \"%200000d\" 1 }}{{ range 10 }}{{ $y := fail $x }}{{ end }}",
        "error calling fail",
    );
    check_limited(
        "{{ $x := printf \"%200000d\" 1 }}{{ range 50 }}{{ if eq $x . }}{{ end }}{{ end }}",
        "incompatible types",
    );
    check_limited(
        "{{ $x := printf \"%200000d\" 1 }}{{ range 50 }}{{ if eq $x $x }}{{ end }}{{ end }}",
        "<eq $x $x>: error calling eq: exceeded maximum steps (300000)",
    );
}

#[test]
fn values_that_share_their_parts_are_as_large_as_they_print() {
    let doubled = "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}";
    check_limited(
        &format!("{doubled}{{{{ $x := print $l }}}}"),
        "<print $l>: error calling print: exceeded maximum size (500000 bytes)",
    );
    check_limited(&format!("{doubled}{{{{ $l }}}}"), "exceeded maximum size (500000 bytes)");
}

#[test]
fn what_nests_deep_overflows_no_stack() {
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        open.repeat(times) + inner + &close.repeat(times)
    };
    check(&format!("{{{{ {} }}}}", deep("(", "1", ")", 10_000)), Ok("1"));
    check(
        &format!("{{{{ {} }}}}", deep("(", "1", ")", 10_001)),
        Err("template: t:1: max expression depth exceeded"),
    );
    check(&deep("{{ if true }}", "x", "{{ end }}", 50_000), Ok("x"));
    check("{{ $l := list }}{{ range 200000 }}{{ $l = list $l }}{{ end }}", Ok(""));
}
