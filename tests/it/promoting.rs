//! `fab promote`: what becomes of config files, of git, and what is shown.

use std::collections::BTreeMap;

use git2::{Commit, Oid, Repository, Signature};

use crate::hld::{CHART, Hld, Run};
use crate::manifest_site::ManifestSite;

/// A definition with a chart that prints its values.
const DEFINITION: &str = "name: shop\nsubcomponents:\n- {name: web, type: helm, path: ./chart}\n";

fn hld(files: &[(&str, &str)]) -> Hld {
    let mut all = vec![("component.yaml", DEFINITION), CHART[0], CHART[1]];
    all.extend_from_slice(files);
    Hld::new(&all)
}

/// Promotes from `qa` to `prod`; compares the files that changed, and all others with what they were.
#[track_caller]
fn check(files: &[(&str, &str)], args: &[&str], want: &[(&str, &str)]) -> Run {
    let hld = hld(files);
    let texts = || -> BTreeMap<String, String> {
        hld.files("").into_iter().map(|file| (file.clone(), hld.read(&file))).collect()
    };
    let mut wanted = texts();
    wanted.extend(want.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())));
    let run = hld.ok(&[&["promote", "qa", "prod"], args].concat());
    assert_eq!(texts(), wanted, "{}", run.stderr);
    // What is promoted is there, so there is nothing left to do.
    hld.ok(&[&["promote", "qa", "prod"], args].concat()).says(&["Nothing to promote from qa to prod"]);
    assert_eq!(texts(), wanted);
    run
}

/// Promotes from `qa` to `prod`, which fails with these words and changes nothing.
#[track_caller]
fn check_error(files: &[(&str, &str)], args: &[&str], words: &[&str]) {
    let hld = hld(files);
    let before: Vec<String> = hld.files("").iter().map(|file| hld.read(file)).collect();
    hld.fails(&[&["promote"], args].concat(), 2, words);
    let after: Vec<String> = hld.files("").iter().map(|file| hld.read(file)).collect();
    assert_eq!(after, before);
}

/// The config of `web`, each line indented as there.
fn web(config: &str) -> String {
    let lines = config.lines().map(|line| format!("      {line}\n"));
    format!("subcomponents:\n  web:\n    config:\n{}", lines.collect::<String>())
}

const QA: &str = "config/qa.yaml";
const PROD: &str = "config/prod.yaml";
const COMMON: &str = "config/common.yaml";

