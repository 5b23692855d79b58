#pragma once
// Comma-separated values as RFC 4180 describes them: fields may be quoted, a quote in a quoted
// field is doubled, and a quoted field may span lines.

#include <stddef.h>
#include <stdio.h>

/// One record. The texts are owned by the record and live until the next read into it.
typedef struct {
  char** fields;
  size_t count;
  size_t room;     // fields allocated
  char* text;      // the fields, each ended by NUL
  size_t length;   // bytes of text in use
  size_t capacity; // bytes of text allocated
  long line;       // where the record begins, from 1
} CsvRecord;

typedef enum { kCsvRecord, kCsvEnd, kCsvUnclosedQuote, kCsvTextAfterQuote, kCsvNul } CsvResult;

/// Reads the next record. `*line` counts the lines of the file; start it at 1. Blank lines are
/// skipped. Everything but kCsvRecord ends the reading; `record->line` then says where.
CsvResult csv_read(FILE* in, CsvRecord* record, long* line);

/// Writes one field, quoted when it has to be.
void csv_write_field(FILE* out, const char* text);

/// What went wrong, for a message.
const char* csv_problem(CsvResult result);
