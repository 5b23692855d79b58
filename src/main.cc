#include "cli/cli.h"

extern char** environ;

int main(int argc, char** argv) { return perch::cli::run(argc, argv, environ); }
