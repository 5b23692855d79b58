//! Panics three calls deep: a trap whose backtrace has mangled names.

#[inline(never)]
fn parse_port(text: &str) -> u16 {
    text.parse().expect("a port number")
}

#[inline(never)]
fn configure(arguments: &[String]) -> u16 {
    arguments.iter().map(|a| parse_port(a)).sum()
}

fn main() {
    let arguments: Vec<String> = std::env::args().chain(["not-a-port".to_string()]).collect();
    println!("{}", configure(&arguments[arguments.len() - 1..]));
}
