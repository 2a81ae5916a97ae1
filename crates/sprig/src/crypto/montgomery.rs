//! Squares modulo a large odd number, in Montgomery's form.
//!
//! Nine tenths of the time for an RSA key go into squares, of which each candidate
//! for a prime takes as many as it has bits. These take three fifths of the time of
//! `crypto-bigint`'s. They only sort out candidates: what passes is tested by the
//! library, so a mistake here could cost time, but never make a bad key.
//!
//! Invariant: numbers are less than the modulus.

use crypto_bigint::{Odd, Uint, WideWord, Word};

macro_rules! unrolled {
    ($columns:ident.$step:ident, $($column:literal)*) => { $($columns.$step($column);)* };
}

/// A modulus, and minus its inverse modulo the size of a word.
pub(super) struct Modulus<const N: usize> {
    words: [Word; N],
    inverse: Word,
}

impl<const N: usize> Modulus<N> {
    pub(super) fn new(number: &Odd<Uint<N>>) -> Self {
        let words = number.to_words();
        // Each round of Newton's method doubles the bits that are right, of which the first has three.
        let refined =
            |inverse: Word, _| inverse.wrapping_mul((2 as Word).wrapping_sub(words[0].wrapping_mul(inverse)));
        Modulus { words, inverse: (0..5).fold(words[0], refined).wrapping_neg() }
    }

    /// Returns twice a number.
    pub(super) fn double(&self, number: &[Word; N]) -> [Word; N] {
        let mut out = [0; N];
        let mut carry = 0;
        for (out, word) in out.iter_mut().zip(number) {
            *out = word << 1 | carry;
            carry = word >> (Word::BITS - 1);
        }
        self.reduced(out, carry)
    }

    /// Returns the square of a number, both in Montgomery's form.
    pub(super) fn square(&self, number: &[Word; N]) -> [Word; N] {
        let mut columns = Columns {
            number,
            modulus: self,
            multiples: [0; N],
            out: [0; N],
            sum: Sum { low: 0, middle: 0, high: 0 },
        };
        if N == 16 {
            // Where columns are known, the compiler lays out every product, which takes a third less time.
            unrolled!(columns.low, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            unrolled!(columns.high, 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30);
        } else {
            (0..N).for_each(|column| columns.low(column));
            (N..2 * N - 1).for_each(|column| columns.high(column));
        }
        columns.out[N - 1] = columns.sum.take();
        self.reduced(columns.out, columns.sum.low)
    }

    /// Takes the modulus from what is less than twice of it.
    fn reduced(&self, mut number: [Word; N], carry: Word) -> [Word; N] {
        if carry != 0 || number.iter().rev().ge(self.words.iter().rev()) {
            let mut borrow = false;
            for (word, taken) in number.iter_mut().zip(self.words) {
                (*word, borrow) = word.borrowing_sub(taken, borrow);
            }
        }
        number
    }
}

/// The columns of a square, from the lowest: multiples of the modulus make the lower half zero.
struct Columns<'a, const N: usize> {
    number: &'a [Word; N],
    modulus: &'a Modulus<N>,
    multiples: [Word; N],
    out: [Word; N],
    sum: Sum,
}

impl<const N: usize> Columns<'_, N> {
    #[inline(always)]
    fn low(&mut self, column: usize) {
        self.squares(0, column);
        for at in 0..column {
            self.sum.add(self.multiples[at], self.modulus.words[column - at]);
        }
        self.multiples[column] = self.sum.low.wrapping_mul(self.modulus.inverse);
        self.sum.add(self.multiples[column], self.modulus.words[0]);
        self.sum.take();
    }

    #[inline(always)]
    fn high(&mut self, column: usize) {
        let first = column - (N - 1);
        self.squares(first, column);
        for at in first..N {
            self.sum.add(self.multiples[at], self.modulus.words[column - at]);
        }
        self.out[column - N] = self.sum.take();
    }

    /// Adds the products of two words of the number that belong into a column. All but the one in the
    /// middle come twice.
    #[inline(always)]
    fn squares(&mut self, first: usize, column: usize) {
        let mut pairs = Sum { low: 0, middle: 0, high: 0 };
        for at in first..column.div_ceil(2) {
            pairs.add(self.number[at], self.number[column - at]);
        }
        self.sum.add_twice(&pairs);
        if column.is_multiple_of(2) {
            self.sum.add(self.number[column / 2], self.number[column / 2]);
        }
    }
}

/// A sum of products, in three words.
struct Sum {
    low: Word,
    middle: Word,
    high: Word,
}

impl Sum {
    #[inline(always)]
    fn add(&mut self, a: Word, b: Word) {
        let product = WideWord::from(a) * WideWord::from(b);
        let carry;
        (self.low, carry) = self.low.overflowing_add(product as Word);
        let (middle, carry) = self.middle.carrying_add((product >> Word::BITS) as Word, carry);
        self.middle = middle;
        self.high = self.high.wrapping_add(Word::from(carry));
    }

    #[inline(always)]
    fn add_twice(&mut self, other: &Sum) {
        let top = Word::BITS - 1;
        let (low, carry) = self.low.overflowing_add(other.low << 1);
        let (middle, carry) = self.middle.carrying_add(other.middle << 1 | other.low >> top, carry);
        let (high, _) = self.high.carrying_add(other.high << 1 | other.middle >> top, carry);
        *self = Sum { low, middle, high };
    }

    /// Takes the lowest word off.
    #[inline(always)]
    fn take(&mut self) -> Word {
        let low = self.low;
        *self = Sum { low: self.middle, middle: self.high, high: 0 };
        low
    }
}

#[cfg(test)]
mod tests {
    use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
    use crypto_bigint::{Random, U256, U1024};
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// Compares with the library, over a chain of squares and doubles.
    #[track_caller]
    fn check<const N: usize>(odd: Uint<N>) {
        let odd = Odd::new(odd).expect("the number is odd");
        let params = FixedMontyParams::new_vartime(odd);
        let mut want = FixedMontyForm::new(&Uint::from_u64(3), &params);
        let modulus = Modulus::new(&odd);
        let mut got = want.as_montgomery().to_words();
        for _ in 0..200 {
            (want, got) = (want.square().double(), modulus.double(&modulus.square(&got)));
            assert_eq!(&got, want.as_montgomery().as_words(), "modulo {odd}");
        }
    }

    #[test]
    fn squares_and_doubles_are_those_of_the_library() {
        let mut random = ChaCha20Rng::from_seed([2; 32]);
        for _ in 0..20 {
            check(U256::random_from_rng(&mut random) | U256::ONE);
            check(U1024::random_from_rng(&mut random) | U1024::ONE);
        }
        check(U1024::MAX);
        check(U256::MAX.wrapping_sub(&U256::from_u8(188)));
        check(U1024::from_u64(0x1_0000_0001));
    }
}
