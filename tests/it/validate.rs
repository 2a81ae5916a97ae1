//! `fab validate`: what the API server would refuse of the output, and how it is told.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::hld::{CHART, Hld};

const ROOT: (&str, &str) = (
    "component.yaml",
    "name: shop\nsubcomponents:\n- {name: web, type: static, path: web}\n- {name: jobs, type: static, path: jobs}\n",
);
const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 80\n";
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, maximum: 3}}}
";
const THING: &str = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n  size: 4\n";

fn shop(files: &[(&str, &str)]) -> Hld {
    let environments = [("config/prod.yaml", "{}\n"), ("config/qa.yaml", "{}\n"), ("jobs/", "")];
    Hld::new(&[&[ROOT, ("web/service.yaml", SERVICE)], &environments[..], files].concat())
}

/// Runs `fab validate` with more arguments; it has to end in this exit code and print exactly this on stdout.
#[track_caller]
fn check(hld: &Hld, args: &[&str], code: i32, stdout: &str) {
    let args = [&["validate"], args].concat();
    let run = hld.fab(&args).exited(code, &args);
    assert_eq!(run.stdout.trim_end(), stdout.trim_end(), "{}", run.stderr);
}

#[test]
fn what_is_right_has_no_findings() {
    let hld = shop(&[]);
    check(&hld, &[], 0, "");
    hld.ok(&["validate"])
        .says(&["Checked 2 resources in 2 manifests against Kubernetes 1.36: 0 errors, 0 warnings"]);
    assert!(hld.files("generated").is_empty());
}

#[test]
fn a_finding_names_file_line_component_and_environments() {
    let hld = shop(&[("web/service.yaml", &SERVICE.replace("- port: 80", "- prot: 80"))]);
    let want = "error: unknown field \"prot\"; did you mean \"port\"?
 --> prod/web.yaml:8:5
  |
8 |   - prot: 80
  |     ^^^^
  |
  = note: Service web: spec.ports[0].prot [unknown-field]
  = note: Flux applies the rest and drops this field without a word
  = note: in component `web`, for prod, qa

error: required field \"port\" is missing or empty
";
    let run = hld.fab(&["validate"]).exited(1, &["validate"]);
    assert!(run.stdout.starts_with(want), "{}", run.stdout);
}

#[test]
fn warnings_fail_only_if_they_are_denied() {
    let class = "apiVersion: storage.k8s.io/v1beta1\nkind: VolumeAttributesClass\nmetadata: {name: a}\n\
                 driverName: csi.example.com\nparameters: {a: b}\n";
    let hld = shop(&[("jobs/class.yaml", class)]);
    let run = hld.ok(&["validate", "prod"]);
    assert!(run.stdout.starts_with("warning: "), "{}", run.stdout);
    hld.fab(&["validate", "prod", "--deny", "warnings"]).exited(1, &["--deny"]);
}

#[test]
fn custom_resources_are_checked_against_definitions() {
    let without = "no schema";
    let hld = shop(&[("jobs/thing.yaml", THING)]);
    let run = hld.fab(&["validate", "prod"]).exited(1, &[without]);
    assert!(run.stdout.contains("schemas/"), "{}", run.stdout);
    hld.ok(&["validate", "prod", "--without-schema", "Thing"]);
    hld.write("fab.yaml", "validate: {without-schema: [Thing]}\n");
    hld.ok(&["validate", "prod"]);
    let too_big = "error: 4 is not at most 3\n --> prod/jobs.yaml:6:3\n";
    for place in ["schemas/thing.yaml", "web/thing.yaml"] {
        let hld = shop(&[("jobs/thing.yaml", THING), (place, DEFINITION)]);
        let run = hld.fab(&["validate", "prod"]).exited(1, &[place]);
        assert!(run.stdout.starts_with(too_big), "{place}: {}", run.stdout);
    }
}

#[test]
fn definitions_in_the_crds_of_a_chart_count() {
    let hld = Hld::new(&[
        ("component.yaml", "name: app\ntype: helm\npath: ./chart\n"),
        CHART[0],
        ("chart/crds/thing.yaml", DEFINITION),
        ("chart/templates/thing.yaml", THING),
    ]);
    let run = hld.fab(&["validate"]).exited(1, &["validate"]);
    assert!(run.stdout.starts_with("error: 4 is not at most 3\n"), "{}", run.stdout);
}

