//! Whom this machine trusts when it calls somebody over TLS: one answer for the agent's
//! session, the hub and the centre's own calls.

#![cfg_attr(test, allow(clippy::unwrap_used))]

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tracing::{debug, warn};

/// Largest accepted file of extra certificate authorities, in bytes.
const CA_MAX: u64 = 4 * 1024 * 1024;

/// Why nobody's certificate could be checked.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    #[error("the file {path} with extra certificate authorities could not be read: {reason}")]
    ExtraCa { path: String, reason: String },
    #[error("this computer has no certificate authorities")]
    NoRoots,
    #[error("TLS could not be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// The system's certificate authorities and those of `extra_ca`. Reads files: call it
/// where that may take time.
pub fn client_config(extra_ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsFault> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        warn!(%error, "a certificate authority of the system was left out");
    }
    let (added, ignored) = roots.add_parsable_certificates(native.certs);
    debug!(added, ignored, "certificate authorities of the system");
    if let Some(path) = extra_ca {
        for certificate in extra(path)? {
            roots.add(certificate).map_err(|e| unreadable(path, &e))?;
        }
    }
    if roots.is_empty() {
        return Err(TlsFault::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn extra(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let size = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
    if size > CA_MAX {
        return Err(unreadable(path, &"it is larger than 4 MiB"));
    }
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|e| unreadable(path, &e))?;
    if found.is_empty() { Err(unreadable(path, &"no certificate is in it")) } else { Ok(found) }
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> TlsFault {
    TlsFault::ExtraCa { path: path.display().to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(content: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        std::fs::write(&file, content).unwrap();
        client_config(Some(&file)).unwrap_err().to_string()
    }

    #[test]
    fn an_authority_of_ones_own_is_taken_beside_the_systems() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        std::fs::write(&file, made.cert.pem()).unwrap();
        client_config(Some(&file)).unwrap();
    }

    #[test]
    fn a_file_that_vouches_for_nobody_is_an_error_and_not_ignored() {
        assert!(reason(b"").contains("no certificate is in it"));
        assert!(reason(b"not a certificate").contains("no certificate is in it"));
        let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(reason(damaged.as_bytes()).contains("ca.pem"));
        assert!(reason(&vec![b' '; 5 * 1024 * 1024]).contains("larger than 4 MiB"));
        let absent = client_config(Some(Path::new("no-such-file.pem"))).unwrap_err();
        assert!(matches!(absent, TlsFault::ExtraCa { .. }), "{absent}");
    }
}
