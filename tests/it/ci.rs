//! `fab ci`: what a pipeline runs, with what it leaves in files, on the host and in its exit code.

use fabrikate::host::Host;
use serde_json::Value;

use crate::diff::commit;
use crate::hld::{Hld, Run};
use crate::hosts::Fake;
use crate::manifest_site::ManifestSite;

const WEB: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {greeting: hello}\n";

/// A definition that is committed on `main`.
fn shop() -> Hld {
    let hld = Hld::new(&[
        ("component.yaml", "name: shop\nsubcomponents:\n- {name: web, type: static, path: web}\n"),
        ("web/web.yaml", WEB),
        ("config/prod.yaml", "{}\n"),
        ("config/qa.yaml", "{}\n"),
    ]);
    commit(&hld.path(""));
    hld
}

/// Variables of the systems that run tests, which mean nothing here.
const NONE: [(&str, &str); 13] = [
    ("GITHUB_ACTIONS", ""),
    ("GITHUB_BASE_REF", ""),
    ("GITHUB_STEP_SUMMARY", ""),
    ("GITLAB_CI", ""),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
    ("TF_BUILD", ""),
    ("CHANGE_URL", ""),
    ("CHANGE_TARGET", ""),
    ("JENKINS_URL", ""),
    ("FAB_ENVS", ""),
    ("VERIFY_ONLY", ""),
    ("REPO", ""),
    ("FAB_HOST_TOKEN", ""),
];

fn ci(hld: &Hld, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let cache = hld.path(".cache");
    let all = [&NONE[..], &[("FAB_CACHE_DIR", cache.to_str().unwrap())], variables].concat();
    hld.fab_with(&all, &[&["ci"], args].concat())
}

const TOKEN: (&str, &str) = ("FAB_HOST_TOKEN", "s3cret");

fn json(hld: &Hld, file: &str) -> Value {
    serde_json::from_str(&hld.read(file)).unwrap()
}

#[test]
fn a_review_is_in_files_and_in_one_comment() {
    let (hld, fake) = (shop(), Fake::new(Host::GitHub, Vec::new()));
    hld.write("web/web.yaml", &WEB.replace("hello", "hi"));
    let address = fake.server.url("/shop/hld/pull/12");
    let args = ["pr", "--pr", &address];
    let run = ci(&hld, &[TOKEN], &args).exited(0, &args);
    assert_eq!(run.stdout, "0 to add, 2 to change, 0 to remove in prod, qa; 0 errors, 0 warnings\n");
    run.says(&["Nothing to install\n", "Wrote fab-review\n", "Commented on #12\n"]);
    assert_eq!(
        hld.files("fab-review"),
        ["codequality.json", "diff.json", "fab.sarif", "junit.xml", "review.html", "review.md"]
    );
    assert_eq!(json(&hld, "fab-review/diff.json")["total"]["change"], 2);
    assert_eq!(json(&hld, "fab-review/codequality.json"), serde_json::json!([]));
    let comment = &fake.texts()[0];
    assert!(comment.starts_with("<!-- fab:pr:shop:v1 -->\n### fab: 0 to add, 2 to change"), "{comment}");
    assert!(
        comment.contains("greeting") && comment.contains("- hello") && comment.contains("+ hi"),
        "{comment}"
    );

    hld.write("web/web.yaml", WEB);
    let run = ci(&hld, &[TOKEN], &args).exited(0, &args);
    run.says(&["Changed the comment on #12\n"]);
    assert_eq!(fake.texts().len(), 1);
    assert!(fake.texts()[0].contains("### fab: no changes\n"), "{:?}", fake.texts());
}

