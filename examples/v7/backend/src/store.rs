//! Series of numbers by name, in memory. Both their number and their length have a limit, so that no client can fill the memory.

use std::collections::BTreeMap;

pub const MOST_SERIES: usize = 1000;
pub const MOST_VALUES: usize = 100_000;

#[derive(Default)]
pub struct Store {
    series: BTreeMap<String, Vec<f64>>,
}

#[derive(Debug, PartialEq)]
pub struct Summary {
    pub count: usize,
    pub mean: f64,
    pub least: f64,
    pub most: f64,
}

#[derive(Debug, PartialEq)]
pub enum Refusal {
    TooManySeries,
    TooManyValues,
}

impl Store {
    /// Adds values to a series, all or none. Gives its length.
    pub fn add(&mut self, name: &str, values: &[f64]) -> Result<usize, Refusal> {
        if !self.series.contains_key(name) && self.series.len() >= MOST_SERIES {
            return Err(Refusal::TooManySeries);
        }
        let length = self.series.get(name).map_or(0, Vec::len);
        if length + values.len() > MOST_VALUES {
            return Err(Refusal::TooManyValues);
        }
        let series = self.series.entry(name.to_owned()).or_default();
        series.extend_from_slice(values);
        Ok(series.len())
    }

    pub fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.series.iter().map(|(name, values)| (name.as_str(), values.len()))
    }

    pub fn values(&self, name: &str) -> Option<&[f64]> {
        self.series.get(name).map(Vec::as_slice)
    }

    pub fn summary(&self, name: &str) -> Option<Summary> {
        let values = self.values(name).filter(|values| !values.is_empty())?;
        Some(Summary {
            count: values.len(),
            mean: values.iter().sum::<f64>() / values.len() as f64,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    pub fn remove(&mut self, name: &str) -> bool {
        self.series.remove(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summarises_what_was_added() {
        let mut store = Store::default();
        assert_eq!(store.add("load", &[1.0, 2.0]), Ok(2));
        assert_eq!(store.add("load", &[6.0]), Ok(3));
        let summary = Summary {
            count: 3,
            mean: 3.0,
            least: 1.0,
            most: 6.0,
        };
        assert_eq!(store.summary("load"), Some(summary));
        assert_eq!(store.names().collect::<Vec<_>>(), [("load", 3)]);
    }

    #[test]
    fn knows_nothing_of_other_series() {
        let mut store = Store::default();
        store.add("empty", &[]).unwrap();
        assert_eq!(store.summary("empty"), None);
        assert_eq!(store.summary("load"), None);
        assert!(store.remove("empty"));
        assert!(!store.remove("empty"));
    }

    #[test]
    fn refuses_what_is_too_much_as_a_whole() {
        let mut store = Store::default();
        store.add("long", &vec![0.0; MOST_VALUES - 1]).unwrap();
        assert_eq!(store.add("long", &[1.0, 2.0]), Err(Refusal::TooManyValues));
        assert_eq!(store.add("long", &[1.0]), Ok(MOST_VALUES));
        for index in 1..MOST_SERIES {
            store.add(&index.to_string(), &[]).unwrap();
        }
        assert_eq!(store.add("one more", &[]), Err(Refusal::TooManySeries));
        assert_eq!(store.add("1", &[4.0]), Ok(1));
    }
}
