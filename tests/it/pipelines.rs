//! What `fab init` writes for the systems that run pipelines, and for the agents that apply what is published.

use std::process::Command;

use goyaml::{Mapping, Value};

use crate::hld::Hld;
use crate::real_servers::installed;
use crate::remote_charts::sha256;

const SYSTEMS: [(&str, &str); 4] = [
    ("azure-devops", "azure-pipelines.yml"),
    ("github", ".github/workflows/fab.yaml"),
    ("gitlab", ".gitlab-ci.yml"),
    ("jenkins", "Jenkinsfile"),
];

const MANIFESTS: &str = "https://git.example.com/shop/manifests";

fn definition() -> Hld {
    let hld = Hld::new(&[
        ("component.yaml", "name: shop\n"),
        ("fab.yaml", "environments:\n  prod: {}\n  qa+west: {}\n"),
        ("config/prod.yaml", "{}\n"),
    ]);
    git2::Repository::init_opts(hld.path(""), git2::RepositoryInitOptions::new().initial_head("trunk"))
        .unwrap();
    hld
}

fn yaml(hld: &Hld, file: &str) -> Value {
    goyaml::from_str(&hld.read(file)).unwrap()
}

/// Everything that is below a value, with the keys that lead to it.
fn flat(value: &Value) -> Vec<(String, String)> {
    fn walk(value: &Value, at: &str, all: &mut Vec<(String, String)>) {
        match value {
            Value::Mapping(map) => {
                map.iter().for_each(|(key, value)| walk(value, &format!("{at}/{key}"), all));
            }
            Value::Sequence(items) => {
                items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{at}/{index}"), all));
            }
            other => all.push((at.to_owned(), goyaml::to_string(other).unwrap().trim().to_owned())),
        }
    }
    let mut all = Vec::new();
    walk(value, "", &mut all);
    all
}

/// The keys of all values with a word in them.
fn with(value: &Value, word: &str) -> Vec<String> {
    let found = flat(value).into_iter().filter(|(path, value)| path.contains(word) || value.contains(word));
    found.map(|(path, _)| path).collect()
}

fn map<'a>(value: &'a Value, path: &str) -> &'a Mapping {
    let step = |value: &'a Value, key: &str| match value {
        Value::Mapping(map) => map.get(key).unwrap(),
        Value::Sequence(items) => &items[key.parse::<usize>().unwrap()],
        _ => panic!("{path}"),
    };
    match path.split('/').filter(|key| !key.is_empty()).fold(value, step) {
        Value::Mapping(map) => map,
        _ => panic!("{path}"),
    }
}

#[test]
fn a_pipeline_is_one_file_and_the_script_that_brings_fab() {
    for (system, file) in SYSTEMS {
        let hld = definition();
        let run = hld.ok(&["init", "--ci", system, "--manifests", MANIFESTS]);
        run.says(&[
            &format!("Wrote {file}\n"),
            "Wrote .fab/fetch.sh\n",
            "(FAB_URL), and its SHA-256 (FAB_SHA256)",
        ]);
        insta::with_settings!({ description => file }, {
            insta::assert_snapshot!(format!("pipeline-{system}"), hld.read(file));
        });
        hld.ok(&["init", "--ci", system]).says(&[&format!("Kept {file}, which was there\n")]);
    }
    let hld = definition();
    hld.ok(&["init", "--ci", "jenkins"]);
    insta::assert_snapshot!("pipeline-fetch", hld.read(".fab/fetch.sh"));
}

#[test]
fn a_binary_is_taken_if_it_is_the_one_that_is_pinned() {
    if ["curl", "sha256sum"].iter().any(|program| installed(program).is_none()) {
        return;
    }
    let hld = definition();
    hld.ok(&["init", "--ci", "github"]);
    hld.write("binary", "#!/bin/sh\n");
    let url = format!("file://{}", hld.path("binary").display());
    let fetch = |url: &str, sha256: &str| {
        let mut sh = Command::new("sh");
        sh.args([".fab/fetch.sh", "out dir"])
            .current_dir(hld.path(""))
            .env("FAB_URL", url)
            .env("FAB_SHA256", sha256);
        (sh.output().unwrap().status.success(), hld.path("out dir/fab").exists())
    };
    let sum = sha256(b"#!/bin/sh\n");
    assert_eq!(fetch("", &sum), (false, false));
    assert_eq!(fetch(&url, ""), (false, false));
    assert_eq!(fetch(&url, &"0".repeat(64)), (false, false));
    assert_eq!(fetch(&url, &sum), (true, true));
    assert!(Command::new(hld.path("out dir/fab")).status().unwrap().success());
}

