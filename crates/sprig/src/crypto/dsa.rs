//! DSA keys of 2048 bits over a subgroup of 256, made as Go's `crypto/dsa` makes them.

use num_bigint::BigUint;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

const P_BYTES: usize = 256;
const Q_BYTES: usize = 32;
/// Rounds of the test for primes; a composite passes one with a chance of at most 1/4.
const ROUNDS: usize = 32;

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
        if !is_prime(&q, random) {
            continue;
        }
        for _ in 0..4 * P_BYTES * 8 {
            let candidate = large_odd::<P_BYTES>(random);
            let p = &candidate - (&candidate % &q) + 1_u32;
            if p.bits() == P_BYTES as u64 * 8 && is_prime(&p, random) {
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

/// Returns whether a number above 1000 is prime, as far as anyone can tell.
fn is_prime(number: &BigUint, random: &mut ChaCha20Rng) -> bool {
    let has_small_factor = (2_u32..1000).any(|factor| (number % factor) == BigUint::ZERO);
    !has_small_factor && passes_miller_rabin(number, random)
}

fn passes_miller_rabin(number: &BigUint, random: &mut ChaCha20Rng) -> bool {
    let one = BigUint::from(1_u32);
    let last = number - &one;
    let twos = last.trailing_zeros().unwrap_or(0);
    let odd = &last >> twos;
    let is_witness = |base: BigUint| {
        let mut power = base.modpow(&odd, number);
        if power == one || power == last {
            return false;
        }
        for _ in 1..twos {
            power = &power * &power % number;
            if power == last {
                return false;
            }
        }
        true
    };
    // Two finds almost every composite; random bases make sure.
    !is_witness(BigUint::from(2_u32))
        && (0..ROUNDS).all(|_| !is_witness(self::number::<Q_BYTES>(random) % (number - 3_u32) + 2_u32))
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn primes_are_told_from_composites() {
        let mut random = ChaCha20Rng::from_seed([1; 32]);
        let mersenne = (BigUint::from(1_u32) << 127_u32) - 1_u32;
        assert!(is_prime(&mersenne, &mut random));
        assert!(!is_prime(&(&mersenne * &mersenne), &mut random));
        // A Carmichael number without small factors fools a test by Fermat.
        let carmichael = BigUint::from(1_436_697_831_295_441_u64);
        assert!(!passes_miller_rabin(&carmichael, &mut random));
    }
}
