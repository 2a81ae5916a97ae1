//! Access to sources, as the command line and the environment say: certificates,
//! proxies, and the credentials of this user.

use std::path::PathBuf;

use crate::source::SourceError;
use crate::source::charts::{ChartAccess, Charts};
use crate::source::credentials::Access;
use crate::source::http::{HttpOptions, Pem, TlsOptions};

use super::world;

/// How servers are spoken to.
#[derive(clap::Args)]
pub(super) struct AccessArgs {
    /// Trust these certificates instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Show this certificate to the server.
    #[arg(long, value_name = "FILE")]
    cert_file: Option<PathBuf>,
    /// Key of the certificate that is shown.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Do not check the server's certificate.
    #[arg(long)]
    insecure_skip_tls_verify: bool,
    /// Send credentials to other hosts, too, that the repository leads to.
    #[arg(long)]
    pass_credentials: bool,
    /// Speak to registries without encryption.
    #[arg(long)]
    plain_http: bool,
    #[command(flatten)]
    helm: HelmFilesArgs,
}

/// The files of helm that are looked at, in place of those that its variables or its defaults name.
#[derive(clap::Args)]
struct HelmFilesArgs {
    /// The repositories that have names.
    #[arg(long, value_name = "FILE")]
    repository_config: Option<String>,
    /// The folder with the indexes of those, as `helm repo update` leaves them.
    #[arg(long, value_name = "DIR")]
    repository_cache: Option<String>,
    /// What `helm registry login` stored.
    #[arg(long, value_name = "FILE")]
    registry_config: Option<String>,
}

impl HelmFilesArgs {
    /// Returns the environment variables as they would be if they named these files.
    fn variables(&self) -> Vec<(String, String)> {
        let named = [
            ("HELM_REPOSITORY_CONFIG", &self.repository_config),
            ("HELM_REPOSITORY_CACHE", &self.repository_cache),
            ("HELM_REGISTRY_CONFIG", &self.registry_config),
        ];
        let named = named.map(|(name, file)| Some((name.to_owned(), file.clone()?)));
        // The first one of a name counts.
        named.into_iter().flatten().chain(world::variables()).collect()
    }
}

impl AccessArgs {
    /// Returns access to charts that are not on this machine.
    pub(super) fn charts(&self) -> Result<Charts, SourceError> {
        if self.cert_file.is_some() != self.key_file.is_some() {
            let text = "--cert-file and --key-file belong together";
            return Err(SourceError::Unsupported(text.to_owned()));
        }
        let tls = TlsOptions {
            ca: self.ca_file.clone().map(Pem::File),
            client: self.cert_file.clone().map(Pem::File).zip(self.key_file.clone().map(Pem::File)),
            insecure: self.insecure_skip_tls_verify,
        };
        let access = ChartAccess {
            pass_credential: self.pass_credentials,
            plain_http: self.plain_http,
            ..ChartAccess::default()
        };
        let options = HttpOptions { tls, ..HttpOptions::default() };
        Charts::of_user(&self.helm.variables(), options, Access::default(), access)
    }
}
