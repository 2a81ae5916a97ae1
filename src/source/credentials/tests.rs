//! Where credentials come from, and that they are never shown.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn of(variables: &[(&str, &str)]) -> Credentials {
    let mut all = vec![("HOME".to_owned(), "/nonexistent".to_owned())];
    all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Credentials::of_user(&all).expect("everything is fine")
}

fn env(name: &str) -> Option<String> {
    [("MY_TOKEN", "t0p"), ("MY_PAIR", "me:s3cret"), ("EMPTY", ""), ("GITHUB_TOKEN", "x")]
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

#[test]
fn nothing_known_is_anonymous() {
    assert_eq!(of(&[]).for_url(&url("https://a.example/x")), None);
    assert_eq!(of(&[]).for_registry(&url("https://a.example"), "x").expect("it is fine"), None);
}

#[test]
fn a_variable_holds_the_token_of_a_host() {
    let known =
        of(&[("FAB_TOKEN_CHARTS_MY_CORP_EXAMPLE", "t0p"), ("FAB_TOKEN_A_5000", "u:p"), ("FAB_TOKEN_B", "")]);
    assert_eq!(
        known.for_url(&url("https://charts.my-corp.example/x")),
        Some(Credential::basic("oauth2", "t0p"))
    );
    assert_eq!(known.for_url(&url("https://charts.other.example/x")), None);
    assert_eq!(known.for_url(&url("http://a:5000/x")), Some(Credential::basic("u", "p")));
    assert_eq!(known.for_url(&url("http://a:5001/x")), None);
    assert_eq!(known.for_url(&url("http://b/x")), None);
    let github = of(&[("FAB_TOKEN_GITHUB_COM", "t0p")]);
    assert_eq!(
        github.for_url(&url("https://github.com/x")),
        Some(Credential::basic("x-access-token", "t0p"))
    );
}

#[test]
fn the_url_wins() {
    let known = of(&[("FAB_TOKEN_A", "t0p")]);
    assert_eq!(known.for_url(&url("https://me:a%40b+c@a/x")), Some(Credential::basic("me", "a@b+c")));
    let (plain, _) = split_credential(&url("https://me:secret@a/x?q=1"));
    assert_eq!(plain.as_str(), "https://a/x?q=1");
}

#[test]
fn access_names_variables_of_sources() {
    let mut known = of(&[]);
    let text = "https://a.example/x: MY_TOKEN\nhttps://b.example/x: MY_PAIR\nhttps://c.example/x: UNSET\nhttps://d.example/x: EMPTY\n";
    known.access.add(text, &env).expect("it is fine");
    let credential = |source: &str| known.for_source(source, &url(source));
    assert_eq!(credential("https://a.example/x"), Some(Credential::basic("oauth2", "t0p")));
    assert_eq!(credential("https://b.example/x"), Some(Credential::basic("me", "s3cret")));
    // An unset variable is not taken for the token itself.
    assert_eq!(credential("https://c.example/x"), None);
    assert_eq!(credential("https://d.example/x"), None);
    assert_eq!(credential("https://a.example/y"), None);
}

#[test]
fn access_names_registries_and_what_is_above_a_chart() {
    for source in ["oci://r.example:5000/team/web", "oci://r.example:5000/team/", "oci://r.example:5000"] {
        let mut known = of(&[]);
        known.access.add(&format!("{source}: MY_PAIR"), &env).expect("it is fine");
        let found =
            |repository| known.for_registry(&url("https://r.example:5000"), repository).expect("it is fine");
        let want = Some(Registered::Credential(Credential::basic("me", "s3cret")));
        assert_eq!(found("team/web"), want, "{source}");
        assert_eq!(found("other") == want, !source.contains("team"), "{source}");
    }
}

#[test]
fn the_first_access_file_of_a_source_wins() {
    let mut known = of(&[]);
    known.access.add("https://a/x: MY_TOKEN", &env).expect("it is fine");
    known.access.add("https://a/x: MY_PAIR", &env).expect("it is fine");
    assert_eq!(
        known.for_source("https://a/x", &url("https://a/x")),
        Some(Credential::basic("oauth2", "t0p"))
    );
}

#[test]
fn tokens_of_the_build_cannot_be_named() {
    for variable in ["FAB_HOST_TOKEN", "FAB_GIT_TOKEN", "GITHUB_TOKEN", "github_token", "CI_JOB_TOKEN"] {
        let error =
            Access::default().add(&format!("https://a/x: {variable}"), &env).expect_err("it is reserved");
        assert_eq!(
            error.to_string(),
            format!("`{variable}` cannot be given to the source https://a/x: it belongs to the build")
        );
    }
}

#[test]
fn an_access_file_is_a_map_of_texts() {
    assert!(Access::default().add("", &env).is_ok());
    let error = Access::default().add("- a\n", &env).expect_err("it is a list");
    assert!(
        error.to_string().starts_with("it has to name an environment variable for each source: "),
        "{error}"
    );
}

#[track_caller]
fn check_docker(config: &str, registry: &str, want: Option<&Registered>) {
    let folder = tempfile::tempdir().expect("there is room");
    std::fs::write(folder.path().join("config.json"), config).expect("there is room");
    let known = of(&[("DOCKER_CONFIG", &folder.path().display().to_string())]);
    let registry = url(&format!("https://{registry}"));
    assert_eq!(known.for_registry(&registry, "team/web").expect("it is fine").as_ref(), want, "{config}");
}

#[test]
fn docker_logins_count_for_registries() {
    let me = Registered::Credential(Credential::basic("me", "s3:cret"));
    let auth = r#"{"auths": {"r.example:5000": {"auth": "bWU6czM6Y3JldA=="}}}"#;
    check_docker(auth, "r.example:5000", Some(&me));
    check_docker(auth, "r.example", None);
    check_docker(
        r#"{"auths": {"https://r.example/v1/": {"auth": "bWU6czM6Y3JldA=="}}}"#,
        "r.example",
        Some(&me),
    );
    check_docker(
        r#"{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6czM6Y3JldA=="}}}"#,
        "registry-1.docker.io",
        Some(&me),
    );
    let identity = r#"{"auths": {"r.example": {"auth": "", "identitytoken": "t"}}}"#;
    check_docker(identity, "r.example", Some(&Registered::Identity(Secret::new("t"))));
}

#[test]
fn a_broken_docker_config_is_named_without_its_content() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("config.json");
    std::fs::write(&file, "{\"auths\": {\"r\": {\"auth\": s3cret}}}").expect("there is room");
    let error = DockerConfig::read(&file).expect_err("it is no JSON").to_string();
    assert!(error.contains("config.json") && !error.contains("s3cret"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_git_helper_is_asked_for_a_host() {
    let helper = "!f() { while read line; do echo \"$line\" >&2; [ \"$line\" = host=a.example:8443 ] && echo username=me; done; echo password=s3cret; }; f";
    let found = ask_git_helper(helper, &url("https://a.example:8443/x"), false).expect("it runs");
    assert_eq!(found, Some(Credential::basic("me", "s3cret")));
    assert_eq!(ask_git_helper("!false", &url("https://a/x"), false).expect("it runs"), None);
    assert_eq!(ask_git_helper("none-such", &url("https://a/x"), false).expect("the shell runs"), None);
}

#[test]
fn a_secret_is_never_shown() {
    let mut known = of(&[("FAB_TOKEN_A", "s3cret")]);
    known.access.add("https://a/x: MY_PAIR", &env).expect("it is fine");
    let credential = known.for_source("https://a/x", &url("https://a/x")).expect("it is known");
    let shown = format!("{known:?} {credential:?} {}", Secret::new("s3cret"));
    assert!(!shown.contains("s3cret"), "{shown}");
}
