//! Numbers about a series.

use crate::analytics::Description;

/// Nothing is known of a series without values, or with one that is no number.
pub fn describe(values: &[f64]) -> Option<Description> {
    if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let mean = sorted.iter().sum::<f64>() / count as f64;
    let squares: f64 = sorted.iter().map(|value| (value - mean).powi(2)).sum();
    let middle = count / 2;
    Some(Description {
        count: count as u64,
        mean,
        deviation: if count < 2 {
            0.0
        } else {
            (squares / (count - 1) as f64).sqrt()
        },
        least: sorted[0],
        most: sorted[count - 1],
        median: if count % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_values_in_any_order() {
        let found = describe(&[6.0, 1.0, 2.0]).unwrap();
        assert_eq!((found.count, found.mean, found.median), (3, 3.0, 2.0));
        assert_eq!((found.least, found.most), (1.0, 6.0));
        assert!((found.deviation - 7f64.sqrt()).abs() < 1e-12);
        assert_eq!(describe(&[4.0, 1.0]).unwrap().median, 2.5);
        assert_eq!(describe(&[4.0]).unwrap().deviation, 0.0);
    }

    #[test]
    fn knows_nothing_of_what_is_no_series() {
        assert_eq!(describe(&[]), None);
        assert_eq!(describe(&[1.0, f64::NAN]), None);
    }
}
