#include <cstdio>
#include <exception>

#include "cmd/command.hpp"

// The process boundary: nothing escapes it as an exception.
int main(int argc, char** argv) {
  try {
    return gembal::cmd::run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "gembal: internal error: %s\n", exception.what());
    return 1;
  }
}
