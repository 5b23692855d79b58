//! fetch METHOD URL [BODY]: prints status, content type and body of the response.

use std::io::{copy, stdout, Result};

fn run(arguments: &[String]) -> Result<()> {
    let mut response = match arguments {
        [_, method, url] if method == "GET" => perch_http::get(url)?,
        [_, method, url, body @ ..] => {
            let body = body.first().map_or("", |text| text);
            perch_http::request(method, url, &[("Content-Type", "text/plain")], body.as_bytes())?
        }
        _ => {
            eprintln!("usage: fetch METHOD URL [BODY]");
            std::process::exit(2);
        }
    };
    println!("status {}", response.status());
    println!("type {}", response.header("Content-Type").unwrap_or_default());
    println!("length {}", response.len());
    copy(&mut response, &mut stdout())?;
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if run(&arguments).is_err() {
        eprintln!("refused");
        std::process::exit(1);
    }
}
