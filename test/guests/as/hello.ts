// Prints its arguments, and GREETING when it can see it.

process.stdout.write("argv: [" + process.argv.join(" ") + "]\n");
if (process.env.has("GREETING")) {
  process.stdout.write("greeting: " + process.env.get("GREETING") + "\n");
}