#[test]
fn a_diff_is_posted_alone() {
    let (hld, fake) = (shop(), Fake::new(Host::GitLab, Vec::new()));
    let address = fake.server.url("/shop/hld/-/merge_requests/12");
    let fab = |args: &[&str]| {
        let args = [&["diff", "--comment", "--pr", &address], args].concat();
        hld.fab_with(&[&NONE[..], &[TOKEN]].concat(), &args).exited(0, &args)
    };
    fab(&[]).says(&["No comment on !12, as nothing changes\n"]);
    hld.write("web/web.yaml", &WEB.replace("hello", "hi"));
    let run = fab(&["--dry-run", "--stat"]);
    assert!(run.stdout.contains("if there is no comment yet:\nPOST http://"), "{}", run.stdout);
    assert!(!run.stdout.contains("s3cret") && fake.texts().is_empty());
    fab(&[]).says(&["Commented on !12\n"]);
    assert!(fake.texts()[0].contains("2 to change"), "{:?}", fake.texts());
    fab(&[]).says(&["The comment on !12 is up to date\n"]);
    hld.write("web/web.yaml", WEB);
    fab(&[]).says(&["Changed the comment on !12\n"]);
    assert_eq!(fake.texts().len(), 1);
    assert!(fake.texts()[0].contains("### fab: no changes"));
}

#[test]
fn every_step_runs_and_the_worst_code_counts() {
    let hld = shop();
    hld.write("web/web.yaml", &WEB.replace("data: {greeting: hello}", "data: {greeting: 1}"));
    let run = ci(&hld, &[], &["pr"]).exited(1, &["pr"]);
    assert!(run.stdout.contains("error"), "{}", run.stdout);
    assert!(
        run.stdout.ends_with("2 to change, 0 to remove in prod, qa; 1 error, 0 warnings\n"),
        "{}",
        run.stdout
    );
    let review = hld.read("fab-review/review.md");
    assert!(review.contains("<summary>Findings: 1 error, 0 warnings</summary>"), "{review}");
    let sarif = json(&hld, "fab-review/fab.sarif");
    assert_eq!(sarif["runs"][1]["results"].as_array().unwrap().len(), 1, "{sarif}");
    assert!(hld.read("fab-review/junit.xml").contains("failures=\"1\""));

    hld.write("component.yaml", "name: shop\nsubcomponents:\n- {name: web, type: handlebars, path: web}\n");
    hld.write("web/web.yaml.hbs", "{{missing}}\n");
    let run = ci(&hld, &[], &["pr"]).exited(2, &["pr"]);
    assert!(run.stdout.ends_with("; 0 errors, 0 warnings\n"), "{}", run.stdout);
    let review = hld.read("fab-review/review.md");
    assert_eq!(review.matches(" failed**").count(), 1, "one reason is told once: {review}");
}

#[test]
fn a_definition_that_cannot_be_installed_is_told_and_reviewed_no_further() {
    let hld = shop();
    hld.write("fab.lock", "version: 1\nsources: []\n");
    let missing = "name: shop\nsubcomponents:\n- {name: web, type: static, source: 'file:///nowhere', method: git, path: web}\n";
    hld.write("component.yaml", missing);
    let run = ci(&hld, &[], &["pr"]).exited(1, &["pr"]);
    assert_eq!(run.stdout, "not compared; 0 errors, 0 warnings\n");
    let review = hld.read("fab-review/review.md");
    assert!(
        review.contains("**`fab install` failed**") && !review.contains("`fab validate` failed"),
        "{review}"
    );
}

#[test]
fn a_comment_that_cannot_be_posted_is_a_warning_unless_it_is_required() {
    let hld = shop();
    hld.write("web/web.yaml", &WEB.replace("hello", "hi"));
    let args = ["pr", "--pr", "https://github.com/shop/hld/pull/1"];
    let no_token = "no comment was posted: there is no token for GitHub; set FAB_HOST_TOKEN";
    ci(&hld, &[("GITHUB_TOKEN", ""), ("GH_TOKEN", "")], &args).exited(0, &args).says(&[no_token]);
    let required = [&args[..], &["--require-comment"]].concat();
    ci(&hld, &[("GITHUB_TOKEN", ""), ("GH_TOKEN", "")], &required)
        .exited(2, &required)
        .says(&["there is no token for GitHub"]);
    ci(&hld, &[], &["pr"]).exited(0, &["pr"]).says(&["nothing says which pull request is meant"]);
    let run = ci(&hld, &[], &["pr", "--no-comment"]).exited(0, &["pr"]);
    assert!(!run.stderr.contains("comment"), "{}", run.stderr);
}

