//! The manifest repository as it is reached: its address, the credentials for it,
//! and its clone in the cache.
//!
//! `FAB_GIT_TOKEN` with `FAB_GIT_USERNAME`, and the key file `FAB_GIT_SSH_KEY`, are
//! for the manifest repository alone; what is not said there is found as for any
//! other source.

use std::path::PathBuf;

use super::error::PublishError;
use crate::error::Error;
use crate::git::{Login, Logins, Manifests};
use crate::source::credentials::{Credential, Credentials};
use crate::source::{Cache, SourceError, SourceUrl, login, ssh_keys};

/// The variable with the token for the manifest repository.
const TOKEN: &str = "FAB_GIT_TOKEN";
/// The variable with the user that belongs to the token.
const USER: &str = "FAB_GIT_USERNAME";
/// The variable with the file of an ssh key.
const KEY: &str = "FAB_GIT_SSH_KEY";

/// Opens the clone of a manifest repository, and lends it.
pub(super) fn with_clone<T>(
    (url, cache): (&SourceUrl, &Cache),
    variables: &[(String, String)],
    work: impl FnOnce(Manifests<'_>) -> T,
) -> Result<T, Error> {
    let failed = |error| unusable(url, error);
    let credentials = Credentials::of_user(variables).map_err(failed)?;
    let https = |asked: &SourceUrl| own_login(variables, asked).or_else(|| login(&credentials, asked));
    let keys = keys(variables);
    let logins = Logins { https: &https, keys: &keys };
    let (folder, claim) = cache.clone_of(url.as_str()).map_err(failed)?;
    let manifests = Manifests::open(&folder, url, (&logins, claim)).map_err(failed)?;
    Ok(work(manifests))
}

/// Makes the error of a repository that cannot be used.
pub(super) fn unusable(url: &SourceUrl, error: SourceError) -> Error {
    if let SourceError::Unsigned(error) = error {
        return error.into();
    }
    let repository = url.to_string();
    Error::from(PublishError::Repository { repository, error: Box::new(error) })
}

fn variable(variables: &[(String, String)], name: &str) -> Option<String> {
    let found = variables.iter().find(|(known, value)| known == name && !value.is_empty());
    found.map(|(_, value)| value.clone())
}

fn own_login(variables: &[(String, String)], asked: &SourceUrl) -> Option<Login> {
    let token = variable(variables, TOKEN)?;
    let host = asked.host().unwrap_or_default();
    let Credential::Basic { user, password } = Credential::from_variable(&token, &host) else { return None };
    let user = variable(variables, USER).unwrap_or(user);
    Some(Login { user, password: password.reveal().to_owned(), from: TOKEN.to_owned() })
}

fn keys(variables: &[(String, String)]) -> Vec<PathBuf> {
    let own = variable(variables, KEY).map(PathBuf::from);
    own.into_iter().chain(ssh_keys(variables)).collect()
}

/// Returns credentials for the definition's own repository.
pub(super) fn with_logins<T>(
    variables: &[(String, String)],
    work: impl FnOnce(&Logins<'_>) -> T,
) -> Result<T, SourceError> {
    let credentials = Credentials::of_user(variables)?;
    let https = |asked: &SourceUrl| -> Option<Login> { login(&credentials, asked) };
    let keys = keys(variables);
    Ok(work(&Logins { https: &https, keys: &keys }))
}
