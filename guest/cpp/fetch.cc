// fetch METHOD URL [BODY]: prints status, content type and body of the response.
#include "perch_http.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: fetch METHOD URL [BODY]\n", stderr);
    return 2;
  }
  const std::string_view method = argv[1];
  auto response = method == "GET" && argc == 3
                      ? perch::get(argv[2])
                      : perch::request(method, argv[2], {{"Content-Type", "text/plain"}},
                                       argc > 3 ? argv[3] : "");
  if (!response) {
    std::fputs("refused\n", stderr);
    return 1;
  }
  std::printf("status %d\ntype %s\nlength %zu\n", response->status(),
              response->header("Content-Type").value_or("").c_str(), response->length());
  const std::string body = response->text();
  std::fwrite(body.data(), 1, body.size(), stdout);
}
