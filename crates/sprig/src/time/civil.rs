//! Dates and times of day in the proleptic Gregorian calendar.

const DAY: i64 = 86_400;

/// What a clock and a calendar show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) nanos: i64,
}

impl Civil {
    /// Returns the date and time so many seconds after 1970.
    pub(super) fn from_seconds(seconds: i64, nanos: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = date_of(days);
        Civil { year, month, day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60, nanos }
    }

    /// Returns the seconds since 1970. Parts out of their range carry over, so that
    /// the 32nd of March is the first of April.
    pub(super) fn seconds(&self) -> i64 {
        let months = self.month.saturating_sub(1);
        let year = self.year.saturating_add(months.div_euclid(12));
        let days = days_to(year, months.rem_euclid(12) + 1).saturating_add(self.day - 1);
        let clock = self.hour * 3600 + self.minute * 60 + self.second;
        days.saturating_mul(DAY).saturating_add(clock)
    }

    /// Returns the day of the week, from Sunday on.
    pub(super) fn weekday(&self) -> i64 {
        (days_to(self.year, self.month).saturating_add(self.day - 1).rem_euclid(7) + 4) % 7
    }

    /// Returns the day of the year, from 1.
    pub(super) fn year_day(&self) -> i64 {
        days_to(self.year, self.month) - days_to(self.year, 1) + self.day
    }
}

/// Returns the days from 1970 to the first of a month. Years are counted from
/// March, so that a leap day comes last.
fn days_to(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let from_march = (month + 9) % 12;
    let days_of_year = (153 * from_march + 2) / 5;
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let days_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + days_of_year;
    era.saturating_mul(146_097).saturating_add(days_of_era - 719_468)
}

/// Returns year, month and day so many days after 1970.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Returns the number of days of a month.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    let next = if month == 12 { days_to(year + 1, 1) } else { days_to(year, month + 1) };
    next - days_to(year, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(date: (i64, i64, i64), days: i64) {
        assert_eq!(days_to(date.0, date.1) + date.2 - 1, days);
        assert_eq!(date_of(days), date);
    }

    #[test]
    fn days_count_from_1970() {
        check((1970, 1, 1), 0);
        check((2000, 2, 29), 11_016);
        check((1, 1, 1), -719_162);
        check((-4, 12, 31), -720_624);
    }

    #[test]
    fn months_carry_over() {
        let civil = Civil { year: 2023, month: 14, day: 31, hour: 0, minute: 0, second: 0, nanos: 0 };
        assert_eq!(Civil::from_seconds(civil.seconds(), 0), Civil { year: 2024, month: 3, day: 2, ..civil });
    }

    #[test]
    fn weekdays_begin_with_sunday() {
        assert_eq!(Civil::from_seconds(0, 0).weekday(), 4);
        assert_eq!(Civil::from_seconds(-DAY, 0).weekday(), 3);
    }
}
