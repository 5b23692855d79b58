// Copies a CSV export without its personal data.
//
//   pseudonymize IN OUT token=COLUMNS year=COLUMNS network=COLUMNS keep=COLUMNS drop=COLUMNS
//
//   token     a keyed pseudonym: the same person gets the same token, and nobody without the
//             key PSEUDONYM_KEY can find out who it is or test a guess
//   year      of a date YYYY-MM-DD only the year
//   network   of an IPv4 address only the first two bytes
//   keep      as it is
//   drop      not in the copy
//
// COLUMNS are names from the header line, joined by commas. A column that no rule names stops
// the run: a new column of the source is a decision, not an accident.
//
// Exit status: 0; 1 for a table that cannot be used; 2 for a wrong call. OUT appears only when
// all went well.

#include "csv.h"
#include "sha256.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kMaxColumns = 64, kTokenBytes = 6 };

typedef enum { kUndecided, kToken, kYear, kNetwork, kKeep, kDrop, kRuleCount } Rule;

static const char* const kRuleNames[kRuleCount] = {"undecided", "token", "year",
                                                   "network",   "keep",  "drop"};

typedef struct {
  const char *in_path, *key;
  char *out_path, *part_path; // the result, and the name it has until it is complete
  char* const* rules;         // RULE=COLUMNS
  int rule_count;
  size_t columns;
  char names[kMaxColumns][64];
  Rule decided[kMaxColumns];
  long rows;
} Job;

static void refuse(const Job* job, int status, const char* subject, long line, const char* why) {
  if (line > 0)
    fprintf(stderr, "pseudonymize: %s:%ld: %s\n", subject, line, why);
  else
    fprintf(stderr, "pseudonymize: %s: %s\n", subject, why);
  if (job->part_path)
    unlink(job->part_path);
  exit(status);
}

static Rule rule_named(const char* text, size_t length) {
  for (int rule = kToken; rule < kRuleCount; rule++)
    if (strlen(kRuleNames[rule]) == length && memcmp(kRuleNames[rule], text, length) == 0)
      return (Rule)rule;
  return kUndecided;
}

static size_t column_named(const Job* job, const char* text, size_t length) {
  size_t i = 0;
  while (i < job->columns &&
         (strlen(job->names[i]) != length || memcmp(job->names[i], text, length) != 0))
    i++;
  return i;
}

static void apply_rule(Job* job, const char* word) {
  const char* equals = strchr(word, '=');
  Rule rule = equals ? rule_named(word, (size_t)(equals - word)) : kUndecided;
  if (rule == kUndecided)
    refuse(job, 2, word, 0, "not RULE=COLUMNS with a rule token, year, network, keep or drop");
  for (const char* at = equals + 1; *at;) {
    size_t length = strcspn(at, ",");
    size_t column = column_named(job, at, length);
    if (column == job->columns)
      refuse(job, 2, word, 0, "names a column that the table does not have");
    if (job->decided[column] != kUndecided)
      refuse(job, 2, job->names[column], 0, "two rules for one column");
    job->decided[column] = rule;
    at += length + (at[length] == ',');
  }
}

static void read_header(Job* job, const CsvRecord* header) {
  if (header->count > kMaxColumns)
    refuse(job, 1, job->in_path, header->line, "more than 64 columns");
  job->columns = header->count;
  for (size_t i = 0; i < header->count; i++)
    if (snprintf(job->names[i], sizeof job->names[i], "%s", header->fields[i]) >=
        (int)sizeof job->names[i])
      refuse(job, 1, job->in_path, header->line, "a column name of 64 or more bytes");
  for (int i = 0; i < job->rule_count; i++)
    apply_rule(job, job->rules[i]);
  for (size_t i = 0; i < job->columns; i++)
    if (job->decided[i] == kUndecided)
      refuse(job, 1, job->names[i], 0,
             "no rule names this column; decide: token, year, network, keep or drop");
}

// The column's name goes into the digest, so that equal values of two columns do not match.
static void write_token(FILE* out, const Job* job, size_t column, const char* value) {
  char message[4096];
  int length = snprintf(message, sizeof message, "%s=%s", job->names[column], value);
  if (length >= (int)sizeof message)
    refuse(job, 1, job->names[column], 0, "a value of more than 4,000 bytes");
  uint8_t digest[kSha256Bytes];
  hmac_sha256(job->key, strlen(job->key), message, (size_t)length, digest);
  fprintf(out, "%s-", job->names[column]);
  for (int i = 0; i < kTokenBytes; i++)
    fprintf(out, "%02x", digest[i]);
}

