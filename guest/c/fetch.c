// fetch METHOD URL [BODY]: prints status, content type and body of the response.
#include "perch_http.h"

#include <stdio.h>

static perch_response ask(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "GET") == 0)
    return perch_get(argv[2]);
  const char* body = argc > 3 ? argv[3] : "";
  return perch_request(argv[1], argv[2], "Content-Type: text/plain", body, strlen(body));
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: fetch METHOD URL [BODY]\n", stderr);
    return 2;
  }
  perch_response response = ask(argc, argv);
  if (response < 0) {
    fputs("refused\n", stderr);
    return 1;
  }
  char type[100], piece[1000];
  perch_header(response, "content-type", type, sizeof type);
  printf("status %d\ntype %s\nlength %d\n", perch_status(response), type, perch_length(response));
  for (int32_t got; (got = perch_read(response, piece, sizeof piece)) > 0;)
    fwrite(piece, 1, (size_t)got, stdout);
  perch_close(response);
  return 0;
}
