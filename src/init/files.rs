//! The files of a new definition.
//!
//! It has one component, which shows what config does: the same greeting, said
//! for all environments and changed for each.

/// Returns the files of a definition by their paths.
pub(super) fn new_definition(name: &str, environments: &[String]) -> Vec<(String, String)> {
    let listed: String = environments.iter().map(|name| format!("  {}: {{}}\n", scalar(name))).collect();
    let fixed = [
        ("component.yaml", COMPONENT.replace("NAME", &scalar(name))),
        ("config/common.yaml", CONFIG_COMMON.to_owned()),
        ("hello/configmap.yaml.hbs", TEMPLATE.to_owned()),
        ("fab.yaml", format!("{FAB}{listed}")),
        (".gitignore", GITIGNORE.to_owned()),
        ("README.md", README.replace("NAME", name)),
    ];
    let changed = environments.iter().map(|name| config_file(name, CONFIG_HELLO));
    fixed.into_iter().map(|(path, text)| (path.to_owned(), text)).chain(changed).collect()
}

/// Returns the config files of environments that say nothing yet.
pub(super) fn environments(names: &[String]) -> Vec<(String, String)> {
    names.iter().map(|name| config_file(name, "subcomponents: {}\n")).collect()
}

fn config_file(name: &str, rest: &str) -> (String, String) {
    let text = format!("# What is different in {name}. It wins over config/common.yaml.\n{rest}");
    (format!("config/{name}.yaml"), text.replace("NAME", name))
}

/// Writes a name so that no reader takes it for a number or a truth value.
fn scalar(name: &str) -> String {
    let text = goyaml::to_string(name).expect("a text is YAML");
    text.trim_end().to_owned()
}

const COMPONENT: &str = "\
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
kind: ConfigMap
metadata:
  name: hello
  namespace: {{fab.namespace}}
data:
  environment: {{quote fab.environment}}
  greeting: {{quote greeting}}
";

const FAB: &str = "\
# What fab itself has to know: the environments, and how charts are rendered in each.
environments:
";

const GITIGNORE: &str = "\
# What `fab install` brings here; fab.lock says what that is.
components/
helm_repos/
# What `fab generate` writes. Without this line, manifests are reviewed with what they are made of.
generated/
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

```console
$ fab install            # fetch what comes from elsewhere
$ fab generate --each    # write the manifests of every environment to generated/
$ fab validate           # check them as the API server would
$ fab list               # see what there is
```
";
