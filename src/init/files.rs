//! The files of a new definition.
//!
//! It has one component, which shows what config does: the same greeting, said
//! for all environments and changed for each.

use crate::schema::FileKind;
use crate::source::SourceUrl;

/// Where the schemas are that editors check files with: in the definition, so that they are there without a network
/// and for everybody who works on it.
const SCHEMAS: [(&str, FileKind); 3] = [
    (".fab/component.schema.json", FileKind::Component),
    (CONFIG_SCHEMA, FileKind::Config),
    (".fab/fab.schema.json", FileKind::Fab),
];

/// The schema of config files, below the folder of the definition.
pub(super) const CONFIG_SCHEMA: &str = ".fab/config.schema.json";

/// Returns the files of a definition by their paths.
pub(super) fn new_definition(
    name: &str,
    environments: &[String],
    manifests: Option<&SourceUrl>,
) -> Vec<(String, String)> {
    let publish = manifests.map(|url| format!("{PUBLISH}{}\n", scalar(url.as_str()))).unwrap_or_default();
    let listed: String = environments.iter().map(|name| format!("  {}: {{}}\n", scalar(name))).collect();
    let fixed = [
        ("component.yaml", COMPONENT.replace("NAME", &scalar(name))),
        ("config/common.yaml", format!("{MODELINE}{CONFIG_COMMON}")),
        ("hello/hello.yaml.hbs", TEMPLATE.to_owned()),
        ("fab.yaml", format!("{FAB}{listed}{publish}")),
        (".gitignore", GITIGNORE.to_owned()),
        ("README.md", README.replace("NAME", name)),
    ];
    let schemas = SCHEMAS.map(|(path, kind)| (path, format!("{:#}\n", kind.schema())));
    let fixed = fixed.into_iter().chain(schemas).map(|(path, text)| (path.to_owned(), text));
    fixed.chain(environments.iter().map(|name| config_file(name, MODELINE, CONFIG_HELLO))).collect()
}

/// Returns the config files of environments that say nothing yet, for a definition that may have schemas.
pub(super) fn environments(names: &[String], has_schemas: bool) -> Vec<(String, String)> {
    let modeline = if has_schemas { MODELINE } else { "" };
    names.iter().map(|name| config_file(name, modeline, "subcomponents: {}\n")).collect()
}

fn config_file(name: &str, modeline: &str, rest: &str) -> (String, String) {
    let text = format!("{modeline}# What is different in {name}. It wins over config/common.yaml.\n{rest}");
    (format!("config/{name}.yaml"), text.replace("NAME", name))
}

/// Writes a name so that no reader takes it for a number or a truth value.
pub(super) fn scalar(name: &str) -> String {
    let text = goyaml::to_string(name).expect("a text is YAML");
    text.trim_end().to_owned()
}

/// Tells editors the schema of a config file.
const MODELINE: &str = "# yaml-language-server: $schema=../.fab/config.schema.json\n";

const COMPONENT: &str = "\
# yaml-language-server: $schema=.fab/component.schema.json
# The root component, and what it consists of.
name: NAME
subcomponents:
- name: hello
  type: handlebars
  path: ./hello
";

const CONFIG_COMMON: &str = "\
# What holds in every environment.
subcomponents:
  hello:
    namespace: hello
    config:
      greeting: Hello
";

const CONFIG_HELLO: &str = "\
subcomponents:
  hello:
    config:
      greeting: Hello from NAME
";

const TEMPLATE: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: {{fab.namespace}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: hello
  namespace: {{fab.namespace}}
data:
  environment: {{quote fab.environment}}
  greeting: {{quote greeting}}
";

const FAB: &str = "\
# yaml-language-server: $schema=.fab/fab.schema.json
# What fab itself has to know: the environments, and how charts are rendered in each.
environments:
";

const PUBLISH: &str = "\
# Where `fab publish` commits the manifests.
publish:
  repository: ";

const GITIGNORE: &str = "\
# What `fab install` brings here; fab.lock says what that is.
components/
helm_repos/
# What `fab generate` writes. Without this line, manifests are reviewed with what they are made of.
generated/
# What `fab ci` reports.
fab-review/
";

const README: &str = "\
# NAME

Components and their config for each environment, from which `fab` generates Kubernetes manifests.

| what | where |
|---|---|
| what NAME consists of | `component.yaml` |
| config for every environment, and for each | `config/common.yaml`, `config/ENVIRONMENT.yaml` |
| environments, and how charts are rendered | `fab.yaml` |
| versions of what comes from elsewhere | `fab.lock` |
| what editors check these files with | `.fab/` |

```console
$ fab install            # fetch what comes from elsewhere
$ fab generate --each    # write the manifests of every environment to generated/
$ fab validate           # check them as the API server would
$ fab list               # see what there is
```
";