#[test]
fn two_resources_of_one_name_are_an_error() {
    let hld = shop(&[("jobs/again.yaml", SERVICE)]);
    let run = hld.fab(&["validate", "prod"]).exited(1, &["validate"]);
    let want =
        "error: Service web is there twice; the first one is at prod/jobs.yaml:2:1\n --> prod/web.yaml:2:1\n";
    assert!(run.stdout.starts_with(want), "{}", run.stdout);
}

#[test]
fn a_version_can_be_one_or_many() {
    let schema = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta2\nkind: FlowSchema\nmetadata: {name: a}\n\
                  spec: {priorityLevelConfiguration: {name: b}}\n";
    let hld = shop(&[("jobs/flow.yaml", schema)]);
    hld.ok(&["validate", "prod", "--kube-version", "1.28"]);
    let run = hld.fab(&["validate", "prod", "--kube-version", "1.28..1.30"]).exited(1, &["1.28..1.30"]);
    assert!(run.stdout.contains("(Kubernetes 1.29, 1.30)\n --> prod/jobs.yaml:3:1\n"), "{}", run.stdout);
    hld.fails(&["validate", "--kube-version", "1.27"], 2, &["schemas are there for 1.28 to 1.37"]);
    hld.fails(&["validate", "--kube-version", "1.30..1.29"], 2, &["1.29 is before 1.30"]);
    hld.fails(&["validate", "--kube-version", "new"], 2, &["new"]);
}

#[test]
fn manifests_of_any_origin_can_be_checked() {
    let bad = SERVICE.replace("80", "0");
    let hld =
        Hld::new(&[("m/a/b.yaml", SERVICE), ("m/c.yml", &bad), ("m/README.md", "x"), ("m/.d/e.yaml", "[")]);
    let run = hld.fab(&["validate", "--manifests", "m"]).exited(1, &["m"]);
    assert!(run.stdout.contains(" --> m/c.yml:7:5\n"), "{}", run.stdout);
    run.says(&["Checked 2 resources in 2 manifests"]);
    hld.fails(&["validate", "--manifests", "nowhere"], 2, &["cannot read `nowhere`"]);
    let mut fab = Command::new(env!("CARGO_BIN_EXE_fab"));
    let fab = fab.args(["validate", "--manifests", "-"]).current_dir(hld.path("m"));
    let mut child = fab.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bad.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains(" --> stdin:7:5\n"));
}

#[test]
fn programs_can_read_the_findings() {
    let hld = shop(&[("web/service.yaml", &SERVICE.replace("- port: 80", "- port: 80\n    name: \"%\""))]);
    let run = hld.fab(&["validate", "--output-format", "json"]).exited(1, &["json"]);
    let list: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let first = &list[0];
    assert_eq!(
        (&first["file"], &first["line"], &first["column"]),
        (&"prod/web.yaml".into(), &9.into(), &5.into())
    );
    assert_eq!(first["environments"], serde_json::json!(["prod", "qa"]));
    assert_eq!(first["path"], "spec.ports[0].name");
    assert_eq!(first["resource"]["kind"], "Service");
    let run = hld.fab(&["validate", "prod", "--output-format", "github"]).exited(1, &["github"]);
    assert!(run.stdout.starts_with("::error file=prod/web.yaml,line=9,col=5,title="), "{}", run.stdout);
    assert!(run.stdout.contains("::Service web: \"%25\""), "{}", run.stdout);
}

