//! What templates print, and what they are refused for.

use super::*;

/// Config that every case sees.
fn config() -> Mapping {
    let json = serde_json::json!({
        "image": { "repository": "shop/web", "tag": "1.4.0", "pullSecrets": [] },
        "replicas": 3.0,
        "ratio": 0.5,
        "debug": false,
        "note": null,
        "hosts": ["a.example", "b.example"],
        "labels": { "app": "web", "tier": "front" },
        "ports": [{ "name": "http", "port": 80 }, { "name": "tls", "port": 443 }],
    });
    match value(&json) {
        Value::Mapping(config) => config,
        other => panic!("not a map: {other:?}"),
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int)
        }
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Sequence(items.iter().map(value).collect()),
        Json::Object(map) => Value::Mapping(map.iter().map(|(k, v)| (k.clone(), value(v))).collect()),
    }
}

fn render(files: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
    let files = files
        .iter()
        .map(|(path, text)| TemplateFile {
            path: (*path).to_owned(),
            shown: format!("web/{path}"),
            text: Arc::from(*text),
        })
        .collect();
    let environments = ["prod".to_owned(), "east".to_owned()];
    let facts =
        Facts { component: "web", environment: "prod-east", environments: &environments, namespace: "shop" };
    let texts = |errors: Vec<TemplateError>| errors.iter().map(text).collect::<Vec<_>>().join("\n");
    let set = TemplateSet::new(files).map_err(texts)?;
    let rendered = set.render(&config(), &facts).map_err(texts)?;
    Ok(rendered.into_iter().map(|(path, text)| (path.to_owned(), text)).collect())
}

/// `file:line:column: what; hint`.
fn text(err: &TemplateError) -> String {
    let hint = err.kind.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}: {err}{hint}", err.place)
}

/// Checks what one template renders to.
#[track_caller]
fn check(template: &str, want: &str) {
    let got = render(&[("t.yaml.hbs", template)]);
    assert_eq!(got, Ok(vec![("t.yaml.hbs".to_owned(), want.to_owned())]), "template: {template}");
}

/// Checks what one template is refused for.
#[track_caller]
fn err(template: &str, want: &str) {
    assert_eq!(render(&[("t.yaml.hbs", template)]), Err(want.to_owned()), "template: {template}");
}

#[test]
fn values_are_printed_as_they_are() {
    check("a: {{image.repository}}:{{image.tag}}", "a: shop/web:1.4.0");
    check("a: {{replicas}} {{ratio}} {{debug}} [{{note}}]", "a: 3 0.5 false []");
    check("a: {{hosts.[1]}} {{ports.0.name}}", "a: b.example http");
    check("a: {{{image.tag}}} {{&image.tag}}", "a: 1.4.0 1.4.0");
    check("a: \"{{default note \"<&>'\"}}\"", "a: \"<&>'\"");
}

#[test]
fn fab_tells_where_a_component_is_rendered() {
    check("a: {{fab.component}} {{fab.namespace}} {{fab.environment}}", "a: web shop prod-east");
    check("a: [{{#each fab.environments}}{{this}},{{/each}}]", "a: [prod,east,]");
}

#[test]
fn helpers_write_yaml_and_json() {
    check("a:\n{{indent 2 (yaml labels)}}\n", "a:\n  app: web\n  tier: front\n");
    check("a: {{json hosts}}", "a: [\"a.example\",\"b.example\"]");
    check("[{{quote image.tag}}, {{quote replicas}}, {{quote debug}}]", "[\"1.4.0\", \"3\", \"false\"]");
    check("a: {{quote note}}", "a: \"\"");
    check("a: {{quote \"say \\\"hi\\\"\\n\"}}", "a: \"say \\\"hi\\\"\\n\"");
    check("a: {{len hosts}}", "a: 2");
    check("a: {{lookup labels \"app\"}} {{lookup hosts 0}}", "a: web a.example");
}

#[test]
fn blocks_choose_and_repeat() {
    check("a: {{#if debug}}x{{else}}y{{/if}}", "a: y");
    check("a: {{#if (eq replicas 3)}}x{{/if}}", "a: x");
    check("a: {{#unless image.pullSecrets}}none{{/unless}}", "a: none");
    check("a: {{#if debug}}x{{else if (gt replicas 2)}}y{{else}}z{{/if}}", "a: y");
    check("a: {{#eq image.tag \"1.4.0\"}}x{{/eq}}", "a: x");
    check("a: {{#if (and (not debug) (lt ratio 1))}}x{{/if}}", "a: x");
    check(
        "a:\n{{#each ports}}\n- {{name}}: {{port}} of {{../replicas}}, {{@root.image.tag}}\n{{/each}}\n",
        "a:\n- http: 80 of 3, 1.4.0\n- tls: 443 of 3, 1.4.0\n",
    );
    check("a:\n{{#each labels}}\n  {{@key}}: {{this}}\n{{/each}}\n", "a:\n  app: web\n  tier: front\n");
    check("a: {{#each ports as |p i|}}{{i}}={{p.name}} {{/each}}", "a: 0=http 1=tls ");
    check("a: {{#with image}}{{tag}}{{/with}}", "a: 1.4.0");
}

