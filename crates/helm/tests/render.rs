//! What charts render to. Expected texts are Helm 4.2.4's.

use helm::{Capabilities, Engine, Env, Mode, Release, RenderOptions, Rendered};

const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.2.3\nappVersion: \"4.5.6\"\nkeywords: [k1]\n";

struct Case<'a> {
    files: Vec<(&'a str, &'a str)>,
    values: &'a str,
    mode: Mode,
    include_crds: bool,
}

impl<'a> Case<'a> {
    fn new(files: &[(&'a str, &'a str)]) -> Self {
        Case { files: files.to_vec(), values: "", mode: Mode::Normal, include_crds: false }
    }

    fn render(&self) -> Result<Rendered, helm::Error> {
        let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
        let mut files = vec![file("Chart.yaml", CHART)];
        files.extend(self.files.iter().map(|(path, text)| file(path, text)));
        let chart = helm::load_files(files)?;
        let values = helm::values::from_yaml(self.values.as_bytes()).expect("the values are fine");
        let options = RenderOptions {
            engine: &Engine::new(),
            env: &Env::new(std::time::UNIX_EPOCH, [7; 32]),
            release: Release::new("rel", "ns"),
            capabilities: Capabilities::default(),
            include_crds: self.include_crds,
            skip_schema_validation: false,
            mode: self.mode,
        };
        helm::template(&chart, &values, &options)
    }

    #[track_caller]
    fn prints(&self, want: &str) {
        let got = self.render().map(|rendered| rendered.to_text()).map_err(|error| error.to_string());
        assert_eq!(got.as_deref(), Ok(want), "files: {:?}", self.files);
    }

    #[track_caller]
    fn fails(&self, want: &str) {
        let got = self.render().map(|rendered| rendered.to_text()).map_err(|error| error.to_string());
        assert_eq!(got, Err(want.to_owned()), "files: {:?}", self.files);
    }
}

/// Renders one template that holds a comment line, and compares what follows the mark.
#[track_caller]
fn check(template: &str, want: &str) {
    let text = format!("# {template}");
    Case::new(&[("templates/t.yaml", &text), ("conf/a.txt", "one\ntwo\n"), ("conf/b.txt", "")])
        .prints(&format!("---\n# Source: c/templates/t.yaml\n# {want}\n"));
}

#[test]
fn documents_are_printed_by_kind_and_hooks_last() {
    Case::new(&[
        ("templates/b.yaml", "kind: Service\n---\nkind: Unknown\n---\nkind: Namespace\n"),
        ("templates/a.yaml", "kind: Job\nmetadata:\n  annotations:\n    helm.sh/hook: pre-install, Test\n"),
        ("templates/c.yaml", "kind: Alien\n"),
        ("templates/d.yaml", "kind: X\nmetadata: {annotations: {helm.sh/hook: never}}\n"),
    ])
    .prints(
        "---\n# Source: c/templates/b.yaml\nkind: Namespace\n\n---\n# Source: c/templates/b.yaml\nkind: Service\n\n\
         ---\n# Source: c/templates/c.yaml\nkind: Alien\n\n---\n# Source: c/templates/b.yaml\nkind: Unknown\n\
         ---\n# Source: c/templates/a.yaml\nkind: Job\nmetadata:\n  annotations:\n    helm.sh/hook: pre-install, Test\n\n",
    );
}

#[test]
fn crds_come_first_and_are_no_templates() {
    let case =
        Case::new(&[("crds/x.yaml", "a: {{ no template }}\n---\nb: 1\n"), ("templates/a.yaml", "kind: A\n")]);
    case.prints("---\n# Source: c/templates/a.yaml\nkind: A\n");
    Case { include_crds: true, ..case }
        .prints("---\n# Source: c/crds/x.yaml\na: {{ no template }}\n---\nb: 1\n\n---\n# Source: c/templates/a.yaml\nkind: A\n");
}

#[test]
fn notes_and_partials_are_not_printed() {
    Case::new(&[
        ("templates/NOTES.txt", "not: {yaml"),
        ("templates/_h.tpl", "{{ define \"h\" }}from h{{ end }}x"),
        ("templates/sub/_x.yaml", "x"),
        ("templates/_d/r.yaml", "a: {{ include \"h\" . }}\n"),
    ])
    .prints("---\n# Source: c/templates/_d/r.yaml\na: from h\n");
}