#[test]
fn a_review_cannot_write_to_a_repository_and_one_publishes_at_a_time() {
    let hld = definition();
    for system in ["github", "gitlab", "azure-devops"] {
        hld.ok(&["init", "--ci", system, "--manifests", MANIFESTS]);
    }
    let github = yaml(&hld, ".github/workflows/fab.yaml");
    assert!(map(&github, "permissions").is_empty());
    assert_eq!(
        flat(&map(&github, "jobs/review/permissions").clone().into()),
        [("/contents".to_owned(), "read".to_owned()), ("/pull-requests".to_owned(), "write".to_owned()),]
    );
    assert!(with(&github, "FAB_GIT").iter().all(|path| path.starts_with("/jobs/publish/")), "{github:?}");
    assert!(with(&github, "secrets.").iter().all(|path| path.starts_with("/jobs/publish/")));
    assert_eq!(
        with(&github, "fab-publish"),
        ["/jobs/publish/concurrency/group", "/jobs/publish/environment"]
    );
    let actions = flat(&github).into_iter().filter(|(path, _)| path.ends_with("/uses"));
    for (path, action) in actions {
        let commit = action.split_once('@').unwrap().1;
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{path}: {action}");
    }
    let gitlab = yaml(&hld, ".gitlab-ci.yml");
    assert_eq!(with(&gitlab, "resource_group"), ["/fab-publish/resource_group"]);
    assert_eq!(with(&gitlab, "TOKEN"), [""; 0]);
    let azure = yaml(&hld, "azure-pipelines.yml");
    assert!(with(&azure, "FAB_GIT").iter().all(|path| path.starts_with("/stages/1/")));
    assert_eq!(with(&azure, "sequential"), ["/lockBehavior"]);
    for (pipeline, depth) in [(&github, "fetch-depth"), (&gitlab, "GIT_DEPTH"), (&azure, "fetchDepth")] {
        let depths = flat(pipeline).into_iter().filter(|(path, _)| path.ends_with(depth));
        assert!(depths.map(|(_, value)| value).all(|value| value.trim_matches('"') == "0"));
    }
}

#[test]
fn every_step_of_a_pipeline_is_one_command() {
    let hld = definition();
    for (system, file) in SYSTEMS {
        hld.ok(&["init", "--ci", system]);
        let text = hld.read(file);
        let commands = text.lines().filter(|line| line.contains("ci pr") || line.contains("ci publish"));
        let commands: Vec<&str> = commands.filter(|line| !line.contains("displayName")).collect();
        assert_eq!(commands.len(), 2, "{file}: {commands:?}");
        assert!(text.lines().count() < 100, "{file}");
    }
}

#[test]
fn what_is_merged_to_the_main_branch_is_published() {
    let hld = definition();
    for (system, _) in SYSTEMS {
        hld.ok(&["init", "--ci", system]);
    }
    assert!(hld.read(".github/workflows/fab.yaml").contains("branches: [trunk]"));
    assert!(
        hld.read("azure-pipelines.yml").contains("eq(variables['Build.SourceBranch'], 'refs/heads/trunk')")
    );
    assert!(hld.read("Jenkinsfile").contains("branch 'trunk'"));
}

#[test]
fn the_token_of_an_azure_job_reaches_a_manifest_repository_in_azure_repos() {
    let azure = |manifests: &[&str]| {
        let hld = definition();
        hld.ok(&[&["init", "--ci", "azure-devops"], manifests].concat());
        let text = hld.read("azure-pipelines.yml");
        yaml(&hld, "azure-pipelines.yml");
        let name = text.lines().find_map(|line| line.trim().strip_prefix("name: ")).map(str::to_owned);
        (
            name,
            text.contains("FAB_GIT_TOKEN: $(System.AccessToken)"),
            text.contains("repositories: [manifests]"),
        )
    };
    let address = "https://shop@dev.azure.com/shop/Team%20A/_git/manifests";
    assert_eq!(azure(&["--manifests", address]), (Some("Team A/manifests".to_owned()), true, true));
    assert_eq!(azure(&["--manifests", MANIFESTS]), (None, false, false));
    assert_eq!(azure(&[]), (Some("PROJECT/REPOSITORY".to_owned()), true, true));
}

#[test]
fn agents_are_given_one_file_for_each_environment() {
    let hld = definition();
    hld.ok(&[
        "init",
        "--flux",
        "--argocd",
        "--manifests",
        "https://ci:s3cret@git.example.com/shop/manifests",
    ]);
    assert_eq!(hld.files("flux"), ["prod.yaml", "qa-west.yaml"]);
    assert_eq!(hld.files("argocd"), ["prod.yaml", "qa-west.yaml"]);
    insta::assert_snapshot!("agent-flux", hld.read("flux/prod.yaml"));
    insta::assert_snapshot!("agent-argocd", hld.read("argocd/qa-west.yaml"));
    for file in ["flux/prod.yaml", "flux/qa-west.yaml", "argocd/prod.yaml", "argocd/qa-west.yaml"] {
        let text = hld.read(file);
        for word in ["targetNamespace", "patches", "namePrefix", "commonMetadata", "images", "s3cret"] {
            assert!(!text.contains(word), "{file}: {word}");
        }
    }
}

