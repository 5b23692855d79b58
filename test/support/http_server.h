#pragma once
// A server on a loopback port that answers each connection with prepared bytes.

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace perch::test {

/// Answers until it is destroyed; one connection after the other, one request each.
class HttpServer {
public:
  /// Receives the request as it came (head and body), returns the bytes of the answer. "" closes
  /// the connection without an answer; "hang" keeps it open without one.
  using Handler = std::function<std::string(const std::string& request)>;
  enum class Security { Plain, SelfSigned };

  explicit HttpServer(Handler handler, Security security = Security::Plain);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::vector<std::string> requests() const;
  /// The server's certificate as PEM, for a client that is to trust it. For `localhost`.
  [[nodiscard]] std::string certificate() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "HTTP/1.1 200 OK" with a length and the body; `headers` are whole lines with their line ends.
[[nodiscard]] std::string answer(const std::string& body, const std::string& headers = "",
                                 const std::string& status = "200 OK");

} // namespace perch::test
