#include "support/http_server.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace perch::test {

namespace {

void check(bool ok) {
  if (!ok)
    std::abort();
}

/// A key and a certificate for `localhost` that nobody has signed but itself.
struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  Identity() {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    check(X509_sign(certificate, key, EVP_sha256()) > 0);
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
};

/// True when a whole request is there: its head, and as much body as the head announces.
bool is_complete(const std::string& request) {
  const std::size_t end = request.find("\r\n\r\n");
  if (end == std::string::npos)
    return false;
  const std::size_t at = request.find("Content-Length: ");
  const std::size_t length =
      at < end ? std::strtoul(request.c_str() + at + 16, nullptr, 10) : std::size_t{0};
  return request.size() >= end + 4 + length;
}

} // namespace

struct HttpServer::Impl {
  Handler handler;
  int listener = -1;
  int port = 0;
  std::atomic<bool> stop = false;
  mutable std::mutex mutex;
  std::vector<std::string> requests;
  std::unique_ptr<Identity> identity;
  SSL_CTX* context = nullptr;
  std::thread thread;

  void listen();
  void serve();
  void converse(int connection);
  [[nodiscard]] bool readable(int fd) const;
};

void HttpServer::Impl::listen() {
  listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  check(::listen(listener, 16) == 0);
  socklen_t size = sizeof address;
  check(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
}

bool HttpServer::Impl::readable(int fd) const {
  while (!stop) {
    pollfd item{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&item, 1, 20) > 0)
      return true;
  }
  return false;
}

void HttpServer::Impl::converse(int connection) {
  SSL* tls = nullptr;
  if (context != nullptr) {
    tls = SSL_new(context);
    SSL_set_fd(tls, connection);
    if (SSL_accept(tls) != 1) {
      SSL_free(tls);
      return;
    }
  }
  std::string request;
  char bytes[4096];
  while (!is_complete(request) && readable(connection)) {
    const auto n = tls != nullptr ? SSL_read(tls, bytes, sizeof bytes)
                                  : static_cast<int>(::read(connection, bytes, sizeof bytes));
    if (n <= 0)
      break;
    request.append(bytes, static_cast<std::size_t>(n));
  }
  if (request.empty()) {
    // A client that refuses the certificate may still finish the handshake of TLS 1.3 before it
    // leaves; it has asked for nothing.
    if (tls != nullptr)
      SSL_free(tls);
    return;
  }
  {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
  }
  const std::string reply = handler(request);
  if (reply == "hang") {
    while (!stop && readable(connection) && ::read(connection, bytes, sizeof bytes) > 0) {
    }
  } else if (tls != nullptr) {
    (void)SSL_write(tls, reply.data(), static_cast<int>(reply.size()));
  } else {
    for (std::size_t sent = 0; sent < reply.size();) {
      const auto n = ::send(connection, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
      if (n <= 0)
        break;
      sent += static_cast<std::size_t>(n);
    }
  }
  if (tls != nullptr) {
    SSL_shutdown(tls);
    SSL_free(tls);
  }
}

void HttpServer::Impl::serve() {
  while (readable(listener)) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0)
      continue;
    converse(connection);
    ::close(connection);
  }
}

HttpServer::HttpServer(Handler handler, Security security) : impl_(std::make_unique<Impl>()) {
  // A client that leaves during a TLS handshake must not end the test.
  std::signal(SIGPIPE, SIG_IGN);
  impl_->handler = std::move(handler);
  impl_->listen();
  if (security == Security::SelfSigned) {
    impl_->identity = std::make_unique<Identity>();
    impl_->context = SSL_CTX_new(TLS_server_method());
    check(SSL_CTX_use_certificate(impl_->context, impl_->identity->certificate) == 1);
    check(SSL_CTX_use_PrivateKey(impl_->context, impl_->identity->key) == 1);
  }
  impl_->thread = std::thread([this] { impl_->serve(); });
}

HttpServer::~HttpServer() {
  impl_->stop = true;
  impl_->thread.join();
  ::close(impl_->listener);
  SSL_CTX_free(impl_->context);
}

int HttpServer::port() const { return impl_->port; }

std::vector<std::string> HttpServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

std::string HttpServer::certificate() const {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, impl_->identity->certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string out(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  return out;
}

std::string answer(const std::string& body, const std::string& headers, const std::string& status) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n" + headers + "\r\n" + body;
}

} // namespace perch::test