#[test]
fn a_tag_is_promoted_and_nothing_else_changes() {
    let qa = web("image:\n  repository: shop/web\n  tag: '1.5.0'\nreplicas: 1");
    let prod = "# Prod\nsubcomponents:\n  web: # the shop\n    config:\n      replicas: 3\n      image: {repository: shop/web, tag: \"1.4.0\"} # by fab\n";
    let run = check(&[(QA, &qa), (PROD, prod)], &[], &[(PROD, &prod.replace("1.4.0", "1.5.0"))]);
    insta::assert_snapshot!(run.stdout, @r#"
    COMPONENT  KEY        BEFORE  AFTER  FILE
    web        image.tag  1.4.0   1.5.0  config/prod.yaml

    ~ ConfigMap web in prod
        because of image.tag 1.4.0 → 1.5.0 (config/prod.yaml:6)
        data.values
          - {"image":{"repository":"shop/web","tag":"1.4.0"},"replicas":3}
          + {"image":{"repository":"shop/web","tag":"1.5.0"},"replicas":3}

    0 to add, 1 to change, 0 to remove in prod
    "#);
    run.says(&["Changed config/prod.yaml", "Promoted 1 value from qa to prod"]);
}

#[test]
fn what_is_in_force_counts_and_not_which_layer_says_it() {
    let common = web("image: {repository: shop/web, tag: '1.4.0'}\n");
    // The shared layer has the new one, and prod its own.
    let files = [(COMMON, common.as_str()), (PROD, &web("image: {tag: '1.3.0'}")), (QA, "{}\n")];
    check(&files, &[], &[(PROD, &web("image: {tag: '1.4.0'}"))]);
    // The first environment has its own, and the shared layer the old one.
    let files = [(COMMON, common.as_str()), (PROD, "# ours\n"), (QA, &web("image: {tag: '1.5.0'}"))];
    check(&files, &[], &[(PROD, &format!("# ours\n{}", web("image:\n  tag: 1.5.0")))]);
    // There is no file yet.
    let files = [("fab.yaml", "environments: {qa: {}, prod: {}}\n"), files[0], files[2]];
    check(&files, &[], &[(PROD, &web("image:\n  tag: 1.5.0"))]);
}

#[test]
fn images_are_found_in_every_form() {
    let one = |qa: &str, prod: &str, want: &str| {
        check(&[(QA, &web(qa)), (PROD, &web(prod))], &[], &[(PROD, &web(want))]);
    };
    one("image: shop/web:2", "image: shop/web:1", "image: shop/web:2");
    one("image: shop/web:2@sha256:ab", "image: shop/web:1", "image: shop/web:2@sha256:ab");
    one("webImage: web\ntag: '2'", "webImage: web\ntag: '1'", "webImage: web\ntag: '2'");
    one(
        "a: {repository: web, version: 2}",
        "a: {repository: web, version: 1}",
        "a: {repository: web, version: 2}",
    );
    one(
        "sub: {web: {image: {name: web, tag: b}}}",
        "sub: {web: {image: {name: web, tag: a}}}",
        "sub: {web: {image: {name: web, tag: b}}}",
    );
    // A key with a dot, and a number that is none.
    one(
        "\"a.b/c\": {image: {tag: '1.10', repository: x}}",
        "\"a.b/c\": {image: {tag: '1.9', repository: x}}",
        "\"a.b/c\": {image: {tag: '1.10', repository: x}}",
    );
}

#[test]
fn a_digest_goes_with_its_tag() {
    let one = |qa: &str, prod: &str, want: &str| {
        let image = |rest: &str| web(&format!("image: {{repository: web, {rest}}}"));
        check(&[(QA, &image(qa)), (PROD, &image(prod))], &[], &[(PROD, &image(want))]);
    };
    one("digest: 'sha256:b', tag: '2'", "digest: 'sha256:a', tag: '1'", "digest: 'sha256:b', tag: '2'");
    // The old digest would win over the new tag.
    one("tag: '2'", "digest: 'sha256:a', tag: '1'", "digest: '', tag: '2'");
    // It pins what the first environment has without one.
    let image = web("image: {repository: web, digest: 'sha256:a', tag: '1'}");
    let run = check(&[(QA, &web("image: {repository: web, tag: '1'}")), (PROD, &image)], &[], &[]);
    run.says(&["Left `image.digest` of web: qa has none, and prod keeps its own"]);
}

#[test]
fn a_registry_of_its_own_stays() {
    let qa = web("a:\n  repository: qa.example.com/web\n  tag: '2'\nimage: qa.example.com/job:2");
    let prod = web("a:\n  repository: example.com/web\n  tag: '1'\nimage: example.com/job:1");
    let want = web("a:\n  repository: example.com/web\n  tag: '2'\nimage: example.com/job:2");
    check(&[(QA, &qa), (PROD, &prod)], &[], &[(PROD, &want)]);
}

#[test]
fn another_image_goes_along_with_its_repository() {
    let parts =
        |name: &str, tag: u8| web(&format!("a:\n  registry: r\n  repository: shop/{name}\n  tag: v{tag}"));
    check(&[(QA, &parts("new", 2)), (PROD, &parts("old", 1))], &[], &[(PROD, &parts("new", 2))]);
    let text = |image: &str| web(&format!("image: {image}"));
    check(&[(QA, &text("new:2")), (PROD, &text("old:1"))], &[], &[(PROD, &text("new:2"))]);
    // Only the first environment says where it is.
    let common = web("a: {repository: old.example.com/web, tag: '1'}");
    let qa = web("a: {repository: new.example.com/web, tag: '2'}");
    let want = web("a:\n  repository: new.example.com/web\n  tag: \"2\"");
    check(&[(COMMON, &common), (QA, &qa), (PROD, "{}\n")], &[], &[(PROD, &want)]);
}

#[test]
fn named_values_are_promoted_too() {
    let qa = web("db: {user: shop, password: hunter2hunter}\nreplicas: 2\nx: {resources: {cpu: 1, mem: 2}}");
    let prod = web("replicas: 3\nx: {resources: {cpu: 4}}");
    let files = [(QA, qa.as_str()), (PROD, &prod)];
    check(&files, &["--key", "replicas"], &[(PROD, &prod.replace("replicas: 3", "replicas: 2"))]);
    let resources = prod.replace("{cpu: 4}", "{cpu: 1, mem: 2}");
    check(&files, &["--key", "web:**.resources"], &[(PROD, &resources)]);
    let settings =
        [("fab.yaml", "publish:\n  promote: ['**.resources', '!*.resources.mem']\n"), files[0], files[1]];
    check(&settings, &[], &[(PROD, &prod.replace("{cpu: 4}", "{cpu: 1}"))]);
    let above = web("").len();
    // A secret is promoted if it is named, and never shown.
    let run = check(
        &files,
        &["--key", "db"],
        &[(PROD, &format!("{}{}", web("db:\n  user: shop"), &prod[above..]))],
    );
    run.says(&["Left `db.password` of web: it may be a secret; --key 'web:db.password' takes it"]);
    let both = format!("{}{}", web("db:\n  password: hunter2hunter"), &prod[above..]);
    let run = check(&files, &["--key", "web:db.password"], &[(PROD, &both)]);
    assert!(
        run.stdout.contains("web        db.password  (not set)  (secret)  config/prod.yaml"),
        "{}",
        run.stdout
    );
}

#[test]
fn an_image_can_be_left_out() {
    let (qa, prod) = ("a: {image: 'x:2'}\nb: {image: 'y:2'}", "a: {image: 'x:1'}\nb: {image: 'y:1'}");
    let want = web("a: {image: 'x:1'}\nb: {image: 'y:2'}");
    check(&[(QA, &web(qa)), (PROD, &web(prod))], &["--key", "!a.**"], &[(PROD, &want)]);
}

#[test]
fn a_list_becomes_the_same() {
    let args = ["--key", "hosts"];
    let (qa, prod) = (web("hosts: [a, b]"), web("hosts: [c]"));
    check(&[(QA, &qa), (PROD, &prod)], &args, &[(PROD, &qa)]);
    // Items that stay keep their comments.
    let ours = web("hosts: # ours\n- x # 1\n- a # 2\n- b # 3\n- y # 4\n- z # 5");
    let theirs = web("hosts: [a, b, c, d, z]");
    let want = web("hosts: # ours\n- a # 2\n- b # 3\n- c # 4\n- d\n- z # 5");
    check(&[(QA, &theirs), (PROD, &ours)], &args, &[(PROD, &want)]);
    let want = web("hosts: # ours\n- a # 2\n- b # 3\n- y # 4\n- z # 5");
    check(&[(QA, &web("hosts: [a, b, y, z]")), (PROD, &ours)], &args, &[(PROD, &want)]);
    let want = web("hosts: # ours\n- x # 1\n- a # 2\n- b # 3\n- b2\n- y # 4\n- z # 5");
    check(&[(QA, &web("hosts: [x, a, b, b2, y, z]")), (PROD, &ours)], &args, &[(PROD, &want)]);
    // What both share is joined to it.
    let common = web("hosts: [z]");
    check(&[(COMMON, &common), (QA, &qa), (PROD, &prod)], &args, &[(PROD, &qa)]);
    // Another file of prod adds to it, so what is promoted replaces that.
    let component = "name: shop\nsubcomponents:\n- {name: in, path: ./in}\n";
    let inner = "name: in\nsubcomponents:\n- {name: web, type: helm, path: ../chart}\n";
    let files = [
        ("component.yaml", component),
        ("in/component.yaml", inner),
        (QA, "subcomponents: {in: {subcomponents: {web: {config: {hosts: [a]}}}}}\n"),
        (PROD, "subcomponents: {in: {subcomponents: {web: {config: {hosts: [b]}}}}}\n"),
        ("in/config/prod.yaml", "subcomponents: {web: {config: {hosts: [c]}}}\n"),
    ];
    let want = "subcomponents: {in: {subcomponents: {web: {replace: [hosts], config: {hosts: [a]}}}}}\n";
    check(&files, &args, &[(PROD, want)]);
}

#[test]
fn an_image_in_a_list_is_found_by_its_name() {
    let qa = web("sidecars:\n- image: envoy:2\n- image: proxy/log:2");
    let prod = web("sidecars:\n- image: log:1\n- image: envoy:1\n- image: mine:1");
    let common = web("sidecars:\n- image: all:1");
    let want = web("sidecars:\n- image: log:2\n- image: envoy:2\n- image: mine:1");
    check(&[(COMMON, &common), (QA, &qa), (PROD, &prod)], &[], &[(PROD, &want)]);
}

#[test]
fn a_list_that_is_promoted_takes_its_images_along() {
    let qa = web("sidecars:\n- image: log:2\n- image: envoy:2");
    let prod = web("sidecars:\n- image: envoy:1\n- image: log:1");
    check(&[(QA, &qa), (PROD, &prod)], &["--key", "sidecars"], &[(PROD, &qa)]);
    check(&[(QA, &qa), (PROD, &prod)], &["--key", "!sidecars[*].image"], &[]);
}

#[test]
fn an_image_in_a_list_of_both_stays() {
    let common = web("sidecars:\n- image: log:1");
    let qa = "subcomponents: {web: {replace: [sidecars], config: {sidecars: [{image: 'log:2'}]}}}\n";
    let files = [(COMMON, common.as_str()), (QA, qa), (PROD, "{}\n")];
    check(&files, &[], &[]).says(&[
        "Left `sidecars[0].image` of web: it is in a list that not only prod has; --key takes all of the list",
    ]);
    // The list of prod replaces that of both, then.
    let want = "subcomponents:\n  web:\n    replace:\n    - sidecars\n    config:\n      sidecars:\n      - image: log:2\n";
    check(&files, &["--key", "sidecars"], &[(PROD, want)]);
}

#[test]
fn config_wins_over_the_file_of_values_that_prod_names() {
    let prod = "subcomponents:\n  web:\n    valuesFiles: [prod-values.yaml]\n";
    let files = [(QA, &web("image: web:2")[..]), (PROD, prod), ("prod-values.yaml", "image: web:1\n")];
    let want = format!("{prod}    config:\n      image: web:2\n");
    check(&files, &[], &[(PROD, &want)]);
}

#[test]
fn what_was_installed_is_set_from_above() {
    let component =
        "name: shop\nsubcomponents:\n- {name: base, method: git, source: https://example.com/base}\n";
    let base = "name: base\nsubcomponents:\n- {name: web, type: helm, path: ./chart}\n";
    let files = [
        ("component.yaml", component),
        ("components/base/component.yaml", base),
        ("components/base/chart/Chart.yaml", CHART[0].1),
        ("components/base/chart/templates/values.yaml", CHART[1].1),
        ("components/base/config/qa.yaml", &web("image: web:2")),
        ("components/base/config/prod.yaml", &web("image: web:1")),
    ];
    let want =
        "subcomponents:\n  base:\n    subcomponents:\n      web:\n        config:\n          image: web:2\n";
    check(&files, &[], &[(PROD, want)]);
}

#[test]
fn hooks_run_only_if_that_is_said() {
    let component = "name: shop\nhooks: {before-generate: ['touch ran']}\nsubcomponents:\n- {name: web, type: helm, path: ./chart}\n";
    let (qa, prod) = (web("image: web:2"), web("image: web:1"));
    let files = [("component.yaml", component), (QA, &qa), (PROD, &prod)];
    check_error(&files, &["qa", "prod"], &["--run-hooks"]);
    let hld = hld(&files);
    hld.ok(&["promote", "qa", "prod", "--run-hooks"]).says(&["Promoted 1 value"]);
    assert_eq!((hld.read(PROD), hld.read("ran")), (qa, String::new()));
}

#[test]
fn components_below_are_set_where_they_are_set() {
    let component =
        "name: shop\nsubcomponents:\n- {name: in, path: ./in}\n- {name: web, type: helm, path: ./chart}\n";
    let inner = "name: in\nsubcomponents:\n- {name: api, type: helm, path: ../chart}\n- {name: job, type: helm, path: ../chart}\n";
    let own = |tag: u8| format!("subcomponents:\n  api:\n    config:\n      image: api:{tag}\n");
    let root = |job: u8, web: u8| {
        format!(
            "subcomponents:\n  in:\n    subcomponents:\n      job:\n        config:\n          image: job:{job}\n  web:\n    config:\n      image: web:{web}\n"
        )
    };
    let (qa, prod, in_qa, in_prod) = (root(2, 2), root(1, 1), own(2), own(1));
    let files = [
        ("component.yaml", component),
        ("in/component.yaml", inner),
        (QA, &qa),
        (PROD, &prod),
        ("in/config/qa.yaml", &in_qa),
        ("in/config/prod.yaml", &in_prod),
    ];
    check(&files, &[], &[(PROD, &qa), ("in/config/prod.yaml", &in_qa)]);
    check(&files, &["--component", "in"], &[(PROD, &root(2, 1)), ("in/config/prod.yaml", &in_qa)]);
    check(&files, &["--component", "in/job"], &[(PROD, &root(2, 1))]);
    // Beside the file that sets it, if none of prod does.
    check(&files[..5], &["--component", "in/api"], &[("in/config/prod.yaml", &in_qa)]);
}

#[test]
fn subcharts_and_globals_are_values_like_others() {
    let values = |tag: u8| {
        web(&format!("global: {{image: {{tag: v{tag}}}}}\ndb: {{image: {{repository: pg, tag: v{tag}}}}}"))
    };
    check(&[(QA, &values(2)), (PROD, &values(1))], &[], &[(PROD, &values(2))]);
}

#[test]
fn layers_that_both_have_stay() {
    let project = ("fab.yaml", "environments: {qa: {layers: [qa, eu]}, prod: {layers: [prod, eu]}}\n");
    let files =
        [project, ("config/eu.yaml", &web("image: web:1")), (QA, &web("image: web:2")), (PROD, "{}\n")];
    check(&files, &[], &[(PROD, &web("image: web:2"))]);
    // A combined environment, whose parts others have too.
    let hld = hld(&[
        ("fab.yaml", "environments: {qa: {}, prod+east: {}, prod+west: {}}\n"),
        (QA, &web("image: web:2")),
        (PROD, &web("image: web:1")),
        ("config/east.yaml", "{}\n"),
        ("config/west.yaml", "{}\n"),
    ]);
    let run = hld.ok(&["promote", "qa", "prod+east"]).says(&["warning: prod+west has these files too"]);
    assert_eq!(hld.read(PROD), web("image: web:2"));
    assert!(run.stdout.contains("~ ConfigMap web in prod+east, prod+west"), "{}", run.stdout);
    hld.fails(
        &["promote", "prod+east", "prod"],
        2,
        &["`prod` has no config file that `prod+east` does not have too"],
    );
}

#[test]
fn anchors_are_respected() {
    let qa = web("image: web:2\njob: {image: job:2}");
    // An alias for the value itself gives way to the value.
    let prod = "x: &old web:1\nsubcomponents:\n  web:\n    config:\n      image: *old\n      job: {image: 'job:1'}\n";
    let want = prod.replace("*old", "web:2").replace("job:1", "job:2");
    check(&[(QA, &qa), (PROD, prod)], &[], &[(PROD, &want)]);
    // A map that is used elsewhere too cannot be changed here.
    let prod = "x: &job {image: 'job:1'}\nsubcomponents:\n  web:\n    config:\n      job: *job\n";
    check_error(&[(QA, &qa), (PROD, prod)], &["qa", "prod"], &["config/prod.yaml:6:7", "is an alias"]);
}

#[test]
fn a_json_file_stays_one() {
    let json = |tag: u8| {
        format!(
            "{{\"subcomponents\": {{\"web\": {{\"config\": {{\"image\": \"web:{tag}\", \"n\": {tag}}}}}}}}}\n"
        )
    };
    let files = [(QA, web("image: web:2\nn: 2")), ("config/prod.json", json(1))];
    let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
    check(&files, &["--key", "n"], &[("config/prod.json", &json(2))]);
}

#[test]
fn a_dry_run_shows_the_files_and_writes_nothing() {
    let hld = hld(&[(QA, &web("image: web:2")), (PROD, &web("image: web:1"))]);
    let run =
        hld.ok(&["promote", "qa", "prod", "--dry-run"]).says(&["Would promote 1 value from qa to prod"]);
    assert!(run.stdout.contains("-      image: web:1\n+      image: web:2\n"), "{}", run.stdout);
    assert!(run.stdout.contains("~ ConfigMap web in prod"), "{}", run.stdout);
    assert_eq!(hld.read(PROD), web("image: web:1"));
}

#[test]
fn err_there_is_no_such_environment_component_or_key() {
    let (qa, prod) = (web("image: web:2"), web("image: web:1"));
    let files = [(QA, qa.as_str()), (PROD, &prod)];
    check_error(&files, &["qa", "prd"], &["there is no environment `prd`", "did you mean `prod`?"]);
    check_error(&files, &["qa", "qa"], &["`qa` has no config file that `qa` does not have too"]);
    check_error(&files, &["qa", "common"], &["`common` has no config file that `qa` does not have too"]);
    check_error(&files, &["qa", "prod", "--component", "wb"], &["`wb`", "did you mean `web`?"]);
    check_error(&files, &["qa", "prod", "--key", "imag"], &["`imag` fits no value in qa"]);
    check_error(&files, &["qa", "prod", "--key", "a..b"], &["this is no path: a key is empty"]);
    let settings = [("fab.yaml", "publish: {promote: ['a..b']}\n"), files[0], files[1]];
    check_error(&settings, &["qa", "prod"], &["fab.yaml:1:21", "this is no path: a key is empty"]);
}

#[test]
fn err_a_stronger_layer_would_win() {
    let project = ("fab.yaml", "environments: {qa: {layers: [qa, eu]}, prod: {layers: [eu, prod]}}\n");
    let files =
        [project, ("config/eu.yaml", &web("image: web:1")), (QA, &web("image: web:2")), (PROD, "{}\n")];
    check_error(&files, &["qa", "prod"], &["`image` cannot be promoted: config/eu.yaml:4:7 would set it"]);
}

#[test]
fn err_what_does_not_render_is_not_promoted() {
    let template = "a: {{ required \"no\" (ne .Values.image \"web:2\" | ternary 1 nil) }}\n";
    let files = [
        (QA, web("image: web:2")),
        (PROD, web("image: web:1")),
        ("chart/templates/a.yaml", template.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
    check_error(&files, &["qa", "prod"], &["Nothing was changed"]);
}

/// A site whose `qa` has tag 2 and whose `prod` has tag 1, both committed.
fn site() -> ManifestSite {
    let site = ManifestSite::new();
    site.set("qa", "2");
    site
}

const PROMOTE: [&str; 5] = ["promote", "qa", "prod", "--key", "tag"];

/// Runs `fab promote qa prod`, which says this, and returns the branch of its own that a repository has then.
#[track_caller]
fn promoted(site: &ManifestSite, args: &[&str], repository: &Repository, words: &[&str]) -> (String, Oid) {
    site.ok(&[&PROMOTE[..], args].concat()).says(words);
    let branches = repository.references_glob("refs/heads/fab/*").unwrap();
    let mut found: Vec<(String, Oid)> = branches
        .map(|branch| branch.unwrap())
        .map(|branch| (branch.shorthand().unwrap().to_owned(), branch.target().unwrap()))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn definition(site: &ManifestSite) -> Repository {
    Repository::open(site.path("")).unwrap()
}

fn server(site: &ManifestSite) -> Repository {
    Repository::open_bare(site.site.all().join("remotes/hld")).unwrap()
}

fn file(repository: &Repository, commit: Oid, path: &str) -> String {
    let tree = repository.find_commit(commit).unwrap().tree().unwrap();
    let blob = tree.get_path(path.as_ref()).unwrap().to_object(repository).unwrap();
    String::from_utf8(blob.as_blob().unwrap().content().to_vec()).unwrap()
}

/// Somebody commits a file on a branch of a repository.
fn others_commit(repository: &Repository, branch: &str, (path, text): (&str, &str)) -> Oid {
    let name = format!("refs/heads/{branch}");
    let parent = repository.find_reference(&name).unwrap().peel_to_commit().unwrap();
    let mut update = git2::build::TreeUpdateBuilder::new();
    update.upsert(path, repository.blob(text.as_bytes()).unwrap(), git2::FileMode::Blob);
    let tree = update.create_updated(repository, &parent.tree().unwrap()).unwrap();
    let (tree, bo) = (repository.find_tree(tree).unwrap(), Signature::now("Bo", "bo@example.com").unwrap());
    let parents: [&Commit<'_>; 1] = [&parent];
    repository.commit(Some(&name), &bo, &bo, "by hand", &tree, &parents).unwrap()
}

fn tag(tag: &str) -> String {
    format!("subcomponents: {{web: {{config: {{tag: '{tag}'}}}}}}\n")
}

#[test]
fn a_commit_is_on_a_branch_of_its_own() {
    let site = site();
    let hld = definition(&site);
    let head = hld.head().unwrap().peel_to_commit().unwrap().id();
    let (branch, commit) = promoted(&site, &["--commit"], &hld, &["on fab/promote-qa-prod-"]);
    let made = hld.find_commit(commit).unwrap();
    assert_eq!((made.parent_id(0).unwrap(), file(&hld, commit, PROD)), (head, tag("2")));
    let want = format!("Promote qa to prod\n\n- web: tag \"1\" -> \"2\"\n\nFab-Promoted-From: qa {head}\n");
    assert_eq!(made.message().unwrap(), want);
    // What is checked out is as it was.
    assert_eq!(hld.head().unwrap().peel_to_commit().unwrap().id(), head);
    assert_eq!(site.site.read(PROD), tag("1"));
    assert!(hld.statuses(None).unwrap().is_empty());
    // The same once more is the same branch, and nothing new.
    let again = promoted(&site, &["--commit"], &hld, &["has it already, as "]);
    assert_eq!(again, (branch, commit));
}

#[test]
fn a_branch_is_pushed_once_whatever_else_is_merged() {
    let site = site();
    let server = server(&site);
    let first = promoted(&site, &["--push"], &server, &["Pushed ", " to origin/fab/promote-qa-prod-"]);
    assert_eq!(file(&server, first.1, PROD), tag("2"));
    // Another pipeline, of a later commit, knows nothing of the branch.
    site.write("config/dev.yaml", "{}\n");
    site.commit("dev");
    definition(&site).find_branch(&first.0, git2::BranchType::Local).unwrap().delete().unwrap();
    assert_eq!(promoted(&site, &["--push"], &server, &["has it already, as "]), first);
    // Somebody has gone on there.
    let theirs = others_commit(&server, &first.0, ("README.md", "x"));
    assert_eq!(promoted(&site, &["--push"], &server, &["has it already, as "]).1, theirs);
    // Somebody has taken the change back, so it is made on top.
    let theirs = others_commit(&server, &first.0, (PROD, &tag("1")));
    let (_, tip) = promoted(&site, &["--push"], &server, &["Pushed "]);
    assert_eq!(server.find_commit(tip).unwrap().parent_id(0).unwrap(), theirs);
    assert_eq!(file(&server, tip, PROD), tag("2"));
    assert_eq!(file(&server, tip, "README.md"), "x");
}

#[test]
fn a_branch_that_was_merged_begins_anew() {
    let site = site();
    let (server, hld) = (server(&site), definition(&site));
    let (branch, first) = promoted(&site, &["--push"], &server, &["Pushed "]);
    // It is merged, and the change is taken back later.
    site.check_out(&first.to_string());
    site.set("prod", "1");
    let head = hld.head().unwrap().peel_to_commit().unwrap().id();
    let (again, tip) = promoted(&site, &["--push"], &server, &["Pushed "]);
    assert_eq!((again, server.find_commit(tip).unwrap().parent_id(0).unwrap()), (branch, head));
}

#[test]
fn a_definition_in_a_folder_is_committed_there() {
    let site = ManifestSite::new();
    let (qa, prod) = ("shop/in/config/qa.yaml", "shop/in/config/prod.yaml");
    let files = [
        ("shop/component.yaml", "name: shop\nsubcomponents:\n- {name: in, path: ./in}\n"),
        ("shop/config/qa.yaml", "{}\n"),
        ("shop/config/prod.yaml", "{}\n"),
        (
            "shop/in/component.yaml",
            "name: in\nsubcomponents:\n- {name: web, type: helm, path: ../../chart}\n",
        ),
        (qa, &tag("2")),
        (prod, &tag("1")),
    ];
    files.iter().for_each(|(path, text)| site.write(path, text));
    site.commit("shop");
    let (server, args) = (server(&site), ["-C", "shop", "--push"]);
    let (branch, first) = promoted(&site, &args, &server, &["Pushed "]);
    assert_eq!(file(&server, first, prod), tag("2"));
    assert_eq!(promoted(&site, &args, &server, &["has it already"]).1, first);
    others_commit(&server, &branch, (prod, &tag("1")));
    let (_, tip) = promoted(&site, &args, &server, &["Pushed "]);
    assert_eq!(file(&server, tip, prod), tag("2"));
}

#[test]
fn what_somebody_did_on_the_branch_here_stays() {
    let site = site();
    let (server, hld) = (server(&site), definition(&site));
    let (branch, _) = promoted(&site, &["--push"], &server, &["Pushed "]);
    let ours = others_commit(&hld, &branch, ("ours.md", "x"));
    others_commit(&server, &branch, ("theirs.md", "x"));
    promoted(&site, &["--push"], &server, &["has it already"]);
    assert_eq!(hld.refname_to_id(&format!("refs/heads/{branch}")).unwrap(), ours);
}

#[test]
fn other_values_have_another_branch() {
    let site = site();
    promoted(&site, &["--commit"], &definition(&site), &["Committed "]);
    site.set("qa", "3");
    site.ok(&[&PROMOTE[..], &["--commit"]].concat()).says(&["Committed "]);
    let hld = definition(&site);
    assert_eq!(hld.references_glob("refs/heads/fab/*").unwrap().count(), 2);
    // One that the user names.
    site.ok(&[&PROMOTE[..], &["--push=next", "-m", "To prod"]].concat()).says(&["to origin/next"]);
    let server = server(&site);
    let made = server.find_reference("refs/heads/next").unwrap().peel_to_commit().unwrap();
    assert!(made.message().unwrap().starts_with("To prod\n\nFab-Promoted-From: qa "), "{:?}", made.message());
}

#[test]
fn nothing_to_promote_is_no_commit() {
    let site = site();
    site.set("prod", "2");
    site.ok(&[&PROMOTE[..], &["--push"]].concat()).says(&["Nothing to promote from qa to prod"]);
    assert_eq!(server(&site).references_glob("refs/heads/fab/*").unwrap().count(), 0);
}

#[test]
fn err_a_commit_tells_where_values_are_from_so_these_are_committed() {
    let site = site();
    site.write(QA, &tag("3"));
    let args = [&PROMOTE[..], &["--commit"]].concat();
    site.fails(
        &args,
        2,
        &["`config/qa.yaml` has changes that are not committed", "commit or stash them first"],
    );
    // Without a commit it is as good as any.
    site.ok(&PROMOTE);
    assert_eq!(site.site.read(PROD), tag("3"));
    let hld =
        Hld::new(&[("component.yaml", DEFINITION), CHART[0], CHART[1], (QA, &tag("2")), (PROD, &tag("1"))]);
    hld.fails(&args, 2, &["is in no git repository"]);
}

#[test]
fn what_is_published_can_be_promoted() {
    let site = site();
    let published = site.commit("published");
    site.ok(&["publish", "qa"]);
    site.set("qa", "3");
    let (branch, commit) = promoted(&site, &["--published", "--commit"], &definition(&site), &["Committed "]);
    let hld = definition(&site);
    assert_eq!(file(&hld, commit, PROD), tag("2"), "{branch}");
    let message = hld.find_commit(commit).unwrap().message().unwrap().to_owned();
    assert!(message.ends_with(&format!("\nFab-Promoted-From: qa {published}\n")), "{message}");
    // Changes that are not committed have no part in it.
    site.write(QA, &tag("4"));
    promoted(&site, &["--published", "--commit"], &hld, &["has it already"]);
    site.fails(&["promote", "prod", "qa", "--published"], 2, &["`prod` is not published"]);
}

#[test]
fn err_an_environment_that_is_held_gets_nothing() {
    let site = site();
    site.ok(&["publish"]);
    site.set("prod", "0");
    site.ok(&["publish"]);
    site.ok(&["rollback", "prod", "--reason", "checkout fails"]);
    site.fails(&PROMOTE, 2, &["`prod` is held since", ": checkout fails", "fab resume prod"]);
    assert_eq!(site.site.read(PROD), tag("0"));
    site.ok(&[&PROMOTE[..], &["--offline", "--dry-run"]].concat()).says(&["Would promote 1 value"]);
    site.ok(&["resume", "prod"]);
    site.ok(&PROMOTE).says(&["Promoted 1 value"]);
}

#[test]
fn a_manifest_repository_that_cannot_be_reached_is_told() {
    let site = site();
    site.write("fab.yaml", "publish:\n  repository: REMOTES/nowhere\n");
    site.ok(&PROMOTE)
        .says(&["warning: whether prod is held after a rollback is not known: ", "Promoted 1 value"]);
}
