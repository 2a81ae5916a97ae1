//! DSA keys of 2048 bits over a subgroup of 256, made as Go's `crypto/dsa` makes them.

use crypto_bigint::{U256, U2048, Uint};
use num_bigint::BigUint;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

use super::primes;

const P_BYTES: usize = 256;
const Q_BYTES: usize = 32;

/// A key; its numbers have the names of the standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DsaKey {
    pub(super) p: BigUint,
    pub(super) q: BigUint,
    pub(super) g: BigUint,
    pub(super) y: BigUint,
    pub(super) x: BigUint,
}

impl DsaKey {
    pub(super) fn generate(random: &mut ChaCha20Rng) -> Self {
        let (p, q) = primes(random);
        let one = BigUint::from(1_u32);
        let exponent = (&p - &one) / &q;
        let generators = (2_u32..).map(|base| BigUint::from(base).modpow(&exponent, &p));
        // All but a vanishing part of the bases generate the subgroup.
        let g = generators.into_iter().find(|g| *g != one).unwrap_or_default();
        let x = loop {
            let x = number::<Q_BYTES>(random);
            if x != BigUint::ZERO && x < q {
                break x;
            }
        };
        let y = g.modpow(&x, &p);
        DsaKey { p, q, g, y, x }
    }
}

fn primes(random: &mut ChaCha20Rng) -> (BigUint, BigUint) {
    loop {
        let q = large_odd::<Q_BYTES>(random);
        if !is_prime::<{ U256::LIMBS }>(&q, random) {
            continue;
        }
        for _ in 0..4 * P_BYTES * 8 {
            let candidate = large_odd::<P_BYTES>(random);
            let p = &candidate - (&candidate % &q) + 1_u32;
            if p.bits() == P_BYTES as u64 * 8 && is_prime::<{ U2048::LIMBS }>(&p, random) {
                return (p, q);
            }
        }
    }
}

fn number<const N: usize>(random: &mut ChaCha20Rng) -> BigUint {
    let mut bytes = [0; N];
    random.fill_bytes(&mut bytes);
    BigUint::from_bytes_be(&bytes)
}

/// Returns an odd number that fills its bytes.
fn large_odd<const N: usize>(random: &mut ChaCha20Rng) -> BigUint {
    let mut bytes = [0; N];
    random.fill_bytes(&mut bytes);
    bytes[0] |= 0x80;
    bytes[N - 1] |= 1;
    BigUint::from_bytes_be(&bytes)
}

fn is_prime<const LIMBS: usize>(number: &BigUint, random: &mut ChaCha20Rng) -> bool {
    let mut bytes = number.to_bytes_le();
    bytes.resize(Uint::<LIMBS>::BYTES, 0);
    primes::is_prime(&Uint::<LIMBS>::from_le_slice(&bytes), random)
}
