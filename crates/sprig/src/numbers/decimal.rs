//! Exact decimal arithmetic, as shopspring/decimal 1.4.0 does it for `addf` and
//! its like: 0.1 + 0.2 is 0.3.

use gotmpl::{CallError, strconv};
use num_bigint::{BigInt, Sign};

/// Digits after the point that a division keeps.
const DIVISION_PRECISION: i32 = 16;

/// A number `value * 10^exponent`.
#[derive(Debug, Clone)]
pub(super) struct Decimal {
    value: BigInt,
    exponent: i32,
}

impl Decimal {
    /// Returns the number with the shortest digits that give that float.
    pub(super) fn from_float(number: f64) -> Result<Self, CallError> {
        if !number.is_finite() {
            let name = if number.is_nan() {
                "NaN"
            } else if number > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            return Err(CallError::new(format!("Cannot create a Decimal from {name}")));
        }
        let text = strconv::format_float(number, b'e', None);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let value = digits.parse().unwrap_or_default();
        let shift = i32::try_from(fraction.len()).unwrap_or(0);
        Ok(Decimal { value, exponent: exponent.parse::<i32>().unwrap_or(0) - shift })
    }

    /// Returns the nearest float.
    pub(super) fn to_float(&self) -> f64 {
        format!("{}e{}", self.value, self.exponent).parse().unwrap_or(0.0)
    }

    pub(super) fn add(&self, other: &Decimal) -> Decimal {
        let exponent = self.exponent.min(other.exponent);
        Decimal { value: self.scaled(exponent) + other.scaled(exponent), exponent }
    }

    pub(super) fn sub(&self, other: &Decimal) -> Decimal {
        let exponent = self.exponent.min(other.exponent);
        Decimal { value: self.scaled(exponent) - other.scaled(exponent), exponent }
    }

    pub(super) fn mul(&self, other: &Decimal) -> Decimal {
        Decimal { value: &self.value * &other.value, exponent: self.exponent.saturating_add(other.exponent) }
    }

    /// Divides and rounds half away from zero.
    pub(super) fn div(&self, other: &Decimal) -> Result<Decimal, CallError> {
        if other.value.sign() == Sign::NoSign {
            return Err(CallError::new("decimal division by 0"));
        }
        let shift = self.exponent.saturating_sub(other.exponent).saturating_add(DIVISION_PRECISION);
        let power = power_of_ten(shift.unsigned_abs());
        let (dividend, divisor) = match shift {
            ..0 => (self.value.clone(), &other.value * power),
            _ => (&self.value * power, other.value.clone()),
        };
        let mut quotient = &dividend / &divisor;
        let twice: BigInt = (&dividend % &divisor) * 2;
        if twice.magnitude() >= divisor.magnitude() {
            let negative = self.value.sign() == Sign::Minus && other.value.sign() == Sign::Plus
                || self.value.sign() == Sign::Plus && other.value.sign() == Sign::Minus;
            quotient += if negative { -1 } else { 1 };
        }
        Ok(Decimal { value: quotient, exponent: -DIVISION_PRECISION })
    }

    /// Returns the value for a smaller exponent.
    fn scaled(&self, exponent: i32) -> BigInt {
        &self.value * power_of_ten(self.exponent.abs_diff(exponent))
    }
}

fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}
