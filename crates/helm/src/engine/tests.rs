//! What happens to templates that would never end or use up the memory.

use std::time::UNIX_EPOCH;

use gotmpl::{Limits, Type};

use super::*;

/// Small enough for tests, but in the proportions of the default.
const SMALL: Limits =
    Limits { steps: 500_000, depth: 100, bytes: 16 << 20, largest: 1 << 20, output: 2 << 20 };

/// Renders a template without a chart.
fn render(template: &str, limits: Limits) -> Result<String, String> {
    let (engine, env) = (Engine::new(), sprig::Env::new(UNIX_EPOCH, [7; 32]));
    let state = State { mode: Mode::Normal, engine: engine.clone(), included: RefCell::default() };
    let extensions: [&dyn Any; 3] = [&state, &env, &engine.0.patterns];
    let mut set = Templates::new(ROOT_NAME);
    set.add(&engine.parse("t", template.as_bytes()).map_err(|error| error.to_string())?);
    let options = gotmpl::Options {
        missing_key: MissingKey::Zero,
        limits,
        extensions: &extensions,
        ..gotmpl::Options::default()
    };
    let data = Value::map([("Values", Value::map([("a", Value::Int(1))]))]);
    let text = Exec::new(&set, &engine.0.functions, options).run("t", data);
    text.map(|text| String::from_utf8_lossy(&text).into_owned()).map_err(|error| error.to_string())
}

/// Checks that a template is stopped, and by what.
#[track_caller]
fn check(template: &str, want: &str) {
    let error = render(template, SMALL).expect_err(template);
    assert!(error.contains(want), "template: {template}, error: {error}");
}

const STEPS: &str = "exceeded maximum steps (500000)";
const SIZE: &str = "exceeded maximum size (1048576 bytes)";
const MEMORY: &str = "exceeded maximum memory (16777216 bytes)";

/// A map and a list that are small, but would be written without end.
const SHARED: &str = "{{ $m := dict `a` `x` }}{{ $n := dict `a` `x` }}{{ $l := list `x` }}{{ range until 60 }}\
    {{ $m = dict `a` $m `b` $m }}{{ $n = dict `a` $n `b` $n }}{{ $l = list $l $l }}{{ end }}";

#[test]
fn recursion_without_end_is_stopped() {
    let nested = "rendering template has a nested reference name: a: unable to execute template";
    let call = "{{ define `a` }}{{ include `a` . }}{{ end }}{{ include `a` . }}";
    let error = render(call, Limits { depth: 2000, ..SMALL }).expect_err(call);
    assert!(error.contains(nested), "{error}");
    check(call, "exceeded maximum depth of executions (100)");
    check(
        "{{ $_ := set .Values `t` `{{ tpl .Values.t . }}` }}{{ tpl .Values.t . }}",
        "exceeded maximum depth",
    );
    let two = "{{ include `b` . }}{{ include `b` . }}{{ end }}";
    check(
        &format!("{{{{ define `a` }}}}{two}{{{{ define `b` }}}}x{two}{{{{ include `a` . }}}}"),
        "exceeded maximum depth",
    );
    let counted = "{{ define `a` }}{{ if lt (len .) 40 }}{{ include `a` (print . 1) }}{{ include `a` (print . 2) }}{{ end }}{{ end }}";
    check(&format!("{counted}{{{{ include `a` `` }}}}"), STEPS);
}

#[test]
fn loops_without_end_are_stopped() {
    check("{{ range 1000000000 }}{{ end }}", STEPS);
    check("{{ range until 1000000000 }}{{ end }}", SIZE);
    check("{{ $x := untilStep 0 1000000000 1 }}", SIZE);
    check("{{ $x := seq 1 1000000000 }}", SIZE);
    check("{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}", STEPS);
    check(
        "{{ $m := dict }}{{ range until 10000 }}{{ $_ := set $m (print .) . }}{{ range $m }}{{ break }}{{ end }}{{ end }}",
        STEPS,
    );
}

#[test]
fn texts_that_multiply_are_stopped() {
    check("{{ repeat 1000000000 `x` }}", SIZE);
    check("{{ $x := `x` }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}", SIZE);
    check(
        "{{ $x := repeat 1000 `a` }}{{ range until 30 }}{{ $x = replace `a` `aaaaaaaaaa` $x }}{{ end }}",
        SIZE,
    );
    check("{{ $x := `aaaa` }}{{ range until 100 }}{{ $x = b64enc $x }}{{ end }}", STEPS);
    check("{{ printf `%900000d%900000d` 1 1 }}", SIZE);
    check("{{ printf `%*d%*d` 900000 1 900000 1 }}", SIZE);
    check("{{ indent 1000000000 `a` }}", SIZE);
    check("{{ wrapWith 1 (repeat 10000 `x`) (repeat 10000 `a`) }}", SIZE);
    check("{{ $x := until 10000 | join (repeat 10000 `x`) }}", SIZE);
    check("{{ $x := regexReplaceAll `` (repeat 10000 `a`) (repeat 1000 `x`) }}", SIZE);
    check("{{ $x := splitList `` (repeat 1000000 `a`) }}", SIZE);
    check("{{ $x := regexFindAll `` (repeat 30000 `a`) -1 }}", SIZE);
    check("{{ $x := randAlphaNum 1000000000 }}", SIZE);
    check("{{ range until 1000 }}{{ $x := randAlphaNum 100000 }}{{ end }}", STEPS);
    check("{{ range until 10000 }}{{ nindent 5000 `a` }}{{ end }}", SIZE);
}