#[test]
fn pipelines_can_read_the_findings() {
    let hld = shop(&[("web/service.yaml", &SERVICE.replace("- port: 80", "- port: 80\n    name: \"<\""))]);
    let run = |format: &str| {
        let args = ["validate", "prod", "--output-format", format];
        hld.fab(&args).exited(1, &args).stdout
    };
    let json = |format: &str| serde_json::from_str::<serde_json::Value>(&run(format)).unwrap();
    let finding = &json("gitlab")[0];
    assert_eq!(finding["location"], serde_json::json!({"path": "prod/web.yaml", "lines": {"begin": 9}}));
    assert_eq!((&finding["severity"], finding["fingerprint"].as_str().unwrap().len()), (&"major".into(), 64));
    let sarif = &json("sarif")["runs"][0];
    let result = &sarif["results"][0];
    assert_eq!(sarif["tool"]["driver"]["rules"][0]["id"], result["ruleId"]);
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "prod/web.yaml");
    let region = serde_json::json!({"startLine": 9, "startColumn": 5, "endLine": 9, "endColumn": 9});
    assert_eq!(place["region"], region);
    // GitHub takes no report without these, and none with an empty text.
    assert_eq!(sarif["automationDetails"]["id"], "fab/validate/");
    assert!(result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap().ends_with(":1"));
    let rule = &sarif["tool"]["driver"]["rules"][0];
    for field in ["shortDescription", "fullDescription", "help"] {
        assert_ne!(rule[field]["text"].as_str().unwrap(), "", "{field}");
    }
    let junit = run("junit");
    let case = "<testcase classname=\"web\" name=\"prod/web.yaml\">\n<failure message=\"prod/web.yaml:9:5: error: Service web: &quot;&lt;&quot;";
    assert!(junit.contains(case) && junit.contains(" failures=\"1\">"), "{junit}");
}