#[test]
fn has_and_default_ask_for_what_may_be_absent() {
    check("a: {{default image.digest \"none\"}} {{default image.tag \"none\"}}", "a: none 1.4.0");
    check("a: {{default a.b.c image.tag}}", "a: 1.4.0");
    check("a: {{default note 1}}", "a: 1");
    check("a: {{#if (has \"image.tag\")}}x{{/if}}{{#if (has \"image.digest\")}}y{{/if}}", "a: x");
    check("a: {{#if (has \"a.b.c\")}}x{{else}}y{{/if}} {{has \"note\"}}", "a: y false");
    check("a: {{#with image}}{{has \"tag\"}}{{/with}}", "a: true");
}

#[test]
fn an_absent_name_is_an_error_wherever_it_stands() {
    let hint = "web/t.yaml.hbs:1:4: `image.tga` is not set; did you mean `image.tag`?";
    err("a: {{image.tga}}", hint);
    err("a: {{#if image.tga}}x{{/if}}", hint);
    err("a: {{#unless image.tga}}x{{/unless}}", hint);
    err("a: {{#if (eq image.tga 1)}}x{{/if}}", hint);
    err("a: {{#if (not (or debug image.tga))}}x{{/if}}", hint);
    err("a: {{#eq image.tga 1}}x{{/eq}}", hint);
    err("a: {{#each image.tga}}x{{else}}y{{/each}}", hint);
    err("a: {{#with image.tga}}x{{else}}y{{/with}}", hint);
    err("a: {{quote image.tga}}", hint);
    err("a: {{len image.tga}}", hint);
    err("a: {{default note image.tga}}", hint);
    err("a: {{{image.tga}}}", hint);
    err("a: {{lookup image \"tga\"}}", "web/t.yaml.hbs:1:4: `tga` is not set; did you mean `tag`?");
    err("a: {{imgae.tag}}", "web/t.yaml.hbs:1:4: `imgae.tag` is not set; did you mean `image.tag`?");
    err("a: {{#with image}}{{tga}}{{/with}}", "web/t.yaml.hbs:1:19: `tga` is not set; did you mean `tag`?");
    err(
        "a: 1\nb: {{zone}}",
        "web/t.yaml.hbs:2:4: `zone` is not set; set it in config, or ask for it with `(has \"zone\")` or `(default zone …)`",
    );
}

#[test]
fn an_absent_name_is_not_passed_to_a_partial() {
    let partial = ("_p.yaml.hbs", "x: {{name}}");
    assert_eq!(
        render(&[partial, ("t.yaml.hbs", "{{> _p name=image.tga}}")]),
        Err("web/t.yaml.hbs:1:1: `image.tga` is not set; did you mean `image.tag`?".to_owned())
    );
    assert_eq!(
        render(&[partial, ("t.yaml.hbs", "a: 1\n{{> _p}}")]),
        Err("web/_p.yaml.hbs:1:4: `name` is not set; set it in config, or ask for it with `(has \"name\")` or `(default name …)`".to_owned())
    );
}

#[test]
fn a_list_is_not_printed_by_accident() {
    err(
        "a: {{labels}}",
        "web/t.yaml.hbs:1:4: `labels` is a map, which cannot be printed as it is; \
         write it as `{{yaml labels}}` or `{{json labels}}`",
    );
    err(
        "a: {{default none hosts}}",
        "web/t.yaml.hbs:1:4: `(default …)` is a list, which cannot be printed as it is; \
         write it as `{{yaml (default …)}}` or `{{json (default …)}}`",
    );
    err(
        "a: {{quote hosts}}",
        "web/t.yaml.hbs:1:4: `quote` takes text, a number or a truth value; write lists and maps with `json`",
    );
}

#[test]
fn helpers_are_checked_by_name_and_use() {
    err("a: {{qoute image.tag}}", "web/t.yaml.hbs:1:4: there is no helper `qoute`; did you mean `quote`?");
    err("a: {{#image}}x{{/image}}", "web/t.yaml.hbs:1:4: there is no helper `image`");
    err(
        "a: {{#quote hosts}}x{{/quote}}",
        "web/t.yaml.hbs:1:4: `quote` is no block, it is written `{{quote …}}`",
    );
    err("a: {{if debug}}", "web/t.yaml.hbs:1:4: `if` is a block, it is written `{{#if …}}`");
    err("a: {{quote hosts 1}}", "web/t.yaml.hbs:1:4: `quote` takes 1 unnamed arguments, not 2");
    err(
        "a: {{has image.tag}}",
        "web/t.yaml.hbs:1:4: `has` takes a name in quotes, as in `(has \"image.tag\")`",
    );
    err(
        "a: {{indent \"x\" \"y\"}}",
        "web/t.yaml.hbs:1:4: `indent` takes a number up to 200 and a text, as in `(indent 4 (yaml x))`",
    );
}