#[test]
fn agents_read_what_is_published() {
    let hld = definition();
    hld.write(
        "fab.yaml",
        "environments: {prod: {}, qa: {}}\npublish:\n  repository: https://git.example.com/a\n  branch: live\n  environments:\n    prod: {branch: 'environment/{env}', path: .}\n",
    );
    hld.ok(&["init", "--flux", "--argocd"]);
    let flux = |name: &str| hld.read(&format!("flux/{name}.yaml"));
    assert!(flux("prod").contains("url: https://git.example.com/a\n  ref:\n    branch: environment/prod\n"));
    assert!(flux("prod").contains("path: ./\n") && flux("qa").contains("path: ./qa\n"));
    assert!(flux("qa").contains("branch: live\n"));
    assert!(hld.read("argocd/prod.yaml").contains("targetRevision: environment/prod\n    path: .\n"));
}

#[test]
fn flux_gets_an_address_that_it_takes() {
    let hld = definition();
    hld.ok(&["init", "--flux", "--argocd", "--manifests", "git@git.example.com:shop/manifests.git"]);
    assert!(hld.read("flux/prod.yaml").contains("url: ssh://git@git.example.com/shop/manifests.git\n"));
    assert!(hld.read("argocd/prod.yaml").contains("repoURL: git@git.example.com:shop/manifests.git\n"));
}

#[test]
fn err_agents_have_to_know_where_manifests_are() {
    let hld = definition();
    hld.fails(
        &["init", "--flux"],
        2,
        &["nothing says which repository manifests are published to", "--manifests URL"],
    );
    assert!(!hld.path("flux").exists());
}

#[test]
fn a_new_definition_may_begin_with_all_of_it() {
    let hld = Hld::new(&[]);
    hld.ok(&["init", "--ci", "gitlab", "--flux", "--manifests", MANIFESTS, "--env", "live"]);
    hld.ok(&["generate", "--each"]);
    assert_eq!(hld.files("flux"), ["live.yaml"]);
    assert!(hld.path(".gitlab-ci.yml").exists());
    assert!(hld.read("fab.yaml").contains(&format!("publish:\n  repository: {MANIFESTS}\n")));
}

#[test]
fn a_definition_below_the_top_has_a_pipeline_of_its_own_there() {
    let hld = definition();
    let folders = [("deploy/hld", "deploy-hld"), ("other", "other")];
    for ((folder, name), (system, _)) in
        folders.iter().flat_map(|folder| SYSTEMS.map(|system| (folder, system)))
    {
        hld.ok(&["init", folder, "--ci", system, "--env", "prod"]);
        let file = match system {
            "azure-devops" => format!("azure-pipelines-{name}.yml"),
            "github" => format!(".github/workflows/fab-{name}.yaml"),
            "gitlab" => format!(".gitlab/fab-{name}.yml"),
            _ => format!("Jenkinsfile-{name}"),
        };
        let text = hld.read(&file);
        let is_blank = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase());
        assert!(!text.split('@').any(is_blank), "{text}");
        for command in ["ci pr", "ci publish"] {
            assert!(text.contains(&format!("{command} -C {folder}")), "{file}: {text}");
        }
        if system != "jenkins" {
            let filters: Vec<&str> = text
                .lines()
                .filter(|line| {
                    line.contains(&format!("[{folder}"))
                        && line.contains(".fab/fetch.sh")
                        && line.contains(&file)
                })
                .collect();
            assert_eq!(filters.len(), 2, "{text}");
            yaml(&hld, &file);
        }
    }
    assert!(hld.path(".fab/fetch.sh").exists() && !hld.path("deploy/hld/.fab/fetch.sh").exists());
    assert_eq!(hld.read(".gitlab-ci.yml"), "include:\n  - local: .gitlab/fab-*.yml\n");
    // Runs of one are not cancelled or held up by the other's.
    let groups = |file: &str| with(&yaml(&hld, file), "fab-publish").len();
    assert_eq!(groups(".github/workflows/fab-other.yaml"), 2);
    let group = |file: &str| {
        flat(&yaml(&hld, file))
            .into_iter()
            .find(|(path, _)| path.ends_with("publish/concurrency/group"))
            .unwrap()
            .1
    };
    assert_ne!(group(".github/workflows/fab-other.yaml"), group(".github/workflows/fab-deploy-hld.yaml"));
}

#[test]
fn what_includes_the_pipelines_of_gitlab_is_told_where_it_was_there() {
    let hld = definition();
    hld.write(".gitlab-ci.yml", "test: {script: [make]}\n");
    let run = hld.ok(&["init", "inner", "--ci", "gitlab", "--env", "prod"]);
    run.says(&[
        "Wrote ../.gitlab/fab-inner.yml\n",
        "Kept ../.gitlab-ci.yml, which was there\n",
        "Next: say in ../.gitlab/fab-inner.yml where the binary of fab is",
        "Next: see that .gitlab-ci.yml includes `.gitlab/fab-*.yml`\n",
    ]);
}

#[test]
fn err_a_folder_that_would_have_to_be_quoted_has_no_pipeline() {
    let hld = definition();
    hld.fails(&["init", "my hld", "--ci", "github", "--name", "x"], 2, &["my hld", "use letters, digits"]);
}