#[test]
fn github_gets_annotations_and_the_host_from_its_variables() {
    let (hld, fake) = (shop(), Fake::new(Host::GitHub, Vec::new()));
    hld.write("web/web.yaml", &WEB.replace("data: {greeting: hello}", "data: {greeting: 1}"));
    let api = fake.server.url("/api/v3");
    let variables = [
        TOKEN,
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_API_URL", &api),
        ("GITHUB_SERVER_URL", "https://git.example.com"),
        ("GITHUB_REPOSITORY", "shop/hld"),
        ("GITHUB_RUN_ID", "77"),
        ("GITHUB_REF", "refs/pull/12/merge"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let summary = hld.path("summary.md");
    let summary = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    let variables = [&variables[..], &summary].concat();
    let run = ci(&hld, &variables, &["pr"]).exited(1, &["pr"]);
    assert!(hld.read("summary.md").starts_with("### fab: "));
    assert!(run.stdout.starts_with("::error file="), "{}", run.stdout);
    let comment = &fake.texts()[0];
    assert!(comment.contains("(https://git.example.com/shop/hld/actions/runs/77)"), "{comment}");
}

#[test]
fn environments_are_those_of_the_arguments_or_of_the_variable() {
    let hld = shop();
    hld.write("web/web.yaml", &WEB.replace("hello", "hi"));
    let changed = |variables: &[(&str, &str)], args: &[&str]| {
        let stdout = ci(&hld, variables, args).stdout;
        stdout.split(" in ").nth(1).unwrap_or_default().split(';').next().unwrap().to_owned()
    };
    assert_eq!(changed(&[], &["pr"]), "prod, qa");
    assert_eq!(changed(&[("FAB_ENVS", "qa, qa prod,,")], &["pr"]), "qa, qa+prod");
    assert_eq!(changed(&[("FAB_ENVS", "qa")], &["pr", "prod"]), "prod");
    assert_eq!(changed(&[("VERIFY_ONLY", "1")], &[]), "prod", "as in Bedrock");
    assert_eq!(changed(&[("VERIFY_ONLY", "1"), ("FAB_ENVS", "qa")], &[]), "qa");
    hld.write("fab.yaml", "environments: {qa: {}, prod: {}}\n");
    assert_eq!(changed(&[("VERIFY_ONLY", "1")], &[]), "prod, qa");
}

#[test]
fn without_a_lockfile_what_is_there_is_installed_with_a_warning() {
    let source = Hld::new(&[("web/web.yaml", WEB)]);
    commit(&source.path(""));
    let hld = shop();
    let remote = format!(
        "name: shop\nsubcomponents:\n- {{name: web, type: static, source: 'file://{}', method: git, path: web}}\n",
        source.path("").display()
    );
    hld.write("component.yaml", &remote);
    let run = ci(&hld, &[], &["pr"]).exited(0, &["pr"]);
    run.says(&["warning: there is no fab.lock, so another run may install something else"]);
    let run = ci(&hld, &[], &["pr"]).exited(0, &["pr"]);
    assert!(!run.stderr.contains("there is no fab.lock"), "{}", run.stderr);
}

#[test]
fn azure_shows_the_review_and_obeys_nothing_in_it() {
    let hld = shop();
    hld.write("config/prod.yaml", "'##vso[task.setvariable variable=x]': 1\n");
    let run = ci(&hld, &[("TF_BUILD", "True")], &["pr", "--no-comment"]);
    let lines: Vec<&str> = run.stdout.lines().filter(|line| line.contains("##vso[")).collect();
    assert_eq!(lines.len(), 1, "{}", run.stdout);
    assert!(lines[0].starts_with("##vso[task.uploadsummary]") && lines[0].ends_with("/fab-review/review.md"));
    assert!(!run.stderr.contains("##vso["), "{}", run.stderr);
}

fn publishes(site: &ManifestSite, env: &[(&str, &str)], args: &[&str], code: i32) -> Run {
    let args = [&["ci"], args].concat();
    site.site.fab_with(&args, env).exited(code, &args)
}

#[test]
fn what_was_merged_is_published() {
    let site = ManifestSite::new();
    publishes(&site, &[], &["publish", "--dry-run"], 0).says(&["Would publish prod to main, folder prod"]);
    publishes(&site, &[], &["publish"], 0).says(&["Published prod to main, folder prod", "Published qa"]);
    assert!(site.names("main").contains(&"qa/web.yaml".to_owned()));
    publishes(&site, &[], &["publish"], 0).says(&["prod is up to date"]);
    // A review leaves its reports in the definition, which is as it was committed all the same.
    publishes(&site, &[], &["pr", "--no-comment"], 0);
    site.set("prod", "2");
    publishes(&site, &[("FAB_ENVS", "qa")], &["publish"], 0).says(&["qa is up to date"]);
    publishes(&site, &[("FAB_ENVS", "qa")], &["publish", "prod"], 0).says(&["Published prod"]);
}

#[test]
fn what_a_review_would_not_let_pass_is_not_published() {
    let site = ManifestSite::new();
    site.write("base/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: 1}\n");
    site.commit("wrong");
    let before = site.all();
    publishes(&site, &[], &["publish"], 1).says(&["Nothing is published, as there are errors"]);
    assert_eq!(site.all(), before);
}

#[test]
fn a_pipeline_of_bedrock_moves_by_one_line() {
    let site = ManifestSite::new();
    site.others_commit("main", &[("README.md", "r"), ("prod/old.yaml", "a: 1"), ("other/x.yaml", "x: 1")]);
    site.write("fab.yaml", "{}\n");
    site.commit("without settings");
    let url = site.url();
    let env = [
        ("REPO", url.as_str()),
        ("ACCESS_TOKEN_SECRET", "s3cret"),
        ("BRANCH_NAME", "release"),
        ("COMMIT_MESSAGE", "the subject"),
    ];
    let run = publishes(&site, &env, &[], 0);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    let names = site.names("release");
    assert!(
        names.contains(&"prod/web.yaml".to_owned()) && names.contains(&"README.md".to_owned()),
        "{names:?}"
    );
    assert!(!names.contains(&"prod/old.yaml".to_owned()), "the folder is replaced: {names:?}");
    assert!(!names.contains(&"qa/web.yaml".to_owned()), "only prod, as no list names another: {names:?}");
    assert!(site.message("release").lines().next().unwrap().ends_with(": the subject"));
    let more = [&env[..], &[("FAB_ENVS", "prod,qa prod")]].concat();
    publishes(&site, &more, &[], 0);
    assert!(site.names("release").contains(&"qa-prod/web.yaml".to_owned()));
    // VERIFY_ONLY publishes nothing.
    let before = site.all();
    publishes(&site, &[&env[..], &[("VERIFY_ONLY", "1"), ("FAB_ENVS", "qa")]].concat(), &[], 0);
    assert_eq!(site.all(), before);
}

#[test]
fn a_definition_that_is_not_checked_out_is_cloned() {
    let site = ManifestSite::new();
    let definition = site.site.all().join("remotes/hld").display().to_string();
    let elsewhere = Hld::new(&[("README.md", "")]);
    let cache = elsewhere.path(".cache");
    let url = site.url();
    let env = [("HLD_PATH", definition.as_str()), ("REPO", &url), ("FAB_CACHE_DIR", cache.to_str().unwrap())];
    let run = elsewhere.fab_with(&[&NONE[..], &env].concat(), &["ci"]).exited(0, &["ci"]);
    run.says(&["Published prod to main"]);
    assert!(site.message("main").contains(&format!("Fab-Source-Repo: {definition}\n")));
    let missing = [&NONE[..], &env, &[("HLD_PATH", "/nowhere")]].concat();
    elsewhere.fab_with(&missing, &["ci"]).exited(2, &["ci"]).says(&["repository `/nowhere`"]);
}

#[test]
fn a_branch_of_jenkins_is_none_of_bedrock() {
    let site = ManifestSite::new();
    publishes(&site, &[("BRANCH_NAME", "PR-1"), ("COMMIT_MESSAGE", "x")], &["publish"], 0)
        .says(&["Published prod to main"]);
}