#[test]
fn every_error_of_a_component_is_reported() {
    assert_eq!(
        render(&[("a.yaml.hbs", "a: {{zone}}"), ("b.yaml.hbs", "b: {{#if nope}}{{/if}}")])
            .map_err(|all| all.lines().count()),
        Err(2)
    );
}

#[test]
fn partials_are_included_and_not_rendered() {
    let got = render(&[
        ("_labels.yaml.hbs", "labels:\n  app: {{fab.component}}\n"),
        ("parts/_port.yaml.hbs", "- {{port}}\n"),
        (
            "svc.yaml.hbs",
            "metadata:\n  {{> _labels}}\nports:\n{{#each ports}}\n{{> parts/_port}}\n{{/each}}\n",
        ),
    ]);
    let want = "metadata:\n  labels:\n    app: web\nports:\n- 80\n- 443\n";
    assert_eq!(got, Ok(vec![("svc.yaml.hbs".to_owned(), want.to_owned())]));
}

#[test]
fn a_file_that_renders_to_nothing_is_left_out() {
    let got = render(&[("a.yaml.hbs", "{{#if debug}}a: 1{{/if}}\n"), ("b.yaml.hbs", "b: 1\n")]);
    assert_eq!(got, Ok(vec![("b.yaml.hbs".to_owned(), "b: 1\n".to_owned())]));
}

#[test]
fn included_templates_exist_and_end() {
    err("{{> _prots}}", "web/t.yaml.hbs:1:1: there is no template `_prots`");
    assert_eq!(
        render(&[("_ports.yaml.hbs", ""), ("t.yaml.hbs", "{{> _prots}}")]),
        Err("web/t.yaml.hbs:1:1: there is no template `_prots`; did you mean `_ports`?".to_owned())
    );
    assert_eq!(
        render(&[("_a.yaml.hbs", "{{> _b}}"), ("_b.yaml.hbs", "x\n{{#if debug}}{{> _a}}{{/if}}")]),
        Err("web/_b.yaml.hbs:2:14: a template includes itself: _a → _b → _a".to_owned())
    );
    err(
        "{{#*inline \"x\"}}{{> x}}{{/inline}}{{> x}}",
        "web/t.yaml.hbs:1:17: a template includes itself: x → x",
    );
    err(
        "{{> (lookup labels \"app\")}}",
        "web/t.yaml.hbs:1:1: the name of an included template must be written out",
    );
}

#[test]
fn a_partial_may_take_a_block() {
    let got = render(&[
        ("_box.yaml.hbs", "box:\n{{> @partial-block}}"),
        ("t.yaml.hbs", "{{#> _box}}  tag: {{image.tag}}{{/_box}}\n"),
    ]);
    assert_eq!(got, Ok(vec![("t.yaml.hbs".to_owned(), "box:\n  tag: 1.4.0\n".to_owned())]));
}

#[test]
fn a_text_that_is_no_template_is_an_error() {
    err(
        "a: {{#if debug}}x{{/each}}",
        "web/t.yaml.hbs:1:18: invalid template: `if` is open, but `each` is closed",
    );
    err("a: {{", "web/t.yaml.hbs:1:6: invalid template: a tag or a block is not closed");
    err("a: 1\n{{#if debug}}", "web/t.yaml.hbs:2:14: invalid template: a tag or a block is not closed");
    err("a: {{image.}} 1", "web/t.yaml.hbs:1:12: invalid template: this cannot stand here");
    err("a: {{else}}", "web/t.yaml.hbs:1:6: invalid template: this cannot stand here");
}

#[test]
fn what_is_rendered_is_yaml() {
    err(
        "a: 1\n---\nb: 2\n  c: {{image.tag}}\n",
        "web/t.yaml.hbs (output):4:4: the template renders to text that is not YAML: \
         yaml: line 4: mapping values are not allowed in this context",
    );
}

#[test]
fn templates_go_only_so_deep() {
    let blocks =
        |depth: usize| format!("a: {}1{}", "{{#if replicas}}".repeat(depth), "{{/if}}".repeat(depth));
    check(&blocks(100), "a: 1");
    err(&blocks(101), "web/t.yaml.hbs:1:1604: more than 100 blocks inside each other");
    let calls = |depth: usize| format!("a: {{{{default {}1{}}}}}", "(not ".repeat(depth), ")".repeat(depth));
    assert!(render(&[("t.yaml.hbs", &calls(100_000))]).unwrap_err().contains("more than 100 blocks"));
    let branches = format!("a: {{{{#if debug}}}}{}{{{{/if}}}}", "{{else if debug}}".repeat(100_000));
    assert!(render(&[("t.yaml.hbs", &branches)]).unwrap_err().contains("more than 100 blocks"));
}
