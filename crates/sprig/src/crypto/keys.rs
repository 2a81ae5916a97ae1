//! Private keys: made, read from PEM, written to PEM, and used to sign.

use std::thread;

use crypto_bigint::{Limb, NonZero, U2048, Uint};
use curve25519_dalek::MontgomeryPoint;
use ed25519_dalek::{Signer, SigningKey};
use gotmpl::{CallError, Exec, Value};
use num_bigint::BigUint;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs1v15;
use rsa::traits::PublicKeyParts;
use sha2::Sha256;

use super::der::{self, Reader};
use super::dsa::DsaKey;
use super::ec::EcKey;
use super::pem::{self, Block};
use super::primes::prime;
use crate::args::Outcome;
use crate::env::env;
use crate::random::made;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The public exponent of all RSA keys made here, as of Go's.
const RSA_EXPONENT: u32 = 65537;

/// Steps of an execution that take as long as making a key of 4096 bits, and one on a curve.
const LARGE_KEY_STEPS: u64 = 2_500_000;
const KEY_STEPS: u64 = 20_000;

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<rsa::PrivateKey>),
    Dsa(Box<DsaKey>),
    Ecdsa(EcKey),
    Ed25519(SigningKey),
    /// A key that can be certified, but signs nothing.
    X25519([u8; 32]),
}

/// Makes a key of a named kind and returns its PEM, or what is wrong, as text.
pub(super) fn generate_named(exec: &mut Exec<'_>, kind: &[u8]) -> Outcome {
    exec.work(if matches!(kind, b"" | b"rsa" | b"dsa") { LARGE_KEY_STEPS } else { KEY_STEPS })?;
    let random = &mut env(exec)?.random(exec, "genPrivateKey");
    let key = match kind {
        b"" | b"rsa" => generate_rsa::<{ U2048::LIMBS }>(random)?,
        b"dsa" => PrivateKey::Dsa(Box::new(DsaKey::generate(random))),
        b"ecdsa" => PrivateKey::Ecdsa(EcKey::generate(random)),
        b"ed25519" => {
            let mut seed = [0; 32];
            random.fill_bytes(&mut seed);
            PrivateKey::Ed25519(SigningKey::from_bytes(&seed))
        }
        _ => return Ok(Value::str([b"Unknown type ", kind].concat())),
    };
    let pem = key.to_pem()?;
    made(exec, pem)
}

/// Makes an RSA key of two primes of so many limbs, within the bounds of FIPS 186-5.
pub(super) fn generate_rsa<const LIMBS: usize>(random: &mut ChaCha20Rng) -> Result<PrivateKey, CallError> {
    let divisor = NonZero::new(Limb::from(RSA_EXPONENT)).expect("it is not zero");
    // Without an inverse of the exponent modulo p - 1 there is no private exponent.
    let invertible = |prime: &Uint<LIMBS>| prime.rem_limb(divisor) != Limb::ONE;
    let (p, q) = loop {
        let (p, q) = two_primes::<LIMBS>(random);
        let apart = p.max(q).wrapping_sub(&p.min(q)).bit_width_vartime() > Uint::<LIMBS>::BITS - 100;
        if apart && invertible(&p) && invertible(&q) {
            break (p, q);
        }
    };
    let key = rsa::PrivateKey::from_p_q(p.into(), q.into(), RSA_EXPONENT.into());
    key.map(|key| PrivateKey::Rsa(Box::new(key)))
        .map_err(|err| CallError::new(format!("error generating rsa key: {err}")))
}

