//! Private keys: made, read from PEM, written to PEM, and used to sign.

use ed25519_dalek::Signer;
use gotmpl::{CallError, Exec, Value};
use num_bigint::BigUint;
use p256::ecdsa;
use p256::elliptic_curve::Generate;
use p256::elliptic_curve::sec1::ToSec1Point;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs1v15;
use rsa::traits::PublicKeyParts;
use sha2::Sha256;

use super::der::{self, Reader};
use super::dsa::DsaKey;
use super::pem::{self, Block};
use crate::args::Outcome;
use crate::env::env;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<rsa::PrivateKey>),
    Dsa(Box<DsaKey>),
    Ecdsa(p256::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// Makes a key of a named kind and returns its PEM, or what is wrong, as text.
pub(super) fn generate_named(exec: &Exec<'_>, kind: &[u8]) -> Outcome {
    let random = &mut env(exec)?.random("genPrivateKey");
    let key = match kind {
        b"" | b"rsa" => generate_rsa(random, 4096)?,
        b"dsa" => PrivateKey::Dsa(Box::new(DsaKey::generate(random))),
        b"ecdsa" => PrivateKey::Ecdsa(p256::SecretKey::generate_from_rng(random)),
        b"ed25519" => {
            let mut seed = [0; 32];
            random.fill_bytes(&mut seed);
            PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
        }
        _ => return Ok(Value::str([b"Unknown type ", kind].concat())),
    };
    Ok(Value::str(key.to_pem()?))
}

/// Makes an RSA key of so many bits.
pub(super) fn generate_rsa(random: &mut ChaCha20Rng, bits: usize) -> Result<PrivateKey, CallError> {
    let key = rsa::PrivateKey::new(random, bits);
    key.map(|key| PrivateKey::Rsa(Box::new(key)))
        .map_err(|err| CallError::new(format!("error generating rsa key: {err}")))
}

impl PrivateKey {
    /// Reads a key from PEM, with the errors of Sprig.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let Block { label, bytes } = pem::decode(text).ok_or("no PEM data in input")?;
        if label == "PRIVATE KEY" {
            return parse_pkcs8(&bytes).map_err(|err| format!("decoding PEM as PKCS#8: {err}"));
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        let context = |err: &str| format!("parsing {kind} private key from PEM: {err}");
        match kind {
            "RSA" => parse_pkcs1(&bytes).map_err(context),
            "EC" => parse_sec1(&bytes).map_err(context),
            "DSA" => parse_dsa(&bytes).ok_or_else(|| context(MALFORMED)),
            _ => Err(format!("invalid private key type {kind}")),
        }
    }

    /// Writes the key as Sprig does: PKCS #1 for RSA, SEC 1 for elliptic curves,
    /// a bare sequence for DSA, PKCS #8 for all else.
    pub(super) fn to_pem(&self) -> Result<String, CallError> {
        Ok(match self {
            PrivateKey::Rsa(key) => {
                let document = key.to_pkcs1_der().map_err(|err| err.to_string())?;
                pem::encode("RSA PRIVATE KEY", document.as_bytes())
            }
            PrivateKey::Dsa(key) => {
                let numbers = [&BigUint::ZERO, &key.p, &key.q, &key.g, &key.y, &key.x];
                let numbers = numbers.map(|number| der::integer(&number.to_bytes_be()));
                pem::encode("DSA PRIVATE KEY", &der::sequence(&numbers))
            }
            PrivateKey::Ecdsa(key) => pem::encode("EC PRIVATE KEY", &sec1(key)),
            PrivateKey::Ed25519(key) => {
                let seed = der::tagged(der::OCTET_STRING, key.as_bytes());
                let parts =
                    [der::integer(&[]), algorithm(ED25519, None), der::tagged(der::OCTET_STRING, &seed)];
                pem::encode("PRIVATE KEY", &der::sequence(&parts))
            }
        })
    }

    /// Returns the bytes of the public key, without what says its kind.
    pub(super) fn public_bytes(&self) -> Option<Vec<u8>> {
        Some(match self {
            PrivateKey::Rsa(key) => {
                der::sequence(&[der::integer(&key.n_bytes()), der::integer(&key.e_bytes())])
            }
            PrivateKey::Ecdsa(key) => point(key),
            PrivateKey::Ed25519(key) => key.verifying_key().as_bytes().to_vec(),
            PrivateKey::Dsa(_) => return None,
        })
    }

    /// Returns the public key as certificates carry it.
    pub(super) fn public_info(&self) -> Option<Vec<u8>> {
        let algorithm = match self {
            PrivateKey::Rsa(_) => algorithm(RSA_ENCRYPTION, Some(der::tagged(der::NULL, &[]))),
            PrivateKey::Ecdsa(_) => algorithm(EC_PUBLIC_KEY, Some(der::tagged(der::OBJECT, PRIME256V1))),
            PrivateKey::Ed25519(_) => algorithm(ED25519, None),
            PrivateKey::Dsa(_) => return None,
        };
        Some(der::sequence(&[algorithm, der::bits(&self.public_bytes()?, 0)]))
    }

    /// Returns the name of the algorithm that [`PrivateKey::sign`] uses.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        Some(match self {
            PrivateKey::Rsa(_) => algorithm(SHA256_WITH_RSA, Some(der::tagged(der::NULL, &[]))),
            PrivateKey::Ecdsa(_) => algorithm(ECDSA_WITH_SHA256, None),
            PrivateKey::Ed25519(_) => algorithm(ED25519, None),
            PrivateKey::Dsa(_) => return None,
        })
    }

    /// Signs a message; DSA keys sign no certificates.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            PrivateKey::Rsa(key) => {
                let key = pkcs1v15::SigningKey::<Sha256>::new(key.as_ref().clone());
                Box::<[u8]>::from(key.try_sign(message).ok()?).into_vec()
            }
            PrivateKey::Ecdsa(key) => {
                let signature: ecdsa::Signature = ecdsa::SigningKey::from(key).sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            PrivateKey::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            PrivateKey::Dsa(_) => return None,
        })
    }
}

