//! The threads of a run.

/// Trees may nest 255 levels, and debug builds need much stack for each: 2 MB, the default, is not enough.
const STACK: usize = 32 << 20;

/// Run `work` with `threads` threads, 0 for one per core. Where threads cannot be had, with those that are there.
pub(crate) fn with<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build();
    match pool {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}