static bool is_digits(const char* text, size_t count) {
  return strspn(text, "0123456789") == count;
}

static void write_year(FILE* out, const Job* job, const char* value, long line) {
  const bool is_date = strlen(value) == 10 && is_digits(value, 4) && value[4] == '-' &&
                       is_digits(value + 5, 2) && value[7] == '-' && is_digits(value + 8, 2);
  if (!is_date)
    refuse(job, 1, job->in_path, line, "not a date YYYY-MM-DD in a column with rule year");
  fprintf(out, "%.4s", value);
}

static void write_network(FILE* out, const Job* job, const char* value, long line) {
  unsigned a, b, c, d;
  char end;
  if (sscanf(value, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &end) != 4 || a > 255 || b > 255 ||
      c > 255 || d > 255)
    refuse(job, 1, job->in_path, line, "not an IPv4 address in a column with rule network");
  fprintf(out, "%u.%u.0.0/16", a, b);
}

static void write_value(FILE* out, const Job* job, size_t column, const char* value, long line) {
  if (*value == 0)
    return; // nothing known stays nothing known
  switch (job->decided[column]) {
  case kToken:
    write_token(out, job, column, value);
    break;
  case kYear:
    write_year(out, job, value, line);
    break;
  case kNetwork:
    write_network(out, job, value, line);
    break;
  default:
    csv_write_field(out, value);
    break;
  }
}

static void copy_record(FILE* out, const Job* job, const CsvRecord* record, bool is_header) {
  bool first = true;
  for (size_t i = 0; i < job->columns; i++) {
    if (job->decided[i] == kDrop)
      continue;
    if (!first)
      putc(',', out);
    first = false;
    if (is_header)
      csv_write_field(out, record->fields[i]);
    else
      write_value(out, job, i, record->fields[i], record->line);
  }
  putc('\n', out);
}

static void copy_table(Job* job, FILE* in, FILE* out) {
  CsvRecord record = {0};
  long line = 1;
  CsvResult result = csv_read(in, &record, &line);
  if (result == kCsvEnd)
    refuse(job, 1, job->in_path, 0, "no header line");
  for (bool is_header = true; result == kCsvRecord; is_header = false) {
    if (is_header)
      read_header(job, &record);
    else if (record.count != job->columns)
      refuse(job, 1, job->in_path, record.line, "not as many fields as the header has");
    copy_record(out, job, &record, is_header);
    job->rows += !is_header;
    result = csv_read(in, &record, &line);
  }
  if (result != kCsvEnd || ferror(in))
    refuse(job, 1, job->in_path, record.line, csv_problem(result));
}

static void report(const Job* job) {
  printf("%ld rows\n", job->rows);
  for (int rule = kToken; rule < kRuleCount; rule++) {
    bool any = false;
    for (size_t i = 0; i < job->columns; i++) {
      if ((int)job->decided[i] != rule)
        continue;
      printf(any ? ", %s" : "%-8s %s", any ? job->names[i] : kRuleNames[rule], job->names[i]);
      any = true;
    }
    if (any)
      putchar('\n');
  }
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("usage: pseudonymize IN OUT RULE=COLUMNS...\n", stderr);
    return 2;
  }
  static Job job;
  job = (Job){.in_path = argv[1],
              .rules = argv + 3,
              .rule_count = argc - 3,
              .key = getenv("PSEUDONYM_KEY")};
  if (!job.key || strlen(job.key) < 16)
    refuse(&job, 2, "PSEUDONYM_KEY", 0, "not set, or shorter than 16 characters");
  FILE* in = fopen(job.in_path, "rb");
  if (!in)
    refuse(&job, 1, job.in_path, 0, strerror(errno));
  asprintf(&job.out_path, "%s", argv[2]);
  asprintf(&job.part_path, "%s.part", argv[2]);
  FILE* out = fopen(job.part_path, "wb");
  if (!out)
    refuse(&job, 1, job.part_path, 0, strerror(errno));
  copy_table(&job, in, out);
  if (fclose(out) != 0 || rename(job.part_path, job.out_path) != 0)
    refuse(&job, 1, job.out_path, 0, strerror(errno));
  report(&job);
  return 0;
}