/// Go's text for DER that is not what it should be.
const MALFORMED: &str = "asn1: structure error: tags don't match";

fn algorithm(oid: &[u8], parameters: Option<Vec<u8>>) -> Vec<u8> {
    der::sequence(&[der::tagged(der::OBJECT, oid), parameters.unwrap_or_default()])
}

/// Returns the uncompressed point of the public key.
fn point(key: &p256::SecretKey) -> Vec<u8> {
    key.public_key().to_sec1_point(false).as_bytes().to_vec()
}

fn sec1(key: &p256::SecretKey) -> Vec<u8> {
    der::sequence(&[
        der::integer(&[1]),
        der::tagged(der::OCTET_STRING, &key.to_bytes()),
        der::tagged(der::context(0, true), &der::tagged(der::OBJECT, PRIME256V1)),
        der::tagged(der::context(1, true), &der::bits(&point(key), 0)),
    ])
}

fn parse_pkcs1(bytes: &[u8]) -> Result<PrivateKey, &'static str> {
    if let Ok(key) = rsa::PrivateKey::from_pkcs1_der(bytes) {
        return Ok(PrivateKey::Rsa(Box::new(key)));
    }
    Err(match (parse_sec1(bytes), parse_pkcs8(bytes)) {
        (Ok(_), _) => "x509: failed to parse private key (use ParseECPrivateKey instead for this key format)",
        (_, Ok(_)) => {
            "x509: failed to parse private key (use ParsePKCS8PrivateKey instead for this key format)"
        }
        _ => MALFORMED,
    })
}

fn parse_sec1(bytes: &[u8]) -> Result<PrivateKey, &'static str> {
    let mut outer = Reader::new(bytes);
    let mut inner = Reader::new(outer.read(der::SEQUENCE).ok_or(MALFORMED)?);
    inner.read(der::INTEGER).filter(|version| *version == [1]).ok_or(MALFORMED)?;
    let scalar = inner.read(der::OCTET_STRING).ok_or(MALFORMED)?;
    let curve = inner.read(der::context(0, true)).and_then(|field| Reader::new(field).read(der::OBJECT));
    ec_key(scalar, curve)
}

fn ec_key(scalar: &[u8], curve: Option<&[u8]>) -> Result<PrivateKey, &'static str> {
    if curve != Some(PRIME256V1) {
        return Err("x509: unknown elliptic curve");
    }
    let key =
        p256::SecretKey::from_slice(scalar).map_err(|_| "x509: invalid elliptic curve private key value")?;
    Ok(PrivateKey::Ecdsa(key))
}

fn parse_pkcs8(bytes: &[u8]) -> Result<PrivateKey, &'static str> {
    let mut outer = Reader::new(bytes);
    let mut inner = Reader::new(outer.read(der::SEQUENCE).ok_or(MALFORMED)?);
    inner.read(der::INTEGER).ok_or(MALFORMED)?;
    let mut algorithm = Reader::new(inner.read(der::SEQUENCE).ok_or(MALFORMED)?);
    let oid = algorithm.read(der::OBJECT).ok_or(MALFORMED)?;
    let key = inner.read(der::OCTET_STRING).ok_or(MALFORMED)?;
    match oid {
        RSA_ENCRYPTION => {
            parse_pkcs1(key).map_err(|_| "x509: failed to parse RSA private key embedded in PKCS#8")
        }
        EC_PUBLIC_KEY => {
            let curve = algorithm.read(der::OBJECT);
            let mut fields = Reader::new(Reader::new(key).read(der::SEQUENCE).ok_or(MALFORMED)?);
            fields.read(der::INTEGER).ok_or(MALFORMED)?;
            ec_key(fields.read(der::OCTET_STRING).ok_or(MALFORMED)?, curve)
        }
        ED25519 => {
            let seed =
                Reader::new(key).read(der::OCTET_STRING).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
            let seed = seed.ok_or("x509: invalid Ed25519 private key")?;
            Ok(PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed)))
        }
        _ => Err("x509: PKCS#8 wrapping contained private key with unknown algorithm"),
    }
}

fn parse_dsa(bytes: &[u8]) -> Option<PrivateKey> {
    let mut fields = Reader::new(Reader::new(bytes).read(der::SEQUENCE)?);
    let mut number = || fields.read(der::INTEGER).map(BigUint::from_bytes_be);
    number()?;
    let (p, q, g, y, x) = (number()?, number()?, number()?, number()?, number()?);
    Some(PrivateKey::Dsa(Box::new(DsaKey { p, q, g, y, x })))
}
