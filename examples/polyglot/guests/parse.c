// First stage: reads a web server's access log, writes its requests as a table.
//
//   parse LOG TABLE REJECTED
//
// A line of LOG, the combined format with the time the server took in seconds:
//
//   203.0.113.9 - - [14/Mar/2026:09:26:53 +0100] "GET /a?b=c HTTP/1.1" 200 512 "REFERER" "AGENT"
//   0.042
//
// A line of TABLE, its fields separated by tabs: time (seconds since 1970, UTC), client, method,
// path without the query, status, bytes, milliseconds, user agent. A line that does not fit goes
// to REJECTED with its number and the reason.

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  long long time;
  char client[64], method[16], path[512], agent[512];
  int status;
  long long bytes;
  double seconds;
} Request;

// Days from 1970-01-01 to a date of the Gregorian calendar.
static long long days_since_1970(int year, int month, int day) {
  year -= month <= 2;
  const int era = year / 400, year_of_era = year - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return (long long)era * 146097 + day_of_era - 719468;
}

// "14/Mar/2026:09:26:53 +0100"
static bool read_time(const char* text, long long* time) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int day, year, hour, minute, second, zone_hours, zone_minutes;
  char month_name[4], sign;
  if (sscanf(text, "%2d/%3s/%4d:%2d:%2d:%2d %c%2d%2d", &day, month_name, &year, &hour, &minute,
             &second, &sign, &zone_hours, &zone_minutes) != 9)
    return false;
  const char* found = strstr(months, month_name);
  if (!found || (found - months) % 3 != 0 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
      second > 60 || (sign != '+' && sign != '-'))
    return false;
  const int zone = (zone_hours * 60 + zone_minutes) * (sign == '+' ? 60 : -60);
  *time = days_since_1970(year, (int)(found - months) / 3 + 1, day) * 86400 + hour * 3600 +
          minute * 60 + second - zone;
  return true;
}

// Copies what stands between `open` and `close` at *at, and moves *at behind it. Tabs cannot be
// in the table, so they become blanks.
static bool read_between(const char** at, char open, char close, char* out, size_t size) {
  if (**at != open)
    return false;
  const char* end = strchr(*at + 1, close);
  if (!end || (size_t)(end - *at - 1) >= size)
    return false;
  size_t length = (size_t)(end - *at - 1);
  for (size_t i = 0; i < length; i++)
    out[i] = (*at)[1 + i] == '\t' ? ' ' : (*at)[1 + i];
  out[length] = 0;
  *at = end + 1 + (end[1] == ' ');
  return true;
}

static bool read_request_line(const char* text, Request* request) {
  char target[512], protocol[16], rest;
  if (sscanf(text, "%15s %511s %15s %c", request->method, target, protocol, &rest) != 3 ||
      strncmp(protocol, "HTTP/", 5) != 0 || target[0] != '/')
    return false;
  target[strcspn(target, "?")] = 0;
  strcpy(request->path, target);
  return true;
}

// Returns NULL, or why the line is rejected.
static const char* read_line(const char* at, Request* request) {
  char field[2048];
  int used = 0;
  if (sscanf(at, "%63s %*s %*s %n", request->client, &used) != 1 || used == 0)
    return "no client address";
  at += used;
  if (!read_between(&at, '[', ']', field, sizeof field) || !read_time(field, &request->time))
    return "no time";
  if (!read_between(&at, '"', '"', field, sizeof field) || !read_request_line(field, request))
    return "no HTTP request";
  if (sscanf(at, "%3d %lld %n", &request->status, &request->bytes, &used) != 2 ||
      request->status < 100 || request->status > 599)
    return "no status and size";
  at += used;
  if (!read_between(&at, '"', '"', field, sizeof field) ||
      !read_between(&at, '"', '"', request->agent, sizeof request->agent))
    return "no referer and user agent";
  char rest;
  if (sscanf(at, "%lf %c", &request->seconds, &rest) != 1 || request->seconds < 0)
    return "no duration";
  return NULL;
}

static FILE* open_or_die(const char* path, const char* mode) {
  FILE* file = fopen(path, mode);
  if (!file) {
    perror(path);
    exit(1);
  }
  return file;
}

int main(int argc, char** argv) {
  if (argc != 4)
    return fputs("usage: parse LOG TABLE REJECTED\n", stderr), 2;
  FILE* log = open_or_die(argv[1], "r");
  FILE *table = open_or_die(argv[2], "w"), *rejected = open_or_die(argv[3], "w");
  static char line[8192];
  long number = 0, good = 0;
  while (fgets(line, sizeof line, log)) {
    number++;
    line[strcspn(line, "\r\n")] = 0;
    Request r;
    const char* problem = read_line(line, &r);
    if (problem) {
      fprintf(rejected, "%ld: %s\n", number, problem);
      continue;
    }
    good++;
    fprintf(table, "%lld\t%s\t%s\t%s\t%d\t%lld\t%.0f\t%s\n", r.time, r.client, r.method, r.path,
            r.status, r.bytes, r.seconds * 1000, r.agent);
  }
  if (fclose(table) != 0 || fclose(rejected) != 0)
    return perror("parse"), 1;
  printf("parse: %ld lines, %ld requests, %ld rejected\n", number, good, number - good);
  return 0;
}
