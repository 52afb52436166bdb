//! What benchmarks share: a measurement in a process of its own, and a table of several.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The program's own: what a benchmark tells of time and memory is told of it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What one measurement came to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Measured {
    /// What it was of, where the count does not say it.
    pub label: String,
    /// How many things were worked on.
    pub count: usize,
    /// The best time by the clock, in nanoseconds.
    pub wall: u64,
    /// The best time of the processor, in nanoseconds.
    pub cpu: u64,
    /// Bytes above what the process took before.
    pub memory: u64,
}

/// The best of several rounds.
pub fn measure(rounds: usize, mut round: impl FnMut()) -> Measured {
    let (mut wall, mut cpu) = (u64::MAX, u64::MAX);
    for _ in 0..rounds {
        let (began, used) = (Instant::now(), processor());
        round();
        wall = wall.min(nanoseconds(began.elapsed()));
        cpu = cpu.min(processor().saturating_sub(used));
    }
    Measured { label: String::new(), count: 1, wall, cpu, memory: 0 }
}

/// Nanoseconds that this thread has had the processor.
fn processor() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// The most bytes that this process ever held in memory.
pub fn peak() -> u64 {
    status("VmHWM:")
}

/// A number of bytes that the system tells of this process.
pub fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Measures one thing in a process of its own.
pub fn child(what: &str, count: usize) -> Measured {
    let program = std::env::current_exe().expect("a benchmark is a program");
    let mut command = Command::new(program);
    command.args(["--measure", what, &count.to_string()]).stderr(Stdio::inherit());
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{what} {count} failed");
    serde_json::from_slice(&output.stdout).expect("a child prints what it measured")
}

/// Whether this is such a process; then its one measurement is made and printed.
pub fn as_child(measured: impl FnOnce(&str, usize) -> Measured) -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [marker, what, count] = arguments.as_slice() else { return false };
    if marker != "--measure" {
        return false;
    }
    let measured = measured(what, count.parse().expect("a count is a number"));
    println!("{}", serde_json::to_string(&measured).expect("numbers are JSON"));
    true
}

/// Prints rows, each beside the first.
pub fn table(title: &str, unit: &str, rows: &[Measured]) {
    println!("{title}");
    println!(
        "{:>12} {:>11} {:>11} {:>12} {:>8} {:>10} {:>8}",
        unit, "clock", "processor", "each", "growth", "memory", "each"
    );
    // By the clock: the system counts a thread's processor in ticks of some milliseconds.
    let each = |row: &Measured| row.wall as f64 / row.count as f64;
    for row in rows {
        let growth = rows.first().map_or(1.0, |first| each(row) / each(first));
        let label = if row.label.is_empty() { row.count.to_string() } else { row.label.clone() };
        let (memory, per) = match row.memory {
            0 => (String::new(), String::new()),
            bytes => (format!("{:.1} MB", bytes as f64 / 1e6), format!("{} B", bytes / row.count as u64)),
        };
        println!(
            "{label:>12} {:>8.2} ms {:>8.2} ms {:>9.2} µs {growth:>7.2}× {memory:>10} {per:>8}",
            row.wall as f64 / 1e6,
            row.cpu as f64 / 1e6,
            each(row) / 1e3,
        );
    }
    println!();
}
