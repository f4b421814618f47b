//! Bases are built once per run: who comes second waits for the first.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// Who builds. One per root of the run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Ticket(u64);

#[derive(Debug)]
enum Slot<V> {
    Building(Ticket),
    Done(Arc<V>),
}

#[derive(Debug)]
struct State<K, V> {
    slots: FxHashMap<K, Slot<V>>,
    /// What a builder is waiting for.
    waiting: FxHashMap<Ticket, K>,
    tickets: u64,
}

/// Values by key, each made by whoever asks first.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    state: Mutex<State<K, V>>,
    changed: Condvar,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                slots: FxHashMap::default(),
                waiting: FxHashMap::default(),
                tickets: 0,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<K: Clone + Eq + std::hash::Hash, V> Cache<K, V> {
    /// A new builder.
    pub(super) fn ticket(&self) -> Ticket {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tickets += 1;
        Ticket(state.tickets)
    }

    /// The value of `key`, made by `make` unless it is there. What `keep` refuses is given to this caller only.
    pub(super) fn get(
        &self,
        key: &K,
        ticket: Ticket,
        keep: impl FnOnce(&V) -> bool,
        make: impl FnOnce() -> V,
    ) -> Arc<V> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match state.slots.get(key) {
                Some(Slot::Done(value)) => return Arc::clone(value),
                None => {
                    state.slots.insert(key.clone(), Slot::Building(ticket));
                    break;
                }
                Some(Slot::Building(builder)) => {
                    // Bases that need each other: whoever would close the circle of waiting builds for itself.
                    if waits_for(&state, *builder, ticket) {
                        drop(state);
                        return Arc::new(make());
                    }
                    state.waiting.insert(ticket, key.clone());
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.waiting.remove(&ticket);
                }
            }
        }
        drop(state);
        let guard = Guard { cache: self, key };
        let value = Arc::new(make());
        if keep(&value) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.slots.insert(key.clone(), Slot::Done(Arc::clone(&value)));
        }
        drop(guard);
        value
    }
}

/// True when `builder` cannot go on before `ticket` does.
fn waits_for<K: Eq + std::hash::Hash, V>(state: &State<K, V>, builder: Ticket, ticket: Ticket) -> bool {
    let mut builder = builder;
    // Each step follows one edge of a graph without circles, so it ends; the bound is for certainty.
    for _ in 0..=state.slots.len() {
        if builder == ticket {
            return true;
        }
        let next = state.waiting.get(&builder).and_then(|key| state.slots.get(key));
        match next {
            Some(Slot::Building(next)) => builder = *next,
            _ => return false,
        }
    }
    true
}

/// Gives a key free when its builder did not finish, and wakes who waits.
struct Guard<'c, K: Clone + Eq + std::hash::Hash, V> {
    cache: &'c Cache<K, V>,
    key: &'c K,
}

impl<K: Clone + Eq + std::hash::Hash, V> Drop for Guard<'_, K, V> {
    fn drop(&mut self) {
        let mut state = self.cache.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(state.slots.get(self.key), Some(Slot::Building(_))) {
            state.slots.remove(self.key);
        }
        self.cache.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Cache;

    #[test]
    fn a_value_is_made_once_and_circles_do_not_hang() {
        let cache: Cache<&str, usize> = Cache::default();
        let made = AtomicUsize::new(0);
        let make = || made.fetch_add(1, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| cache.get(&"base", cache.ticket(), |_| true, make));
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
        let barrier = std::sync::Barrier::new(2);
        let need = |first: &'static str, second: &'static str| {
            let ticket = cache.ticket();
            cache.get(
                &first,
                ticket,
                |_| true,
                || {
                    barrier.wait();
                    *cache.get(&second, ticket, |_| true, || 7)
                },
            )
        };
        std::thread::scope(|scope| {
            let one = scope.spawn(|| need("a", "b"));
            let other = scope.spawn(|| need("b", "a"));
            let both = (one.join(), other.join());
            assert!(matches!(both, (Ok(one), Ok(other)) if *one == 7 && *other == 7));
        });
    }
}