#[test]
fn what_is_no_manifest_is_an_error() {
    Case::new(&[("templates/a.yaml", "a: 1\n"), ("templates/b.yaml", "text")]).fails(
        "YAML parse error on c/templates/b.yaml: error unmarshaling JSON: while decoding JSON: \
         json: cannot unmarshal string into Go value of type util.SimpleHead",
    );
    Case::new(&[("templates/b.yaml", "metadata:\n  annotations: {a: [1]}")]).fails(
        "YAML parse error on c/templates/b.yaml: error unmarshaling JSON: while decoding JSON: \
         json: cannot unmarshal array into Go struct field .metadata.annotations of type string",
    );
}

#[test]
fn files_render_deepest_first_and_from_the_last_name() {
    Case::new(&[
        ("templates/a.yaml", "a: {{ .Values.seen }}\n"),
        ("templates/z.yaml", "z: {{ .Values.seen }}{{ $_ := set .Values \"seen\" \"z\" }}\n"),
        ("templates/d/a.yaml", "d: {{ .Values.seen }}{{ $_ := set .Values \"seen\" \"d\" }}\n"),
    ])
    .prints(
        "---\n# Source: c/templates/a.yaml\na: z\n\n---\n# Source: c/templates/d/a.yaml\nd: \n\n\
         ---\n# Source: c/templates/z.yaml\nz: d\n",
    );
}

#[test]
fn a_parent_redefines_and_shares_values_with_its_subchart() {
    Case {
        values: "s: {x: user}\nglobal: {g: 1}\n",
        ..Case::new(&[
            ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 0.1.0\n"),
            ("charts/s/templates/_h.tpl", "{{ define \"h\" }}sub{{ end }}"),
            ("charts/s/templates/t.yaml", "t: {{ include \"h\" . }}{{ $_ := set .Values \"x\" \"set\" }}\n"),
            ("templates/_h.tpl", "{{ define \"h\" }}parent{{ end }}"),
            ("templates/t.yaml", "x: {{ .Values.s.x }} {{ .Subcharts.s.Chart.Name }} {{ .Chart.IsRoot }}\n"),
        ])
    }
    .prints("---\n# Source: c/charts/s/templates/t.yaml\nt: parent\n\n---\n# Source: c/templates/t.yaml\nx: set s true\n");
}

