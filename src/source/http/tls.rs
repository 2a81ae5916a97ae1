//! Who is trusted on the other side of an encrypted connection, and who we are.
//!
//! The system's certificates count (those of `SSL_CERT_FILE` and `SSL_CERT_DIR`
//! where they are set), or Mozilla's, compiled in, on a machine that has none,
//! such as an empty container. A file that is named counts alone, as in helm.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::{HttpError, HttpErrorKind};

/// What may be chosen about encrypted connections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// Certificates that are trusted instead of the system's.
    pub ca: Option<Pem>,
    /// Our own certificate with its chain and its key.
    pub client: Option<(Pem, Pem)>,
    /// Whether nobody is checked at all.
    pub insecure: bool,
}

/// Certificates or a key, as PEM.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Pem {
    /// In a file.
    File(PathBuf),
    /// At hand.
    Text {
        /// What it is called in messages.
        name: String,
        /// The text, which is not shown.
        text: Vec<u8>,
    },
}

impl Pem {
    fn name(&self) -> String {
        match self {
            Pem::File(file) => file.display().to_string(),
            Pem::Text { name, .. } => name.clone(),
        }
    }

    fn read(&self) -> Result<Cow<'_, [u8]>, HttpError> {
        match self {
            Pem::File(file) => fs::read(file).map(Cow::Owned).map_err(|error| self.broken(error.to_string())),
            Pem::Text { text, .. } => Ok(Cow::Borrowed(text)),
        }
    }

    fn broken(&self, reason: String) -> HttpError {
        HttpError {
            url: "certificates".to_owned(),
            kind: HttpErrorKind::Certificate { place: self.name(), reason },
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// The files, read.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    roots: Option<Vec<Certificate<'static>>>,
    client: Option<ClientCert>,
    insecure: bool,
}

impl TlsOptions {
    pub(super) fn load(&self) -> Result<Loaded, HttpError> {
        let roots = self.ca.as_ref().map(certificates).transpose()?;
        let client = match &self.client {
            Some((chain, key)) => Some(ClientCert::new_with_certs(&certificates(chain)?, private_key(key)?)),
            None => None,
        };
        Ok(Loaded { roots, client, insecure: self.insecure })
    }
}

impl Loaded {
    pub(super) fn config(&self) -> TlsConfig {
        let roots = match &self.roots {
            Some(roots) => RootCerts::Specific(Arc::new(roots.clone())),
            None => system_roots(),
        };
        TlsConfig::builder()
            .root_certs(roots)
            .client_cert(self.client.clone())
            .disable_verification(self.insecure)
            .build()
    }
}

fn system_roots() -> RootCerts {
    // One broken certificate among many is no reason to trust none of them.
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    let roots = found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    RootCerts::Specific(Arc::new(roots))
}

fn certificates(pem: &Pem) -> Result<Vec<Certificate<'static>>, HttpError> {
    let text = pem.read()?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| pem.broken(error.to_string()))? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err(pem.broken("there is no certificate in it".to_owned())) } else { Ok(found) }
}

fn private_key(pem: &Pem) -> Result<PrivateKey<'static>, HttpError> {
    PrivateKey::from_pem(&pem.read()?).map_err(|error| pem.broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let pem = |name: &str| Pem::Text { name: name.to_owned(), text: b"s3cret".to_vec() };
        let options = TlsOptions { client: Some((pem("chain"), pem("key"))), ..TlsOptions::default() };
        let shown = format!("{options:?} {}", options.load().expect_err("it is no certificate"));
        assert!(
            shown.contains("chain") && !shown.contains("s3cret") && !shown.contains("115, 51"),
            "{shown}"
        );
    }
}
