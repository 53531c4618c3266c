use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// Largest accepted file of extra certificate authorities, in bytes.
const CA_MAX: u64 = 4 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFault {
    #[error("the file {path} with extra certificate authorities could not be read: {reason}")]
    ExtraCa { path: String, reason: String },
    #[error("TLS could not be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// The system's certificate authorities and those of `extra_ca`. Reads files: call it
/// where that may take time.
pub(crate) fn client_config(extra_ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsFault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = extra_ca {
        for certificate in extra(path)? {
            roots.add(certificate).map_err(|e| unreadable(path, &e))?;
        }
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
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> TlsFault {
    TlsFault::ExtraCa { path: path.display().to_string(), reason: reason.to_string() }
}
