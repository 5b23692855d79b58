#include "csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void* resize(void* block, size_t bytes) {
  void* bigger = realloc(block, bytes);
  if (!bigger) {
    fputs("out of memory\n", stderr);
    exit(70);
  }
  return bigger;
}

static void put(CsvRecord* record, int c) {
  if (record->length == record->capacity) {
    record->capacity = record->capacity ? 2 * record->capacity : 1024;
    record->text = resize(record->text, record->capacity);
  }
  record->text[record->length++] = (char)c;
}

// Fields are found by their NULs once the whole record is read: the text may move before.
static void point_at_fields(CsvRecord* record) {
  record->count = 0;
  for (size_t at = 0; at < record->length; at += strlen(record->text + at) + 1) {
    if (record->count == record->room) {
      record->room = record->room ? 2 * record->room : 16;
      record->fields = resize(record->fields, record->room * sizeof *record->fields);
    }
    record->fields[record->count++] = record->text + at;
  }
}

// Reads behind an opening quote up to the closing one; returns what follows that, or EOF with
// `*result` set.
static int read_quoted(FILE* in, CsvRecord* record, long* line, CsvResult* result) {
  for (;;) {
    int c = getc(in);
    if (c == EOF) {
      *result = kCsvUnclosedQuote;
      return EOF;
    }
    if (c == '"') {
      c = getc(in);
      if (c != '"')
        return c;
    }
    if (c == 0)
      *result = kCsvNul;
    *line += c == '\n';
    put(record, c);
  }
}

static int skip_blank_lines(FILE* in, long* line) {
  for (;;) {
    int c = getc(in);
    if (c == '\n')
      ++*line;
    else if (c != '\r')
      return c;
  }
}

CsvResult csv_read(FILE* in, CsvRecord* record, long* line) {
  CsvResult result = kCsvRecord;
  record->length = 0;
  int c = skip_blank_lines(in, line);
  record->line = *line;
  if (c == EOF)
    return kCsvEnd;
  for (;; c = getc(in)) {
    const bool quoted = c == '"';
    if (quoted)
      c = read_quoted(in, record, line, &result);
    for (; c != ',' && c != '\n' && c != EOF; c = getc(in)) {
      if (c == '\r')
        continue;
      if (quoted)
        result = kCsvTextAfterQuote;
      if (c == 0)
        result = kCsvNul;
      put(record, c);
    }
    put(record, 0);
    if (result != kCsvRecord)
      return result;
    if (c != ',')
      break;
  }
  *line += c == '\n';
  point_at_fields(record);
  return kCsvRecord;
}

void csv_write_field(FILE* out, const char* text) {
  if (!strpbrk(text, ",\"\r\n")) {
    fputs(text, out);
    return;
  }
  putc('"', out);
  for (; *text; text++) {
    if (*text == '"')
      putc('"', out);
    putc(*text, out);
  }
  putc('"', out);
}

const char* csv_problem(CsvResult result) {
  switch (result) {
  case kCsvUnclosedQuote:
    return "a quoted field is never closed";
  case kCsvTextAfterQuote:
    return "text between a closing quote and the next comma";
  case kCsvNul:
    return "a zero byte";
  default:
    return "no problem";
  }
}