/// Searches two primes at once. Each search has a generator of its own, so threads change nothing but the time.
fn two_primes<const LIMBS: usize>(random: &mut ChaCha20Rng) -> (Uint<LIMBS>, Uint<LIMBS>) {
    let mut generator = || {
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        ChaCha20Rng::from_seed(seed)
    };
    let (first, second) = (generator(), generator());
    let search = |mut random: ChaCha20Rng| prime::<LIMBS>(&mut random);
    thread::scope(|scope| {
        let random = second.clone();
        let other = thread::Builder::new().spawn_scoped(scope, move || search(random));
        let p = search(first);
        let q = other.ok().and_then(|other| other.join().ok());
        // Where there are no more threads it takes longer.
        (p, q.unwrap_or_else(|| search(second)))
    })
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
            "RSA" => parse_pkcs1(&bytes).map_err(|err| context(&err)),
            "EC" => parse_sec1(&bytes).map_err(|err| context(&err)),
            "DSA" => parse_dsa(&bytes).ok_or_else(|| context(MALFORMED)),
            _ => Err(format!("invalid private key type {label}")),
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
            PrivateKey::Ecdsa(key) => pem::encode("EC PRIVATE KEY", &key.to_sec1()),
            PrivateKey::Ed25519(key) => pem::encode("PRIVATE KEY", &pkcs8(ED25519, key.as_bytes())),
            PrivateKey::X25519(key) => pem::encode("PRIVATE KEY", &pkcs8(X25519, key)),
        })
    }

    /// Returns the bytes of the public key, without what says its kind.
    pub(super) fn public_bytes(&self) -> Option<Vec<u8>> {
        Some(match self {
            PrivateKey::Rsa(key) => {
                der::sequence(&[der::integer(&key.n_bytes()), der::integer(&key.e_bytes())])
            }
            PrivateKey::Ecdsa(key) => key.point(),
            PrivateKey::Ed25519(key) => key.verifying_key().as_bytes().to_vec(),
            PrivateKey::X25519(key) => MontgomeryPoint::mul_base_clamped(*key).as_bytes().to_vec(),
            PrivateKey::Dsa(_) => return None,
        })
    }

    /// Returns the public key as certificates carry it.
    pub(super) fn public_info(&self) -> Option<Vec<u8>> {
        let algorithm = match self {
            PrivateKey::Rsa(_) => algorithm(RSA_ENCRYPTION, Some(der::tagged(der::NULL, &[]))),
            PrivateKey::Ecdsa(key) => algorithm(EC_PUBLIC_KEY, Some(der::tagged(der::OBJECT, key.curve()))),
            PrivateKey::Ed25519(_) => algorithm(ED25519, None),
            PrivateKey::X25519(_) => algorithm(X25519, None),
            PrivateKey::Dsa(_) => return None,
        };
        Some(der::sequence(&[algorithm, der::bits(&self.public_bytes()?, 0)]))
    }

    /// Returns the name of the algorithm that [`PrivateKey::sign`] uses.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        Some(match self {
            PrivateKey::Rsa(_) => algorithm(SHA256_WITH_RSA, Some(der::tagged(der::NULL, &[]))),
            PrivateKey::Ecdsa(key) => algorithm(key.signature_algorithm(), None),
            PrivateKey::Ed25519(_) => algorithm(ED25519, None),
            PrivateKey::Dsa(_) | PrivateKey::X25519(_) => return None,
        })
    }

    /// Signs a message; DSA keys sign no certificates.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            PrivateKey::Rsa(key) => {
                let key = pkcs1v15::SigningKey::<Sha256>::new(key.as_ref().clone());
                Box::<[u8]>::from(key.try_sign(message).ok()?).into_vec()
            }
            PrivateKey::Ecdsa(key) => key.sign(message)?,
            PrivateKey::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            PrivateKey::Dsa(_) | PrivateKey::X25519(_) => return None,
        })
    }
}

/// Go's text for DER that is not what it should be.
const MALFORMED: &str = "asn1: structure error: tags don't match";

/// Writes a key on the curve 25519.
fn pkcs8(kind: &[u8], key: &[u8]) -> Vec<u8> {
    let key = der::tagged(der::OCTET_STRING, &der::tagged(der::OCTET_STRING, key));
    der::sequence(&[der::integer(&[]), algorithm(kind, None), key])
}

fn algorithm(oid: &[u8], parameters: Option<Vec<u8>>) -> Vec<u8> {
    der::sequence(&[der::tagged(der::OBJECT, oid), parameters.unwrap_or_default()])
}

fn parse_pkcs1(bytes: &[u8]) -> Result<PrivateKey, String> {
    let key = rsa::PrivateKey::from_pkcs1_der(bytes);
    key.map(|key| PrivateKey::Rsa(Box::new(key))).map_err(|_| other_format(bytes))
}

fn parse_sec1(bytes: &[u8]) -> Result<PrivateKey, String> {
    let parts = Sec1::read(bytes).ok_or_else(|| {
        let problem = other_format(bytes);
        if problem == MALFORMED {
            format!("x509: failed to parse EC private key: {MALFORMED}")
        } else {
            problem
        }
    })?;
    parts.key(parts.curve)
}

fn parse_pkcs8(bytes: &[u8]) -> Result<PrivateKey, String> {
    Pkcs8::read(bytes).ok_or_else(|| other_format(bytes))?.into_key()
}

