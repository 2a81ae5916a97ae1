//! Which pull request is found in addresses and in the variables of CI systems.

use super::super::{Host, PullRequest, base_branch, pull_request, run_url};

/// Variables as `NAME=value`, one a line.
fn lookup(variables: &str) -> impl Fn(&str) -> Option<String> {
    let pairs = variables.lines().filter_map(|line| line.trim().split_once('='));
    let all: Vec<(String, String)> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    move |name: &str| all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// A pull request as `KIND API PROJECT REPOSITORY NUMBER`.
fn in_words(found: &PullRequest) -> String {
    let kind = match found.host {
        Host::GitHub => "github",
        Host::GitLab => "gitlab",
        Host::AzureDevOps => "azure",
    };
    format!("{kind} {} [{}] [{}] {}", found.api, found.project, found.repository, found.number)
}

#[track_caller]
fn check(given: Option<&str>, variables: &str, want: Result<&str, &str>) {
    let got = pull_request(given, &lookup(variables));
    let got = got.map(|found| in_words(&found)).map_err(|error| error.to_string());
    assert_eq!(got.as_deref().map_err(String::as_str), want);
}

#[track_caller]
fn check_address(address: &str, want: &str) {
    check(Some(address), "", Ok(want));
}

const GITHUB: &str = "GITHUB_ACTIONS=true
    GITHUB_API_URL=https://api.github.com
    GITHUB_SERVER_URL=https://github.com
    GITHUB_REPOSITORY=shop/hld
    GITHUB_REF=refs/pull/12/merge
    GITHUB_BASE_REF=main
    GITHUB_RUN_ID=77";

const GITLAB: &str = "GITLAB_CI=true
    CI_API_V4_URL=https://git.example.com/api/v4
    CI_PROJECT_ID=99
    CI_MERGE_REQUEST_PROJECT_ID=42
    CI_MERGE_REQUEST_IID=7
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main
    CI_JOB_URL=https://git.example.com/shop/hld/-/jobs/5";

const AZURE: &str = "TF_BUILD=True
    SYSTEM_COLLECTIONURI=https://dev.azure.com/shop/
    SYSTEM_TEAMPROJECT=Team A
    BUILD_REPOSITORY_PROVIDER=TfsGit
    BUILD_REPOSITORY_ID=0f1e-id
    BUILD_BUILDID=31
    SYSTEM_PULLREQUEST_PULLREQUESTID=5
    SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main";

const JENKINS: &str = "JENKINS_URL=https://ci.example.com/
    CHANGE_ID=3
    CHANGE_URL=https://github.example.com/shop/hld/pull/3
    CHANGE_TARGET=main
    BUILD_URL=https://ci.example.com/job/hld/3/";

#[test]
fn a_run_of_a_pull_request_knows_it() {
    check(None, GITHUB, Ok("github https://api.github.com/ [] [shop/hld] 12"));
    check(None, GITLAB, Ok("gitlab https://git.example.com/api/v4 [] [42] 7"));
    check(None, AZURE, Ok("azure https://dev.azure.com/shop/ [] [0f1e-id] 5"));
    check(None, JENKINS, Ok("github https://github.example.com/api/v3 [] [shop/hld] 3"));
}

#[test]
fn azure_pipelines_run_for_code_on_github() {
    let variables = "TF_BUILD=True
        SYSTEM_COLLECTIONURI=https://dev.azure.com/shop/
        BUILD_REPOSITORY_PROVIDER=GitHub
        BUILD_REPOSITORY_URI=https://github.com/shop/hld
        BUILD_REPOSITORY_NAME=shop/hld
        SYSTEM_PULLREQUEST_PULLREQUESTID=1234567
        SYSTEM_PULLREQUEST_PULLREQUESTNUMBER=5";
    check(None, variables, Ok("github https://api.github.com/ [] [shop/hld] 5"));
}

#[test]
fn a_number_is_one_of_the_repository_of_the_run() {
    for given in ["8", "#8", "!8", " 8 "] {
        check(Some(given), GITHUB, Ok("github https://api.github.com/ [] [shop/hld] 8"));
    }
    check(Some("8"), GITLAB, Ok("gitlab https://git.example.com/api/v4 [] [42] 8"));
    check(Some("8"), AZURE, Ok("azure https://dev.azure.com/shop/ [] [0f1e-id] 8"));
    check(Some("8"), JENKINS, Ok("github https://github.example.com/api/v3 [] [shop/hld] 8"));
    let of_branch = GITHUB.replace("refs/pull/12/merge", "refs/heads/main");
    check(Some("8"), &of_branch, Ok("github https://api.github.com/ [] [shop/hld] 8"));
}

#[test]
fn an_address_tells_the_host_whatever_it_is_called() {
    check_address("https://github.com/shop/hld/pull/12", "github https://api.github.com/ [] [shop/hld] 12");
    check_address(
        "https://github.com/shop/hld/pull/12/files?w=1#diff",
        "github https://api.github.com/ [] [shop/hld] 12",
    );
    check_address("https://shop.ghe.com/shop/hld/pull/1", "github https://api.shop.ghe.com/ [] [shop/hld] 1");
    check_address(
        "https://me:secret@git.example.com:8443/shop/hld/pull/1",
        "github https://git.example.com:8443/api/v3 [] [shop/hld] 1",
    );
    check_address(
        "https://gitlab.com/shop/platform/hld/-/merge_requests/7/diffs",
        "gitlab https://gitlab.com/api/v4 [] [shop/platform/hld] 7",
    );
    check_address(
        "https://gitlab.com/shop/hld/merge_requests/7",
        "gitlab https://gitlab.com/api/v4 [] [shop/hld] 7",
    );
    check_address(
        "https://dev.azure.com/shop/Team%20A/_git/hld/pullrequest/5?_a=files",
        "azure https://dev.azure.com/shop [Team A] [hld] 5",
    );
    check_address(
        "https://dev.azure.com/shop/_git/hld/pullrequest/5",
        "azure https://dev.azure.com/shop [hld] [hld] 5",
    );
    check_address(
        "https://shop.visualstudio.com/Team/_git/hld/pullrequest/5",
        "azure https://shop.visualstudio.com/ [Team] [hld] 5",
    );
    check_address(
        "https://shop.visualstudio.com/DefaultCollection/_git/hld/pullrequest/5",
        "azure https://shop.visualstudio.com/DefaultCollection [hld] [hld] 5",
    );
    check_address(
        "http://tfs:8080/tfs/DefaultCollection/Team/_git/hld/pullrequest/5",
        "azure http://tfs:8080/tfs/DefaultCollection [Team] [hld] 5",
    );
}

#[test]
fn a_gitlab_below_a_folder_is_known_to_its_own_runs() {
    let address = "https://example.com/gitlab/shop/hld/-/merge_requests/7";
    check(
        Some(address),
        "CI_SERVER_URL=https://example.com/gitlab",
        Ok("gitlab https://example.com/gitlab/api/v4 [] [shop/hld] 7"),
    );
    check(
        Some(address),
        "CI_SERVER_URL=https://other.example.com/gitlab",
        Ok("gitlab https://example.com/api/v4 [] [gitlab/shop/hld] 7"),
    );
}

#[test]
fn err_no_pull_request() {
    check(None, "", Err("nothing says which pull request is meant"));
    check(Some("8"), "", Err("nothing says which pull request is meant"));
    check(
        None,
        "JENKINS_URL=https://ci.example.com/",
        Err("this run of Jenkins is not one of a pull request"),
    );
    let push = GITHUB.replace("refs/pull/12/merge", "refs/heads/main");
    check(None, &push, Err("this run of GitHub Actions is not one of a pull request"));
    check(None, &GITLAB.replace("IID=7", "IID="), Err("this run of GitLab CI is not one of a pull request"));
    check(
        None,
        &AZURE.replace("PULLREQUESTID", "OTHER"),
        Err("this run of Azure Pipelines is not one of a pull request"),
    );
}

#[test]
fn err_an_address_of_something_else() {
    for address in [
        "https://github.com/shop/hld",
        "https://github.com/shop/hld/pull/new",
        "https://github.com/shop/hld/issues/4",
        "https://codeberg.org/shop/hld/pulls/4",
        "https://bitbucket.org/shop/hld/pull-requests/4",
        "https://gitlab.com/hld/-/merge_requests/4",
        "https://dev.azure.com/shop/_git/pullrequest/5",
        "https://tfs.example.com/_git/hld/pullrequest/5",
        "ssh://git@github.com/shop/hld/pull/4",
        "shop/hld#4",
        "99999999999999999999",
    ] {
        let want = format!("`{address}` is no address of a pull request of GitHub, GitLab or Azure DevOps");
        check(Some(address), "", Err(&want));
    }
}

#[test]
fn the_base_branch_and_the_page_of_a_run_are_known() {
    let both = |variables: &str| (base_branch(&lookup(variables)), run_url(&lookup(variables)));
    let want = |page: &str| (Some("main".to_owned()), Some(page.to_owned()));
    assert_eq!(both(GITHUB), want("https://github.com/shop/hld/actions/runs/77"));
    assert_eq!(both(GITLAB), want("https://git.example.com/shop/hld/-/jobs/5"));
    assert_eq!(both(AZURE), want("https://dev.azure.com/shop/Team%20A/_build/results?buildId=31"));
    assert_eq!(both(JENKINS), want("https://ci.example.com/job/hld/3/"));
    assert_eq!(both(""), (None, None));
    assert_eq!(both("GITHUB_BASE_REF=").0, None);
}