#[test]
fn lists_that_multiply_are_stopped() {
    check("{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}", SIZE);
    check("{{ $l := list }}{{ range until 10000 }}{{ $l = append $l . }}{{ end }}", MEMORY);
    check("{{ $l := until 10000 | uniq }}", STEPS);
    check("{{ $x := until 40000 | chunk 1 }}", SIZE);
    check(
        "{{ $d := dict }}{{ range until 1000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ range until 1000 }}{{ $x := omit $d `1` }}{{ end }}",
        STEPS,
    );
}

#[test]
fn values_that_share_their_parts_are_as_large_as_they_are_written() {
    for call in [
        "toYaml $m",
        "toJson $m",
        "toToml $m",
        "toPrettyJson $m",
        "deepCopy $m",
        "deepEqual $m $n",
        "merge $m $n",
        "quote $m",
        "print $l",
        "cat $l",
        "toString $l",
        "join `` $l",
        "uniq (list $l $l)",
        "has $l (list $n)",
        "dict $l 1",
    ] {
        check(&format!("{SHARED}{{{{ $x := {call} }}}}"), "exceeded maximum");
    }
    check(&format!("{SHARED}{{{{ $m }}}}"), SIZE);
}

/// Every function gets such a value for each parameter that takes it. A function that
/// goes through it without the budget's knowledge would not return.
#[test]
fn every_function_returns_from_values_without_end() {
    let tables = [sprig::FUNCTIONS, formats::FUNCTIONS, functions::FUNCTIONS];
    let twice = "{{ $c := dict }}{{ $_ := set $c `a` $c }}{{ $_ = set $c `b` $c }}\
        {{ $d := dict }}{{ $_ = set $d `a` $d }}{{ $_ = set $d `b` $d }}";
    for function in tables.into_iter().flatten() {
        for (map, list) in [("$m", "$l"), ("$n", "$l"), ("$c", "(list $c)"), ("$d", "(list $d)")] {
            let argument = |of: &Type| match of {
                Type::String => "`a`",
                Type::Int | Type::Int64 | Type::Uint32 => "1",
                Type::Bool => "true",
                of if of.kind() == gotmpl::Kind::Slice => list,
                Type::Float64 => "1.5",
                _ => map,
            };
            let arguments = function.params.iter().map(argument);
            let more = function.variadic.iter().flat_map(|of| [argument(of), argument(of)]);
            let arguments: Vec<&str> = arguments.chain(more).collect();
            let call = format!("{SHARED}{twice}{{{{ $x := {} {} }}}}", function.name, arguments.join(" "));
            // Whether it fails, and with what, is not the point.
            let _ = render(&call, Limits { steps: 20_000, ..SMALL });
        }
    }
}

#[test]
fn values_that_hold_themselves_are_written_as_in_helm() {
    let itself = "{{ $_ := set .Values `a` .Values }}{{ $_ = set .Values `b` .Values }}";
    assert_eq!(render(&format!("{itself}[{{{{ toYaml .Values }}}}]"), SMALL).as_deref(), Ok("[]"));
    assert_eq!(render(&format!("{itself}[{{{{ toJson .Values }}}}]"), SMALL).as_deref(), Ok("[]"));
}

#[test]
fn patterns_that_take_long_are_stopped() {
    check("{{ range until 10000 }}{{ $_ := regexMatch (printf `a%d(b|c){1,900}` .) `a` }}{{ end }}", STEPS);
    check("{{ $x := regexMatch `[ab]*a[ab]{900}c` (repeat 100000 `ab`) }}", STEPS);
}

#[test]
fn keys_and_passwords_are_work() {
    check("{{ range until 10 }}{{ $_ := genPrivateKey `rsa` }}{{ end }}", STEPS);
    check("{{ range until 10 }}{{ $_ := genPrivateKey `dsa` }}{{ end }}", STEPS);
    check("{{ range until 10 }}{{ $_ := genCA `a` 1 }}{{ end }}", STEPS);
    check("{{ range until 10 }}{{ $_ := bcrypt `a` }}{{ end }}", STEPS);
    check("{{ range until 10 }}{{ $_ := htpasswd `a` `b` }}{{ end }}", STEPS);
    check("{{ range until 10 }}{{ $_ := derivePassword 1 `long` `a` `b` `c` }}{{ end }}", STEPS);
}

#[test]
fn texts_with_too_many_values_are_not_read() {
    check("{{ range until 100 }}{{ $x := fromYaml (repeat 10000 `[],`) }}{{ end }}", STEPS);
    check("{{ range until 100 }}{{ $x := fromJson (repeat 10000 `[],`) }}{{ end }}", STEPS);
    check("{{ range until 100 }}{{ $x := tpl (repeat 10000 `a`) . }}{{ end }}", STEPS);
    let aliases = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
        d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
        g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
    let read = render(&format!("{{{{ get (fromYaml `{aliases}`) `Error` }}}}"), SMALL);
    assert_eq!(
        read.as_deref(),
        Ok("error converting YAML to JSON: yaml: document contains excessive aliasing")
    );
}

/// The limits that everyone gets, for templates that reach them fast.
#[test]
fn what_runs_out_is_named_with_its_place_and_what_to_look_for() {
    let default = |template: &str| render(template, Limits::default()).expect_err(template);
    assert_eq!(
        default("a\n{{ repeat 1000000000 `x` }}"),
        "template: t:2:3: executing \"t\" at <repeat 1000000000 `x`>: error calling repeat: exceeded maximum \
         size (67108864 bytes): look for what makes a value so large"
    );
    assert_eq!(
        default(&format!("{SHARED}{{{{ toYaml $m }}}}")),
        "template: t:1:179: executing \"t\" at <toYaml $m>: error calling toYaml: exceeded maximum size \
         (67108864 bytes): look for what makes a value so large"
    );
}