#[test]
fn pretty_yaml_does_not_go_through_json() {
    let pretty = |value: &str, want: &str| check(&format!("{{{{ toYamlPretty ({value}) | quote }}}}"), want);
    pretty(r#"toDate "2006-01-02 15:04:05.000" "2020-01-02 03:04:05.120""#, r#""2020-01-02T03:04:05.12Z""#);
    pretty(r#"dict "a" (toDate "2006-01-02" "?")"#, r#""a: 0001-01-01T00:00:00Z""#);
    pretty(r#"list (semver "1.2.3-a+b") (semver "1.0")"#, r#""- 1.2.3-a+b\n- 1.0.0""#);
    pretty(".Capabilities.KubeVersion", r#""version: v1.36.0\nmajor: \"1\"\nminor: \"36\"""#);
    pretty(
        ".Capabilities.HelmVersion",
        r#""version: v4.2.4\ngitcommit: \"\"\ngittreestate: \"\"\ngoversion: go1.26.8\nkubeclientversion: v1.36""#,
    );
    pretty(r#"list ((toDate "2006-01-02" "2020-11-02").Month) now.Location"#, r#""- 11\n- {}""#);
    pretty(r#"trunc 1 "é""#, r#""!!binary ww==""#);
    pretty(
        r#"dict "z" (trunc 1 "é") "a" 1 (trunc 1 "é") 2 "~" 3"#,
        r#""\"~\": 3\n!!binary ww==: 2\na: 1\nz: !!binary ww==""#,
    );
}

#[test]
fn top_level_objects() {
    check(
        "{{ .Release.Name }} {{ .Release.Service }} {{ .Release.IsInstall }} {{ .Release.Revision }}",
        "rel Helm true 1",
    );
    check(
        "{{ .Chart.Version }} {{ .Chart.Keywords }} {{ .Chart.Nope }}|{{ typeOf .Chart.Annotations }}",
        "1.2.3 [k1] |map[string]string",
    );
    check("{{ .Template.Name }} {{ .Template.BasePath }}", "c/templates/t.yaml c/templates");
    check("{{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.GitVersion }}", "v1.36.0 v1.36.0");
    check("{{ .Capabilities.KubeVersion | default 1 }}", "{v1.36.0 v1.36.0 1 36}");
    check(
        "{{ toJson .Capabilities.HelmVersion }}",
        r#"{"version":"v4.2.4","go_version":"go1.26.8","kube_client_version":"v1.36"}"#,
    );
    check("{{ .Chart.Annotations | toYamlPretty }} {{ rest (list) | toYamlPretty }}", "{} []");
    check(r#"{{ toToml (semver "1.2.3") }}"#, r#""1.2.3""#);
    check(
        "{{ .Capabilities.APIVersions.Has \"apps/v1\" }}{{ .Capabilities.APIVersions.Has \"apps/v9\" }}",
        "truefalse",
    );
    check("{{ .Capabilities.HelmVersion.Version }}", "v4.2.4");
    check("{{ typeOf .Values }} {{ typeOf . }} {{ kindOf .Values }}", "common.Values common.Values map");
}

#[test]
fn files_of_the_chart() {
    check("{{ .Files.Get \"conf/a.txt\" | quote }} {{ .Files.Get \"nope\" }}|", "\"one\\ntwo\\n\" |");
    check("{{ range $path, $_ := .Files.Glob \"conf/*\" }}{{ $path }};{{ end }}", "conf/a.txt;conf/b.txt;");
    check("{{ .Files.Lines \"conf/a.txt\" }} {{ .Files.Lines \"nope\" | len }}", "[one two] 0");
    check("{{ (.Files.Glob \"conf/a*\").AsConfig | quote }}", r#""a.txt: |\n  one\n  two""#);
    check("{{ (.Files.Glob \"conf/*\").AsSecrets | quote }}", r#""a.txt: b25lCnR3bwo=\nb.txt: \"\"""#);
    check("{{ .Files.GetBytes \"conf/a.txt\" | toString | len }}", "8");
}

#[test]
fn no_value_vanishes_from_files_and_tpl_but_not_from_include() {
    check("{{ .Values.nope }}<no value>|{{ tpl \"[{{ .Values.nope }}]\" . }}", "|[]");
    check("{{ define \"n\" }}{{ .Values.nope }}{{ end }}{{ include \"n\" . | len }}", "10");
}

#[test]
fn tpl_sees_and_covers_defines() {
    check(
        "{{ define \"a\" }}old{{ end }}{{ tpl `{{ define \"a\" }}new{{ end }}{{ include \"a\" . }}` . }} {{ include \"a\" . }}",
        "new old",
    );
    check("{{ $x := 1 }}{{ tpl `{{ $.Release.Name }}` . }}", "rel");
}

#[test]
fn a_deep_copy_of_the_top_level_is_apart_from_it() {
    check(
        "{{ $copy := deepCopy $ }}{{ $_ := set $copy \"Values\" (dict) }}{{ $_ := set $copy.Release \"Name\" \"x\" }}\
         {{ typeOf $copy }} {{ typeOf .Values }} {{ .Release.Name }}",
        "common.Values common.Values rel",
    );
}

#[test]
fn conversions() {
    check("{{ dict \"b\" 1 \"a\" (list 1 \"x\") | toJson }}", r#"{"a":[1,"x"],"b":1}"#);
    check(
        "{{ fromYaml \"a: [1, 2]\" | toJson }} {{ fromYamlArray \"[1, a]\" | toJson }}",
        r#"{"a":[1,2]} [1,"a"]"#,
    );
    check(
        "{{ fromYaml \"\" | toJson }} {{ fromYamlArray \"null\" | toJson }} {{ fromJsonArray \"null\" | toJson }}",
        "{} [] null",
    );
    check(
        "{{ (fromYaml \"[1]\").Error }}",
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
    check(
        "{{ (fromJson \"[1]\").Error }}",
        "json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
    check("{{ toToml (dict \"a\" 1 \"t\" (dict \"k\" \"v\")) | quote }}", r#""a = 1\n\n[t]\n  k = \"v\"\n""#);
    check(
        "{{ toToml (list 1) }} {{ toToml (dict \"l\" (list nil)) }}",
        "[1] toml: cannot encode array with nil element",
    );
    check("{{ fromToml \"a = 1\\n[[b]]\\nc = true\" | toJson }}", r#"{"a":1,"b":[{"c":true}]}"#);
    check("{{ lookup \"v1\" \"Secret\" \"\" \"\" }} [{{ getHostByName \"x\" }}]", "map[] []");
}

#[test]
fn template_errors_have_helms_layout() {
    let fails = |template: &str, want: &str| Case::new(&[("templates/t.yaml", template)]).fails(want);
    fails("{{ nope }}", "parse error at (c/templates/t.yaml:1): function \"nope\" not defined");
    fails("a\n{{ fail \"no: way\" }}", "execution error at (c/templates/t.yaml:2:3): no: way");
    fails(
        "{{ required \"x is needed\" .Values.x }}",
        "execution error at (c/templates/t.yaml:1:3): x is needed",
    );
    fails(
        "{{ .Values.a.b.c }}",
        "c/templates/t.yaml:1:10\n  executing \"c/templates/t.yaml\" at <.Values.a.b.c>:\n    nil pointer evaluating interface {}.b",
    );
    fails(
        "{{ define \"h\" }}{{ .Values.a.b }}{{ end }}{{ include \"h\" . }}",
        "c/templates/t.yaml:1:45\n  executing \"c/templates/t.yaml\" at <include \"h\" .>:\n    error calling include:\n\
         c/templates/t.yaml:1:26\n  executing \"h\" at <.Values.a.b>:\n    nil pointer evaluating interface {}.b",
    );
    fails(
        "{{ include \"nope\" . }}",
        "c/templates/t.yaml:1:3\n  executing \"c/templates/t.yaml\" at <include \"nope\" .>:\n    error calling include:\n\
         template: no template \"nope\" associated with template \"gotpl\"",
    );
    fails(
        "{{ index .Values.a 1 }}",
        "template: c/templates/t.yaml:1:3: executing \"c/templates/t.yaml\" at <index .Values.a 1>: \
         error calling index: index of untyped nil",
    );
}

#[test]
fn modes() {
    let lint = Case {
        mode: Mode::Lint,
        ..Case::new(&[("templates/t.yaml", "# {{ required \"x\" .Values.x }}{{ fail \"y\" }}|")])
    };
    lint.prints("---\n# Source: c/templates/t.yaml\n# |\n");
    let strict = Case { mode: Mode::Strict, ..Case::new(&[("templates/t.yaml", "# {{ .Values.x }}")]) };
    strict.fails(
        "c/templates/t.yaml:1:12\n  executing \"c/templates/t.yaml\" at <.Values.x>:\n    map has no entry for key \"x\"",
    );
}

#[test]
fn show_only_prints_matching_documents_again() {
    let rendered =
        Case::new(&[("templates/a.yaml", "kind: A\n---\nkind: B\n"), ("templates/b.yaml", "kind: C\n")])
            .render()
            .expect("it renders");
    let show = |pattern: &str| rendered.show_only(&[pattern.to_owned()]).map_err(|error| error.to_string());
    assert_eq!(show("templates/b.yaml").as_deref(), Ok("---\n# Source: c/templates/b.yaml\nkind: C\n\n"));
    assert_eq!(
        show("templates/a*").as_deref(),
        Ok(
            "---\n# Source: c/templates/a.yaml\nkind: A\n\n\n---\n# Source: c/templates/a.yaml\nkind: B\n\n\n"
        )
    );
    assert_eq!(show("templates/x.yaml"), Err("could not find template templates/x.yaml in chart".to_owned()));
}
