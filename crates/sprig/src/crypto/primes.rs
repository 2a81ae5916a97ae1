//! Large random primes, for RSA and DSA keys.
//!
//! The odd numbers after a random start are cleared of the multiples of small primes
//! first, then those that are left are tested to base two, and the first one that
//! passes is tested in earnest. Nearly all the time goes into the tests to base two,
//! where every step is a square, perhaps doubled.
//!
//! Invariant: everything random comes from the caller's generator, in an order that
//! depends on nothing else.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{CheckedAdd, Limb, NonZero, Odd, Random, Uint, Word};
use crypto_primes::hazmat::{LucasCheck, MillerRabin, SelfridgeBase, lucas_test};
use rand_chacha::ChaCha20Rng;

use super::montgomery::Modulus;

/// The odd primes below 2¹⁶.
const SMALL: [u16; 6541] = small_primes();

const fn small_primes() -> [u16; 6541] {
    let mut composite = [false; 1 << 16];
    let mut primes = [0; 6541];
    let (mut number, mut count) = (3, 0);
    while number < composite.len() {
        if !composite[number] {
            primes[count] = number as u16;
            count += 1;
            let mut multiple = number * number;
            while multiple < composite.len() {
                composite[multiple] = true;
                multiple += 2 * number;
            }
        }
        number += 2;
    }
    primes
}

/// Odd numbers looked at after each start. Eleven primes are among so many of 1024 bits, six of 2048.
const WINDOW: usize = 4096;

/// Rounds with random bases: as many as FIPS 186-5 asks for where primes have 1024 bits; of longer ones it asks for less.
const ROUNDS: usize = 5;

/// Returns a random prime whose two highest bits are set, so that the product of two fills its bits.
pub(super) fn prime<const LIMBS: usize>(random: &mut ChaCha20Rng) -> Uint<LIMBS> {
    let highest = Uint::from_u8(3).shl_vartime(Uint::<LIMBS>::BITS - 2);
    loop {
        let start = Uint::random_from_rng(random) | highest | Uint::ONE;
        for distance in without_small_factors(&start) {
            // Nobody will ever see a start so close to the end.
            let Some(candidate) = start.checked_add(&Uint::from_u32(distance)).into_option() else { break };
            if is_prime_beyond_small_factors(&candidate, random) {
                return candidate;
            }
        }
    }
}

/// Returns whether a number is prime, as far as anyone can tell.
pub(super) fn is_prime<const LIMBS: usize>(number: &Uint<LIMBS>, random: &mut ChaCha20Rng) -> bool {
    without_small_factors(number).next() == Some(0) && is_prime_beyond_small_factors(number, random)
}

/// Returns the distances from an odd start at which odd numbers without small factors are, in order.
fn without_small_factors<const LIMBS: usize>(start: &Uint<LIMBS>) -> impl Iterator<Item = u32> {
    let mut composite = [false; WINDOW];
    let mut rest = &SMALL[..];
    while !rest.is_empty() {
        // One division finds the remainders for all factors whose product fits in a word.
        let (mut product, mut count) = (1 as Word, 0);
        while let Some(next) = rest.get(count).and_then(|prime| product.checked_mul(Word::from(*prime))) {
            (product, count) = (next, count + 1);
        }
        let divisor = NonZero::new(Limb(product)).expect("it is at least one prime");
        let remainder = start.rem_limb(divisor).0;
        for prime in &rest[..count] {
            let prime = usize::from(*prime);
            // It is less than the prime, which has 16 bits.
            let beyond = (remainder % prime as Word) as usize;
            let to_multiple = if beyond == 0 { 0 } else { prime - beyond };
            // Every other multiple is even.
            let first = if to_multiple % 2 == 0 { to_multiple / 2 } else { (to_multiple + prime) / 2 };
            composite.iter_mut().skip(first).step_by(prime).for_each(|composite| *composite = true);
        }
        rest = &rest[count..];
    }
    (0_u32..).step_by(2).zip(composite).filter_map(|(distance, composite)| (!composite).then_some(distance))
}

/// Tests an odd number by base two, then by Baillie, Pomerance, Selfridge and Wagstaff, of whose test no
/// composite is known that passes, and with random bases.
fn is_prime_beyond_small_factors<const LIMBS: usize>(number: &Uint<LIMBS>, random: &mut ChaCha20Rng) -> bool {
    let Some(odd) = Odd::new(*number).into_option() else { return false };
    if !passes_base_two(&odd) || !lucas_test(odd, SelfridgeBase, LucasCheck::Strong).is_probably_prime() {
        return false;
    }
    let test = MillerRabin::new(odd);
    (0..ROUNDS).all(|_| test.test_random_base(random).is_probably_prime())
}

/// The test of Miller and Rabin to base two, where doubling is all the multiplication there is.
fn passes_base_two<const LIMBS: usize>(number: &Odd<Uint<LIMBS>>) -> bool {
    let params = FixedMontyParams::new_vartime(*number);
    let one = FixedMontyForm::one(&params);
    let (one, minus_one) = (one.as_montgomery().to_words(), one.neg().as_montgomery().to_words());
    let last = number.wrapping_sub(&Uint::ONE);
    let twos = last.trailing_zeros_vartime();
    let exponent = last.shr_vartime(twos);
    let modulus = Modulus::new(number);
    let mut power = modulus.double(&one);
    for bit in (0..exponent.bit_width_vartime() - 1).rev() {
        power = modulus.square(&power);
        if exponent.bit_vartime(bit) {
            power = modulus.double(&power);
        }
    }
    if power == one {
        return true;
    }
    (0..twos).any(|_| {
        let found = power == minus_one;
        power = modulus.square(&power);
        found
    })
}

#[cfg(test)]
mod tests {
    use crypto_bigint::{U128, U256, U1024};
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn random() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([1; 32])
    }

    #[track_caller]
    fn check<const LIMBS: usize>(number: Uint<LIMBS>, want: bool) {
        assert_eq!(is_prime(&number, &mut random()), want, "{number}");
    }

    #[test]
    fn primes_are_told_from_composites() {
        let mersenne = U128::MAX.shr_vartime(1);
        check(mersenne, true);
        check(mersenne.concatenating_mul(&mersenne), false);
        // The greatest of 256 bits, and what is below it.
        check(U256::MAX.wrapping_sub(&U256::from_u8(188)), true);
        check(U256::MAX.wrapping_sub(&U256::from_u8(186)), false);
    }

    #[test]
    fn pseudoprimes_without_small_factors_are_found_out() {
        // 2^n - 1 passes to base two for every prime n; 2^101 - 1 is 7432339208719 * 341117531003194129.
        let number = U128::MAX.shr_vartime(27);
        assert!(passes_base_two(&Odd::new(number).unwrap()));
        check(number, false);
    }

    #[test]
    fn the_sieve_leaves_what_has_no_small_factor() {
        let start = U1024::from_u64(1 << 40 | 1);
        let left: Vec<u32> = without_small_factors(&start).take(20).collect();
        let by_hand = (0..).step_by(2).filter(|distance| {
            let number = (1_u64 << 40 | 1) + u64::from(*distance);
            SMALL.iter().all(|prime| !number.is_multiple_of(u64::from(*prime)))
        });
        assert_eq!(left, by_hand.take(20).collect::<Vec<_>>());
    }

    #[test]
    fn primes_fill_their_bits_and_come_from_the_generator() {
        let prime = prime::<{ U256::LIMBS }>(&mut random());
        assert_eq!(prime.shr_vartime(254), U256::from_u8(3));
        check(prime, true);
        assert_eq!(prime, super::prime(&mut random()));
    }
}