/// Says what is wrong with a key that is not in the format that its label names.
fn other_format(bytes: &[u8]) -> String {
    let right = if Sec1::read(bytes).is_some() {
        "ParseECPrivateKey"
    } else if Pkcs8::read(bytes).is_some() {
        "ParsePKCS8PrivateKey"
    } else if numbers(bytes).is_some_and(|numbers| numbers.len() >= 6) {
        "ParsePKCS1PrivateKey"
    } else {
        return MALFORMED.to_owned();
    };
    format!("x509: failed to parse private key (use {right} instead for this key format)")
}

/// Returns the numbers of a sequence that holds nothing else.
fn numbers(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut fields = Reader::new(Reader::new(bytes).read(der::SEQUENCE)?);
    let mut numbers = Vec::new();
    while !fields.is_empty() {
        numbers.push(fields.read(der::INTEGER)?);
    }
    Some(numbers)
}

/// The parts of a key on an elliptic curve.
struct Sec1<'a> {
    version: &'a [u8],
    number: &'a [u8],
    curve: Option<&'a [u8]>,
}

impl<'a> Sec1<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::new(Reader::new(bytes).read(der::SEQUENCE)?);
        let (version, number) = (fields.read(der::INTEGER)?, fields.read(der::OCTET_STRING)?);
        let curve = fields.read(der::context(0, true)).and_then(|field| Reader::new(field).read(der::OBJECT));
        Some(Sec1 { version, number, curve })
    }

    fn key(&self, curve: Option<&[u8]>) -> Result<PrivateKey, String> {
        if self.version != [1] {
            let version = self.version.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            return Err(format!("x509: unknown EC private key version {version}"));
        }
        Ok(PrivateKey::Ecdsa(EcKey::new(curve, self.number)?))
    }
}

/// The parts of a key that says its kind.
struct Pkcs8<'a> {
    algorithm: &'a [u8],
    parameters: Reader<'a>,
    key: &'a [u8],
}

impl<'a> Pkcs8<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::new(Reader::new(bytes).read(der::SEQUENCE)?);
        fields.read(der::INTEGER)?;
        let mut parameters = Reader::new(fields.read(der::SEQUENCE)?);
        let algorithm = parameters.read(der::OBJECT)?;
        Some(Pkcs8 { algorithm, parameters, key: fields.read(der::OCTET_STRING)? })
    }

    fn into_key(mut self) -> Result<PrivateKey, String> {
        match self.algorithm {
            RSA_ENCRYPTION => parse_pkcs1(self.key)
                .map_err(|err| format!("x509: failed to parse RSA private key embedded in PKCS#8: {err}")),
            EC_PUBLIC_KEY => {
                let key = match (self.parameters.read(der::OBJECT), Sec1::read(self.key)) {
                    (Some(curve), Some(parts)) => parts.key(Some(curve)),
                    _ => parse_sec1(self.key),
                };
                key.map_err(|err| format!("x509: failed to parse EC private key embedded in PKCS#8: {err}"))
            }
            ED25519 => {
                self.curve_25519("Ed25519").map(|seed| PrivateKey::Ed25519(SigningKey::from_bytes(&seed)))
            }
            X25519 => self.curve_25519("X25519").map(PrivateKey::X25519),
            other => Err(format!(
                "x509: PKCS#8 wrapping contained private key with unknown algorithm: {}",
                der::dotted(other)
            )),
        }
    }

    fn curve_25519(&self, name: &str) -> Result<[u8; 32], String> {
        if !self.parameters.is_empty() {
            return Err(format!("x509: invalid {name} private key parameters"));
        }
        let key = Reader::new(self.key).read(der::OCTET_STRING);
        let key = key.ok_or_else(|| format!("x509: invalid {name} private key: {MALFORMED}"))?;
        key.try_into().map_err(|_| match name {
            "Ed25519" => format!("x509: invalid Ed25519 private key length: {}", key.len()),
            _ => "crypto/ecdh: invalid private key size".to_owned(),
        })
    }
}

fn parse_dsa(bytes: &[u8]) -> Option<PrivateKey> {
    let numbers = numbers(bytes)?;
    let [_, p, q, g, y, x] = numbers.as_slice() else { return None };
    let [p, q, g, y, x] = [p, q, g, y, x].map(|number| BigUint::from_bytes_be(number));
    Some(PrivateKey::Dsa(Box::new(DsaKey { p, q, g, y, x })))
}
