// Prints its arguments, and GREETING when it can see it.

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  std::string joined;
  for (const std::string& word : words)
    joined += (joined.empty() ? "" : " ") + word;
  std::cout << "argv: [" << joined << "]\n";
  if (const char* greeting = std::getenv("GREETING"))
    std::cout << "greeting: " << greeting << '\n';
  return 0;
}
