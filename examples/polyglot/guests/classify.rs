//! Second stage: tells who sent each request, and which route of the site it was for.
//!
//!   classify TABLE CLASSIFIED
//!
//! Puts two fields in front of each line: the sender (person, crawler, monitor or attack) and the
//! route, which is the path with every identifier replaced by `:id`.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::exit;

const CRAWLERS: [&str; 5] = ["bot", "crawler", "spider", "slurp", "fetcher"];
const MONITORS: [&str; 2] = ["uptime", "healthcheck"];
const ATTACKED: [&str; 7] = ["/wp-login", "/.env", "/.git/", "/phpmyadmin", "/cgi-bin/", "/etc/passwd", "..%2f"];

fn sender(method: &str, path: &str, agent: &str) -> &'static str {
    let path = path.to_lowercase();
    let agent = agent.to_lowercase();
    let names = |words: &[&str], text: &str| words.iter().any(|w| text.contains(w));
    if names(&ATTACKED, &path) || !matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "DELETE") {
        "attack"
    } else if names(&MONITORS, &agent) {
        "monitor"
    } else if names(&CRAWLERS, &agent) {
        "crawler"
    } else {
        "person"
    }
}

/// A path segment that names one thing of many: all digits, or 12 or more hexadecimal digits.
fn is_identifier(segment: &str) -> bool {
    let all = |f: fn(u8) -> bool| !segment.is_empty() && segment.bytes().all(f);
    all(|b| b.is_ascii_digit()) || segment.len() >= 12 && all(|b| b.is_ascii_hexdigit())
}

fn route(path: &str) -> String {
    let general = |segment: &str| match segment.split_once('.') {
        Some((stem, extension)) if is_identifier(stem) => format!(":id.{extension}"),
        None if is_identifier(segment) => ":id".to_string(),
        _ => segment.to_string(),
    };
    path.split('/').map(general).collect::<Vec<_>>().join("/")
}

fn classify(table: &str, classified: &str) -> std::io::Result<[usize; 4]> {
    const SENDERS: [&str; 4] = ["person", "crawler", "monitor", "attack"];
    let mut counts = [0; 4];
    let mut out = BufWriter::new(File::create(classified)?);
    for line in BufReader::new(File::open(table)?).lines() {
        let line = line?;
        let fields: Vec<&str> = line.split('\t').collect();
        if fields.len() != 8 {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a line without eight fields"));
        }
        let sender = sender(fields[2], fields[3], fields[7]);
        counts[SENDERS.iter().position(|s| *s == sender).unwrap()] += 1;
        writeln!(out, "{}\t{}\t{}", sender, route(fields[3]), line)?;
    }
    out.flush()?;
    Ok(counts)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() != 3 {
        eprintln!("usage: classify TABLE CLASSIFIED");
        exit(2);
    }
    match classify(&arguments[1], &arguments[2]) {
        Ok([people, crawlers, monitors, attacks]) => {
            println!("classify: {people} by people, {crawlers} by crawlers, {monitors} by monitors, {attacks} attacks")
        }
        Err(error) => {
            eprintln!("classify: {}: {}", arguments[1], error);
            exit(1);
        }
    }
}