#[test]
fn nothing_of_a_secret_is_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  password: hunter2!\n";
    let hld = shop(&[("jobs/secret.yaml", secret)]);
    let run = hld.fab(&["validate", "prod"]).exited(1, &["validate"]);
    assert!(run.stdout.contains("--> prod/jobs.yaml:6:3\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
}

#[test]
fn lists_are_looked_into_and_what_is_no_yaml_is_found() {
    let list =
        format!("apiVersion: v1\nkind: List\nitems:\n- {}", SERVICE.replace("80", "0").replace('\n', "\n  "));
    let hld = shop(&[("web/service.yaml", list.trim_end()), ("jobs/bad.yaml", "a: 1\n---\na: b: c\n")]);
    let run = hld.fab(&["validate", "prod"]).exited(1, &["validate"]);
    assert!(run.stdout.contains(" --> prod/web.yaml:11:7\n"), "{}", run.stdout);
    assert!(run.stdout.contains(" --> prod/jobs.yaml:4:5\n"), "{}", run.stdout);
    assert!(run.stdout.contains("Service web: items[0].spec.ports[0].port ["), "{}", run.stdout);
}

#[test]
fn hooks_run_only_if_asked_for() {
    let hld = Hld::new(&[
        ("component.yaml", "name: app\ntype: static\npath: m\nhooks: {before-generate: [echo >> ran]}\n"),
        ("m/a.yaml", SERVICE),
    ]);
    hld.fails(&["validate"], 2, &["--run-hooks"]);
    hld.ok(&["validate", "--run-hooks"]);
    assert_eq!(hld.read("ran"), "\n");
    // However many versions charts are rendered for, once.
    hld.ok(&["validate", "--run-hooks", "--kube-version", "1.34..1.36"]);
    assert_eq!(hld.read("ran"), "\n\n");
}

#[test]
fn the_version_that_charts_see_counts() {
    let against = |settings: &str, args: &[&str], versions: &str| {
        let hld = shop(&[("fab.yaml", settings)]);
        let args = [&["validate"], args].concat();
        hld.ok(&args).says(&[&format!("against Kubernetes {versions}: 0 errors")]);
    };
    against("defaults: {kubeVersion: 1.30.2}\n", &[], "1.30");
    let listed = "environments: {prod: {kubeVersion: 1.31.0}, qa: {kubeVersion: 1.33.0}}\n";
    against(listed, &[], "1.31, 1.33");
    against(listed, &["qa"], "1.33");
    against(listed, &["qa", "--kube-version", "1.35"], "1.35");
    against(listed, &["--manifests", "web"], "1.31, 1.33");
    against("defaults: {kubeVersion: 1.22.0}\n", &[], "1.36");
}

#[test]
fn what_is_odd_about_fab_yaml_is_told_once() {
    let hld = shop(&[("fab.yaml", "default: {}\n")]);
    for args in [&["validate"][..], &["validate", "--manifests", "web"]] {
        let run = hld.ok(args);
        assert_eq!(run.stderr.matches("unknown field `default`").count(), 1, "{}", run.stderr);
    }
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: nginx:latest
        envFrom:
        - configMapRef: {name: settings}
        - secretRef: {name: optional, optional: true}
";

#[test]
fn a_policy_refuses_what_the_server_would_take() {
    let policies = "environments: {prod: {}, qa: {}}
validate:
  policies:
  - name: no-latest
    kinds: [Deployment]
    expression: object.spec.template.spec.containers.all(c, !c.image.endsWith(':latest'))
    message: an image needs a version
";
    let hld = shop(&[
        ("fab.yaml", policies),
        ("web/deployment.yaml", &DEPLOYMENT.replace(", namespace: shop", "")),
        (
            "policies/size.yaml",
            "name: replicas\nkinds: [apps/v1/Deployment]\nlevel: warning\nexpression: environment != 'prod' || object.spec.replicas > 1\nmessageExpression: \"'more than ' + string(object.spec.replicas)\"\n",
        ),
    ]);
    let run = hld.fab(&["validate"]).exited(1, &["validate"]);
    for line in [
        "error: an image needs a version\n --> prod/web.yaml:2:1",
        "  = note: Deployment web [policy/no-latest]\n  = note: in component `web`, for prod, qa",
        "warning: more than 1\n --> prod/web.yaml:2:1",
        "  = note: Deployment web [policy/replicas]\n  = note: in component `web`, for prod\n",
    ] {
        assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
    }
}

#[test]
fn a_policy_that_cannot_be_read_is_an_error() {
    let check = |policy: &str, want: &str| {
        let hld = shop(&[("fab.yaml", &format!("validate:\n  policies:\n  - {policy}\n"))]);
        hld.fails(&["validate"], 2, &[want]);
    };
    check(
        "{name: a, expression: 'true', mesage: x}",
        "a policy has no field `mesage`; did you mean `message`?",
    );
    check("{name: a, expression: objekt.x}", "nothing is called \"objekt\", at 1:1 of the expression");
    check("{name: a, expression: '1'}", "`expression` has to come to bool, and comes to int");
    check("{expression: 'true'}", "a policy needs `name`");
    check("{name: a, expression: 'true', level: bad}", "a level is error or warning, and not `bad`");
    check("x", "a policy is a map");
    check("{name: a, expression: 'true', kinds: Pod}", "`kinds` is a list of kinds");
    let hld = shop(&[("policies/a.yaml", "name: a\n---\nname: b\nexpression: '('\n")]);
    hld.fails(&["validate"], 2, &["a policy needs `expression`", "policies/a.yaml:1:1"]);
}

#[test]
fn what_nothing_renders_is_told() {
    let hld = shop(&[("web/deployment.yaml", DEPLOYMENT)]);
    let run = hld.ok(&["validate"]);
    for name in ["Namespace \"shop\"", "ServiceAccount \"web\"", "ConfigMap \"settings\""] {
        let line = format!("warning: nothing renders {name}, so it has to be in the cluster");
        assert!(run.stdout.contains(&line), "{line}\n{}", run.stdout);
    }
    assert_eq!(run.stdout.matches("warning: ").count(), 3, "{}", run.stdout);
    let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let hld = shop(&[("web/deployment.yaml", DEPLOYMENT), ("jobs/settings.yaml", settings)]);
    check(&hld, &[], 0, "");
    // Somebody else's manifests are part of something that is not known.
    let hld = Hld::new(&[("web/deployment.yaml", DEPLOYMENT)]);
    check(&hld, &["--manifests", "web"], 0, "");
}

#[test]
fn what_an_operator_makes_is_not_missed() {
    let thing = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {target: settings}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, image: a, args: [--secret=certs], envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: certs}}]}]\n";
    let hld = shop(&[("web/thing.yaml", thing), ("web/pod.yaml", pod)]);
    check(&hld, &["--without-schema", "Thing"], 0, "");
}

