//! The order among records of one preference. RFC 2782.

use rand::{Rng, seq::SliceRandom};

/// Puts items of equal preference into an order drawn by their weights.
///
/// As the "Weight" part of RFC 2782 says: those of weight 0 first, then again and again one by a number between 0 and the sum of what is left, both
/// included. Before, all are shuffled, for the RFC leaves open how those of equal weight stand.
pub(crate) fn draw<T: Copy>(items: &mut [T], weight: impl Fn(T) -> u16, rng: &mut impl Rng) {
    if items.len() < 2 {
        return;
    }
    items.shuffle(rng);
    items.sort_by_key(|&item| weight(item) != 0);
    let mut left = items;
    while left.len() > 1 {
        let sum: u32 = left.iter().map(|&item| u32::from(weight(item))).sum();
        let drawn = rng.random_range(0..=sum);
        let mut running = 0;
        let selected = left.iter().position(|&item| {
            running += u32::from(weight(item));
            running >= drawn
        });
        let Some(upto) = selected.and_then(|selected| left.get_mut(..=selected)) else {
            return;
        };
        upto.rotate_right(1);
        let Some((_, rest)) = left.split_first_mut() else {
            return;
        };
        left = rest;
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::SmallRng};

    use super::*;

    const DRAWS: usize = 10_000;

    /// How often each of some weights came first in 10,000 draws.
    fn firsts<const N: usize>(weights: [u16; N]) -> [usize; N] {
        let mut rng = SmallRng::seed_from_u64(2782);
        let mut firsts = [0; N];
        for _ in 0..DRAWS {
            let mut items: [usize; N] = std::array::from_fn(|item| item);
            draw(&mut items, |item| weights[item], &mut rng);
            firsts[items[0]] += 1;
        }
        firsts
    }

    fn is_about(count: usize, share: f64) -> bool {
        let expected = share * DRAWS as f64;
        // Five standard deviations of a binomial distribution.
        let deviation = (expected * (1.0 - share)).sqrt();
        (count as f64 - expected).abs() <= 5.0 * deviation + 1.0
    }

    #[test]
    fn cpim_2_2_4_sort_equals_are_spread_by_their_weights() {
        let [ten, sixty, thirty] = firsts([10, 60, 30]);
        // The number drawn is one of 101, and 0 is the first one's, whichever that is.
        assert!(is_about(ten, 0.10) && is_about(sixty, 0.60) && is_about(thirty, 0.30));
    }

    #[test]
    fn cpim_2_2_4_sort_equals_without_weights_are_spread_evenly() {
        assert!(firsts([0, 0, 0, 0]).into_iter().all(|n| is_about(n, 0.25)));
        assert!(firsts([7, 7]).into_iter().all(|n| is_about(n, 0.5)));
    }

    #[test]
    fn cpim_2_2_4_sort_weight_of_zero_has_a_very_small_chance() {
        let [zero, other] = firsts([0, 99]);
        assert!(is_about(zero, 0.01) && is_about(other, 0.99), "{zero}");
        assert!(zero > 0);
    }

    #[test]
    fn draw_gives_each_item_once() {
        let mut rng = SmallRng::seed_from_u64(1);
        for len in 0..20_u16 {
            let mut items: Vec<u16> = (0..len).collect();
            draw(&mut items, |item| item % 3 * 30_000, &mut rng);
            items.sort_unstable();
            assert_eq!(items, (0..len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn second_place_is_drawn_by_weight_too() {
        let mut rng = SmallRng::seed_from_u64(5);
        let mut second = [0; 3];
        for _ in 0..DRAWS {
            let mut items = [0, 1, 2];
            draw(&mut items, |item| [1000, 30, 10][item], &mut rng);
            if items[0] == 0 {
                second[items[1]] += 1;
            }
        }
        let total: usize = second.iter().sum();
        let share = second[1] as f64 / total as f64;
        assert!((0.72..0.78).contains(&share), "{share}");
    }
}
