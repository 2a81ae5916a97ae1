//! Private keys on the elliptic curves of NIST that Go knows.

use p224::ecdsa::signature::hazmat::PrehashSigner;
use p224::elliptic_curve::Generate;
use p224::elliptic_curve::sec1::ToSec1Point;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::der;

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const ECDSA_WITH_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
const ECDSA_WITH_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];

/// A key with its curve.
pub(super) enum EcKey {
    P224(p224::SecretKey),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

/// Evaluates an expression on the key inside, whichever its curve is.
macro_rules! on_curve {
    ($key:expr, $inner:ident, $curve:ident => $result:expr) => {
        match $key {
            EcKey::P224($inner) => {
                use p224 as $curve;
                $result
            }
            EcKey::P256($inner) => {
                use p256 as $curve;
                $result
            }
            EcKey::P384($inner) => {
                use p384 as $curve;
                $result
            }
            EcKey::P521($inner) => {
                use p521 as $curve;
                $result
            }
        }
    };
}

impl EcKey {
    /// Makes a key on the curve that Sprig takes.
    pub(super) fn generate(random: &mut ChaCha20Rng) -> Self {
        EcKey::P256(p256::SecretKey::generate_from_rng(random))
    }

    /// Returns the key of a curve and a number, which may have lost or gained zeros in front.
    pub(super) fn new(curve: Option<&[u8]>, number: &[u8]) -> Result<Self, &'static str> {
        let size = match curve {
            Some(P224) => 28,
            Some(P256) => 32,
            Some(P384) => 48,
            Some(P521) => 66,
            _ => return Err("x509: unknown elliptic curve"),
        };
        let superfluous = number.len().saturating_sub(size);
        if number[..superfluous].iter().any(|byte| *byte != 0) {
            return Err("x509: invalid private key length");
        }
        let digits = &number[superfluous..];
        let padded = [&[0; 66][..size - digits.len()], digits].concat();
        let key = match curve {
            Some(P224) => p224::SecretKey::from_slice(&padded).map(EcKey::P224),
            Some(P256) => p256::SecretKey::from_slice(&padded).map(EcKey::P256),
            Some(P384) => p384::SecretKey::from_slice(&padded).map(EcKey::P384),
            _ => p521::SecretKey::from_slice(&padded).map(EcKey::P521),
        };
        let is_zero = padded.iter().all(|byte| *byte == 0);
        key.map_err(|_| {
            if is_zero { "ecdsa: invalid public key encoding" } else { "input overflows the modulus" }
        })
    }

    /// Returns the identifier of the curve.
    pub(super) fn curve(&self) -> &'static [u8] {
        match self {
            EcKey::P224(_) => P224,
            EcKey::P256(_) => P256,
            EcKey::P384(_) => P384,
            EcKey::P521(_) => P521,
        }
    }

    /// Returns the uncompressed point of the public key.
    pub(super) fn point(&self) -> Vec<u8> {
        on_curve!(self, key, curve => {
            let point: curve::Sec1Point = key.public_key().to_sec1_point(false);
            point.as_bytes().to_vec()
        })
    }

    /// Writes the key as SEC 1.
    pub(super) fn to_sec1(&self) -> Vec<u8> {
        let number = on_curve!(self, key, curve => curve::SecretKey::to_bytes(key).to_vec());
        der::sequence(&[
            der::integer(&[1]),
            der::tagged(der::OCTET_STRING, &number),
            der::tagged(der::context(0, true), &der::tagged(der::OBJECT, self.curve())),
            der::tagged(der::context(1, true), &der::bits(&self.point(), 0)),
        ])
    }

    /// Returns the name of the algorithm of [`EcKey::sign`]; the hash fits the curve.
    pub(super) fn signature_algorithm(&self) -> &'static [u8] {
        match self {
            EcKey::P224(_) | EcKey::P256(_) => ECDSA_WITH_SHA256,
            EcKey::P384(_) => ECDSA_WITH_SHA384,
            EcKey::P521(_) => ECDSA_WITH_SHA512,
        }
    }

    /// Signs a message. What the signature needs of randomness comes from the key and the message (RFC 6979).
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let hash = match self {
            EcKey::P224(_) | EcKey::P256(_) => Sha256::digest(message).to_vec(),
            EcKey::P384(_) => Sha384::digest(message).to_vec(),
            EcKey::P521(_) => Sha512::digest(message).to_vec(),
        };
        on_curve!(self, key, curve => {
            let signature: curve::ecdsa::Signature = curve::ecdsa::SigningKey::from(key).sign_prehash(&hash).ok()?;
            Some(signature.to_der().as_bytes().to_vec())
        })
    }
}

const P224: &[u8] = &[0x2b, 0x81, 4, 0, 33];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 4, 0, 34];
const P521: &[u8] = &[0x2b, 0x81, 4, 0, 35];

#[cfg(test)]
mod tests {
    use p224::ecdsa::signature::hazmat::PrehashVerifier;

    use super::*;

    #[track_caller]
    fn check(curve: &[u8], hash: &[u8]) {
        let key = EcKey::new(Some(curve), &[7; 28]).unwrap();
        let signature = key.sign(b"message").unwrap();
        on_curve!(&key, key, curve => {
            let signature = curve::ecdsa::Signature::from_der(&signature).unwrap();
            let public = curve::ecdsa::VerifyingKey::from(key.public_key());
            assert!(public.verify_prehash(hash, &signature).is_ok());
            assert!(public.verify_prehash(&[1; 64][..hash.len()], &signature).is_err());
        });
    }

    #[test]
    fn signatures_are_of_the_hash_that_fits_the_curve() {
        check(P224, &Sha256::digest(b"message"));
        check(P256, &Sha256::digest(b"message"));
        check(P384, &Sha384::digest(b"message"));
        check(P521, &Sha512::digest(b"message"));
    }
}