#[test]
fn variables_that_flux_replaces_are_told_if_it_does() {
    let script = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  run: echo ${HOME}\n  other: echo $${HOME}\n";
    check(&shop(&[("web/script.yaml", script)]), &[], 0, "");
    let hld = shop(&[("web/script.yaml", script), ("fab.yaml", "validate: {flux-substitution: true}\n")]);
    let run = hld.ok(&["validate"]);
    assert!(run.stdout.starts_with("warning: Flux replaces ${HOME}, and with nothing if it knows no such variable\n --> prod/web.yaml:6:3"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("warning: ").count(), 1, "{}", run.stdout);
}

const CHART_ROOT: (&str, &str) = ("component.yaml", "name: app\ntype: helm\npath: chart\n");

#[test]
fn a_finding_in_a_chart_names_the_line_of_the_template_and_where_the_value_is_set() {
    let template = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  {{- include \"ports\" . | nindent 2 }}\n";
    let helper = "{{- define \"ports\" -}}\nports:\n- port: {{ .Values.web.port }}\n{{- end }}\n";
    let hld = Hld::new(&[
        CHART_ROOT,
        CHART[0],
        ("chart/templates/service.yaml", template),
        ("chart/templates/_ports.tpl", helper),
        ("config/prod.yaml", "config:\n  web:\n    port: 99999\n"),
    ]);
    check(
        &hld,
        &["prod"],
        1,
        "error: 99999 is not from 1 to 65535
 --> prod/app.yaml:9:5
  |
9 |   - port: 99999
  |     ^^^^
  |
 ::: chart/templates/_ports.tpl:3:1
  |
3 | - port: {{ .Values.web.port }}
  | ^
  |
 ::: chart/templates/service.yaml:5:3
  |
5 |   {{- include \"ports\" . | nindent 2 }}
  |   ^^^
  |
  = note: Service web: spec.ports[0].port [range]
  = note: `web.port` is set at config/prod.yaml:3:5
  = note: in component `app`, for prod",
    );
}

#[test]
fn charts_are_rendered_for_every_version_of_a_range() {
    let template = "{{- if semverCompare \"<1.35-0\" .Capabilities.KubeVersion.Version }}
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{prot: 80}]}
{{- else }}
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
dta: {}
{{- end }}
";
    let hld = Hld::new(&[CHART_ROOT, CHART[0], ("chart/templates/web.yaml", template)]);
    let args = ["validate", "--kube-version", "1.33..1.36"];
    let run = hld.fab(&args).exited(1, &args);
    for line in [
        "error: unknown field \"prot\"; did you mean \"port\"? (Kubernetes 1.33, 1.34)",
        "error: unknown field \"dta\"; did you mean \"data\"? (Kubernetes 1.35, 1.36)",
    ] {
        assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
    }
    assert!(run.stderr.contains("against Kubernetes 1.33, 1.34, 1.35, 1.36: "), "{}", run.stderr);
}

#[test]
fn generate_writes_nothing_that_the_server_would_refuse() {
    let hld = Hld::new(&[
        CHART_ROOT,
        CHART[0],
        ("chart/crds/thing.yaml", DEFINITION),
        ("chart/templates/thing.yaml", THING),
    ]);
    let args = ["generate", "--validate"];
    let run = hld.fab(&args).exited(1, &args);
    assert!(run.stdout.starts_with("error: 4 is not at most 3\n --> common/app.yaml:8:3"), "{}", run.stdout);
    assert!(hld.files("generated").is_empty());
    hld.write("chart/templates/thing.yaml", &THING.replace('4', "3"));
    let run = hld.ok(&args);
    assert!(
        run.stderr.contains("Checked 1 resource in 1 manifest against Kubernetes 1.36"),
        "{}",
        run.stderr
    );
    assert_eq!(hld.files("generated"), ["common/app.yaml"]);
}

/// A schema as the catalog of CRDs has them.
const THING_SCHEMA: &str = r##"{
  "type": "object",
  "required": ["spec"],
  "properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
    "spec": {"type": "object", "additionalProperties": false, "properties": {
      "size": {"$ref": "../definitions.json#/size"},
      "every": {"type": "string", "format": "duration"},
      "port": {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    }}
  }
}"##;
const SIZES: &str = r#"{"size": {"type": "integer", "maximum": 3}}"#;

#[test]
fn json_schemas_are_found_where_the_usual_tools_put_them() {
    let too_big = "error: 4 is greater than the maximum of 3\n --> prod/jobs.yaml:6:3\n";
    let flat = THING_SCHEMA.replace("../definitions.json", "definitions.json");
    for (place, schema, location) in [
        (
            "crds/example.com/thing_v1.json",
            THING_SCHEMA,
            Some("crds/{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json"),
        ),
        ("crds/example.com/thing_v1.json", THING_SCHEMA, Some("crds")),
        ("schemas/example.com/thing_v1.json", THING_SCHEMA, None),
        ("schemas/thing_v1.json", &flat, None),
        ("schemas/thing-example-v1.json", &flat, None),
        ("crds/thing_v1.json", &flat, Some("crds/thing_v1.json")),
        ("k8s/v1.36.0-standalone-strict/thing-example-v1.json", THING_SCHEMA, Some("k8s")),
        ("k8s/v1.36.0-standalone-strict/thing-example-v1.json", THING_SCHEMA, Some("{{ printf \"k8s\" }}")),
    ] {
        let folder = place.split('/').next().unwrap();
        let definitions = format!("{folder}/definitions.json");
        let hld = shop(&[("jobs/thing.yaml", THING), (place, schema), (&definitions, SIZES)]);
        let location = location.map(|location| format!("--schema-location={location}"));
        let args: Vec<&str> = ["validate", "prod"].into_iter().chain(location.as_deref()).collect();
        let run = hld.fab(&args).exited(1, &args);
        assert!(run.stdout.starts_with(too_big), "{place}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("note: by the schema "), "{place}: {}", run.stdout);
    }
}

/// Checks the first finding about a resource of a kind that only a schema in `crds/` knows.
#[track_caller]
fn check_by_schema(schema: &str, resource: &str, want: &str) {
    let hld = shop(&[("jobs/thing.yaml", resource), ("crds/thing_v1.json", schema), ("outside.json", SIZES)]);
    let run = hld.fab(&["validate", "prod", "--schema-location", "crds"]);
    let first = run.stdout.lines().next().unwrap_or_default();
    assert_eq!(first, want, "{schema}: {}{}", run.stdout, run.stderr);
}

#[test]
fn json_schemas_count_as_for_kubeconform() {
    let spec = |text: &str| THING.replace("size: 4", text);
    let schema = THING_SCHEMA.replace("../definitions.json#/size", "#/properties/kind");
    check_by_schema(&schema, &spec("size: 4"), "error: 4 is not of type \"string\"");
    check_by_schema(&schema, &spec("sizes: a"), "error: unknown field \"sizes\"; did you mean \"size\"?");
    check_by_schema(
        &schema,
        &THING.replace("spec:\n  size: 4\n", ""),
        "error: required field \"spec\" is missing",
    );
    check_by_schema(&schema, &spec("every: 1h30m"), "");
    check_by_schema(&schema, &spec("every: soon"), "error: \"soon\" is not a \"duration\"");
    check_by_schema(&schema, &spec("port: 80"), "");
    let none = "error: true is not valid under any of the schemas listed in the 'oneOf' keyword";
    check_by_schema(&schema, &spec("port: true"), none);
    // What every resource has is checked as well.
    let name = "error: name \"A\": a lowercase RFC 1123 subdomain";
    let hld =
        shop(&[("jobs/thing.yaml", &THING.replace("name: a", "name: A")), ("schemas/thing_v1.json", "{}")]);
    let run = hld.fab(&["validate", "prod"]);
    assert!(run.stdout.contains("name \"A\": "), "{name}: {}", run.stdout);
    // Draft 4, if the schema does not say: an exclusive minimum is true or false.
    let minimum = |dollar: &str| {
        format!(
            "{{{dollar}\"properties\": {{\"spec\": {{\"properties\": {{\"size\": {{\"exclusiveMinimum\": 4}}}}}}}}}}"
        )
    };
    let later = minimum("\"$schema\": \"http://json-schema.org/draft-07/schema#\", ");
    check_by_schema(&later, THING, "error: 4 is less than or equal to the minimum of 4");
    check_by_schema(
        &minimum(""),
        THING,
        "error: the schema crds/thing_v1.json cannot be used: 4 is not of type \"boolean\"",
    );
}

#[test]
fn a_schema_that_cannot_be_used_is_told() {
    let unusable = |problem: &str| format!("error: the schema crds/thing_v1.json cannot be used: {problem}");
    let reference = |to: &str| format!("{{\"$ref\": \"{to}\"}}");
    check_by_schema("{", THING, &unusable("EOF while parsing an object at line 1 column 1"));
    check_by_schema("null", THING, &unusable("it is no schema"));
    check_by_schema(r#"{"pattern": "(?=a)"}"#, THING, &unusable("\"(?=a)\" is not a \"regex\""));
    for (to, problem) in [
        (
            "https://example.com/a.json",
            "Resource 'https://example.com/a.json' is not present in a registry and retrieving it failed: only files beside the schema are read",
        ),
        (
            "file:///etc/hostname",
            "Resource 'file:///etc/hostname' is not present in a registry and retrieving it failed: only files beside the schema are read",
        ),
    ] {
        check_by_schema(&reference(to), THING, &unusable(problem));
    }
    // Above the folder there is nothing, so it is looked for in the folder.
    for to in ["../outside.json#/size", "..%2foutside.json", "%2e%2e/outside.json", "link.json"] {
        let hld = shop(&[
            ("jobs/thing.yaml", THING),
            ("crds/thing_v1.json", &reference(to)),
            ("outside.json", SIZES),
        ]);
        std::os::unix::fs::symlink(hld.path("outside.json"), hld.path("crds/link.json")).unwrap();
        let run = hld.fab(&["validate", "prod", "--schema-location", "crds"]).exited(1, &[to]);
        assert!(
            run.stdout.starts_with("error: the schema crds/thing_v1.json cannot be used: "),
            "{to}: {}",
            run.stdout
        );
    }
}

#[test]
fn schemas_that_never_end_do_no_harm() {
    for schema in [
        r##"{"$ref": "#"}"##,
        r##"{"allOf": [{"$ref": "#"}]}"##,
        r##"{"anyOf": [{"$ref": "#/anyOf/0"}]}"##,
        r##"{"additionalProperties": {"$ref": "#"}}"##,
    ] {
        let deep = THING.replace("4", &format!("{}1{}", "{a: ".repeat(490), "}".repeat(490)));
        let hld = shop(&[("jobs/thing.yaml", &deep), ("schemas/thing_v1.json", schema)]);
        let run = hld.fab(&["validate", "prod"]);
        assert!(run.code < 2, "{schema}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn locations_are_asked_in_order() {
    let never = r#"{"not": {}, "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Service"}]}"#;
    let files = [
        ("jobs/thing.yaml", THING),
        ("a/thing_v1.json", "{}"),
        ("b/thing_v1.json", never),
        ("b/service-v1.json", never),
    ];
    let hld = shop(&files);
    let run = |args: &[&str], code| hld.fab(&[&["validate", "prod"], args].concat()).exited(code, args);
    run(&["--schema-location", "a", "--schema-location", "b"], 0);
    run(&["--schema-location", "b", "--schema-location", "a"], 1);
    // What is known of Kubernetes' own kinds comes first, unless it is said otherwise.
    run(&["--schema-location", "a", "--schema-location", "default", "--schema-location", "b"], 0);
    let refused =
        run(&["--schema-location", "a", "--schema-location", "b", "--schema-location", "default"], 1);
    assert!(refused.stdout.contains("Service web"), "{}", refused.stdout);
    hld.write("fab.yaml", "validate: {schema-locations: [a]}\n");
    run(&[], 0);
    run(&["--schema-location", "b"], 1);
    // A file is for the kinds that it or its name says, and for no others.
    hld.write("fab.yaml", "");
    run(&["--schema-location", "b/service-v1.json"], 1).says(&[]);
    hld.write("a/any.json", never);
    let other = run(&["--schema-location", "a/any.json", "--schema-location", "default"], 1);
    assert!(other.stdout.contains("Service web"), "{}", other.stdout);
}

#[test]
fn what_was_looked_for_is_told() {
    let hld = shop(&[("jobs/thing.yaml", THING)]);
    let run = hld.fab(&["validate", "prod", "--schema-location", "crds/{{ .Group }}/{{.ResourceKind}}.json"]);
    assert!(run.stdout.contains("= note: there is no crds/example.com/thing.json\n"), "{}", run.stdout);
    // No name leads out of the folder.
    let hld = shop(&[("jobs/thing.yaml", "apiVersion: ../v1\nkind: ../../Thing\nmetadata: {name: a}\n")]);
    let run = hld.fab(&["validate", "prod", "--schema-location", "crds/{{ .Group }}/{{.ResourceKind}}.json"]);
    assert!(!run.stdout.contains("there is no"), "{}", run.stdout);
}

#[test]
fn a_location_that_is_no_place_is_an_error() {
    let hld = shop(&[]);
    for (location, texts) in [
        (
            "https://example.com/{{ .ResourceKind }}.json",
            &["is on the network, and validating stays offline", "download the schemas into a folder"][..],
        ),
        ("nowhere", &["cannot be used: there is no such file or folder"]),
        ("", &["cannot be used: it is empty"]),
        ("a/{{ .ResourceKid }}.json", &["map has no entry for key \"ResourceKid\""]),
        ("a/{{ .ResourceKind .json", &["unclosed action"]),
    ] {
        hld.fails(&["validate", "--schema-location", location], 2, texts);
    }
}

#[test]
fn what_a_schema_has_against_a_secret_shows_nothing_of_it() {
    let schema =
        r#"{"properties": {"stringData": {"additionalProperties": {"type": "string", "maxLength": 3}}}}"#;
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: geheim}\n";
    let hld = shop(&[("jobs/secret.yaml", secret), ("a/secret-v1.json", schema)]);
    let args = ["validate", "prod", "--schema-location", "a", "--schema-location", "default"];
    let run = hld.fab(&args).exited(1, &args);
    assert!(run.stdout.starts_with("error: the value is longer than 3 characters"), "{}", run.stdout);
    assert!(!run.stdout.contains("geheim"), "{}", run.stdout);
}

#[test]
fn what_flux_reads_otherwise_is_told() {
    let map = |data: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{data}\n");
    for (text, code, want) in [
        (
            map("data:\n  1: a"),
            0,
            "warning: Flux (kustomize) takes no key that is no text, as 1 is, and refuses the file; quote it\n --> prod/jobs.yaml:6:3\n",
        ),
        (
            map("data:\n  a: 2024-01-01"),
            0,
            "warning: Flux (kustomize) makes the time 2024-01-01T00:00:00Z of 2024-01-01; quote it\n --> prod/jobs.yaml:6:6\n",
        ),
        (
            map("immutable: yes"),
            0,
            "warning: Flux (kustomize) reads yes as text, and not as true or false\n --> prod/jobs.yaml:5:12\n",
        ),
        // What the server refuses is an error, with a note about Flux.
        (
            map("data:\n  a: no"),
            1,
            "error: expected a string, found false; quote it\n --> prod/jobs.yaml:6:3\n",
        ),
        (
            map("data: {}").replace("name: a", "name: a, annotations: {a: 1}"),
            1,
            "error: expected a string, found 1; quote it\n --> prod/jobs.yaml:4:35\n",
        ),
        (map("data:\n  a: 2024-01-01T00:00:00Z\n  b: '2024-01-01'"), 0, ""),
    ] {
        let hld = shop(&[("jobs/map.yaml", &text)]);
        let run = hld.fab(&["validate", "prod"]).exited(code, &[&text]);
        assert!(run.stdout.starts_with(want), "{text}: {}", run.stdout);
        assert_eq!(run.stdout.is_empty(), want.is_empty(), "{text}: {}", run.stdout);
        let is_noted = run.stdout.contains("note: Flux (kustomize) ");
        assert_eq!(is_noted, code == 1, "{text}: {}", run.stdout);
    }
    let hld = Hld::new(&[("a.yaml", &format!("%YAML 1.1\n---\n{}", map("")))]);
    let run = hld.ok(&["validate", "--manifests", "a.yaml"]);
    assert!(
        run.stdout.starts_with("warning: Flux (kustomize) and kubectl cut files at `---`"),
        "{}",
        run.stdout
    );
    let secret = map("stringData:\n  a: 2024-01-01").replace("ConfigMap", "Secret");
    let hld = shop(&[("jobs/secret.yaml", &secret)]);
    let run = hld.ok(&["validate", "prod"]);
    assert!(run.stdout.contains("makes a time of this"), "{}", run.stdout);
    assert!(!run.stdout.contains("2024"), "{}", run.stdout);
}
