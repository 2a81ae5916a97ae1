//! `access.yaml`: which environment variable holds the token of which source.
//!
//! Only local components may have one: a remote one could name any variable and
//! have it sent to a server of its own. Variables that hold more than the right
//! to read a source can never be named.

use std::collections::BTreeMap;

use super::{Env, OF_WRITERS, Secret};
use crate::source::SourceUrl;

/// Variables that let their owner write or act for the whole build. No source is given them, nor [`OF_WRITERS`].
const OF_BUILDS: [&str; 8] = [
    "GITHUB_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "CI_JOB_TOKEN",
    "CI_REGISTRY_PASSWORD",
    "CI_DEPLOY_PASSWORD",
    "SYSTEM_ACCESSTOKEN",
    "BITBUCKET_STEP_OIDC_TOKEN",
];

/// Tokens by source, as local components name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    tokens: BTreeMap<String, Option<Secret>>,
}

/// An `access.yaml` that is not followed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It is no map of texts.
    #[error("it has to name an environment variable for each source: {0}")]
    Syntax(goyaml::Error),
    /// It names a variable that no source may have.
    #[error("`{variable}` cannot be given to the source {source_name}: it belongs to the build")]
    Reserved {
        /// The variable.
        variable: String,
        /// The source.
        source_name: String,
    },
}

impl Access {
    /// Takes in the `access.yaml` of a local component; what is known of a source already stays.
    ///
    /// A variable that is not set means that its source is asked for anonymously.
    pub fn add(&mut self, text: &str, env: Env<'_>) -> Result<(), AccessError> {
        let named: Option<BTreeMap<String, String>> = goyaml::from_str(text).map_err(AccessError::Syntax)?;
        let named = named.unwrap_or_default();
        for (source, variable) in &named {
            if OF_WRITERS.iter().chain(&OF_BUILDS).any(|reserved| variable.eq_ignore_ascii_case(reserved)) {
                let (variable, source_name) = (variable.clone(), source.clone());
                return Err(AccessError::Reserved { variable, source_name });
            }
        }
        for (source, variable) in named {
            let token = || env(&variable).filter(|value| !value.is_empty()).map(Secret::new);
            self.tokens.entry(plain(&source)).or_insert_with(token);
        }
        Ok(())
    }

    /// Returns the token of a source, which is named as in the component file.
    pub fn token(&self, source: &str) -> Option<&Secret> {
        self.tokens.get(&plain(source))?.as_ref()
    }
}

/// A source is the same with a slash at its end, or with a user.
fn plain(source: &str) -> String {
    SourceUrl::new(source).as_str().trim_end_matches('/').to_owned()
}
