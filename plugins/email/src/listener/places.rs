//! How much there is room for: sessions, sessions of one address, octets that are held.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The room that all sessions share.
#[derive(Debug)]
pub(crate) struct Places {
    sessions: usize,
    per_address: usize,
    memory: usize,
    taken: Mutex<Taken>,
    held: AtomicUsize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A session's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

/// Octets that a session holds; given back when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    places: Arc<Places>,
    octets: usize,
}

impl Places {
    pub(crate) fn new(sessions: usize, per_address: usize, memory: usize) -> Arc<Self> {
        Arc::new(Self {
            sessions,
            per_address,
            memory,
            taken: Mutex::default(),
            held: AtomicUsize::new(0),
        })
    }

    /// A place for a session, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = site(address);
        let mut taken = self.lock();
        if taken.all >= self.sessions {
            return None;
        }
        let of_address = taken.by_address.entry(address).or_default();
        if *of_address >= self.per_address {
            return None;
        }
        *of_address += 1;
        taken.all += 1;
        Some(Place {
            places: Arc::clone(self),
            address,
        })
    }

    /// An account of a session that holds nothing yet.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        Held {
            places: Arc::clone(self),
            octets: 0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose address this is: of IPv6, one customer has a whole network of 64 bits (RFC 6177 §2).
fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::MAX << 64;
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & network))
        }
        address => address,
    }
}

impl Held {
    /// Says how much is held now; false if there is not so much room.
    pub(crate) fn set(&mut self, octets: usize) -> bool {
        let before = self.octets;
        self.octets = octets;
        if octets <= before {
            self.places
                .held
                .fetch_sub(before - octets, Ordering::Relaxed);
            return true;
        }
        let more = octets - before;
        let all = self.places.held.fetch_add(more, Ordering::Relaxed) + more;
        all <= self.places.memory
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all = taken.all.saturating_sub(1);
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn place_is_given_until_all_or_those_of_an_address_are_taken() {
        let places = Places::new(3, 2, 0);
        let first = places.enter(address(1)).unwrap();
        let _second = places.enter(address(1)).unwrap();
        assert!(places.enter(address(1)).is_none(), "two of one address");
        let _third = places.enter(address(2)).unwrap();
        assert!(places.enter(address(3)).is_none(), "three of all");
        drop(first);
        assert!(places.enter(address(1)).is_some());
        assert_eq!(
            places.lock().by_address.len(),
            2,
            "nobody who is gone is kept"
        );
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one_clients() {
        let places = Places::new(10, 1, 0);
        let enter = |address: &str| places.enter(address.parse().unwrap());
        let _first = enter("2001:db8:1:2::1").unwrap();
        assert!(enter("2001:db8:1:2:ffff::1").is_none());
        let _other = enter("2001:db8:1:3::1").unwrap();
        let _inside = enter("::ffff:192.0.2.1").unwrap();
        assert!(enter("192.0.2.1").is_none(), "one by both families");
        let _neighbour = enter("::ffff:192.0.2.2").unwrap();
    }

    #[test]
    fn octets_are_counted_over_all_sessions_and_given_back() {
        let places = Places::new(1, 1, 100);
        let (mut one, mut two) = (places.hold(), places.hold());
        assert!(one.set(60) && two.set(40));
        assert!(!two.set(41));
        assert!(one.set(10) && two.set(90));
        drop(two);
        assert!(one.set(100));
    }
}
