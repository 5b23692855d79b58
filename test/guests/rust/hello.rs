//! Prints its arguments, and GREETING when it can see it.

fn main() {
    let words: Vec<String> = std::env::args().collect();
    println!("argv: [{}]", words.join(" "));
    if let Ok(greeting) = std::env::var("GREETING") {
        println!("greeting: {}", greeting);
    }
}
